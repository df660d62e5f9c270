//! The model of the server against the table that every server of the contract runs.

use serde_json::Value;

use crate::decision::{Decision, Envelope, LaneState, Memory, Outcome};

const TABLE: &str = include_str!("../contract/decisions.json");
const LEASE: u64 = 30;
const RETENTION: u64 = 1_000;

struct Case<'a> {
    name: &'a str,
    defaults: &'a Value,
    memory: Memory<Value>,
    before: String,
    now: u64,
}

/// Runs each case and returns how many there were.
pub fn check() -> usize {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let cases = table["cases"].as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let memory = Memory::new("0".to_owned(), LEASE, RETENTION, None);
        let defaults = &table["defaults"];
        let mut run = Case { name, defaults, memory, before: "none".to_owned(), now: 0 };
        for step in case["steps"].as_array().unwrap() {
            run.step(step);
        }
    }
    cases.len()
}

impl Case<'_> {
    fn step(&mut self, step: &Value) {
        self.now += 1;
        if step.get("forget").is_some() {
            self.before = self.memory.id.clone();
            self.memory = Memory::new(self.now.to_string(), LEASE, RETENTION, None);
        } else if step.get("waitLeases").is_some() {
            self.now += LEASE + 1;
        } else if step.get("waitRetention").is_some() {
            self.now += RETENTION + 1;
        } else {
            self.send(step);
        }
        self.memory.expire(self.now);
    }

    fn send(&mut self, step: &Value) {
        let member = |name: &str| step.get(name).unwrap_or(&self.defaults[name]);
        let envelope = self.envelope(&step["send"]);
        let identity = member("identity").as_str().unwrap();
        let hash = hash(&member("payload").to_string());
        let decision = self.memory.decide(identity, &envelope, hash, self.now);
        let runs = decision == Decision::Run;
        assert_eq!(Some(runs), step["runs"].as_bool(), "{}", self.name);
        let answer = match decision {
            Decision::Run => self.work(identity, &envelope, member("work")),
            other => Some(other),
        };
        self.compare(answer, step);
        let LaneState { epoch, last } = self.memory.lane(identity, &envelope);
        if let Some(after) = step.get("after") {
            let expected = (after["epoch"].as_u64(), after["last"].as_u64());
            assert_eq!((Some(epoch), Some(last)), expected, "{}", self.name);
        }
    }

    fn envelope(&self, send: &Value) -> Envelope {
        let member = |name: &str| send.get(name).unwrap_or(&self.defaults["envelope"][name]);
        let text = |name: &str| member(name).as_str().unwrap().to_owned();
        Envelope {
            key: text("k"),
            client: text("c"),
            epoch: member("e").as_u64().unwrap(),
            number: member("n").as_u64().unwrap(),
            lane: text("lane"),
            memory: self.memory_id(&text("m")),
        }
    }

    fn memory_id(&self, name: &str) -> String {
        match name {
            "current" => self.memory.id.clone(),
            "before" => self.before.clone(),
            other => other.to_owned(),
        }
    }

    /// Does the application's work. None: it gives no answer yet.
    fn work(
        &mut self,
        identity: &str,
        envelope: &Envelope,
        work: &Value,
    ) -> Option<Decision<Value>> {
        let outcome = match (work.as_str(), work.get("applied"), work.get("rejected")) {
            (Some("throws"), ..) => {
                self.memory.give_up(identity, envelope);
                return Some(Decision::Retry);
            }
            (_, Some(arguments), _) => Outcome::Applied(arguments.clone()),
            (_, _, Some(arguments)) => Outcome::Rejected(arguments.clone()),
            _ => return None,
        };
        assert!(self.memory.commit(identity, envelope, outcome.clone(), self.now));
        Some(Decision::Stored(outcome))
    }

    fn compare(&self, answer: Option<Decision<Value>>, step: &Value) {
        let expected = &step["answer"];
        let number = |name: &str| expected[name].as_u64();
        let (name, arguments, numbers) = match answer {
            None => return assert!(expected.is_null(), "{}", self.name),
            Some(Decision::Stored(Outcome::Applied(arguments))) => ("applied", arguments, None),
            Some(Decision::Stored(Outcome::Rejected(arguments))) => ("rejected", arguments, None),
            Some(Decision::Conflict) => ("conflict", Value::Null, None),
            Some(Decision::Retry) => ("retry", Value::Null, None),
            Some(Decision::Memory) => ("memory", Value::Null, None),
            Some(Decision::Renumber { epoch, last }) => {
                ("renumber", Value::Null, Some((epoch, last)))
            }
            Some(Decision::Gap { epoch, last }) => ("gap", Value::Null, Some((epoch, last))),
            Some(Decision::Run) => ("run", Value::Null, None),
        };
        assert_eq!(Some(name), expected["s"].as_str(), "{}", self.name);
        assert_eq!(&arguments, expected.get("args").unwrap_or(&Value::Null), "{}", self.name);
        assert_eq!(numbers, number("e").zip(number("n")), "{}", self.name);
        let memory = expected["m"].as_str().map(|name| self.memory_id(name));
        assert!(memory.is_none_or(|memory| memory == self.memory.id), "{}", self.name);
    }
}

/// FNV-1a.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
