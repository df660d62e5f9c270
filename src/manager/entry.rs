//! One namespace as the manager keeps it: its socket, and how its attempts went.

use crate::backoff::Backoff;
use crate::host::Host;
use crate::manager::connection::Link;
use crate::manager::{AuthReason, Cause, Status, VerdictTicket};
use crate::socketio::{Answered, Phase, RequestId, Socket};
use crate::time::{Instant, earliest};

#[derive(Debug)]
pub(super) struct Entry<H: Host> {
    pub socket: Socket<H>,
    /// How many attempts have begun since the last connection.
    pub attempt: u32,
    /// Why the last attempt failed, or the connection ended.
    pub cause: Option<Cause>,
    /// The number of the last connection.
    pub connection: u32,
    /// Before this moment no CONNECT may follow the DISCONNECT that has been sent.
    pub reopen_at: Option<Instant>,
    /// Whether a DISCONNECT was sent to which the server has not answered a later CONNECT: what comes
    /// may still be of the connection that was left.
    pub left: bool,
    /// Whether a new connection sends first what is said first.
    pub holding: bool,
    /// When the next attempt is due, if the session goes on without this namespace.
    pub retry_at: Option<Instant>,
    /// The delays between such attempts.
    pub backoff: Backoff,
    /// When the server accepted.
    pub connected_at: Option<Instant>,
    /// What the application has been asked, and has not said: whether there is a next attempt.
    pub verdict: Option<(VerdictTicket, Cause)>,
    /// Why the next auth payload is asked for.
    pub reason: AuthReason,
    /// Whether an expired auth payload has been replaced at once since the last connection.
    pub refreshed: bool,
    /// What the application was last told.
    pub announced: Status,
}

impl<H: Host> Entry<H> {
    pub fn new(socket: Socket<H>, backoff: Backoff) -> Self {
        Self {
            socket,
            attempt: 0,
            cause: None,
            connection: 0,
            reopen_at: None,
            left: false,
            holding: false,
            retry_at: None,
            backoff,
            connected_at: None,
            verdict: None,
            reason: AuthReason::Connect,
            refreshed: false,
            announced: Status::Idle,
        }
    }

    /// Returns when something is to be done for the namespace.
    pub fn deadline(&self) -> Option<Instant> {
        let reopen_at = self.socket.queued_until().and(self.reopen_at);
        earliest(earliest(self.socket.deadline(), reopen_at), self.retry_at)
    }

    /// Returns whether an attempt that was put off is due.
    pub fn is_to_be_reopened(&self, now: Instant) -> bool {
        self.socket.queued_until().is_some() && self.reopen_at.is_some_and(|at| at <= now)
    }

    /// Returns whether an open session is to be used for it now: not while it waits for something.
    pub fn is_to_be_opened(&self) -> bool {
        self.socket.is_active() && self.retry_at.is_none() && self.verdict.is_none()
    }

    /// Begins anew: what happened before says nothing about what follows.
    pub fn begin(&mut self, attempt: u32) {
        self.attempt = attempt;
        self.cause = None;
        self.retry_at = None;
        self.verdict = None;
    }

    /// Ends until the application connects again.
    pub fn end(&mut self, cause: Cause) {
        self.begin(self.attempt);
        self.cause = Some(cause);
        self.reason = AuthReason::Connect;
        self.refreshed = false;
        self.socket.end();
    }

    /// Takes the news that the server has answered a CONNECT. What follows is of a new connection.
    pub fn answer(&mut self) -> Answered {
        self.left = false;
        self.socket.answer()
    }

    /// Returns whether an attempt is under way or to come.
    pub fn is_on_the_way(&self) -> bool {
        self.socket.is_active() && !self.socket.is_connected()
    }

    /// Returns the requests that are lost with the session.
    pub fn lose_session(&mut self, cause: Option<Cause>) -> Vec<RequestId> {
        if self.socket.is_active() {
            self.cause = cause.or(self.cause);
        }
        self.socket.drain_lost()
    }

    /// Follows from the socket and the link that it shares.
    pub fn status(&self, link: &Link<H>) -> Status {
        let Self { attempt, cause, .. } = *self;
        if self.verdict.is_some() {
            return self.announced;
        }
        match self.socket.phase() {
            Phase::Idle => Status::Idle,
            Phase::Disconnected => {
                Status::Disconnected { cause: cause.unwrap_or(Cause::ClientDisconnect) }
            }
            Phase::Connected => Status::Connected,
            Phase::Wanted
            | Phase::Queued { .. }
            | Phase::Authenticating { .. }
            | Phase::Connecting { .. } => match self.wait(link) {
                Some((retry_at, slow)) => {
                    let attempt = attempt.saturating_add(1);
                    Status::Waiting { attempt, retry_at, slow, cause }
                }
                None => Status::Connecting { attempt, cause },
            },
        }
    }

    /// Returns until when it waits, and whether attempts have become rare.
    fn wait(&self, link: &Link<H>) -> Option<(Instant, bool)> {
        match link {
            Link::Waiting { until, slow } => {
                Some((self.retry_at.map_or(*until, |at| at.max(*until)), *slow))
            }
            Link::Idle | Link::Addressing { .. } | Link::Active(_) => {
                self.retry_at.map(|at| (at, false))
            }
        }
    }
}
