//! The manager over polling, over the change to a WebSocket, and over whichever works.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::json;
use sockeye::engineio::{EngineConfig, Failure, TransportKind};
use sockeye::manager::{Cause, Config, SocketId, Status};
use sockeye::socketio::{EmitError, Excess};
use support::{How, Pair, Polling, Server, Told, Upgrade, ms};

use TransportKind::{Polling as OverPolling, WebSocket};

const fn http(status: u16, code: Option<u8>) -> Failure {
    Failure::Http { status, code }
}

fn pair(transports: &[TransportKind]) -> (Pair, SocketId) {
    let engine = EngineConfig { transports: transports.to_vec(), ..EngineConfig::default() };
    let mut pair = Pair::over_transports(Config { engine, ..Config::default() });
    let handshake = Server::handshake("25000", "20000");
    pair.server.handshake = Some(handshake.replace("[]", "[\"websocket\"]"));
    pair.server.acknowledgement = Some("[1]".to_owned());
    pair.listen("x");
    let socket = pair.client.socket("/", false);
    (pair, socket)
}

fn connected(transports: &[TransportKind]) -> (Pair, SocketId) {
    let (mut pair, socket) = pair(transports);
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    (pair, socket)
}

fn kinds(pair: &Pair) -> Vec<&str> {
    pair.sent.iter().map(|(_, frame)| frame.as_str()).collect()
}

#[test]
fn connects_and_talks_over_polling_alone() {
    let (mut pair, socket) = connected(&[OverPolling]);
    pair.request(socket, 1, "[\"r\"]").unwrap();
    pair.push(r#"42["x",1]"#);
    pair.push("451-[\"x\",{\"_placeholder\":true,\"num\":0}]");
    pair.push("bAQID");
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([1]))]);
    assert_eq!(pair.delivered().len(), 2);
    pair.disconnect(socket);
    pair.drive();
    assert_eq!(kinds(&pair), ["40", "420[\"r\"]", "41", "1"]);
}

#[test]
fn keeps_the_order_of_a_burst_over_polling() {
    let (mut pair, socket) = connected(&[OverPolling]);
    for number in 0..20 {
        pair.emit(socket, &format!("[\"e\",{number}]")).unwrap();
    }
    pair.drive();
    let expected: Vec<_> = (0..20).map(|number| format!("42[\"e\",{number}]")).collect();
    assert_eq!(pair.server.frames()[1..], expected);
}

#[test]
fn changes_to_the_websocket_when_it_begins_with_polling() {
    let (mut pair, socket) = connected(&[OverPolling, WebSocket]);
    assert_eq!(pair.opened.len(), 2);
    assert!(kinds(&pair).ends_with(&["5"]), "{:?}", kinds(&pair));
    pair.request(socket, 1, "[\"r\"]").unwrap();
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([1]))]);
    assert_eq!(pair.closed.len(), 1);
    assert_eq!(pair.failures(), []);
}

#[test]
fn goes_on_with_polling_when_no_websocket_opens() {
    for upgrade in [Upgrade::Refuse, Upgrade::Unavailable] {
        let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
        pair.server.upgrade = upgrade;
        pair.connect(socket);
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected);
        assert_eq!(pair.failures(), []);
        assert_eq!(pair.diagnoses.len(), 0);
    }
}

