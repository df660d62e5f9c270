//! An action as the application sees it: what it asks for, how it goes, how it ends.

use core::time::Duration;
use std::rc::Rc;

use crate::client::store::{ActionKey, Outcome, Parked, StoreError};
use crate::host::Host;

/// An action to enqueue, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAction {
    /// Its name for ever, unlike that of any other action.
    pub key: ActionKey,
    /// The name of the event.
    pub name: Rc<str>,
    /// Actions of one lane are applied in their order; lanes go on side by side.
    pub lane: Rc<str>,
    /// How long from now it is worth sending. None: for ever.
    pub ttl: Option<Duration>,
    /// How long to wait for its answer, from each sending on.
    pub ack_timeout: Duration,
    /// It replaces the one before it in its lane with the same key, unless that was sent.
    pub coalesce_key: Option<Rc<str>>,
    /// How large it is on the wire, without the envelope.
    pub bytes: u64,
    /// How many attachments it has.
    pub attachments: u32,
    /// Whether it is sent again where no server can tell that it knows it.
    pub resend: bool,
}

/// Where an action stands. From [`Applied`](Self::Applied) on all are final, except that the application may
/// [retry](super::Outbox::retry) what is quarantined or unknown.
#[derive(Debug)]
pub enum ActionStatus<H: Host> {
    /// It is in the store: it is accepted. Also what was sent comes back to this, to be sent again.
    Queued,
    /// It is about to be sent.
    Sending,
    /// It was sent and waits for its answer.
    Sent,
    /// The server has applied it, and answered this if that is known.
    Applied(Option<Rc<H::Value>>),
    /// It was not applied, and never will be.
    Rejected(Rejection<H>),
    /// It was not applied, and is not worth sending any more.
    Expired,
    /// It was never sent, and will not be.
    Cancelled(CancelCause),
    /// The server knows its key with another payload, and applied that one if any.
    Conflict,
    /// It is put aside because it does harm; it may have been applied.
    Quarantined(QuarantineCause),
    /// Whether it was applied cannot be found out.
    Unknown(UnknownCause),
    /// The store did not take it: it was never accepted.
    NotStored(StoreError),
}

/// Why an action is rejected.
#[derive(Debug)]
pub enum Rejection<H: Host> {
    /// The server said so, and this, if it is known.
    Server(Option<Rc<H::Value>>),
    /// It is larger than the server takes in one message.
    PayloadTooLarge,
    /// It has more attachments than servers take.
    TooManyAttachments,
    /// The user changed before the store was asked to take it: it was never accepted.
    IdentityChanged,
}

/// Why an action is cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelCause {
    /// The application asked for it.
    Asked,
    /// This action took its place: both have the same coalescing key.
    Superseded(ActionKey),
    /// The plan for the flush dropped it.
    Dropped,
    /// Somebody else removed it from the store before it was sent.
    Removed,
}

/// Why an action is quarantined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuarantineCause {
    /// The connection ended right after it was sent, as often as [`super::MAX_KILLS`] says.
    EndsConnections,
    /// Its record cannot be read.
    Unreadable,
    /// It was found so in the store.
    Earlier,
}

/// Why the outcome of an action cannot be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownCause {
    /// The server does not remember any more what it has applied.
    MemoryLost,
    /// It was first sent longer ago than the server remembers.
    RetentionOver,
    /// It must not be sent twice, and the server cannot tell whether it knows it.
    NotResent,
    /// It is not worth sending any more, so nobody asks the server again.
    Expired,
    /// It ended while nobody told this client how.
    Unseen,
    /// The application threw it away after it was sent.
    Discarded,
    /// It was found so in the store.
    Earlier,
}

impl<H: Host> ActionStatus<H> {
    /// Returns how the action ended, or `None` if it has not, or was never accepted.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Queued | Self::Sending | Self::Sent | Self::NotStored(_) => None,
            Self::Applied(_) => Some(Outcome::Applied),
            Self::Rejected(_) => Some(Outcome::Rejected),
            Self::Expired => Some(Outcome::Expired),
            Self::Cancelled(_) => Some(Outcome::Cancelled),
            Self::Conflict => Some(Outcome::Conflict),
            Self::Quarantined(_) => Some(Outcome::Quarantined),
            Self::Unknown(_) => Some(Outcome::Unknown),
        }
    }
}

/// An action in the snapshot that [`items`](super::Outbox::items) gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name for ever.
    pub key: ActionKey,
    /// The name of the event.
    pub name: Rc<str>,
    /// Its lane.
    pub lane: Rc<str>,
    /// Where it stands.
    pub state: ItemState,
    /// How many times it was sent.
    pub attempts: u32,
    /// How large it is on the wire.
    pub bytes: u64,
    /// How long ago it was enqueued.
    pub age: Duration,
}

/// Where an action that is still in the outbox stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// The store was asked to keep it.
    Storing,
    /// It waits.
    Queued,
    /// It is about to be sent.
    Sending,
    /// It waits for its answer.
    Sent,
    /// It is put aside.
    Parked(Parked),
}

/// Why an action is not taken. Nothing is kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_family = "wasm"), derive(thiserror::Error))]
#[non_exhaustive]
pub enum EnqueueError {
    /// It is larger than the server takes in one message.
    #[cfg_attr(not(target_family = "wasm"), error("the action is larger than the server takes"))]
    PayloadTooLarge,
    /// It has more attachments than servers take.
    #[cfg_attr(not(target_family = "wasm"), error("the action has too many attachments"))]
    TooManyAttachments,
    /// As many actions wait as may.
    #[cfg_attr(not(target_family = "wasm"), error("too many actions wait"))]
    TooManyItems,
    /// As many bytes wait as may.
    #[cfg_attr(not(target_family = "wasm"), error("too many bytes wait"))]
    TooManyBytes,
    /// There is an action with this key.
    #[cfg_attr(not(target_family = "wasm"), error("there is an action with this key"))]
    DuplicateKey,
    /// The store was made by a version to come.
    #[cfg_attr(not(target_family = "wasm"), error("the store is of a later version"))]
    StoreVersion,
    /// There is no such socket.
    #[cfg_attr(not(target_family = "wasm"), error("there is no such socket"))]
    UnknownSocket,
}

impl EnqueueError {
    /// Returns the stable code that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::PayloadTooLarge => "payload_too_large",
            Self::TooManyAttachments => "too_many_attachments",
            Self::TooManyItems | Self::TooManyBytes => "outbox_full",
            Self::DuplicateKey => "duplicate_key",
            Self::StoreVersion => "storage_version",
            Self::UnknownSocket => "client_destroyed",
        }
    }
}
