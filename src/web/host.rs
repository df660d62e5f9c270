//! The host in JavaScript: frames, values and buffers stay JavaScript objects.

use js_sys::{Array, JsString, Map, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::host::{End, EventId, EventIdentity, EventName, Fingerprint, Host, Order, ValueKind};
use crate::web::{base64, shim};

/// The names that somebody listens to, each with its number, kept by the application's side.
#[derive(Clone, Debug)]
pub struct JsHost {
    pub names: Map,
}

impl Host for JsHost {
    type Text = JsString;
    type Value = JsValue;
    type Bytes = JsValue;

    fn text(&self, text: &str) -> JsString {
        JsString::from(text)
    }

    fn length(&self, text: &JsString) -> usize {
        text.length() as usize
    }

    fn unit(&self, text: &JsString, index: usize) -> Option<u16> {
        let unit = text.char_code_at(index as u32);
        (!unit.is_nan()).then_some(unit as u16)
    }

    fn slice(&self, text: &JsString, start: usize, end: usize) -> Option<String> {
        text.slice(start as u32, end as u32).as_string()
    }

    fn parse(&self, text: &JsString, from: usize) -> Option<JsValue> {
        shim::parse_json(&text.slice(from as u32, text.length())).ok()
    }

    fn peek_event_name(&self, text: &JsString, from: usize) -> Option<EventName> {
        to_event_name(shim::peek_event_name(text, from as u32, &self.names))
    }

    fn event_name(&self, arguments: &JsValue) -> Option<EventName> {
        to_event_name(shim::event_name(arguments, &self.names))
    }

    fn kind(&self, value: &JsValue) -> ValueKind {
        if Array::is_array(value) {
            ValueKind::Array
        } else if value.is_object() {
            ValueKind::Object
        } else if value.is_string() {
            ValueKind::String
        } else {
            ValueKind::Other
        }
    }

    fn fill(&self, value: JsValue, attachments: Vec<JsValue>) -> Option<JsValue> {
        let attachments: Array = attachments.into_iter().collect();
        shim::fill_placeholders(&value, &attachments).then_some(value)
    }

    fn peek_offset(&self, text: &JsString, from: usize) -> Option<JsString> {
        shim::peek_offset(text, from as u32)
    }

    fn take_offset(&self, arguments: &mut JsValue) -> Option<JsString> {
        shim::take_offset(arguments)
    }

    fn recovery_payload(
        &self,
        pid: &str,
        offset: Option<&JsString>,
        auth: Option<&JsString>,
    ) -> JsString {
        shim::recovery_payload(pid, offset, auth)
    }

    fn take_mark(&self, items: &mut JsValue, end: End, skip: usize) -> Option<JsValue> {
        let mark = shim::take_mark(items, end == End::Last, skip as u32);
        (!mark.is_undefined()).then_some(mark)
    }

    fn append(&self, array: &JsString, item: &str) -> JsString {
        shim::append(array, item)
    }

    fn field(&self, object: &JsValue, name: &str) -> Option<JsValue> {
        field(object, name).filter(|value| !value.is_undefined())
    }

    fn items(&self, array: &JsValue, limit: usize) -> Vec<JsValue> {
        let items = array.dyn_ref::<Array>().map(|items| items.slice(0, limit as u32));
        items.map(|items| items.to_vec()).unwrap_or_default()
    }

    fn string(&self, value: &JsValue) -> Option<String> {
        value.as_string()
    }

    fn number(&self, value: &JsValue) -> Option<f64> {
        value.as_f64()
    }

    fn identify(&self, arguments: &mut JsValue) -> EventIdentity {
        let has = shim::identify(arguments, &self.names);
        if has == 0 {
            return EventIdentity::default();
        }
        let parts = shim::parts();
        to_identity(
            has,
            join(parts.stream_high(), parts.stream_low()),
            join(parts.epoch_high(), parts.epoch_low()),
            join(parts.id_high(), parts.id_low()),
            parts.seq(),
        )
    }

    fn identified_names(&self) -> Option<(String, String)> {
        let parts = shim::parts();
        Some((parts.stream(), parts.epoch()))
    }

    fn fingerprint(&self, string: &JsValue) -> Option<u64> {
        let text = string.dyn_ref()?;
        let half = |wants_high| shim::fingerprint(text, &self.names, wants_high);
        Some(join(half(true), half(false)))
    }

    fn expect_stamps(&self, unheard: EventId) {
        shim::expect_stamps(&self.names, unheard.0);
    }

    fn is_true(&self, value: &JsValue) -> bool {
        value.as_bool() == Some(true)
    }

    fn listen(&self, name: &str, event: EventId) {
        self.names.set(&JsValue::from_str(name), &JsValue::from(event.0));
    }

    fn string_field(&self, object: &JsValue, name: &str) -> Option<String> {
        field(object, name)?.as_string()
    }

    fn number_field(&self, object: &JsValue, name: &str) -> Option<f64> {
        field(object, name)?.as_f64()
    }

    fn string_items(&self, object: &JsValue, name: &str, limit: usize) -> Vec<String> {
        let items = field(object, name).and_then(|items| items.dyn_into::<Array>().ok());
        let items = items.unwrap_or_default();
        let first = 0..items.length().min(limit as u32);
        first.filter_map(|index| items.get(index).as_string()).collect()
    }

    fn find(&self, text: &JsString, unit: u8, from: usize) -> Option<usize> {
        let unit = char::from(unit);
        let position = text.index_of(unit.encode_utf8(&mut [0; 4]), from as i32);
        usize::try_from(position).ok()
    }

    fn part(&self, text: &JsString, start: usize, end: usize) -> JsString {
        text.slice(start as u32, end as u32)
    }

    fn byte_length(&self, text: &JsString) -> usize {
        base64::byte_length(text) as usize
    }

    fn bytes_length(&self, bytes: &JsValue) -> usize {
        base64::bytes_length(bytes) as usize
    }

    fn decode_base64(&self, text: &JsString, from: usize) -> Option<JsValue> {
        base64::decode_base64(text, from as u32).ok()
    }
}

/// The parts of an identity as the shim gives them: bit 0 of `has` says that there is an id, bit 1 that
/// there is a number. Without either it is the identity of none.
pub fn to_identity(has: u32, stream: u64, epoch: u64, id: u64, seq: f64) -> EventIdentity {
    EventIdentity {
        stream,
        id: (has & 1 != 0).then_some(Fingerprint(id)),
        order: (has & 2 != 0).then_some(Order { epoch, seq: seq as u64 }),
    }
}

/// Joins the halves of a fingerprint.
pub fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object.dyn_ref()?, &JsValue::from_str(name)).ok()
}

/// The shim's numbers: an event's number, −1 if nobody listens, −3 if the name is reserved, anything
/// else if it cannot tell.
fn to_event_name(number: i32) -> Option<EventName> {
    match (u32::try_from(number), number) {
        (Ok(id), _) => Some(EventName::Heard(EventId(id))),
        (Err(_), -1) => Some(EventName::Unheard),
        (Err(_), -3) => Some(EventName::Reserved),
        (Err(_), _) => None,
    }
}
