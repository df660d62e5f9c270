//! The host outside JavaScript: `String`, `serde_json::Value`, `Vec<u8>`.
//!
//! It serves tests, simulations and Rust programs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use crate::host::{EventId, EventName, Host, OutgoingFrame, ValueKind};

/// A host whose positions are bytes, with a table of the names that somebody listens to.
#[derive(Clone, Debug, Default)]
pub struct NativeHost {
    names: Rc<RefCell<BTreeMap<String, EventId>>>,
}

impl NativeHost {
    /// Adds `name` to the names that somebody listens to.
    pub fn listen(&self, name: &str) -> EventId {
        let mut names = self.names.borrow_mut();
        let next = EventId(u32::try_from(names.len()).unwrap_or(u32::MAX));
        *names.entry(name.to_owned()).or_insert(next)
    }

    /// Joins the pieces of a frame to what goes over the wire.
    #[must_use]
    pub fn join(frame: &OutgoingFrame<String>) -> String {
        let id = frame.ack_id.map(|id| id.to_string()).unwrap_or_default();
        format!("{}{id}{}", frame.head, frame.body.as_deref().unwrap_or_default())
    }

    fn look_up(&self, name: &str) -> EventName {
        self.names.borrow().get(name).copied().map_or(EventName::Unheard, EventName::Heard)
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
}
