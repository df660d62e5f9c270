//! The host outside JavaScript: `String`, `serde_json::Value`, `Vec<u8>`.
//!
//! It serves tests, simulations and Rust programs. JSON cannot hold bytes: in a received value an
//! attachment is the array of its bytes.

mod fingerprint;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::host::{
    End, EventId, EventIdentity, EventName, Fingerprint, Host, MARK, Order, OutgoingFrame,
    RESERVED_EVENTS, ValueKind,
};
use fingerprint::fingerprint;

/// A host whose positions are bytes, with a table of the names that somebody listens to.
#[derive(Clone, Debug, Default)]
pub struct NativeHost {
    names: Rc<RefCell<BTreeMap<String, EventId>>>,
    any: Rc<Cell<Option<EventId>>>,
    next: Rc<Cell<u32>>,
    unheard: Rc<Cell<Option<EventId>>>,
    /// The field of the first argument that holds an event's id.
    id_field: Rc<RefCell<Option<String>>>,
    identified: Rc<RefCell<Option<(String, String)>>>,
}

impl NativeHost {
    /// Adds `name` to the names that somebody listens to.
    pub fn listen(&self, name: &str) -> EventId {
        let mut names = self.names.borrow_mut();
        let next = EventId(self.next.get());
        *names.entry(name.to_owned()).or_insert_with(|| {
            self.next.set(next.0 + 1);
            next
        })
    }

    /// Lets the events whose names nobody listens to come under the number `any`, or no longer.
    pub fn listen_to_any(&self, any: Option<EventId>) {
        self.any.set(any);
    }

    /// Joins the pieces of a frame to what goes over the wire.
    #[must_use]
    pub fn join(frame: &OutgoingFrame<String>) -> String {
        let id = frame.ack_id.map(|id| id.to_string()).unwrap_or_default();
        format!("{}{id}{}", frame.head, frame.body.as_deref().unwrap_or_default())
    }

    /// From now on this field of an event's first argument is its id.
    pub fn identify_by(&self, field: &str) {
        *self.id_field.borrow_mut() = Some(field.to_owned());
    }

    /// A recovery offset may stand behind the stamp.
    fn take_stamp(&self, arguments: &mut Value) -> Option<Value> {
        let items = arguments.as_array_mut()?;
        let offset = if items.last()?.is_string() { items.pop() } else { None };
        let stamp = self.take_mark(arguments, End::Last, 1);
        arguments.as_array_mut()?.extend(offset);
        stamp
    }

    fn read_stamp(&self, stamp: &Value) -> Option<EventIdentity> {
        let epoch = self.fingerprint(stamp.get("epoch")?)?;
        let order = Order { epoch, seq: stamp.get("seq")?.as_u64().filter(|seq| *seq > 0)? };
        let id = stamp.get("id").and_then(|id| self.fingerprint(id)).map(Fingerprint);
        let stream = self.fingerprint(stamp.get("stream")?)?;
        Some(EventIdentity { stream, id, order: Some(order) })
    }

    fn read_id(&self, arguments: &Value) -> Option<EventIdentity> {
        let field = self.id_field.borrow();
        let id = arguments.get(1)?.get(field.as_deref()?)?;
        let stream = self.fingerprint(arguments.get(0)?)?;
        let id = match id {
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => hash(text),
            Value::Number(number) => hash(&format!("#{number}")),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        Some(EventIdentity { stream, id: Some(Fingerprint(id)), order: None })
    }

    fn look_up(&self, name: &str) -> EventName {
        if RESERVED_EVENTS.contains(&name) {
            return EventName::Reserved;
        }
        let any = self.any.get().or(self.unheard.get());
        let listened = self.names.borrow().get(name).copied().or(any);
        listened.map_or(EventName::Unheard, EventName::Heard)
    }
}

impl Host for NativeHost {
    type Text = String;
    type Value = Value;
    type Bytes = Vec<u8>;

    fn text(&self, text: &str) -> String {
        text.to_owned()
    }

    fn length(&self, text: &String) -> usize {
        text.len()
    }

