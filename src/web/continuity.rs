//! The exports for hooks and topics. No logic.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::client::TopicBodies;
use crate::client::readiness::{Hook, HookTicket, Hooks};
use crate::client::store::Payload;
use crate::host::EventId;
use crate::manager::SocketId;
use crate::socketio::RequestId;
use crate::web::bindings::{JsClient, to_attachments, to_code};
use crate::web::timer::to_duration;

#[wasm_bindgen(js_class = Client)]
impl JsClient {
    /// Says which hooks are waited for.
    #[wasm_bindgen(js_name = setHooks)]
    pub fn set_hooks(&self, socket: u32, prologue: bool, gap: bool) {
        let hooks = Hooks { prologue, gap };
        self.driver().turn_at(|core, now| core.set_hooks(SocketId(socket), hooks, now));
    }

    /// Takes the news that the prologue has ended.
    #[wasm_bindgen(js_name = prologueDone)]
    pub fn prologue_done(&self, socket: u32, ticket: u32) {
        self.hook_done(socket, Hook::Prologue, ticket);
    }

    /// Takes the news that the hook of a gap has ended.
    #[wasm_bindgen(js_name = gapDone)]
    pub fn gap_done(&self, socket: u32, ticket: u32) {
        self.hook_done(socket, Hook::Gap, ticket);
    }

    /// Sends an event before all that waits. Returns the code of an error, or nothing.
    #[wasm_bindgen(js_name = emitFirst)]
    pub fn emit_first(
        &self,
        socket: u32,
        ticket: u32,
        body: JsString,
        attachments: Option<Array>,
    ) -> Option<String> {
        let payload = Payload { body, attachments: to_attachments(attachments) };
        let (socket, ticket) = (SocketId(socket), HookTicket(ticket));
        to_code(self.driver().turn_at(|core, now| core.emit_first(socket, ticket, payload, now)))
    }

    /// Sends a request before all that waits. Returns the code of an error, or nothing.
    #[wasm_bindgen(js_name = requestFirst)]
    pub fn request_first(
        &self,
        socket: u32,
        ticket: u32,
        request: u32,
        body: JsString,
        attachments: Option<Array>,
        timeout_ms: f64,
    ) -> Option<String> {
        let payload = Payload { body, attachments: to_attachments(attachments) };
        let (socket, ticket) = (SocketId(socket), HookTicket(ticket));
        let (request, timeout) = (RequestId(request), Some(to_duration(timeout_ms)));
        to_code(self.driver().turn_at(|core, now| {
            core.request_first(socket, ticket, request, payload, timeout, now)
        }))
    }

    /// Counts one more that wants a topic; a negative number is no confirming event.
    #[wasm_bindgen(js_name = retainTopic)]
    pub fn retain_topic(
        &self,
        socket: u32,
        topic: &str,
        join: JsString,
        leave: Option<JsString>,
        confirm: i32,
    ) {
        let confirm = u32::try_from(confirm).ok().map(EventId);
        let bodies = TopicBodies { join, leave };
        let socket = SocketId(socket);
        self.driver().turn_at(|core, now| core.retain_topic(socket, topic, bodies, confirm, now));
    }

    /// Counts one less that wants a topic.
    #[wasm_bindgen(js_name = releaseTopic)]
    pub fn release_topic(&self, socket: u32, topic: &str) {
        self.driver().turn_at(|core, now| core.release_topic(SocketId(socket), topic, now));
    }

    /// Takes the news that an event has confirmed a topic.
    #[wasm_bindgen(js_name = topicConfirmed)]
    pub fn topic_confirmed(&self, socket: u32, topic: &str) {
        self.driver().turn_at(|core, now| core.topic_confirmed(SocketId(socket), topic, now));
    }
}

impl JsClient {
    fn hook_done(&self, socket: u32, hook: Hook, ticket: u32) {
        let (socket, ticket) = (SocketId(socket), HookTicket(ticket));
        self.driver().turn_at(|core, now| core.hook_done(socket, hook, ticket, now));
    }
}
