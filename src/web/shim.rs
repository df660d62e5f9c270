//! The imports: the shim beside this file, and what the application's side offers.

use js_sys::{Array, JsString, Map};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/web/shim.js")]
extern "C" {
    #[wasm_bindgen(js_name = peekEventName)]
    pub fn peek_event_name(text: &JsString, from: u32, names: &Map) -> i32;

    pub fn now() -> f64;

    pub fn recently() -> f64;

    #[wasm_bindgen(js_name = eventName)]
    pub fn event_name(arguments: &JsValue, names: &Map) -> i32;
}

#[wasm_bindgen(module = "/src/web/identity.js")]
extern "C" {
    pub fn identify(arguments: &JsValue, names: &Map) -> u32;

    pub fn fingerprint(text: &JsString, names: &Map, wants_high: bool) -> u32;

    #[wasm_bindgen(js_name = expectStamps)]
    pub fn expect_stamps(names: &Map, unheard: u32);

    /// The parts of the identity that was read last.
    pub fn parts() -> JsIdentity;

    pub type JsIdentity;

    #[wasm_bindgen(method, getter, js_name = streamHigh)]
    pub fn stream_high(this: &JsIdentity) -> u32;
    #[wasm_bindgen(method, getter, js_name = streamLow)]
    pub fn stream_low(this: &JsIdentity) -> u32;
    #[wasm_bindgen(method, getter, js_name = epochHigh)]
    pub fn epoch_high(this: &JsIdentity) -> u32;
    #[wasm_bindgen(method, getter, js_name = epochLow)]
    pub fn epoch_low(this: &JsIdentity) -> u32;
    #[wasm_bindgen(method, getter, js_name = idHigh)]
    pub fn id_high(this: &JsIdentity) -> u32;
    #[wasm_bindgen(method, getter, js_name = idLow)]
    pub fn id_low(this: &JsIdentity) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn seq(this: &JsIdentity) -> f64;
    #[wasm_bindgen(method, getter)]
    pub fn stream(this: &JsIdentity) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn epoch(this: &JsIdentity) -> String;
}

#[wasm_bindgen(module = "/src/web/mark.js")]
extern "C" {
    #[wasm_bindgen(js_name = takeMark)]
    pub fn take_mark(items: &JsValue, last: bool, skip: u32) -> JsValue;

    pub fn append(array: &JsString, item: &str) -> JsString;
}

#[wasm_bindgen(module = "/src/web/attachments.js")]
extern "C" {
    #[wasm_bindgen(js_name = fillPlaceholders)]
    pub fn fill_placeholders(value: &JsValue, attachments: &Array) -> bool;
}

