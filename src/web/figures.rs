//! The exports for figures. No logic.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::manager::SocketId;
use crate::web::bindings::JsClient;
use crate::web::timer::to_millis;

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Returns how many actions have not ended, and how many milliseconds old the oldest is; negative
    /// without one.
    #[wasm_bindgen(js_name = outboxSize)]
    #[must_use]
    pub fn outbox_size(&self, socket: u32) -> Array {
        let (depth, oldest) =
            self.driver().turn_at(|core, now| core.outbox_size(SocketId(socket), now));
        let oldest = oldest.map_or(-1.0, to_millis);
        Array::of2(&JsValue::from(depth as u32), &JsValue::from(oldest))
    }

    /// Returns how long the last sign of life took that was asked for.
    #[wasm_bindgen(js_name = probeRoundTripMs)]
    #[must_use]
    pub fn probe_round_trip(&self) -> Option<f64> {
        self.driver().turn(|core| core.probe_round_trip()).map(to_millis)
    }
}
