//! The short way of what is sent: the host writes the frames itself, and no text crosses to the core.

use core::time::Duration;

use crate::engineio::TransportId;
use crate::host::Host;
use crate::manager::{Manager, SocketId};
use crate::socketio::{PacketSizes, RequestId};
use crate::time::{Instant, earliest};

impl<H: Host> Manager<H> {
    /// Counts an event as sent that the host then sends itself, over the WebSocket `transport`: at once, and in one
    /// frame but for its attachments.
    ///
    /// Returns whether it may. If not, the event is to be given to [`emit`](Self::emit), which knows what is to be
    /// done with it. What the manager has to say already comes first, so it may not then.
    #[must_use]
    pub fn emit_by_host(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        sizes: PacketSizes,
        now: Instant,
    ) -> bool {
        self.prepare_to_send(now);
        let is_sent = self.can_host_send(transport, socket, None, sizes);
        if is_sent {
            self.liveness.note_sent(sizes.total(), now);
        }
        is_sent
    }

    /// The same for an event that the server is to answer, as by [`request`](Self::request). Returns the number that
    /// goes with the event, or nothing if the host may not send it.
    #[must_use]
    pub fn request_by_host(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        request: RequestId,
        sizes: PacketSizes,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Option<u64> {
        self.prepare_to_send(now);
        let ack_id = self.entry(socket)?.socket.next_request()?;
        if !self.can_host_send(transport, socket, Some(ack_id), sizes) {
            return None;
        }
        let deadline = timeout.map(|timeout| now + timeout);
        let entry = self.entry_mut(socket)?;
        entry.socket.note_request(request, deadline);
        let due = entry.socket.deadline();
        self.deadline = earliest(self.deadline, due);
        self.liveness.note_sent(sizes.total(), now);
        Some(ack_id)
    }

    fn can_host_send(
        &self,
        transport: TransportId,
        socket: SocketId,
        ack_id: Option<u64>,
        sizes: PacketSizes,
    ) -> bool {
        self.outputs.is_empty()
            && self.engine.sends_over(transport)
            && self.entry(socket).is_some_and(|entry| {
                entry.socket.is_sending() && entry.socket.takes(ack_id, sizes, self.max_payload())
            })
    }
}
