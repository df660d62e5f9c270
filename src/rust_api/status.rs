//! Whether a client is connected, and if not, what happens next.

use core::time::Duration;

use crate::manager;
use crate::rust_api::error::Error;
use crate::time::Instant;

/// The states of a client, as `docs/status.md` has them.
///
/// ```no_run
/// # async fn show(client: &sockeye::rust_api::Client) {
/// use sockeye::rust_api::Status;
///
/// let mut states = client.status();
/// while let Some(status) = states.next().await {
///     match status {
///         Status::Connected { .. } => println!("online"),
///         Status::Waiting { retry_in, .. } => println!("again in {retry_in:?}"),
///         status => println!("{}", status.name()),
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// Nobody has asked for a connection yet.
    Idle,
    /// An attempt is under way.
    Connecting {
        /// Counted from 1 since the last connection.
        attempt: u32,
        /// Why the one before failed or ended.
        cause: Option<Error>,
    },
    /// Events flow.
    Connected {
        /// Whether the server has taken up the connection before: what was missed follows.
        recovered: bool,
    },
    /// The next attempt has a date.
    Waiting {
        /// The number of that attempt.
        attempt: u32,
        /// How long until it starts, from when this was told.
        retry_in: Duration,
        /// Whether attempts have failed for so long that they have become rare.
        slow: bool,
        /// Why the last one failed or ended.
        cause: Option<Error>,
    },
    /// Nothing happens until [`connect`](crate::rust_api::Client::connect) is called.
    Disconnected {
        /// Why.
        cause: Error,
    },
    /// The client was destroyed.
    Closed,
}

impl Status {
    /// Returns the name of the state: `connected`, for example.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting { .. } => "connecting",
            Self::Connected { .. } => "connected",
            Self::Waiting { .. } => "waiting",
            Self::Disconnected { .. } => "disconnected",
            Self::Closed => "closed",
        }
    }

    /// Returns whether events flow.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self, Self::Connected { .. })
    }

    /// Makes one of what the core says; `to_error` knows what its causes are about.
    pub(super) fn of(
        status: manager::Status,
        now: Instant,
        recovered: bool,
        to_error: impl Fn(manager::Cause) -> Error,
    ) -> Self {
        match status {
            manager::Status::Idle => Self::Idle,
            manager::Status::Connecting { attempt, cause } => {
                Self::Connecting { attempt, cause: cause.map(to_error) }
            }
            manager::Status::Connected => Self::Connected { recovered },
            manager::Status::Waiting { attempt, retry_at, slow, cause } => {
                let (retry_in, cause) = (retry_at.since(now), cause.map(to_error));
                Self::Waiting { attempt, retry_in, slow, cause }
            }
            manager::Status::Disconnected { cause } => {
                Self::Disconnected { cause: to_error(cause) }
            }
        }
    }
}
