//! A session from its first request to its end, over each transport.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use sockeye::engineio::{
    CloseCause, EngineConfig, Failure, HandshakeError, Notice, TransportKind, Violation,
};
use support::engine::{Message, OPEN, PATIENCE, Rig};
use support::ms;

use Notice::{Closed, Drained, Flushed, Opened, Pinged};
use TransportKind::{Polling, WebSocket};

const HTTP: Failure = Failure::Http { status: 400, code: Some(1) };

fn on_polling() -> Rig {
    let mut rig = Rig::polling();
    rig.open();
    rig.polled(0, OPEN);
    rig.settle()
}

fn on_websocket() -> Rig {
    let mut rig = Rig::websocket();
    rig.open();
    rig.opened(0);
    rig.frame(0, OPEN);
    rig.settle()
}

/// Tries the WebSocket, then polling.
fn falling_back() -> Rig {
    let mut rig = Rig::new(EngineConfig::default());
    rig.open();
    rig.assert(&["open 0"], &[]);
    rig
}

fn text(payload: &str) -> Message {
    Message::Text(payload.to_owned())
}

// The beginning.

#[test]
fn begins_over_polling() {
    let mut rig = Rig::polling();
    assert!(!rig.engine.is_active());
    rig.open();
    rig.assert(&["poll 0"], &[]);
    assert!(rig.engine.is_active() && !rig.engine.is_open());
    rig.polled(0, &format!("{OPEN}\x1e4early\x1e2"));
    rig.assert(&["post 0 S 3", "poll 0 S"], &[Opened, Pinged]);
    assert_eq!(rig.messages, [text("early")]);
    assert_eq!(rig.engine.transport(), Some(Polling));
    assert_eq!(rig.engine.handshake().unwrap().sid, "S");
}

#[test]
fn begins_over_a_websocket() {
    let mut rig = Rig::websocket();
    rig.open();
    rig.opened(0);
    rig.assert(&["open 0"], &[]);
    rig.frame(0, OPEN);
    rig.assert(&[], &[Opened]);
    rig.frame(0, "2");
    rig.frame(0, "4a");
    rig.binary(0, &[7]);
    rig.assert(&["send 0 3"], &[Pinged]);
    assert_eq!(rig.messages, [text("a"), Message::Binary(vec![7])]);
}

#[test]
fn begins_once_however_often_it_is_asked() {
    let mut rig = Rig::polling();
    rig.open();
    rig.open();
    rig.polled(0, OPEN);
    rig.open();
    rig.assert(&["poll 0", "poll 0 S"], &[Opened]);
}

#[test]
fn begins_again_after_the_end_with_other_transports() {
    let mut rig = on_polling();
    rig.close();
    rig.open();
    rig.assert(&["close 0 1", "poll 1"], &[Closed(CloseCause::ClientClose)]);
    rig.polled(0, OPEN);
    rig.posted(0);
    rig.failed(0, HTTP);
    rig.assert(&[], &[]);
    rig.polled(1, &OPEN.replace("\"S\"", "\"T\""));
    rig.assert(&["poll 1 T"], &[Opened]);
}

#[test]
fn keeps_what_is_sent_before_the_handshake() {
    let mut rig = Rig::polling();
    rig.send("4dropped");
    rig.open();
    rig.send("4a");
    rig.send("4b");
    rig.polled(0, OPEN);
    rig.assert(&["poll 0", "post 0 S 4a|4b", "poll 0 S"], &[Opened, Flushed]);

    let mut rig = Rig::websocket();
    rig.open();
    rig.send("4a");
    rig.opened(0);
    rig.frame(0, OPEN);
    let notices = [Opened, Flushed, Drained { packets: 1 }];
    rig.assert(&["open 0", "send 0 4a"], &notices);
}

// The next transport.

#[test]
fn tries_the_next_transport_when_one_fails() {
    for failure in [Failure::Failed, Failure::Closed, Failure::Unavailable, HTTP] {
        let mut rig = falling_back();
        rig.failed(0, failure);
        rig.assert(&["close 0", "poll 1"], &[]);
        rig.polled(1, OPEN);
        // It has just been tried.
        rig.assert(&["poll 1 S"], &[Opened]);
    }
}

