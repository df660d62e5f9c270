//! What the client does when its program is suspended, hidden, asleep, or on another network.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;

use sockeye::manager::{Cause, Config, LIVENESS_NAMESPACE, SocketId, Status};
use support::{Answer, Call, How, Pair, Told, Upgrade, ms};

const AWAKE: Duration = Duration::ZERO;

/// A connected pair whose server refuses to be asked for a sign of life, as most do.
fn connected() -> (Pair, SocketId) {
    let mut pair = Pair::connected();
    refuse_probes(&mut pair.0);
    pair
}

fn refuse_probes(pair: &mut Pair) {
    let refusal = format!(r#"44{LIVENESS_NAMESPACE},{{"message":"Invalid namespace"}}"#);
    pair.server.answer(LIVENESS_NAMESPACE, Answer::Frame(refusal));
}

fn suspend(pair: &mut Pair) {
    pair.call(Call::Suspend).unwrap();
}

fn resume(pair: &mut Pair) {
    pair.call(Call::Resume(AWAKE)).unwrap();
}

fn prove(pair: &mut Pair) {
    pair.call(Call::Prove(AWAKE)).unwrap();
}

fn probes(pair: &Pair) -> usize {
    let probe = format!("40{LIVENESS_NAMESPACE},");
    pair.sent.iter().filter(|(_, frame)| *frame == probe).count()
}

/// The frames that were sent with this event in them, each with its transport's number in order.
fn sendings(pair: &Pair, event: &str) -> Vec<usize> {
    let place = |id| pair.opened.iter().position(|(opened, _)| *opened == id).unwrap();
    let sent = pair.sent.iter().filter(|(_, frame)| frame.contains(event));
    sent.map(|(transport, _)| place(*transport)).collect()
}

fn is_suspended(pair: &Pair, socket: SocketId) -> bool {
    matches!(pair.status(socket), Status::Waiting { cause: Some(Cause::Suspended), .. })
}

#[test]
fn closes_at_once_when_it_is_suspended_and_does_nothing_until_it_goes_on() {
    let (mut pair, socket) = connected();
    suspend(&mut pair);
    assert_eq!(pair.closed.last(), Some(&(pair.transport(), pair.now)));
    assert!(is_suspended(&pair, socket));
    assert_eq!(pair.deadline(), None, "nothing is due");
    pair.advance(3_600_000);
    assert_eq!(pair.opened.len(), 1);
    assert!(!pair.log.iter().any(|told| matches!(told, Told::Failed { .. })), "it is no failure");
}

#[test]
fn connects_at_once_when_it_goes_on() {
    let (mut pair, socket) = connected();
    for round in 2..6 {
        suspend(&mut pair);
        pair.sleep(100);
        resume(&mut pair);
        assert_eq!(pair.opened.len(), round, "not after a wait, and not only once in 5 s");
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected);
    }
}

