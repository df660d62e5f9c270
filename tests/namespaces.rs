//! Several namespaces share one session.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::{Value, json};
use sockeye::manager::{Cause, SocketId, Status};
use sockeye::socketio::AuthTicket;
use support::{Answer, Call, How, Pair, Told, ms};

const REFUSED: Status = Status::Disconnected { cause: Cause::ConnectRefused };
const PUT_OUT: Status = Status::Disconnected { cause: Cause::ServerDisconnect };

/// A pair whose namespaces `/jobs` and `/admin` are wanted; nothing has been exchanged.
fn two_wanted() -> (Pair, SocketId, SocketId) {
    let mut pair = Pair::new();
    let jobs = pair.client.socket("/jobs", false);
    let admin = pair.client.socket("/admin", false);
    pair.connect(jobs);
    pair.connect(admin);
    (pair, jobs, admin)
}

fn two_connected() -> (Pair, SocketId, SocketId) {
    let (mut pair, jobs, admin) = two_wanted();
    pair.drive();
    assert_eq!((pair.status(jobs), pair.status(admin)), (Status::Connected, Status::Connected));
    (pair, jobs, admin)
}

#[test]
fn opens_one_transport_when_several_namespaces_connect() {
    let (pair, ..) = two_connected();
    assert_eq!(pair.opened.len(), 1);
    assert_eq!(pair.server.frames(), ["40/jobs,", "40/admin,"]);
}

#[test]
fn opens_a_namespace_over_the_session_when_that_is_open_already() {
    let (mut pair, _) = Pair::connected();
    let late = pair.client.socket("/late", false);
    pair.connect(late);
    pair.drive();
    assert_eq!(pair.status(late), Status::Connected);
    assert_eq!(pair.opened.len(), 1);
    assert_eq!(pair.server.frames(), ["40", "40/late,"]);
}

