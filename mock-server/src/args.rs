//! What an event or an acknowledgement carries.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};
use serde_json::Value;

/// All arguments, of whatever number and type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Args(pub Vec<Value>);

impl Args {
    /// Returns the first argument; `null` when there is none, which is how JSON writes `undefined`.
    #[must_use]
    pub fn payload(self) -> Value {
        self.0.into_iter().next().unwrap_or_default()
    }
}

/// The Socket.IO library takes a type that asks for a tuple as "all arguments", and any other as "the
/// first argument, which must be there".
impl<'de> Deserialize<'de> for Args {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(1, ArgsVisitor).map(Self)
    }
}

/// As a tuple, because the library sends a list as one argument.
impl Serialize for Args {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for arg in &self.0 {
            tuple.serialize_element(arg)?;
        }
        tuple.end()
    }
}

struct ArgsVisitor;

impl<'de> Visitor<'de> for ArgsVisitor {
    type Value = Vec<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("event arguments")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Vec<Value>, S::Error> {
        let mut args = Vec::new();
        while let Some(arg) = sequence.next_element()? {
            args.push(arg);
        }
        Ok(args)
    }
}
