//! One namespace: whether it is connected, what it has sent and what it still wants to send.

use std::rc::Rc;

use crate::host::{Host, OutgoingFrame};
use crate::socketio::codec::Header;
use crate::socketio::packet::PacketType;
use crate::socketio::pending_acks::{PendingAcks, RequestId};
use crate::socketio::phase::{Answered, AuthTicket, Opening, Phase};
use crate::socketio::send_buffer::{Buffered, SendBuffer};
use crate::time::{Instant, earliest};

/// The bounds of what a namespace keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many events wait for the connection. Default 1,000.
    pub buffered_events: usize,
    /// How many units of text they have together. Default 8,000,000.
    pub buffered_length: usize,
    /// How many answers are waited for. Default 1,024.
    pub pending_acks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { buffered_events: 1_000, buffered_length: 8_000_000, pending_acks: 1_024 }
    }
}

/// An event that cannot be taken; nothing has been kept of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_family = "wasm"), derive(thiserror::Error))]
#[non_exhaustive]
pub enum EmitError {
    /// As much as [`Limits`] allows waits for the connection.
    #[cfg_attr(not(target_family = "wasm"), error("too many events wait for the connection"))]
    BufferFull,
    /// As many answers as [`Limits`] allows are waited for.
    #[cfg_attr(not(target_family = "wasm"), error("too many requests wait for an answer"))]
    TooManyRequests,
    /// There is no such socket.
    #[cfg_attr(not(target_family = "wasm"), error("there is no such socket"))]
    UnknownSocket,
}

impl EmitError {
    /// Returns the stable code that applications see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::BufferFull => "buffer_full",
            Self::TooManyRequests => "too_many_requests",
            Self::UnknownSocket => "client_destroyed",
        }
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Settlement<Value> {
    /// The server answered with these arguments.
    Acknowledged(Value),
    /// No answer came in time.
    TimedOut,
    /// The connection on which it was sent is gone; whether the server acted on it is unknown.
    Disconnected,
    /// The server's answer has attachments.
    Binary,
    /// The client was destroyed.
    Destroyed,
}

/// The state of one namespace, without the connection that it shares with others.
#[derive(Debug)]
pub struct Socket<H: Host> {
    namespace: String,
    prefix: &'static str,
    event_head: Rc<H::Text>,
    ack_head: Rc<H::Text>,
    auth_on_demand: bool,
    phase: Phase,
    /// Whether a CONNECT of this session has not been answered.
    unanswered: bool,
    limits: Limits,
    next_ack_id: u64,
    pending: PendingAcks,
    buffer: SendBuffer<H::Text>,
}

impl<H: Host> Socket<H> {
    /// Makes the socket of `namespace`.
    ///
    /// `prefix` is what the protocol below puts before each packet. With `auth_on_demand` the
    /// application is asked for a payload before each CONNECT.
    pub fn new(
        host: &H,
        namespace: String,
        prefix: &'static str,
        auth_on_demand: bool,
        limits: Limits,
    ) -> Self {
        let head = |packet_type| Rc::new(host.text(&encode_head(prefix, packet_type, &namespace)));
        Self {
            event_head: head(PacketType::Event),
            ack_head: head(PacketType::Ack),
            namespace,
            prefix,
            auth_on_demand,
            phase: Phase::Idle,
            unanswered: false,
            limits,
            next_ack_id: 0,
            pending: PendingAcks::default(),
            buffer: SendBuffer::default(),
        }
    }

