//! What crosses the border to a store of the page: `tests/contract/port.json` has the commands that are
//! written here, and what a store answers and tells others, which is read here. That a store takes them and
//! answers so is shown in `pkg-template/test/port.test.ts`.

use std::rc::Rc;

use serde_json::{Value, json};
use sockeye::client::port::{read_answer, read_changes, write_command};
use sockeye::client::store::{
    ActionKey, Change, Contents, Mark, Outcome, Parked, Record, Sent, Settlement, StoreAnswer,
    StoreCommand,
};
use sockeye::native::NativeHost;

use crate::rig::payload;
use crate::told::seconds;

type Command = StoreCommand<NativeHost>;
type Answer = StoreAnswer<NativeHost>;

fn steps() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../contract/port.json")).unwrap();
    file["steps"].as_array().unwrap().clone()
}

fn record(key: &str) -> Record {
    let is_draft = key != "a";
    Record {
        key: ActionKey::new(key),
        name: "save".into(),
        lane: "main".into(),
        order: 0,
        coalesce_key: is_draft.then(|| "draft".into()),
        bytes: 100,
        attachments: 0,
        ttl: is_draft.then(|| seconds(60)),
        age: seconds(0),
        ack_timeout: seconds(10),
        resend: true,
        sent: None,
        kills: 0,
        parked: None,
    }
}