#[test]
fn says_why_the_last_transport_failed() {
    let cases = [
        (Failure::Failed, HTTP, CloseCause::TransportError(Polling, HTTP)),
        (Failure::Unavailable, HTTP, CloseCause::TransportError(Polling, HTTP)),
        (
            Failure::Failed,
            Failure::Unavailable,
            CloseCause::TransportError(WebSocket, Failure::Failed),
        ),
        (Failure::Unavailable, Failure::Unavailable, CloseCause::Unavailable),
        (Failure::Failed, Failure::Closed, CloseCause::TransportClose),
    ];
    for (first, second, cause) in cases {
        let mut rig = falling_back();
        rig.failed(0, first);
        rig.failed(1, second);
        rig.assert(&["close 0", "poll 1", "close 1"], &[Closed(cause)]);
    }
}

#[test]
fn tries_one_transport_only_unless_it_is_to_try_all() {
    let mut rig = Rig::upgrading();
    rig.open();
    rig.failed(0, Failure::Failed);
    let cause = CloseCause::TransportError(Polling, Failure::Failed);
    rig.assert(&["poll 0", "close 0"], &[Closed(cause)]);
}

#[test]
fn leaves_half_of_the_time_to_the_next_transport() {
    for opens in [false, true] {
        let mut rig = falling_back();
        if opens {
            rig.opened(0);
        }
        rig.advance(9_999);
        rig.assert(&[], &[]);
        rig.advance(1);
        rig.assert(&["close 0", "poll 1"], &[]);
        assert_eq!(rig.engine.deadline(), Some(rig.now + PATIENCE / 2));
        rig.advance(10_000);
        rig.assert(&["close 1"], &[Closed(CloseCause::OpenTimeout)]);
    }
}

#[test]
fn tries_a_transport_that_stalled_last_until_it_works() {
    let mut rig = falling_back();
    rig.advance(10_000);
    rig.failed(1, Failure::Failed);
    rig.settle_now();
    rig.open();
    rig.assert(&["poll 2"], &[]);
    rig.polled(2, OPEN);
    rig.opened(3);
    rig.frame(3, "3probe");
    rig.polled(2, "6");
    rig.close();
    rig.settle_now();
    rig.open();
    rig.assert(&["open 4"], &[]);
}

#[test]
fn tries_a_transport_that_failed_at_once_first_again() {
    let mut rig = falling_back();
    rig.failed(0, Failure::Failed);
    rig.failed(1, Failure::Failed);
    rig.settle_now();
    rig.open();
    rig.assert(&["open 2"], &[]);
}

#[test]
fn ends_when_the_timer_is_later_than_the_whole_time() {
    let mut rig = falling_back();
    rig.sleep(30_000);
    rig.fire_timer();
    rig.assert(&["close 0"], &[Closed(CloseCause::OpenTimeout)]);
}

#[test]
fn waits_for_ever_without_a_deadline() {
    let mut rig = Rig::new(EngineConfig::default());
    rig.open_until(None);
    assert_eq!(rig.engine.deadline(), None);
    rig.sleep(1_000_000_000);
    rig.fire_timer();
    rig.failed(0, Failure::Failed);
    rig.assert(&["open 0", "close 0", "poll 1"], &[]);
    assert_eq!(rig.engine.deadline(), None);
}

#[test]
fn has_nothing_to_try_without_transports() {
    let mut rig = Rig::new(EngineConfig { transports: vec![], ..EngineConfig::default() });
    rig.open();
    rig.assert(&[], &[Closed(CloseCause::Unavailable)]);
}

#[test]
fn looks_for_the_websocket_again_some_time_after_it_failed() {
    let mut rig = falling_back();
    rig.failed(0, Failure::Failed);
    rig.polled(1, &OPEN.replace("300", "300000"));
    rig.settle_now();
    rig.advance(59_999);
    rig.assert(&[], &[]);
    rig.advance(1);
    rig.assert(&["open 2 S"], &[]);
}

// The memory of the WebSocket.

