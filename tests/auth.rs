//! Which auth payload goes with CONNECT, and what follows when there is none or the server refuses it.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use sockeye::manager::{AuthReason, Cause, Config, Policy, SocketId, Status, Verdict};
use sockeye::socketio::AuthTicket;
use support::{Answer, Call, How, Pair, Told, ms};

const EXPIRED: &str = r#"44{"message":"expired"}"#;

/// The questions for the auth payload: the ticket, the attempt, the reason.
fn questions(pair: &Pair) -> Vec<(AuthTicket, u32, AuthReason)> {
    let question = |told: &Told| match told {
        Told::AuthNeeded { ticket, attempt, reason, .. } => Some((*ticket, *attempt, *reason)),
        _ => None,
    };
    pair.log.iter().filter_map(question).collect()
}

/// What the application was asked for last, apart from the ticket.
fn last_question(pair: &Pair) -> (u32, AuthReason) {
    let (_, attempt, reason) = *questions(pair).last().unwrap();
    (attempt, reason)
}

/// Answers the last question for `socket` with a token.
fn authenticate(pair: &mut Pair, socket: SocketId, token: &str) {
    let payload = Some(format!("{{\"token\":\"{token}\"}}"));
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::Authenticate { socket, ticket, payload }).unwrap();
    pair.drive();
}

/// Says what follows what the server did last.
fn judge(pair: &mut Pair, verdict: Verdict) {
    let question = |told: &Told| match told {
        Told::VerdictNeeded { socket, ticket, .. } => Some((*socket, *ticket)),
        _ => None,
    };
    let (socket, ticket) = pair.log.iter().rev().find_map(question).expect("a question");
    pair.call(Call::Judge { socket, ticket, verdict }).unwrap();
    pair.drive();
}

/// Lets the wait pass.
fn wait(pair: &mut Pair, socket: SocketId) {
    let left = pair.retry_at(socket).since(pair.now);
    pair.advance(left.as_millis() as u64 + 1);
    pair.drive();
}

fn asking() -> Config {
    Config { server_disconnect: Policy::Ask, refused: Policy::Ask, ..Config::default() }
}

/// A namespace that has been asked for its auth payload.
fn asked() -> (Pair, SocketId) {
    let mut pair = Pair::with(asking());
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.drive();
    (pair, socket)
}

/// A namespace whose first token the server has refused.
fn refused() -> (Pair, SocketId) {
    let (mut pair, socket) = asked();
    pair.server.answer("/", Answer::Frame(EXPIRED.to_owned()));
    authenticate(&mut pair, socket, "old");
    (pair, socket)
}

#[test]
fn asks_before_each_connect_and_says_which_attempt_it_is() {
    let (mut pair, socket) = asked();
    assert_eq!(last_question(&pair), (1, AuthReason::Connect));
    authenticate(&mut pair, socket, "a");
    assert_eq!(pair.status(socket), Status::Connected);
    for _ in 0..3 {
        pair.cut(true);
        pair.drive();
        wait(&mut pair, socket);
        assert_eq!(last_question(&pair), (1, AuthReason::Connect));
        let ticket = pair.auth_ticket(socket);
        pair.call(Call::FailAuthentication { socket, ticket }).unwrap();
        wait(&mut pair, socket);
        assert_eq!(last_question(&pair), (2, AuthReason::Connect));
        authenticate(&mut pair, socket, "b");
        assert_eq!(pair.status(socket), Status::Connected);
    }
    let connects = pair.server.frames().iter().filter(|frame| frame.starts_with("40")).count();
    assert_eq!((questions(&pair).len(), connects), (7, 4));
}

#[test]
fn stops_when_auth_says_that_there_is_no_point() {
    let (mut pair, socket) = asked();
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::StopAuthentication { socket, ticket }).unwrap();
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::AuthStopped });
    assert_eq!(pair.failures(), [Cause::AuthStopped]);
    pair.advance(100_000_000);
    assert_eq!((pair.opened.len(), questions(&pair).len()), (1, 1), "no further attempt");
    pair.connect(socket);
    pair.drive();
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn takes_no_answer_to_an_older_question() {
    let (mut pair, socket) = asked();
    let old = pair.auth_ticket(socket);
    pair.call(Call::RefreshAuth(socket)).unwrap();
    assert_ne!(pair.auth_ticket(socket), old);
    for call in [
        Call::Authenticate { socket, ticket: old, payload: Some("{\"token\":\"old\"}".into()) },
        Call::FailAuthentication { socket, ticket: old },
        Call::StopAuthentication { socket, ticket: old },
    ] {
        pair.call(call).unwrap();
        assert!(matches!(pair.status(socket), Status::Connecting { .. }));
    }
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.server.frames(), [r#"40{"token":"new"}"#]);
}

#[test]
fn refreshes_an_expired_token_once_at_once_and_then_after_growing_waits() {
    let (mut pair, socket) = refused();
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 1, .. }), "undecided");
    judge(&mut pair, Verdict::Refresh);
    assert_eq!(last_question(&pair), (2, AuthReason::Expired), "at once");
    assert_eq!(pair.opened.len(), 1, "on the same session");
    assert_eq!(pair.failures(), [], "nothing has failed for good");
    for attempt in 3..6 {
        authenticate(&mut pair, socket, "old");
        judge(&mut pair, Verdict::Refresh);
        assert!(pair.retry_at(socket) >= pair.now + ms(90), "not at once a second time");
        wait(&mut pair, socket);
        assert_eq!(last_question(&pair), (attempt, AuthReason::Expired));
    }
    pair.server.answer("/", Answer::Accept);
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.status(socket), Status::Connected);
    pair.cut(true);
    pair.drive();
    wait(&mut pair, socket);
    assert_eq!(last_question(&pair), (1, AuthReason::Connect));
}

