//! An event that the host has read gives the outputs of its frame.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sockeye::engineio::{Failure, TransportId};
use sockeye::host::{EventName, Host};
use sockeye::manager::{Config, Manager, Output, SocketId};
use sockeye::native::NativeHost;
use sockeye::socketio::RequestId;
use sockeye::time::Instant;

const TRANSPORT: TransportId = TransportId(0);
const HANDSHAKE: &str = r#"0{"sid":"e","pingInterval":300,"pingTimeout":200}"#;

/// One input of the manager.
#[derive(Clone, Debug)]
enum Input {
    Connect(u32),
    Disconnect(u32),
    Frame(&'static str),
    Binary,
    Closed,
    Timeout,
    ReconnectNow,
    Request(Option<u64>),
    Cancel,
    Destroy,
}

/// The frames that a host may read itself, and those that only look like them.
const EVENTS: [&str; 19] = [
    r#"42["x"]"#,
    r#"42["x",1,{"a":[2]}]"#,
    r#"42["nobody"]"#,
    r#"42["nobody",1]"#,
    r#"42["nobody",this is not json]"#,
    r#"42["nobody"#,
    r#"42["x"#,
    r#"42["x",]"#,
    r#"42["x"]]"#,
    r#"42["a\"b",1]"#,
    r#"42["\u0078"]"#,
    r#"42[7]"#,
    r#"42["connect"]"#,
    r#"42["x",1,"Q7w600v"]"#,
    r#"42["nobody","Q7w600w"]"#,
    r#"42[null]"#,
    "42[]",
    r#"42["x",1e999]"#,
    r#"42[ "x" ]"#,
];

fn manager() -> Manager<NativeHost> {
    let host = NativeHost::default();
    for name in ["x", "a\"b", "7"] {
        host.listen(name);
    }
    let mut manager = Manager::new(host, Config::default());
    manager.socket("/", false);
    manager.socket("/other", false);
    manager
}

/// Takes the inputs, one every 50 ms, and returns the moment of the last.
fn play(manager: &mut Manager<NativeHost>, inputs: &[Input]) -> Instant {
    let mut now = Instant::from_millis(1_000.0);
    for (number, input) in inputs.iter().enumerate() {
        now = now + Duration::from_millis(50);
        take(manager, input, number as u32, now);
    }
    now
}

fn take(manager: &mut Manager<NativeHost>, input: &Input, number: u32, now: Instant) {
    let root = SocketId(0);
    match *input {
        Input::Connect(socket) => manager.connect(SocketId(socket), now),
        Input::Disconnect(socket) => manager.disconnect(SocketId(socket), now),
        Input::Frame(frame) => manager.handle_text(TRANSPORT, &frame.to_owned(), now),
        Input::Binary => manager.handle_binary(TRANSPORT, vec![1], now),
        Input::Closed => manager.handle_closed(TRANSPORT, Failure::Failed, now),
        Input::Timeout => manager.handle_timeout(now),
        Input::ReconnectNow => manager.reconnect_now(now),
        Input::Request(timeout) => {
            let timeout = timeout.map(Duration::from_millis);
            let body = "[\"r\"]".to_owned();
            // After the end there is nobody to ask.
            let _ = manager.request(root, RequestId(number), body, Vec::new(), timeout, now);
        }
        Input::Cancel => manager.cancel(root, RequestId(number.saturating_sub(1))),
        Input::Destroy => manager.destroy(now),
    }
}

/// Everything that the caller must do, with the next deadline at the end.
fn drain(manager: &mut Manager<NativeHost>) -> Vec<String> {
    let mut outputs = Vec::new();
    loop {
        let output = manager.poll_output();
        outputs.push(format!("{output:?}"));
        if matches!(output, Output::Timeout(_)) {
            return outputs;
        }
    }
}

/// Hands a frame in as the host of a browser does: read, if it can be read, else as text.
fn hand_in_read(manager: &mut Manager<NativeHost>, frame: &str, now: Instant) -> bool {
    let host = NativeHost::default();
    for name in ["x", "a\"b", "7"] {
        host.listen(name);
    }
    let text = frame.to_owned();
    let taken = match host.peek_event_name(&text, 2) {
        Some(EventName::Unheard) => manager.handle_unheard_event(TRANSPORT),
        Some(EventName::Heard(event)) => host
            .parse(&text, 2)
            .is_some_and(|arguments| manager.handle_event(TRANSPORT, event, arguments, text.len())),
        Some(EventName::Reserved) | None => false,
    };
    if !taken {
        manager.handle_text(TRANSPORT, &text, now);
    }
    taken
}

/// Brings two managers into the same state and hands the same event in both ways. Returns whether
/// the short way was taken.
fn compare(inputs: &[Input], frame: &str) -> bool {
    let (mut by_text, mut by_event) = (manager(), manager());
    let now = play(&mut by_text, inputs);
    play(&mut by_event, inputs);
    assert_eq!(drain(&mut by_text), drain(&mut by_event), "the states differ from the start");

    by_text.handle_text(TRANSPORT, &frame.to_owned(), now);
    let taken = hand_in_read(&mut by_event, frame, now);
    assert_eq!(drain(&mut by_text), drain(&mut by_event), "{frame} after {inputs:?}");

    for socket in [SocketId(0), SocketId(1)] {
        assert_eq!(by_text.status(socket), by_event.status(socket));
    }
    let later = now + Duration::from_millis(600);
    for manager in [&mut by_text, &mut by_event] {
        manager.handle_text(TRANSPORT, &r#"42["x","next"]"#.to_owned(), now);
        manager.handle_timeout(later);
    }
    assert_eq!(drain(&mut by_text), drain(&mut by_event), "{frame}, later, after {inputs:?}");
    taken
}

fn connected() -> Vec<Input> {
    vec![Input::Connect(0), Input::Frame(HANDSHAKE), Input::Frame(r#"40{"sid":"s"}"#)]
}

fn with(more: Input) -> Vec<Input> {
    let mut inputs = connected();
    inputs.push(more);
    inputs
}

#[test]
fn takes_the_short_way_when_the_root_namespace_is_connected() {
    for (frame, expected) in [
        (r#"42["x",1]"#, true),
        (r#"42["nobody",1]"#, true),
        (r#"42["a\"b",1]"#, false),
        (r#"42["x",]"#, false),
        ("42[]", false),
    ] {
        assert_eq!(compare(&connected(), frame), expected, "{frame}");
    }
    assert!(compare(&with(Input::Request(Some(100))), r#"42["x"]"#));
    assert!(compare(&with(Input::Frame("2")), r#"42["x"]"#));
}

#[test]
fn refuses_the_short_way_when_the_frame_means_something_else() {
    let states = [
        ("nothing", vec![]),
        ("no handshake", vec![Input::Connect(0)]),
        ("connecting", vec![Input::Connect(0), Input::Frame(HANDSHAKE)]),
        ("attachments are due", with(Input::Frame(r#"451-["x"]"#))),
        ("put out", with(Input::Frame("41"))),
        ("left", with(Input::Disconnect(0))),
        ("closed", with(Input::Closed)),
        ("broken", with(Input::Binary)),
        ("destroyed", with(Input::Destroy)),
        (
            "only another namespace",
            vec![
                Input::Connect(1),
                Input::Frame(HANDSHAKE),
                Input::Frame(r#"40/other,{"sid":"s"}"#),
            ],
        ),
    ];
    for (name, inputs) in states {
        for frame in EVENTS {
            assert!(!compare(&inputs, frame), "{name}: {frame}");
        }
    }
}

#[test]
fn goes_on_with_the_short_way_when_the_attachments_have_come() {
    let mut inputs = with(Input::Frame(r#"451-["x"]"#));
    inputs.push(Input::Binary);
    for frame in EVENTS {
        compare(&inputs, frame);
    }
    assert!(compare(&inputs, r#"42["x"]"#));
}

#[test]
fn gives_the_same_outputs_when_the_namespace_serves() {
    for frame in EVENTS {
        compare(&connected(), frame);
    }
}

fn any_input() -> impl Strategy<Value = Input> {
    let frames = vec![
        "2",
        "41",
        "1",
        "6",
        "430[]",
        "431[]",
        "451-[]",
        "450-[]",
        "44",
        "garbage",
        "41/other,",
        r#"40/other,{"sid":"s"}"#,
        r#"42["x"]"#,
    ];
    prop_oneof![
        3 => (0_u32..2).prop_map(Input::Connect),
        1 => (0_u32..2).prop_map(Input::Disconnect),
        3 => Just(Input::Frame(HANDSHAKE)),
        4 => Just(Input::Frame(r#"40{"sid":"s"}"#)),
        6 => prop::sample::select(frames).prop_map(Input::Frame),
        2 => Just(Input::Binary),
        1 => Just(Input::Closed),
        1 => Just(Input::Timeout),
        1 => Just(Input::ReconnectNow),
        2 => prop::option::of(0_u64..1_000).prop_map(Input::Request),
        1 => Just(Input::Cancel),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..ProptestConfig::default()
    })]

    #[test]
    fn gives_the_same_outputs_when_anything_has_happened(
        opening in any::<bool>(),
        inputs in prop::collection::vec(any_input(), 0..12),
        frame in prop::sample::select(&EVENTS[..]),
    ) {
        let mut all = if opening { connected() } else { Vec::new() };
        all.extend(inputs);
        compare(&all, frame);
    }
}
