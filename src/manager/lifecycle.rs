//! What the manager does about the life of the program around it: pages are frozen, put into the
//! back/forward cache and hidden, machines sleep, networks come and go.

use core::time::Duration;

use crate::host::Host;
use crate::manager::connection::Link;
use crate::manager::{Cause, Manager};
use crate::time::Instant;

/// The shortest time between two attempts that are made because something says that they may succeed.
const BETWEEN_EARLY_ATTEMPTS: Duration = Duration::from_secs(5);

/// Nothing is to be done until the program goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspension {
    since: Instant,
    /// Whether there was a connection, or an attempt.
    was_active: bool,
}

impl<H: Host> Manager<H> {
    /// The program is about to stand still: the connection is closed at once, so that the server knows, and
    /// there are no attempts until [`resume`](Self::resume).
    ///
    /// The sockets wait then ([`Status::Waiting`](super::Status::Waiting)), those that had a connection with
    /// [`Cause::Suspended`]. A session can be recovered after it.
    pub fn suspend(&mut self, now: Instant) {
        if self.suspension.is_some() {
            return;
        }
        let was_active = matches!(self.link, Link::Active(_) | Link::Addressing { .. });
        self.suspension = Some(Suspension { since: now, was_active });
        if was_active {
            self.end_link(Cause::Suspended, now);
        }
        self.end_turn();
    }

    /// The program goes on: what was connected connects at once, unless the server wants no attempt yet.
    /// Without a suspension this is [`prove`](Self::prove).
    pub fn resume(&mut self, asleep: Duration, now: Instant) {
        let Some(Suspension { was_active, .. }) = self.suspension.take() else {
            return self.prove(asleep, now);
        };
        match &mut self.link {
            Link::Waiting { until, .. } if was_active => {
                *until = self.postponed.map_or(now, |postponed| postponed.put_off(now, now));
            }
            Link::Idle | Link::Waiting { .. } | Link::Addressing { .. } | Link::Active(_) => {}
        }
        self.hurry(now);
        self.open_if_due(now);
        self.end_turn();
    }

    /// There is a reason to doubt the connection, or to believe that there could be one: the program was
    /// hidden, its clock has jumped, the network has changed.
    ///
    /// An open connection is dead if its time was over `asleep` ago, the time that this clock has not
    /// counted; otherwise if nothing is heard for 2 s. Until then events and requests wait. A dead one is
    /// replaced at once, and a wait for the next attempt ends, but not twice in 5 s.
    pub fn prove(&mut self, asleep: Duration, now: Instant) {
        if self.suspension.is_some() {
            return;
        }
        match self.engine.expires_at() {
            Some(at) if at <= now + asleep => {
                self.fail_link(Cause::PingTimeout, now);
                self.replace_dead(now);
            }
            Some(_) => self.doubt(now),
            None => self.hurry(now),
        }
        self.end_turn();
    }

    /// Tells that a connection has ended, and begins the next attempt at once.
    pub(super) fn replace_dead(&mut self, now: Instant) {
        self.end_turn();
        self.hurry(now);
    }

    /// Brings the next attempt forward: to now, or to 5 s after the last that was brought forward. The
    /// server's word when it wants to see the client again counts more.
    pub(super) fn hurry(&mut self, now: Instant) {
        let Link::Waiting { until, .. } = &mut self.link else {
            return;
        };
        let earliest = self.hurried_at.map_or(now, |at| now.max(at + BETWEEN_EARLY_ATTEMPTS));
        let is_postponed =
            self.postponed.is_some_and(|postponed| postponed.put_off(now, now) > now);
        if earliest < *until && !is_postponed {
            *until = earliest;
            self.hurried_at = Some(earliest);
        }
        self.open_if_due(now);
    }

    /// Begins an attempt if it is time.
    pub(super) fn open_if_due(&mut self, now: Instant) {
        let is_due = matches!(self.link, Link::Waiting { until, .. } if until <= now);
        if is_due && self.suspension.is_none() {
            self.open_link(now);
        }
    }

    /// Instead of an attempt, the wait for the end of a suspension. Returns whether there is one.
    pub(super) fn wait_if_suspended(&mut self) -> bool {
        let suspension = self.suspension;
        if let Some(Suspension { since, .. }) = suspension {
            self.link = Link::Waiting { until: since, slow: false };
        }
        suspension.is_some()
    }
}
