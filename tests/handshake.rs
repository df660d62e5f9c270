//! A connection from its first to its last frame.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::json;
use sockeye::manager::{AuthReason, Cause, Status};
use support::{Call, How, Pair, Server, Told, ms};

#[test]
fn opens_a_transport_and_then_a_namespace_when_the_application_connects() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    assert_eq!(pair.status(socket), Status::Idle);
    assert!(pair.opened.is_empty());

    pair.connect(socket);
    assert_eq!(pair.opened.len(), 1);
    assert_eq!(pair.status(socket), Status::Connecting { attempt: 1, cause: None });

    pair.drive();
    assert_eq!(pair.server.frames(), ["40"]);
    assert_eq!(pair.statuses(socket).last(), Some(&Status::Connected));
    assert_eq!(pair.statuses(socket).len(), 2, "connecting, connected");
    assert_eq!(pair.failures(), []);
}

#[test]
fn waits_for_the_handshake_when_only_the_transport_is_open() {
    let mut pair = Pair::new();
    pair.server.handshake = None;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    assert!(pair.server.received.is_empty());
    pair.push(&Server::handshake("25000", "20000"));
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn does_nothing_when_it_is_connected_twice() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.connect(socket);
    pair.drive();
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.opened.len(), 1);
    assert_eq!(pair.server.frames(), ["40"]);
    assert_eq!(pair.client.socket("/", false), socket);
}

