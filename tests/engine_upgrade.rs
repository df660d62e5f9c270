//! The change from polling to a WebSocket: what happens in each of its states.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use sockeye::engineio::{CloseCause, EngineConfig, Failure, Notice, TransportKind, Violation};
use support::engine::{Message, OPEN, Rig};
use support::ms;

use Notice::{Closed, Drained, Flushed, Opened, Pinged, UpgradeFailed, Upgraded, Upgrading};
use TransportKind::{Polling, WebSocket};

const HTTP: Failure = Failure::Http { status: 502, code: None };

/// The second transport is being opened.
fn opening() -> Rig {
    let mut rig = Rig::upgrading();
    rig.open();
    rig.polled(0, OPEN);
    rig.assert(&["poll 0", "open 1 S", "poll 0 S"], &[Opened]);
    rig
}

/// The question is asked.
fn probing() -> Rig {
    let mut rig = opening();
    rig.opened(1);
    rig.assert(&["send 1 2probe"], &[]);
    rig
}

/// The answer has come; a GET is under way.
fn pausing_get() -> Rig {
    let mut rig = probing();
    rig.frame(1, "3probe");
    rig.assert(&[], &[Upgrading(WebSocket)]);
    rig
}

/// The answer has come; a POST is under way.
fn pausing_post() -> Rig {
    let mut rig = pausing_both();
    rig.polled(0, "6");
    rig.assert(&[], &[]);
    rig
}

/// The answer has come; a GET and a POST are under way.
fn pausing_both() -> Rig {
    let mut rig = probing();
    rig.send("4first");
    rig.frame(1, "3probe");
    rig.assert(&["post 0 S 4first"], &[Flushed, Upgrading(WebSocket)]);
    rig
}

fn upgraded() -> Rig {
    let mut rig = pausing_get();
    rig.polled(0, "6");
    rig.assert(&["close 0", "send 1 5"], &[Upgraded(WebSocket)]);
    rig
}

/// What failed before the last step, and the WebSocket is to be tried again.
const BEFORE: [fn() -> Rig; 2] = [opening, probing];
const PAUSING: [fn() -> Rig; 3] = [pausing_get, pausing_post, pausing_both];

fn text(payload: &str) -> Message {
    Message::Text(payload.to_owned())
}

// A message of the server.

#[test]
fn hands_up_what_comes_over_polling_until_the_change() {
    for state in [opening, probing] {
        let mut rig = state();
        rig.polled(0, "4a\x1ebAQI=");
        assert_eq!(rig.messages, [text("a"), Message::Binary(vec![1, 2])]);
        rig.assert(&["poll 0 S"], &[]);
    }
    let mut rig = pausing_both();
    rig.polled(0, "4a\x1e4b");
    assert_eq!(rig.messages, [text("a"), text("b")]);
    rig.assert(&[], &[]);
}

#[test]
fn hands_up_what_comes_over_the_websocket_after_the_change() {
    let mut rig = upgraded();
    rig.frame(1, "4a");
    rig.binary(1, &[1]);
    rig.frame(1, "bAQI=");
    assert_eq!(rig.messages, [text("a"), Message::Binary(vec![1]), Message::Binary(vec![1, 2])]);
    rig.assert(&[], &[]);
}

#[test]
fn takes_nothing_from_the_old_transport_after_the_change() {
    let mut rig = upgraded();
    rig.polled(0, "4late\x1e1");
    rig.posted(0);
    rig.failed(0, HTTP);
    assert_eq!(rig.messages, []);
    rig.assert(&[], &[]);
    assert!(rig.engine.is_open());
}

// A PING.

#[test]
fn answers_a_ping_over_polling_before_the_change() {
    for state in BEFORE {
        let mut rig = state();
        rig.polled(0, "2");
        rig.assert(&["post 0 S 3", "poll 0 S"], &[Pinged]);
        rig.posted(0);
        rig.assert(&[], &[]);
    }
}

#[test]
fn answers_a_ping_right_after_the_change_when_it_comes_before() {
    let mut rig = pausing_get();
    rig.send("4second");
    rig.polled(0, "2");
    let flushed = [Pinged, Upgraded(WebSocket), Flushed, Drained { packets: 1 }];
    rig.assert(&["close 0", "send 1 5", "send 1 3", "send 1 4second"], &flushed);
}

#[test]
fn answers_a_ping_over_the_websocket_after_the_change() {
    let mut rig = upgraded();
    rig.frame(1, "2");
    rig.assert(&["send 1 3"], &[Pinged]);
}

// The server ends the session.