fn put(key: &str, number: u32, replaces: Option<&str>) -> Command {
    StoreCommand::Put {
        record: Box::new(record(key)),
        payload: payload(&format!(r#"["save",{number}]"#)),
        replaces: replaces.map(ActionKey::new),
    }
}

fn sent(sequence: u64, memory: Option<&str>) -> Option<Sent> {
    Some(Sent {
        epoch: 1,
        sequence,
        memory: memory.map(Rc::from),
        server_time_ms: memory.map(|_| 1_790_000_000_000),
        attempts: 1,
    })
}

fn mark(key: &str, sent: Option<Sent>, kills: u32) -> Mark {
    Mark { key: ActionKey::new(key), sent, kills }
}

fn park(parked: Parked) -> Command {
    StoreCommand::Park { epoch: 5, key: ActionKey::new("c"), parked }
}

fn settlement(key: &str, outcome: Outcome, arguments: Option<Value>) -> Settlement<NativeHost> {
    Settlement { key: ActionKey::new(key), outcome, arguments: arguments.map(Rc::new) }
}

fn commands() -> Vec<Command> {
    let settlements = vec![
        settlement("a", Outcome::Applied, Some(json!([{ "ok": true }]))),
        settlement("zz", Outcome::Expired, None),
    ];
    vec![
        StoreCommand::Open { identity: "alice".into() },
        put("a", 1, None),
        put("b", 2, None),
        put("c", 3, Some("b")),
        StoreCommand::Lead,
        StoreCommand::Load { key: ActionKey::new("a") },
        StoreCommand::Mark {
            epoch: 1,
            marks: vec![mark("a", sent(1, Some("m1")), 2), mark("gone", None, 0)],
        },
        StoreCommand::Mark { epoch: 1, marks: vec![mark("c", sent(2, None), 0)] },
        StoreCommand::Read,
        StoreCommand::RaiseEpoch { epoch: 1, at_least: 5 },
        StoreCommand::Mark { epoch: 1, marks: vec![mark("a", sent(1, Some("m1")), 0)] },
        park(Parked::Unknown),
        StoreCommand::Read,
        StoreCommand::Unpark { key: ActionKey::new("c") },
        park(Parked::Quarantined),
        StoreCommand::Remove { key: ActionKey::new("a"), only_unsent: true },
        StoreCommand::Settle { epoch: 5, settlements },
        StoreCommand::Remove { key: ActionKey::new("c"), only_unsent: false },
        StoreCommand::Load { key: ActionKey::new("c") },
        StoreCommand::Resign,
    ]
}

/// The command as the page puts it together.
fn write(command: Command) -> Value {
    let plain = write_command(command);
    let mut written: Value = serde_json::from_str(&plain.json).unwrap();
    if let Some(payload) = plain.payload {
        written["payload"] = json!({ "body": payload.body });
    }
    for (index, answer) in plain.answers.into_iter().enumerate() {
        if let Some(answer) = answer {
            written["settlements"][index]["args"] = Rc::unwrap_or_clone(answer);
        }
    }
    written
}

#[test]
fn writes_commands_as_stores_read_them() {
    let (steps, commands) = (steps(), commands());
    assert_eq!(steps.len(), commands.len());
    for (step, command) in steps.iter().zip(commands) {
        assert_eq!(write(command), step["command"]);
    }
}

/// The record as a store has it.
fn write_record(record: Record) -> Value {
    let (order, age) = (record.order, record.age.as_millis());
    let written = write(StoreCommand::Put {
        record: Box::new(record),
        payload: payload("[]"),
        replaces: None,
    });
    let mut action = written["action"].clone();
    action["order"] = json!(order);
    action["ageMs"] = json!(u64::try_from(age).unwrap());
    action
}

fn write_contents(contents: Contents) -> Value {
    assert!(contents.unreadable.is_empty(), "{contents:?}");
    Value::Array(contents.records.into_iter().map(write_record).collect())
}

/// The answer as the store gave it.
fn write_answer(answer: Answer) -> Value {
    let none: [Value; 0] = [];
    match answer {
        StoreAnswer::Opened { client, contents } => {
            let actions = write_contents(contents);
            json!({ "type": "opened", "clientId": &*client, "actions": actions, "unreadable": none })
        }
        StoreAnswer::Contents(contents) => {
            json!({ "type": "contents", "actions": write_contents(contents), "unreadable": none })
        }
        StoreAnswer::Leading { epoch, contents } => {
            let actions = write_contents(contents);
            json!({ "type": "leading", "epoch": epoch, "actions": actions, "unreadable": none })
        }
        StoreAnswer::Raised { epoch } => json!({ "type": "raised", "epoch": epoch }),
        StoreAnswer::Stored { order, replaced } => {
            json!({ "type": "stored", "order": order, "replaced": replaced })
        }
        StoreAnswer::Loaded(payload) => {
            json!({ "type": "loaded", "payload": { "body": payload.body } })
        }
        StoreAnswer::Marked { missing, earlier } => {
            let missing: Vec<_> = missing.iter().map(|key| &*key.0).collect();
            let earlier: Vec<_> = earlier.into_iter().map(write_record).collect();
            json!({ "type": "marked", "missing": missing, "earlier": earlier })
        }
        StoreAnswer::Done => json!({ "type": "done" }),
        StoreAnswer::Removed => json!({ "type": "removed" }),
        StoreAnswer::WasSent => json!({ "type": "wasSent" }),
        StoreAnswer::Missing => json!({ "type": "missing" }),
        StoreAnswer::Fenced => json!({ "type": "fenced" }),
        StoreAnswer::Failed(error) => json!({ "type": "failed", "code": error.code() }),
    }
}

#[test]
fn reads_answers_as_stores_give_them() {
    let host = NativeHost::default();
    for step in steps() {
        let answer = &step["answer"];
        if answer.is_null() {
            continue;
        }
        // A payload that was loaded comes beside the answer.
        let loaded = answer["payload"]["body"].as_str().map(payload);
        assert_eq!(write_answer(read_answer(&host, answer, loaded)), *answer);
    }
}

fn write_change(change: Change<NativeHost>) -> Value {
    match change {
        Change::Put(record) => json!({ "type": "put", "action": write_record(record) }),
        Change::Marked(mark) => {
            let written = write(StoreCommand::Mark { epoch: 1, marks: vec![mark] });
            json!({ "type": "marked", "mark": written["marks"][0] })
        }
        Change::Settled { key, outcome, arguments } => {
            let settlements = vec![Settlement { key, outcome, arguments: arguments.map(Rc::new) }];
            let mut written =
                write(StoreCommand::Settle { epoch: 1, settlements })["settlements"][0].clone();
            written["type"] = json!("settled");
            written
        }
        Change::Parked { key, parked } => {
            let written = write(StoreCommand::Park { epoch: 1, key, parked });
            json!({ "type": "parked", "key": written["key"], "parked": written["parked"] })
        }
        Change::Removed { key } => json!({ "type": "removed", "key": &*key.0 }),
    }
}

#[test]
fn reads_changes_as_stores_tell_them() {
    let host = NativeHost::default();
    for step in steps() {
        let changes = read_changes(&host, &step["changes"]);
        let written: Vec<_> = changes.into_iter().map(write_change).collect();
        assert_eq!(Value::Array(written), step["changes"]);
    }
}

#[test]
fn takes_what_is_no_answer_for_a_failure_of_the_store() {
    let host = NativeHost::default();
    let failed = json!({ "type": "failed", "code": "storage_failed" });
    for answer in [
        json!(null),
        json!({}),
        json!({ "type": 1 }),
        json!({ "type": "stored", "order": "1" }),
        json!({ "type": "leading", "actions": [] }),
        json!({ "type": "failed", "code": "unheard of" }),
    ] {
        assert_eq!(write_answer(read_answer(&host, &answer, None)), failed, "{answer}");
    }
}

#[test]
fn counts_a_record_that_makes_no_sense_as_unreadable_and_keeps_the_rest() {
    let host = NativeHost::default();
    let good = write_record(record("a"));
    for (field, value) in [
        ("event", json!(1)),
        ("lane", json!(null)),
        ("order", json!("1")),
        ("kills", json!({})),
        ("parked", json!("for ever")),
        ("sent", json!({ "epoch": 1 })),
    ] {
        let mut bad = write_record(record("b"));
        bad[field] = value;
        let answer = json!({ "type": "contents", "actions": [bad, good, 7, null] });
        let StoreAnswer::Contents(contents) = read_answer(&host, &answer, None) else {
            panic!("{answer} is not understood");
        };
        assert_eq!(contents.records, [record("a")], "{field}");
        assert_eq!(contents.unreadable.len(), 1, "{field}");
        assert_eq!(contents.unreadable[0].key, ActionKey::new("b"), "{field}");
    }
}
