//! The exports for the outbox and its store. No logic.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::client::outbox::{Clear, Drain, FlushTicket};
use crate::client::port::{read_action, read_answer, read_changes};
use crate::client::store::{ActionKey, Payload, StoreTicket};
use crate::manager::SocketId;
use crate::web::bindings::{JsClient, to_attachments, to_code};

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Opens the store of a socket.
    #[wasm_bindgen(js_name = openOutbox)]
    pub fn open_outbox(&self, socket: u32) {
        self.driver().turn_at(|core, now| core.open_outbox(SocketId(socket), now));
    }

    /// Says how much the outbox may hold, and how it sends; a rate of zero is none.
    #[wasm_bindgen(js_name = configureOutbox)]
    #[allow(clippy::too_many_arguments)]
    pub fn configure_outbox(
        &self,
        socket: u32,
        max_items: u32,
        max_bytes: f64,
        in_flight: u32,
        per_lane: u32,
        per_second: u32,
        ask_before_flush: bool,
    ) {
        let per_second = (per_second > 0).then_some(per_second);
        let drain = Drain { in_flight, per_lane, per_second, ask_before_flush };
        let (socket, items, bytes) = (SocketId(socket), max_items as usize, max_bytes as u64);
        self.driver().turn_at(|core, now| core.configure_outbox(socket, items, bytes, drain, now));
    }

    /// Takes an action. Returns the code of an error, or nothing.
    pub fn enqueue(
        &self,
        socket: u32,
        action: JsValue,
        body: JsString,
        attachments: Option<Array>,
    ) -> Option<String> {
        let payload = Payload { body, attachments: to_attachments(attachments) };
        let result = self.driver().turn_at(|core, now| {
            let action = read_action(core.host(), &action)?;
            Some(core.enqueue(SocketId(socket), action, payload, now))
        });
        match result {
            Some(result) => result.err().map(|error| error.code().to_owned()),
            None => Some("invalid_option".to_owned()),
        }
    }

    /// Cancels an action that was never sent.
    #[wasm_bindgen(js_name = cancelAction)]
    pub fn cancel_action(&self, socket: u32, key: &str) {
        let key = ActionKey::new(key);
        self.driver().turn_at(|core, now| core.cancel_action(SocketId(socket), &key, now));
    }

    /// Queues an action again that is put aside. Returns whether it is.
    #[wasm_bindgen(js_name = retryAction)]
    pub fn retry_action(&self, socket: u32, key: &str) -> bool {
        let key = ActionKey::new(key);
        self.driver().turn_at(|core, now| core.retry_action(SocketId(socket), &key, now))
    }

    /// Throws away an action that is put aside.
    #[wasm_bindgen(js_name = forgetAction)]
    pub fn forget_action(&self, socket: u32, key: &str) {
        let key = ActionKey::new(key);
        self.driver().turn_at(|core, now| core.forget_action(SocketId(socket), &key, now));
    }

    /// Takes the news that the server has rejected an action.
    #[wasm_bindgen(js_name = nackAction)]
    pub fn nack_action(&self, socket: u32, key: &str, arguments: JsValue) {
        let (socket, key) = (SocketId(socket), ActionKey::new(key));
        self.driver().turn_at(|core, now| core.nack_action(socket, &key, Some(arguments), now));
    }

    /// Sends no action until `resumeOutbox`.
    #[wasm_bindgen(js_name = pauseOutbox)]
    pub fn pause_outbox(&self, socket: u32) {
        self.driver().turn_at(|core, now| core.pause_outbox(SocketId(socket), now));
    }

    /// Sends actions again.
    #[wasm_bindgen(js_name = resumeOutbox)]
    pub fn resume_outbox(&self, socket: u32) {
        self.driver().turn_at(|core, now| core.resume_outbox(SocketId(socket), now));
    }

    /// Throws actions away: `parked`, `all`, or else those that were never sent.
    #[wasm_bindgen(js_name = clearOutbox)]
    pub fn clear_outbox(&self, socket: u32, what: &str) {
        let what = match what {
            "parked" => Clear::Parked,
            "all" => Clear::All,
            _ => Clear::Unsent,
        };
        self.driver().turn_at(|core, now| core.clear_outbox(SocketId(socket), what, now));
    }

    /// Takes the plan for what waited.
    #[wasm_bindgen(js_name = flushPlan)]
    pub fn flush_plan(&self, socket: u32, ticket: u32, keep: Vec<String>, drop: Vec<String>) {
        let to_keys = |keys: Vec<String>| -> Vec<ActionKey> {
            keys.iter().map(|key| ActionKey::new(key)).collect()
        };
        let (socket, ticket) = (SocketId(socket), FlushTicket(ticket));
        let (keep, drop) = (to_keys(keep), to_keys(drop));
        self.driver()
            .turn_at(|core, now| core.handle_flush_plan(socket, ticket, &keep, &drop, now));
    }

    /// Takes an answer of the store; a payload that was loaded comes beside it.
    #[wasm_bindgen(js_name = storeAnswered)]
    pub fn store_answered(
        &self,
        socket: u32,
        ticket: u32,
        answer: JsValue,
        body: Option<JsString>,
        attachments: Option<Array>,
    ) {
        let payload = body.map(|body| Payload { body, attachments: to_attachments(attachments) });
        self.driver().turn_at(|core, now| {
            let answer = read_answer(core.host(), &answer, payload);
            core.handle_store(SocketId(socket), StoreTicket(ticket), answer, now);
        });
    }

    /// Takes what other clients did to the store.
    #[wasm_bindgen(js_name = storeChanged)]
    pub fn store_changed(&self, socket: u32, changes: JsValue) {
        self.driver().turn_at(|core, now| {
            let changes = read_changes(core.host(), &changes);
            core.handle_changes(SocketId(socket), changes, now);
        });
    }

    /// Reads the store again, of which others may have said something that was not heard.
    #[wasm_bindgen(js_name = refreshOutbox)]
    pub fn refresh_outbox(&self, socket: u32) {
        self.driver().turn_at(|core, now| core.refresh_outbox(SocketId(socket), now));
    }

    /// Returns how many signs of life of the server were heard, and asks for the next.
    #[wasm_bindgen(js_name = signsOfLife)]
    #[must_use]
    pub fn signs_of_life(&self, socket: u32) -> u32 {
        self.driver().turn_at(|core, now| core.signs_of_life(SocketId(socket), now))
    }

    /// Returns whether there is something to be sent that could be sent.
    #[wasm_bindgen(js_name = couldDrain)]
    #[must_use]
    pub fn could_drain(&self, socket: u32) -> bool {
        self.driver().turn(|core| core.could_drain(SocketId(socket)))
    }

    /// Sends the newest event of a key. Returns the code of an error, or nothing.
    #[wasm_bindgen(js_name = emitLatest)]
    pub fn emit_latest(
        &self,
        socket: u32,
        key: &str,
        body: JsString,
        attachments: Option<Array>,
    ) -> Option<String> {
        let payload = Payload { body, attachments: to_attachments(attachments) };
        let socket = SocketId(socket);
        to_code(self.driver().turn_at(|core, now| core.emit_latest(socket, key, payload, now)))
    }
}
