//! What is told and sent in which order.

use crate::rig::{HELLO, ROOT, Rig, stamp};
use crate::told::seconds;

/// Hello of a server whose stream `s` stands at this number.
pub fn hello_at(seq: u64) -> String {
    HELLO.replace(r#""positions":[]"#, &format!(r#""positions":[["s","e",{seq}]]"#))
}

/// One that has delivered the first event of the stream `s`.
pub fn with_stream() -> Rig {
    let mut rig = Rig::new();
    rig.host.listen("news");
    rig.socket("/");
    rig.connect(ROOT);
    rig.push(&hello_at(0));
    rig.push(&format!(r#"42["news",1,{}]"#, stamp(1)));
    rig.assert_told(&[
        "status 0 connecting",
        "accepted 0",
        "status 0 connected",
        "continuity 0 fresh",
        "live 0",
        r#"event 0 ["news",1]"#,
    ]);
    rig.sent.clear();
    rig
}

fn since(seq: u64, events: &str) -> String {
    format!(r#"[{{"streams":[{{"stream":"s","epoch":"e","seq":{seq},"events":[{events}]}}]}}]"#)
}

#[test]
fn tells_the_verdict_before_what_came_before_the_acceptance() {
    let mut rig = Rig::new();
    rig.host.listen("early");
    rig.socket("/");
    rig.start(ROOT);
    rig.establish();
    rig.push(r#"42["early",1]"#);
    rig.accept(ROOT);
    rig.assert_told(&[
        "status 0 connecting",
        "accepted 0",
        "status 0 connected",
        "continuity 0 fresh",
        r#"event 0 ["early",1]"#,
        "live 0",
    ]);
}

#[test]
fn delivers_what_is_replayed_then_what_waited_then_what_comes() {
    let mut rig = with_stream();
    rig.reconnect();
    rig.push(&hello_at(3));
    rig.push_event(&format!(r#"["news",4,{}]"#, stamp(4)));
    rig.forget_status();
    let replayed = format!(r#"["news",2,{}],["news",3,{}]"#, stamp(2), stamp(3));
    rig.acknowledge("sockeye:since", &since(3, &replayed));
    rig.push_event(&format!(r#"["news",5,{}]"#, stamp(5)));
    rig.assert_told(&[
        "continuity 0 resumed",
        r#"event 0 ["news",2]"#,
        r#"event 0 ["news",3]"#,
        r#"event 0 ["news",4]"#,
        "live 0",
        r#"event 0 ["news",5]"#,
    ]);
}

#[test]
fn sends_first_what_the_application_says_first_then_topics_then_actions() {
    let mut rig = Rig::new();
    rig.socket("/");
    rig.set_hooks(ROOT, true, false);
    rig.open_outbox(ROOT);
    rig.retain(ROOT, "room");
    rig.enqueue(ROOT, "a");
    rig.emit_latest(ROOT, "cursor", r#"["cursor",1]"#);
    rig.emit_latest(ROOT, "cursor", r#"["cursor",2]"#);
    rig.emit(ROOT, r#"["waited"]"#);
    rig.connect(ROOT);
    rig.push(HELLO);
    rig.emit_first(ROOT, 0, r#"["first"]"#);
    assert_eq!(rig.count_sent("waited") + rig.count_sent("join") + rig.count_sent("do"), 0);
    rig.prologue_done(ROOT, 0);
    rig.acknowledge("join", "[]");
    let words: Vec<_> = rig.sent.iter().filter_map(|frame| frame.split('"').nth(1)).collect();
    assert_eq!(words, ["first", "waited", "join", "cursor", "do"]);
    assert_eq!(rig.count_sent(r#"["cursor",2]"#), 1);
}

#[test]
fn takes_an_event_in_the_same_way_whoever_reads_it() {
    let tell = |short: bool| {
        let mut rig = with_stream();
        let events = [
            r#"["news","plain"]"#.to_owned(),
            format!(r#"["news",2,{}]"#, stamp(2)),
            format!(r#"["news",2,{}]"#, stamp(2)),
            format!(r#"["nobody listens",{}]"#, stamp(3)),
            format!(r#"["news",5,{}]"#, stamp(5)),
            r#"["news","behind a hole"]"#.to_owned(),
            format!(r#"["news",{{"id":1}},{}]"#, r#"{"$sockeye":{"id":7}}"#),
            r#"["sockeye:position",["s","e",5]]"#.to_owned(),
            r#"["sockeye:retry",{"afterMs":1}]"#.to_owned(),
        ];
        for event in events {
            if short { rig.push_event(&event) } else { rig.push(&format!("42{event}")) }
        }
        let replayed = format!(r#"["news",4,{}],["news",5,{}]"#, stamp(4), stamp(5));
        rig.acknowledge("sockeye:since", &since(5, &replayed));
        rig.advance(seconds(20));
        (rig.take_told(), rig.take_sent())
    };
    let (told, sent) = tell(true);
    assert_eq!((told.clone(), sent), tell(false));
    assert!(told.iter().any(|line| line == r#"event 0 ["news",4]"#), "{told:?}");
}

#[test]
fn holds_events_of_the_root_apart_from_another_namespace_that_is_not_live() {
    let mut rig = Rig::connected();
    rig.host.listen("news");
    let other = rig.socket("/n1");
    rig.set_hooks(other, true, false);
    rig.connect(other);
    rig.push(r#"42/n1,["news","other"]"#);
    assert!(rig.offer_event(r#"["news","root"]"#));
    rig.push(r#"42/n1,["news","another"]"#);
    assert!(rig.has_told(r#"event 0 ["news","root"]"#));
    assert!(!rig.told.iter().any(|line| line.starts_with("event 1")));
    rig.prologue_done(other, 0);
    let told: Vec<_> = rig.told.iter().filter(|line| line.starts_with("event 1")).collect();
    assert_eq!(told, [r#"event 1 ["news","other"]"#, r#"event 1 ["news","another"]"#]);
}

#[test]
fn gives_the_server_its_whole_time_to_answer_about_a_hole() {
    let mut rig = with_stream();
    // Nothing but events has come for a while, and those tell no time.
    rig.sleep(seconds(15));
    rig.push_event(&format!(r#"["news",3,{}]"#, stamp(3)));
    let replayed = format!(r#"["news",2,{}],["news",3,{}]"#, stamp(2), stamp(3));
    let now = rig.now;
    rig.idle(seconds(9));
    assert_eq!(rig.now.since(now), seconds(9));
    rig.acknowledge("sockeye:since", &since(3, &replayed));
    rig.assert_told(&[r#"event 0 ["news",2]"#, r#"event 0 ["news",3]"#]);
}

#[test]
fn goes_on_without_a_namespace_that_is_refused() {
    let mut rig = Rig::connected();
    let other = rig.socket("/n1");
    rig.open_outbox(other);
    rig.retain(other, "room");
    rig.enqueue(other, "a");
    rig.start(other);
    rig.push(r#"44/n1,{"message":"no"}"#);
    rig.emit(ROOT, r#"["still here"]"#);
    assert_eq!(rig.count_sent("still here"), 1);
    assert_eq!(rig.count_sent(r#"["join""#) + rig.count_sent(r#"["do""#), 0);
    assert_eq!(rig.store(other, "").keys(), ["a"]);
    rig.connect(other);
    rig.push(&HELLO.replace("42", "42/n1,"));
    rig.acknowledge(r#"["join""#, "[]");
    assert_eq!(rig.count_sent(r#"["do""#), 1);
}

#[test]
fn tells_of_a_topic_what_the_server_answered_to_its_join_only() {
    let mut rig = Rig::connected();
    rig.retain(ROOT, "room");
    let join = rig.sent.last().cloned().unwrap();
    rig.release(ROOT, "room");
    rig.answer_frame(&join, r#"["stale"]"#);
    rig.forget();
    rig.retain(ROOT, "room");
    rig.acknowledge(r#"["join""#, r#"["fresh"]"#);
    rig.assert_told(&["topic 0 room joining", r#"topic 0 room live ["fresh"]"#]);
}

#[test]
fn sends_actions_in_an_envelope_only_where_the_helper_has_said_hello() {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    assert_eq!(rig.count_sent(r#"["do","a",{"$sockeye":{"k":"a""#), 1);
    rig.answer_action(r#""do""#, "a", r#""s":"applied""#);
    assert!(rig.has_told(r#"action 0 a applied ["ok"]"#));

    let mut rig = Rig::new();
    rig.socket("/");
    rig.open_outbox(ROOT);
    rig.connect(ROOT);
    rig.enqueue(ROOT, "a");
    assert_eq!(rig.sent.last().unwrap(), "40/sockeye-liveness,");
    rig.push(r#"44/sockeye-liveness,{"message":"Invalid namespace"}"#);
    assert_eq!(rig.sent.last().unwrap(), r#"420["do","a"]"#);
}

#[test]
fn asks_each_namespace_for_itself_what_the_server_is() {
    let mut rig = Rig::new();
    rig.socket("/");
    let other = rig.socket("/n1");
    for socket in [ROOT, other] {
        rig.open_outbox(socket);
        rig.enqueue(socket, "a");
    }
    rig.connect(ROOT);
    assert_eq!(rig.count_sent("40/sockeye-liveness,"), 1);
    rig.push(HELLO);
    rig.start(other);
    rig.accept(other);
    // The server has the helper on the root only.
    rig.push(r#"44/sockeye-liveness,{"message":"Invalid namespace"}"#);
    assert_eq!(rig.count_sent(r#"["do","a",{"$sockeye""#), 1);
    assert_eq!(rig.count_sent(r#"["do","a"]"#), 1);
}