#[test]
fn leaves_polling_half_of_the_time_when_a_websocket_stalls() {
    let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
    pair.server.upgrade = Upgrade::Ignore;
    pair.connect(socket);
    pair.advance(9_999);
    assert_eq!(pair.opened.len(), 1);
    pair.advance(1_000);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn returns_to_the_websocket_when_it_is_let_through() {
    let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
    pair.server.heartbeat = Some(ms(20_000));
    pair.server.upgrade = Upgrade::Refuse;
    pair.connect(socket);
    pair.drive();
    pair.advance(59_000);
    assert_eq!(pair.opened.len(), 2);
    pair.advance(2_000);
    assert_eq!(pair.opened.len(), 3, "the WebSocket is tried again after a minute");
    pair.server.upgrade = Upgrade::Accept;
    pair.advance(120_000);
    assert!(kinds(&pair).contains(&"5"));
    pair.request(socket, 1, "[\"r\"]").unwrap();
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([1]))]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn answers_pings_over_polling() {
    let (mut pair, socket) = pair(&[OverPolling]);
    pair.server.heartbeat = Some(ms(400));
    pair.server.handshake = Some(Server::handshake("400", "200"));
    pair.connect(socket);
    pair.advance(100_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert!(pair.server.pongs() > 200, "{}", pair.server.pongs());
}

#[test]
fn loses_the_connection_when_polling_hears_no_ping() {
    let (mut pair, socket) = connected(&[OverPolling]);
    pair.advance(45_000);
    assert!(matches!(pair.status(socket), Status::Waiting { cause: Some(Cause::PingTimeout), .. }));
}

#[test]
fn names_the_status_of_an_answer() {
    assert_eq!(Cause::HttpError { status: 429 }.detail(), "429");
    assert_eq!(Cause::Forbidden.detail(), "");
}

#[test]
fn says_what_the_status_of_a_handshake_means() {
    let cases = [
        (http(400, Some(0)), Cause::WebSocketBlocked),
        (http(400, Some(3)), Cause::HttpError { status: 400 }),
        (http(403, Some(4)), Cause::Forbidden),
        (http(400, Some(4)), Cause::Forbidden),
        (http(401, None), Cause::Forbidden),
        (http(403, None), Cause::Forbidden),
        (http(404, None), Cause::NotSocketIo),
        (http(200, None), Cause::NotSocketIo),
        (http(204, None), Cause::NotSocketIo),
        (http(429, None), Cause::HttpError { status: 429 }),
        (http(500, None), Cause::HttpError { status: 500 }),
        (http(502, None), Cause::ServerUnreachable),
        (http(503, None), Cause::ServerUnreachable),
        (http(504, None), Cause::ServerUnreachable),
    ];
    for (failure, cause) in cases {
        let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
        pair.server.upgrade = Upgrade::Refuse;
        pair.server.polling = Polling::Fail(failure);
        pair.connect(socket);
        pair.drive();
        assert_eq!(pair.failures(), [cause], "{failure:?}");
        assert_eq!(pair.diagnoses.len(), 0, "{failure:?}");
        let status = pair.status(socket);
        let waits = matches!(status, Status::Waiting { cause: Some(why), .. } if why == cause);
        assert!(waits, "{failure:?} {status:?}");
    }
}

#[test]
fn does_not_try_a_server_of_an_older_protocol_again() {
    let over = |failure: Option<Failure>, handshake: &str| {
        let (mut pair, socket) = pair(&[OverPolling]);
        pair.server.handshake = Some(handshake.to_owned());
        if let Some(failure) = failure {
            pair.server.polling = Polling::Fail(failure);
        }
        pair.connect(socket);
        pair.drive();
        assert_eq!(pair.failures(), [Cause::UnsupportedServer]);
        let cause = Cause::UnsupportedServer;
        assert_eq!(pair.status(socket), Status::Disconnected { cause });
        assert_eq!(pair.deadline(), None);
    };
    over(Some(http(400, Some(5))), "");
    over(None, r#"118:0{"sid":"a","pingInterval":1,"pingTimeout":1}2:40"#);
}

#[test]
fn tells_a_session_that_the_server_does_not_know() {
    let (mut pair, socket) = connected(&[OverPolling]);
    pair.fail_polling(http(400, Some(1)));
    pair.request(socket, 1, "[\"r\"]").unwrap();
    pair.drive();
    assert_eq!(pair.failures(), [Cause::SessionUnknown]);
    assert_eq!(pair.settlements(1), [How::Disconnected]);
    pair.server.polling = Polling::Answer;
    pair.advance(2_000);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn asks_why_when_polling_gives_no_answer_either() {
    let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
    pair.server.upgrade = Upgrade::Refuse;
    pair.server.polling = Polling::Fail(Failure::Failed);
    pair.diagnosis = Some((Cause::UnreachableOrCors, ms(5)));
    pair.connect(socket);
    pair.advance(50);
    assert_eq!(pair.diagnoses.len(), 1);
    assert_eq!(pair.failures(), [Cause::UnreachableOrCors]);
}

#[test]
fn asks_nothing_when_a_websocket_opened_and_said_nothing() {
    for failed in [false, true] {
        let (mut pair, socket) = pair(&[WebSocket]);
        pair.server.handshake = None;
        pair.connect(socket);
        pair.drive();
        pair.cut(failed);
        pair.drive();
        let cause = if failed { Cause::TransportError } else { Cause::TransportClose };
        assert_eq!((pair.failures(), pair.diagnoses.len()), (vec![cause], 0));
    }
}

#[test]
fn asks_why_when_only_an_earlier_websocket_opened() {
    let (mut pair, socket) = pair(&[WebSocket]);
    pair.connect(socket);
    pair.drive();
    let earlier = pair.transport();
    pair.server.upgrade = Upgrade::Ignore;
    pair.cut(true);
    pair.advance(2_000);
    assert_eq!(pair.opened.len(), 2);
    pair.open_late(earlier);
    pair.cut(true);
    pair.drive();
    assert_eq!(pair.diagnoses.len(), 1);
}

#[test]
fn blames_no_blocked_websocket_when_polling_is_allowed() {
    let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
    pair.server.upgrade = Upgrade::Refuse;
    pair.server.polling = Polling::Fail(Failure::Failed);
    pair.diagnosis = Some((Cause::WebSocketBlocked, ms(5)));
    pair.connect(socket);
    pair.advance(50);
    assert_eq!(pair.failures(), [Cause::TransportError]);
    // The next failure is asked about again: nothing is known yet.
    pair.advance(2_000);
    assert!(pair.diagnoses.len() > 1);
}

#[test]
fn says_that_nothing_can_be_used_here() {
    let (mut pair, socket) = pair(&[WebSocket, OverPolling]);
    pair.server.upgrade = Upgrade::Unavailable;
    pair.server.polling = Polling::Fail(Failure::Unavailable);
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.failures(), [Cause::WebSocketUnavailable]);
}

#[test]
fn refuses_binary_over_polling_that_is_too_large_in_base64() {
    let (mut pair, socket) = connected(&[OverPolling]);
    let bytes = vec![0; 1_000_000];
    let (fits, too_much) = (&bytes[..749_997], &bytes[..749_998]);
    let refused = Err(EmitError::PayloadTooLarge);
    assert_eq!(pair.emit_with(socket, "[\"a\"]", &[too_much]), refused);
    assert_eq!(pair.emit_with(socket, "[\"a\"]", &[fits]), Ok(()));
    pair.cut(true);
    pair.drive();
    assert_eq!(pair.emit_with(socket, "[\"kept\"]", &[&bytes]), Ok(()), "a WebSocket takes it");
    pair.advance(2_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.dropped(), [Excess::Payload]);
    let (mut pair, socket) = connected(&[WebSocket]);
    assert_eq!(pair.emit_with(socket, "[\"a\"]", &[&bytes]), Ok(()));
}

#[test]
fn gives_every_namespace_its_place_over_polling() {
    let (mut pair, socket) = pair(&[OverPolling]);
    let other = pair.client.socket("/a", false);
    pair.connect(socket);
    pair.connect(other);
    pair.emit(other, "[\"e\"]").unwrap();
    pair.drive();
    assert_eq!(pair.status(other), Status::Connected);
    assert_eq!(pair.server.frames(), ["40", "40/a,", "42/a,[\"e\"]"]);
    pair.destroy();
    pair.drive();
    let frames = pair.server.frames();
    assert_eq!(frames[3..], ["41", "41/a,", "1"]);
}

#[test]
fn tells_nothing_more_of_a_payload_when_the_application_disconnects_in_it() {
    let (mut pair, socket) = connected(&[OverPolling]);
    pair.app = Box::new(move |told| match told {
        Told::Delivered { .. } => vec![support::Call::Disconnect(socket)],
        _ => vec![],
    });
    // What comes while the answer to a GET is on its way goes into the next, all of it.
    pair.push("6");
    pair.push(r#"42["x",1]"#);
    pair.push(r#"42["x",2]"#);
    pair.push(r#"42["x",3]"#);
    pair.drive();
    assert_eq!(pair.delivered().len(), 1);
}

#[test]
fn ends_the_session_when_a_payload_breaks_the_protocol() {
    for body in ["9", "", "4garbage", "b!", "43", "bAQID"] {
        let (mut pair, socket) = connected(&[OverPolling]);
        pair.push(body);
        pair.drive();
        assert!(matches!(pair.failures()[..], [Cause::ParseError(_)]), "{body:?}");
        assert!(matches!(pair.status(socket), Status::Waiting { .. }));
        pair.advance(2_000);
        assert_eq!(pair.status(socket), Status::Connected, "{body:?}");
    }
}
