//! What readiness asks its owner to do.

use std::rc::Rc;

use crate::client::continuity::{Continuity, Gap, Position};
use crate::client::topics::{JoinTicket, TopicEffect, TopicStatus};

/// The number of one call of an application's hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookTicket(pub u32);

/// The number of one question for what came since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinceTicket(pub u32);

/// An asynchronous function of the application that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// What it says first on each connection.
    Prologue,
    /// What it does about a gap.
    Gap,
}

/// One thing to do. `E` is an event as its owner keeps it, `T` the body of a packet.
#[derive(Debug)]
pub enum Effect<E, T> {
    /// Let the application speak first, then call [`prologue_done`](super::Readiness::prologue_done).
    Prologue(HookTicket),
    /// Let the application mend what the verdict said, then call
    /// [`gap_done`](super::Readiness::gap_done).
    GapHook(HookTicket),
    /// A hook has not ended in time; things go on without it.
    HookLate(Hook),
    /// Send the body that joins a topic, and say how it ended with
    /// [`join_acknowledged`](super::Readiness::join_acknowledged) or
    /// [`join_refused`](super::Readiness::join_refused).
    Join {
        /// Which topic.
        topic: Rc<str>,
        /// Which join.
        ticket: JoinTicket,
        /// What to send.
        body: Rc<T>,
        /// Whether an answer is asked for.
        acknowledged: bool,
    },
    /// Send the body that leaves a topic.
    Leave {
        /// Which topic.
        topic: Rc<str>,
        /// What to send; nothing if the server needs not be told.
        body: Rc<T>,
    },
    /// The status of a topic changed.
    Topic {
        /// Which.
        topic: Rc<str>,
        /// To what.
        status: TopicStatus,
    },
    /// Ask the server for a sign of life, then call
    /// [`handle_probed`](super::Readiness::handle_probed).
    Probe,
    /// The server gave none in time: end the connection.
    LinkDead,
    /// Ask the server what came since these positions.
    Since {
        /// Which question.
        ticket: SinceTicket,
        /// What to ask for.
        positions: Vec<Position>,
    },
    /// Tell what the connection continues. There is one for each connection, before anything of it is
    /// delivered; a connection that ends before that has none.
    Verdict {
        /// The connection's number, as it was accepted.
        connection: u32,
        /// What it continues.
        continuity: Continuity,
    },
    /// Tell that something was missed on a connection that had its verdict already.
    Missed {
        /// The connection's number.
        connection: u32,
        /// What.
        gap: Gap,
    },
    /// Deliver an event.
    Deliver(E),
    /// Tell that events flow. Once for each connection.
    Live,
    /// Let the outbox send: events flow, and it is known what the server is. Once for each connection.
    Drain,
}

impl<E, T> Effect<E, T> {
    /// Returns whether nobody wants it any more when the connection has ended.
    pub(super) fn is_of_connection(&self) -> bool {
        match self {
            Self::Prologue(_)
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::Probe
            | Self::LinkDead
            | Self::Since { .. }
            | Self::Live
            | Self::Drain => true,
            Self::GapHook(_)
            | Self::HookLate(_)
            | Self::Topic { .. }
            | Self::Verdict { .. }
            | Self::Missed { .. }
            | Self::Deliver(_) => false,
        }
    }
}

impl<E, T> From<TopicEffect<T>> for Effect<E, T> {
    fn from(effect: TopicEffect<T>) -> Self {
        match effect {
            TopicEffect::Join { topic, ticket, body, acknowledged } => {
                Self::Join { topic, ticket, body, acknowledged }
            }
            TopicEffect::Leave { topic, body } => Self::Leave { topic, body },
            TopicEffect::Status { topic, status } => Self::Topic { topic, status },
        }
    }
}
