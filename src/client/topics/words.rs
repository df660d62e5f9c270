//! What can be set and said about topics.

use core::time::Duration;

/// How topics are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicsConfig {
    /// How many joins wait for their confirmation at the same time. Default 32.
    pub in_flight: usize,
    /// How long one waits. Default 10 s.
    pub limit: Duration,
    /// How often a topic that is refused is tried on one connection. Default 3.
    pub tries: u32,
    /// The pause before the second try; each further one is twice as long. Default 1 s.
    pub pause: Duration,
}

impl Default for TopicsConfig {
    fn default() -> Self {
        Self {
            in_flight: 32,
            limit: Duration::from_secs(10),
            tries: 3,
            pause: Duration::from_secs(1),
        }
    }
}

/// The number of one join. It is not used again, so an answer of an earlier connection finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JoinTicket(pub u32);

/// What shows that a topic is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// The server's answer.
    Ack,
    /// An event that the application knows.
    Event,
}

/// What the application is told of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicStatus {
    /// It is not joined on this connection.
    Idle,
    /// The server has been asked.
    Joining,
    /// It is joined.
    Live,
    /// It is not joined, although the server was asked.
    Failed(JoinFailure),
}

/// Why a topic is not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinFailure {
    /// The server refused, or the join could not be sent.
    Refused,
    /// The server did not confirm in time.
    TimedOut,
}