#[test]
fn keeps_events_and_requests_apart_when_namespaces_share_a_session() {
    let (mut pair, jobs, admin) = two_connected();
    let event = pair.listen("x");
    pair.server.acknowledgement = Some("[]".to_owned());
    pair.push(r#"42/admin,5["x",1]"#);
    pair.drive();
    let ticket = pair.ticket();
    let arguments = json!(["x", 1]);
    let told = Told::Delivered { socket: admin, event, arguments, ack: Some(ticket) };
    assert_eq!(pair.log.last(), Some(&told));
    pair.call(Call::Acknowledge { socket: admin, ticket, body: "[2]".to_owned() }).unwrap();
    pair.request(jobs, 1, r#"["a"]"#).unwrap();
    pair.request(admin, 2, r#"["b"]"#).unwrap();
    pair.drive();
    let frames = ["43/admin,5[2]", r#"42/jobs,0["a"]"#, r#"42/admin,0["b"]"#];
    assert_eq!(pair.server.frames()[2..], frames);
    assert_eq!(pair.settlements(1), [How::Acknowledged(json!([]))]);
    assert_eq!(pair.settlements(2), [How::Acknowledged(json!([]))]);
}

#[test]
fn asks_each_namespace_for_its_own_auth_when_the_session_opens() {
    let mut pair = Pair::new();
    let open = pair.client.socket("/open", false);
    let first = pair.client.socket("/first", true);
    let second = pair.client.socket("/second", true);
    for socket in [open, first, second] {
        pair.connect(socket);
    }
    pair.drive();
    let ticket = pair.auth_ticket(second);
    assert_ne!(pair.auth_ticket(first), ticket);
    assert_eq!(pair.status(open), Status::Connected, "it waits for nobody");

    let payload = Some(r#"{"for":"second"}"#.to_owned());
    pair.call(Call::Authenticate { socket: second, ticket, payload }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), ["40/open,", r#"40/second,{"for":"second"}"#]);
    assert_eq!(pair.status(second), Status::Connected);
    assert!(matches!(pair.status(first), Status::Connecting { .. }));
}

#[test]
fn keeps_the_others_when_one_has_no_auth_to_give() {
    let mut pair = Pair::new();
    let open = pair.client.socket("/", false);
    let locked = pair.client.socket("/locked", true);
    pair.connect(open);
    pair.connect(locked);
    pair.drive();
    let ticket = pair.auth_ticket(locked);
    pair.call(Call::FailAuthentication { socket: locked, ticket }).unwrap();
    assert_eq!(pair.status(open), Status::Connected);
    assert!(pair.log.contains(&Told::Failed { socket: Some(locked), cause: Cause::AuthFailed }));
    assert_eq!(pair.failures().len(), 1);
    let retry_at = pair.retry_at(locked);
    pair.advance(retry_at.since(pair.now).as_millis() as u64 + 1);
    let again = pair.auth_ticket(locked);
    assert_ne!(again, ticket, "tried again, over the same session");
    pair.call(Call::Authenticate { socket: locked, ticket: again, payload: None }).unwrap();
    pair.drive();
    assert_eq!(pair.status(locked), Status::Connected);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn keeps_the_others_when_one_is_refused() {
    let cases: [(&str, Option<Value>); 6] = [
        (r#"44/admin,{"message":"no"}"#, Some(json!({"message": "no"}))),
        (
            r#"44/admin,{"message":"no","data":{"code":7}}"#,
            Some(json!({"message": "no", "data": {"code": 7}})),
        ),
        (r#"44/admin,{"message":1}"#, Some(json!({"message": 1}))),
        (r#"44/admin,{}"#, Some(json!({}))),
        (r#"44/admin,"no""#, Some(json!("no"))),
        ("44/admin,", None),
    ];
    for (frame, data) in cases {
        let (mut pair, jobs, admin) = two_wanted();
        pair.server.answer("/admin", Answer::Frame(frame.to_owned()));
        pair.drive();
        assert_eq!(pair.status(jobs), Status::Connected, "{frame}");
        assert_eq!(pair.status(admin), REFUSED, "{frame}");
        assert!(pair.log.contains(&Told::Refused { socket: admin, data }), "{frame}");
        let failed = Told::Failed { socket: Some(admin), cause: Cause::ConnectRefused };
        assert!(pair.log.contains(&failed), "{frame}");
        assert_eq!(pair.failures().len(), 1, "{frame}");
        pair.advance(30_000);
        assert_eq!(pair.server.frames().len(), 2, "it is not asked again: {frame}");
    }
}

#[test]
fn ends_the_session_when_the_only_namespace_is_refused_without_a_word() {
    let mut pair = Pair::new();
    pair.server.answer("/", Answer::Frame("44".to_owned()));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.status(socket), REFUSED);
    assert!(pair.log.contains(&Told::Refused { socket, data: None }));
    assert_eq!((pair.closed.len(), pair.deadline()), (1, None));
}

#[test]
fn ignores_a_refusal_when_the_namespace_is_connected_already() {
    let (mut pair, jobs, _) = two_connected();
    pair.push(r#"44/jobs,{"message":"late"}"#);
    pair.drive();
    assert_eq!(pair.status(jobs), Status::Connected);
    assert_eq!(pair.failures(), []);
}

#[test]
fn connects_again_when_the_application_asks_for_it_after_a_refusal() {
    let (mut pair, _, admin) = two_wanted();
    pair.server.answer("/admin", Answer::Frame("44/admin,".to_owned()));
    pair.drive();
    pair.server.answer("/admin", Answer::Accept);
    pair.connect(admin);
    pair.drive();
    assert_eq!(pair.status(admin), Status::Connected);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn stays_disconnected_until_it_is_connected_when_the_server_disconnects_it() {
    let (mut pair, jobs, admin) = two_connected();
    pair.listen("x");
    pair.push("41/admin,");
    pair.push(r#"42/admin,["x"]"#);
    pair.drive();
    assert_eq!(pair.status(admin), PUT_OUT);
    assert_eq!(pair.status(jobs), Status::Connected);
    assert_eq!(pair.delivered(), [] as [Value; 0]);

    pair.cut(true);
    pair.advance(60_000);
    assert_eq!(pair.status(jobs), Status::Connected, "that one came back");
    assert_eq!(pair.status(admin), PUT_OUT);

    pair.connect(admin);
    pair.drive();
    assert_eq!(pair.status(admin), Status::Connected);
}

#[test]
fn closes_the_transport_when_the_server_disconnects_the_last_namespace() {
    let (mut pair, jobs, admin) = two_connected();
    pair.push("41/admin,");
    pair.drive();
    assert!(pair.closed.is_empty());
    pair.push("41/jobs,");
    pair.drive();
    assert_eq!(pair.closed.len(), 1);
    assert_eq!((pair.status(jobs), pair.status(admin)), (PUT_OUT, PUT_OUT));
    pair.advance(60_000);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn closes_the_transport_when_the_application_disconnects_the_last_namespace() {
    let (mut pair, jobs, admin) = two_connected();
    pair.disconnect(admin);
    assert!(pair.closed.is_empty());
    pair.disconnect(jobs);
    assert_eq!(pair.closed.len(), 1);
    pair.drive();
    assert_eq!(pair.server.frames()[2..], ["41/admin,", "41/jobs,"]);
}

#[test]
fn ends_a_wait_when_the_last_namespace_is_disconnected() {
    let (mut pair, jobs, admin) = two_connected();
    pair.cut(true);
    pair.drive();
    pair.disconnect(jobs);
    assert!(matches!(pair.status(admin), Status::Waiting { .. }));
    pair.disconnect(admin);
    assert_eq!(pair.deadline(), None);
    pair.advance(60_000);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn joins_the_wait_when_a_namespace_connects_during_it() {
    let (mut pair, jobs, admin) = two_connected();
    pair.disconnect(admin);
    pair.cut(true);
    pair.drive();
    let retry_at = pair.retry_at(jobs);
    pair.connect(admin);
    assert_eq!(pair.retry_at(admin), retry_at, "it does not hurry");
    pair.advance(1_100);
    assert_eq!((pair.status(jobs), pair.status(admin)), (Status::Connected, Status::Connected));
}

#[test]
fn ignores_packets_when_they_are_for_an_unknown_namespace() {
    let (mut pair, socket) = Pair::connected();
    pair.listen("x");
    let told = pair.log.len();
    for frame in [
        r#"42/no,["x"]"#,
        r#"42/no,1["x"]"#,
        r#"40/no,{"sid":"a"}"#,
        "41/no,",
        "44/no,",
        "43/no,0[]",
    ] {
        pair.push(frame);
    }
    pair.drive();
    assert_eq!(pair.log.len(), told);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn tells_namespaces_apart_when_one_name_starts_with_the_other() {
    let mut pair = Pair::new();
    let event = pair.listen("x");
    let short = pair.client.socket("/a", false);
    let long = pair.client.socket("/ab", false);
    pair.connect(short);
    pair.connect(long);
    pair.drive();
    pair.push(r#"42/ab,["x"]"#);
    pair.drive();
    let told = Told::Delivered { socket: long, event, arguments: json!(["x"]), ack: None };
    assert_eq!(pair.log.last(), Some(&told));
}

#[test]
fn delivers_an_event_when_it_came_before_connect_and_after_what_says_so() {
    let mut pair = Pair::new();
    pair.listen("x");
    pair.server.answer("/", Answer::Silence);
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    pair.push(r#"42["x","early"]"#);
    pair.drive();
    assert_eq!(pair.delivered(), [] as [Value; 0]);
    pair.push(r#"40{"sid":"s"}"#);
    pair.push(r#"42["x","in time"]"#);
    pair.drive();
    assert_eq!(pair.delivered(), [json!(["x", "early"]), json!(["x", "in time"])]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn ignores_connect_when_the_namespace_has_not_asked_for_it() {
    let mut pair = Pair::new();
    let root = pair.client.socket("/", false);
    let locked = pair.client.socket("/locked", true);
    pair.connect(locked);
    pair.drive();
    pair.push(r#"40{"sid":"a"}"#);
    pair.push(r#"40/locked,{"sid":"b"}"#);
    pair.drive();
    assert_eq!(pair.status(root), Status::Idle);
    assert!(matches!(pair.status(locked), Status::Connecting { .. }), "its auth is still due");
}

#[test]
fn ignores_connect_when_the_namespace_is_connected_already() {
    let (mut pair, socket) = Pair::connected();
    let told = pair.log.len();
    pair.push(r#"40{"sid":"another"}"#);
    pair.push("40");
    pair.drive();
    assert_eq!(pair.log.len(), told);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn names_the_server_unsupported_when_connect_carries_no_sid() {
    for frame in ["40", "40{}", r#"40{"sid":1}"#] {
        let mut pair = Pair::new();
        pair.server.answer("/", Answer::Frame(frame.to_owned()));
        let socket = pair.client.socket("/", false);
        pair.connect(socket);
        pair.drive();
        let expected = Status::Disconnected { cause: Cause::UnsupportedServer };
        assert_eq!(pair.status(socket), expected, "{frame}");
        assert_eq!(pair.failures(), [Cause::UnsupportedServer], "{frame}");
    }
}

#[test]
fn waits_for_no_other_answer_when_connect_carried_no_sid() {
    let (mut pair, _root) = Pair::connected();
    let jobs = pair.client.socket("/jobs", false);
    pair.server.answer("/jobs", Answer::Frame("40/jobs,".to_owned()));
    pair.connect(jobs);
    pair.drive();
    let expected = Status::Disconnected { cause: Cause::UnsupportedServer };
    assert_eq!(pair.status(jobs), expected);
    pair.server.answer("/jobs", Answer::Accept);
    pair.connect(jobs);
    pair.drive();
    assert_eq!(pair.status(jobs), Status::Connected);
}

#[test]
fn brings_every_wanted_namespace_back_when_the_session_is_lost() {
    let (mut pair, jobs, admin) = two_connected();
    pair.cut(false);
    pair.advance(1_100);
    assert_eq!((pair.status(jobs), pair.status(admin)), (Status::Connected, Status::Connected));
    assert_eq!(pair.opened.len(), 2);
    assert_eq!(pair.server.frames()[2..], ["40/jobs,", "40/admin,"]);
}

#[test]
fn ends_only_the_silent_namespace_when_another_is_connected() {
    let (mut pair, jobs, admin) = two_wanted();
    pair.server.heartbeat = Some(support::ms(5_000));
    pair.server.answer("/admin", Answer::Silence);
    pair.advance(20_020);
    assert_eq!(pair.status(admin), Status::Disconnected { cause: Cause::ConnectTimeout });
    assert_eq!(pair.status(jobs), Status::Connected);
    let failed = Told::Failed { socket: Some(admin), cause: Cause::ConnectTimeout };
    assert!(pair.log.contains(&failed));
    assert_eq!((pair.failures().len(), pair.opened.len()), (1, 1));
}

#[test]
fn gives_a_namespace_all_the_time_when_it_connects_over_an_open_session() {
    let (mut pair, socket) = Pair::connected();
    pair.server.answer("/late", Answer::Silence);
    pair.advance(15_000);
    let late = pair.client.socket("/late", false);
    pair.connect(late);
    pair.push("2");
    pair.advance(19_999);
    assert!(matches!(pair.status(late), Status::Connecting { .. }));
    pair.advance(1);
    assert_eq!(pair.status(late), Status::Disconnected { cause: Cause::ConnectTimeout });
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn does_nothing_when_a_namespace_is_disconnected_that_is_not_wanted() {
    let (mut pair, jobs, admin) = two_connected();
    let idle = pair.client.socket("/idle", false);
    pair.push("41/admin,");
    pair.drive();
    let told = pair.log.len();
    pair.disconnect(idle);
    pair.disconnect(admin);
    assert_eq!(pair.log.len(), told);
    let statuses = [pair.status(idle), pair.status(admin), pair.status(jobs)];
    assert_eq!(statuses, [Status::Idle, PUT_OUT, Status::Connected]);
    assert_eq!(pair.server.frames().len(), 2);
}

#[test]
fn counts_attempts_from_one_when_a_namespace_connects_over_an_open_session() {
    let (mut pair, _) = Pair::connected();
    let late = pair.client.socket("/late", false);
    pair.connect(late);
    assert_eq!(pair.status(late), Status::Connecting { attempt: 1, cause: None });
}

#[test]
fn tells_a_connecting_namespace_nothing_new_when_another_is_connected() {
    let (mut pair, jobs, admin) = two_wanted();
    pair.server.answer("/admin", Answer::Silence);
    pair.drive();
    assert_eq!(pair.status(jobs), Status::Connected);
    assert_eq!(pair.statuses(admin), [Status::Connecting { attempt: 1, cause: None }]);
}

#[test]
fn ignores_failed_auth_when_the_namespace_does_not_wait_for_auth() {
    let (mut pair, socket) = Pair::connected();
    let idle = pair.client.socket("/idle", true);
    for socket in [idle, socket] {
        let ticket = AuthTicket(0);
        pair.call(Call::FailAuthentication { socket, ticket }).unwrap();
    }
    assert_eq!(pair.status(idle), Status::Idle);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.failures(), []);
}

/// The root is connected; `/slow` was given up while its CONNECT is unanswered.
fn left_before_the_answer() -> (Pair, SocketId, SocketId) {
    let (mut pair, root) = Pair::connected();
    pair.server.answer("/slow", Answer::Silence);
    let slow = pair.client.socket("/slow", false);
    pair.connect(slow);
    pair.drive();
    pair.disconnect(slow);
    (pair, root, slow)
}

#[test]
fn sends_nothing_for_a_namespace_when_its_connect_has_not_been_answered() {
    let (mut pair, _root, slow) = left_before_the_answer();
    pair.connect(slow);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40/slow,"], "a server would end the connection");
    assert!(matches!(pair.status(slow), Status::Connecting { attempt: 1, .. }));
}

#[test]
fn connects_anew_when_an_attempt_that_was_given_up_is_accepted_late() {
    let (mut pair, _root, slow) = left_before_the_answer();
    pair.connect(slow);
    pair.drive();
    pair.server.answer("/slow", Answer::Accept);
    pair.push(r#"40/slow,{"sid":"old"}"#);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40/slow,", "41/slow,"], "not right behind it");
    pair.advance(100);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40/slow,", "41/slow,", "40/slow,"]);
    assert_eq!(pair.status(slow), Status::Connected);
    let ids =
        pair.log.iter().filter(|told| matches!(told, Told::Accepted { sid, .. } if sid == "old"));
    assert_eq!(ids.count(), 0, "the old connection is left");
}

#[test]
fn connects_anew_when_an_attempt_that_was_given_up_is_refused_late() {
    let (mut pair, _root, slow) = left_before_the_answer();
    pair.connect(slow);
    pair.drive();
    pair.server.answer("/slow", Answer::Accept);
    pair.push(r#"44/slow,{"message":"no"}"#);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40/slow,", "40/slow,"]);
    assert_eq!(pair.status(slow), Status::Connected);
    assert_eq!(pair.failures(), []);
}

#[test]
fn leaves_a_namespace_when_it_is_accepted_after_it_was_given_up() {
    let (mut pair, root, slow) = left_before_the_answer();
    pair.push(r#"40/slow,{"sid":"late"}"#);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40/slow,", "41/slow,"]);
    assert_eq!(pair.status(slow), Status::Disconnected { cause: Cause::ClientDisconnect });
    assert_eq!(pair.status(root), Status::Connected);
}

#[test]
fn sends_the_auth_of_the_last_attempt_when_an_older_one_comes_late() {
    let (mut pair, _root) = Pair::connected();
    let jobs = pair.client.socket("/jobs", true);
    pair.connect(jobs);
    pair.drive();
    let first = pair.auth_ticket(jobs);
    pair.disconnect(jobs);
    pair.connect(jobs);
    pair.drive();
    let second = pair.auth_ticket(jobs);
    assert_ne!(first, second);

    let of = |user: &str| Some(format!(r#"{{"user":"{user}"}}"#));
    let late = Call::Authenticate { socket: jobs, ticket: first, payload: of("A") };
    pair.call(late).unwrap();
    pair.call(Call::FailAuthentication { socket: jobs, ticket: first }).unwrap();
    pair.call(Call::Authenticate { socket: jobs, ticket: second, payload: of("B") }).unwrap();
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", r#"40/jobs,{"user":"B"}"#]);
    assert_eq!(pair.status(jobs), Status::Connected);
}

#[test]
fn lets_the_others_go_on_when_the_auth_of_one_fails_before_any_is_connected() {
    let mut pair = Pair::new();
    pair.server.answer("/", Answer::Silence);
    let root = pair.client.socket("/", false);
    let locked = pair.client.socket("/locked", true);
    pair.connect(root);
    pair.connect(locked);
    pair.drive();
    let ticket = pair.auth_ticket(locked);
    pair.call(Call::FailAuthentication { socket: locked, ticket }).unwrap();
    assert!(matches!(pair.status(root), Status::Connecting { attempt: 1, cause: None }));
    let expected = Some(Cause::AuthFailed);
    assert!(matches!(pair.status(locked), Status::Waiting { cause, .. } if cause == expected));
}

#[test]
fn lets_the_server_take_a_disconnect_in_when_the_application_connects_at_once() {
    let (mut pair, root) = Pair::connected();
    let jobs = pair.client.socket("/jobs", false);
    pair.connect(jobs);
    pair.drive();
    pair.disconnect(jobs);
    pair.connect(jobs);
    pair.advance(99);
    assert_eq!(pair.server.frames(), ["40", "40/jobs,", "41/jobs,"]);
    assert!(matches!(pair.status(jobs), Status::Connecting { attempt: 1, .. }));
    pair.advance(1);
    pair.drive();
    assert_eq!(pair.server.frames(), ["40", "40/jobs,", "41/jobs,", "40/jobs,"]);
    assert_eq!(pair.status(jobs), Status::Connected);
    assert_eq!(pair.status(root), Status::Connected);
}

#[test]
fn takes_nothing_of_a_connection_that_was_left_for_the_next() {
    let (mut pair, _root) = Pair::connected();
    let jobs = pair.client.socket("/jobs", false);
    pair.listen("x");
    pair.connect(jobs);
    pair.drive();
    pair.latency = ms(200);
    pair.disconnect(jobs);
    pair.connect(jobs);
    pair.advance(90);
    // The server does not know yet that the namespace is left.
    pair.push(r#"42/jobs,7["x","old"]"#);
    pair.push("41/jobs,");
    pair.advance(300);
    assert_eq!(pair.server.frames()[2..], ["41/jobs,", "40/jobs,"], "both are on their way");
    assert!(matches!(pair.status(jobs), Status::Connecting { attempt: 1, .. }));
    pair.advance(200);
    assert_eq!(pair.status(jobs), Status::Connected);
    assert_eq!(pair.delivered(), [] as [Value; 0]);
    pair.push(r#"42/jobs,["x","new"]"#);
    pair.drive();
    assert_eq!(pair.delivered(), [json!(["x", "new"])]);
}

#[test]
fn finds_each_namespace_by_its_name_when_it_is_made_after_the_end() {
    let (mut pair, ..) = two_connected();
    pair.client.destroy(pair.now);
    let names = ["/jobs", "/admin", "/late"];
    let made = names.map(|name| pair.client.socket(name, false));
    assert_eq!(made, [SocketId(0), SocketId(1), SocketId(2)]);
    assert_eq!(names.map(|name| pair.client.socket(name, false)), made);
}
