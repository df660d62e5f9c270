//! Requests end exactly once, events go out in order or not at all, and memory is bounded.
//!
//! That nothing ends twice is checked by the pair in every scenario.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::json;
use sockeye::manager::{Config, SocketId, Status};
use sockeye::socketio::{EmitError, Limits, RequestId};
use support::{Answer, Call, How, Pair, Told, ms};

/// A pair that has asked for the root namespace and gets no answer yet.
fn connecting() -> (Pair, SocketId) {
    connecting_with(Limits::default())
}

fn connecting_with(limits: Limits) -> (Pair, SocketId) {
    let mut pair = Pair::with(Config { limits, ..Config::default() });
    pair.server.answer("/", Answer::Silence);
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    (pair, socket)
}

fn accept(pair: &mut Pair) {
    pair.push(r#"40{"sid":"s"}"#);
    pair.drive();
}

fn cancel(pair: &mut Pair, socket: SocketId, request: u32) {
    pair.call(Call::Cancel { socket, request: RequestId(request) }).unwrap();
}

#[test]
fn settles_each_request_with_its_own_answer_when_answers_come_out_of_order() {
    let (mut pair, socket) = Pair::connected();
    for request in 0..5 {
        pair.request(socket, request, r#"["q"]"#).unwrap();
    }
    for id in [3, 0, 4, 1, 2] {
        pair.push(&format!("43{id}[{id}]"));
    }
    pair.drive();
    for request in 0..5 {
        assert_eq!(pair.settlements(request), [How::Acknowledged(json!([request]))]);
    }
}

#[test]
fn settles_once_when_an_answer_comes_twice() {
    let (mut pair, socket) = Pair::connected();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.push("430[1]");
    pair.push("430[2]");
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([1]))]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn ignores_an_answer_when_its_id_is_unknown() {
    let (mut pair, socket) = Pair::connected();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    for id in ["1", "7", "9007199254740991"] {
        pair.push(&format!("43{id}[]"));
    }
    pair.drive();
    assert_eq!(pair.settlements(1), []);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.push("430[]");
    pair.drive();
    assert_eq!(pair.settlements(1).len(), 1);
}

#[test]
fn settles_once_when_the_answer_has_a_hundred_thousand_arguments() {
    let (mut pair, socket) = Pair::connected();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.push(&format!("430[0{}]", ",0".repeat(99_999)));
    pair.drive();
    let [How::Acknowledged(arguments)] = &pair.settlements(1)[..] else {
        panic!("not acknowledged");
    };
    assert_eq!(arguments.as_array().unwrap().len(), 100_000);
}

#[test]
fn times_out_at_its_deadline_when_no_answer_comes() {
    let (mut pair, socket) = Pair::connected();
    pair.request_within(socket, 1, r#"["q"]"#, Some(ms(300))).unwrap();
    assert_eq!(pair.deadline(), Some(pair.now + ms(300)));
    pair.advance(299);
    assert_eq!(pair.settlements(1), []);
    pair.advance(1);
    assert_eq!(pair.settlements(1), [How::TimedOut]);
    assert_eq!(pair.status(socket), Status::Connected, "the connection is not to blame");
}

#[test]
fn ignores_the_answer_when_the_request_has_timed_out() {
    let (mut pair, socket) = Pair::connected();
    pair.request_within(socket, 1, r#"["q"]"#, Some(ms(300))).unwrap();
    pair.advance(400);
    pair.push("430[]");
    pair.drive();
    assert_eq!(pair.settlements(1), [How::TimedOut]);
}

#[test]
fn times_out_each_request_at_its_own_moment_when_there_are_several() {
    let (mut pair, socket) = Pair::connected();
    let start = pair.now;
    for (request, timeout) in [(1, Some(300)), (2, Some(100)), (3, None), (4, Some(200))] {
        pair.request_within(socket, request, r#"["q"]"#, timeout.map(ms)).unwrap();
    }
    let mut order = Vec::new();
    while pair.now.since(start) < ms(400) {
        pair.advance(50);
        let ended = (1..=4).filter(|request| !pair.settlements(*request).is_empty());
        let ended: Vec<_> = ended.collect();
        if order.last() != Some(&ended) {
            order.push(ended);
        }
    }
    assert_eq!(order, [vec![], vec![2], vec![2, 4], vec![1, 2, 4]]);
}

#[test]
fn never_sends_a_request_when_it_timed_out_before_it_could_be_sent() {
    let (mut pair, socket) = connecting();
    pair.request_within(socket, 1, r#"["late"]"#, Some(ms(300))).unwrap();
    pair.emit(socket, r#"["a"]"#).unwrap();
    pair.advance(300);
    assert_eq!(pair.settlements(1), [How::TimedOut]);
    accept(&mut pair);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["a"]"#]);
}

#[test]
fn times_out_when_nobody_ever_connects() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    pair.request_within(socket, 1, r#"["q"]"#, Some(ms(300))).unwrap();
    pair.advance(300);
    assert_eq!(pair.settlements(1), [How::TimedOut]);
    assert_eq!(pair.deadline(), None);
}

#[test]
fn ends_with_the_connection_when_it_was_sent() {
    type End = fn(&mut Pair, SocketId);
    let ends: [(&str, End); 6] = [
        ("cut", |pair, _| pair.cut(true)),
        ("closed", |pair, _| pair.push("1")),
        ("put out", |pair, _| pair.push("41")),
        ("left", |pair, socket| pair.disconnect(socket)),
        ("broken", |pair, _| pair.push("garbage")),
        ("lost", |pair, _| {
            pair.black_hole();
            pair.advance(45_000);
        }),
    ];
    for (name, end) in ends {
        let (mut pair, socket) = Pair::connected();
        pair.request(socket, 1, r#"["q"]"#).unwrap();
        pair.drive();
        end(&mut pair, socket);
        pair.drive();
        assert_eq!(pair.settlements(1), [How::Disconnected], "{name}");
        pair.connect(socket);
        pair.advance(2_000);
        assert_eq!(pair.status(socket), Status::Connected, "{name}");
        pair.push("430[]");
        pair.drive();
        assert_eq!(pair.settlements(1).len(), 1, "{name}: an old id means nothing");
        let sent = pair.server.frames().iter().filter(|frame| **frame == r#"420["q"]"#).count();
        assert_eq!(sent, 1, "{name}: it is not sent again");
    }
}

#[test]
fn ends_with_the_connection_when_it_was_flushed_from_the_buffer() {
    let (mut pair, socket) = connecting();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    accept(&mut pair);
    pair.cut(true);
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Disconnected]);
}

#[test]
fn waits_for_the_next_connection_when_it_was_not_sent() {
    let (mut pair, socket) = connecting();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.cut(true);
    pair.drive();
    pair.server.answer("/", Answer::Accept);
    pair.server.acknowledgement = Some("[1]".to_owned());
    pair.advance(1_100);
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([1]))]);
}

#[test]
fn waits_for_the_next_connection_when_the_application_disconnects_and_connects() {
    let (mut pair, socket) = connecting();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.emit(socket, r#"["a"]"#).unwrap();
    pair.disconnect(socket);
    pair.server.answer("/", Answer::Accept);
    pair.server.acknowledgement = Some("[1]".to_owned());
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.server.frames()[1..], ["40", r#"420["q"]"#, r#"42["a"]"#]);
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([1]))]);
}

#[test]
fn tells_nothing_when_a_request_is_cancelled() {
    let (mut pair, socket) = Pair::connected();
    pair.request_within(socket, 1, r#"["q"]"#, Some(ms(300))).unwrap();
    cancel(&mut pair, socket, 1);
    cancel(&mut pair, socket, 1);
    pair.push("430[]");
    pair.advance(1_000);
    pair.cut(true);
    pair.drive();
    pair.destroy();
    assert_eq!(pair.settlements(1), []);
}

#[test]
fn never_sends_a_request_when_it_was_cancelled_before_it_could_be_sent() {
    let (mut pair, socket) = connecting();
    pair.emit(socket, r#"["a"]"#).unwrap();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.request(socket, 2, r#"["r"]"#).unwrap();
    cancel(&mut pair, socket, 1);
    accept(&mut pair);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["a"]"#, r#"421["r"]"#]);
}

#[test]
fn ends_every_request_when_the_client_is_destroyed() {
    let (mut pair, socket) = Pair::connected();
    let other = pair.client.socket("/other", false);
    pair.request(socket, 1, r#"["sent"]"#).unwrap();
    pair.request_within(other, 2, r#"["never sent"]"#, Some(ms(300))).unwrap();
    pair.destroy();
    assert_eq!(pair.settlements(1), [How::Destroyed]);
    assert_eq!(pair.settlements(2), [How::Destroyed]);
    pair.assert_all_settled();
    assert_eq!((pair.closed.len(), pair.deadline()), (1, None));
    let log = pair.log.clone();
    pair.push("430[]");
    pair.advance(60_000);
    assert_eq!(pair.log, log);
    assert_eq!(pair.request(socket, 3, "[]"), Err(EmitError::UnknownSocket));
    assert_eq!(pair.emit(socket, "[]"), Err(EmitError::UnknownSocket));
}

#[test]
fn says_goodbye_when_the_client_is_destroyed() {
    let (mut pair, _) = Pair::connected();
    let transport = pair.transport();
    pair.destroy();
    pair.destroy();
    assert_eq!(pair.sent.last(), Some(&(transport, "41".to_owned())));
    assert_eq!(pair.closed, [(transport, pair.now)]);
}

#[test]
fn refuses_a_request_when_1024_wait_for_an_answer() {
    let (mut pair, socket) = Pair::connected();
    for request in 0..1_024 {
        pair.request(socket, request, r#"["q"]"#).unwrap();
    }
    let sent = pair.sent.len();
    assert_eq!(pair.request(socket, 5_000, r#"["q"]"#), Err(EmitError::TooManyRequests));
    assert_eq!(pair.sent.len(), sent, "nothing is sent of it");
    assert!(pair.emit(socket, r#"["a"]"#).is_ok(), "events without an answer are free");
    pair.push("43500[]");
    pair.drive();
    assert_eq!(pair.settlements(500).len(), 1);
    assert!(pair.request(socket, 5_001, r#"["q"]"#).is_ok());
    pair.cut(true);
    pair.drive();
    assert_eq!(pair.settlements(5_000), []);
    pair.assert_all_settled();
}

#[test]
fn gives_no_number_twice_when_a_request_was_refused() {
    let limits = Limits { buffered_events: 1, ..Limits::default() };
    let (mut pair, socket) = connecting_with(limits);
    pair.request(socket, 1, r#"["a"]"#).unwrap();
    assert_eq!(pair.request(socket, 2, r#"["b"]"#), Err(EmitError::BufferFull));
    accept(&mut pair);
    pair.request(socket, 3, r#"["c"]"#).unwrap();
    pair.push("430[0]");
    pair.push("431[1]");
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([0]))]);
    assert_eq!(pair.settlements(2), []);
    assert_eq!(pair.settlements(3), [How::Acknowledged(json!([1]))]);
}

#[test]
fn refuses_an_event_when_a_thousand_wait() {
    let (mut pair, socket) = connecting();
    for _ in 0..1_000 {
        pair.emit(socket, r#"["a"]"#).unwrap();
    }
    assert_eq!(pair.emit(socket, r#"["a"]"#), Err(EmitError::BufferFull));
    assert_eq!(pair.request(socket, 1, r#"["a"]"#), Err(EmitError::BufferFull));
    let body = r#"["v"]"#.to_owned();
    pair.call(Call::Emit { socket, body, volatile: true }).unwrap();
    accept(&mut pair);
    pair.drive();
    assert_eq!(pair.server.frames().len(), 1_001);
    for _ in 0..1_001 {
        pair.emit(socket, r#"["a"]"#).unwrap();
    }
}

#[test]
fn refuses_an_event_when_eight_million_units_wait() {
    let (mut pair, socket) = connecting();
    let half_a_megabyte = format!("[\"{}\"]", "a".repeat(500_000 - 4));
    for _ in 0..16 {
        pair.emit(socket, &half_a_megabyte).unwrap();
    }
    assert_eq!(pair.emit(socket, "[1]"), Err(EmitError::BufferFull));
    accept(&mut pair);
    pair.cut(true);
    pair.drive();
    assert!(pair.emit(socket, &half_a_megabyte).is_ok(), "there is room again");
}

#[test]
fn keeps_a_buffer_for_each_namespace_when_one_is_full() {
    let limits = Limits { buffered_events: 1, ..Limits::default() };
    let (mut pair, socket) = connecting_with(limits);
    let other = pair.client.socket("/other", false);
    pair.emit(socket, "[1]").unwrap();
    assert_eq!(pair.emit(socket, "[2]"), Err(EmitError::BufferFull));
    assert!(pair.emit(other, "[3]").is_ok());
}

#[test]
fn drops_a_volatile_event_when_there_is_no_connection() {
    let (mut pair, socket) = connecting();
    let volatile = |body: &str| Call::Emit { socket, body: body.to_owned(), volatile: true };
    pair.call(volatile(r#"["dropped"]"#)).unwrap();
    accept(&mut pair);
    pair.call(volatile(r#"["sent"]"#)).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["sent"]"#]);
}

#[test]
fn sends_what_waited_first_when_the_application_emits_on_being_told_connected() {
    let (mut pair, socket) = connecting();
    pair.emit(socket, r#"["first"]"#).unwrap();
    pair.request(socket, 1, r#"["second"]"#).unwrap();
    pair.app = Box::new(move |told| match told {
        Told::Status { status: Status::Connected, .. } => {
            vec![Call::Emit { socket, body: r#"["third"]"#.to_owned(), volatile: false }]
        }
        _ => vec![],
    });
    accept(&mut pair);
    pair.drive();
    let expected = ["40", r#"42["first"]"#, r#"420["second"]"#, r#"42["third"]"#];
    assert_eq!(pair.server.frames(), expected);
}

#[test]
fn keeps_the_order_when_events_are_emitted_before_during_and_after_a_connection() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    let mut number = 0;
    let mut emit = |pair: &mut Pair| {
        pair.emit(socket, &format!("[\"e\",{number}]")).unwrap();
        number += 1;
    };
    emit(&mut pair);
    pair.connect(socket);
    emit(&mut pair);
    pair.drive();
    emit(&mut pair);
    pair.drive();
    pair.cut(false);
    pair.drive();
    emit(&mut pair);
    pair.disconnect(socket);
    emit(&mut pair);
    pair.connect(socket);
    emit(&mut pair);
    pair.drive();
    emit(&mut pair);
    pair.drive();
    let frames = pair.server.frames();
    let events: Vec<_> = frames.iter().filter_map(|frame| frame.strip_prefix("42")).collect();
    let expected: Vec<_> = (0..7).map(|number| format!("[\"e\",{number}]")).collect();
    assert_eq!(events, expected);
}

#[test]
fn answers_nothing_when_the_ticket_is_of_an_older_connection() {
    let (mut pair, socket) = Pair::connected();
    pair.listen("ask");
    pair.push(r#"425["ask"]"#);
    pair.drive();
    let ticket = pair.ticket();
    let answer = Call::Acknowledge { socket, ticket, body: "[]".to_owned() };
    pair.cut(true);
    pair.drive();
    pair.call(answer.clone()).unwrap();
    pair.advance(1_100);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.call(answer).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40"]);
}

#[test]
fn answers_nothing_when_the_namespace_is_disconnected() {
    let (mut pair, socket) = Pair::connected();
    let other = pair.client.socket("/other", false);
    pair.connect(other);
    pair.listen("ask");
    pair.push(r#"425["ask"]"#);
    pair.drive();
    let ticket = pair.ticket();
    pair.disconnect(socket);
    pair.call(Call::Acknowledge { socket, ticket, body: "[]".to_owned() }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames()[2..], ["41"]);
}

#[test]
fn answers_nothing_when_the_namespace_was_left_and_entered_again() {
    let (mut pair, socket) = Pair::connected();
    let other = pair.client.socket("/other", false);
    pair.connect(other);
    pair.listen("ask");
    pair.push(r#"425["ask"]"#);
    pair.drive();
    let ticket = pair.ticket();
    pair.disconnect(socket);
    pair.connect(socket);
    pair.advance(100);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    pair.call(Call::Acknowledge { socket, ticket, body: "[]".to_owned() }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames()[2..], ["41", "40"]);
}

#[test]
fn ignores_an_answer_when_the_request_has_not_been_sent() {
    let (mut pair, socket) = connecting();
    pair.request(socket, 1, r#"["q"]"#).unwrap();
    pair.push(r#"430["bogus"]"#);
    pair.drive();
    assert_eq!(pair.settlements(1), []);
    accept(&mut pair);
    pair.push(r#"430["true"]"#);
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!(["true"]))]);
}
