//! The store of enqueued actions, as the core sees it: commands and answers, matched by tickets.
//!
//! A store holds the actions of one identity in one namespace, and several clients (tabs) may use it. Each
//! command is one transaction: done wholly or not at all, and answered only after the commit. The core keeps
//! [records](Record) in memory and leaves payloads in the store.
//!
//! One client at a time *leads*, which means that it drains. Whoever begins to lead raises the *epoch*; what
//! only a leader may do carries its epoch, and the store refuses it inside of the transaction
//! ([`StoreAnswer::Fenced`]) when the epoch is not the current one. So a leader that slept through the loss
//! of its right does no harm.

use core::time::Duration;
use std::rc::Rc;

use crate::host::Host;

/// The name of one action for ever: a UUID in practice, unlike that of any other action.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionKey(pub Rc<str>);

impl ActionKey {
    /// Makes a key of a text.
    ///
    /// ```
    /// use sockeye::client::store::ActionKey;
    ///
    /// assert_eq!(&*ActionKey::new("5f0c").0, "5f0c");
    /// ```
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }
}

/// The number of a command, for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreTicket(pub u32);

/// What an action sends: the JSON array of its name and arguments, and the binary values beside it.
#[derive(Debug)]
pub struct Payload<H: Host> {
    /// The array.
    pub body: H::Text,
    /// What its placeholders stand for.
    pub attachments: Vec<H::Bytes>,
}

/// An action without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name for ever.
    pub key: ActionKey,
    /// The name of the event.
    pub name: Rc<str>,
    /// Its lane: actions of one lane are applied in their order.
    pub lane: Rc<str>,
    /// Its place among all actions; the store gives it when it commits, each higher than all before.
    pub order: u64,
    /// The next action of its lane with the same key replaces it as long as it was never sent.
    pub coalesce_key: Option<Rc<str>>,
    /// How large it is on the wire, without the envelope.
    pub bytes: u64,
    /// How many attachments it has.
    pub attachments: u32,
    /// How long after it was enqueued it is still worth sending. None: for ever.
    pub ttl: Option<Duration>,
    /// How long ago that was at the time of reading. Clocks jump: what is negative counts as zero.
    pub age: Duration,
    /// How long to wait for its answer, from each sending on.
    pub ack_timeout: Duration,
    /// Whether it is sent again where no server can tell that it knows it.
    pub resend: bool,
    /// As what it was sent, if it ever was.
    pub sent: Option<Sent>,
    /// How many connections ended right after it was sent.
    pub kills: u32,
    /// Why it is not to be sent, if so.
    pub parked: Option<Parked>,
}

/// As what an action was sent. It is stored before the sending, so its absence proves that it never was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The epoch of the drainer that numbered it.
    pub epoch: u64,
    /// Its number in its lane, counted from 1; 0 without a helper.
    pub sequence: u64,
    /// The server's memory of keys; none without a helper.
    pub memory: Option<Rc<str>>,
    /// The server's clock at the first sending whose outcome is not known, in milliseconds since 1970.
    pub server_time_ms: Option<u64>,
    /// How many times it was sent by then, this time included.
    pub attempts: u32,
}

/// Why an action stays in the store without being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parked {
    /// It ended the connection each time it was sent, or cannot be read.
    Quarantined,
    /// It may have been applied, and cannot be sent again without the risk of applying it twice.
    Unknown,
}

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has applied it.
    Applied,
    /// The server, or a check before sending, has rejected it.
    Rejected,
    /// It was not applied, and is not worth sending any more.
    Expired,
    /// It was never sent, and will not be.
    Cancelled,
    /// The server knows its key with another payload.
    Conflict,
    /// See [`Parked::Quarantined`].
    Quarantined,
    /// See [`Parked::Unknown`].
    Unknown,
}

/// What changes of a record when the action is about to be sent, or has ended a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which.
    pub key: ActionKey,
    /// The new [`Record::sent`].
    pub sent: Option<Sent>,
    /// The new [`Record::kills`].
    pub kills: u32,
}

/// The end of an action, for the other clients of the store.
#[derive(Debug)]
pub struct Settlement<H: Host> {
    /// Which.
    pub key: ActionKey,
    /// How.
    pub outcome: Outcome,
    /// What the server answered.
    pub arguments: Option<Rc<H::Value>>,
}

