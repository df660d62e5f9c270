//! What transports and the page report to: an exported object.

use std::rc::{Rc, Weak};

use js_sys::JsString;
use wasm_bindgen::prelude::*;

use crate::engineio::{Payload, TransportId};
use crate::host::{EventId, EventIdentity};
use crate::rust_api::outlet::Driver;
use crate::web::host::{join, to_identity};
use crate::web::run_loop::now;
use crate::web::timer::to_duration;
use crate::web::transports::to_failure;

/// The client as its transports see it; when it is gone, nothing happens.
#[wasm_bindgen(js_name = SockeyeOwner, skip_typescript)]
pub struct Owner {
    driver: Weak<Driver>,
}

impl Owner {
    pub fn new(driver: &Rc<Driver>) -> Self {
        Self { driver: Rc::downgrade(driver) }
    }

    fn take_event(
        &self,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
        identity: EventIdentity,
    ) -> bool {
        let (transport, event) = (TransportId(transport), EventId(event));
        let length = length as usize;
        self.driver.upgrade().is_some_and(|driver| {
            driver.turn(|core| core.handle_event(transport, event, arguments, identity, length))
        })
    }
}

#[wasm_bindgen(js_class = SockeyeOwner)]
impl Owner {
    /// Takes the news that a transport is open.
    #[wasm_bindgen(js_name = handleOpened)]
    pub fn handle_opened(&self, transport: u32) {
        if let Some(driver) = self.driver.upgrade() {
            driver.turn(|core| core.sockets().handle_opened(TransportId(transport)));
        }
    }

    /// Takes the news that a transport has ended.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, transport: u32, kind: &str, status: u16, code: Option<u8>) {
        let (transport, failure) = (TransportId(transport), to_failure(kind, status, code));
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.at(now).handle_closed(transport, failure, now));
        }
    }

    /// Takes the answer to a GET. Each of its packets has a turn of its own, because what comes of one
    /// may end the session before the next.
    #[wasm_bindgen(js_name = handlePolled)]
    pub fn handle_polled(&self, transport: u32, body: &JsString) {
        let Some(driver) = self.driver.upgrade() else {
            return;
        };
        let (transport, now) = (TransportId(transport), now());
        let mut payload = Payload::default();
        while driver.outlet().transports.is_open(transport) {
            let packet = driver.turn(|core| {
                let manager = core.at(now);
                let text = manager.next_packet(&mut payload, body);
                text.map(|text| manager.handle_text(transport, &text, now))
            });
            if packet.is_none() {
                break;
            }
        }
        driver.turn(|core| core.sockets().handle_polled(transport, now));
    }

    /// Takes the news that a POST has been answered.
    #[wasm_bindgen(js_name = handlePosted)]
    pub fn handle_posted(&self, transport: u32) {
        let transport = TransportId(transport);
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.at(now).handle_posted(transport, now));
        }
    }

    /// Takes a text frame.
    #[wasm_bindgen(js_name = handleText)]
    pub fn handle_text(&self, transport: u32, text: &JsString) {
        let transport = TransportId(transport);
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.at(now).handle_text(transport, text, now));
        }
    }

    /// Takes a binary frame.
    #[wasm_bindgen(js_name = handleBinary)]
    pub fn handle_binary(&self, transport: u32, bytes: JsValue) {
        let transport = TransportId(transport);
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.at(now).handle_binary(transport, bytes, now));
        }
    }

    /// Takes an event that the shim has read, from a frame of this length. Returns whether it was taken.
    #[wasm_bindgen(js_name = handleEvent)]
    pub fn handle_event(
        &self,
        transport: u32,
        event: u32,
        arguments: JsValue,
        length: u32,
    ) -> bool {
        self.take_event(transport, event, arguments, length, EventIdentity::default())
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
        self.take_event(transport, event, arguments, length, identity)
    }

    /// Takes an event that nobody listens to. Returns whether it was taken.
    #[wasm_bindgen(js_name = handleUnheardEvent)]
    pub fn handle_unheard_event(&self, transport: u32) -> bool {
        self.driver.upgrade().is_some_and(|driver| {
            driver.turn(|core| core.sockets().handle_unheard_event(TransportId(transport)))
        })
    }

    /// Says that the page is about to stand still.
    pub fn suspend(&self) {
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.suspend(now));
        }
    }

    /// Says that the page goes on, or that there is a reason to doubt the connection.
    pub fn resume(&self, asleep_ms: f64) {
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.resume(to_duration(asleep_ms), now));
        }
    }
}
