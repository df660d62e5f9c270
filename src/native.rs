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
}
