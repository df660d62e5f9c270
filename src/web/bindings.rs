//! The exports: one object that takes plain numbers and JavaScript values. No logic.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::client::Client;
use crate::engineio::TransportId;
use crate::host::EventIdentity;
use crate::manager::{AckTicket, AddressTicket, Cause, SocketId, Verdict, VerdictTicket};
use crate::socketio::{AuthTicket, EmitError, PacketSizes, RequestId};
use crate::time::Instant;
use crate::web::config::to_config;
use crate::web::driver::{ClientOutlet, Driver};
use crate::web::host::{JsHost, join, to_identity};
use crate::web::run_loop::RunLoop;
use crate::web::shim::{self, JsEvents, JsOptions};
use crate::web::timer::to_duration;
use crate::web::transports::Transports;

/// The client as JavaScript sees it. Its methods may be called from what it calls.
#[wasm_bindgen(js_name = Client)]
pub struct JsClient {
    driver: Rc<Driver>,
}

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Makes a client that tells `events` what happens.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(options: JsOptions, events: JsEvents) -> Self {
        let core = Client::new(JsHost { names: options.names() }, to_config(&options));
        if options.count_unheard() == Some(true) {
            core.count_unheard();
        }
        let transports = Transports::new(options.into());
        let outlet = ClientOutlet {
            transports,
            events,
            delivering: Cell::default(),
            kept: RefCell::default(),
        };
        Self { driver: RunLoop::new(core, outlet) }
    }

    /// Names the JavaScript side of this object, which transports report to.
    #[wasm_bindgen(js_name = reportTo)]
    pub fn report_to(&self, manager: JsValue) {
        self.driver.outlet().transports.report_to(manager);
    }

    /// Returns the number of the socket of `namespace`.
    pub fn socket(&self, namespace: &str, auth_on_demand: bool) -> u32 {
        self.driver.turn(|core| core.socket(namespace, auth_on_demand)).0
    }

    /// Connects a socket.
    pub fn connect(&self, socket: u32) {
        self.driver.turn_at(|core, now| core.at(now).connect(SocketId(socket), now));
    }

    /// Disconnects a socket.
    pub fn disconnect(&self, socket: u32) {
        self.driver.turn_at(|core, now| core.at(now).disconnect(SocketId(socket), now));
    }

    /// Ends a wait for the next attempt.
    #[wasm_bindgen(js_name = reconnectNow)]
    pub fn reconnect_now(&self) {
        self.driver.turn_at(|core, now| core.at(now).reconnect_now(now));
    }

    /// Gives the auth payload that was asked for.
    pub fn authenticate(&self, socket: u32, ticket: u32, payload: Option<JsString>) {
        let (socket, ticket) = (SocketId(socket), AuthTicket(ticket));
        self.driver.turn(|core| core.sockets().authenticate(socket, ticket, payload));
    }

    /// Says that there is no auth payload to give.
    #[wasm_bindgen(js_name = failAuthentication)]
    pub fn fail_authentication(&self, socket: u32, ticket: u32) {
        let (socket, ticket) = (SocketId(socket), AuthTicket(ticket));
        self.driver.turn_at(|core, now| core.at(now).fail_authentication(socket, ticket, now));
    }

    /// Says that there will never be an auth payload to give.
    #[wasm_bindgen(js_name = stopAuthentication)]
    pub fn stop_authentication(&self, socket: u32, ticket: u32) {
        let (socket, ticket) = (SocketId(socket), AuthTicket(ticket));
        self.driver.turn_at(|core, now| core.at(now).stop_authentication(socket, ticket, now));
    }

    /// Has a fresh auth payload used.
    #[wasm_bindgen(js_name = refreshAuth)]
    pub fn refresh_auth(&self, socket: u32) {
        self.driver.turn_at(|core, now| core.at(now).refresh_auth(SocketId(socket), now));
    }

    /// Goes on with an attempt whose address the options now have.
    #[wasm_bindgen(js_name = useAddress)]
    pub fn use_address(&self, ticket: u32) {
        self.driver.turn_at(|core, now| core.at(now).use_address(AddressTicket(ticket), now));
    }

    /// Says that there is no address to give.
    #[wasm_bindgen(js_name = failAddress)]
    pub fn fail_address(&self, ticket: u32) {
        self.driver.turn_at(|core, now| core.at(now).fail_address(AddressTicket(ticket), now));
    }

    /// Says what follows a refusal or a disconnection: `stop`, `retry` or `refresh`. A time that is not
    /// negative is what a retry has to wait at least.
    pub fn judge(&self, socket: u32, ticket: u32, verdict: &str, after_ms: f64) {
        let (socket, ticket) = (SocketId(socket), VerdictTicket(ticket));
        let verdict = match verdict {
            "retry" if after_ms >= 0.0 => Verdict::RetryAfter(to_duration(after_ms)),
            "retry" => Verdict::Retry,
            "refresh" => Verdict::Refresh,
            _ => Verdict::Stop,
        };
        self.driver.turn_at(|core, now| core.at(now).judge(socket, ticket, verdict, now));
    }

    /// Has the next attempt wait.
    pub fn postpone(&self, after_ms: f64) {
        self.driver.turn_at(|core, now| core.at(now).postpone(to_duration(after_ms), now));
    }

    /// Says that the client has another user; empty for none.
    #[wasm_bindgen(js_name = setIdentity)]
    pub fn set_identity(&self, identity: &str) {
        self.driver.turn_at(|core, now| core.set_identity(identity, now));
    }

    /// Throws away what waits for the user.
    #[wasm_bindgen(js_name = discardQueue)]
    pub fn discard_queue(&self) {
        self.driver.turn_at(|core, now| core.discard_queue(now));
    }

    /// Sends an event. Returns the code of an error, or nothing.
    pub fn emit(
        &self,
        socket: u32,
        body: JsString,
        attachments: Option<Array>,
        volatile: bool,
    ) -> Option<String> {
        let attachments = to_attachments(attachments);
        let now = Instant::from_millis(shim::recently());
        to_code(
            self.driver.turn(|core| core.emit(SocketId(socket), body, attachments, volatile, now)),
        )
    }

    /// Sends an event that the server is to answer. Returns the code of an error, or nothing.
    pub fn request(
        &self,
        socket: u32,
        request: u32,
        body: JsString,
        attachments: Option<Array>,
        timeout_ms: f64,
    ) -> Option<String> {
        let timeout = Some(to_duration(timeout_ms));
        let attachments = to_attachments(attachments);
        let (socket, request) = (SocketId(socket), RequestId(request));
        to_code(
            self.driver.turn_at(|core, now| {
                core.request(socket, request, body, attachments, timeout, now)
            }),
        )
    }

    /// Counts an event as sent that the transport then sends, at this time. Returns whether it may; if not, it is to be
    /// given to `emit`.
    #[wasm_bindgen(js_name = emitByHost)]
    pub fn emit_by_host(
        &self,
        transport: u32,
        socket: u32,
        text: u32,
        attachments: u32,
        binary: f64,
        now: f64,
    ) -> bool {
        let sizes = to_sizes(text, attachments, binary);
        let (transport, socket) = (TransportId(transport), SocketId(socket));
        let now = Instant::from_millis(now);
        self.driver.has_performed()
            && self.driver.turn(|core| core.emit_by_host(transport, socket, sizes, now))
    }

    /// The same for an event that the server is to answer. Returns the number that goes with it, or a negative one.
    #[wasm_bindgen(js_name = requestByHost)]
    #[allow(clippy::too_many_arguments)]
    pub fn request_by_host(
        &self,
        transport: u32,
        socket: u32,
        request: u32,
        text: u32,
        attachments: u32,
        binary: f64,
        timeout_ms: f64,
        now: f64,
    ) -> f64 {
        let sizes = to_sizes(text, attachments, binary);
        let (transport, socket) = (TransportId(transport), SocketId(socket));
        let (request, timeout) = (RequestId(request), Some(to_duration(timeout_ms)));
        let now = Instant::from_millis(now);
        let ack_id = self.driver.has_performed().then(|| {
            self.driver
                .turn(|core| core.request_by_host(transport, socket, request, sizes, timeout, now))
        });
        ack_id.flatten().map_or(-1.0, |ack_id| ack_id as f64)
    }

    /// Forgets a request.
    pub fn cancel(&self, socket: u32, request: u32) {
        self.driver.turn(|core| core.sockets().cancel(SocketId(socket), RequestId(request)));
    }

    /// Answers an event of the server.
    pub fn acknowledge(
        &self,
        socket: u32,
        connection: u32,
        ack_id: f64,
        body: JsString,
        attachments: Option<Array>,
    ) {
        // A negative number says that no answer is wanted.
        if ack_id < 0.0 {
            return;
        }
        let ticket = AckTicket { connection, ack_id: ack_id as u64 };
        let attachments = to_attachments(attachments);
        self.driver.turn_at(|core, now| {
            core.acknowledge(SocketId(socket), ticket, body, attachments, now)
        });
    }

    /// Ends everything. The object may be freed as soon as nothing of it is on the stack.
    pub fn destroy(&self) {
        self.driver.turn_at(|core, now| core.destroy(now));
    }

    /// Takes the news that a transport is open.
    #[wasm_bindgen(js_name = handleOpened)]
    pub fn handle_opened(&self, transport: u32) {
        self.driver.handle_opened(transport);
    }

    /// Takes the news that a transport has ended. What else there is to know of it does not matter here.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, transport: u32, kind: &str, status: u16, code: Option<u8>) {
        self.driver.handle_closed(transport, kind, status, code);
    }

    /// Takes the answer to a GET.
    #[wasm_bindgen(js_name = handlePolled)]
    pub fn handle_polled(&self, transport: u32, body: &JsString) {
        self.driver.handle_polled(transport, body);
    }

    /// Takes the news that a POST has been answered.
    #[wasm_bindgen(js_name = handlePosted)]
    pub fn handle_posted(&self, transport: u32) {
        self.driver.handle_posted(transport);
    }

    /// Takes a text frame.
    #[wasm_bindgen(js_name = handleText)]
    pub fn handle_text(&self, transport: u32, text: JsString) {
        self.driver.handle_text(transport, &text);
    }

    /// Takes a binary frame.
    #[wasm_bindgen(js_name = handleBinary)]
    pub fn handle_binary(&self, transport: u32, bytes: JsValue) {
        self.driver.handle_binary(transport, bytes);
    }

    /// Takes an event that the shim has read, from a frame of this length. Returns whether it was taken.
    #[wasm_bindgen(js_name = handleEvent)]
    pub fn handle_event(
        &self,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
        socket: u32,
    ) -> bool {
        let identity = EventIdentity::default();
        self.driver.handle_event(transport, event, arguments, length, socket, identity)
    }

    /// The same for an event that has an id or a number, whose parts follow.
    #[wasm_bindgen(js_name = handleIdentifiedEvent)]
    #[allow(clippy::too_many_arguments)]
    pub fn handle_identified_event(
        &self,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
        socket: u32,
        has: u32,
        stream_high: u32,
        stream_low: u32,
        epoch_high: u32,
        epoch_low: u32,
        id_high: u32,
        id_low: u32,
        seq: f64,
    ) -> bool {
        let (stream, epoch) = (join(stream_high, stream_low), join(epoch_high, epoch_low));
        let identity = to_identity(has, stream, epoch, join(id_high, id_low), seq);
        self.driver.handle_event(transport, event, arguments, length, socket, identity)
    }

    /// Takes an event that the shim has read and that so many binary frames follow. Returns whether it was
    /// taken.
    #[wasm_bindgen(js_name = handleBinaryEvent)]
    pub fn handle_binary_event(
        &self,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
        socket: u32,
        attachments: f64,
    ) -> bool {
        self.driver.handle_binary_event(transport, event, arguments, length, socket, attachments)
    }

    /// Takes an event that nobody listens to. Returns whether it was taken.
    #[wasm_bindgen(js_name = handleUnheardEvent)]
    pub fn handle_unheard_event(&self, transport: u32, socket: u32) -> bool {
        self.driver.handle_unheard_event(transport, socket)
    }

    /// Takes the answer to a request that the shim has read. Returns whether it was taken.
    #[wasm_bindgen(js_name = handleAnswer)]
    pub fn handle_answer(
        &self,
        transport: u32,
        ack_id: f64,
        arguments: JsValue,
        socket: u32,
    ) -> bool {
        self.driver.handle_answer(transport, ack_id, arguments, socket)
    }

    /// Takes the code of what was found out about a transport that could not be opened.
    #[wasm_bindgen(js_name = handleDiagnosis)]
    pub fn handle_diagnosis(&self, code: &str) {
        let cause = Cause::from_diagnosis(code);
        self.driver.turn_at(|core, now| core.at(now).handle_diagnosis(cause, now));
    }
}

impl JsClient {
    pub(super) fn driver(&self) -> &Rc<Driver> {
        &self.driver
    }
}

pub(super) fn to_code(result: Result<(), EmitError>) -> Option<String> {
    result.err().map(|error| error.code().to_owned())
}

fn to_sizes(text: u32, attachments: u32, binary: f64) -> PacketSizes {
    PacketSizes { text: text as usize, attachments: attachments as usize, binary: binary as usize }
}

pub(super) fn to_attachments(attachments: Option<Array>) -> Vec<JsValue> {
    attachments.map(|attachments| attachments.to_vec()).unwrap_or_default()
}
