//! One namespace: whether it is connected, what it has sent and what it still wants to send.

mod sending;

use std::cell::OnceCell;
use std::rc::Rc;

pub use sending::Flushed;

use crate::host::{EventId, Host, OutgoingFrame};
use crate::socketio::codec::Header;
use crate::socketio::event_buffer::{Buffered, EventBuffer};
use crate::socketio::excess::Excess;
use crate::socketio::outgoing::Limits;
use crate::socketio::packet::PacketType;
use crate::socketio::pending_acks::{PendingAcks, RequestId};
use crate::socketio::phase::{Answered, AuthQuestion, AuthTicket, Opening, Phase};
use crate::socketio::recovery::Recovery;
use crate::time::{Instant, earliest};

/// An event that came before the namespace was accepted.
#[derive(Debug)]
pub struct EarlyEvent<H: Host> {
    /// The event and its arguments, unless nobody listens to it.
    pub heard: Option<(EventId, H::Value)>,
    /// The offset of one that nobody listens to.
    pub offset: Option<H::Text>,
}

/// The state of one namespace, without the connection that it shares with others.
#[derive(Debug)]
pub struct Socket<H: Host> {
    namespace: String,
    prefix: &'static str,
    event_head: Rc<H::Text>,
    ack_head: Rc<H::Text>,
    /// That of an event with one attachment, once there was one.
    attachment_head: OnceCell<Rc<H::Text>>,
    /// The bytes of either head.
    plain_head_length: usize,
    auth_on_demand: bool,
    phase: Phase,
    /// Whether a CONNECT of this session has not been answered.
    unanswered: bool,
    limits: Limits,
    next_ack_id: u64,
    pending: PendingAcks,
    unsent: EventBuffer<Content<H>>,
    /// Whether what is sent has to wait although there is a connection.
    held: bool,
    /// Whether it has to wait because nobody knows whether the connection lives.
    doubted: bool,
    early: EventBuffer<EarlyEvent<H>>,
    /// Whether there was no room for an early event.
    early_lost: bool,
    recovery: Recovery<H>,
}

