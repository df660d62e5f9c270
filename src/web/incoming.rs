//! What transports report, for whoever has a client in its run loop: the exported objects of the npm
//! package and of the Rust API are two, and a frame means the same to both.

use std::rc::Rc;

use js_sys::JsString;
use wasm_bindgen::JsValue;

use crate::client::{Client, Output};
use crate::engineio::{Payload, TransportId};
use crate::host::{EventId, EventIdentity};
use crate::manager::SocketId;
use crate::web::host::JsHost;
use crate::web::run_loop::{Perform, RunLoop, now};
use crate::web::transports::{Transports, to_failure};

/// Where the outputs of a client go.
pub trait ClientPerform: Perform<Output<JsHost>> {
    /// Returns its transports.
    fn transports(&self) -> &Transports;
}

impl<P: ClientPerform> RunLoop<Client<JsHost>, P> {
    pub fn handle_opened(self: &Rc<Self>, transport: u32) {
        self.turn(|core| core.sockets().handle_opened(TransportId(transport)));
    }

    pub fn handle_closed(
        self: &Rc<Self>,
        transport: u32,
        kind: &str,
        status: u16,
        code: Option<u8>,
    ) {
        let (transport, failure) = (TransportId(transport), to_failure(kind, status, code));
        self.turn_at(|core, now| core.at(now).handle_closed(transport, failure, now));
    }

    /// Each packet of the answer to a GET has a turn of its own, because what comes of one may end the
    /// session before the next.
    pub fn handle_polled(self: &Rc<Self>, transport: u32, body: &JsString) {
        let (transport, now) = (TransportId(transport), now());
        let mut payload = Payload::default();
        while self.outlet().transports().is_open(transport) {
            let packet = self.turn(|core| {
                let text = core.next_packet(&mut payload, body);
                text.map(|text| core.handle_text(transport, &text, now))
            });
            if packet.is_none() {
                break;
            }
        }
        self.turn(|core| core.sockets().handle_polled(transport, now));
    }

    pub fn handle_posted(self: &Rc<Self>, transport: u32) {
        let transport = TransportId(transport);
        self.turn_at(|core, now| core.at(now).handle_posted(transport, now));
    }

    pub fn handle_text(self: &Rc<Self>, transport: u32, text: &JsString) {
        self.turn_at(|core, now| core.handle_text(TransportId(transport), text, now));
    }

    pub fn handle_binary(self: &Rc<Self>, transport: u32, bytes: JsValue) {
        self.turn_at(|core, now| core.handle_binary(TransportId(transport), bytes, now));
    }

    /// Returns whether the event was taken. `length` is that of its frame.
    pub fn handle_event(
        self: &Rc<Self>,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
        socket: u32,
        identity: EventIdentity,
    ) -> bool {
        let (transport, socket) = (TransportId(transport), SocketId(socket));
        let (event, length) = (EventId(event), length as usize);
        self.turn(|core| core.handle_event(transport, socket, event, arguments, identity, length))
    }

    /// Returns whether the event was taken, which so many binary frames follow.
    pub fn handle_binary_event(
        self: &Rc<Self>,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
        socket: u32,
        attachments: f64,
    ) -> bool {
        let (transport, socket) = (TransportId(transport), SocketId(socket));
        let (event, length, count) =
            ((EventId(event), arguments), length as usize, attachments as u32);
        self.turn_at(|core, now| {
            core.handle_binary_event(transport, socket, event, length, count, now)
        })
    }

    /// Returns whether the event was taken.
    pub fn handle_unheard_event(self: &Rc<Self>, transport: u32, socket: u32) -> bool {
        let (transport, socket) = (TransportId(transport), SocketId(socket));
        self.turn(|core| core.handle_unheard_event(transport, socket))
    }

    /// Returns whether the answer was taken.
    pub fn handle_answer(
        self: &Rc<Self>,
        transport: u32,
        ack_id: f64,
        arguments: JsValue,
        socket: u32,
    ) -> bool {
        let (transport, socket) = (TransportId(transport), SocketId(socket));
        self.turn(|core| core.handle_answer(transport, socket, ack_id as u64, arguments))
    }
}
