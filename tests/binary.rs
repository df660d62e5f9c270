//! Events and answers with attachments, in both directions.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use sockeye::manager::{Config, SocketId, Status};
use sockeye::socketio::{DecoderLimits, EmitError, Excess, RequestId};
use support::{Answer, Call, How, Pair, ms};

const ONE: &str = r#"{"_placeholder":true,"num":0}"#;
const TWO: &str = r#"{"_placeholder":true,"num":1}"#;

fn listening() -> (Pair, SocketId) {
    listening_with(Config::default())
}

fn listening_with(config: Config) -> (Pair, SocketId) {
    let (mut pair, socket) = Pair::connected_with(config);
    pair.listen("x");
    (pair, socket)
}

fn limited(decoder_limits: DecoderLimits) -> (Pair, SocketId) {
    listening_with(Config { decoder_limits, ..Config::default() })
}

fn assert_goes_on(pair: &mut Pair, socket: SocketId) {
    let before = pair.delivered().len();
    pair.push(r#"42["x","next"]"#);
    pair.drive();
    assert_eq!(pair.delivered()[before..], [json!(["x", "next"])]);
    assert_eq!((pair.status(socket), pair.failures()), (Status::Connected, vec![]));
}

#[test]
fn delivers_an_event_when_all_of_its_attachments_have_come() {
    let (mut pair, socket) = listening();
    pair.push(&format!(r#"452-["x",{TWO},{{"a":[{ONE}]}},"text"]"#));
    pair.push_binary(&[1, 2]);
    pair.drive();
    assert_eq!(pair.delivered(), [] as [Value; 0]);
    pair.push_binary(&[3]);
    pair.drive();
    assert_eq!(pair.delivered(), [json!(["x", [3], {"a": [[1, 2]]}, "text"])]);
    assert_goes_on(&mut pair, socket);
}

#[test]
fn answers_an_event_with_attachments_with_attachments() {
    let (mut pair, socket) = listening();
    pair.push(&format!(r#"451-12["x",{ONE}]"#));
    pair.push_binary(&[1]);
    pair.drive();
    let answer =
        Call::Acknowledge { socket, ticket: pair.ticket(), body: format!("[{ONE},{TWO}]") };
    pair.call(answer.with(&[&[4], &[5, 6]])).unwrap();
    pair.drive();
    let expected = [format!("462-12[{ONE},{TWO}]"), "[4]".to_owned(), "[5, 6]".to_owned()];
    assert_eq!(pair.server.frames()[1..], expected);
}

#[test]
fn settles_a_request_when_the_attachments_of_its_answer_have_come() {
    let (mut pair, socket) = listening();
    let request = RequestId(1);
    let body = format!(r#"["q",{ONE}]"#);
    let call = Call::Request { socket, request, body, timeout: Some(ms(1_000)) };
    pair.call(call.with(&[&[9]])).unwrap();
    pair.push(&format!("461-0[{ONE}]"));
    pair.drive();
    assert_eq!(pair.server.frames()[1..], [format!(r#"451-0["q",{ONE}]"#), "[9]".to_owned()]);
    assert_eq!(pair.settlements(1), []);
    pair.push_binary(&[7]);
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([[7]]))]);
    assert_goes_on(&mut pair, socket);
}

#[test]
fn sends_attachments_directly_after_their_packet_when_they_waited() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/n", false);
    pair.emit_with(socket, &format!(r#"["a",{ONE},{TWO}]"#), &[&[1], &[2]]).unwrap();
    pair.emit(socket, r#"["b"]"#).unwrap();
    pair.emit_with(socket, &format!(r#"["c",{ONE}]"#), &[&[3]]).unwrap();
    pair.connect(socket);
    pair.drive();
    let expected = [
        "40/n,",
        &format!(r#"452-/n,["a",{ONE},{TWO}]"#),
        "[1]",
        "[2]",
        r#"42/n,["b"]"#,
        &format!(r#"451-/n,["c",{ONE}]"#),
        "[3]",
    ];
    assert_eq!(pair.server.frames(), expected);
}

#[test]
fn counts_the_bytes_of_what_waits() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    let half = vec![0; 3_999_990];
    let body = r#"["a"]"#;
    pair.emit_with(socket, body, &[&half]).unwrap();
    pair.emit_with(socket, body, &[&half]).unwrap();
    assert_eq!(pair.emit_with(socket, body, &[&[0; 11]]), Err(EmitError::BufferFull));
    pair.emit_with(socket, body, &[&[0; 5]]).unwrap();
    assert_eq!(pair.emit(socket, body), Err(EmitError::BufferFull));
}

#[test]
fn refuses_more_attachments_than_official_servers_take() {
    let (mut pair, socket) = listening();
    let bytes: &[u8] = &[1];
    assert!(pair.emit_with(socket, r#"["a"]"#, &[bytes; 10]).is_ok());
    let error = pair.emit_with(socket, r#"["a"]"#, &[bytes; 11]);
    assert_eq!(error, Err(EmitError::TooManyAttachments));
    pair.push(r#"421["x"]"#);
    pair.drive();
    let answer = Call::Acknowledge { socket, ticket: pair.ticket(), body: "[]".to_owned() };
    pair.call(answer.with(&[bytes; 11])).unwrap();
    assert_eq!(pair.dropped(), [Excess::Attachments]);
    pair.drive();
    assert_eq!(pair.server.frames().len(), 12);
}

#[test]
fn refuses_what_is_larger_than_the_server_takes() {
    let (mut pair, socket) = listening();
    pair.listen("ask");
    let long = |length: usize| format!("[\"{}\"]", "a".repeat(length - 4));
    pair.emit(socket, &long(999_998)).unwrap();
    assert_eq!(pair.emit(socket, &long(999_999)), Err(EmitError::PayloadTooLarge));
    assert_eq!(pair.request(socket, 1, &long(999_998)), Err(EmitError::PayloadTooLarge));
    pair.request(socket, 1, &long(999_997)).unwrap();
    // Two bytes each, and one unit in a browser.
    assert_eq!(pair.emit(socket, &long(400_000).replace('a', "é")), Ok(()));
    assert_eq!(
        pair.emit(socket, &long(500_002).replace('a', "é")),
        Err(EmitError::PayloadTooLarge)
    );
    let megabyte = vec![0; 1_000_001];
    assert_eq!(pair.emit_with(socket, "[1]", &[&megabyte]), Err(EmitError::PayloadTooLarge));
    pair.emit_with(socket, "[1]", &[&megabyte[1..]]).unwrap();
    pair.push(r#"427["ask"]"#);
    pair.drive();
    let answer = Call::Acknowledge { socket, ticket: pair.ticket(), body: long(1_000_000) };
    pair.call(answer).unwrap();
    assert_eq!(pair.dropped(), [Excess::Payload]);
    pair.cut(true);
    pair.drive();
    assert_eq!(pair.emit(socket, &long(999_999)), Err(EmitError::PayloadTooLarge), "still known");
}

#[test]
fn drops_what_waited_when_the_server_turns_out_not_to_take_it() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    let long = format!("[\"{}\"]", "a".repeat(1_000_000));
    pair.emit(socket, &long).unwrap();
    pair.request(socket, 1, &long).unwrap();
    pair.emit(socket, r#"["short"]"#).unwrap();
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["short"]"#]);
    assert_eq!(pair.dropped(), [Excess::Payload]);
    assert_eq!(pair.settlements(1), [How::Dropped(Excess::Payload)]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn drops_a_packet_and_goes_on_when_it_has_too_many_attachments() {
    for (count, is_dropped) in [(64, false), (65, true), (1_000, true)] {
        let (mut pair, socket) = listening();
        pair.push(&format!(r#"45{count}-["x"]"#));
        for _ in 0..count {
            pair.push_binary(&[0]);
        }
        pair.drive();
        let expected: &[Excess] = if is_dropped { &[Excess::Attachments] } else { &[] };
        assert_eq!(pair.dropped(), expected, "{count}");
        assert_eq!(pair.delivered().len(), usize::from(!is_dropped), "{count}");
        assert_goes_on(&mut pair, socket);
    }
}

#[test]
fn drops_a_packet_and_goes_on_when_its_attachments_have_too_many_bytes() {
    let limits = DecoderLimits { bytes: 1_000, ..DecoderLimits::default() };
    let (mut pair, socket) = limited(limits);
    for sizes in [[500, 500, 0], [500, 501, 3], [1_001, 0, 0], [0, 0, 1_001]] {
        pair.push(r#"453-["x"]"#);
        for size in sizes {
            pair.push_binary(&vec![0; size]);
        }
        pair.drive();
    }
    assert_eq!(pair.dropped(), [Excess::AttachmentBytes; 3]);
    assert_goes_on(&mut pair, socket);
}

#[test]
fn drops_a_packet_and_goes_on_when_its_attachments_take_too_long() {
    let (mut pair, socket) = listening();
    pair.server.heartbeat = None;
    pair.push(r#"452-["x"]"#);
    pair.push_binary(&[1]);
    pair.advance(29_000);
    assert_eq!(pair.dropped(), []);
    pair.push("2");
    pair.advance(1_500);
    assert_eq!(pair.dropped(), [Excess::AttachmentTime]);
    pair.push_binary(&[2]);
    assert_goes_on(&mut pair, socket);
}

#[test]
fn settles_a_request_when_its_answer_is_dropped() {
    let limits = DecoderLimits { attachments: 1, bytes: 10, time: ms(1_000) };
    let (mut pair, socket) = limited(limits);
    for request in 0..3 {
        pair.request(socket, request, r#"["q"]"#).unwrap();
    }
    pair.push("462-0[]");
    pair.push_binary(&[0]);
    pair.push_binary(&[0]);
    pair.push("461-1[]");
    pair.push_binary(&[0; 11]);
    pair.push("461-2[]");
    pair.advance(2_000);
    pair.push_binary(&[0]);
    assert_goes_on(&mut pair, socket);
    assert_eq!(pair.settlements(0), [How::Dropped(Excess::Attachments)]);
    assert_eq!(pair.settlements(1), [How::Dropped(Excess::AttachmentBytes)]);
    assert_eq!(pair.settlements(2), [How::Dropped(Excess::AttachmentTime)]);
    assert_eq!(pair.dropped(), [], "an answer is no event");
}

#[test]
fn says_nothing_when_it_drops_what_nobody_waits_for() {
    let (mut pair, socket) = listening();
    pair.push(r#"45100-/unknown,["x"]"#);
    (0..100).for_each(|_| pair.push_binary(&[0]));
    pair.push("46100-7[]");
    (0..100).for_each(|_| pair.push_binary(&[0]));
    assert_goes_on(&mut pair, socket);
    assert_eq!(pair.dropped(), []);
}

#[test]
fn tells_of_too_many_attachments_also_when_nobody_listens() {
    let (mut pair, socket) = listening();
    pair.push(r#"45100-["nobody"]"#);
    (0..100).for_each(|_| pair.push_binary(&[0]));
    assert_goes_on(&mut pair, socket);
    assert_eq!(pair.dropped(), [Excess::Attachments]);
}

#[test]
fn sets_no_timer_for_each_packet() {
    let (mut pair, socket) = listening();
    let timers = |pair: &mut Pair| {
        pair.push(r#"451-["x"]"#);
        pair.push_binary(&[0]);
        pair.drive();
        pair.timer_changes
    };
    let first = timers(&mut pair);
    for _ in 0..10 {
        assert_eq!(timers(&mut pair), first);
    }
    assert_goes_on(&mut pair, socket);
}

#[test]
fn keeps_a_packet_with_attachments_until_connect_when_it_comes_before() {
    let mut pair = Pair::new();
    pair.listen("x");
    pair.server.answer("/", Answer::Silence);
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    pair.push(&format!(r#"451-["x",{ONE}]"#));
    pair.push_binary(&[1]);
    pair.push(r#"40{"sid":"s"}"#);
    pair.drive();
    assert_eq!(pair.delivered(), [json!(["x", [1]])]);
}

#[test]
fn keeps_no_more_bytes_before_connect_than_it_may() {
    let mut pair = Pair::new();
    pair.listen("x");
    pair.server.answer("/", Answer::Silence);
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    for _ in 0..4 {
        pair.push(r#"451-["x"]"#);
        pair.push_binary(&vec![0; 3_000_000]);
    }
    pair.push(r#"40{"sid":"s"}"#);
    pair.drive();
    assert_eq!((pair.delivered().len(), pair.dropped()), (2, vec![Excess::EarlyEvents]));
    assert_goes_on(&mut pair, socket);
}

/// A value with placeholders, and what it becomes when they are filled.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-zé\"\\\\]{0,6}".prop_map(Value::from),
        (0_u64..10).prop_map(|num| json!({"_placeholder": true, "num": num})),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{0,9}", inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn filled(value: &Value, attachments: &[Vec<u8>]) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.get("_placeholder") == Some(&json!(true)) => {
            let index = fields.get("num").and_then(Value::as_u64).unwrap_or(u64::MAX);
            attachments.get(index as usize).map(|bytes| json!(bytes))
        }
        Value::Object(fields) => {
            let each = |(key, value)| Some((String::clone(key), filled(value, attachments)?));
            fields.iter().map(each).collect()
        }
        Value::Array(items) => items.iter().map(|item| filled(item, attachments)).collect(),
        other => Some(other.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0xb1a5),
        ..ProptestConfig::default()
    })]

    /// What one client sends, another delivers, with the attachments in their places.
    #[test]
    fn delivers_what_was_sent(
        arguments in prop::collection::vec(value(), 0..4),
        attachments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..=10),
        namespace in "/[a-z]{0,5}",
        asks in any::<bool>(),
    ) {
        let mut body = vec![json!("x")];
        body.extend(arguments);
        let body = Value::from(body);
        let mut sender = Pair::new();
        let socket = sender.client.socket(&namespace, false);
        sender.connect(socket);
        sender.drive();
        let text = body.to_string();
        let call = if asks {
            Call::Request { socket, request: RequestId(0), body: text, timeout: None }
        } else {
            Call::Emit { socket, body: text, volatile: false }
        };
        let slices: Vec<&[u8]> = attachments.iter().map(Vec::as_slice).collect();
        sender.call(call.with(&slices)).unwrap();

        let mut receiver = Pair::new();
        receiver.listen("x");
        let socket = receiver.client.socket(&namespace, false);
        receiver.connect(socket);
        receiver.drive();
        receiver.push(&sender.sent[1].1);
        prop_assert_eq!(sender.sent.len(), 2 + attachments.len());
        for bytes in &attachments {
            receiver.push_binary(bytes);
        }
        receiver.drive();
        // Without attachments a placeholder is an object like any other.
        let expected =
            if attachments.is_empty() { Some(body) } else { filled(&body, &attachments) };
        match expected {
            Some(expected) => prop_assert_eq!(receiver.delivered(), [expected]),
            None => prop_assert_eq!(receiver.failures()[0].code(), "parse_error"),
        }
    }
}
