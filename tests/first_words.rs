//! What is said first on a connection comes before what waited for it.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::json;
use sockeye::manager::{SocketId, Status};
use sockeye::socketio::RequestId;
use support::{Call, How, Pair, ms};

fn waiting() -> (Pair, SocketId) {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    pair.client.set_holding(socket, true);
    pair.emit(socket, r#"["waited"]"#).unwrap();
    pair.request(socket, 1, r#"["asked"]"#).unwrap();
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.server.frames(), ["40"]);
    (pair, socket)
}

fn emit_first(pair: &mut Pair, socket: SocketId, body: &str) {
    pair.call(Call::EmitFirst { socket, body: body.to_owned() }).unwrap();
}

#[test]
fn holds_what_waited_and_what_is_sent_until_it_is_released() {
    let (mut pair, socket) = waiting();
    pair.emit(socket, r#"["late"]"#).unwrap();
    emit_first(&mut pair, socket, r#"["first"]"#);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["first"]"#]);
    pair.call(Call::Release(socket)).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames()[2..], [r#"42["waited"]"#, r#"420["asked"]"#, r#"42["late"]"#]);
    pair.emit(socket, r#"["now"]"#).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames().last(), Some(&r#"42["now"]"#));
}

#[test]
fn answers_a_first_request_while_others_wait() {
    let (mut pair, socket) = waiting();
    pair.server.acknowledgement = Some("[2]".to_owned());
    let (request, body) = (RequestId(2), r#"["hello"]"#.to_owned());
    let call = Call::RequestFirst { socket, request, body, timeout: Some(ms(1_000)) };
    pair.call(call).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"421["hello"]"#]);
    assert_eq!(pair.settlements(2), [How::Acknowledged(json!([2]))]);
    assert_eq!(pair.settlements(1), []);
    pair.call(Call::Release(socket)).unwrap();
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([2]))]);
}

#[test]
fn holds_again_on_each_connection() {
    let (mut pair, socket) = waiting();
    pair.call(Call::Release(socket)).unwrap();
    pair.drive();
    pair.cut(true);
    pair.drive();
    pair.emit(socket, r#"["offline"]"#).unwrap();
    pair.advance(3_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.server.frames().last(), Some(&"40"));
    pair.call(Call::Release(socket)).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames().last(), Some(&r#"42["offline"]"#));
}

#[test]
fn drops_first_words_and_keeps_the_rest_when_there_is_no_connection() {
    let (mut pair, socket) = waiting();
    pair.cut(true);
    pair.drive();
    emit_first(&mut pair, socket, r#"["first"]"#);
    pair.call(Call::Release(socket)).unwrap();
    pair.advance(3_000);
    assert_eq!(pair.server.frames(), ["40", "40"]);
    pair.call(Call::Release(socket)).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames()[2..], [r#"42["waited"]"#, r#"420["asked"]"#]);
}

#[test]
fn sends_at_once_when_nothing_is_to_be_said_first() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    pair.emit(socket, r#"["waited"]"#).unwrap();
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["waited"]"#]);
}
