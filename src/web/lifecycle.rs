//! The exports for the life of the page. No logic.

use wasm_bindgen::prelude::*;

use crate::web::bindings::JsClient;
use crate::web::timer::to_duration;

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Says that the page is about to stand still.
    pub fn suspend(&self) {
        self.driver().turn_at(|core, now| core.suspend(now));
    }

    /// Says that the page goes on, or that there is a reason to doubt the connection. `asleep_ms` is what the
    /// clock has not counted.
    pub fn resume(&self, asleep_ms: f64) {
        self.driver().turn_at(|core, now| core.resume(to_duration(asleep_ms), now));
    }
}