#[test]
fn loses_nothing_when_tokens_expire_a_thousand_times() {
    let (mut pair, socket) = asked();
    pair.server.acknowledgement = Some("[]".to_owned());
    authenticate(&mut pair, socket, "0");
    for round in 1..=1_000 {
        pair.cut(true);
        pair.drive();
        pair.request(socket, round, r#"["kept"]"#).unwrap();
        pair.server.answer("/", Answer::Frame(EXPIRED.to_owned()));
        wait(&mut pair, socket);
        authenticate(&mut pair, socket, "old");
        judge(&mut pair, Verdict::Refresh);
        pair.server.answer("/", Answer::Accept);
        authenticate(&mut pair, socket, "new");
        assert_eq!(pair.settlements(round).len(), 1);
        pair.log.retain(|told| !matches!(told, Told::Settled { .. }));
        pair.advance(2_000);
    }
    let tokens = pair.server.frames().iter().filter(|frame| frame.contains("new")).count();
    assert_eq!(tokens, 1_000);
}

#[test]
fn stays_disconnected_when_the_application_says_so() {
    let (mut pair, socket) = refused();
    pair.emit(socket, r#"["kept"]"#).unwrap();
    judge(&mut pair, Verdict::Stop);
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::ConnectRefused });
    assert_eq!(pair.failures(), [Cause::ConnectRefused]);
    pair.advance(100_000_000);
    assert_eq!(pair.opened.len(), 1);
    pair.server.answer("/", Answer::Accept);
    pair.connect(socket);
    pair.drive();
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.server.frames().last(), Some(&r#"42["kept"]"#), "what waits stays");
}

#[test]
fn waits_before_it_tries_again_when_the_application_says_so() {
    let (mut pair, socket) = refused();
    judge(&mut pair, Verdict::Retry);
    assert_eq!(pair.failures(), [Cause::ConnectRefused]);
    assert!(pair.retry_at(socket) > pair.now);
    pair.server.answer("/", Answer::Accept);
    wait(&mut pair, socket);
    assert_eq!(last_question(&pair), (2, AuthReason::Connect));
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn waits_as_long_as_the_refusal_says() {
    for shared in [false, true] {
        let mut pair = Pair::with(asking());
        pair.server.heartbeat = Some(ms(25_000));
        let other = pair.client.socket("/other", false);
        if shared {
            pair.connect(other);
        }
        pair.server.answer("/", Answer::Frame(EXPIRED.to_owned()));
        let socket = pair.client.socket("/", false);
        pair.connect(socket);
        pair.drive();
        let refused_at = pair.now;
        judge(&mut pair, Verdict::RetryAfter(ms(60_000)));
        let delay = pair.retry_at(socket).since(refused_at);
        assert!(delay >= ms(60_000) && delay <= ms(75_000), "{delay:?}");
        // Also when the session, on which it would have been tried again, ends before.
        if shared {
            pair.cut(true);
            pair.advance(30_000);
            assert_eq!(pair.status(other), Status::Connected);
            assert!(pair.retry_at(socket).since(refused_at) >= ms(60_000));
        }
        pair.server.answer("/", Answer::Accept);
        wait(&mut pair, socket);
        assert_eq!(pair.status(socket), Status::Connected);
        let connects = pair.server.frames().iter().filter(|frame| **frame == "40").count();
        assert_eq!(connects, 2);
    }
}

#[test]
fn comes_back_when_the_server_has_disconnected_it_and_the_policy_is_to_come_back() {
    let config = Config { server_disconnect: Policy::Always, ..Config::default() };
    let (mut pair, socket) = Pair::connected_with(config);
    pair.request(socket, 1, r#"["lost"]"#).unwrap();
    pair.push("41");
    pair.drive();
    assert_eq!(pair.settlements(1), [How::Disconnected]);
    assert!(pair.retry_at(socket) >= pair.now + ms(90), "never at once");
    wait(&mut pair, socket);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.failures(), []);
}

#[test]
fn waits_longer_each_time_when_the_server_accepts_and_disconnects() {
    let config = Config { server_disconnect: Policy::Always, ..Config::default() };
    let mut pair = Pair::with(config);
    pair.server.heartbeat = Some(ms(25_000));
    let other = pair.client.socket("/other", false);
    let socket = pair.client.socket("/", false);
    pair.connect(other);
    pair.connect(socket);
    pair.drive();
    let begun_at = pair.now;
    for _ in 0..20 {
        pair.push("41");
        pair.drive();
        wait(&mut pair, socket);
        assert_eq!(pair.status(socket), Status::Connected);
        assert_eq!(pair.status(other), Status::Connected, "others are not concerned");
    }
    let waited = pair.now.since(begun_at);
    assert!(waited > ms(100_000), "a storm: {waited:?}");
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn asks_whether_to_come_back_when_the_server_has_disconnected_it() {
    for (verdict, comes_back) in [(Verdict::Stop, false), (Verdict::Retry, true)] {
        let (mut pair, socket) = Pair::connected_with(asking());
        pair.push("41");
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected, "undecided");
        judge(&mut pair, verdict);
        pair.advance(2_000);
        let expected = if comes_back {
            Status::Connected
        } else {
            Status::Disconnected { cause: Cause::ServerDisconnect }
        };
        assert_eq!(pair.status(socket), expected);
        assert_eq!(pair.opened.len(), 1 + usize::from(comes_back));
    }
}

#[test]
fn keeps_out_who_was_sent_away_when_the_session_ends_before_the_verdict() {
    let (mut pair, socket) = Pair::connected_with(asking());
    pair.push("41");
    pair.drive();
    pair.cut(true);
    pair.advance(60_000);
    let connects = pair.server.frames().iter().filter(|frame| **frame == "40").count();
    assert_eq!(connects, 1, "nothing before the verdict");
    judge(&mut pair, Verdict::Stop);
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::ServerDisconnect });
    assert!(pair.deadline().is_none());
}

