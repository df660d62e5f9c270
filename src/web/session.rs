//! An engine that stands alone, in its [run loop](crate::manager#run-loop).

use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use crate::engineio::{
    Action, CloseCause, Engine, EngineConfig, Failure, Handshake, Notice, OutgoingPacket,
    PAYLOAD_START, PacketType, Payload, Received, TransportId, TransportKind, Violation,
};
use crate::host::{Host, OutgoingFrame};
use crate::time::{Instant, whole_micros};
use crate::web::host::JsHost;
use crate::web::run_loop::{Core, Perform, RunLoop};
use crate::web::transports::Transports;

#[wasm_bindgen]
extern "C" {
    /// Who is told what happens in a session: the `EngineEvents` of the package's `glue.d.ts`. None of
    /// its methods throws.
    pub type JsEngineEvents;

    #[wasm_bindgen(method)]
    fn opened(this: &JsEngineEvents, handshake: Object, transport: &str);
    #[wasm_bindgen(method)]
    fn pinged(this: &JsEngineEvents);
    #[wasm_bindgen(method)]
    fn message(this: &JsEngineEvents, data: JsValue);
    #[wasm_bindgen(method)]
    fn upgrading(this: &JsEngineEvents, transport: &str);
    #[wasm_bindgen(method)]
    fn upgraded(this: &JsEngineEvents, transport: &str);
    #[wasm_bindgen(method, js_name = upgradeFailed)]
    fn upgrade_failed(this: &JsEngineEvents, code: &str);
    #[wasm_bindgen(method)]
    fn flushed(this: &JsEngineEvents);
    #[wasm_bindgen(method)]
    fn drained(this: &JsEngineEvents, count: u32);
    #[wasm_bindgen(method)]
    fn closed(this: &JsEngineEvents, code: &str, transport: &str, status: u16, detail: JsValue);
}

/// A session with its transports and its owner.
pub type SessionLoop = RunLoop<Session, SessionOutlet>;

/// An engine, and what it does not keep itself of an input until that has been told.
pub struct Session {
    engine: Engine<JsHost>,
    host: JsHost,
    /// What stands before the text of a MESSAGE.
    message_head: Rc<JsString>,
    /// What there is to know of a transport that has just ended.
    detail: JsValue,
    /// What an input brought past the engine's queues. It comes after what is in them.
    brought: Option<Output>,
}

/// One thing to be done.
pub enum Output {
    Action(Action<JsHost>),
    Opened(Handshake, TransportKind),
    Notice(Notice),
    /// A MESSAGE's frame.
    Text(JsString),
    /// A MESSAGE's payload, in the form in which it came.
    Binary(JsValue),
    /// A MESSAGE's payload that came as base64.
    Decoded(JsValue),
    Closed(CloseCause, Option<TransportKind>, JsValue),
}

impl Session {
    pub fn new(host: JsHost, config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config),
            message_head: Rc::new(host.text(PacketType::Message.encode())),
            host,
            detail: JsValue::UNDEFINED,
            brought: None,
        }
    }

    pub fn open(&mut self, deadline: Option<Instant>, now: Instant) {
        self.engine.open(deadline, now);
    }

    pub fn send_text(&mut self, text: JsString) {
        let head = Rc::clone(&self.message_head);
        self.send(OutgoingPacket::Text(OutgoingFrame { head, ack_id: None, body: Some(text) }));
    }

    pub fn send_binary(&mut self, bytes: JsValue) {
        self.send(OutgoingPacket::Binary(bytes));
    }

    fn send(&mut self, packet: OutgoingPacket<JsHost>) {
        let sent = self.engine.send(&self.host, packet);
        self.brought =
            sent.map(|(transport, packet)| Output::Action(Action::Send { transport, packet }));
    }

    pub fn close(&mut self) {
        self.engine.close();
    }

    pub fn abandon(&mut self) {
        self.engine.abandon();
    }

    pub fn handle_opened(&mut self, transport: TransportId) {
        self.engine.handle_opened(&self.host, transport);
    }

    pub fn handle_text(&mut self, transport: TransportId, text: JsString, now: Instant) {
        self.brought = match self.engine.handle_text(&self.host, transport, &text, now) {
            Received::Message => Some(Output::Text(text)),
            Received::Binary(bytes) => Some(Output::Decoded(bytes)),
            Received::Nothing => None,
        };
    }

    pub fn handle_binary(&mut self, transport: TransportId, bytes: JsValue, now: Instant) {
        let is_message = self.engine.handle_binary(transport, now);
        self.brought = is_message.then_some(Output::Binary(bytes));
    }

    /// Takes the next packet out of the answer to a GET.
    pub fn next_packet(&self, payload: &mut Payload, body: &JsString) -> Option<JsString> {
        payload.next_packet(&self.host, body)
    }

    pub fn handle_polled(&mut self, transport: TransportId) {
        self.engine.handle_polled(transport);
    }

    pub fn handle_posted(&mut self, transport: TransportId) {
        self.engine.handle_posted(transport);
    }

    pub fn handle_closed(
        &mut self,
        transport: TransportId,
        failure: Failure,
        detail: JsValue,
        now: Instant,
    ) {
        self.detail = detail;
        self.engine.handle_closed(transport, failure, now);
    }

    fn to_output(&self, notice: Notice, detail: &JsValue) -> Output {
        match (notice, self.engine.handshake(), self.engine.transport()) {
            (Notice::Opened, Some(handshake), Some(kind)) => {
                Output::Opened(handshake.clone(), kind)
            }
            (Notice::Closed(cause), _, kind) => Output::Closed(cause, kind, detail.clone()),
            (notice, _, _) => Output::Notice(notice),
        }
    }
}

