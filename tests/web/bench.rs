//! The bench of `bench.js`, with a manager on it.

use std::ops::Deref;

use js_sys::{Array, Function, Uint8Array};
use sockeye::web::JsClient;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/web/bench.js")]
extern "C" {
    /// WebSockets, timers, clock and log.
    #[derive(Clone)]
    pub type JsBench;

    #[wasm_bindgen(js_name = makeBench)]
    fn make_bench(kind: &str) -> JsBench;
    pub fn handshake(interval: u32, timeout: u32) -> String;

    #[wasm_bindgen(method)]
    fn options(this: &JsBench) -> JsValue;
    #[wasm_bindgen(method)]
    fn events(this: &JsBench) -> JsValue;
    #[wasm_bindgen(method, js_name = use)]
    fn use_manager(this: &JsBench, manager: &ManagerHandle);
    #[wasm_bindgen(method, js_name = takeLog)]
    pub fn take_log(this: &JsBench) -> Vec<String>;
    #[wasm_bindgen(method)]
    pub fn socket(this: &JsBench) -> Option<FakeSocket>;
    #[wasm_bindgen(method)]
    fn hook(this: &JsBench, name: &str, call: Function);
    #[wasm_bindgen(method, js_name = uninstallClock)]
    fn uninstall_clock(this: &JsBench);
    #[wasm_bindgen(method)]
    pub fn emit(this: &JsBench, socket: u32, body: &str, attachments: Option<Array>) -> bool;
    #[wasm_bindgen(method)]
    pub fn request(
        this: &JsBench,
        socket: u32,
        request: u32,
        body: &str,
        attachments: Option<Array>,
        timeout_ms: f64,
    ) -> bool;
    #[wasm_bindgen(method)]
    pub fn advance(this: &JsBench, millis: f64);
    #[wasm_bindgen(method)]
    pub fn timer(this: &JsBench) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn armed(this: &JsBench) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn deepest(this: &JsBench) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn names(this: &JsBench) -> js_sys::Map;

    /// A WebSocket of the bench.
    #[derive(Clone)]
    pub type FakeSocket;

    #[wasm_bindgen(method)]
    pub fn open(this: &FakeSocket);
    #[wasm_bindgen(method)]
    pub fn receive(this: &FakeSocket, data: &JsValue);
    #[wasm_bindgen(method)]
    pub fn fail(this: &FakeSocket);
    #[wasm_bindgen(method)]
    pub fn end(this: &FakeSocket);
    #[wasm_bindgen(method, getter)]
    pub fn closed(this: &FakeSocket) -> bool;
}

#[wasm_bindgen]
extern "C" {
    /// The manager from JavaScript's side, so that each call crosses the border as the facade's do.
    #[derive(Clone)]
    pub type ManagerHandle;

    #[wasm_bindgen(method)]
    pub fn socket(this: &ManagerHandle, namespace: &str, auth_on_demand: bool) -> u32;
    #[wasm_bindgen(method)]
    pub fn connect(this: &ManagerHandle, socket: u32);
    #[wasm_bindgen(method)]
    pub fn disconnect(this: &ManagerHandle, socket: u32);
    #[wasm_bindgen(method, js_name = reconnectNow)]
    pub fn reconnect_now(this: &ManagerHandle);
    #[wasm_bindgen(method)]
    pub fn authenticate(this: &ManagerHandle, socket: u32, transport: u32, payload: Option<String>);
    #[wasm_bindgen(method)]
    pub fn emit(
        this: &ManagerHandle,
        socket: u32,
        body: &str,
        attachments: Option<Array>,
        volatile: bool,
    ) -> Option<String>;
    #[wasm_bindgen(method)]
    pub fn request(
        this: &ManagerHandle,
        socket: u32,
        request: u32,
        body: &str,
        attachments: Option<Array>,
        timeout_ms: f64,
    ) -> Option<String>;
    #[wasm_bindgen(method)]
    pub fn acknowledge(
        this: &ManagerHandle,
        socket: u32,
        transport: u32,
        id: f64,
        body: &str,
        attachments: Option<Array>,
    );
    #[wasm_bindgen(method)]
    pub fn destroy(this: &ManagerHandle);
    #[wasm_bindgen(method, js_name = handleText)]
    pub fn handle_text(this: &ManagerHandle, transport: u32, text: &str);
    #[wasm_bindgen(method, js_name = handleDiagnosis)]
    pub fn handle_diagnosis(this: &ManagerHandle, code: &str);
}

/// A manager on a bench. The real clock is back when it is dropped.
pub struct Bench {
    bench: JsBench,
    pub manager: ManagerHandle,
}

impl Bench {
    /// A bench with ordinary WebSockets and the root namespace as socket 0.
    pub fn new() -> Self {
        Self::with("ordinary")
    }

    /// A bench with WebSockets of this kind (see `fakes` in `bench.js`).
    pub fn with(kind: &str) -> Self {
        let bench = make_bench(kind);
        let (options, events) = (bench.options(), bench.events());
        let manager = JsClient::new(options.unchecked_into(), events.unchecked_into());
        let manager: ManagerHandle = JsValue::from(manager).unchecked_into();
        bench.use_manager(&manager);
        assert_eq!(manager.socket("/", false), 0);
        Self { bench, manager }
    }

    /// A bench whose root namespace is connected; nothing of that is in the log.
    pub fn connected() -> Self {
        let bench = Self::new();
        bench.manager.connect(0);
        bench.accept();
        bench.take_log();
        bench
    }

    /// The server opens the session and accepts the root namespace.
    pub fn accept(&self) {
        self.current().open();
        self.receive(&handshake(25_000, 20_000));
        self.receive(r#"40{"sid":"x"}"#);
    }

    pub fn current(&self) -> FakeSocket {
        self.socket().expect("a WebSocket was opened")
    }

    pub fn receive(&self, frame: &str) {
        self.current().receive(&frame.into());
    }

    pub fn receive_binary(&self, bytes: &[u8]) {
        self.current().receive(&Uint8Array::from(bytes).buffer());
    }

    /// From now on somebody listens to this event, under this number.
    pub fn listen(&self, name: &str, number: u32) {
        self.names().set(&name.into(), &number.into());
    }

    /// Calls `call` inside the next callback of this name.
    pub fn inside(&self, callback: &str, call: impl FnOnce(&ManagerHandle) + 'static) {
        let manager = self.manager.clone();
        let call = Closure::once_into_js(move || call(&manager));
        self.hook(callback, call.unchecked_into());
    }
}

impl Deref for Bench {
    type Target = JsBench;

    fn deref(&self) -> &JsBench {
        &self.bench
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.uninstall_clock();
    }
}