#[wasm_bindgen(module = "/src/web/recovery.js")]
extern "C" {
    #[wasm_bindgen(js_name = peekOffset)]
    pub fn peek_offset(text: &JsString, from: u32) -> Option<JsString>;

    #[wasm_bindgen(js_name = takeOffset)]
    pub fn take_offset(arguments: &JsValue) -> Option<JsString>;

    #[wasm_bindgen(js_name = recoveryPayload)]
    pub fn recovery_payload(
        pid: &str,
        offset: Option<&JsString>,
        auth: Option<&JsString>,
    ) -> JsString;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;

    /// How the client is set up. The fields are described in the package's `core.ts`.
    pub type JsOptions;

    #[wasm_bindgen(method, getter)]
    pub fn names(this: &JsOptions) -> Map;
    #[wasm_bindgen(method, getter)]
    pub fn seed(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = connectTimeoutMs)]
    pub fn connect_timeout_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = minMs)]
    pub fn min_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = baseMs)]
    pub fn base_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = capMs)]
    pub fn cap_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = authTimeoutMs)]
    pub fn auth_timeout_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = slowAfterMs)]
    pub fn slow_after_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = slowCapMs)]
    pub fn slow_cap_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = addressOnDemand)]
    pub fn address_on_demand(this: &JsOptions) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = onServerDisconnect)]
    pub fn on_server_disconnect(this: &JsOptions) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = onRefused)]
    pub fn on_refused(this: &JsOptions) -> Option<String>;

    #[wasm_bindgen(method, getter)]
    pub fn transports(this: &JsOptions) -> Vec<String>;
    #[wasm_bindgen(method, getter)]
    pub fn upgrade(this: &JsOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = rememberUpgrade)]
    pub fn remember_upgrade(this: &JsOptions) -> bool;
    #[wasm_bindgen(method, getter, js_name = maxAttachments)]
    pub fn max_attachments(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = maxAttachmentBytes)]
    pub fn max_attachment_bytes(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = attachmentTimeoutMs)]
    pub fn attachment_timeout_ms(this: &JsOptions) -> f64;

    #[wasm_bindgen(method, getter, js_name = trustRecovery)]
    pub fn trust_recovery(this: &JsOptions) -> Option<bool>;
    #[wasm_bindgen(method, getter, js_name = dedupWindow)]
    pub fn dedup_window(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = dedupTtlMs)]
    pub fn dedup_ttl_ms(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = dedupStreams)]
    pub fn dedup_streams(this: &JsOptions) -> f64;
    #[wasm_bindgen(method, getter, js_name = countUnheard)]
    pub fn count_unheard(this: &JsOptions) -> Option<bool>;

    /// The application's side of the port. None of its methods throws.
    pub type JsEvents;

    #[wasm_bindgen(method)]
    pub fn delivered(
        this: &JsEvents,
        socket: u32,
        event: u32,
        arguments: JsValue,
        connection: u32,
        ack_id: f64,
    );
    #[wasm_bindgen(method)]
    pub fn answered(this: &JsEvents, request: u32, arguments: JsValue);
    #[wasm_bindgen(method)]
    pub fn settled(this: &JsEvents, request: u32, settlement: &str, arguments: JsValue);
    #[wasm_bindgen(method, js_name = authNeeded)]
    pub fn auth_needed(this: &JsEvents, socket: u32, ticket: u32, attempt: u32, reason: &str);
    #[wasm_bindgen(method, js_name = addressNeeded)]
    pub fn address_needed(this: &JsEvents, ticket: u32, attempt: u32);
    #[wasm_bindgen(method, js_name = verdictNeeded)]
    pub fn verdict_needed(this: &JsEvents, socket: u32, ticket: u32, cause: &str);
    #[wasm_bindgen(method)]
    pub fn accepted(this: &JsEvents, socket: u32, id: &str, recovered: bool);
    #[wasm_bindgen(method)]
    pub fn refused(this: &JsEvents, socket: u32, data: JsValue);
    #[wasm_bindgen(method)]
    pub fn dropped(this: &JsEvents, socket: u32, code: &str, detail: &str);
    #[wasm_bindgen(method)]
    pub fn failed(this: &JsEvents, socket: i32, code: &str, detail: &str);
    #[wasm_bindgen(method)]
    pub fn status(
        this: &JsEvents,
        socket: u32,
        state: &str,
        attempt: u32,
        retry_in_ms: f64,
        cause: &str,
        detail: &str,
        slow: bool,
    );
    #[wasm_bindgen(method)]
    pub fn diagnose(this: &JsEvents);

    #[wasm_bindgen(method)]
    pub fn store(
        this: &JsEvents,
        socket: u32,
        ticket: u32,
        command: &str,
        body: Option<JsString>,
        attachments: Array,
        answers: Array,
    );
    #[wasm_bindgen(method)]
    pub fn action(
        this: &JsEvents,
        socket: u32,
        key: &str,
        state: &str,
        attempts: u32,
        code: &str,
        detail: &str,
        answer: JsValue,
    );
    #[wasm_bindgen(method, js_name = cancelRefused)]
    pub fn cancel_refused(this: &JsEvents, socket: u32, key: &str);
    #[wasm_bindgen(method)]
    pub fn forgotten(this: &JsEvents, socket: u32, key: &str);
    #[wasm_bindgen(method, js_name = flushAsked)]
    pub fn flush_asked(this: &JsEvents, socket: u32, ticket: u32, keys: Array);
    #[wasm_bindgen(method, js_name = prologueNeeded)]
    pub fn prologue_needed(this: &JsEvents, socket: u32, ticket: u32);
    #[wasm_bindgen(method, js_name = gapHookNeeded)]
    pub fn gap_hook_needed(this: &JsEvents, socket: u32, ticket: u32);
    #[wasm_bindgen(method, js_name = hookLate)]
    pub fn hook_late(this: &JsEvents, socket: u32, is_prologue: bool);
    #[wasm_bindgen(method)]
    pub fn continuity(this: &JsEvents, socket: u32, continuity: &str);
    #[wasm_bindgen(method)]
    pub fn confirming(this: &JsEvents, socket: u32, event: u32, arguments: JsValue);
    #[wasm_bindgen(method)]
    pub fn topic(
        this: &JsEvents,
        socket: u32,
        topic: &str,
        state: &str,
        code: &str,
        answer: JsValue,
    );
}