impl Core for Session {
    type Output = Output;

    fn drain(&mut self, outputs: &mut VecDeque<Output>) -> Option<Instant> {
        let detail = core::mem::replace(&mut self.detail, JsValue::UNDEFINED);
        while let Some(action) = self.engine.poll_action() {
            outputs.push_back(Output::Action(action));
        }
        while let Some(notice) = self.engine.poll_notice() {
            outputs.push_back(self.to_output(notice, &detail));
        }
        outputs.extend(self.brought.take());
        self.engine.deadline()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
    }
}

/// Where a session's outputs go.
pub struct SessionOutlet {
    pub transports: Transports,
    pub events: JsEngineEvents,
    /// Whether binary payloads are to be Blobs.
    pub wants_blobs: bool,
}

impl Perform<Output> for SessionOutlet {
    fn perform(&self, output: Output) {
        match output {
            Output::Action(action) => self.transports.perform(action),
            Output::Opened(handshake, kind) => {
                self.events.opened(handshake_to_js(&handshake), kind.name());
            }
            Output::Notice(notice) => self.tell(notice),
            Output::Text(frame) => {
                self.events.message(frame.slice(PAYLOAD_START as u32, u32::MAX).into());
            }
            Output::Binary(bytes) => self.events.message(bytes),
            Output::Decoded(bytes) => self.events.message(self.to_binary_type(bytes)),
            Output::Closed(cause, kind, detail) => {
                let (code, status) = cause_to_js(cause);
                self.events.closed(code, kind.map_or("", TransportKind::name), status, detail);
            }
        }
    }
}

impl SessionOutlet {
    fn tell(&self, notice: Notice) {
        match notice {
            Notice::Pinged => self.events.pinged(),
            Notice::Upgrading(kind) => self.events.upgrading(kind.name()),
            Notice::Upgraded(kind) => self.events.upgraded(kind.name()),
            Notice::UpgradeFailed(failure) => self.events.upgrade_failed(failure_to_js(failure)),
            Notice::Flushed => self.events.flushed(),
            Notice::Drained { packets } => self.events.drained(packets as u32),
            // These have become outputs of their own.
            Notice::Opened | Notice::Closed(_) => {}
        }
    }

    fn to_binary_type(&self, bytes: JsValue) -> JsValue {
        if self.wants_blobs {
            Blob::new_with_buffer_source_sequence(&Array::of1(&bytes)).map_or(bytes, JsValue::from)
        } else {
            bytes
        }
    }
}

/// The handshake as the protocol writes it.
fn handshake_to_js(handshake: &Handshake) -> Object {
    let upgrades: Array =
        handshake.upgrades.iter().map(|kind| JsValue::from(kind.name())).collect();
    let fields = [
        ("sid", JsValue::from(&handshake.sid)),
        ("upgrades", upgrades.into()),
        ("pingInterval", ((whole_micros(handshake.ping_interval) / 1_000) as f64).into()),
        ("pingTimeout", ((whole_micros(handshake.ping_timeout) / 1_000) as f64).into()),
        ("maxPayload", handshake.max_payload.map(|bytes| bytes as f64).into()),
    ];
    let object = Object::new();
    for (name, value) in fields {
        // A new object takes every field.
        let _ = Reflect::set(&object, &JsValue::from(name), &value);
    }
    object
}

/// The code of a cause, and the HTTP status, zero if there is none.
fn cause_to_js(cause: CloseCause) -> (&'static str, u16) {
    match cause {
        CloseCause::PingTimeout => ("ping_timeout", 0),
        CloseCause::ServerClose => ("server_close", 0),
        CloseCause::TransportClose => ("transport_close", 0),
        CloseCause::TransportError(_, Failure::Http { status, .. }) => ("transport_error", status),
        CloseCause::TransportError(_, Failure::Closed | Failure::Failed | Failure::Unavailable) => {
            ("transport_error", 0)
        }
        CloseCause::Violation(violation) => (violation_to_js(violation), 0),
        CloseCause::OpenTimeout => ("open_timeout", 0),
        CloseCause::ClientClose => ("client_close", 0),
        CloseCause::Unavailable => ("unavailable", 0),
    }
}

fn violation_to_js(violation: Violation) -> &'static str {
    match violation {
        Violation::NotEngineIo | Violation::OlderProtocol => "not_socketio",
        Violation::Handshake(_) => "invalid_handshake",
        Violation::UnexpectedPacket | Violation::Base64 => "parse_error",
    }
}

fn failure_to_js(failure: Failure) -> &'static str {
    match failure {
        Failure::Closed => "transport_close",
        Failure::Failed | Failure::Http { .. } => "transport_error",
        Failure::Unavailable => "unavailable",
    }
}
