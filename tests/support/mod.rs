//! Two peers in memory under a virtual clock: the client, and a server that knows only raw strings.
//!
//! [`Pair`] is the caller that the run loop of [`sockeye::manager`] asks for. It checks each output
//! against the rules of [`Checks`], so that every scenario tests those as well.

// Each test file is a program of its own and uses a part of this.
#![allow(dead_code, unused_imports)]

mod checks;
pub mod engine;
mod network;
mod polling;
mod server;
mod told;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use sockeye::engineio::TransportId;
use sockeye::engineio::{Action, OutgoingPacket, TransportKind};
use sockeye::host::EventId;
use sockeye::manager::{Cause, Config, Event, Manager, Output, SocketId, Status};
use sockeye::native::NativeHost;
use sockeye::socketio::{EmitError, RequestId};
use sockeye::time::{Instant, earliest};

use checks::Checks;
use network::Delivery;
use polling::Line;
pub use polling::Polling;
pub use server::{Answer, Server, Upgrade};
pub use told::{Call, How, Told};

/// More steps than any scenario needs: a client that goes round in circles fails instead of hanging.
const MAX_STEPS: u32 = 1_000_000;

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What an application does on being told something.
pub type App = Box<dyn FnMut(&Told) -> Vec<Call>>;

/// A client and a server, the wire between them, and the clock.
pub struct Pair {
    pub client: Manager<NativeHost>,
    pub host: NativeHost,
    pub server: Server,
    pub now: Instant,
    /// How long a frame is on its way, in each direction.
    pub latency: Duration,
    /// What the application was told.
    pub log: Vec<Told>,
    /// What the application does on being told something.
    pub app: App,
    /// What a diagnosis finds, and how long it takes.
    pub diagnosis: Option<(Cause, Duration)>,
    /// When a diagnosis was asked for.
    pub diagnoses: Vec<Instant>,
    /// Which transports were opened, and when.
    pub opened: Vec<(TransportId, Instant)>,
    /// Which transports were closed, and when.
    pub closed: Vec<(TransportId, Instant)>,
    /// Every frame that was handed to a transport; a binary one as the list of its bytes.
    pub sent: Vec<(TransportId, String)>,
    /// How often the timer was set.
    pub timer_changes: u32,
    timer: Option<Instant>,
    lines: BTreeMap<TransportId, Line>,
    /// What the server has not said over a polling transport that is closed.
    unsaid: Vec<String>,
    wire: BTreeMap<(Instant, u64), Delivery>,
    next_delivery: u64,
    calls: VecDeque<Call>,
    checks: Checks,
    steps: u32,
}

impl Pair {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    /// A pair that has nothing but a WebSocket, on which most scenarios do not depend.
    pub fn with(mut config: Config) -> Self {
        config.engine.transports = vec![TransportKind::WebSocket];
        Self::over_transports(config)
    }

    /// A pair with the transports of `config`.
    pub fn over_transports(config: Config) -> Self {
        let host = NativeHost::default();
        Self {
            client: Manager::new(host.clone(), config),
            host,
            server: Server::default(),
            now: Instant::from_millis(1_000_000.0),
            latency: ms(10),
            log: Vec::new(),
            app: Box::new(|_| Vec::new()),
            diagnosis: None,
            diagnoses: Vec::new(),
            opened: Vec::new(),
            closed: Vec::new(),
            sent: Vec::new(),
            timer_changes: 0,
            timer: None,
            lines: BTreeMap::new(),
            unsaid: Vec::new(),
            wire: BTreeMap::new(),
            next_delivery: 0,
            calls: VecDeque::new(),
            checks: Checks::default(),
            steps: 0,
        }
    }

    /// A pair whose root namespace is connected.
    pub fn connected() -> (Self, SocketId) {
        Self::connected_with(Config::default())
    }

