//! What the helper's contract puts on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::decision::LaneState;
use crate::args::Args;

/// Sent directly after the namespace is connected.
pub const HELLO: &str = "sockeye:hello";
/// Says where a stream stands when a client begins to get it.
pub const POSITION: &str = "sockeye:position";
/// Asks for what a stream said since a position.
pub const SINCE: &str = "sockeye:since";
/// Says when the next attempt to connect makes sense.
pub const RETRY: &str = "sockeye:retry";

/// The version of the contract.
pub const VERSION: u64 = 1;

/// What accompanies an enqueued action.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Envelope {
    /// The action's key, one for ever.
    #[serde(rename = "k")]
    pub key: String,
    /// The client's store.
    #[serde(rename = "c")]
    pub client: String,
    /// Whoever drains that store now has the highest epoch.
    #[serde(rename = "e")]
    pub epoch: u64,
    /// Without gaps for each client, epoch and lane, from 1.
    #[serde(rename = "n")]
    pub number: u64,
    /// Actions of one lane keep their order.
    pub lane: String,
    /// The memory that the client believes in.
    #[serde(rename = "m")]
    pub memory: String,
}

/// An envelope that cannot be read: what is wrong, and the key, empty if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    key: String,
    message: String,
}

/// What the client is told about its action.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It was done, now or before; with the arguments of the acknowledgement.
    Applied(Vec<Value>),
    /// It was refused for good, now or before; with what was said about it.
    Rejected(Vec<Value>),
    /// Its key belongs to another payload.
    Conflict,
    /// Not done: the number was used already, or the epoch is over. This is the state.
    Renumber(LaneState),
    /// Not done: an earlier number is missing. This is the state.
    Gap(LaneState),
    /// It failed, or says nothing yet: come again.
    Retry,
    /// Not done: this is the memory now.
    Memory(String),
}

/// Where a stream stands: its name, its epoch, and the number of its last event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(pub String, pub String, pub u64);

impl Envelope {
    /// Takes the envelope off the end of `args`; `None` when there is none.
    pub fn take_from(args: &mut Args) -> Option<Result<Self, Malformed>> {
        let contents = marked(args.0.last()?)?.clone();
        args.0.pop();
        Some(Self::read(contents))
    }

    fn read(contents: Value) -> Result<Self, Malformed> {
        let key = contents.get("k").and_then(Value::as_str).unwrap_or_default().to_owned();
        let malformed = |message: String| Malformed { key: key.clone(), message };
        if !contents.is_object() {
            // A struct may be read from an array of its members, too.
            return Err(malformed("the envelope is no object".to_owned()));
        }
        let envelope: Self =
            serde_json::from_value(contents).map_err(|error| malformed(error.to_string()))?;
        envelope.check().map_err(malformed)?;
        Ok(envelope)
    }

    fn check(&self) -> Result<(), String> {
        let whole = 1..=MAX_SAFE_INTEGER;
        if !whole.contains(&self.epoch) || !whole.contains(&self.number) {
            return Err(format!("e and n must be from 1 to {MAX_SAFE_INTEGER}"));
        }
        let names = [&self.key, &self.client, &self.lane, &self.memory];
        if self.key.is_empty() || names.iter().any(|name| name.chars().count() > MAX_NAME) {
            return Err(format!(
                "names must have at most {MAX_NAME} characters, and k must have one"
            ));
        }
        Ok(())
    }
}

impl Malformed {
    /// Returns the arguments of the acknowledgement that refuses the action.
    pub fn into_args(self) -> Args {
        let data = json!({ "code": "invalid_envelope", "message": self.message });
        Answer::Rejected(vec![data]).into_args(&self.key)
    }
}

