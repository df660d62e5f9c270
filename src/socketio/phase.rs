//! The states of a namespace, and what moves it from one to the next.

use crate::host::OutgoingFrame;
use crate::time::Instant;

/// The state of a namespace.
///
/// | phase | connect | session opens | auth given | CONNECT, refusal | DISCONNECT | session ends |
/// |---|---|---|---|---|---|---|
/// | idle, disconnected | → wanted | – | – | – | – | – |
/// | wanted | – | → authenticating, connecting | – | – | → disconnected | – |
/// | queued | – | – | – | → authenticating, connecting | → disconnected | → wanted |
/// | authenticating | – | – | → connecting | – | → disconnected | → wanted |
/// | connecting | – | – | – | → connected, disconnected | → disconnected | → wanted |
/// | connected | – | – | – | – | → disconnected | → wanted |
///
/// `disconnect` leads from each to disconnected. A server ends the whole connection when it gets a
/// DISCONNECT, or a second CONNECT, for a namespace whose CONNECT it has not answered yet. So an attempt
/// that is given up meanwhile stays unanswered, and the next one is queued behind its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has asked for a connection yet.
    Idle,
    /// A connection is asked for, there is no session.
    Wanted,
    /// The server has still to answer the CONNECT of an attempt that was given up, or to take in the
    /// DISCONNECT of the last connection.
    Queued {
        /// When to give up.
        deadline: Instant,
    },
    /// The application has been asked for its auth payload.
    Authenticating {
        /// When to give up.
        deadline: Instant,
        /// What was asked.
        question: AuthQuestion,
    },
    /// CONNECT has been sent.
    Connecting {
        /// When to give up.
        deadline: Instant,
    },
    /// The server has accepted.
    Connected,
    /// The application or the server ended it; it stays so until the application connects again.
    Disconnected,
}

/// The number of a question for the auth payload. An answer to an older question is of no use: the
/// application may have another user since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthTicket(pub u32);

/// A question for the auth payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthQuestion {
    /// What the answer must show.
    pub ticket: AuthTicket,
    /// Until when it may be answered.
    pub until: Instant,
}

/// What an open session means to a namespace that wants to connect.
#[derive(Debug)]
pub enum Opening<Text> {
    /// Send this CONNECT packet.
    Send(OutgoingFrame<Text>),
    /// Ask the application for its auth payload.
    Authenticate,
    /// Wait for an answer that is still due.
    Wait,
}

/// Which CONNECT an answer of the server belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The one that is waited for.
    Expected,
    /// One that was given up.
    Abandoned,
    /// None.
    Unasked,
}