/// The event's array as JSON, and its attachments.
type Content<H> = (<H as Host>::Text, Vec<<H as Host>::Bytes>);

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
        let head =
            |packet_type| Rc::new(host.text(&encode_head(prefix, packet_type, 0, &namespace)));
        Self {
            event_head: head(PacketType::Event),
            ack_head: head(PacketType::Ack),
            attachment_head: OnceCell::new(),
            plain_head_length: encode_head(prefix, PacketType::Event, 0, &namespace).len(),
            namespace,
            prefix,
            auth_on_demand,
            phase: Phase::Idle,
            unanswered: false,
            limits,
            next_ack_id: 0,
            pending: PendingAcks::default(),
            unsent: EventBuffer::default(),
            held: false,
            doubted: false,
            early: EventBuffer::default(),
            early_lost: false,
            recovery: Recovery::default(),
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

    /// Lets what is sent wait, also while connected, or no longer.
    pub fn set_held(&mut self, held: bool) {
        self.held = held;
    }

    /// Returns whether what is sent waits although there is a connection.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Lets what is sent wait until the connection has shown that it lives, or no longer.
    pub fn set_doubted(&mut self, doubted: bool) {
        self.doubted = doubted;
    }

    /// Returns whether what is sent goes out at once.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.is_connected() && !self.held && !self.doubted
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
            Phase::Authenticating { deadline, question } => Some(deadline.min(question.until)),
            Phase::Queued { deadline } | Phase::Connecting { deadline } => Some(deadline),
            Phase::Idle | Phase::Wanted | Phase::Connected | Phase::Disconnected => None,
        }
    }

    /// Asks for a connection.
    pub fn connect(&mut self) {
        if !self.is_active() {
            self.phase = Phase::Wanted;
        }
    }

    /// Reacts to an open session. `question` is the one that may be needed.
    pub fn open(
        &mut self,
        host: &H,
        deadline: Instant,
        question: AuthQuestion,
    ) -> Opening<H::Text> {
        if self.unanswered {
            self.queue(deadline);
            Opening::Wait
        } else if self.auth_on_demand {
            self.phase = Phase::Authenticating { deadline, question };
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
        let Phase::Authenticating { deadline, question } = self.phase else {
            return None;
        };
        (question.ticket == ticket).then(|| self.send_connect(host, deadline, payload))
    }

    /// Returns whether the application has been asked for its auth payload.
    #[must_use]
    pub fn is_authenticating(&self) -> bool {
        matches!(self.phase, Phase::Authenticating { .. })
    }

    /// Returns whether the answer to this question is waited for.
    #[must_use]
    pub fn is_asking(&self, ticket: AuthTicket) -> bool {
        matches!(self.phase, Phase::Authenticating { question, .. } if question.ticket == ticket)
    }

    fn send_connect(
        &mut self,
        host: &H,
        deadline: Instant,
        payload: Option<H::Text>,
    ) -> OutgoingFrame<H::Text> {
        self.phase = Phase::Connecting { deadline };
        self.unanswered = true;
        let payload = self.recovery.connect_payload(host, payload);
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

    /// Takes the server's consent, and the `pid` of the session if it can be recovered later. Returns
    /// whether it is the last connection's session that goes on.
    pub fn accept(&mut self, pid: Option<String>) -> bool {
        self.phase = Phase::Connected;
        self.early_lost = false;
        self.recovery.accept(pid)
    }

    /// Returns whether the server's answer to CONNECT is waited for. Events that come before it belong to
    /// the connection already: a server sends those that were missed first.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        matches!(self.phase, Phase::Connecting { .. })
    }

    /// Keeps an event until the server has accepted. The first for which there is no room is told of;
    /// it and all that follow are dropped, so that no event is delivered after one that was lost.
    pub fn keep_early(
        &mut self,
        event: EarlyEvent<H>,
        ack_id: Option<u64>,
        length: usize,
    ) -> Option<Excess> {
        if self.early_lost {
            return None;
        }
        self.early_lost = !self.has_room(&self.early, length);
        if self.early_lost {
            return Some(Excess::EarlyEvents);
        }
        self.early.push(Buffered { ack_id, content: event, length });
        None
    }

    /// Takes the next event that came before the server accepted, and its acknowledgement id.
    pub fn next_early(&mut self) -> Option<(EarlyEvent<H>, Option<u64>)> {
        self.early.pop().map(|event| (event.content, event.ack_id))
    }

    /// Returns whether the server adds offsets to its events.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        self.recovery.is_on()
    }

    /// Removes the offset from the arguments of an event that is about to be delivered.
    pub fn take_offset(&mut self, host: &H, arguments: &mut H::Value) {
        self.recovery.take_offset(host, arguments);
    }

    /// Remembers the offset of an event that is not delivered.
    pub fn pass_offset(&mut self, offset: Option<H::Text>) {
        self.recovery.remember(offset);
    }

    /// Forgets the session, so that no later connection asks for it.
    pub fn forget_session(&mut self) {
        self.recovery.forget();
    }

    /// Returns the packet that leaves a namespace which the server counts as connected.
    #[must_use]
    pub fn disconnect_frame(&self, host: &H) -> OutgoingFrame<H::Text> {
        self.frame(host, PacketType::Disconnect, None)
    }

    /// Ends the connection of this namespace: the application's DISCONNECT, the server's, or a refusal.
    pub fn end(&mut self) {
        self.phase = Phase::Disconnected;
        self.forget_early();
    }

    /// Gives an attempt or a connection up, and stays wanted. A CONNECT that has not been answered stays
    /// so.
    pub fn retreat(&mut self) {
        if self.is_active() {
            self.phase = Phase::Wanted;
        }
        self.forget_early();
    }

    /// Reacts to the end of the session: an active socket wants the next one.
    pub fn lose_session(&mut self) {
        self.unanswered = false;
        self.doubted = false;
        self.retreat();
    }

    fn forget_early(&mut self) {
        self.early.clear();
        self.early_lost = false;
    }

    /// Takes out the requests that nobody will answer because their connection is gone.
    pub fn drain_lost(&mut self) -> Vec<RequestId> {
        self.pending.drain_sent()
    }

    /// Drops what waits for the connection, and returns the requests among it.
    pub fn discard_unsent(&mut self) -> Vec<RequestId> {
        self.unsent.clear();
        self.pending.drain_unsent()
    }

    /// Takes out all requests.
    pub fn drain_requests(&mut self) -> Vec<RequestId> {
        self.pending.drain()
    }

    fn has_room<Content>(&self, buffer: &EventBuffer<Content>, length: usize) -> bool {
        buffer.has_room(length, self.limits.buffered_events, self.limits.buffered_length)
    }

    fn frame(
        &self,
        host: &H,
        packet_type: PacketType,
        body: Option<H::Text>,
    ) -> OutgoingFrame<H::Text> {
        let head = encode_head(self.prefix, packet_type, 0, &self.namespace);
        OutgoingFrame { head: Rc::new(host.text(&head)), ack_id: None, body }
    }
}