fn remembering(start_with_websocket: bool) -> Rig {
    Rig::new(EngineConfig {
        transports: vec![Polling, WebSocket],
        try_all_transports: false,
        remember_upgrade: true,
        start_with_websocket,
        ..EngineConfig::default()
    })
}

#[test]
fn starts_with_the_websocket_that_worked() {
    let mut rig = remembering(false);
    rig.open();
    rig.polled(0, OPEN);
    rig.opened(1);
    rig.frame(1, "3probe");
    rig.polled(0, "6");
    rig.frame(1, "1");
    rig.settle_now();
    rig.open();
    rig.assert(&["open 2"], &[]);
    rig.failed(2, Failure::Failed);
    rig.settle_now();
    rig.open();
    rig.assert(&["poll 3"], &[]);
}

#[test]
fn starts_with_the_websocket_when_it_is_said_to_work_and_allowed() {
    let mut rig = remembering(true);
    rig.open();
    rig.assert(&["open 0"], &[]);
    let mut rig = Rig::new(EngineConfig {
        transports: vec![Polling],
        remember_upgrade: true,
        start_with_websocket: true,
        ..EngineConfig::default()
    });
    rig.open();
    rig.assert(&["poll 0"], &[]);
}

#[test]
fn forgets_the_websocket_that_failed_in_use_or_as_a_try() {
    let mut rig = remembering(true);
    rig.open();
    rig.opened(0);
    rig.frame(0, OPEN);
    rig.failed(0, Failure::Failed);
    rig.settle_now();
    rig.open();
    rig.assert(&["poll 1"], &[]);
    rig.polled(1, OPEN);
    rig.failed(2, Failure::Failed);
    rig.close();
    rig.settle_now();
    rig.open();
    rig.assert(&["poll 3"], &[]);
}

#[test]
fn forgets_the_websocket_that_never_answered() {
    let mut rig = remembering(true);
    rig.open();
    rig.advance(20_000);
    rig.assert(&["open 0", "close 0"], &[Closed(CloseCause::OpenTimeout)]);
    rig.open();
    rig.assert(&["poll 1"], &[]);
}

// Requests.

#[test]
fn makes_one_get_after_the_other() {
    let mut rig = on_polling();
    rig.polled(0, "6");
    rig.polled(0, "4a");
    rig.assert(&["poll 0 S", "poll 0 S"], &[]);
}

#[test]
fn makes_one_post_after_the_other() {
    let mut rig = on_polling();
    for packet in ["4a", "4b", "4c"] {
        rig.send(packet);
    }
    rig.assert(&["post 0 S 4a"], &[Flushed]);
    rig.posted(0);
    rig.assert(&["post 0 S 4b|4c"], &[Drained { packets: 1 }, Flushed]);
    rig.posted(0);
    rig.assert(&[], &[Drained { packets: 2 }]);
    rig.posted(0);
    rig.assert(&[], &[]);
}

#[test]
fn fills_each_post_up_to_the_servers_limit() {
    let mut rig = Rig::polling();
    rig.open();
    rig.polled(0, &OPEN.replace("\"sid\"", "\"maxPayload\":10,\"sid\""));
    rig.send("4a");
    rig.settle_now();
    // 4 + 1 + 5 bytes; two characters of three bytes are 7; b and base64 of four bytes are 9.
    for packet in ["4bbb", "4cccc", "4\u{20ac}\u{20ac}", "4d"] {
        rig.send(packet);
    }
    rig.send_binary(&[1, 2, 3, 4]);
    rig.send("4much too long for it");
    rig.send("4e");
    for expected in
        ["4bbb|4cccc", "4\u{20ac}\u{20ac}|4d", "[1, 2, 3, 4]", "4much too long for it", "4e"]
    {
        rig.posted(0);
        assert_eq!(rig.actions(), [format!("post 0 S {expected}")]);
    }
}

#[test]
fn answers_a_ping_before_what_waits() {
    let mut rig = on_polling();
    rig.send("4a");
    rig.send("4b");
    rig.polled(0, "2\x1e2");
    rig.assert(&["post 0 S 4a", "poll 0 S"], &[Flushed, Pinged, Pinged]);
    rig.posted(0);
    rig.assert(&["post 0 S 3|4b"], &[Drained { packets: 1 }, Flushed]);
}