#[test]
fn ignores_a_verdict_when_the_application_has_decided_otherwise_since() {
    let (mut pair, socket) = refused();
    pair.disconnect(socket);
    judge(&mut pair, Verdict::Retry);
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::ClientDisconnect });
    assert!(pair.deadline().is_none());
}

#[test]
fn joins_anew_with_a_fresh_token_when_asked_to() {
    let (mut pair, socket) = asked();
    authenticate(&mut pair, socket, "old");
    pair.request(socket, 1, r#"["unanswered"]"#).unwrap();
    pair.drive();
    pair.call(Call::RefreshAuth(socket)).unwrap();
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 1, cause: None }));
    assert_eq!(pair.settlements(1), [How::Disconnected]);
    pair.advance(150);
    assert_eq!(last_question(&pair), (1, AuthReason::Refresh));
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.status(socket), Status::Connected);
    let frames = pair.server.frames();
    let (first, rest) = (frames[0], &frames[2..]);
    assert_eq!((first, rest), (r#"40{"token":"old"}"#, &["41", r#"40{"token":"new"}"#][..]));
    assert_eq!(pair.opened.len(), 1, "on the same session");
}

#[test]
fn uses_the_fresh_token_whatever_the_namespace_is_doing() {
    // Neither wanted, nor yet connected, nor answered, nor about to be tried again.
    let mut pair = Pair::with(asking());
    let socket = pair.client.socket("/", true);
    pair.call(Call::RefreshAuth(socket)).unwrap();
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 1, .. }));
    pair.call(Call::RefreshAuth(socket)).unwrap();
    pair.drive();
    assert_eq!(last_question(&pair), (1, AuthReason::Refresh));
    pair.server.answer("/", Answer::Silence);
    authenticate(&mut pair, socket, "unanswered");
    pair.call(Call::RefreshAuth(socket)).unwrap();
    assert_eq!(questions(&pair).len(), 1, "the server's answer has to come first");
    pair.push(EXPIRED);
    pair.drive();
    assert_eq!(last_question(&pair), (1, AuthReason::Refresh));
    pair.cut(true);
    pair.drive();
    assert!(matches!(pair.status(socket), Status::Waiting { .. }));
    pair.call(Call::RefreshAuth(socket)).unwrap();
    assert!(matches!(pair.status(socket), Status::Connecting { .. }), "it does not wait");
    pair.server.answer("/", Answer::Accept);
    pair.drive();
    assert_eq!(last_question(&pair).1, AuthReason::Refresh);
    authenticate(&mut pair, socket, "new");
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn sends_a_token_in_no_frame_but_connect() {
    const CANARY: &str = "canary-4711";
    let (mut pair, socket) = asked();
    pair.server.acknowledgement = Some("[]".to_owned());
    pair.server.heartbeat = Some(ms(1_000));
    for round in 0..20 {
        authenticate(&mut pair, socket, CANARY);
        pair.request(socket, round, r#"["a"]"#).unwrap();
        pair.advance(3_000);
        match round % 3 {
            0 => pair.call(Call::RefreshAuth(socket)).unwrap(),
            1 => pair.call(Call::ChangeIdentity).unwrap(),
            _ => pair.cut(true),
        }
        let before = questions(&pair).len();
        while questions(&pair).len() == before {
            assert!(pair.step());
        }
    }
    let leaks = |(_, frame): &&(_, String)| frame.contains(CANARY) && !frame.starts_with("40");
    assert_eq!(pair.sent.iter().filter(leaks).count(), 0);
    assert!(pair.sent.iter().filter(|(_, frame)| frame.contains(CANARY)).count() >= 20);
    assert!(!format!("{:?}", pair.log).contains(CANARY));
}
