//! What a connection continues, and where streams stand: the words of it.
//!
//! A *stream* is a sequence of events that the server numbers without a gap, 1, 2, 3, …, within an
//! *epoch*; when the server loses its log, the epoch changes. A *position* is the number of the last
//! event of a stream that was delivered. It decides what a new connection continues: what the server
//! says of that is only a hint.

use std::rc::Rc;

use crate::host::EventIdentity;

/// A text of the wire, and the fingerprint by which events name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its fingerprint.
    pub fingerprint: u64,
    /// The text itself.
    pub text: Rc<str>,
}

/// The fingerprint of the epoch where the numbers have none: they are the application's.
pub const NO_EPOCH: u64 = 0;

/// Where an event stands in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The fingerprint of the stream's name.
    pub stream: u64,
    /// The fingerprint of the epoch, or [`NO_EPOCH`].
    pub epoch: u64,
    /// The number, from 1 on.
    pub seq: u64,
}

impl Place {
    /// Returns the place of an event, if it has a number.
    #[must_use]
    pub fn of(identity: &EventIdentity) -> Option<Self> {
        let order = identity.order?;
        Some(Self { stream: identity.stream, epoch: order.epoch, seq: order.seq })
    }
}

/// How far a stream has come: what a server announces, what is asked for, what can be kept over a
/// reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which stream.
    pub stream: Named,
    /// In which epoch.
    pub epoch: Named,
    /// The number of the last event; zero before the first.
    pub seq: u64,
}

/// What a connection continues.
///
/// It speaks of streams: events that belong to none are sent at most once, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// Nothing: it is the first of this user, and no position was kept.
    Fresh,
    /// What was delivered before: nothing was missed that will not be delivered now.
    Resumed,
    /// Something was missed, or may have been.
    Gap(Gap),
}

/// What was missed, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why; where the streams differ, the cause of the first.
    pub cause: GapCause,
    /// In which streams. Every stream may be concerned if there is none.
    pub streams: Vec<StreamGap>,
}

/// What was missed of one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamGap {
    /// The fingerprint of its name.
    pub stream: u64,
    /// Its name, if it is known.
    pub name: Option<Rc<str>>,
    /// The number of the first event that was missed, if it is known.
    pub from: Option<u64>,
    /// That of the last, if it is known.
    pub to: Option<u64>,
    /// Why.
    pub cause: GapCause,
}

/// Why something was missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapCause {
    /// Nothing proves that nothing was: the server keeps no log, or did not answer.
    NoProof,
    /// The server's log no longer reaches back that far.
    LogTrimmed,
    /// The server began its log anew.
    NewEpoch,
    /// A number was left out.
    Hole,
    /// More came than can be kept until it may be delivered.
    Overflow,
    /// The server no longer lets this client read the stream.
    Unreadable,
    /// More streams are in use than positions are kept.
    Forgotten,
}

impl GapCause {
    /// Returns the stable word that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoProof => "no_proof",
            Self::LogTrimmed => "log_trimmed",
            Self::NewEpoch => "new_epoch",
            Self::Hole => "hole",
            Self::Overflow => "overflow",
            Self::Unreadable => "unreadable",
            Self::Forgotten => "forgotten",
        }
    }
}

/// The server's answer for one stream to the question what came since a position.
#[derive(Debug)]
pub struct Since<E> {
    /// The fingerprint of the stream's name.
    pub stream: u64,
    /// The epoch and the number behind `events`; `None` if the client may not read the stream.
    pub position: Option<(Named, u64)>,
    /// What came, with the place of each.
    pub events: Vec<(Place, E)>,
    /// Whether the server cannot say what came.
    pub gap: bool,
    /// Whether more came than this answer holds.
    pub more: bool,
}
