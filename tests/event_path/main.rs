//! An event that the host has read gives the outputs of its frame, and one that it sends itself those of an `emit`.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod inputs;
mod sending;

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sockeye::engineio::{Failure, TransportId};
use sockeye::host::{EventName, Host};
use sockeye::manager::{Consequence, Manager, SocketId};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

use inputs::{
    HANDSHAKE, Input, TRANSPORT, any_input, connected, deadline, drain, manager, play, take, with,
};

const ROOT: SocketId = SocketId(0);

/// The frames that a host may read itself, and those that only look like them.
const FRAMES: [&str; 31] = [
    r#"451-["x",{"_placeholder":true,"num":0}]"#,
    r#"452-["x",{"_placeholder":true,"num":1}]"#,
    r#"451-["nobody",{"_placeholder":true,"num":0}]"#,
    r#"450-["x"]"#,
    r#"4565-["x"]"#,
    r#"451-["x""#,
    "430[]",
    "430[1,{}]",
    "431[]",
    "430[",
    "437[null]",
    "43[1]",
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

/// Ends the turn by news of a transport that nobody knows, and that changes nothing else.
fn end_turn(manager: &mut Manager<NativeHost>, now: Instant) {
    manager.handle_closed(TransportId(99), Failure::Failed, now);
}

/// Has a frame come after these inputs. If it is said that nothing came of it but an event, or a part of one,
/// the end of the turn must find nothing more. Returns whether that is said.
fn is_only_an_event(inputs: &[Input], frame: &Input) -> bool {
    let (mut manager, mut ended) = (manager(), manager());
    let now = play(&mut manager, inputs);
    play(&mut ended, inputs);
    for manager in [&mut manager, &mut ended] {
        end_turn(manager, now);
        drain(manager);
    }
    let later = now + Duration::from_millis(50);
    let consequence = take(&mut manager, frame, 0, later);
    take(&mut ended, frame, 0, later);
    end_turn(&mut ended, later);
    assert_eq!(drain(&mut manager), drain(&mut ended), "{frame:?} after {inputs:?}");
    consequence == Consequence::Event
}

/// Hands a frame in as the host of a browser does: read, if it can be read, else as text.
fn hand_in_read(manager: &mut Manager<NativeHost>, frame: &str, now: Instant) -> bool {
    let host = NativeHost::default();
    for name in ["x", "a\"b", "7"] {
        host.listen(name);
    }
    let text = frame.to_owned();
    let answer = text.strip_prefix("43").and_then(|rest| rest.split_once('['));
    if let Some((id, _)) = answer {
        let ack_id = id.parse().ok();
        let arguments = host.parse(&text, 2 + id.len());
        let taken = ack_id.zip(arguments).is_some_and(|(ack_id, arguments)| {
            manager.handle_answer(TRANSPORT, ROOT, ack_id, arguments)
        });
        if !taken {
            manager.handle_text(TRANSPORT, &text, now);
        }
        return taken;
    }
    if let Some((count, _)) = text.strip_prefix("45").and_then(|rest| rest.split_once('-')) {
        let from = 3 + count.len();
        let heard = match host.peek_event_name(&text, from) {
            Some(EventName::Heard(event)) => Some(event),
            Some(EventName::Unheard | EventName::Reserved) | None => None,
        };
        let read = heard.zip(host.parse(&text, from)).zip(count.parse().ok());
        let taken = read.is_some_and(|(event, count)| {
            manager.handle_binary_event(TRANSPORT, ROOT, event, text.len(), count, now)
        });
        if !taken {
            manager.handle_text(TRANSPORT, &text, now);
        }
        return taken;
    }
    let taken = match host.peek_event_name(&text, 2) {
        Some(EventName::Unheard) => manager.handle_unheard_event(TRANSPORT, ROOT),
        Some(EventName::Heard(event)) => host.parse(&text, 2).is_some_and(|arguments| {
            manager.handle_event(TRANSPORT, ROOT, event, arguments, text.len())
        }),
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
    let mut outputs = [drain(&mut by_text), drain(&mut by_event)];
    if taken && frame.starts_with("43") {
        // The deadline may still be that of the request: one wake-up in vain, but none too late.
        let (short, long) = (deadline(&mut by_event), deadline(&mut by_text));
        let is_covered = long.is_none_or(|long| short.is_some_and(|short| short <= long));
        assert!(is_covered, "{short:?} instead of {long:?}: {frame} after {inputs:?}");
        outputs.iter_mut().for_each(|outputs| drop(outputs.pop()));
    }
    assert_eq!(outputs[0], outputs[1], "{frame} after {inputs:?}");

    for socket in [SocketId(0), SocketId(1)] {
        assert_eq!(by_text.status(socket), by_event.status(socket));
    }
    let later = now + Duration::from_millis(600);
    for manager in [&mut by_text, &mut by_event] {
        if frame.starts_with("45") {
            manager.handle_binary(TRANSPORT, vec![1], now);
        }
        manager.handle_text(TRANSPORT, &r#"42["x","next"]"#.to_owned(), now);
        manager.handle_timeout(later);
    }
    assert_eq!(drain(&mut by_text), drain(&mut by_event), "{frame}, later, after {inputs:?}");
    taken
}

#[test]
fn takes_the_short_way_when_the_root_namespace_is_connected() {
    for (frame, expected) in [
        (r#"42["x",1]"#, true),
        (r#"42["nobody",1]"#, true),
        (r#"42["a\"b",1]"#, false),
        (r#"42["x",]"#, false),
        ("42[]", false),
        (r#"451-["x",{"_placeholder":true,"num":0}]"#, true),
        (r#"452-["x",{"_placeholder":true,"num":1}]"#, true),
        (r#"450-["x"]"#, false),
        (r#"4565-["x"]"#, false),
        (r#"451-["nobody"]"#, false),
        ("430[1]", true),
        ("430[", false),
        ("43[1]", false),
    ] {
        assert_eq!(compare(&connected(), frame), expected, "{frame}");
    }
    assert!(compare(&with(Input::Request(Some(100))), r#"42["x"]"#));
    assert!(compare(&with(Input::Frame("2")), r#"42["x"]"#));
    assert!(compare(&with(Input::Request(Some(100))), "430[1]"));
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
        for frame in FRAMES {
            assert!(!compare(&inputs, frame), "{name}: {frame}");
        }
    }
}

#[test]
fn goes_on_with_the_short_way_when_the_attachments_have_come() {
    let mut inputs = with(Input::Frame(r#"451-["x"]"#));
    inputs.push(Input::Binary);
    for frame in FRAMES {
        compare(&inputs, frame);
    }
    assert!(compare(&inputs, r#"42["x"]"#));
}

#[test]
fn has_nothing_else_to_do_when_only_an_event_came() {
    let begun = || with(Input::Frame(r#"452-["x"]"#));
    let half = || [begun(), vec![Input::Binary]].concat();
    let again = || [half(), vec![Input::Binary]].concat();
    let binary_event = Input::Frame(r#"452-["x"]"#);
    for (inputs, frame, expected) in [
        (connected(), Input::Frame(r#"42["x",1]"#), true),
        (connected(), Input::Frame(r#"42["nobody",1]"#), true),
        (connected(), Input::Frame("430[1]"), false),
        (connected(), Input::Frame("2"), false),
        // The first attachments that are waited for change the deadline, those that come do not.
        (connected(), binary_event.clone(), false),
        (begun(), Input::Binary, true),
        (half(), Input::Binary, true),
        (again(), binary_event, true),
        (connected(), Input::Binary, false),
        (with(Input::Frame(r#"461-0[{"_placeholder":true,"num":0}]"#)), Input::Binary, false),
    ] {
        assert_eq!(is_only_an_event(&inputs, &frame), expected, "{frame:?} after {inputs:?}");
    }
}

#[test]
fn gives_the_same_outputs_when_the_namespace_serves() {
    for frame in FRAMES {
        compare(&connected(), frame);
    }
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
        frame in prop::sample::select(&FRAMES[..]),
    ) {
        let mut all = if opening { connected() } else { Vec::new() };
        all.extend(inputs);
        compare(&all, frame);
    }

    #[test]
    fn has_nothing_else_to_do_when_it_says_so_whatever_has_happened(
        opening in any::<bool>(),
        inputs in prop::collection::vec(any_input(), 0..12),
        last in prop_oneof![
            any_input(),
            Just(Input::Binary),
            prop::sample::select(&FRAMES[..]).prop_map(Input::Frame),
        ],
    ) {
        let mut all = if opening { connected() } else { Vec::new() };
        all.extend(inputs);
        is_only_an_event(&all, &last);
    }
}