    /// Returns the namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the state.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Returns whether the server has accepted.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Connected)
    }

    /// Returns whether a connection is wanted, whether or not there is one.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Disconnected)
    }

    /// Returns when [`expire`](Self::expire) or [`is_overdue`](Self::is_overdue) will have news.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        earliest(self.connect_deadline(), self.pending.deadline())
    }

    /// Returns whether the server, or the application's auth, has taken too long.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.connect_deadline().is_some_and(|deadline| deadline <= now)
    }

    fn connect_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Queued { deadline }
            | Phase::Authenticating { deadline, .. }
            | Phase::Connecting { deadline } => Some(deadline),
            Phase::Idle | Phase::Wanted | Phase::Connected | Phase::Disconnected => None,
        }
    }

    /// Asks for a connection.
    pub fn connect(&mut self) {
        if !self.is_active() {
            self.phase = Phase::Wanted;
        }
    }

    /// Reacts to an open session. `ticket` is for the question that may be needed.
    pub fn open(&mut self, host: &H, deadline: Instant, ticket: AuthTicket) -> Opening<H::Text> {
        if self.unanswered {
            self.queue(deadline);
            Opening::Wait
        } else if self.auth_on_demand {
            self.phase = Phase::Authenticating { deadline, ticket };
            Opening::Authenticate
        } else {
            Opening::Send(self.send_connect(host, deadline, None))
        }
    }

    /// Puts an attempt off; [`open`](Self::open) has to be called again.
    pub fn queue(&mut self, deadline: Instant) {
        self.phase = Phase::Queued { deadline };
    }

    /// Takes the auth payload, a JSON object, and returns the CONNECT packet.
    ///
    /// Returns `None` when the payload answers another question than the last.
    pub fn authenticate(
        &mut self,
        host: &H,
        ticket: AuthTicket,
        payload: Option<H::Text>,
    ) -> Option<OutgoingFrame<H::Text>> {
        let Phase::Authenticating { deadline, ticket: asked } = self.phase else {
            return None;
        };
        (asked == ticket).then(|| self.send_connect(host, deadline, payload))
    }

    /// Returns whether the answer to this question is waited for.
    #[must_use]
    pub fn is_asking(&self, ticket: AuthTicket) -> bool {
        matches!(self.phase, Phase::Authenticating { ticket: asked, .. } if asked == ticket)
    }

    fn send_connect(
        &mut self,
        host: &H,
        deadline: Instant,
        payload: Option<H::Text>,
    ) -> OutgoingFrame<H::Text> {
        self.phase = Phase::Connecting { deadline };
        self.unanswered = true;
        self.frame(host, PacketType::Connect, payload)
    }

    /// Takes the news that the server has answered a CONNECT, and tells which.
    pub fn answer(&mut self) -> Answered {
        let was_unanswered = std::mem::take(&mut self.unanswered);
        let is_waited_for = matches!(self.phase, Phase::Connecting { .. });
        match (was_unanswered, is_waited_for) {
            (true, true) => Answered::Expected,
            (true, false) => Answered::Abandoned,
            (false, _) => Answered::Unasked,
        }
    }

    /// Returns the end of the time for an attempt that waits for the answer to another.
    #[must_use]
    pub fn queued_until(&self) -> Option<Instant> {
        let Phase::Queued { deadline } = self.phase else {
            return None;
        };
        Some(deadline)
    }

    /// The server has accepted the attempt.
    pub fn accept(&mut self) {
        self.phase = Phase::Connected;
    }

    /// Returns the packet that leaves a namespace which the server counts as connected.
    #[must_use]
    pub fn disconnect_frame(&self, host: &H) -> OutgoingFrame<H::Text> {
        self.frame(host, PacketType::Disconnect, None)
    }

    /// Takes the next event that waited for the connection.
    ///
    /// After the last one every request counts as sent.
    pub fn flush_next(&mut self) -> Option<OutgoingFrame<H::Text>> {
        match self.buffer.pop() {
            Some(event) => Some(self.event_frame(event.ack_id, event.body)),
            None => {
                self.pending.mark_sent();
                None
            }
        }
    }

    /// Ends the connection of this namespace: the application's DISCONNECT, the server's, or a refusal.
    pub fn end(&mut self) {
        self.phase = Phase::Disconnected;
    }

    /// Reacts to the end of the session: an active socket wants the next one.
    pub fn lose_session(&mut self) {
        self.unanswered = false;
        if self.is_active() {
            self.phase = Phase::Wanted;
        }
    }

    /// Takes out the requests that nobody will answer because their connection is gone.
    pub fn drain_lost(&mut self) -> Vec<RequestId> {
        self.pending.drain_sent()
    }

    /// Takes out all requests.
    pub fn drain_requests(&mut self) -> Vec<RequestId> {
        self.pending.drain()
    }

    /// Sends or keeps an event. Returns the frame if there is a connection.
    ///
    /// # Errors
    ///
    /// [`EmitError::BufferFull`] if there is none and no room is left. A volatile event is dropped
    /// then without an error.
    pub fn emit(
        &mut self,
        host: &H,
        body: H::Text,
        volatile: bool,
    ) -> Result<Option<OutgoingFrame<H::Text>>, EmitError> {
        if self.is_connected() {
            return Ok(Some(self.event_frame(None, body)));
        }
        if volatile { Ok(None) } else { self.keep(host, None, body).map(|()| None) }
    }

    /// Sends or keeps an event that the server is to answer. Returns the frame if there is a
    /// connection.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if one of the [`Limits`] is reached.
    pub fn request(
        &mut self,
        host: &H,
        request: RequestId,
        body: H::Text,
        deadline: Option<Instant>,
    ) -> Result<Option<OutgoingFrame<H::Text>>, EmitError> {
        if self.pending.len() >= self.limits.pending_acks {
            return Err(EmitError::TooManyRequests);
        }
        let ack_id = self.next_ack_id;
        let connected = self.is_connected();
        let frame = if connected {
            Some(self.event_frame(Some(ack_id), body))
        } else {
            self.keep(host, Some(ack_id), body)?;
            None
        };
        self.next_ack_id += 1;
        self.pending.insert(ack_id, request, deadline, connected);
        Ok(frame)
    }

    /// Answers the server's event `ack_id`. Returns `None` without a connection.
    pub fn acknowledge(&self, ack_id: u64, body: H::Text) -> Option<OutgoingFrame<H::Text>> {
        let head = Rc::clone(&self.ack_head);
        self.is_connected().then_some(OutgoingFrame {
            head,
            ack_id: Some(ack_id),
            body: Some(body),
        })
    }

    /// Takes the server's answer to `ack_id`.
    pub fn settle(&mut self, ack_id: u64) -> Option<RequestId> {
        self.pending.acknowledge(ack_id)
    }

    /// Forgets a request that the application has given up; what was not sent will not be.
    pub fn cancel(&mut self, request: RequestId) {
        if let Some(ack_id) = self.pending.cancel(request) {
            self.buffer.remove(ack_id);
        }
    }

    /// Takes out the requests that have waited too long; what was not sent will not be.
    pub fn expire(&mut self, now: Instant) -> Vec<RequestId> {
        let expired = self.pending.expire(now);
        for (_, ack_id) in &expired {
            self.buffer.remove(*ack_id);
        }
        expired.into_iter().map(|(request, _)| request).collect()
    }

    fn keep(&mut self, host: &H, ack_id: Option<u64>, body: H::Text) -> Result<(), EmitError> {
        let length = host.length(&body);
        let Limits { buffered_events, buffered_length, .. } = self.limits;
        if !self.buffer.has_room(length, buffered_events, buffered_length) {
            return Err(EmitError::BufferFull);
        }
        self.buffer.push(Buffered { ack_id, body, length });
        Ok(())
    }

    fn event_frame(&self, ack_id: Option<u64>, body: H::Text) -> OutgoingFrame<H::Text> {
        OutgoingFrame { head: Rc::clone(&self.event_head), ack_id, body: Some(body) }
    }

    fn frame(
        &self,
        host: &H,
        packet_type: PacketType,
        body: Option<H::Text>,
    ) -> OutgoingFrame<H::Text> {
        let head = encode_head(self.prefix, packet_type, &self.namespace);
        OutgoingFrame { head: Rc::new(host.text(&head)), ack_id: None, body }
    }
}

