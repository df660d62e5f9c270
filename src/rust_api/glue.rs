//! The imports: what is shorter in JavaScript than in Rust.

use js_sys::{Array, Function, JsString, Promise};
use wasm_bindgen::prelude::*;

use crate::web::shim::JsOptions;

#[wasm_bindgen(module = "/src/rust_api/glue.js")]
extern "C" {
    /// Completes the options. Throws if the address is none.
    #[wasm_bindgen(js_name = makeOptions, catch)]
    pub fn make_options(url: &str, given: &JsValue) -> Result<JsOptions, JsValue>;

    #[wasm_bindgen(js_name = namespaceOf)]
    pub fn namespace_of(options: &JsOptions) -> String;

    #[wasm_bindgen(catch)]
    pub fn encode(event: &str, arguments: &Array, attachments: &Array)
    -> Result<JsString, JsValue>;

    #[wasm_bindgen(js_name = encodeValue, catch)]
    pub fn encode_value(value: &JsValue, attachments: &Array) -> Result<JsString, JsValue>;

    #[wasm_bindgen(js_name = isTooDeep)]
    pub fn is_too_deep(value: &JsValue) -> bool;

    #[wasm_bindgen(js_name = messageOf)]
    pub fn message_of(thrown: &JsValue) -> String;

    #[wasm_bindgen(js_name = isExpired)]
    pub fn is_expired(refusal: &JsValue) -> bool;

    #[wasm_bindgen(js_name = randomId)]
    pub fn random_id() -> String;
}

#[wasm_bindgen(module = "/src/rust_api/page.js")]
extern "C" {
    /// Tells `owner` of the life of the page until the function that it returns is called.
    #[wasm_bindgen(js_name = watchPage)]
    pub fn watch_page(owner: &JsValue) -> Function;
}

#[wasm_bindgen(module = "/src/rust_api/diagnose.js")]
extern "C" {
    /// Resolves with the code of why no WebSocket opened.
    pub fn diagnose(options: &JsValue) -> Promise;
}