/// What the core asks of the store.
///
/// Commands take effect in the order in which they are asked; answers may come in any.
#[derive(Debug)]
pub enum StoreCommand<H: Host> {
    /// Find or make the store of this identity. Answered with [`StoreAnswer::Opened`].
    Open {
        /// Who the actions are sent as; empty for nobody.
        identity: Rc<str>,
    },
    /// Read all records. Answered with [`StoreAnswer::Contents`].
    Read,
    /// Wait until nobody else leads, then raise the epoch and read all records in one transaction. Answered
    /// with [`StoreAnswer::Leading`], perhaps never.
    Lead,
    /// Lead no longer. Not answered.
    Resign,
    /// Raise the epoch above the present one and to `at_least`. Answered with [`StoreAnswer::Raised`].
    RaiseEpoch {
        /// The leader's epoch.
        epoch: u64,
        /// The new one is not lower.
        at_least: u64,
    },
    /// Store an action and give it its order. Answered with [`StoreAnswer::Stored`].
    Put {
        /// The record; its order is not known yet.
        record: Box<Record>,
        /// What it sends.
        payload: Payload<H>,
        /// Remove this action in the same transaction if it was never sent.
        replaces: Option<ActionKey>,
    },
    /// Read what an action sends. Answered with [`StoreAnswer::Loaded`] or [`StoreAnswer::Missing`].
    Load {
        /// Which.
        key: ActionKey,
    },
    /// Note that actions are about to be sent. Answered with [`StoreAnswer::Marked`].
    Mark {
        /// The leader's epoch.
        epoch: u64,
        /// What to note.
        marks: Vec<Mark>,
    },
    /// Remove actions that have ended; those that are gone are no error. Answered with
    /// [`StoreAnswer::Done`].
    Settle {
        /// The leader's epoch.
        epoch: u64,
        /// Which, and how they ended.
        settlements: Vec<Settlement<H>>,
    },
    /// Keep an action that is not to be sent. Answered with [`StoreAnswer::Done`].
    Park {
        /// The leader's epoch.
        epoch: u64,
        /// Which.
        key: ActionKey,
        /// Why.
        parked: Parked,
    },
    /// Let a parked action be sent again: it is no longer parked, has no kills, no age and a new order. If it was
    /// sent that stays known, but without the memory, the time and the number (0), and it may be sent again
    /// where no server can tell that it knows it ([`Record::resend`]): the application wants it, whatever became
    /// of it before. Every client may ask. Answered with [`StoreAnswer::Stored`], or with
    /// [`StoreAnswer::Missing`] if no such action is parked.
    Unpark {
        /// Which.
        key: ActionKey,
    },
    /// Remove an action. Every client may ask. Answered with [`StoreAnswer::Removed`],
    /// [`StoreAnswer::WasSent`] or [`StoreAnswer::Missing`].
    Remove {
        /// Which.
        key: ActionKey,
        /// Only if it was never sent, which is decided inside of the transaction.
        only_unsent: bool,
    },
}

/// What a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// What can be read, in any order.
    pub records: Vec<Record>,
    /// What cannot.
    pub unreadable: Vec<Unreadable>,
}

/// A record that cannot be read. It is removed only when the application asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its key.
    pub key: ActionKey,
    /// Whether it is of a version to come; else it is damaged.
    pub is_future: bool,
}

/// What the store says to a command.
#[derive(Debug)]
pub enum StoreAnswer<H: Host> {
    /// To [`StoreCommand::Open`].
    Opened {
        /// The random id that the store was given when it was made.
        client: Rc<str>,
        /// What it holds.
        contents: Contents,
    },
    /// To [`StoreCommand::Read`].
    Contents(Contents),
    /// To [`StoreCommand::Lead`].
    Leading {
        /// Higher than all before.
        epoch: u64,
        /// What the store holds.
        contents: Contents,
    },
    /// To [`StoreCommand::RaiseEpoch`].
    Raised {
        /// The new epoch.
        epoch: u64,
    },
    /// To [`StoreCommand::Put`] and [`StoreCommand::Unpark`].
    Stored {
        /// The action's place.
        order: u64,
        /// Whether the action to replace was removed.
        replaced: bool,
    },
    /// To [`StoreCommand::Load`].
    Loaded(Payload<H>),
    /// To [`StoreCommand::Mark`].
    Marked {
        /// Those that are not in the store any more; they must not be sent.
        missing: Vec<ActionKey>,
        /// Records of the same lanes with a smaller order that were never sent, are not parked and not among
        /// the marked ones: another client stored them and the news is still on its way. A store with one
        /// client has none.
        earlier: Vec<Record>,
    },
    /// To [`StoreCommand::Settle`] and [`StoreCommand::Park`].
    Done,
    /// To [`StoreCommand::Remove`].
    Removed,
    /// To [`StoreCommand::Remove`]: it was sent, so it was not removed.
    WasSent,
    /// There is no such action.
    Missing,
    /// The epoch is not the current one; nothing was done.
    Fenced,
    /// Nothing was done.
    Failed(StoreError),
}

/// What another client did to the store. A hint that may be lost: the store itself is the truth.
#[derive(Debug)]
pub enum Change<H: Host> {
    /// It stored an action, or lets a parked one be sent again.
    Put(Record),
    /// It is about to send an action.
    Marked(Mark),
    /// An action has ended and is gone.
    Settled {
        /// Which.
        key: ActionKey,
        /// How.
        outcome: Outcome,
        /// What the server answered.
        arguments: Option<H::Value>,
    },
    /// It parked an action.
    Parked {
        /// Which.
        key: ActionKey,
        /// Why.
        parked: Parked,
    },
    /// It removed an action that was never sent, or was parked.
    Removed {
        /// Which.
        key: ActionKey,
    },
}

/// Why a store could not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_family = "wasm"), derive(thiserror::Error))]
#[non_exhaustive]
pub enum StoreError {
    /// There is no room.
    #[cfg_attr(not(target_family = "wasm"), error("the store is full"))]
    Full,
    /// It was made by a version to come. It stays as it is, and nothing is added.
    #[cfg_attr(not(target_family = "wasm"), error("the store is of a later version"))]
    Version,
    /// What was asked for is damaged.
    #[cfg_attr(not(target_family = "wasm"), error("the stored action is damaged"))]
    Damaged,
    /// Anything else; it may work later.
    #[cfg_attr(not(target_family = "wasm"), error("the store failed"))]
    Failed,
}

impl Record {
    /// Lets a parked action be sent again, as [`StoreCommand::Unpark`] says, at the place `order`.
    pub fn unpark(&mut self, order: u64) {
        self.order = order;
        self.age = Duration::ZERO;
        self.kills = 0;
        self.parked = None;
        if let Some(sent) = &mut self.sent {
            sent.memory = None;
            sent.server_time_ms = None;
            sent.sequence = 0;
            self.resend = true;
        }
    }
}

impl StoreError {
    /// Returns the stable code that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Full => "storage_full",
            Self::Version => "storage_version",
            Self::Damaged => "storage_damaged",
            Self::Failed => "storage_failed",
        }
    }
}