fn encode_head(prefix: &str, packet_type: PacketType, attachments: u32, namespace: &str) -> String {
    let namespace = namespace.to_owned();
    prefix.to_owned() + &Header { packet_type, attachments, namespace, ack_id: None }.encode()
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use crate::socketio::outgoing::{EmitError, MaxPayload, Outgoing};

    const HOST: fn() -> NativeHost = NativeHost::default;

    fn socket(limits: Limits) -> Socket<NativeHost> {
        Socket::new(&HOST(), "/jobs".to_owned(), "4", false, limits)
    }

    fn emit(
        socket: &mut Socket<NativeHost>,
        body: &str,
        volatile: bool,
    ) -> Result<Option<Outgoing<NativeHost>>, EmitError> {
        socket.emit(
            &HOST(),
            body.to_owned(),
            Vec::new(),
            volatile,
            Some(MaxPayload::in_frames(1_000)),
        )
    }

    fn request(
        socket: &mut Socket<NativeHost>,
        request: u32,
        body: &str,
        deadline: Option<Instant>,
    ) -> Result<Option<Outgoing<NativeHost>>, EmitError> {
        let request = RequestId(request);
        socket.request(
            &HOST(),
            request,
            body.to_owned(),
            Vec::new(),
            deadline,
            Some(MaxPayload::in_frames(1_000)),
        )
    }

    fn flush_next(socket: &mut Socket<NativeHost>) -> Option<String> {
        match socket.flush_next(&HOST(), Some(MaxPayload::in_frames(1_000)))? {
            Flushed::Send(packet) => Some(NativeHost::join(&packet.frame)),
            Flushed::TooLarge { request } => Some(format!("too large: {request:?}")),
        }
    }

    fn wire(frame: Option<OutgoingFrame<String>>) -> Option<String> {
        frame.map(|frame| NativeHost::join(&frame))
    }

    fn at(millis: f64) -> Instant {
        Instant::from_millis(millis)
    }

    fn question(number: u32) -> AuthQuestion {
        AuthQuestion { ticket: AuthTicket(number), until: at(50.0) }
    }

    fn connect(socket: &mut Socket<NativeHost>) {
        socket.connect();
        let Opening::Send(frame) = socket.open(&HOST(), at(100.0), question(0)) else {
            panic!("CONNECT was not sent");
        };
        assert_eq!(NativeHost::join(&frame), "40/jobs,");
        assert_eq!(socket.answer(), Answered::Expected);
        assert!(!socket.accept(None));
        assert!(socket.is_connected());
    }

    #[test]
    fn sends_in_order_what_waited_for_the_connection() {
        let mut socket = socket(Limits::default());
        let kept = emit(&mut socket, "[\"a\"]", false);
        assert!(kept.unwrap().is_none());
        assert!(emit(&mut socket, "[\"v\"]", true).unwrap().is_none());
        request(&mut socket, 1, "[\"b\"]", None).unwrap();
        connect(&mut socket);
        assert_eq!(flush_next(&mut socket).unwrap(), "42/jobs,[\"a\"]");
        assert_eq!(flush_next(&mut socket).unwrap(), "42/jobs,0[\"b\"]");
        assert!(flush_next(&mut socket).is_none());
        assert_eq!(socket.drain_lost(), [RequestId(1)]);
    }

    #[test]
    fn refuses_what_exceeds_the_limits() {
        let limits =
            Limits { buffered_events: 1, buffered_length: 9, pending_acks: 1, attachments: 0 };
        let mut socket = socket(limits);
        let long = emit(&mut socket, "[\"12345678\"]", false);
        assert_eq!(long.unwrap_err(), EmitError::BufferFull);
        assert!(request(&mut socket, 1, "[\"a\"]", None).is_ok());
        let second = emit(&mut socket, "[]", false);
        assert_eq!(second.unwrap_err(), EmitError::BufferFull);
        let request = request(&mut socket, 2, "[]", None);
        assert_eq!(request.unwrap_err(), EmitError::TooManyRequests);
        socket.cancel(RequestId(1));
        assert!(emit(&mut socket, "[\"a\"]", false).is_ok(), "room again");
    }

    #[test]
    fn never_sends_a_request_that_has_timed_out() {
        let mut socket = socket(Limits::default());
        request(&mut socket, 1, "[\"a\"]", Some(at(5.0))).unwrap();
        assert_eq!(socket.deadline(), Some(at(5.0)));
        assert_eq!(socket.expire(at(5.0)), [RequestId(1)]);
        connect(&mut socket);
        assert!(flush_next(&mut socket).is_none());
    }

    #[test]
    fn asks_for_auth_and_takes_it_only_while_it_waits_for_it() {
        let mut socket = Socket::new(&HOST(), "/".to_owned(), "4", true, Limits::default());
        socket.connect();
        let opening = socket.open(&HOST(), at(100.0), question(7));
        assert!(matches!(opening, Opening::Authenticate));
        assert!(!socket.is_overdue(at(49.0)) && socket.is_overdue(at(50.0)));
        let payload = Some("{\"token\":\"t\"}".to_owned());
        assert!(socket.authenticate(&HOST(), AuthTicket(6), payload.clone()).is_none());
        let frame = socket.authenticate(&HOST(), AuthTicket(7), payload);
        assert_eq!(wire(frame).unwrap(), "40{\"token\":\"t\"}");
        assert!(!socket.is_overdue(at(99.0)) && socket.is_overdue(at(100.0)), "the attempt's time");
        assert!(socket.authenticate(&HOST(), AuthTicket(7), None).is_none());
    }

    #[test]
    fn queues_an_attempt_behind_the_answer_to_one_that_was_given_up() {
        let mut socket = socket(Limits::default());
        socket.connect();
        assert!(matches!(socket.open(&HOST(), at(9.0), question(0)), Opening::Send(_)));
        socket.end();
        socket.connect();
        assert!(matches!(socket.open(&HOST(), at(20.0), question(1)), Opening::Wait));
        assert_eq!(socket.queued_until(), Some(at(20.0)));
        assert_eq!(socket.answer(), Answered::Abandoned);
        assert_eq!(socket.answer(), Answered::Unasked);
        assert!(matches!(socket.open(&HOST(), at(20.0), question(2)), Opening::Send(_)));
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
        assert!(
            socket.acknowledge(&HOST(), 1, "[]".to_owned(), Vec::new(), None).unwrap().is_none()
        );
    }

    /// A packet's frames, binary ones as lists of bytes.
    fn frames(packet: Outgoing<NativeHost>) -> Vec<String> {
        let attachments = packet.attachments.iter().map(|bytes| format!("{bytes:?}"));
        [NativeHost::join(&packet.frame)].into_iter().chain(attachments).collect()
    }

    #[test]
    fn announces_attachments_in_the_head() {
        let mut socket = socket(Limits::default());
        connect(&mut socket);
        let (host, attachments) = (HOST(), vec![vec![1], vec![2, 3]]);
        let body = "[\"a\"]".to_owned();
        let event = socket.emit(&host, body.clone(), attachments.clone(), false, None).unwrap();
        assert_eq!(frames(event.unwrap()), ["452-/jobs,[\"a\"]", "[1]", "[2, 3]"]);
        let request = RequestId(1);
        let event = socket.request(&host, request, body, attachments.clone(), None, None).unwrap();
        assert_eq!(frames(event.unwrap()), ["452-/jobs,0[\"a\"]", "[1]", "[2, 3]"]);
        let answer = socket.acknowledge(&host, 7, "[]".to_owned(), attachments, None).unwrap();
        assert_eq!(frames(answer.unwrap()), ["462-/jobs,7[]", "[1]", "[2, 3]"]);
    }

    #[test]
    fn takes_what_just_fits_into_a_message_and_nothing_more() {
        let mut socket = socket(Limits::default());
        connect(&mut socket);
        let host = HOST();
        for (body, attachments) in [("[\"a\"]", vec![]), ("[\"日本\"]", vec![vec![7; 3]; 10])] {
            let mut emit = |request: bool, max| {
                let max = Some(MaxPayload::in_frames(max));
                let (body, attachments) = (body.to_owned(), attachments.clone());
                if request {
                    socket.request(&host, RequestId(0), body, attachments, None, max)
                } else {
                    socket.emit(&host, body, attachments, false, max)
                }
            };
            for request in [false, true] {
                let length = frames(emit(request, 1_000).unwrap().unwrap())[0].len() as u64;
                assert!(emit(request, length).is_ok(), "{body} {request}");
                let error = emit(request, length - 1).unwrap_err();
                assert_eq!(error, EmitError::PayloadTooLarge, "{body} {request}");
            }
        }
        let bytes = vec![vec![0; 101]];
        let max = Some(MaxPayload::in_frames(100));
        let error = socket.emit(&host, "[\"a\"]".to_owned(), bytes, false, max).unwrap_err();
        assert_eq!(error, EmitError::PayloadTooLarge);
        let many = vec![vec![0]; 11];
        let error = socket.emit(&host, "[\"a\"]".to_owned(), many, false, None).unwrap_err();
        assert_eq!(error, EmitError::TooManyAttachments);
    }

    #[test]
    fn does_not_send_what_has_become_too_large_while_it_waited() {
        let mut socket = socket(Limits::default());
        let long = format!("[\"{}\"]", "a".repeat(1_000));
        socket.emit(&HOST(), long.clone(), Vec::new(), false, None).unwrap();
        socket.request(&HOST(), RequestId(3), long, Vec::new(), None, None).unwrap();
        emit(&mut socket, "[\"b\"]", false).unwrap();
        connect(&mut socket);
        assert_eq!(flush_next(&mut socket).unwrap(), "too large: None");
        assert_eq!(flush_next(&mut socket).unwrap(), "too large: Some(RequestId(3))");
        assert_eq!(flush_next(&mut socket).unwrap(), "42/jobs,[\"b\"]");
        assert_eq!(flush_next(&mut socket), None);
        assert_eq!(socket.drain_requests(), []);
    }

    fn early(name: u32) -> EarlyEvent<NativeHost> {
        EarlyEvent { heard: Some((EventId(name), serde_json::Value::Null)), offset: None }
    }

    #[test]
    fn keeps_early_events_in_order_up_to_the_first_for_which_there_is_no_room() {
        let limits = Limits { buffered_events: 3, buffered_length: 10, ..Limits::default() };
        let mut socket = socket(limits);
        assert_eq!(socket.keep_early(early(1), None, 4), None);
        assert_eq!(socket.keep_early(early(2), Some(5), 6), None);
        assert_eq!(socket.keep_early(early(3), None, 1), Some(Excess::EarlyEvents));
        assert_eq!(socket.keep_early(early(4), None, 0), None, "told once");
        let mut kept = Vec::new();
        while let Some((event, ack_id)) = socket.next_early() {
            kept.push((event.heard.unwrap().0, ack_id));
        }
        assert_eq!(kept, [(EventId(1), None), (EventId(2), Some(5))]);
        socket.lose_session();
        assert_eq!(socket.keep_early(early(5), None, 1), None);
        socket.lose_session();
        assert!(socket.next_early().is_none());
    }
}
