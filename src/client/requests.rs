//! The requests that the client makes for itself, among those of the application.

use std::rc::Rc;

use crate::client::outbox::Transmission;
use crate::client::readiness::SinceTicket;
use crate::client::store::ActionKey;
use crate::client::topics::JoinTicket;
use crate::manager::SocketId;
use crate::socketio::RequestId;
use crate::sorted::SortedMap;

/// The application numbers its requests from zero on, the client from here.
const FIRST: u32 = 0x8000_0000;

/// What a request of the client is for.
#[derive(Debug)]
pub(super) enum Purpose {
    Transmission { transmission: Transmission, key: ActionKey },
    Join { ticket: JoinTicket, topic: Rc<str> },
    Since(SinceTicket),
}

#[derive(Debug, Default)]
pub(super) struct Requests {
    next: u32,
    open: SortedMap<RequestId, (SocketId, Purpose)>,
}

impl Requests {
    /// Returns the number for a request.
    pub fn add(&mut self, socket: SocketId, purpose: Purpose) -> RequestId {
        let request = RequestId(FIRST | self.next);
        self.next = self.next.wrapping_add(1);
        self.open.insert(request, (socket, purpose));
        request
    }

    /// Takes out the request of this number, if it is one of the client's that is waited for.
    pub fn take(&mut self, request: RequestId) -> Option<(SocketId, Purpose)> {
        self.open.remove(&request)
    }

    /// Returns whether a number is one of the client's.
    pub fn is_own(request: RequestId) -> bool {
        request.0 >= FIRST
    }

    /// Takes out the request of a namespace for the same as `purpose`, and returns its number. There is at
    /// most one.
    pub fn take_same(&mut self, socket: SocketId, purpose: &Same) -> Option<RequestId> {
        let is_same = |(of, known): &(SocketId, Purpose)| *of == socket && known.is(purpose);
        let found = self.open.iter().find(|(_, open)| is_same(open));
        let request = found.map(|(request, _)| *request)?;
        self.open.remove(&request);
        Some(request)
    }
}

/// What two requests have in common of which only the later one matters.
pub(super) enum Same {
    Transmission(Transmission),
    Join(Rc<str>),
    Since,
}

impl Purpose {
    fn is(&self, same: &Same) -> bool {
        match (self, same) {
            (Self::Transmission { transmission, .. }, Same::Transmission(other)) => {
                transmission == other
            }
            (Self::Join { topic, .. }, Same::Join(other)) => topic == other,
            (Self::Since(_), Same::Since) => true,
            (Self::Transmission { .. } | Self::Join { .. } | Self::Since(_), _) => false,
        }
    }
}
