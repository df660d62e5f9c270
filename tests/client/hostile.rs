//! A server that says what makes no sense.

use crate::order::{hello_at, with_stream};
use crate::rig::{HELLO, ROOT, Rig};
use crate::told::seconds;

const VALUES: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e300",
    "-1e300",
    "9007199254740993",
    r#""""#,
    r#""x""#,
    "[]",
    "{}",
    r#"{"__proto__":{"v":1}}"#,
    r#"{"$sockeye":1}"#,
    r#"[["s","e",1e300]]"#,
    r#"[[[[]]]]"#,
];

fn hello_with(field: &str, value: &str) -> String {
    let mut hello: serde_json::Value = serde_json::from_str(&HELLO[2..]).unwrap();
    hello[1][field] = serde_json::from_str(value).unwrap();
    format!("42{hello}")
}

#[test]
fn survives_every_hello_that_makes_no_sense_and_sends_the_action_all_the_same() {
    for field in ["v", "memory", "retentionMs", "time", "since", "positions"] {
        for value in VALUES {
            let mut rig = Rig::new();
            rig.socket("/");
            rig.open_outbox(ROOT);
            rig.enqueue(ROOT, "a");
            rig.connect(ROOT);
            rig.push(&hello_with(field, value));
            rig.push(r#"44/sockeye-liveness,{"message":"Invalid namespace"}"#);
            assert_eq!(rig.count_sent(r#"["do","a""#), 1, "{field} {value}");
            assert!(rig.has_told("live 0"), "{field} {value}");
            rig.advance(seconds(60));
        }
    }
}

#[test]
fn survives_every_argument_of_what_the_helper_says() {
    for name in ["sockeye:hello", "sockeye:position", "sockeye:retry"] {
        for value in VALUES {
            let mut rig = with_stream();
            rig.push(&format!(r#"42["{name}",{value},{value}]"#));
            rig.push(&format!(r#"42["{name}"]"#));
            rig.push(&format!(r#"420["{name}",{value}]"#));
            rig.push_event(r#"["news","after"]"#);
            rig.advance(seconds(60));
            assert!(rig.has_told(r#"event 0 ["news","after"]"#), "{name} {value} {:?}", rig.told);
        }
    }
}

#[test]
fn survives_every_answer_about_what_was_missed() {
    let answers = VALUES.iter().map(|value| format!("[{value}]")).chain(VALUES.iter().map(|value| {
        format!(r#"[{{"streams":[{{"stream":"s","epoch":"e","seq":{value},"events":{value},"more":true}}]}}]"#)
    })).chain(VALUES.iter().map(|value| format!(r#"[{{"streams":{value}}}]"#)));
    for answer in answers.chain(["[]".to_owned()]) {
        let mut rig = with_stream();
        rig.reconnect();
        rig.push(&hello_at(2));
        rig.acknowledge("sockeye:since", &answer);
        rig.advance(seconds(60));
        assert!(rig.has_told("live 0"), "{answer} {:?}", rig.told);
        assert!(!rig.has_told("continuity 0 resumed"), "{answer} {:?}", rig.told);
    }
}

#[test]
fn takes_no_answer_to_an_action_that_makes_no_sense() {
    let verdicts = [
        r#""s":"unheard of""#,
        r#""s":1"#,
        r#""s":"renumber""#,
        r#""s":"gap","n":"1""#,
        r#""s":"memory","m":{}"#,
        r#""e":1"#,
    ];
    for verdict in verdicts {
        let mut rig = Rig::with_outbox();
        rig.enqueue(ROOT, "a");
        rig.answer_action(r#""do""#, "a", verdict);
        rig.answer_action(r#""do""#, "a", r#""s":"applied""#);
        rig.forget();
        rig.idle(seconds(40));
        assert!(rig.count_sent(r#""k":"a""#) >= 1, "{verdict}: it is sent again");
        rig.answer_action(r#""do""#, "a", r#""s":"applied""#);
        assert!(rig.has_told(r#"action 0 a applied ["ok"]"#), "{verdict} {:?}", rig.told);
    }
}

#[test]
fn takes_no_answer_about_another_action() {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    rig.answer_action(r#""do""#, "b", r#""s":"applied""#);
    assert!(!rig.has_told(r#"action 0 a applied ["ok"]"#));
    assert_eq!(rig.store(ROOT, "").keys(), ["a"]);
}

#[test]
fn carries_no_name_of_a_memory_that_is_beyond_all_measure() {
    let mut rig = Rig::new();
    rig.socket("/");
    rig.open_outbox(ROOT);
    rig.enqueue(ROOT, "a");
    rig.connect(ROOT);
    rig.push(&hello_with("memory", &format!("\"{}\"", "m".repeat(100_000))));
    rig.push(r#"44/sockeye-liveness,{"message":"Invalid namespace"}"#);
    assert_eq!(rig.sent.last().unwrap(), r#"420["do","a"]"#);
}

#[test]
fn survives_a_second_hello_with_another_memory() {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    rig.push(&HELLO.replace("m1", "m2"));
    rig.answer_action(r#""do""#, "a", r#""s":"memory","m":"m2""#);
    assert_eq!(rig.count_sent(r#""m":"m2""#), 1, "{:?}", rig.sent);
    rig.answer_action(r#""do""#, "a", r#""s":"applied""#);
    assert!(rig.has_told(r#"action 0 a applied ["ok"]"#));
}

#[test]
fn tells_the_application_nothing_of_its_own_requests() {
    let mut rig = Rig::with_outbox();
    rig.retain(ROOT, "room");
    rig.enqueue(ROOT, "a");
    // The rig knows the requests of the application, and there are none.
    rig.push("430[]");
    rig.push("431[]");
    rig.push("431[]");
    rig.push("4399[]");
    rig.cut();
    assert!(!rig.told.iter().any(|line| line.starts_with("settled")));
}