#[test]
fn ignores_answers_that_nobody_waits_for() {
    let mut rig = on_polling();
    rig.posted(0);
    rig.posted(7);
    rig.polled(7, "4a");
    rig.failed(7, Failure::Failed);
    rig.assert(&[], &[]);
    assert_eq!(rig.messages, []);
    rig.polled(0, "6");
    rig.assert(&["poll 0 S"], &[]);
}

// The end.

#[test]
fn ends_when_the_server_says_so() {
    let mut rig = on_polling();
    rig.send("4a");
    rig.settle_now();
    rig.polled(0, "4x\x1e1\x1e4y");
    assert_eq!(rig.messages, [text("x")]);
    rig.assert(&["close 0"], &[Closed(CloseCause::ServerClose)]);
    let mut rig = on_websocket();
    rig.frame(0, "1");
    rig.assert(&["close 0"], &[Closed(CloseCause::ServerClose)]);
    let mut rig = Rig::polling();
    rig.open();
    rig.polled(0, "1");
    rig.assert(&["poll 0", "close 0"], &[Closed(CloseCause::ServerClose)]);
}

#[test]
fn ends_when_no_ping_comes() {
    for (mut rig, close) in [(on_polling(), "close 0 1"), (on_websocket(), "close 0")] {
        rig.advance(499);
        rig.assert(&[], &[]);
        rig.advance(1);
        rig.assert(&[close], &[Closed(CloseCause::PingTimeout)]);
        rig.assert_live_nothing();
    }
}

#[test]
fn lives_as_long_as_pings_come() {
    let (mut polling, mut websocket) = (on_polling(), on_websocket());
    for _ in 0..100 {
        polling.advance(499);
        polling.polled(0, "2");
        polling.posted(0);
        websocket.advance(499);
        websocket.frame(0, "2");
    }
    assert!(polling.engine.is_open() && websocket.engine.is_open());
}

#[test]
fn ends_when_a_request_fails_and_asks_the_server_to_forget_if_it_can() {
    let mut rig = on_polling();
    rig.send("4a");
    rig.settle_now();
    rig.failed(0, Failure::Failed);
    let cause = CloseCause::TransportError(Polling, Failure::Failed);
    rig.assert(&["close 0 1"], &[Closed(cause)]);
    let mut rig = on_polling();
    rig.failed(0, HTTP);
    rig.assert(&["close 0"], &[Closed(CloseCause::TransportError(Polling, HTTP))]);
}

#[test]
fn ends_when_the_websocket_does() {
    let mut rig = on_websocket();
    rig.failed(0, Failure::Closed);
    rig.assert_closed(CloseCause::TransportClose);
    let mut rig = on_websocket();
    rig.failed(0, Failure::Failed);
    rig.assert_closed(CloseCause::TransportError(WebSocket, Failure::Failed));
    let mut rig = Rig::websocket();
    rig.open();
    rig.failed(0, Failure::Unavailable);
    rig.assert_closed(CloseCause::Unavailable);
}

#[test]
fn ends_at_once_when_the_owner_closes_before_the_handshake() {
    let mut rig = Rig::polling();
    rig.open();
    rig.send("4a");
    rig.close();
    rig.assert(&["poll 0", "close 0"], &[Closed(CloseCause::ClientClose)]);
    rig.polled(0, OPEN);
    rig.assert(&[], &[]);
}

#[test]
fn closes_when_everything_is_sent() {
    let mut rig = on_polling();
    rig.send("4a");
    rig.send("4b");
    rig.close();
    rig.close();
    rig.send("4dropped");
    rig.assert(&["post 0 S 4a"], &[Flushed]);
    assert!(rig.engine.is_open());
    rig.posted(0);
    rig.polled(0, "4meanwhile");
    assert_eq!(rig.messages, [text("meanwhile")]);
    rig.assert(&["post 0 S 4b", "poll 0 S"], &[Drained { packets: 1 }, Flushed]);
    rig.posted(0);
    rig.assert(&["close 0 1"], &[Drained { packets: 1 }, Closed(CloseCause::ClientClose)]);
}