    pub fn connected_with(config: Config) -> (Self, SocketId) {
        let mut pair = Self::with(config);
        let socket = pair.client.socket("/", false);
        pair.connect(socket);
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected);
        (pair, socket)
    }

    // The application.

    pub fn call(&mut self, call: Call) -> Result<(), EmitError> {
        let result = self.make(call);
        self.finish_turn();
        result
    }

    pub fn connect(&mut self, socket: SocketId) {
        self.call(Call::Connect(socket)).unwrap();
    }

    pub fn disconnect(&mut self, socket: SocketId) {
        self.call(Call::Disconnect(socket)).unwrap();
    }

    pub fn emit(&mut self, socket: SocketId, body: &str) -> Result<(), EmitError> {
        self.call(Call::Emit { socket, body: body.to_owned(), volatile: false })
    }

    /// Emits an event with attachments.
    pub fn emit_with(
        &mut self,
        socket: SocketId,
        body: &str,
        attachments: &[&[u8]],
    ) -> Result<(), EmitError> {
        let call = Call::Emit { socket, body: body.to_owned(), volatile: false };
        self.call(call.with(attachments))
    }

    /// Makes a request that waits for its answer as long as it takes.
    pub fn request(&mut self, socket: SocketId, request: u32, body: &str) -> Result<(), EmitError> {
        self.request_within(socket, request, body, None)
    }

    pub fn request_within(
        &mut self,
        socket: SocketId,
        request: u32,
        body: &str,
        timeout: Option<Duration>,
    ) -> Result<(), EmitError> {
        let request = RequestId(request);
        self.call(Call::Request { socket, request, body: body.to_owned(), timeout })
    }

    pub fn destroy(&mut self) {
        self.call(Call::Destroy).unwrap();
    }

    pub fn status(&self, socket: SocketId) -> Status {
        self.client.status(socket)
    }

    pub fn listen(&mut self, name: &str) -> EventId {
        self.host.listen(name)
    }

    // The clock.

    /// Does what is due next. Returns whether there was anything.
    pub fn step(&mut self) -> bool {
        let wire = self.wire.keys().next().map(|(due, _)| *due);
        let Some(next) = earliest(wire, self.timer) else {
            return false;
        };
        self.steps += 1;
        assert!(self.steps < MAX_STEPS, "the client goes round in circles");
        self.now = self.now.max(next);
        if wire == Some(next) {
            let (_, delivery) = self.wire.pop_first().expect("a delivery");
            self.deliver(delivery);
        } else {
            self.fire_timer();
        }
        true
    }

    /// Runs until nothing is on the wire; the heartbeat and the timers go on if they are due before.
    pub fn drive(&mut self) {
        while self.wire.values().any(Delivery::is_traffic) {
            self.step();
        }
    }

    /// Lets time pass and everything happen that is due.
    pub fn advance(&mut self, millis: u64) {
        let target = self.now + ms(millis);
        while self.next_moment().is_some_and(|next| next <= target) {
            self.step();
        }
        self.now = self.now.max(target);
    }

    /// Lets time pass while nothing happens, as when a machine sleeps; what was due is late.
    pub fn sleep(&mut self, millis: u64) {
        self.now = self.now + ms(millis);
    }

    /// Wakes the client although nothing may be due.
    pub fn fire_timer(&mut self) {
        self.client.handle_timeout(self.now);
        self.finish_turn();
        let busy = self.timer.is_some_and(|deadline| deadline <= self.now);
        assert!(!busy, "a timeout was handled and is still due");
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.timer
    }

    pub fn next_moment(&self) -> Option<Instant> {
        earliest(self.wire.keys().next().map(|(due, _)| *due), self.timer)
    }

    /// Asserts that every request that was taken has ended or was cancelled.
    pub fn assert_all_settled(&self) {
        self.checks.assert_all_settled();
    }

    fn make(&mut self, call: Call) -> Result<(), EmitError> {
        match call {
            Call::With { attachments, call } => self.make_with(*call, attachments),
            call => self.make_with(call, Vec::new()),
        }
    }

    fn make_with(&mut self, call: Call, attachments: Vec<Vec<u8>>) -> Result<(), EmitError> {
        let now = self.now;
        match call {
            Call::Connect(socket) => self.client.connect(socket, now),
            Call::Disconnect(socket) => self.client.disconnect(socket, now),
            Call::Emit { socket, body, volatile } => {
                self.client.emit(socket, body, attachments, volatile, now)?;
            }
            Call::Request { socket, request, body, timeout } => {
                self.client.request(socket, request, body, attachments, timeout, now)?;
                self.checks.on_request(request);
            }
            Call::EmitFirst { socket, body } => {
                self.client.emit_first(socket, body, attachments, now)?;
            }
            Call::RequestFirst { socket, request, body, timeout } => {
                self.client.request_first(socket, request, body, attachments, timeout, now)?;
                self.checks.on_request(request);
            }
            Call::Release(socket) => self.client.release(socket, now),
            Call::Probe => self.client.probe(now),
            Call::Suspend => self.client.suspend(now),
            Call::Resume(asleep) => self.client.resume(asleep, now),
            Call::Prove(asleep) => self.client.prove(asleep, now),
            Call::DeclareDead => self.client.declare_dead(now),
            Call::Cancel { socket, request } => {
                self.client.cancel(socket, request);
                self.checks.on_cancel(request);
            }
            Call::Acknowledge { socket, ticket, body } => {
                self.client.acknowledge(socket, ticket, body, attachments, now);
            }
            Call::Authenticate { socket, ticket, payload } => {
                self.client.authenticate(socket, ticket, payload);
            }
            Call::FailAuthentication { socket, ticket } => {
                self.client.fail_authentication(socket, ticket, now);
            }
            Call::With { .. } => panic!("attachments of attachments"),
            Call::StopAuthentication { socket, ticket } => {
                self.client.stop_authentication(socket, ticket, now);
            }
            Call::RefreshAuth(socket) => self.client.refresh_auth(socket, now),
            Call::Judge { socket, ticket, verdict } => {
                self.client.judge(socket, ticket, verdict, now);
            }
            Call::UseAddress(ticket) => self.client.use_address(ticket, now),
            Call::FailAddress(ticket) => self.client.fail_address(ticket, now),
            Call::Postpone(after) => self.client.postpone(after, now),
            Call::ChangeIdentity => self.client.change_identity(now),
            Call::DiscardUnsent => self.client.discard_unsent(),
            Call::ReconnectNow => self.client.reconnect_now(now),
            Call::Destroy => {
                self.client.destroy(now);
                self.checks.on_destroy();
            }
        }
        Ok(())
    }

    /// Steps 3 to 6 of the run loop, and the turns that the application starts in step 5.
    fn finish_turn(&mut self) {
        loop {
            let mut outputs = Vec::new();
            let deadline = loop {
                match self.client.poll_output() {
                    Output::Timeout(deadline) => break deadline,
                    output => outputs.push(output),
                }
            };
            for output in outputs {
                self.perform(output);
            }
            self.checks.on_deadline(deadline, self.now);
            if deadline != self.timer {
                self.timer = deadline;
                self.timer_changes += 1;
            }
            let Some(call) = self.calls.pop_front() else {
                return;
            };
            // The application may try what cannot be done; the error is its own affair.
            let _ = self.make(call);
        }
    }

    fn perform(&mut self, output: Output<NativeHost>) {
        match output {
            Output::Transport(action) => self.act(action),
            Output::Diagnose => {
                self.diagnoses.push(self.now);
                if let Some((cause, delay)) = self.diagnosis {
                    self.send_later(delay, Delivery::Diagnosis(cause));
                }
            }
            Output::Event(event) => self.tell(event),
            Output::Timeout(_) => unreachable!("the loop ends with it"),
        }
    }

    fn act(&mut self, action: Action<NativeHost>) {
        match action {
            Action::OpenWebSocket { transport, sid } => self.open(transport, sid.is_some()),
            Action::Poll { transport, sid } => self.poll(transport, sid),
            Action::Post { transport, packets, .. } => self.post(transport, packets),
            Action::Send { transport, packet } => self.send_packet(transport, packet),
            Action::Close { transport, payloads, .. } => {
                self.send_packets(transport, payloads.into_iter().flatten().collect());
                self.checks.on_close(transport);
                self.closed.push((transport, self.now));
                self.keep_unsaid(transport);
                self.server.forget(transport);
            }
        }
    }

    fn send_packet(&mut self, transport: TransportId, packet: OutgoingPacket<NativeHost>) {
        let frame = match packet {
            OutgoingPacket::Text(frame) => NativeHost::join(&frame),
            OutgoingPacket::Binary(bytes) => format!("{bytes:?}"),
        };
        self.checks.on_send(transport, &frame);
        self.sent.push((transport, frame.clone()));
        self.send_later(self.latency, Delivery::ToServer(transport, frame));
    }

    fn tell(&mut self, event: Event<NativeHost>) {
        let told = Told::from(event);
        self.checks.on_told(&told, self.now);
        self.calls.extend((self.app)(&told));
        self.log.push(told);
    }
}
