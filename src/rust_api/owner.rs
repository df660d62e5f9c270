//! What transports and the page report to: an exported object.

use std::rc::{Rc, Weak};

use js_sys::JsString;
use wasm_bindgen::prelude::*;

use crate::host::EventIdentity;
use crate::rust_api::outlet::Driver;
use crate::web::host::{join, to_identity};
use crate::web::timer::to_duration;

/// The client as its transports see it; when it is gone, nothing happens.
#[wasm_bindgen(js_name = SockeyeOwner, skip_typescript)]
pub struct Owner {
    driver: Weak<Driver>,
}

impl Owner {
    pub fn new(driver: &Rc<Driver>) -> Self {
        Self { driver: Rc::downgrade(driver) }
    }
}

#[wasm_bindgen(js_class = SockeyeOwner)]
impl Owner {
    /// Takes the news that a transport is open.
    #[wasm_bindgen(js_name = handleOpened)]
    pub fn handle_opened(&self, transport: u32) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_opened(transport);
        }
    }

    /// Takes the news that a transport has ended.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(&self, transport: u32, kind: &str, status: u16, code: Option<u8>) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_closed(transport, kind, status, code);
        }
    }

    /// Takes the answer to a GET.
    #[wasm_bindgen(js_name = handlePolled)]
    pub fn handle_polled(&self, transport: u32, body: &JsString) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_polled(transport, body);
        }
    }

    /// Takes the news that a POST has been answered.
    #[wasm_bindgen(js_name = handlePosted)]
    pub fn handle_posted(&self, transport: u32) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_posted(transport);
        }
    }

    /// Takes a text frame.
    #[wasm_bindgen(js_name = handleText)]
    pub fn handle_text(&self, transport: u32, text: &JsString) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_text(transport, text);
        }
    }

    /// Takes a binary frame.
    #[wasm_bindgen(js_name = handleBinary)]
    pub fn handle_binary(&self, transport: u32, bytes: JsValue) {
        if let Some(driver) = self.driver.upgrade() {
            driver.handle_binary(transport, bytes);
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
        socket: u32,
    ) -> bool {
        let identity = EventIdentity::default();
        self.driver.upgrade().is_some_and(|driver| {
            driver.handle_event(transport, event, arguments, length, socket, identity)
        })
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
        self.driver.upgrade().is_some_and(|driver| {
            driver.handle_event(transport, event, arguments, length, socket, identity)
        })
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
        self.driver.upgrade().is_some_and(|driver| {
            driver.handle_binary_event(transport, event, arguments, length, socket, attachments)
        })
    }

    /// Takes an event that nobody listens to. Returns whether it was taken.
    #[wasm_bindgen(js_name = handleUnheardEvent)]
    pub fn handle_unheard_event(&self, transport: u32, socket: u32) -> bool {
        self.driver.upgrade().is_some_and(|driver| driver.handle_unheard_event(transport, socket))
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
        self.driver
            .upgrade()
            .is_some_and(|driver| driver.handle_answer(transport, ack_id, arguments, socket))
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