fn encode_head(prefix: &str, packet_type: PacketType, namespace: &str) -> String {
    let namespace = namespace.to_owned();
    prefix.to_owned() + &Header { packet_type, attachments: 0, namespace, ack_id: None }.encode()
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;

    const HOST: fn() -> NativeHost = NativeHost::default;

    fn socket(limits: Limits) -> Socket<NativeHost> {
        Socket::new(&HOST(), "/jobs".to_owned(), "4", false, limits)
    }

    fn wire(frame: Option<OutgoingFrame<String>>) -> Option<String> {
        frame.map(|frame| NativeHost::join(&frame))
    }

    fn at(millis: f64) -> Instant {
        Instant::from_millis(millis)
    }

    fn connect(socket: &mut Socket<NativeHost>) {
        socket.connect();
        let Opening::Send(frame) = socket.open(&HOST(), at(100.0), AuthTicket(0)) else {
            panic!("CONNECT was not sent");
        };
        assert_eq!(NativeHost::join(&frame), "40/jobs,");
        assert_eq!(socket.answer(), Answered::Expected);
        socket.accept();
        assert!(socket.is_connected());
    }

    #[test]
    fn sends_in_order_what_waited_for_the_connection() {
        let mut socket = socket(Limits::default());
        let kept = socket.emit(&HOST(), "[\"a\"]".to_owned(), false);
        assert!(kept.unwrap().is_none());
        assert!(socket.emit(&HOST(), "[\"v\"]".to_owned(), true).unwrap().is_none());
        socket.request(&HOST(), RequestId(1), "[\"b\"]".to_owned(), None).unwrap();
        connect(&mut socket);
        assert_eq!(wire(socket.flush_next()).unwrap(), "42/jobs,[\"a\"]");
        assert_eq!(wire(socket.flush_next()).unwrap(), "42/jobs,0[\"b\"]");
        assert!(socket.flush_next().is_none());
        assert_eq!(socket.drain_lost(), [RequestId(1)]);
    }

    #[test]
    fn refuses_what_exceeds_the_limits() {
        let limits = Limits { buffered_events: 1, buffered_length: 9, pending_acks: 1 };
        let mut socket = socket(limits);
        let long = socket.emit(&HOST(), "[\"12345678\"]".to_owned(), false);
        assert_eq!(long.unwrap_err(), EmitError::BufferFull);
        assert!(socket.request(&HOST(), RequestId(1), "[\"a\"]".to_owned(), None).is_ok());
        let second = socket.emit(&HOST(), "[]".to_owned(), false);
        assert_eq!(second.unwrap_err(), EmitError::BufferFull);
        let request = socket.request(&HOST(), RequestId(2), "[]".to_owned(), None);
        assert_eq!(request.unwrap_err(), EmitError::TooManyRequests);
        socket.cancel(RequestId(1));
        assert!(socket.emit(&HOST(), "[\"a\"]".to_owned(), false).is_ok(), "room again");
    }

    #[test]
    fn never_sends_a_request_that_has_timed_out() {
        let mut socket = socket(Limits::default());
        socket.request(&HOST(), RequestId(1), "[\"a\"]".to_owned(), Some(at(5.0))).unwrap();
        assert_eq!(socket.deadline(), Some(at(5.0)));
        assert_eq!(socket.expire(at(5.0)), [RequestId(1)]);
        connect(&mut socket);
        assert!(socket.flush_next().is_none());
    }

    #[test]
    fn asks_for_auth_and_takes_it_only_while_it_waits_for_it() {
        let mut socket = Socket::new(&HOST(), "/".to_owned(), "4", true, Limits::default());
        socket.connect();
        let opening = socket.open(&HOST(), at(100.0), AuthTicket(7));
        assert!(matches!(opening, Opening::Authenticate));
        assert!(!socket.is_overdue(at(99.0)) && socket.is_overdue(at(100.0)));
        let payload = Some("{\"token\":\"t\"}".to_owned());
        assert!(socket.authenticate(&HOST(), AuthTicket(6), payload.clone()).is_none());
        let frame = socket.authenticate(&HOST(), AuthTicket(7), payload);
        assert_eq!(wire(frame).unwrap(), "40{\"token\":\"t\"}");
        assert!(socket.authenticate(&HOST(), AuthTicket(7), None).is_none());
    }

    #[test]
    fn queues_an_attempt_behind_the_answer_to_one_that_was_given_up() {
        let mut socket = socket(Limits::default());
        socket.connect();
        assert!(matches!(socket.open(&HOST(), at(9.0), AuthTicket(0)), Opening::Send(_)));
        socket.end();
        socket.connect();
        assert!(matches!(socket.open(&HOST(), at(20.0), AuthTicket(1)), Opening::Wait));
        assert_eq!(socket.queued_until(), Some(at(20.0)));
        assert_eq!(socket.answer(), Answered::Abandoned);
        assert_eq!(socket.answer(), Answered::Unasked);
        assert!(matches!(socket.open(&HOST(), at(20.0), AuthTicket(2)), Opening::Send(_)));
    }

    #[test]
    fn stays_disconnected_until_it_is_connected_again() {
        let mut socket = socket(Limits::default());
        connect(&mut socket);
        socket.end();
        socket.lose_session();
        assert_eq!(socket.phase(), Phase::Disconnected);
        connect(&mut socket);
        assert_eq!(NativeHost::join(&socket.disconnect_frame(&HOST())), "41/jobs,");
        socket.end();
        assert!(socket.acknowledge(1, "[]".to_owned()).is_none());
    }
}