#[test]
fn ends_when_the_server_closes() {
    for state in BEFORE.into_iter().chain(PAUSING) {
        let mut rig = state();
        rig.polled(0, "1");
        let closed = Closed(CloseCause::ServerClose);
        rig.assert(&["close 1", "close 0"], &[UpgradeFailed(Failure::Closed), closed]);
        rig.assert_live_nothing();
    }
    let mut rig = upgraded();
    rig.frame(1, "1");
    rig.assert(&["close 1"], &[Closed(CloseCause::ServerClose)]);
}

// Failures.

#[test]
fn ends_when_polling_fails_before_the_change() {
    for state in BEFORE.into_iter().chain(PAUSING) {
        let mut rig = state();
        rig.failed(0, HTTP);
        let closed = Closed(CloseCause::TransportError(Polling, HTTP));
        rig.assert(&["close 1", "close 0"], &[UpgradeFailed(Failure::Closed), closed]);
    }
}

#[test]
fn ends_when_the_websocket_fails_after_the_change() {
    let mut rig = upgraded();
    rig.failed(1, Failure::Failed);
    let cause = CloseCause::TransportError(WebSocket, Failure::Failed);
    rig.assert(&["close 1"], &[Closed(cause)]);
    let mut rig = upgraded();
    rig.failed(1, Failure::Closed);
    rig.assert(&["close 1"], &[Closed(CloseCause::TransportClose)]);
}

#[test]
fn stays_on_polling_when_the_websocket_fails_before_the_change() {
    for state in BEFORE {
        for failure in [Failure::Failed, Failure::Closed] {
            let mut rig = state();
            rig.failed(1, failure);
            rig.assert(&["close 1"], &[UpgradeFailed(failure)]);
            rig.polled(0, "4a");
            rig.send("4b");
            rig.assert(&["poll 0 S", "post 0 S 4b"], &[Flushed]);
        }
    }
}

#[test]
fn takes_polling_up_again_when_the_websocket_fails_while_it_pauses() {
    let mut rig = pausing_get();
    rig.send("4held");
    rig.failed(1, Failure::Failed);
    rig.assert(&["close 1", "post 0 S 4held"], &[UpgradeFailed(Failure::Failed), Flushed]);

    let mut rig = pausing_post();
    rig.send("4held");
    rig.failed(1, Failure::Failed);
    rig.assert(&["close 1", "poll 0 S"], &[UpgradeFailed(Failure::Failed)]);
    rig.posted(0);
    rig.assert(&["post 0 S 4held"], &[Drained { packets: 1 }, Flushed]);

    let mut rig = pausing_both();
    rig.failed(1, Failure::Failed);
    rig.assert(&["close 1"], &[UpgradeFailed(Failure::Failed)]);
    rig.polled(0, "6");
    rig.assert(&["poll 0 S"], &[]);
}

#[test]
fn fails_the_change_when_the_websocket_says_anything_but_the_answer() {
    let frames = ["3", "3prob", "3probes", "3Probe", "2probe", "4x", "1", "", OPEN, "6", "bAQI="];
    for frame in frames {
        for state in BEFORE {
            let mut rig = state();
            rig.frame(1, frame);
            rig.assert(&["close 1"], &[UpgradeFailed(Failure::Failed)]);
        }
        let mut rig = pausing_get();
        rig.frame(1, frame);
        rig.assert(&["close 1"], &[UpgradeFailed(Failure::Failed)]);
        assert_eq!(rig.messages, []);
    }
    for state in [opening, probing, pausing_get] {
        let mut rig = state();
        rig.binary(1, &[1]);
        rig.assert(&["close 1"], &[UpgradeFailed(Failure::Failed)]);
        assert_eq!(rig.messages, []);
    }
}

#[test]
fn ends_when_the_old_transport_breaks_the_protocol() {
    for state in BEFORE.into_iter().chain(PAUSING) {
        let mut rig = state();
        rig.polled(0, "9");
        let closed = Closed(CloseCause::Violation(Violation::UnexpectedPacket));
        rig.assert(&["close 1", "close 0 1"], &[UpgradeFailed(Failure::Closed), closed]);
    }
}

// Time.

#[test]
fn ends_when_no_ping_comes_in_any_state() {
    for state in BEFORE.into_iter().chain(PAUSING) {
        let mut rig = state();
        rig.advance(499);
        rig.assert(&[], &[]);
        rig.advance(1);
        let closed = Closed(CloseCause::PingTimeout);
        rig.assert(&["close 1", "close 0 1"], &[UpgradeFailed(Failure::Closed), closed]);
    }
    let mut rig = upgraded();
    rig.advance(500);
    rig.assert(&["close 1"], &[Closed(CloseCause::PingTimeout)]);
}

