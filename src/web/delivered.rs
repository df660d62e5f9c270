//! The exports for events that come again. No logic.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::client::continuity::Position;
use crate::manager::SocketId;
use crate::web::bindings::JsClient;

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Says, while an event is being delivered, that a listener failed to handle it.
    #[wasm_bindgen(js_name = handleFailure)]
    pub fn handle_failure(&self) {
        if let Some((socket, identity)) = self.driver().outlet().delivering.take() {
            self.driver().turn(|core| core.handle_failure(socket, &identity));
        }
    }

    /// Returns how many events had an id, how many were dropped, how many ids and streams forgotten.
    #[wasm_bindgen(js_name = dedupStatistics)]
    #[must_use]
    pub fn dedup_statistics(&self, socket: u32) -> Array {
        let statistics = self.driver().turn(|core| core.dedup_statistics(SocketId(socket)));
        let counts = [
            statistics.identified,
            statistics.duplicates,
            statistics.evicted,
            statistics.evicted_streams,
        ];
        counts.into_iter().map(|count| JsValue::from(count as f64)).collect()
    }

    /// Returns how far the numbered streams were delivered.
    #[must_use]
    pub fn positions(&self, socket: u32) -> Array {
        let positions = self.driver().turn(|core| core.positions(SocketId(socket)));
        positions.into_iter().map(to_row).collect()
    }

    /// Takes what [`positions`](Self::positions) returned before a reload.
    #[wasm_bindgen(js_name = restorePositions)]
    pub fn restore_positions(&self, socket: u32, positions: JsValue) {
        self.driver().turn(|core| core.restore_positions(SocketId(socket), &positions));
    }

    /// Says that there was a connection before, of which nothing is known.
    #[wasm_bindgen(js_name = expectGap)]
    pub fn expect_gap(&self, socket: u32) {
        self.driver().turn(|core| core.expect_gap(SocketId(socket)));
    }
}

fn to_row(Position { stream, epoch, seq }: Position) -> Array {
    let (stream, epoch) = (JsValue::from_str(&stream.text), JsValue::from_str(&epoch.text));
    Array::of3(&stream, &epoch, &JsValue::from(seq as f64))
}
