//! The transports of one core, which are JavaScript objects.

use std::cell::RefCell;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::decimal::decimal;
use crate::engineio::{Action, Failure, OutgoingPacket, TransportId};
use crate::host::OutgoingFrame;
use crate::web::host::JsHost;

#[wasm_bindgen(module = "/src/web/transports.js")]
extern "C" {
    #[wasm_bindgen(js_name = openWebSocket)]
    fn open_web_socket(
        options: &JsValue,
        owner: &JsValue,
        id: u32,
        sid: Option<String>,
    ) -> JsTransport;

    #[wasm_bindgen(js_name = openPolling)]
    fn open_polling(options: &JsValue, owner: &JsValue, id: u32) -> JsTransport;
}

#[wasm_bindgen]
extern "C" {
    /// A transport: one over WebSocket sends, one over polling polls and posts. None of the methods
    /// throws.
    type JsTransport;

    #[wasm_bindgen(method, js_name = sendText)]
    fn send_text(this: &JsTransport, head: &JsString, ack_id: f64, body: Option<JsString>);
    #[wasm_bindgen(method, js_name = sendBinary)]
    fn send_binary(this: &JsTransport, bytes: JsValue);
    #[wasm_bindgen(method)]
    fn poll(this: &JsTransport, sid: Option<String>);
    #[wasm_bindgen(method)]
    fn post(this: &JsTransport, sid: &str, packets: Array);
    #[wasm_bindgen(method)]
    fn close(this: &JsTransport, sid: Option<String>, payloads: Array);
}

/// Performs what a core wants done with transports. Several are there while a session changes from one
/// to another.
pub struct Transports {
    options: JsValue,
    /// The exported object, which transports report to.
    owner: RefCell<JsValue>,
    open: RefCell<Vec<(TransportId, JsTransport)>>,
}

impl Transports {
    /// Makes none yet; `options` are the `TransportOptions` of the package's `glue.d.ts`.
    pub fn new(options: JsValue) -> Self {
        Self { options, owner: RefCell::new(JsValue::UNDEFINED), open: RefCell::default() }
    }

    /// Names the exported object.
    pub fn report_to(&self, owner: JsValue) {
        self.owner.replace(owner);
    }

    /// Returns whether the core still wants to hear of a transport.
    pub fn is_open(&self, transport: TransportId) -> bool {
        self.open.borrow().iter().any(|(id, _)| *id == transport)
    }

    /// Does one thing. A transport that is not there any more does nothing.
    pub fn perform(&self, action: Action<JsHost>) {
        match action {
            Action::OpenWebSocket { transport, sid } => self.open_web_socket(transport, sid),
            Action::Poll { transport, sid } => self.poll(transport, sid),
            Action::Post { transport, sid, packets } => {
                self.with(transport, |polling| polling.post(&sid, to_array(packets)));
            }
            Action::Send { transport, packet } => {
                self.with(transport, |socket| send(socket, packet));
            }
            Action::Close { transport, sid, payloads } => self.close(transport, sid, payloads),
        }
    }

    fn with(&self, transport: TransportId, call: impl FnOnce(&JsTransport)) {
        if let Some((_, found)) = self.open.borrow().iter().find(|(id, _)| *id == transport) {
            call(found);
        }
    }

    fn open_web_socket(&self, transport: TransportId, sid: Option<String>) {
        // It may report its end already here; nothing may be borrowed for change then.
        let socket = open_web_socket(&self.options, &self.owner.borrow(), transport.0, sid);
        self.open.borrow_mut().push((transport, socket));
    }

    fn poll(&self, transport: TransportId, sid: Option<String>) {
        if !self.is_open(transport) {
            let polling = open_polling(&self.options, &self.owner.borrow(), transport.0);
            self.open.borrow_mut().push((transport, polling));
        }
        self.with(transport, |polling| polling.poll(sid));
    }

    fn close(
        &self,
        transport: TransportId,
        sid: Option<String>,
        payloads: Vec<Vec<OutgoingPacket<JsHost>>>,
    ) {
        let index = self.open.borrow().iter().position(|(id, _)| *id == transport);
        let closed = index.map(|index| self.open.borrow_mut().swap_remove(index));
        if let Some((_, closed)) = closed {
            closed.close(sid, payloads.into_iter().map(to_array).collect());
        }
    }
}

fn send(socket: &JsTransport, packet: OutgoingPacket<JsHost>) {
    match packet {
        OutgoingPacket::Text(OutgoingFrame { head, ack_id, body }) => {
            socket.send_text(&head, ack_id.map_or(-1.0, |id| id as f64), body);
        }
        OutgoingPacket::Binary(bytes) => socket.send_binary(bytes),
    }
}

/// Texts in one piece, and bytes as they are.
fn to_array(packets: Vec<OutgoingPacket<JsHost>>) -> Array {
    packets.into_iter().map(to_js).collect()
}

fn to_js(packet: OutgoingPacket<JsHost>) -> JsValue {
    match packet {
        OutgoingPacket::Text(frame) => join(frame).into(),
        OutgoingPacket::Binary(bytes) => bytes,
    }
}

fn join(OutgoingFrame { head, ack_id, body }: OutgoingFrame<JsString>) -> JsString {
    let ack_id = ack_id.map_or_else(String::new, decimal);
    let body = body.unwrap_or_else(|| JsString::from(""));
    head.concat(&ack_id.into()).concat(&body)
}

/// Reads how a transport says it ended.
pub fn to_failure(kind: &str, status: u16, code: Option<u8>) -> Failure {
    match kind {
        "closed" => Failure::Closed,
        "http" => Failure::Http { status, code },
        "unavailable" => Failure::Unavailable,
        _ => Failure::Failed,
    }
}
