//! What holds for every output, whatever the scenario.

use std::collections::{BTreeMap, BTreeSet};

use sockeye::backoff::MAX_TIMER;
use sockeye::manager::{Cause, SocketId, Status};
use sockeye::socketio::RequestId;
use sockeye::time::Instant;

use super::{Told, TransportId};

/// The rules of the outputs. Each is a panic when it is broken.
#[derive(Default)]
pub struct Checks {
    open: BTreeSet<TransportId>,
    used: BTreeSet<TransportId>,
    statuses: BTreeMap<SocketId, Status>,
    /// Requests that were taken and have not ended.
    pending: BTreeSet<RequestId>,
    destroyed: bool,
}

impl Checks {
    /// A transport has a number of its own, and there is one in use and one that is tried.
    pub fn on_open(&mut self, transport: TransportId) {
        assert!(self.used.insert(transport), "{transport:?} is opened twice");
        assert!(self.open.len() < 2, "{transport:?} is opened while two others are open");
        assert!(!self.destroyed, "{transport:?} is opened after the end");
        self.open.insert(transport);
    }

    pub fn on_send(&mut self, transport: TransportId, frame: &str) {
        let is_open = self.open.contains(&transport);
        assert!(is_open, "{frame:?} is sent on a transport that is not open");
    }

    pub fn on_close(&mut self, transport: TransportId) {
        assert!(self.open.remove(&transport), "a transport that is not open is closed");
    }

    /// A timer that is later than this fires at once.
    pub fn on_deadline(&mut self, deadline: Option<Instant>, now: Instant) {
        if let Some(deadline) = deadline {
            assert!(deadline.since(now) <= MAX_TIMER, "no timer can wait until {deadline:?}");
            assert!(!self.destroyed, "a timer outlives the client");
        }
    }

    pub fn on_request(&mut self, request: RequestId) {
        assert!(self.pending.insert(request), "the test uses {request:?} twice");
    }

    pub fn on_cancel(&mut self, request: RequestId) {
        self.pending.remove(&request);
    }

    pub fn on_destroy(&mut self) {
        self.destroyed = true;
        self.statuses.clear();
    }

    pub fn on_told(&mut self, told: &Told, now: Instant) {
        match told {
            Told::Settled { request, how } => {
                let pending = self.pending.remove(request);
                assert!(pending, "{request:?} ends as {how:?}, but it was over");
            }
            Told::Status { socket, status } => self.on_status(*socket, *status, now),
            Told::Delivered { socket, .. } => {
                let status = self.statuses.get(socket);
                assert_eq!(status, Some(&Status::Connected), "an event without a connection");
            }
            Told::AuthNeeded { .. } => assert!(!self.open.is_empty(), "auth without a transport"),
            Told::AddressNeeded { .. } => {
                assert!(self.open.is_empty(), "an address while a transport is open");
            }
            Told::VerdictNeeded { .. }
            | Told::Probed
            | Told::Accepted { .. }
            | Told::Refused { .. }
            | Told::Dropped { .. }
            | Told::Failed { .. } => {}
        }
    }

    fn on_status(&mut self, socket: SocketId, status: Status, now: Instant) {
        let before = self.statuses.insert(socket, status).unwrap_or(Status::Idle);
        assert!(is_legal(before, status), "{before:?} -> {status:?}");
        let fails = matches!(before, Status::Connecting { .. } | Status::Connected);
        if let (true, Status::Waiting { retry_at, cause, .. }) = (fails, status) {
            let is_due = retry_at > now || cause == Some(Cause::Suspended);
            assert!(is_due, "the next attempt is due at once");
        }
    }

    pub fn assert_all_settled(&self) {
        assert!(self.pending.is_empty(), "these never ended: {:?}", self.pending);
    }
}

/// | from | to |
/// |---|---|
/// | idle, disconnected | connecting; waiting, if another namespace waits |
/// | connecting | connected, waiting, disconnected; connecting, if its cause becomes known, the expired auth is refreshed, or it begins anew |
/// | connected | waiting, disconnected; connecting, if the auth or the user is to be another |
/// | waiting | connecting, disconnected; waiting, if its cause becomes known, or it is to be longer or shorter |
fn is_legal(from: Status, to: Status) -> bool {
    use Status::{Connected, Connecting, Disconnected, Idle, Waiting};
    match (from, to) {
        (Connecting { attempt, cause }, Connecting { attempt: next, cause: after }) => {
            let refreshes = next == attempt + 1;
            let begins_anew = next == 1 && after.is_none();
            (attempt == next && cause != after) || refreshes || begins_anew
        }
        (Waiting { attempt, .. }, Waiting { attempt: next, .. }) => attempt == next,
        (Idle | Disconnected { .. }, to) => matches!(to, Connecting { .. } | Waiting { .. }),
        (Connecting { .. }, to) => {
            matches!(to, Connected | Waiting { .. } | Disconnected { .. })
        }
        (Connected, Connecting { attempt, cause }) => attempt == 1 && cause.is_none(),
        (Connected, to) => matches!(to, Waiting { .. } | Disconnected { .. }),
        (Waiting { .. }, to) => matches!(to, Connecting { .. } | Disconnected { .. }),
    }
}