/// A session whose heartbeat is slower than the change may take.
fn slow(state: &str) -> Rig {
    let mut rig = Rig::upgrading();
    rig.open();
    rig.polled(0, &OPEN.replace("300", "300000"));
    if state != "opening" {
        rig.opened(1);
    }
    if state == "pausing" {
        rig.frame(1, "3probe");
    }
    rig.settle()
}

#[test]
fn gives_the_change_up_when_it_takes_too_long() {
    for state in ["opening", "probing", "pausing"] {
        let mut rig = slow(state);
        rig.advance(9_999);
        rig.assert(&[], &[]);
        rig.advance(1);
        rig.assert(&["close 1"], &[UpgradeFailed(Failure::Failed)]);
        rig.send("4on");
        rig.assert(&["post 0 S 4on"], &[Flushed]);
    }
}

#[test]
fn tries_again_after_a_time_that_doubles() {
    let mut rig = slow("opening");
    rig.failed(1, Failure::Failed);
    for (transport, wait) in
        [(2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 1_800), (8, 1_800)]
    {
        rig.settle_now();
        keep_alive(&mut rig, wait * 1_000 - 1);
        assert_eq!(without_polling(&mut rig), [] as [String; 0], "before {wait} s");
        rig.advance(1);
        assert_eq!(without_polling(&mut rig), [format!("open {transport} S")]);
        rig.failed(transport, Failure::Failed);
    }
}

/// Lets time pass with pings often enough.
fn keep_alive(rig: &mut Rig, mut millis: u64) {
    while millis > 0 {
        let step = millis.min(100_000);
        rig.advance(step);
        rig.polled(0, "2");
        rig.posted(0);
        millis -= step;
    }
}

fn without_polling(rig: &mut Rig) -> Vec<String> {
    let is_polling = |action: &String| action.starts_with("poll") || action.starts_with("post");
    rig.actions().into_iter().filter(|action| !is_polling(action)).collect()
}

#[test]
fn changes_at_a_later_try() {
    let mut rig = slow("probing");
    rig.failed(1, Failure::Failed);
    rig.advance(60_000);
    rig.settle_now();
    rig.opened(2);
    rig.frame(2, "3probe");
    rig.polled(0, "6");
    rig.assert(
        &["send 2 2probe", "close 0", "send 2 5"],
        &[Upgrading(WebSocket), Upgraded(WebSocket)],
    );
}

#[test]
fn does_not_try_again_when_there_is_no_websocket_here_or_nobody_wants_it() {
    let mut rig = slow("opening");
    rig.failed(1, Failure::Unavailable);
    rig.settle_now();
    rig.advance(200_000);
    rig.assert(&[], &[]);

    let mut rig = Rig::new(EngineConfig {
        transports: vec![Polling, WebSocket],
        probe_retry: None,
        ..EngineConfig::default()
    });
    rig.open();
    rig.polled(0, &OPEN.replace("300", "300000"));
    rig.failed(1, Failure::Failed);
    rig.settle_now();
    rig.advance(200_000);
    rig.assert(&[], &[]);
}

// Our packets.

#[test]
fn sends_over_polling_until_the_answer_has_come() {
    for state in BEFORE {
        let mut rig = state();
        rig.send("4a");
        rig.send("4b");
        rig.assert(&["post 0 S 4a"], &[Flushed]);
        rig.posted(0);
        rig.assert(&["post 0 S 4b"], &[Drained { packets: 1 }, Flushed]);
    }
}

#[test]
fn keeps_what_is_sent_during_the_pause_for_the_websocket() {
    let mut rig = pausing_both();
    rig.send("4a");
    rig.send_binary(&[1, 2]);
    rig.posted(0);
    rig.assert(&[], &[Drained { packets: 1 }]);
    rig.send("4b");
    rig.polled(0, "6");
    rig.assert(
        &["close 0", "send 1 5", "send 1 4a", "send 1 [1, 2]", "send 1 4b"],
        &[Upgraded(WebSocket), Flushed, Drained { packets: 3 }],
    );
    rig.send("4c");
    rig.assert(&["send 1 4c"], &[]);
}

#[test]
fn changes_when_the_last_request_is_over_whichever_it_is() {
    let mut rig = pausing_post();
    rig.posted(0);
    let notices = [Drained { packets: 1 }, Upgraded(WebSocket)];
    rig.assert(&["close 0", "send 1 5"], &notices);

    let mut rig = probing();
    rig.send("4a");
    rig.posted(0);
    rig.polled(0, "6");
    rig.settle_now();
    // The next GET is under way again: only its answer completes the change.
    rig.frame(1, "3probe");
    rig.assert(&[], &[Upgrading(WebSocket)]);
    rig.polled(0, "6");
    rig.assert(&["close 0", "send 1 5"], &[Upgraded(WebSocket)]);
}

