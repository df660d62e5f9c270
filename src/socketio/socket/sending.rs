//! What a namespace sends: events, requests, answers.

use std::rc::Rc;

use super::{Socket, encode_head};
use crate::host::{Host, OutgoingFrame};
use crate::socketio::event_buffer::Buffered;
use crate::socketio::outgoing::{EmitError, MaxPayload, Outgoing, PacketSizes};
use crate::socketio::packet::PacketType;
use crate::socketio::pending_acks::RequestId;
use crate::time::Instant;

/// The most bytes that a unit of text has in UTF-8: one of UTF-16 has at most three.
const MAX_UNIT_BYTES: u64 = 3;

/// What becomes of an event that waited for the connection.
#[derive(Debug)]
pub enum Flushed<H: Host> {
    /// It is to be sent.
    Send(Outgoing<H>),
    /// It is larger than this server takes.
    TooLarge {
        /// The request that it is, if it is one.
        request: Option<RequestId>,
    },
}

impl<H: Host> Socket<H> {
    /// Sends or keeps an event. Returns the packet if there is a connection.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if it has too many attachments, or more bytes than `max_payload`, or if there is no
    /// connection and no room to keep it. A volatile event is not kept; it is dropped without an error.
    pub fn emit(
        &mut self,
        host: &H,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        volatile: bool,
        max_payload: Option<MaxPayload>,
    ) -> Result<Option<Outgoing<H>>, EmitError> {
        self.check(host, None, &body, &attachments, max_payload)?;
        if self.is_sending() {
            return Ok(Some(self.event(host, None, body, attachments)));
        }
        if !volatile {
            self.keep(host, None, body, attachments)?;
        }
        Ok(None)
    }

    /// Sends or keeps an event that the server is to answer. Returns the packet if there is a
    /// connection.
    ///
    /// # Errors
    ///
    /// [`EmitError`] as for [`emit`](Self::emit), and if too many answers are waited for.
    pub fn request(
        &mut self,
        host: &H,
        request: RequestId,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        deadline: Option<Instant>,
        max_payload: Option<MaxPayload>,
    ) -> Result<Option<Outgoing<H>>, EmitError> {
        let ack_id = self.next_request().ok_or(EmitError::TooManyRequests)?;
        self.check(host, Some(ack_id), &body, &attachments, max_payload)?;
        let sending = self.is_sending();
        let packet = if sending {
            Some(self.event(host, Some(ack_id), body, attachments))
        } else {
            self.keep(host, Some(ack_id), body, attachments)?;
            None
        };
        self.note_request(request, deadline);
        Ok(packet)
    }

    /// Returns the number that the next request gets, unless as many answers are waited for as may be.
    #[must_use]
    pub fn next_request(&self) -> Option<u64> {
        (self.pending.len() < self.limits.pending_acks).then_some(self.next_ack_id)
    }

    /// The answer to the request that has got [`next_request`](Self::next_request) is waited for.
    pub fn note_request(&mut self, request: RequestId, deadline: Option<Instant>) {
        let sending = self.is_sending();
        self.pending.insert(self.next_ack_id, request, deadline, sending);
        self.next_ack_id += 1;
    }

    /// Returns whether a server certainly takes a packet of these sizes.
    #[must_use]
    pub fn takes(
        &self,
        ack_id: Option<u64>,
        sizes: PacketSizes,
        max_payload: Option<MaxPayload>,
    ) -> bool {
        let PacketSizes { text, attachments, binary } = sizes;
        let head = self.head_length(ack_id, attachments) as u64;
        attachments <= self.limits.attachments
            && max_payload.is_none_or(|max| {
                let text = (text as u64).saturating_mul(MAX_UNIT_BYTES).saturating_add(head);
                text <= max.text && binary as u64 <= max.binary
            })
    }

    /// Answers the server's event `ack_id`. Returns `None` without a connection.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if it has too many attachments, or more bytes than `max_payload`.
    pub fn acknowledge(
        &self,
        host: &H,
        ack_id: u64,
        body: H::Text,
        attachments: Vec<H::Bytes>,
        max_payload: Option<MaxPayload>,
    ) -> Result<Option<Outgoing<H>>, EmitError> {
        self.check(host, Some(ack_id), &body, &attachments, max_payload)?;
        if !self.is_connected() {
            return Ok(None);
        }
        Ok(Some(self.packet(host, PacketType::Ack, Some(ack_id), body, attachments)))
    }

    /// Takes the next event that waited for the connection.
    ///
    /// After the last one every request counts as sent.
    pub fn flush_next(&mut self, host: &H, max_payload: Option<MaxPayload>) -> Option<Flushed<H>> {
        let Some(Buffered { ack_id, content: (body, attachments), .. }) = self.unsent.pop() else {
            self.pending.mark_sent();
            return None;
        };
        if self.check(host, ack_id, &body, &attachments, max_payload).is_err() {
            let request = ack_id.and_then(|ack_id| self.pending.take(ack_id));
            return Some(Flushed::TooLarge { request });
        }
        Some(Flushed::Send(self.event(host, ack_id, body, attachments)))
    }