impl Answer {
    /// Returns the arguments of the acknowledgement.
    pub fn into_args(self, key: &str) -> Args {
        let (status, details, args) = match self {
            Self::Applied(args) => ("applied", json!({}), args),
            Self::Rejected(args) => ("rejected", json!({}), args),
            Self::Conflict => ("conflict", json!({}), Vec::new()),
            Self::Renumber(state) => ("renumber", state.members(), Vec::new()),
            Self::Gap(state) => ("gap", state.members(), Vec::new()),
            Self::Retry => ("retry", json!({ "afterMs": RETRY_AFTER_MS }), Vec::new()),
            Self::Memory(memory) => ("memory", json!({ "m": memory }), Vec::new()),
        };
        let mut members = Map::from_iter([
            ("k".to_owned(), Value::from(key)),
            ("s".to_owned(), Value::from(status)),
        ]);
        if let Value::Object(details) = details {
            members.extend(details);
        }
        let first = std::iter::once(mark(members.into()));
        Args(first.chain(args).collect())
    }
}

impl LaneState {
    fn members(self) -> Value {
        json!({ "e": self.epoch, "n": self.last })
    }
}

/// Returns the last argument of an event that has the position `at` in its stream.
pub fn stamp(id: &str, at: &Position) -> Value {
    let Position(stream, epoch, seq) = at;
    mark(json!({ "id": id, "stream": stream, "epoch": epoch, "seq": seq }))
}

fn mark(contents: Value) -> Value {
    Value::Object(Map::from_iter([(MARK.to_owned(), contents)]))
}

fn marked(value: &Value) -> Option<&Value> {
    value.as_object().filter(|members| members.len() == 1)?.get(MARK)
}

/// The one member of an object that is ours.
const MARK: &str = "$sockeye";

/// When a client is told to ask again, in milliseconds.
const RETRY_AFTER_MS: u64 = 100;

/// Longer names are refused, because they would be kept.
const MAX_NAME: usize = 256;

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(args: Value) -> (Args, Option<Result<Envelope, Malformed>>) {
        let mut args = Args(args.as_array().unwrap().clone());
        let envelope = Envelope::take_from(&mut args);
        (args, envelope)
    }

    #[test]
    fn takes_the_envelope_off_and_leaves_the_rest() {
        let envelope = json!({"k": "a", "c": "b", "e": 1, "n": 2, "lane": "", "m": "x"});
        let (rest, envelope) = taken(json!([1, {"$sockeye": 3}, {"$sockeye": envelope}]));
        assert_eq!(rest.0, [json!(1), json!({"$sockeye": 3})]);
        let envelope = envelope.unwrap().unwrap();
        assert_eq!((envelope.key.as_str(), envelope.epoch, envelope.number), ("a", 1, 2));
    }

    #[test]
    fn leaves_arguments_that_are_no_envelope() {
        for args in
            [json!([]), json!([1]), json!([{"$sockeye": {}, "a": 1}]), json!([["$sockeye"]])]
        {
            let (rest, envelope) = taken(args.clone());
            assert_eq!((json!(rest.0), envelope), (args, None));
        }
    }

    #[test]
    fn refuses_what_cannot_be_read_and_says_for_which_key() {
        let with = |name: &str, value: Value| {
            let mut envelope = json!({"k": "a", "c": "b", "e": 1, "n": 1, "lane": "l", "m": "x"});
            envelope[name] = value;
            envelope
        };
        for envelope in [
            with("c", json!(7)),
            with("e", json!(0)),
            with("e", json!("1")),
            with("n", json!(1.5)),
            with("n", json!(-1)),
            with("n", json!(9_007_199_254_740_992_u64)),
            with("lane", json!(null)),
            with("m", json!({})),
            with("lane", json!("l".repeat(257))),
            json!({"k": "a"}),
        ] {
            let (_, taken) = taken(json!([{"$sockeye": envelope}]));
            let answer = taken.unwrap().unwrap_err().into_args();
            let first = &answer.0[0]["$sockeye"];
            assert_eq!(answer.0[1]["code"], "invalid_envelope");
            assert_eq!((&first["k"], &first["s"]), (&json!("a"), &json!("rejected")), "{envelope}");
        }
        for envelope in [
            json!(null),
            json!([]),
            json!("a"),
            json!({}),
            with("k", json!("")),
            with("k", json!(1)),
        ] {
            let (_, taken) = taken(json!([{"$sockeye": envelope}]));
            assert_eq!(taken.unwrap().unwrap_err().into_args().0[0]["$sockeye"]["k"], "");
        }
    }
}