#[test]
fn sends_no_disconnect_when_it_is_suspended_so_that_the_session_can_be_recovered() {
    let mut pair = Pair::new();
    pair.server.answer("/", Answer::Frame(r#"40{"sid":"s","pid":"p"}"#.to_owned()));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    suspend(&mut pair);
    resume(&mut pair);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.server.frames(), ["40", r#"40{"pid":"p"}"#]);
}

#[test]
fn keeps_what_is_emitted_while_it_is_suspended() {
    let (mut pair, socket) = connected();
    suspend(&mut pair);
    pair.emit(socket, r#"["kept"]"#).unwrap();
    resume(&mut pair);
    pair.drive();
    assert_eq!(sendings(&pair, "kept"), [1]);
}

#[test]
fn ends_the_requests_that_were_sent_when_it_is_suspended() {
    let (mut pair, socket) = connected();
    pair.request(socket, 1, r#"["ask"]"#).unwrap();
    suspend(&mut pair);
    let settled =
        Told::Settled { request: sockeye::socketio::RequestId(1), how: How::Disconnected };
    assert!(pair.log.contains(&settled));
}

#[test]
fn connects_nothing_while_it_is_suspended_whatever_is_called() {
    let mut pair = Pair::new();
    let socket = pair.client.socket("/", false);
    suspend(&mut pair);
    pair.connect(socket);
    assert!(matches!(pair.status(socket), Status::Waiting { .. }));
    let calls = [Call::ReconnectNow, Call::ChangeIdentity, Call::RefreshAuth(socket)];
    for call in calls.into_iter().chain([Call::Prove(AWAKE), Call::Suspend]) {
        pair.call(call).unwrap();
        pair.advance(60_000);
    }
    assert!(pair.opened.is_empty());
    resume(&mut pair);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn stays_disconnected_when_nobody_wants_a_connection() {
    let (mut pair, socket) = connected();
    pair.disconnect(socket);
    suspend(&mut pair);
    resume(&mut pair);
    pair.advance(60_000);
    assert_eq!(pair.opened.len(), 1);
    assert!(matches!(pair.status(socket), Status::Disconnected { .. }));
}

#[test]
fn breaks_an_attempt_off_when_it_is_suspended() {
    let mut pair = Pair::new();
    pair.server.upgrade = Upgrade::Ignore;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    suspend(&mut pair);
    assert!(is_suspended(&pair, socket));
    pair.server.upgrade = Upgrade::Accept;
    resume(&mut pair);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn comes_no_earlier_than_the_server_wants_when_it_goes_on() {
    let (mut pair, socket) = connected();
    pair.call(Call::Postpone(ms(60_000))).unwrap();
    suspend(&mut pair);
    resume(&mut pair);
    prove(&mut pair);
    assert!(pair.retry_at(socket) >= pair.now + ms(60_000));
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn goes_on_with_its_wait_when_it_waited_before_it_was_suspended() {
    let (mut pair, _) = refused();
    prove(&mut pair);
    pair.drive();
    let tried = pair.opened.len();
    suspend(&mut pair);
    pair.sleep(1_000);
    resume(&mut pair);
    assert_eq!(pair.opened.len(), tried, "5 s have not passed since the last early attempt");
    pair.advance(4_000);
    assert_eq!(pair.opened.len(), tried + 1);
}

/// A pair whose attempts have failed for so long that the next is far away.
fn refused() -> (Pair, SocketId) {
    let mut pair = Pair::with(Config { slow_after: ms(60_000), ..Config::default() });
    pair.server.upgrade = Upgrade::Refuse;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.advance(300_000);
    while pair.retry_at(socket).since(pair.now) < ms(30_000) {
        pair.step();
    }
    pair.drive();
    (pair, socket)
}

#[test]
fn tries_early_at_most_once_in_five_seconds() {
    let (mut pair, socket) = refused();
    let tried = pair.opened.len();
    for _ in 0..100 {
        prove(&mut pair);
        pair.drive();
        pair.advance(200);
    }
    assert_eq!(pair.opened.len() - tried, 5, "after 0, 5, 10, 15 and 20 s");
    pair.advance(5_000);
    pair.server.upgrade = Upgrade::Accept;
    prove(&mut pair);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn loses_no_early_attempt_that_would_have_come_too_soon() {
    let (mut pair, socket) = refused();
    prove(&mut pair);
    pair.drive();
    while pair.retry_at(socket).since(pair.now) < ms(20_000) {
        pair.step();
    }
    let earliest = pair.opened.last().unwrap().1 + ms(5_000);
    prove(&mut pair);
    assert!(pair.retry_at(socket) <= earliest.max(pair.now));
}

#[test]
fn asks_for_one_sign_of_life_when_the_link_is_in_doubt() {
    let (mut pair, socket) = connected();
    for _ in 0..5 {
        prove(&mut pair);
    }
    assert_eq!(probes(&pair), 1);
    pair.drive();
    pair.advance(10_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn finds_a_dead_link_within_two_seconds_when_it_is_in_doubt_and_connects_at_once() {
    let (mut pair, socket) = connected();
    pair.black_hole();
    prove(&mut pair);
    pair.advance(1_999);
    assert_eq!(pair.opened.len(), 1);
    pair.advance(1);
    assert_eq!(pair.opened.len(), 2);
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn takes_anything_for_a_sign_of_life() {
    for frame in ["2", "6", r#"42["x"]"#, r#"42["heard"]"#, "43/unknown,7[]"] {
        let (mut pair, socket) = connected();
        pair.listen("heard");
        pair.server.answer(LIVENESS_NAMESPACE, Answer::Silence);
        prove(&mut pair);
        pair.push(frame);
        pair.advance(10_000);
        assert_eq!(pair.opened.len(), 1, "{frame}");
        assert_eq!(pair.status(socket), Status::Connected, "{frame}");
    }
}

#[test]
fn takes_nothing_of_a_dead_transport_for_a_sign_of_life() {
    let (mut pair, socket) = connected();
    let old = pair.transport();
    pair.cut(true);
    pair.advance(3_000);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.black_hole();
    prove(&mut pair);
    let heard = pair.client.heard();
    let now = pair.now;
    pair.client.handle_text(old, &"2".to_owned(), now);
    assert_eq!(pair.client.heard(), heard);
    pair.advance(2_000);
    assert_eq!(pair.opened.len(), 3);
}

#[test]
fn holds_what_is_sent_while_the_link_is_in_doubt() {
    let (mut pair, socket) = connected();
    prove(&mut pair);
    pair.emit(socket, r#"["held"]"#).unwrap();
    pair.request(socket, 1, r#"["asked"]"#).unwrap();
    assert!(sendings(&pair, "held").is_empty() && sendings(&pair, "asked").is_empty());
    pair.drive();
    assert_eq!((sendings(&pair, "held"), sendings(&pair, "asked")), (vec![0], vec![0]));
    pair.emit(socket, r#"["at once"]"#).unwrap();
    assert_eq!(sendings(&pair, "at once"), [0]);
}

#[test]
fn sends_what_was_held_over_the_next_connection_when_the_link_was_dead() {
    let (mut pair, socket) = connected();
    pair.black_hole();
    prove(&mut pair);
    pair.emit(socket, r#"["held"]"#).unwrap();
    pair.request(socket, 1, r#"["asked"]"#).unwrap();
    pair.advance(3_000);
    assert_eq!((sendings(&pair, "held"), sendings(&pair, "asked")), (vec![1], vec![1]));
}

#[test]
fn holds_the_events_of_all_namespaces_and_what_is_said_first_of_none() {
    let (mut pair, root) = connected();
    let jobs = pair.client.socket("/jobs", false);
    pair.connect(jobs);
    pair.drive();
    prove(&mut pair);
    for socket in [root, jobs] {
        pair.emit(socket, r#"["held"]"#).unwrap();
        pair.call(Call::EmitFirst { socket, body: r#"["first"]"#.into() }).unwrap();
    }
    assert_eq!(sendings(&pair, "first").len(), 2);
    assert!(sendings(&pair, "held").is_empty());
    pair.drive();
    assert_eq!(sendings(&pair, "held").len(), 2);
}

#[test]
fn sends_nothing_on_a_link_whose_time_is_over() {
    let send = |socket| {
        [
            Call::Emit { socket, body: r#"["late"]"#.into(), volatile: false },
            Call::Request {
                socket,
                request: sockeye::socketio::RequestId(1),
                body: r#"["late"]"#.into(),
                timeout: None,
            },
        ]
    };
    for call in send(SocketId(0)) {
        let (mut pair, socket) = connected();
        pair.sleep(45_000);
        pair.call(call).unwrap();
        assert!(sendings(&pair, "late").is_empty());
        assert!(matches!(pair.status(socket), Status::Waiting { .. }));
        pair.advance(1_100);
        assert_eq!(sendings(&pair, "late"), [1]);
    }
}

#[test]
fn knows_a_dead_link_at_once_when_the_machine_has_slept_longer_than_it_lives() {
    let (mut pair, socket) = connected();
    pair.sleep(10_000);
    pair.call(Call::Prove(ms(34_000))).unwrap();
    assert_eq!((pair.opened.len(), probes(&pair)), (1, 1), "44 s: it may live");
    pair.drive();
    pair.call(Call::Resume(ms(36_000))).unwrap();
    assert_eq!((pair.opened.len(), probes(&pair)), (2, 1), "46 s: it does not");
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn finds_a_dead_link_within_five_seconds_of_an_emit() {
    let (mut pair, socket) = connected();
    pair.advance(20_000);
    pair.black_hole();
    pair.emit(socket, r#"["lost"]"#).unwrap();
    pair.advance(2_499);
    assert_eq!(probes(&pair), 0);
    pair.advance(1);
    assert_eq!(probes(&pair), 1);
    pair.advance(2_499);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.advance(1);
    assert_eq!(pair.opened.len(), 2);
}

#[test]
fn asks_for_no_sign_of_life_when_something_is_heard_after_an_emit() {
    let (mut pair, socket) = connected();
    for _ in 0..100 {
        pair.emit(socket, r#"["x"]"#).unwrap();
        pair.push(r#"42["y"]"#);
        pair.advance(1_000);
    }
    assert_eq!(probes(&pair), 0);
}

#[test]
fn asks_for_one_sign_of_life_in_half_of_the_time_however_much_is_emitted() {
    let (mut pair, socket) = connected();
    let timers = pair.timer_changes;
    for _ in 0..10_000 {
        pair.emit(socket, r#"["x"]"#).unwrap();
        pair.advance(1);
    }
    assert!(probes(&pair) <= 4, "{}", probes(&pair));
    assert!(pair.timer_changes - timers <= 20, "{}", pair.timer_changes - timers);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn gives_a_large_event_the_time_that_it_takes_on_a_slow_link() {
    let (mut pair, socket) = connected();
    pair.server.answer(LIVENESS_NAMESPACE, Answer::Silence);
    let bytes = vec![0; 320_000];
    pair.emit_with(socket, r#"["large",{"_placeholder":true,"num":0}]"#, &[&bytes]).unwrap();
    pair.advance(20_000);
    assert_eq!(pair.opened.len(), 1, "20 s at 16 kB/s");
    pair.advance(5_000);
    assert_eq!(pair.opened.len(), 2);
}

#[test]
fn gives_twice_the_time_after_each_silence_until_the_server_answers_in_time() {
    let (mut pair, socket) = connected();
    pair.server.answer(LIVENESS_NAMESPACE, Answer::Silence);
    let silence = |pair: &mut Pair| {
        let (since, opened) = (pair.now, pair.opened.len());
        pair.emit(socket, r#"["x"]"#).unwrap();
        while pair.opened.len() == opened {
            pair.step();
        }
        let moment = pair.opened.last().unwrap().1;
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected);
        moment.since(since).as_secs()
    };
    assert_eq!([5, 10, 20].map(|_| silence(&mut pair)), [5, 10, 20]);
    refuse_probes(&mut pair);
    pair.call(Call::Probe).unwrap();
    pair.drive();
    pair.server.answer(LIVENESS_NAMESPACE, Answer::Silence);
    assert_eq!(silence(&mut pair), 5);
}

#[test]
fn asks_as_soon_as_it_is_connected_again_after_a_silence() {
    let (mut pair, socket) = connected();
    pair.black_hole();
    prove(&mut pair);
    pair.advance(3_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(probes(&pair), 2, "so that the next time is the usual one");
    pair.black_hole();
    prove(&mut pair);
    let opened = pair.opened.len();
    pair.advance(7_000);
    assert!(pair.opened.len() > opened);
}

#[test]
fn does_not_take_its_own_standstill_for_the_servers() {
    let (mut pair, socket) = connected();
    prove(&mut pair);
    pair.sleep(10_000);
    pair.fire_timer();
    assert_eq!(pair.status(socket), Status::Connected, "the answer has not been read");
    pair.drive();
    pair.advance(10_000);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn finds_a_dead_link_also_when_a_timer_was_late() {
    let (mut pair, _) = connected();
    pair.black_hole();
    prove(&mut pair);
    pair.sleep(10_000);
    pair.fire_timer();
    pair.advance(1_000);
    assert_eq!(pair.opened.len(), 2);
}
