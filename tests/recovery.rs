//! Connection state recovery: what is asked for, what is hidden, and when it is over.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::{Value, json};
use sockeye::manager::{Manager, SocketId, Status};
use sockeye::native::NativeHost;
use sockeye::socketio::Excess;
use support::{Answer, Call, How, Pair, Told};

/// A connected pair whose server names the session `p`.
fn recoverable() -> (Pair, SocketId) {
    let mut pair = Pair::new();
    pair.listen("x");
    accept_as(&mut pair, "/", "p");
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    (pair, socket)
}

fn accept_as(pair: &mut Pair, namespace: &str, pid: &str) {
    let frame = accepted_as(namespace, pid);
    pair.server.answer(namespace, Answer::Frame(frame));
}

fn accepted_as(namespace: &str, pid: &str) -> String {
    let prefix = if namespace == "/" { String::new() } else { format!("{namespace},") };
    format!(r#"40{prefix}{{"sid":"s","pid":"{pid}"}}"#)
}

fn receive(pair: &mut Pair, frame: &str) {
    pair.push(frame);
    pair.drive();
}

fn reconnect(pair: &mut Pair, socket: SocketId) {
    pair.cut(true);
    pair.drive();
    pair.advance(31_000);
    assert_eq!(pair.status(socket), Status::Connected);
}

/// The payloads of all CONNECT packets of the root namespace.
fn questions(pair: &Pair) -> Vec<Value> {
    let connects = pair.server.frames().into_iter().filter_map(|text| text.strip_prefix("40"));
    let root = connects.filter(|payload| !payload.starts_with('/'));
    root.map(|payload| serde_json::from_str(payload).unwrap_or_default()).collect()
}

#[test]
fn asks_for_the_session_and_the_last_offset_after_a_lost_connection() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x",1,"Q7w600v"]"#);
    receive(&mut pair, r#"42["x",2,"Q7w600v.1"]"#);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair), [Value::Null, json!({"pid": "p", "offset": "Q7w600v.1"})]);
    assert_eq!(pair.recovered(socket), [false, true]);
    assert_eq!(pair.delivered(), [json!(["x", 1]), json!(["x", 2])]);
}

#[test]
fn asks_without_an_offset_when_no_event_has_come() {
    let (mut pair, socket) = recoverable();
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[1], json!({"pid": "p"}));
}

