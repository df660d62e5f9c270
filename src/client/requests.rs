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

    /// Takes out a transmission, and returns the number of its request.
    pub fn take_transmission(
        &mut self,
        socket: SocketId,
        transmission: Transmission,
    ) -> Option<RequestId> {
        let is_wanted = |(of, purpose): &(SocketId, Purpose)| match purpose {
            Purpose::Transmission { transmission: known, .. } => {
                *of == socket && *known == transmission
            }
            Purpose::Join { .. } | Purpose::Since(_) => false,
        };
        let found = self.open.iter().find(|(_, open)| is_wanted(open));
        let request = found.map(|(request, _)| *request)?;
        self.open.remove(&request);
        Some(request)
    }
}
