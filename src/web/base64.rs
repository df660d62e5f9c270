//! The imports of what is counted and decoded in JavaScript.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/base64.js")]
extern "C" {
    #[wasm_bindgen(js_name = decodeBase64, catch)]
    pub fn decode_base64(text: &JsString, from: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = byteLength)]
    pub fn byte_length(text: &JsString) -> f64;

    #[wasm_bindgen(js_name = bytesLength)]
    pub fn bytes_length(bytes: &JsValue) -> f64;
}