#[test]
fn hides_the_offset_and_nothing_else() {
    let (mut pair, _) = recoverable();
    let cases = [
        (r#"42["x","a","Q7w600v"]"#, json!(["x", "a"])),
        (r#"42["x","1700000000000-0"]"#, json!(["x"])),
        (r#"42["x",{"a":1},"65534ea0c0ffee0123456789"]"#, json!(["x", {"a": 1}])),
        // An event that is to be answered has none.
        (r#"425["x","Q7w600v"]"#, json!(["x", "Q7w600v"])),
        // A volatile event has none.
        (r#"42["x","alice in wonderland"]"#, json!(["x", "alice in wonderland"])),
        (r#"42["x",7]"#, json!(["x", 7])),
        (r#"42["x",["Q7w600v"]]"#, json!(["x", ["Q7w600v"]])),
        (
            r#"42["x",{"_placeholder":true,"num":0}]"#,
            json!(["x", {"_placeholder": true, "num": 0}]),
        ),
        (r#"42["x"]"#, json!(["x"])),
    ];
    for (frame, expected) in cases {
        receive(&mut pair, frame);
        assert_eq!(pair.delivered().last(), Some(&expected), "{frame}");
    }
    pair.push(r#"451-["x",{"_placeholder":true,"num":0},"Q7w600z"]"#);
    pair.push_binary(&[1]);
    pair.drive();
    assert_eq!(pair.delivered().last(), Some(&json!(["x", [1]])));
}

#[test]
fn hides_nothing_when_the_server_does_not_recover() {
    let (mut pair, socket) = Pair::connected();
    pair.listen("x");
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    assert_eq!(pair.delivered(), [json!(["x", "Q7w600v"])]);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair), [Value::Null, Value::Null]);
    assert_eq!(pair.recovered(socket), [false, false]);
}

#[test]
fn keeps_the_offset_when_a_volatile_event_comes_behind_it() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    receive(&mut pair, r#"42["x","alice"]"#);
    receive(&mut pair, r#"427["x","Q7w600w"]"#);
    receive(&mut pair, r#"42["nobody","bob"]"#);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[1]["offset"], "Q7w600v");
}

#[test]
fn keeps_a_text_of_a_megabyte_for_an_argument() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    let digits = "1".repeat(1_000_000);
    for long in [format!("Q7w600w.{digits}"), format!("1700000000000-{digits}"), digits] {
        receive(&mut pair, &format!(r#"42["x","{long}"]"#));
        assert_eq!(pair.delivered().last(), Some(&json!(["x", long])));
        receive(&mut pair, &format!(r#"42["nobody","{long}"]"#));
    }
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[1]["offset"], "Q7w600v");
}

#[test]
fn counts_the_events_that_nobody_hears() {
    let events = [
        r#"42["nobody",1,"Q7w600z"]"#,
        r#"42["nob\u006fdy","Q7w600z"]"#,
        r#"451-["nobody",{"_placeholder":true,"num":0},"Q7w600z"]"#,
    ];
    for event in events {
        let (mut pair, socket) = recoverable();
        receive(&mut pair, r#"42["x","Q7w600v"]"#);
        receive(&mut pair, event);
        reconnect(&mut pair, socket);
        assert_eq!(questions(&pair)[1]["offset"], "Q7w600z", "{event}");
    }
}

#[test]
fn counts_the_events_that_were_dropped() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    pair.push(r#"45100-["x",{"_placeholder":true,"num":0},"Q7w600z"]"#);
    (0..100).for_each(|_| pair.push_binary(&[0]));
    pair.drive();
    assert_eq!(pair.dropped(), [Excess::Attachments]);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[1]["offset"], "Q7w600z");
}

#[test]
fn does_not_count_an_event_whose_attachments_have_not_all_come() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    pair.push(r#"452-["x",{"_placeholder":true,"num":0},"Q7w600z"]"#);
    pair.push_binary(&[0]);
    pair.drive();
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[1]["offset"], "Q7w600v");
}

#[test]
fn delivers_what_was_missed_after_the_acceptance_and_before_what_follows() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x",1,"Q7w600v"]"#);
    let frames = [
        r#"42["x",2,"Q7w600w"]"#.to_owned(),
        r#"42["nobody","Q7w600x"]"#.to_owned(),
        r#"42["x",3,"Q7w600y"]"#.to_owned(),
        r#"42["nobody","Q7w600z"]"#.to_owned(),
        accepted_as("/", "p"),
        r#"42["x",4,"Q7w6010"]"#.to_owned(),
    ];
    pair.server.answer("/", Answer::Frames(frames.to_vec()));
    pair.log.clear();
    reconnect(&mut pair, socket);
    let told: Vec<_> = pair.log.iter().map(summary).collect();
    let expected = ["waiting", "connecting", "accepted", "connected", "2", "3", "4"];
    assert_eq!(told, expected);
    assert_eq!(pair.recovered(socket), [true]);
    pair.server.answer("/", Answer::Frames(frames[4..5].to_vec()));
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2]["offset"], "Q7w6010");
}

fn summary(told: &Told) -> String {
    match told {
        Told::Delivered { arguments, .. } => arguments[1].to_string(),
        Told::Accepted { .. } => "accepted".to_owned(),
        Told::Status { status: Status::Connected, .. } => "connected".to_owned(),
        Told::Status { status: Status::Connecting { .. }, .. } => "connecting".to_owned(),
        Told::Status { status: Status::Waiting { .. }, .. } => "waiting".to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn asks_for_the_same_offset_again_when_the_connection_is_lost_before_the_acceptance() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x",1,"Q7w600v"]"#);
    pair.server.answer("/", Answer::Frame(r#"42["x",2,"Q7w600w"]"#.to_owned()));
    pair.cut(true);
    pair.advance(1_500);
    assert!(matches!(pair.status(socket), Status::Connecting { .. }));
    accept_as(&mut pair, "/", "p");
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2]["offset"], "Q7w600v");
    assert_eq!(pair.delivered(), [json!(["x", 1])], "what was not delivered comes again");
}

#[test]
fn does_not_count_an_event_that_was_dropped_before_the_acceptance_until_then() {
    let dropped = r#"45100-["x",{"_placeholder":true,"num":0},"Q7w600x"]"#;
    let missed = [r#"42["x",2,"Q7w600w"]"#, dropped].map(str::to_owned);
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x",1,"Q7w600v"]"#);
    pair.server.answer("/", Answer::Frames(missed.to_vec()));
    pair.cut(true);
    pair.advance(1_500);
    assert_eq!(pair.dropped(), [Excess::Attachments]);
    accept_as(&mut pair, "/", "p");
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2]["offset"], "Q7w600v", "the event before it comes again");
}

#[test]
fn counts_an_event_that_was_dropped_before_the_acceptance_after_it() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x",1,"Q7w600v"]"#);
    let dropped = r#"45100-["x",{"_placeholder":true,"num":0},"Q7w600x"]"#;
    pair.server.answer("/", Answer::Frame(dropped.to_owned()));
    pair.cut(true);
    pair.advance(1_500);
    (0..100).for_each(|_| pair.push_binary(&[0]));
    receive(&mut pair, &accepted_as("/", "p"));
    assert_eq!(pair.recovered(socket).last(), Some(&true));
    accept_as(&mut pair, "/", "p");
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2]["offset"], "Q7w600x");
}

#[test]
fn starts_anew_when_the_server_names_another_session() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    accept_as(&mut pair, "/", "q");
    reconnect(&mut pair, socket);
    assert_eq!(pair.recovered(socket), [false, false]);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2], json!({"pid": "q"}), "the offset was the other session's");
    assert_eq!(pair.recovered(socket), [false, false, true]);
}

#[test]
fn forgets_the_session_when_the_server_names_none() {
    let (mut pair, socket) = recoverable();
    pair.server.answer("/", Answer::Accept);
    reconnect(&mut pair, socket);
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    assert_eq!(pair.delivered(), [json!(["x", "Q7w600v"])]);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2], Value::Null);
}