    fn unit(&self, text: &String, index: usize) -> Option<u16> {
        text.as_bytes().get(index).copied().map(u16::from)
    }

    fn slice(&self, text: &String, start: usize, end: usize) -> Option<String> {
        text.get(start..end).map(str::to_owned)
    }

    fn parse(&self, text: &String, from: usize) -> Option<Value> {
        serde_json::from_str(text.get(from..)?).ok()
    }

    fn peek_event_name(&self, text: &String, from: usize) -> Option<EventName> {
        let array = text.get(from..)?;
        let (name, rest) = array.strip_prefix("[\"")?.split_once('"')?;
        let plain = !name.contains('\\') && array.ends_with(']') && rest.starts_with([',', ']']);
        plain.then(|| self.look_up(name))
    }

    fn event_name(&self, arguments: &Value) -> Option<EventName> {
        match arguments.as_array()?.first()? {
            Value::String(name) => Some(self.look_up(name)),
            Value::Number(number) => Some(self.look_up(&number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn kind(&self, value: &Value) -> ValueKind {
        match value {
            Value::Array(_) => ValueKind::Array,
            Value::Object(_) => ValueKind::Object,
            Value::String(_) => ValueKind::String,
            Value::Null | Value::Bool(_) | Value::Number(_) => ValueKind::Other,
        }
    }

    fn fill(&self, value: Value, attachments: Vec<Vec<u8>>) -> Option<Value> {
        let filled: Vec<Value> = attachments.into_iter().map(Value::from).collect();
        replace_placeholders(value, &filled)
    }

    fn peek_offset(&self, text: &String, from: usize) -> Option<String> {
        let (rest, offset) = text.get(from..)?.strip_suffix("\"]")?.rsplit_once('"')?;
        (rest.ends_with(',') && is_offset(offset)).then(|| offset.to_owned())
    }

    fn take_offset(&self, arguments: &mut Value) -> Option<String> {
        let arguments = arguments.as_array_mut()?;
        let last = arguments.get(1..)?.last()?.as_str()?;
        let offset = is_offset(last).then(|| last.to_owned())?;
        arguments.pop();
        Some(offset)
    }

    fn recovery_payload(
        &self,
        pid: &str,
        offset: Option<&String>,
        auth: Option<&String>,
    ) -> String {
        let mut fields: Map<String, Value> =
            auth.and_then(|auth| serde_json::from_str(auth).ok()).unwrap_or_default();
        fields.entry("pid").or_insert_with(|| pid.into());
        if let Some(offset) = offset {
            fields.entry("offset").or_insert_with(|| offset.as_str().into());
        }
        Value::Object(fields).to_string()
    }

    fn take_mark(&self, items: &mut Value, end: End, skip: usize) -> Option<Value> {
        let items = items.as_array_mut()?;
        let index = match end {
            End::First => skip,
            End::Last => items.len().checked_sub(1).filter(|last| *last >= skip)?,
        };
        let marked = items.get(index)?.as_object().filter(|marked| marked.len() == 1)?;
        let content = marked.get(MARK)?.clone();
        items.remove(index);
        Some(content)
    }

    fn append(&self, array: &String, item: &str) -> String {
        let items = array.strip_suffix(']').unwrap_or(array);
        let comma = if items.ends_with('[') { "" } else { "," };
        format!("{items}{comma}{item}]")
    }

    fn field(&self, object: &Value, name: &str) -> Option<Value> {
        object.get(name).cloned()
    }

    fn items(&self, array: &Value, limit: usize) -> Vec<Value> {
        let items = array.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().take(limit).cloned().collect()
    }

    fn string(&self, value: &Value) -> Option<String> {
        value.as_str().map(str::to_owned)
    }

    fn number(&self, value: &Value) -> Option<f64> {
        value.as_f64()
    }

    fn identify(&self, arguments: &mut Value) -> EventIdentity {
        let stamp = self.unheard.get().and_then(|_| self.take_stamp(arguments));
        *self.identified.borrow_mut() = stamp.as_ref().and_then(|stamp| {
            Some((self.string_field(stamp, "stream")?, self.string_field(stamp, "epoch")?))
        });
        let identity = match stamp {
            Some(stamp) => self.read_stamp(&stamp),
            None => self.read_id(arguments),
        };
        identity.unwrap_or_default()
    }

    fn identified_names(&self) -> Option<(String, String)> {
        self.identified.borrow().clone()
    }

    fn fingerprint(&self, string: &Value) -> Option<u64> {
        string.as_str().map(hash)
    }

    fn expect_stamps(&self, unheard: EventId) {
        self.unheard.set(Some(unheard));
    }

    fn is_true(&self, value: &Value) -> bool {
        *value == Value::Bool(true)
    }

    fn listen(&self, name: &str, event: EventId) {
        self.names.borrow_mut().insert(name.to_owned(), event);
    }

    fn string_field(&self, object: &Value, name: &str) -> Option<String> {
        Some(object.get(name)?.as_str()?.to_owned())
    }

    fn number_field(&self, object: &Value, name: &str) -> Option<f64> {
        object.get(name)?.as_f64()
    }

    fn string_items(&self, object: &Value, name: &str, limit: usize) -> Vec<String> {
        let items = object.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().take(limit).filter_map(|item| Some(item.as_str()?.to_owned())).collect()
    }

    fn find(&self, text: &String, unit: u8, from: usize) -> Option<usize> {
        let rest = text.as_bytes().get(from..)?;
        Some(from + rest.iter().position(|byte| *byte == unit)?)
    }

    fn part(&self, text: &String, start: usize, end: usize) -> String {
        text.get(start..end).unwrap_or_default().to_owned()
    }

    fn byte_length(&self, text: &String) -> usize {
        text.len()
    }

    fn bytes_length(&self, bytes: &Vec<u8>) -> usize {
        bytes.len()
    }

    fn decode_base64(&self, text: &String, from: usize) -> Option<Vec<u8>> {
        decode_base64(text.get(from..)?)
    }
}

fn hash(text: &str) -> u64 {
    fingerprint(text, [1, 2])
}

/// Decodes base64 as `Uint8Array.fromBase64` does by default: padding may be left out.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    let is_padded = unpadded.len() < text.len();
    if unpadded.len() % 4 == 1 || (is_padded && text.len() % 4 != 0) {
        return None;
    }
    let mut bytes = Vec::with_capacity(unpadded.len() / 4 * 3 + 2);
    for group in unpadded.as_bytes().chunks(4) {
        let bits = group.iter().try_fold(0, |bits, byte| Some(bits << 6 | sextet(*byte)?))?;
        let [_, first, second, third] = (bits << (6 * (4 - group.len()))).to_be_bytes();
        bytes.extend([first, second, third].iter().take(group.len() * 3 / 4));
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

fn replace_placeholders(value: Value, attachments: &[Value]) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
            attachments.get(placeholder_index(fields.get("num")?)?).cloned()
        }
        Value::Object(fields) => {
            let fill = |(key, value)| Some((key, replace_placeholders(value, attachments)?));
            fields.into_iter().map(fill).collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        Value::Array(items) => {
            let fill = |value| replace_placeholders(value, attachments);
            items.into_iter().map(fill).collect::<Option<Vec<_>>>().map(Value::Array)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value),
    }
}

/// JavaScript knows one kind of number: `1.0` and `-0` are whole, too.
fn placeholder_index(number: &Value) -> Option<usize> {
    let number = number.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0)?;
    // A cast from `f64` saturates, so what is too large names no attachment.
    Some(number as usize)
}

/// Returns whether `text` is made like an offset; [`Host::take_offset`] says how that is.
/// No adapter's offset is longer. What is kept goes with each CONNECT, which has to stay small.
const MAX_OFFSET: usize = 64;

fn is_offset(text: &str) -> bool {
    text.len() <= MAX_OFFSET && (is_yeast(text) || is_stream_id(text) || is_object_id(text))
}

fn is_yeast(text: &str) -> bool {
    let is_digits = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    match text.split_once('.') {
        Some((time, seed)) => time.len() == 7 && is_digits(time) && is_digits(seed),
        None => text.len() == 7 && is_digits(text),
    }
}

fn is_stream_id(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('-').is_some_and(|(time, number)| is_number(time) && is_number(number))
}

fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_base64_with_and_without_padding() {
        let cases: [(&str, &[u8]); 9] = [
            ("", b""),
            ("TQ==", b"M"),
            ("TQ", b"M"),
            ("TWE=", b"Ma"),
            ("TWE", b"Ma"),
            ("TWFu", b"Man"),
            ("TWFuTWFu", b"ManMan"),
            ("AAECA/8=", &[0, 1, 2, 3, 255]),
            ("+/+/", &[251, 255, 191]),
        ];
        for (text, bytes) in cases {
            assert_eq!(decode_base64(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_base64() {
        for text in
            ["A", "=", "==", "====", "TQ=", "TWFu=", "TWFuT", "T-_u", "TWé", "TQ==TQ==", "!!!!"]
        {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }

    #[test]
    fn takes_a_mark_from_either_end() {
        let host = NativeHost::default();
        let marked = serde_json::json!({ "$sockeye": { "k": 1 } });
        let mut items = serde_json::json!(["x", 1, marked]);
        assert_eq!(host.take_mark(&mut items, End::First, 1), None);
        assert_eq!(host.take_mark(&mut items, End::Last, 1), Some(serde_json::json!({ "k": 1 })));
        assert_eq!(items, serde_json::json!(["x", 1]));
        assert_eq!(host.take_mark(&mut items, End::Last, 1), None);
        let mut answer = serde_json::json!([marked, 2]);
        assert!(host.take_mark(&mut answer, End::First, 0).is_some());
        assert_eq!(answer, serde_json::json!([2]));
        let mut name = serde_json::json!([marked]);
        assert_eq!(host.take_mark(&mut name, End::Last, 1), None);
        let mut own = serde_json::json!(["x", { "$sockeye": 1, "mine": 2 }]);
        assert_eq!(host.take_mark(&mut own, End::Last, 1), None);
    }

    #[test]
    fn appends_an_item() {
        let host = NativeHost::default();
        assert_eq!(host.append(&"[\"x\",1]".to_owned(), "{}"), "[\"x\",1,{}]");
        assert_eq!(host.append(&"[]".to_owned(), "1"), "[1]");
    }

    #[test]
    fn knows_an_offset_by_its_form() {
        let host = NativeHost::default();
        let take = |last: &str| {
            let mut arguments = serde_json::json!(["x", 1, last]);
            let offset = host.take_offset(&mut arguments);
            assert_eq!(arguments.as_array().unwrap().len(), 3 - usize::from(offset.is_some()));
            assert!(offset.is_none() || offset.as_deref() == Some(last));
            let peeked = host.peek_offset(&serde_json::json!(["x", 1, last]).to_string(), 0);
            assert_eq!(peeked, offset);
            offset.is_some()
        };
        for offset in [
            "Q7w600v",
            "-_aZ09b",
            "Q7w600v.1",
            "Q7w600v.-_",
            "1700000000000-0",
            "1700000000000-12345",
            "65534ea0c0ffee0123456789",
            "ABCDEFabcdef012345678901",
        ] {
            assert!(take(offset), "{offset}");
        }
        for other in [
            "",
            "Q7w600",
            "Q7w600vv",
            "Q7w 00v",
            "Q7w600v.",
            "Q7w600v.ä",
            "Q7w600v.1.1",
            "-",
            "1700000000000-",
            "-0",
            "1-2-3",
            "65534ea0c0ffee012345678g",
            "65534ea0c0ffee01234567890",
            "a user's name",
        ] {
            assert!(!take(other), "{other}");
        }
        for mut arguments in [serde_json::json!(["Q7w600v"]), serde_json::json!(["x", 1])] {
            assert_eq!(host.take_offset(&mut arguments), None);
        }
    }
}
