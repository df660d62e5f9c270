//! The export for programs that speak Socket.IO themselves: one Engine.IO session. No logic.

use std::rc::Rc;

use js_sys::{JsString, Map};
use wasm_bindgen::prelude::*;

use crate::engineio::{EngineConfig, Payload, TransportId, TransportKind};
use crate::web::host::JsHost;
use crate::web::run_loop::{RunLoop, now};
use crate::web::session::{JsEngineEvents, Session, SessionLoop, SessionOutlet};
use crate::web::timer::to_duration;
use crate::web::transports::{Transports, to_failure};

#[wasm_bindgen]
extern "C" {
    /// How an engine is set up: the `EngineOptions` of the package's `glue.d.ts`.
    pub type JsEngineOptions;

    #[wasm_bindgen(method, getter)]
    fn transports(this: &JsEngineOptions) -> Vec<String>;
    #[wasm_bindgen(method, getter)]
    fn upgrade(this: &JsEngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = tryAllTransports)]
    fn try_all_transports(this: &JsEngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = connectTimeoutMs)]
    fn connect_timeout_ms(this: &JsEngineOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = startWithWebSocket)]
    fn start_with_websocket(this: &JsEngineOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = binaryType)]
    fn binary_type(this: &JsEngineOptions) -> String;
}

/// One Engine.IO session as JavaScript sees it. Its methods may be called from what it calls.
#[wasm_bindgen(js_name = Engine)]
pub struct JsEngine {
    session: Rc<SessionLoop>,
    connect_timeout_ms: f64,
}

#[wasm_bindgen(js_class = Engine)]
impl JsEngine {
    /// Makes an engine that tells `events` what happens.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(options: JsEngineOptions, events: JsEngineEvents) -> Self {
        let core = Session::new(JsHost { names: Map::new() }, to_config(&options));
        let outlet = SessionOutlet {
            wants_blobs: options.binary_type() == "blob",
            events,
            transports: Transports::new(JsValue::from(&options)),
        };
        let connect_timeout_ms = options.connect_timeout_ms();
        Self { session: RunLoop::new(core, outlet), connect_timeout_ms }
    }

    /// Names the JavaScript side of this object, which transports report to.
    #[wasm_bindgen(js_name = reportTo)]
    pub fn report_to(&self, engine: JsValue) {
        self.session.outlet().transports.report_to(engine);
    }

    /// Begins the session.
    pub fn open(&self) {
        let limit = self.connect_timeout_ms;
        let timeout = (limit > 0.0).then(|| to_duration(limit));
        self.session.turn_at(|core, now| core.open(timeout.map(|timeout| now + timeout), now));
    }

    /// Sends a MESSAGE of text.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, text: JsString) {
        self.session.turn(|core| core.send_text(text));
    }

    /// Sends a MESSAGE of bytes: an ArrayBuffer, a view of one, or a Blob.
    #[wasm_bindgen(js_name = sendBinary)]
    pub fn send_binary(&self, bytes: JsValue) {
        self.session.turn(|core| core.send_binary(bytes));
    }

    /// Ends the session when everything that was sent is on its way.
    pub fn close(&self) {
        self.session.turn(Session::close);
    }

    /// Ends everything at once and tells nothing. The object may be freed as soon as nothing of it is
    /// on the stack.
    pub fn destroy(&self) {
        self.session.turn(Session::abandon);
    }

    /// Takes the news that a WebSocket is open.
    #[wasm_bindgen(js_name = handleOpened)]
    pub fn handle_opened(&self, transport: u32) {
        self.session.turn(|core| core.handle_opened(TransportId(transport)));
    }

    /// Takes a text frame.
    #[wasm_bindgen(js_name = handleText)]
    pub fn handle_text(&self, transport: u32, text: JsString) {
        let transport = TransportId(transport);
        self.session.turn_at(|core, now| core.handle_text(transport, text, now));
    }

    /// Takes a binary frame.
    #[wasm_bindgen(js_name = handleBinary)]
    pub fn handle_binary(&self, transport: u32, bytes: JsValue) {
        let transport = TransportId(transport);
        self.session.turn_at(|core, now| core.handle_binary(transport, bytes, now));
    }

    /// Takes the answer to a GET. Each of its packets has a turn of its own, because what comes of one
    /// may end the session before the next.
    #[wasm_bindgen(js_name = handlePolled)]
    pub fn handle_polled(&self, transport: u32, body: &JsString) {
        let (transport, now) = (TransportId(transport), now());
        let mut payload = Payload::default();
        while self.session.outlet().transports.is_open(transport) {
            let packet = self.session.turn(|core| {
                let text = core.next_packet(&mut payload, body);
                text.map(|text| core.handle_text(transport, text, now))
            });
            if packet.is_none() {
                break;
            }
        }
        self.session.turn(|core| core.handle_polled(transport));
    }

    /// Takes the news that a POST has been answered.
    #[wasm_bindgen(js_name = handlePosted)]
    pub fn handle_posted(&self, transport: u32) {
        self.session.turn(|core| core.handle_posted(TransportId(transport)));
    }

    /// Takes the news that a transport has ended, or a request failed.
    #[wasm_bindgen(js_name = handleClosed)]
    pub fn handle_closed(
        &self,
        transport: u32,
        kind: &str,
        status: u16,
        code: Option<u8>,
        detail: JsValue,
    ) {
        let (transport, failure) = (TransportId(transport), to_failure(kind, status, code));
        self.session.turn_at(|core, now| core.handle_closed(transport, failure, detail, now));
    }
}

fn to_config(options: &JsEngineOptions) -> EngineConfig {
    let names = options.transports();
    EngineConfig {
        transports: names.iter().filter_map(|name| TransportKind::from_name(name)).collect(),
        upgrade: options.upgrade(),
        try_all_transports: options.try_all_transports(),
        // An engine of this kind has one session: whoever makes the next one remembers.
        remember_upgrade: options.start_with_websocket(),
        start_with_websocket: options.start_with_websocket(),
        ..EngineConfig::default()
    }
}