#[test]
fn forgets_the_session_when_the_application_disconnects() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    pair.disconnect(socket);
    pair.connect(socket);
    pair.drive();
    assert_eq!(questions(&pair)[1], Value::Null, "the next user may be another");
    assert_eq!(pair.recovered(socket), [false, false]);
}

#[test]
fn forgets_the_session_when_the_application_disconnects_while_it_waits() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    pair.cut(true);
    pair.drive();
    pair.disconnect(socket);
    pair.connect(socket);
    pair.drive();
    assert_eq!(questions(&pair)[1], Value::Null);
}

#[test]
fn forgets_the_session_when_the_server_disconnects() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    receive(&mut pair, "41");
    pair.connect(socket);
    pair.drive();
    assert_eq!(questions(&pair)[1], Value::Null);
}

#[test]
fn asks_again_when_the_server_has_refused() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    let refusal = r#"44{"message":"token expired"}"#.to_owned();
    pair.server.answer("/", Answer::Frame(refusal));
    pair.cut(true);
    pair.advance(1_500);
    assert!(matches!(pair.status(socket), Status::Disconnected { .. }));
    accept_as(&mut pair, "/", "p");
    pair.connect(socket);
    pair.drive();
    assert_eq!(questions(&pair)[2], json!({"pid": "p", "offset": "Q7w600v"}));
    assert_eq!(pair.recovered(socket), [false, true]);
}