#[test]
fn ends_for_other_causes_while_it_closes() {
    let closing = || {
        let mut rig = on_polling();
        rig.send("4a");
        rig.close();
        rig.settle()
    };
    let mut rig = closing();
    rig.advance(500);
    rig.assert(&["close 0 1"], &[Closed(CloseCause::PingTimeout)]);
    let mut rig = closing();
    rig.failed(0, HTTP);
    rig.assert(&["close 0"], &[Closed(CloseCause::TransportError(Polling, HTTP))]);
    let mut rig = closing();
    rig.polled(0, "1");
    rig.assert(&["close 0"], &[Closed(CloseCause::ServerClose)]);
}

#[test]
fn closes_nothing_when_there_is_nothing() {
    let mut rig = Rig::polling();
    rig.close();
    rig.abandon();
    rig.assert(&[], &[]);
    let mut rig = on_websocket();
    rig.close();
    rig.close();
    rig.abandon();
    rig.assert(&["close 0"], &[Closed(CloseCause::ClientClose)]);
}

#[test]
fn sends_the_rest_with_the_end_when_it_is_abandoned() {
    let mut rig = on_polling();
    rig.send("4a");
    rig.send("4b");
    rig.polled(0, "2");
    rig.settle_now();
    rig.abandon();
    rig.assert(&["close 0 3|4b|1"], &[]);
    assert_eq!(rig.engine.deadline(), None);
    let mut rig = Rig::polling();
    rig.open();
    rig.send("4a");
    rig.abandon();
    rig.assert(&["poll 0", "close 0"], &[]);
}

#[test]
fn keeps_to_the_limit_of_the_server_in_what_it_sends_with_the_end() {
    let mut rig = Rig::polling();
    rig.open();
    rig.polled(0, &OPEN.replace("\"sid\"", "\"maxPayload\":10,\"sid\""));
    rig.send("4a");
    rig.send("4bcd");
    rig.send("4e");
    rig.send("4fghijkl");
    rig.settle_now();
    rig.abandon();
    rig.assert(&["close 0 4bcd|4e 4fghijkl|1"], &[]);
}

// A server that breaks the protocol.

#[test]
fn ends_when_a_packet_has_no_place() {
    let packets = ["", "3", "3probe", "5", "7", "9", "x", "B", OPEN, "\u{fe0f}4", "-1", "0{", " 4"];
    for packet in packets {
        let cause = CloseCause::Violation(Violation::UnexpectedPacket);
        let mut rig = on_polling();
        rig.polled(0, &format!("4a\x1e{packet}\x1e4b"));
        assert_eq!(rig.messages, [text("a")], "{packet:?}");
        rig.assert(&["close 0 1"], &[Closed(cause)]);
        let mut rig = on_websocket();
        rig.frame(0, packet);
        rig.frame(0, "4b");
        assert_eq!(rig.messages, [], "{packet:?}");
        rig.assert(&["close 0"], &[Closed(cause)]);
    }
}

#[test]
fn ends_when_binary_is_no_base64() {
    for packet in ["b!", "bA", "bAQID=", "b====", "b\u{20ac}"] {
        let cause = CloseCause::Violation(Violation::Base64);
        let mut rig = on_polling();
        rig.polled(0, packet);
        rig.assert(&["close 0 1"], &[Closed(cause)]);
        let mut rig = on_websocket();
        rig.frame(0, packet);
        rig.assert(&["close 0"], &[Closed(cause)]);
    }
}

#[test]
fn takes_binary_of_no_bytes() {
    let mut rig = on_polling();
    rig.polled(0, "b\x1ebAA==");
    assert_eq!(rig.messages, [Message::Binary(vec![]), Message::Binary(vec![0])]);
}

#[test]
fn takes_a_ping_that_says_something_for_a_ping() {
    let mut rig = on_websocket();
    rig.frame(0, "2probe");
    rig.frame(0, "6");
    rig.assert(&["send 0 3"], &[Pinged]);
}

