//! Where an action stands.

use wasm_bindgen::JsValue;

use crate::client::outbox::{ActionStatus as CoreStatus, Rejection};
use crate::rust_api::error::Error;
use crate::web::host::JsHost;

/// The states of an action, as `docs/outbox.md` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionState {
    /// It is about to be accepted.
    Storing,
    /// It is accepted, and waits. Also what was sent comes back to this, to be sent again.
    Queued,
    /// It is about to be sent.
    Sending,
    /// It was sent and waits for its answer.
    Sent,
    /// The server has applied it.
    Applied,
    /// It was not applied, and never will be.
    Rejected,
    /// It was not applied in time.
    Expired,
    /// It was never sent, and will not be.
    Cancelled,
    /// The server knows its id with another payload.
    Conflict,
    /// The connection ended each time it was sent; it may have been applied.
    Quarantined,
    /// Whether it was applied cannot be found out.
    Unknown,
}

impl ActionState {
    /// Returns the name of the state: `applied`, for example.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Storing => "storing",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Conflict => "conflict",
            Self::Quarantined => "quarantined",
            Self::Unknown => "unknown",
        }
    }

    /// Returns whether the action goes no further.
    #[must_use]
    pub fn is_ending(self) -> bool {
        !matches!(self, Self::Storing | Self::Queued | Self::Sending | Self::Sent)
    }
}

/// Where an action stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ActionStatus {
    /// Its state.
    pub state: ActionState,
    /// How many times it was sent.
    pub attempts: u32,
    /// Why it ended, if it was not applied.
    pub error: Option<Error>,
}

impl ActionStatus {
    pub(super) const STORING: Self = Self { state: ActionState::Storing, attempts: 0, error: None };

    /// Makes one of what the core says, with the arguments of the server's answer.
    pub(super) fn of(status: CoreStatus<JsHost>, attempts: u32) -> (Self, Option<JsValue>) {
        use ActionState as State;
        let failed = |state, code| (state, Some(Error::new(code)), None);
        let (state, error, answer) = match status {
            CoreStatus::Queued => (State::Queued, None, None),
            CoreStatus::Sending => (State::Sending, None, None),
            CoreStatus::Sent => (State::Sent, None, None),
            CoreStatus::Applied(answer) => (State::Applied, None, answer),
            CoreStatus::Rejected(rejection) => {
                let (error, answer) = of_rejection(rejection);
                (State::Rejected, Some(error), answer)
            }
            CoreStatus::NotStored(error) => failed(State::Rejected, error.code()),
            CoreStatus::Expired => failed(State::Expired, "action_expired"),
            CoreStatus::Cancelled(_) => failed(State::Cancelled, "action_cancelled"),
            CoreStatus::Conflict => failed(State::Conflict, "action_conflict"),
            CoreStatus::Quarantined(_) => failed(State::Quarantined, "action_quarantined"),
            CoreStatus::Unknown(_) => failed(State::Unknown, "action_unknown"),
        };
        (Self { state, attempts, error }, answer.map(std::rc::Rc::unwrap_or_clone))
    }
}

fn of_rejection(rejection: Rejection<JsHost>) -> (Error, Option<std::rc::Rc<JsValue>>) {
    match rejection {
        Rejection::Server(answer) => (Error::new("action_rejected"), answer),
        Rejection::PayloadTooLarge => (Error::new("payload_too_large"), None),
        Rejection::TooManyAttachments => (Error::new("too_many_attachments"), None),
        Rejection::IdentityChanged => (Error::new("identity_changed"), None),
    }
}