#[test]
fn sends_the_auth_payload_when_the_application_gives_it() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    let ticket = pair.auth_ticket(socket);
    assert_eq!(
        pair.log.last(),
        Some(&Told::AuthNeeded { socket, ticket, attempt: 1, reason: AuthReason::Connect })
    );
    assert!(pair.server.received.is_empty(), "no CONNECT without auth");

    let payload = Some(r#"{"token":"t"}"#.to_owned());
    pair.call(Call::Authenticate { socket, ticket, payload }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), [r#"40{"token":"t"}"#]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn sends_a_bare_connect_when_the_application_has_no_auth_payload() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/jobs", true);
    pair.connect(socket);
    pair.drive();
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::Authenticate { socket, ticket, payload: None }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), ["40/jobs,"]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn ignores_auth_when_it_is_for_an_older_connection() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    let old = pair.auth_ticket(socket);
    pair.cut(true);
    pair.drive();
    pair.call(Call::ReconnectNow).unwrap();
    pair.drive();
    let ticket = pair.auth_ticket(socket);
    assert_ne!(old, ticket);

    let late = Some(r#"{"token":"late"}"#.to_owned());
    pair.call(Call::Authenticate { socket, ticket: old, payload: late }).unwrap();
    pair.call(Call::FailAuthentication { socket, ticket: old }).unwrap();
    pair.drive();
    assert!(pair.server.received.is_empty());

    let fresh = Some(r#"{"token":"fresh"}"#.to_owned());
    pair.call(Call::Authenticate { socket, ticket, payload: fresh.clone() }).unwrap();
    pair.call(Call::Authenticate { socket, ticket, payload: fresh }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), [r#"40{"token":"fresh"}"#], "once");
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn tries_again_when_the_application_has_no_auth_to_give() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::FailAuthentication { socket, ticket }).unwrap();
    assert_eq!(pair.failures(), [Cause::AuthFailed]);
    assert!(matches!(
        pair.status(socket),
        Status::Waiting { attempt: 2, cause: Some(Cause::AuthFailed), .. }
    ));
    pair.advance(1_100);
    assert_ne!(pair.auth_ticket(socket), ticket);
    assert!(matches!(pair.log.last(), Some(Told::AuthNeeded { .. })), "asked again");
}

#[test]
fn delivers_events_with_their_arguments_when_it_is_connected() {
    let (mut pair, socket) = Pair::connected();
    let event = pair.listen("news");
    pair.push(r#"42["news",1,{"a":[null]}]"#);
    pair.push(r#"42["nobody hears this",1]"#);
    pair.drive();
    let arguments = json!(["news", 1, {"a": [null]}]);
    let told = Told::Delivered { socket, event, arguments: arguments.clone(), ack: None };
    assert_eq!(pair.log.last(), Some(&told));
    assert_eq!(pair.delivered(), [arguments], "and nothing else");
}

#[test]
fn sends_events_at_once_when_it_is_connected() {
    let (mut pair, socket) = Pair::connected();
    pair.emit(socket, r#"["a",1]"#).unwrap();
    pair.emit(socket, r#"["b"]"#).unwrap();
    assert_eq!(pair.next_moment(), Some(pair.now + ms(10)), "on the wire already");
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"42["a",1]"#, r#"42["b"]"#]);
}

#[test]
fn settles_a_request_when_the_server_acknowledges_it() {
    let (mut pair, socket) = Pair::connected();
    pair.server.acknowledgement = Some(r#"["ok",{"n":1}]"#.to_owned());
    pair.request(socket, 7, r#"["save",1]"#).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames()[1], r#"420["save",1]"#);
    assert_eq!(pair.settlements(7), [How::Acknowledged(json!(["ok", {"n": 1}]))]);
}

#[test]
fn acknowledges_an_event_when_the_application_answers_it() {
    let (mut pair, socket) = Pair::connected();
    pair.listen("ask");
    pair.push(r#"4212["ask"]"#);
    pair.drive();
    let ticket = pair.ticket();
    assert_eq!(ticket.ack_id, 12);
    pair.call(Call::Acknowledge { socket, ticket, body: r#"["yes"]"#.to_owned() }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames()[1], r#"4312["yes"]"#);
}

#[test]
fn answers_the_heartbeat_at_once_when_the_server_pings() {
    let (mut pair, _) = Pair::connected();
    pair.push("2");
    pair.advance(10);
    let transport = pair.transport();
    assert_eq!(pair.sent.last(), Some(&(transport, "3".to_owned())));
    pair.advance(10);
    assert_eq!(pair.server.pongs(), 1);
}

#[test]
fn stays_connected_for_an_hour_when_the_server_pings_in_time() {
    let mut pair = Pair::new();
    pair.server.heartbeat = Some(ms(25_000));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.advance(3_600_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.opened.len(), 1);
    assert_eq!(pair.server.pongs(), 143);
}

#[test]
fn times_out_exactly_after_interval_and_timeout_when_no_ping_comes() {
    let mut pair = Pair::new();
    pair.server.handshake = Some(Server::handshake("300", "200"));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.advance(10);
    let handshake_at = pair.now;
    assert_eq!(pair.deadline(), Some(handshake_at + ms(500)));
    pair.advance(400);
    pair.push("2");
    pair.advance(10);
    let pinged_at = pair.now;
    pair.advance(499);
    assert_eq!(pair.status(socket), Status::Connected, "1 ms before");
    pair.advance(1);
    assert_eq!(pair.closed, [(pair.transport(), pinged_at + ms(500))]);
    let status = pair.status(socket);
    assert!(
        matches!(status, Status::Waiting { cause: Some(Cause::PingTimeout), .. }),
        "{status:?}"
    );
    assert_eq!(pair.failures(), [], "a connection that served and ended is no error");
}

#[test]
fn does_not_count_other_frames_as_a_sign_of_life_when_no_ping_comes() {
    let mut pair = Pair::new();
    pair.server.handshake = Some(Server::handshake("300", "200"));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    for _ in 0..6 {
        pair.advance(90);
        pair.push(r#"42["x"]"#);
    }
    assert!(matches!(pair.status(socket), Status::Waiting { .. }));
}

#[test]
fn says_goodbye_and_closes_when_the_application_disconnects() {
    let (mut pair, socket) = Pair::connected();
    let transport = pair.transport();
    pair.disconnect(socket);
    assert_eq!(pair.sent.last(), Some(&(transport, "41".to_owned())));
    assert_eq!(pair.closed, [(transport, pair.now)]);
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::ClientDisconnect });
    assert_eq!(pair.deadline(), None, "nothing is left to wait for");
    pair.advance(600_000);
    assert_eq!(pair.opened.len(), 1, "it stays so");
}

#[test]
fn connects_again_when_the_application_asks_for_it_after_a_disconnect() {
    let (mut pair, socket) = Pair::connected();
    pair.disconnect(socket);
    pair.connect(socket);
    assert_eq!(pair.status(socket), Status::Connecting { attempt: 1, cause: None });
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.opened.len(), 2);
}

#[test]
fn gives_up_the_attempt_when_the_application_disconnects_before_the_handshake() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.disconnect(socket);
    assert_eq!(pair.closed.len(), 1);
    pair.drive();
    assert!(pair.server.received.is_empty(), "the late handshake starts nothing");
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::ClientDisconnect });
}

#[test]
fn sets_the_timer_only_when_the_deadline_changes() {
    let (mut pair, socket) = Pair::connected();
    pair.listen("news");
    let before = pair.timer_changes;
    for _ in 0..100 {
        pair.push(r#"42["news"]"#);
        pair.emit(socket, r#"["a"]"#).unwrap();
    }
    pair.drive();
    assert_eq!(pair.delivered().len(), 100);
    assert_eq!(pair.timer_changes, before + 1, "whether anything is heard after the first");
}

#[test]
fn takes_a_call_as_one_more_turn_when_the_application_makes_it_while_it_is_told_something() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    pair.app = Box::new(move |told| match told {
        Told::Status { status: Status::Connected, .. } => vec![
            Call::Emit { socket, body: r#"["hello"]"#.to_owned(), volatile: false },
            Call::Disconnect(socket),
        ],
        Told::Status { status: Status::Disconnected { .. }, .. } => vec![Call::Destroy],
        _ => vec![],
    });
    pair.connect(socket);
    pair.drive();
    assert_eq!(
        pair.sent.iter().map(|(_, frame)| frame.as_str()).collect::<Vec<_>>(),
        ["40", r#"42["hello"]"#, "41",]
    );
    assert_eq!(pair.status(socket), Status::Idle);
}
