//! Runs the table that every implementation of the contract runs.

use serde_json::json;

use super::*;
use crate::helper::payload_hash;

/// See `README.md` beside it.
const TABLE: &str = include_str!("../../../../tests/contract/decisions.json");

/// Nothing here waits for work that goes on outside the decision, so there are no leases.
const LEFT_OUT: &str = "lease";

struct Run<'a> {
    defaults: &'a Value,
    memory: Memory,
    before: String,
    generation: u32,
    now: Instant,
}

impl<'a> Run<'a> {
    fn new(defaults: &'a Value) -> Self {
        let now = Instant::now();
        let memory = Memory::new(now, "memory 0".to_owned());
        Self { defaults, memory, before: String::new(), generation: 0, now }
    }

    fn step(&mut self, step: &Value, place: &str) {
        if step.get("forget").is_some() {
            self.generation += 1;
            self.before = self.memory.id().to_owned();
            self.memory = Memory::new(self.now, format!("memory {}", self.generation));
        } else if step.get("waitRetention").is_some() {
            self.now += RETENTION + SWEEP;
        } else {
            self.send(step, place);
        }
    }

    fn send(&mut self, step: &Value, place: &str) {
        let part = |name: &str| step.get(name).unwrap_or(&self.defaults[name]);
        let mut members = self.defaults["envelope"].clone();
        for (name, value) in step["send"].as_object().unwrap() {
            members[name] = value.clone();
        }
        let memory = self.name_of_memory(&members["m"]);
        members["m"] = memory;
        let envelope: Envelope = serde_json::from_value(members).unwrap();
        let payload = part("payload").as_array().unwrap();
        let action = Action {
            identity: part("identity").as_str().unwrap(),
            envelope: &envelope,
            payload_hash: payload_hash(payload[0].as_str().unwrap(), &payload[1..]),
        };
        let work = outcome(part("work"));
        let mut ran = false;
        let answer = self.memory.perform(self.now, action, || {
            ran = true;
            work
        });
        assert_eq!(ran, step["runs"], "{place}: runs");
        assert_eq!(self.told(answer, &envelope.key), self.expected(&step["answer"]), "{place}");
        if let Some(after) = step.get("after") {
            let LaneState { epoch, last } = self.memory.lane(action);
            assert_eq!(json!({ "epoch": epoch, "last": last }), *after, "{place}: after");
        }
    }

    fn name_of_memory(&self, name: &Value) -> Value {
        match name.as_str().unwrap() {
            "current" => self.memory.id().into(),
            "before" => self.before.as_str().into(),
            other => other.into(),
        }
    }

    /// The answer in the words of the table.
    fn told(&self, answer: Answer, key: &str) -> Value {
        let mut args = answer.into_args(key).0.into_iter();
        let mut told = args.next().unwrap()["$sockeye"].clone();
        assert_eq!(told["k"], key);
        let members = told.as_object_mut().unwrap();
        members.remove("k");
        if members.get("s") == Some(&json!("retry")) {
            assert!(members.remove("afterMs").unwrap().as_u64() > Some(0));
        }
        let args: Vec<Value> = args.collect();
        if members["s"] == "applied" || members["s"] == "rejected" {
            members.insert("args".to_owned(), args.into());
        } else {
            assert!(args.is_empty());
        }
        told
    }

    fn expected(&self, answer: &Value) -> Value {
        let mut answer = answer.clone();
        if let Some(memory) = answer.get("m") {
            answer["m"] = self.name_of_memory(memory);
        }
        answer
    }
}

fn outcome(work: &Value) -> Option<Outcome> {
    let args = |name: &str| work.get(name)?.as_array().cloned();
    assert!(work.is_object() || work == "throws", "{work}");
    args("applied").map(Outcome::Applied).or(args("rejected").map(Outcome::Rejected))
}

#[test]
fn decides_as_the_table_says() {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let mut cases = 0;
    for case in table["cases"].as_array().unwrap() {
        if case["needs"].as_array().is_some_and(|needs| needs.contains(&json!(LEFT_OUT))) {
            continue;
        }
        let mut run = Run::new(&table["defaults"]);
        for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            run.step(step, &format!("{}, step {}", case["name"], number + 1));
        }
        cases += 1;
    }
    assert!(cases >= 30, "only {cases} cases");
}

#[test]
fn keeps_keys_as_long_as_it_says() {
    let now = Instant::now();
    let mut memory = Memory::new(now, "m".to_owned());
    let members = json!({"k": "a", "c": "b", "e": 1, "n": 1, "lane": "", "m": "m"});
    let envelope: Envelope = serde_json::from_value(members).unwrap();
    let action = Action { identity: "", envelope: &envelope, payload_hash: 1 };
    let first = memory.perform(now, action, || Some(Outcome::Applied(vec![json!(1)])));
    let again = memory.perform(now + RETENTION, action, || Some(Outcome::Applied(Vec::new())));
    assert_eq!(first, again);
}
