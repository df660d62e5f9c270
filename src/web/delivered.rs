//! The exports for events that come again. No logic.

use std::collections::VecDeque;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::client::continuity::Position;
use crate::host::EventIdentity;
use crate::manager::SocketId;
use crate::web::bindings::JsClient;

/// An event that was delivered, as what it is known by.
pub type Delivery = (SocketId, EventIdentity);

/// Deliveries of which somebody on another thread has yet to say whether its listeners failed.
#[derive(Default)]
pub struct KeptDeliveries {
    /// By their numbers, the oldest first: mostly it is released first, but may be kept for long.
    deliveries: VecDeque<(f64, Delivery)>,
    last: f64,
}

impl KeptDeliveries {
    fn keep(&mut self, delivery: Delivery) -> f64 {
        let (_, identity) = &delivery;
        if identity.id.is_none() && identity.order.is_none() {
            return 0.0;
        }
        self.last += 1.0;
        self.deliveries.push_back((self.last, delivery));
        self.last
    }

    fn get(&self, number: f64) -> Option<Delivery> {
        self.deliveries.get(self.index(number)?).map(|(_, delivery)| *delivery)
    }

    fn release(&mut self, number: f64) {
        if let Some(index) = self.index(number) {
            self.deliveries.remove(index);
        }
    }

    fn index(&self, number: f64) -> Option<usize> {
        self.deliveries.binary_search_by(|(kept, _)| kept.total_cmp(&number)).ok()
    }
}

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Says, while an event is being delivered, that a listener failed to handle it.
    #[wasm_bindgen(js_name = handleFailure)]
    pub fn handle_failure(&self) {
        if let Some((socket, identity)) = self.driver().outlet().delivering.take() {
            self.driver().turn(|core| core.handle_failure(socket, &identity));
        }
    }

    /// While an event is being delivered: has somebody say later that its listeners failed. Returns the number by
    /// which, or 0 if that would change nothing.
    #[wasm_bindgen(js_name = keepDelivery)]
    #[must_use]
    pub fn keep_delivery(&self) -> f64 {
        let outlet = self.driver().outlet();
        outlet.delivering.take().map_or(0.0, |delivery| outlet.kept.borrow_mut().keep(delivery))
    }

    /// Says that the listeners of a kept delivery failed to handle it.
    #[wasm_bindgen(js_name = failDelivery)]
    pub fn fail_delivery(&self, number: f64) {
        let found = self.driver().outlet().kept.borrow().get(number);
        if let Some((socket, identity)) = found {
            self.driver().turn(|core| core.handle_failure(socket, &identity));
        }
    }

    /// Keeps this delivery no longer.
    #[wasm_bindgen(js_name = releaseDelivery)]
    pub fn release_delivery(&self, number: f64) {
        self.driver().outlet().kept.borrow_mut().release(number);
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