// Our close.

#[test]
fn gives_the_change_up_when_the_owner_closes_before_the_answer() {
    for state in BEFORE {
        let mut rig = state();
        rig.close();
        let closed = Closed(CloseCause::ClientClose);
        rig.assert(&["close 1", "close 0 1"], &[UpgradeFailed(Failure::Closed), closed]);
    }
}

#[test]
fn completes_the_change_when_the_owner_closes_during_the_pause() {
    let mut rig = pausing_get();
    rig.send("4last");
    rig.close();
    rig.send("4dropped");
    rig.assert(&[], &[]);
    rig.polled(0, "4still\x1e2");
    assert_eq!(rig.messages, [text("still")]);
    rig.assert(
        &["close 0", "send 1 5", "send 1 3", "send 1 4last", "close 1"],
        &[
            Pinged,
            Upgraded(WebSocket),
            Flushed,
            Drained { packets: 1 },
            Closed(CloseCause::ClientClose),
        ],
    );
}

#[test]
fn waits_for_the_change_when_the_owner_closes_with_nothing_to_send() {
    let mut rig = pausing_get();
    rig.close();
    rig.assert(&[], &[]);
    rig.polled(0, "6");
    let notices = [Upgraded(WebSocket), Closed(CloseCause::ClientClose)];
    rig.assert(&["close 0", "send 1 5", "close 1"], &notices);
}

#[test]
fn closes_over_polling_when_the_change_fails_while_it_closes() {
    let mut rig = pausing_both();
    rig.send("4last");
    rig.close();
    rig.failed(1, Failure::Failed);
    rig.assert(&["close 1"], &[UpgradeFailed(Failure::Failed)]);
    rig.posted(0);
    rig.assert(&["post 0 S 4last"], &[Drained { packets: 1 }, Flushed]);
    rig.posted(0);
    rig.assert(&["close 0 1"], &[Drained { packets: 1 }, Closed(CloseCause::ClientClose)]);
}

#[test]
fn looks_for_no_websocket_while_it_closes() {
    let mut rig = slow("probing");
    rig.send("4a");
    rig.failed(1, HTTP);
    rig.close();
    rig.settle_now();
    // The answer to the POST does not come.
    rig.advance(60_000);
    rig.assert(&[], &[]);
    rig.posted(0);
    rig.assert(&["close 0 1"], &[Drained { packets: 1 }, Closed(CloseCause::ClientClose)]);
}

#[test]
fn closes_at_once_after_the_change() {
    let mut rig = upgraded();
    rig.send("4last");
    rig.close();
    rig.assert(&["send 1 4last", "close 1"], &[Closed(CloseCause::ClientClose)]);
}

#[test]
fn leaves_what_waits_with_polling_when_it_is_abandoned() {
    for state in PAUSING {
        let mut rig = state();
        rig.send("4a");
        rig.settle_now();
        rig.abandon();
        rig.assert(&["close 1", "close 0 4a|1"], &[]);
    }
    let mut rig = upgraded();
    rig.abandon();
    rig.assert(&["close 1"], &[]);
}

// Whether there is a change at all.

#[test]
fn changes_only_when_both_sides_can_and_it_is_wanted() {
    let polling_only = vec![Polling];
    let both = vec![Polling, WebSocket];
    let without = OPEN.replace("websocket", "webtransport");
    let cases = [
        (both.clone(), true, OPEN, true),
        (both.clone(), false, OPEN, false),
        (polling_only, true, OPEN, false),
        (both, true, without.as_str(), false),
    ];
    for (transports, upgrade, handshake, changes) in cases {
        let case = format!("{transports:?} {upgrade} {handshake}");
        let mut rig = Rig::new(EngineConfig { transports, upgrade, ..EngineConfig::default() });
        rig.open();
        rig.polled(0, handshake);
        assert_eq!(rig.actions().contains(&"open 1 S".to_owned()), changes, "{case}");
    }
}

#[test]
fn ignores_what_a_failed_try_still_says() {
    let mut rig = probing();
    rig.failed(1, Failure::Failed);
    rig.settle_now();
    rig.opened(1);
    rig.frame(1, "3probe");
    rig.binary(1, &[1]);
    rig.failed(1, Failure::Closed);
    rig.assert(&[], &[]);
    assert_eq!(rig.engine.deadline(), Some(rig.now + ms(500)));
}