    /// Takes the server's answer to `ack_id`.
    pub fn settle(&mut self, ack_id: u64) -> Option<RequestId> {
        self.pending.acknowledge(ack_id)
    }

    /// Forgets a request that the application has given up; what was not sent will not be.
    pub fn cancel(&mut self, request: RequestId) {
        if let Some(ack_id) = self.pending.cancel(request) {
            self.unsent.remove(ack_id);
        }
    }

    /// Takes out the requests that have waited too long; what was not sent will not be.
    pub fn expire(&mut self, now: Instant) -> Vec<RequestId> {
        let expired = self.pending.expire(now);
        for (_, ack_id) in &expired {
            self.unsent.remove(*ack_id);
        }
        expired.into_iter().map(|(request, _)| request).collect()
    }

    fn keep(
        &mut self,
        host: &H,
        ack_id: Option<u64>,
        body: H::Text,
        attachments: Vec<H::Bytes>,
    ) -> Result<(), EmitError> {
        let lengths = attachments.iter().map(|bytes| host.bytes_length(bytes));
        let length = lengths.fold(host.length(&body), usize::saturating_add);
        if !self.has_room(&self.unsent, length) {
            return Err(EmitError::BufferFull);
        }
        self.unsent.push(Buffered { ack_id, content: (body, attachments), length });
        Ok(())
    }

    /// A server ends the connection on which it gets too much, so too much is not sent.
    fn check(
        &self,
        host: &H,
        ack_id: Option<u64>,
        body: &H::Text,
        attachments: &[H::Bytes],
        max_payload: Option<MaxPayload>,
    ) -> Result<(), EmitError> {
        if attachments.len() > self.limits.attachments {
            return Err(EmitError::TooManyAttachments);
        }
        let Some(max) = max_payload else {
            return Ok(());
        };
        let head = self.head_length(ack_id, attachments.len()) as u64;
        let max_body = max.text.checked_sub(head);
        let fits = max_body.is_some_and(|max| is_within(host, body, max))
            && attachments.iter().all(|bytes| host.bytes_length(bytes) as u64 <= max.binary);
        if fits { Ok(()) } else { Err(EmitError::PayloadTooLarge) }
    }

    /// The bytes of a frame before its payload.
    fn head_length(&self, ack_id: Option<u64>, attachments: usize) -> usize {
        let attachments = match attachments {
            0 => 0,
            // A hyphen follows the number.
            count => digits(count as u64) + 1,
        };
        self.plain_head_length + attachments + ack_id.map_or(0, digits)
    }

    fn event(
        &self,
        host: &H,
        ack_id: Option<u64>,
        body: H::Text,
        attachments: Vec<H::Bytes>,
    ) -> Outgoing<H> {
        self.packet(host, PacketType::Event, ack_id, body, attachments)
    }

    /// Makes an EVENT or ACK packet; with attachments it is a BINARY_EVENT or BINARY_ACK.
    fn packet(
        &self,
        host: &H,
        packet_type: PacketType,
        ack_id: Option<u64>,
        body: H::Text,
        attachments: Vec<H::Bytes>,
    ) -> Outgoing<H> {
        let head = match u32::try_from(attachments.len()) {
            Ok(0) if packet_type == PacketType::Event => Rc::clone(&self.event_head),
            Ok(0) => Rc::clone(&self.ack_head),
            Ok(1) if packet_type == PacketType::Event => self.attachment_head(host),
            count => {
                let packet_type = packet_type.with_attachments();
                // The limit on their number is smaller than 2³².
                let count = count.unwrap_or(u32::MAX);
                let head = encode_head(self.prefix, packet_type, count, &self.namespace);
                Rc::new(host.text(&head))
            }
        };
        Outgoing { frame: OutgoingFrame { head, ack_id, body: Some(body) }, attachments }
    }

    fn attachment_head(&self, host: &H) -> Rc<H::Text> {
        Rc::clone(self.attachment_head.get_or_init(|| {
            let head = encode_head(self.prefix, PacketType::BinaryEvent, 1, &self.namespace);
            Rc::new(host.text(&head))
        }))
    }
}

/// Returns whether `text` has at most `max` bytes; counts them only if the number of units cannot tell.
fn is_within<H: Host>(host: &H, text: &H::Text, max: u64) -> bool {
    (host.length(text) as u64).saturating_mul(MAX_UNIT_BYTES) <= max
        || host.byte_length(text) as u64 <= max
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}