#[test]
fn adds_the_question_to_the_auth_payload_which_wins() {
    let mut pair = Pair::new();
    pair.listen("x");
    accept_as(&mut pair, "/", "p");
    let socket = pair.client.socket("/", true);
    pair.app = Box::new(|told| match told {
        Told::AuthNeeded { socket, ticket, .. } => {
            let payload = Some(r#"{"offset":"mine","token":"t"}"#.to_owned());
            vec![Call::Authenticate { socket: *socket, ticket: *ticket, payload }]
        }
        _ => Vec::new(),
    });
    pair.connect(socket);
    pair.drive();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    reconnect(&mut pair, socket);
    let expected = [
        json!({"offset": "mine", "token": "t"}),
        json!({"pid": "p", "offset": "mine", "token": "t"}),
    ];
    assert_eq!(questions(&pair), expected);
}

#[test]
fn keeps_a_session_for_each_namespace() {
    let (mut pair, root) = recoverable();
    accept_as(&mut pair, "/n", "other");
    let other = pair.client.socket("/n", false);
    pair.connect(other);
    pair.drive();
    receive(&mut pair, r#"42/n,["x","Q7w600n"]"#);
    receive(&mut pair, r#"42["x","Q7w600r"]"#);
    pair.server.answer("/n", Answer::Accept);
    reconnect(&mut pair, root);
    let frames = pair.server.frames();
    let last = &frames[frames.len() - 2..];
    let question = |pid: &str, offset: &str| json!({"pid": pid, "offset": offset}).to_string();
    let expected = [
        format!("40{}", question("p", "Q7w600r")),
        format!("40/n,{}", question("other", "Q7w600n")),
    ];
    assert_eq!(last, expected);
    assert_eq!((pair.recovered(root), pair.recovered(other)), (vec![false, true], vec![false; 2]));
}

#[test]
fn ends_requests_with_their_connection_also_when_the_session_goes_on() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x","Q7w600v"]"#);
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.drive();
    reconnect(&mut pair, socket);
    assert_eq!(pair.recovered(socket), [false, true]);
    assert_eq!(pair.settlements(1), [How::Disconnected]);
    receive(&mut pair, "430[1]");
    assert_eq!(pair.settlements(1).len(), 1);
}

#[test]
fn drops_what_comes_before_the_acceptance_when_it_is_too_much() {
    let (mut pair, socket) = recoverable();
    receive(&mut pair, r#"42["x",0,"Q7w600v"]"#);
    let mut frames: Vec<_> = (1..=1_001).map(|number| format!(r#"42["x",{number}]"#)).collect();
    frames.push(accepted_as("/", "p"));
    frames.push(r#"42["x","after"]"#.to_owned());
    pair.server.answer("/", Answer::Frames(frames));
    reconnect(&mut pair, socket);
    let delivered = pair.delivered();
    assert_eq!((delivered.len(), &delivered[1_000]), (1_002, &json!(["x", 1_000])));
    assert_eq!(delivered.last(), Some(&json!(["x", "after"])));
    assert_eq!(pair.dropped(), [Excess::EarlyEvents]);
}

#[test]
fn keeps_nothing_that_comes_before_the_namespace_was_asked_for() {
    let mut pair = Pair::new();
    pair.listen("x");
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    receive(&mut pair, r#"42["x","too early"]"#);
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::Authenticate { socket, ticket, payload: None }).unwrap();
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.delivered(), [] as [Value; 0]);
}

#[test]
fn drops_what_comes_before_the_acceptance_when_the_connection_is_lost() {
    let (mut pair, socket) = recoverable();
    pair.server.answer("/", Answer::Frame(r#"42["x","lost"]"#.to_owned()));
    pair.cut(true);
    pair.advance(1_500);
    accept_as(&mut pair, "/", "p");
    reconnect(&mut pair, socket);
    assert_eq!(pair.delivered(), [] as [Value; 0]);
}

#[test]
fn takes_a_pid_that_is_no_text_for_none_and_escapes_one_that_is() {
    let (mut pair, socket) = recoverable();
    let frame = r#"40{"sid":"s","pid":7}"#.to_owned();
    pair.server.answer("/", Answer::Frame(frame));
    reconnect(&mut pair, socket);
    accept_as(&mut pair, "/", r#"\"},{"#);
    reconnect(&mut pair, socket);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[2..], [Value::Null, json!({"pid": "\"},{"})]);
}

/// The short way of an event through the manager hides the offset like the long one.
#[test]
fn hides_the_offset_of_an_event_that_the_host_has_read() {
    let (mut pair, socket) = recoverable();
    let event = pair.listen("x");
    let transport = pair.transport();
    let taken = |client: &mut Manager<NativeHost>, arguments| {
        client.handle_event(transport, socket, event, arguments, 0)
    };
    assert!(taken(&mut pair.client, json!(["x", 1, "Q7w600v"])));
    assert!(!pair.client.handle_unheard_event(transport, socket), "its offset has to be read");
    receive(&mut pair, "6");
    assert_eq!(pair.delivered(), [json!(["x", 1])]);
    reconnect(&mut pair, socket);
    assert_eq!(questions(&pair)[1]["offset"], "Q7w600v");
}