#[test]
fn ends_when_the_first_packet_is_no_handshake() {
    let cause = CloseCause::Violation(Violation::NotEngineIo);
    for packet in ["", "2", "3", "4a", "5", "6", "7", "b", "bAQID", "<html>", "40"] {
        let mut rig = Rig::polling();
        rig.open();
        rig.polled(0, packet);
        rig.assert(&["poll 0", "close 0"], &[Closed(cause)]);
        let mut rig = Rig::websocket();
        rig.open();
        rig.opened(0);
        rig.frame(0, packet);
        rig.assert(&["open 0", "close 0"], &[Closed(cause)]);
    }
    let mut rig = Rig::websocket();
    rig.open();
    rig.opened(0);
    rig.binary(0, &[0]);
    rig.assert(&["open 0", "close 0"], &[Closed(cause)]);
    assert_eq!(rig.messages, []);
}

#[test]
fn ends_when_the_handshake_cannot_be_used() {
    use HandshakeError::{MaxPayload, NotAnObject, PingInterval, PingTimeout, Sid};
    let timing = r#""pingInterval":1,"pingTimeout":1"#;
    let cases = [
        ("0".to_owned(), NotAnObject),
        ("0{".to_owned(), NotAnObject),
        ("0null".to_owned(), NotAnObject),
        ("0[]".to_owned(), NotAnObject),
        ("0{}".to_owned(), Sid),
        (format!(r#"0{{"sid":["a"],{timing}}}"#), Sid),
        (r#"0{"sid":"a","pingInterval":0,"pingTimeout":1}"#.to_owned(), PingInterval),
        (r#"0{"sid":"a","pingInterval":1e308,"pingTimeout":1}"#.to_owned(), PingInterval),
        (r#"0{"sid":"a","pingInterval":1,"pingTimeout":-1}"#.to_owned(), PingTimeout),
        (r#"0{"sid":"a","pingInterval":1,"pingTimeout":3e9}"#.to_owned(), PingTimeout),
        (format!(r#"0{{"sid":"a",{timing},"maxPayload":0}}"#), MaxPayload),
        (format!(r#"0{{"sid":"a",{timing},"maxPayload":-5}}"#), MaxPayload),
    ];
    for (packet, error) in cases {
        let cause = CloseCause::Violation(Violation::Handshake(error));
        let mut rig = Rig::polling();
        rig.open();
        rig.polled(0, &packet);
        rig.assert(&["poll 0", "close 0"], &[Closed(cause)]);
    }
}

#[test]
fn takes_the_greatest_values_of_a_handshake() {
    let longest = i32::MAX;
    let upgrades = vec!["\"x\""; 1_000_000].join(",");
    let mut rig = Rig::polling();
    rig.open();
    rig.polled(
        0,
        &format!(
            r#"0{{"sid":"__proto__","upgrades":[{upgrades}],"pingInterval":{longest},"pingTimeout":{longest},"maxPayload":9007199254740992}}"#
        ),
    );
    rig.assert(&["poll 0", "poll 0 __proto__"], &[Opened]);
    assert_eq!(rig.engine.deadline(), Some(rig.now + ms(u64::from(longest.unsigned_abs()))));
}

#[test]
fn goes_through_a_million_packets_in_one_payload() {
    let mut rig = on_polling();
    let many = vec!["6"; 1_000_000].join("\x1e");
    rig.polled(0, &many);
    rig.assert(&["poll 0 S"], &[]);
    rig.polled(0, &vec!["4a"; 1_000_000].join("\x1e"));
    assert_eq!(rig.messages.len(), 1_000_000);
    rig.settle_now();
    rig.polled(0, &"\x1e".repeat(1_000_000));
    rig.assert(&["close 0 1"], &[Closed(CloseCause::Violation(Violation::UnexpectedPacket))]);
}

#[test]
fn answers_a_storm_of_pings_with_one_pong_for_each_post() {
    let mut rig = on_polling();
    rig.polled(0, &vec!["2"; 100_000].join("\x1e"));
    assert_eq!(rig.actions(), ["post 0 S 3", "poll 0 S"]);
    rig.posted(0);
    assert_eq!(rig.actions(), ["post 0 S 3"]);
}
