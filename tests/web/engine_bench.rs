//! The bench of `engine_bench.js`, with an engine on it.

use std::ops::Deref;

use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, DataView, Function, Promise};
use sockeye::web::JsEngine;
use wasm_bindgen::prelude::*;

use crate::bench::FakeSocket;

#[wasm_bindgen(module = "/tests/web/engine_bench.js")]
extern "C" {
    /// Requests, WebSockets, timers, clock and log.
    #[derive(Clone)]
    pub type JsEngineBench;

    #[wasm_bindgen(js_name = makeEngineBench)]
    fn make_engine_bench(kind: &str, options: &str) -> JsEngineBench;
    #[wasm_bindgen(js_name = withoutBuiltInBase64)]
    pub fn without_built_in_base64(call: &mut dyn FnMut());
    #[wasm_bindgen(js_name = countUp)]
    pub fn count_up(length: u32) -> ArrayBuffer;
    #[wasm_bindgen(js_name = viewOf)]
    pub fn view_of(buffer: &ArrayBuffer, offset: u32, length: u32) -> DataView;
    #[wasm_bindgen(js_name = blobOf)]
    pub fn blob_of(buffer: &ArrayBuffer) -> JsValue;
    #[wasm_bindgen(js_name = detachedBytes)]
    pub fn detached_bytes() -> Vec<JsValue>;

    #[wasm_bindgen(method)]
    fn options(this: &JsEngineBench) -> JsValue;
    #[wasm_bindgen(method)]
    fn events(this: &JsEngineBench) -> JsValue;
    #[wasm_bindgen(method, js_name = use)]
    fn use_engine(this: &JsEngineBench, engine: &EngineHandle);
    #[wasm_bindgen(method)]
    fn settle(this: &JsEngineBench) -> Promise;
    #[wasm_bindgen(method, js_name = takeLog)]
    pub fn take_log(this: &JsEngineBench) -> Vec<String>;
    #[wasm_bindgen(method)]
    pub fn socket(this: &JsEngineBench) -> Option<FakeSocket>;
    #[wasm_bindgen(method)]
    pub fn request(this: &JsEngineBench, number: i32) -> FakeRequest;
    #[wasm_bindgen(method)]
    fn hook(this: &JsEngineBench, name: &str, call: Function);
    #[wasm_bindgen(method, js_name = uninstallClock)]
    fn uninstall_clock(this: &JsEngineBench);
    #[wasm_bindgen(method)]
    pub fn advance(this: &JsEngineBench, millis: f64);
    #[wasm_bindgen(method)]
    pub fn timer(this: &JsEngineBench) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn deepest(this: &JsEngineBench) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn reports(this: &JsEngineBench) -> u32;

    /// An HTTP request of the bench.
    pub type FakeRequest;

    #[wasm_bindgen(method)]
    fn answer(this: &FakeRequest, status: u16, text: &str);
    #[wasm_bindgen(method, js_name = answer)]
    pub fn answer_no_text(this: &FakeRequest, status: u16, text: &JsValue);
    #[wasm_bindgen(method)]
    fn fail(this: &FakeRequest);
    #[wasm_bindgen(method, getter)]
    pub fn url(this: &FakeRequest) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn credentials(this: &FakeRequest) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn keepalive(this: &FakeRequest) -> bool;
    #[wasm_bindgen(method, getter)]
    pub fn headers(this: &FakeRequest) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    /// The engine from JavaScript's side, so that each call crosses the border as the package's do.
    #[derive(Clone)]
    pub type EngineHandle;

    #[wasm_bindgen(method)]
    pub fn open(this: &EngineHandle);
    #[wasm_bindgen(method, js_name = sendText)]
    pub fn send_text(this: &EngineHandle, text: &str);
    #[wasm_bindgen(method, js_name = sendBinary)]
    pub fn send_binary(this: &EngineHandle, bytes: &JsValue);
    #[wasm_bindgen(method)]
    pub fn close(this: &EngineHandle);
    #[wasm_bindgen(method)]
    pub fn destroy(this: &EngineHandle);
    #[wasm_bindgen(method)]
    pub fn free(this: &EngineHandle);
}

/// What a server that offers a WebSocket says first.
pub const OPEN: &str = r#"0{"sid":"s","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":100}"#;
/// What a server says that offers none.
pub const OPEN_POLLING: &str =
    r#"0{"sid":"s","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":100}"#;

/// An engine on a bench. The real clock is back when it is dropped.
pub struct EngineBench {
    bench: JsEngineBench,
    pub engine: EngineHandle,
}

impl EngineBench {
    /// A bench with ordinary WebSockets, and these options instead of the usual ones.
    pub fn new(options: &str) -> Self {
        let bench = make_engine_bench("ordinary", options);
        let (options, events) = (bench.options(), bench.events());
        let engine = JsEngine::new(options.unchecked_into(), events.unchecked_into());
        let engine: EngineHandle = JsValue::from(engine).unchecked_into();
        bench.use_engine(&engine);
        Self { bench, engine }
    }

    /// A bench whose session is open on polling, and a GET under way; nothing of that is in the log.
    pub async fn polling() -> Self {
        Self::opened(r#"{"transports":["polling"]}"#, OPEN_POLLING).await
    }

    /// A bench whose session has been opened over polling.
    pub async fn opened(options: &str, handshake: &str) -> Self {
        let bench = Self::new(options);
        bench.engine.open();
        bench.answer(-1, handshake).await;
        bench.take_log();
        bench
    }

    /// Answers a request, and waits for what comes of it.
    pub async fn answer(&self, number: i32, text: &str) {
        self.answer_with(number, 200, text).await;
    }

    pub async fn answer_with(&self, number: i32, status: u16, text: &str) {
        self.request(number).answer(status, text);
        self.settled().await;
    }

    /// No answer comes to a request.
    pub async fn fail(&self, number: i32) {
        self.request(number).fail();
        self.settled().await;
    }

    /// Waits for every promise that can be resolved.
    pub async fn settled(&self) {
        JsFuture::from(self.settle()).await.expect("it settles");
    }

    pub fn current(&self) -> FakeSocket {
        self.socket().expect("a WebSocket was opened")
    }

    /// Calls `call` inside the next callback of this name.
    pub fn inside(&self, callback: &str, call: impl FnOnce(&EngineHandle) + 'static) {
        let engine = self.engine.clone();
        let call = Closure::once_into_js(move || call(&engine));
        self.hook(callback, call.unchecked_into());
    }
}

impl Deref for EngineBench {
    type Target = JsEngineBench;

    fn deref(&self) -> &JsEngineBench {
        &self.bench
    }
}

impl Drop for EngineBench {
    fn drop(&mut self) {
        self.uninstall_clock();
    }
}
