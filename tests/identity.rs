//! Another user of the same client: nothing of the old one goes out as the new one.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use sockeye::manager::{AuthReason, Cause, Config, Policy, SocketId, Status};
use support::{Answer, Call, How, Pair, Told, Upgrade};

/// A pair whose root namespace is connected as Alice.
fn alice() -> (Pair, SocketId) {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    authenticate(&mut pair, socket, "alice");
    assert_eq!(pair.status(socket), Status::Connected);
    (pair, socket)
}

fn authenticate(pair: &mut Pair, socket: SocketId, user: &str) {
    let payload = Some(format!("{{\"user\":\"{user}\"}}"));
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::Authenticate { socket, ticket, payload }).unwrap();
    pair.drive();
}

fn change_identity(pair: &mut Pair) {
    pair.call(Call::ChangeIdentity).unwrap();
}

/// What the server got on the transport that was opened last.
fn frames_on_last(pair: &Pair) -> Vec<&str> {
    let last = pair.transport();
    let received = pair.server.received.iter();
    received.filter(|(on, _)| *on == last).map(|(_, frame)| frame.as_str()).collect()
}

#[test]
fn leaves_in_good_order_and_connects_anew_over_another_session() {
    let (mut pair, socket) = alice();
    let other = pair.client.socket("/other", false);
    pair.connect(other);
    pair.drive();
    let old = pair.transport();
    pair.request(socket, 1, r#"["unanswered"]"#).unwrap();
    change_identity(&mut pair);
    assert_eq!(pair.settlements(1), [How::Disconnected]);
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 1, cause: None }));
    pair.drive();
    let sent = pair.sent.iter().filter(|(on, _)| *on == old);
    let sent: Vec<_> = sent.map(|(_, frame)| frame.as_str()).collect();
    assert_eq!(sent[sent.len() - 2..], ["41", "41/other,"]);
    assert_eq!(pair.opened.len(), 2);
    authenticate(&mut pair, socket, "bob");
    assert_eq!(frames_on_last(&pair), ["40/other,", r#"40{"user":"bob"}"#]);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.status(other), Status::Connected);
    assert_eq!(pair.failures(), []);
}

#[test]
fn drops_what_waited_for_a_connection() {
    let (mut pair, socket) = alice();
    pair.server.upgrade = Upgrade::Refuse;
    pair.cut(true);
    pair.drive();
    pair.emit(socket, r#"["of alice"]"#).unwrap();
    pair.request(socket, 1, r#"["of alice","too"]"#).unwrap();
    let elsewhere = pair.client.socket("/elsewhere", false);
    pair.request(elsewhere, 2, r#"["of alice","and never connected"]"#).unwrap();
    let retry_at = pair.retry_at(socket);
    change_identity(&mut pair);
    assert_eq!(pair.settlements(1), [How::IdentityChanged]);
    assert_eq!(pair.settlements(2), [How::IdentityChanged]);
    assert_eq!(pair.retry_at(socket), retry_at, "the server is as far away as before");
    pair.emit(socket, r#"["of bob"]"#).unwrap();
    pair.server.upgrade = Upgrade::Accept;
    pair.connect(elsewhere);
    pair.advance(2_000);
    authenticate(&mut pair, socket, "bob");
    let frames = frames_on_last(&pair);
    assert_eq!(frames, ["40/elsewhere,", r#"40{"user":"bob"}"#, r#"42["of bob"]"#]);
    assert!(!pair.sent.iter().any(|(_, frame)| frame.contains("of alice")));
}

#[test]
fn asks_for_no_session_of_the_old_user() {
    let (mut pair, socket) = Pair::connected();
    pair.server.answer("/", Answer::Frame(r#"40{"sid":"s","pid":"secret of alice"}"#.to_owned()));
    pair.disconnect(socket);
    pair.connect(socket);
    pair.drive();
    for lost in [false, true] {
        if lost {
            pair.cut(true);
            pair.drive();
        }
        change_identity(&mut pair);
        pair.advance(2_000);
        assert_eq!(pair.status(socket), Status::Connected);
        assert_eq!(frames_on_last(&pair)[0], "40", "lost: {lost}");
    }
    pair.cut(true);
    pair.advance(2_000);
    assert!(frames_on_last(&pair)[0].contains("secret"), "the same user does ask");
}

#[test]
fn uses_no_token_that_was_asked_for_before() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    let ticket = pair.auth_ticket(socket);
    change_identity(&mut pair);
    let payload = Some(r#"{"user":"alice"}"#.to_owned());
    pair.call(Call::Authenticate { socket, ticket, payload }).unwrap();
    pair.drive();
    authenticate(&mut pair, socket, "bob");
    assert_eq!(pair.server.frames(), [r#"40{"user":"bob"}"#]);
}

#[test]
fn takes_no_verdict_about_the_old_user() {
    let config = Config { refused: Policy::Ask, ..Config::default() };
    let mut pair = Pair::with(config);
    pair.server.answer("/", Answer::Frame("44{}".to_owned()));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    pair.server.answer("/", Answer::Accept);
    change_identity(&mut pair);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected, "bob is not the one who was refused");
}

#[test]
fn connects_nobody_who_does_not_want_it() {
    let (mut pair, socket) = alice();
    pair.disconnect(socket);
    pair.emit(socket, r#"["of alice"]"#).unwrap();
    change_identity(&mut pair);
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::ClientDisconnect });
    assert!(pair.deadline().is_none());
    pair.connect(socket);
    pair.drive();
    let reason = |told: &Told| match told {
        Told::AuthNeeded { reason, .. } => Some(*reason),
        _ => None,
    };
    assert_eq!(pair.log.iter().rev().find_map(reason), Some(AuthReason::Connect));
    authenticate(&mut pair, socket, "bob");
    assert_eq!(frames_on_last(&pair), [r#"40{"user":"bob"}"#]);
}

#[test]
fn answers_no_event_that_the_old_user_got() {
    let (mut pair, socket) = alice();
    pair.listen("question");
    pair.push(r#"421["question"]"#);
    pair.drive();
    let ticket = pair.ticket();
    change_identity(&mut pair);
    pair.drive();
    authenticate(&mut pair, socket, "bob");
    pair.call(Call::Acknowledge { socket, ticket, body: "[]".to_owned() }).unwrap();
    pair.drive();
    assert_eq!(frames_on_last(&pair), [r#"40{"user":"bob"}"#]);
}

#[test]
fn drops_what_waits_when_asked_to_and_changes_nothing_else() {
    let (mut pair, socket) = alice();
    pair.request(socket, 1, r#"["sent"]"#).unwrap();
    pair.call(Call::DiscardUnsent).unwrap();
    assert_eq!(pair.settlements(1), []);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.disconnect(socket);
    pair.request(socket, 2, r#"["waits"]"#).unwrap();
    pair.call(Call::DiscardUnsent).unwrap();
    assert_eq!(pair.settlements(2), [How::IdentityChanged]);
}
