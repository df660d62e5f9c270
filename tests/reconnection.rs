//! When and how the session comes back.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use std::time::Duration;

use sockeye::backoff::{Backoff, BackoffConfig, MAX_TIMER};
use sockeye::engineio::{Failure, HandshakeError};
use sockeye::manager::{Cause, Config, SocketId, Status};
use sockeye::time::Instant;
use support::{Answer, Call, How, Pair, Server, Upgrade, ms};

const MIN: Duration = ms(100);
const CAP: Duration = ms(30_000);

/// The longest delay before the attempt after `failures` failures in a row.
fn ceiling(failures: u32) -> Duration {
    (Duration::from_secs(1) * 2u32.pow(failures.min(10))).min(CAP)
}

fn seeded(seed: u64) -> Config {
    Config { seed, ..Config::default() }
}

/// A pair that wants a connection and does not get one.
fn refused(seed: u64) -> (Pair, SocketId) {
    let mut pair = Pair::with(seeded(seed));
    pair.server.upgrade = Upgrade::Refuse;
    pair.server.heartbeat = Some(ms(25_000));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    (pair, socket)
}

fn waits_because_of(pair: &Pair, socket: SocketId, expected: Cause) {
    let status = pair.status(socket);
    assert!(
        matches!(status, Status::Waiting { cause: Some(cause), .. } if cause == expected),
        "{status:?} is not because of {expected:?}"
    );
}

/// Lives for `life`, with a sign that the server works if `proof`, and is cut. Returns the delay.
fn delay_after_life(pair: &mut Pair, socket: SocketId, life: u64, proof: Option<&str>) -> Duration {
    pair.drive();
    assert_eq!(pair.status(socket), Status::Connected);
    let connected_at = pair.now;
    if let Some(frame) = proof {
        pair.push(frame);
        pair.drive();
    }
    let rest = ms(life).saturating_sub(pair.now.since(connected_at));
    pair.advance(rest.as_millis() as u64);
    pair.cut(true);
    pair.drive();
    pair.retry_at(socket).since(pair.now)
}

#[test]
fn draws_each_delay_within_its_bounds_when_the_server_stays_away() {
    for seed in 0..200 {
        let (mut pair, socket) = refused(seed);
        for failures in 0..12 {
            let failed_at = pair.now;
            let Status::Waiting { attempt, retry_at, .. } = pair.status(socket) else {
                panic!("not waiting");
            };
            assert_eq!(attempt, failures + 2);
            let delay = retry_at.since(failed_at);
            assert!(delay >= MIN && delay <= ceiling(failures), "{failures}: {delay:?}");
            assert_eq!(pair.deadline(), Some(retry_at));
            pair.advance(delay.as_millis() as u64 + 1);
            assert_eq!(pair.opened.last().unwrap().1, retry_at, "to the microsecond");
            pair.drive();
        }
    }
}

#[test]
fn spreads_a_herd_when_its_server_comes_back() {
    for failures in [0, 2, 5, 31, 62] {
        let mut buckets = vec![0_u32; 301];
        for seed in 0..10_000 {
            let mut backoff = Backoff::new(BackoffConfig::default(), seed);
            let delay = (0..=failures).map(|_| backoff.next_delay()).last().unwrap();
            assert!(delay >= MIN && delay <= ceiling(failures), "{seed}: {delay:?}");
            buckets[(delay.as_millis() / 100) as usize] += 1;
        }
        // 10,000 clients spread evenly over buckets of 100 ms, with room for chance.
        let width = (ceiling(failures) - MIN).as_millis() / 100;
        let even = 10_000 / width as u32;
        let fullest = *buckets.iter().max().unwrap();
        assert!(fullest <= even * 3 / 2 + 35, "{fullest} of 10,000 in 100 ms after {failures}");
        assert!(failures < 5 || fullest <= 150, "at the cap no bucket holds over 1.5 %");
    }
}

#[test]
fn shows_the_attempt_and_its_date_when_it_waits() {
    let (mut pair, socket) = Pair::connected();
    pair.cut(true);
    pair.drive();
    let Status::Waiting { attempt, retry_at, slow: false, cause } = pair.status(socket) else {
        panic!("not waiting");
    };
    assert_eq!((attempt, cause), (1, Some(Cause::TransportError)));
    assert_eq!(pair.statuses(socket).last(), Some(&pair.status(socket)));
    pair.advance(retry_at.since(pair.now).as_millis() as u64 + 1);
    let expected = Status::Connecting { attempt: 1, cause: Some(Cause::TransportError) };
    assert_eq!(pair.status(socket), expected);
}

#[test]
fn forgets_the_cause_and_the_count_when_it_is_connected_again() {
    let (mut pair, socket) = refused(1);
    pair.advance(5_000);
    pair.server.upgrade = Upgrade::Accept;
    pair.advance(40_000);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.cut(false);
    pair.drive();
    let status = pair.status(socket);
    assert!(
        matches!(status, Status::Waiting { attempt: 1, cause: Some(Cause::TransportClose), .. }),
        "{status:?}"
    );
}

#[test]
fn starts_again_with_the_shortest_delay_when_the_connection_was_stable_and_proved() {
    for proof in ["2", "430[]"] {
        for seed in 0..20 {
            let (mut pair, socket) = Pair::connected_with(seeded(seed));
            delay_until_the_cap(&mut pair, socket);
            let delay = delay_after_life(&mut pair, socket, 10_000, Some(proof));
            assert!(delay <= ceiling(0), "{proof}: {delay:?}");
        }
    }
}

#[test]
fn keeps_the_long_delays_when_the_connection_was_short_or_not_proved() {
    for (life, proof) in [(9_999, Some("2")), (9_999, Some("430[]")), (40_000, None)] {
        let mut longest = Duration::ZERO;
        for seed in 0..20 {
            let (mut pair, socket) = Pair::connected_with(seeded(seed));
            delay_until_the_cap(&mut pair, socket);
            longest = longest.max(delay_after_life(&mut pair, socket, life, proof));
        }
        assert!(longest > CAP / 2, "{life} ms, {proof:?}: {longest:?}");
    }
}

#[test]
fn keeps_the_long_delays_when_only_events_prove_the_connection() {
    let mut longest = Duration::ZERO;
    for seed in 0..20 {
        let (mut pair, socket) = Pair::connected_with(seeded(seed));
        delay_until_the_cap(&mut pair, socket);
        let delay = delay_after_life(&mut pair, socket, 20_000, Some(r#"42["x"]"#));
        longest = longest.max(delay);
    }
    assert!(longest > CAP / 2, "{longest:?}");
}

/// Makes the next delay one under the cap, and connects.
fn delay_until_the_cap(pair: &mut Pair, socket: SocketId) {
    for _ in 0..8 {
        pair.cut(true);
        pair.drive();
        pair.call(Call::ReconnectNow).unwrap();
        pair.drive();
    }
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn does_not_start_again_with_the_shortest_delay_when_the_server_flaps() {
    for seed in 0..50 {
        let mut pair = Pair::with(seeded(seed));
        let socket = pair.client.socket("/", false);
        pair.connect(socket);
        let start = pair.now;
        let mut delays = Vec::new();
        while pair.now.since(start) < Duration::from_secs(60) {
            delays.push(delay_after_life(&mut pair, socket, 50, Some("2")));
            pair.advance(delays.last().unwrap().as_millis() as u64 + 1);
        }
        assert!(delays.len() <= 25, "{} connections in a minute", delays.len());
        for (failures, delay) in delays.iter().enumerate() {
            assert!(*delay >= MIN && *delay <= ceiling(failures as u32));
        }
    }
}

#[test]
fn keeps_the_long_delays_when_the_application_disconnects_and_connects() {
    let mut longest = Duration::ZERO;
    for seed in 0..20 {
        let (mut pair, socket) = Pair::connected_with(seeded(seed));
        delay_until_the_cap(&mut pair, socket);
        pair.disconnect(socket);
        pair.connect(socket);
        longest = longest.max(delay_after_life(&mut pair, socket, 100, None));
    }
    assert!(longest > CAP / 2, "{longest:?}");
}

#[test]
fn ends_the_wait_and_nothing_else_when_told_to_reconnect_now() {
    let (mut pair, socket) = refused(3);
    pair.server.upgrade = Upgrade::Accept;
    pair.call(Call::ReconnectNow).unwrap();
    assert_eq!(pair.opened.last().unwrap().1, pair.now);
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 2, .. }));
    let log = pair.log.clone();
    pair.call(Call::ReconnectNow).unwrap();
    assert_eq!(pair.opened.len(), 2, "not while an attempt is under way");
    assert_eq!(pair.log, log);
    pair.drive();
    pair.call(Call::ReconnectNow).unwrap();
    assert_eq!((pair.opened.len(), pair.closed.len()), (2, 1), "not while it is connected");
    pair.disconnect(socket);
    pair.call(Call::ReconnectNow).unwrap();
    assert_eq!(pair.opened.len(), 2, "not while nobody wants it");
}

#[test]
fn does_not_hurry_a_wait_when_the_application_connects() {
    let (mut pair, socket) = refused(4);
    let before = pair.status(socket);
    pair.connect(socket);
    assert_eq!(pair.status(socket), before);
    assert_eq!(pair.opened.len(), 1);
}

#[test]
fn goes_on_with_the_longer_delays_when_reconnecting_now_fails() {
    let mut longest = Duration::ZERO;
    for seed in 0..20 {
        let (mut pair, socket) = refused(seed);
        for _ in 0..8 {
            pair.call(Call::ReconnectNow).unwrap();
            pair.drive();
        }
        longest = longest.max(pair.retry_at(socket).since(pair.now));
    }
    assert!(longest > CAP / 2, "{longest:?}");
}

#[test]
fn ignores_what_a_dead_transport_says_when_it_is_late() {
    let (mut pair, socket) = Pair::connected();
    pair.listen("x");
    let old = pair.transport();
    pair.request(socket, 1, r#"["a"]"#).unwrap();
    pair.cut(true);
    pair.step();
    for phase in ["waiting", "connecting", "connected"] {
        let (log, status) = (pair.log.clone(), pair.status(socket));
        let sent = pair.sent.len();
        let deadline = pair.deadline();
        late_events(&mut pair, old);
        assert_eq!(pair.status(socket), status, "{phase}");
        assert_eq!(pair.log, log, "{phase}");
        assert_eq!((pair.sent.len(), pair.deadline()), (sent, deadline), "{phase}");
        match phase {
            "waiting" => pair.call(Call::ReconnectNow).unwrap(),
            _ => pair.drive(),
        }
    }
    assert_eq!(pair.status(socket), Status::Connected);
}

/// Hands everything that a transport can say to the client, at once.
fn late_events(pair: &mut Pair, old: support::TransportId) {
    let now = pair.now;
    pair.client.handle_opened(old);
    for frame in ["2", "1", r#"42["x"]"#, "430[]", r#"40{"sid":"a"}"#, "41", "44", "garbage", ""] {
        pair.client.handle_text(old, &frame.to_owned(), now);
    }
    pair.client.handle_text(old, &Server::handshake("1", "1"), now);
    pair.client.handle_binary(old, vec![1], now);
    let event = pair.host.listen("x");
    assert!(!pair.client.handle_event(old, SocketId(0), event, serde_json::json!(["x"]), 7));
    assert!(!pair.client.handle_unheard_event(old, SocketId(0)));
    pair.client.handle_closed(old, Failure::Unavailable, now);
    pair.client.handle_closed(old, Failure::Failed, now);
    // The turn ends with an input that changes nothing.
    pair.call(Call::Acknowledge {
        socket: SocketId(99),
        ticket: sockeye::manager::AckTicket { connection: 99, ack_id: 0 },
        body: "[]".to_owned(),
    })
    .unwrap();
}

#[test]
fn gives_a_transport_up_when_it_neither_opens_nor_closes() {
    let mut pair = Pair::new();
    pair.server.upgrade = Upgrade::Ignore;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    let opened_at = pair.now;
    pair.advance(19_999);
    assert!(pair.closed.is_empty());
    pair.advance(1);
    assert_eq!(pair.closed, [(pair.transport(), opened_at + ms(20_000))]);
    waits_because_of(&pair, socket, Cause::ConnectTimeout);
    assert_eq!(pair.failures(), [Cause::ConnectTimeout]);
}

#[test]
fn gives_a_transport_up_when_no_handshake_comes() {
    let mut pair = Pair::new();
    pair.server.handshake = None;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    let opened_at = pair.now;
    pair.advance(20_000);
    assert_eq!(pair.closed, [(pair.transport(), opened_at + ms(20_000))]);
    waits_because_of(&pair, socket, Cause::ConnectTimeout);
}

#[test]
fn gives_a_session_up_when_connect_is_not_answered() {
    let mut pair = Pair::new();
    pair.server.answer("/", Answer::Silence);
    pair.server.heartbeat = Some(ms(1_000));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    let opened_at = pair.now;
    pair.advance(20_000);
    assert_eq!(pair.closed, [(pair.transport(), opened_at + ms(20_000))]);
    waits_because_of(&pair, socket, Cause::ConnectTimeout);
    assert_eq!(pair.failures(), [Cause::ConnectTimeout]);
}

#[test]
fn does_not_give_connect_more_time_when_the_handshake_took_long() {
    let mut pair = Pair::new();
    pair.server.handshake = None;
    pair.server.answer("/", Answer::Silence);
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    let opened_at = pair.now;
    pair.advance(19_000);
    pair.push(&Server::handshake("25000", "20000"));
    pair.advance(1_000);
    assert_eq!(pair.server.frames(), ["40"]);
    assert_eq!(pair.closed, [(pair.transport(), opened_at + ms(20_000))]);
    waits_because_of(&pair, socket, Cause::ConnectTimeout);
}

#[test]
fn gives_a_session_up_when_auth_is_not_given() {
    let mut pair = Pair::new();
    pair.server.heartbeat = Some(ms(1_000));
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.advance(9_999);
    assert!(matches!(pair.status(socket), Status::Connecting { .. }));
    pair.advance(21);
    waits_because_of(&pair, socket, Cause::AuthFailed);
}

#[test]
fn does_not_give_connect_more_time_when_auth_took_long() {
    let mut pair = Pair::new();
    pair.server.heartbeat = Some(ms(1_000));
    pair.server.answer("/", Answer::Silence);
    let socket = pair.client.socket("/", true);
    pair.connect(socket);
    pair.advance(9_000);
    let ticket = pair.auth_ticket(socket);
    pair.call(Call::Authenticate { socket, ticket, payload: None }).unwrap();
    pair.advance(10_900);
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 1, .. }));
    pair.advance(100);
    waits_because_of(&pair, socket, Cause::ConnectTimeout);
}

#[test]
fn notices_a_black_hole_when_no_ping_comes_through_it() {
    let (mut pair, socket) = Pair::connected();
    pair.black_hole();
    pair.advance(45_000);
    waits_because_of(&pair, socket, Cause::PingTimeout);
    pair.advance(1_100);
    assert_eq!(pair.status(socket), Status::Connected, "the next transport works");
}

#[test]
fn notices_the_end_at_once_when_it_wakes_after_a_long_sleep() {
    let (mut pair, socket) = Pair::connected();
    pair.request_within(socket, 1, r#"["a"]"#, Some(ms(5_000))).unwrap();
    pair.drive();
    pair.sleep(3_600_000);
    pair.step();
    let woken_at = pair.now;
    waits_because_of(&pair, socket, Cause::PingTimeout);
    assert!(pair.retry_at(socket).since(woken_at) >= MIN);
    assert_eq!(pair.settlements(1), [How::Disconnected]);
}

#[test]
fn tells_how_a_transport_ended_when_it_ended() {
    for (failed, cause) in [(true, Cause::TransportError), (false, Cause::TransportClose)] {
        let (mut pair, socket) = Pair::connected();
        pair.cut(failed);
        pair.drive();
        waits_because_of(&pair, socket, cause);
        assert_eq!(pair.failures(), []);
        assert_eq!(pair.diagnoses, [], "there is nothing to find out");
    }
    let (mut pair, socket) = Pair::connected();
    pair.push("1");
    pair.drive();
    waits_because_of(&pair, socket, Cause::TransportClose);
}

#[test]
fn tries_again_when_there_is_no_websocket() {
    let mut pair = Pair::new();
    pair.server.upgrade = Upgrade::Unavailable;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    waits_because_of(&pair, socket, Cause::WebSocketUnavailable);
    assert_eq!(pair.failures(), [Cause::WebSocketUnavailable]);
    assert_eq!(pair.diagnoses, []);
}

#[test]
fn asks_for_one_diagnosis_when_a_series_of_upgrades_is_refused() {
    let (mut pair, socket) = refused(5);
    assert_eq!((pair.diagnoses.len(), pair.failures().len()), (1, 0));
    pair.diagnose(Cause::ServerUnreachable);
    waits_because_of(&pair, socket, Cause::ServerUnreachable);
    assert_eq!(pair.failures(), [Cause::ServerUnreachable]);
    pair.diagnose(Cause::NotSocketIo);
    assert_eq!(pair.failures(), [Cause::ServerUnreachable], "one per series");

    pair.advance(60_000);
    assert!(pair.opened.len() > 3);
    assert_eq!(pair.diagnoses.len(), 1);
    waits_because_of(&pair, socket, Cause::ServerUnreachable);

    pair.server.upgrade = Upgrade::Accept;
    pair.advance(60_000);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.server.upgrade = Upgrade::Refuse;
    pair.cut(true);
    pair.advance(10_000);
    assert!(pair.diagnoses.len() > 1, "a new series, a new diagnosis");
}

#[test]
fn keeps_the_date_of_the_next_attempt_when_a_diagnosis_comes() {
    let (mut pair, socket) = refused(6);
    let (retry_at, deadline) = (pair.retry_at(socket), pair.deadline());
    pair.diagnose(Cause::UnreachableOrCors);
    assert_eq!((pair.retry_at(socket), pair.deadline()), (retry_at, deadline));
    assert_eq!(pair.statuses(socket).last(), Some(&pair.status(socket)), "the cause is told");
}

#[test]
fn ignores_a_diagnosis_when_it_comes_too_late() {
    let (mut pair, socket) = refused(7);
    pair.server.upgrade = Upgrade::Accept;
    pair.call(Call::ReconnectNow).unwrap();
    pair.drive();
    pair.diagnose(Cause::ServerUnreachable);
    assert_eq!((pair.status(socket), pair.failures().len()), (Status::Connected, 0));
    pair.disconnect(socket);
    pair.diagnose(Cause::ServerUnreachable);
    assert_eq!(pair.failures(), []);
}

#[test]
fn never_sets_a_timer_that_fires_at_once_when_the_handshake_asks_for_a_long_one() {
    let longest = MAX_TIMER.as_millis().to_string();
    for (interval, timeout) in [(&*longest, &*longest), (&longest, "1"), ("1", &longest)] {
        let mut pair = Pair::new();
        pair.server.handshake = Some(Server::handshake(interval, timeout));
        let socket = pair.client.socket("/", false);
        pair.connect(socket);
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected);
        let left = pair.deadline().unwrap().since(pair.now);
        assert!(left <= MAX_TIMER && left > MAX_TIMER - ms(100), "{left:?}");
        pair.push("2");
        pair.advance(10);
        assert_eq!(pair.deadline(), Some(pair.now + MAX_TIMER), "and after a ping");
    }
}

#[test]
fn never_uses_a_handshake_when_a_timer_of_it_cannot_be_set() {
    let unusable =
        ["0", "-1", "-0", "0.5", "2147483648", "3e9", "1e300", "1e999", "null", "\"25000\"", "[1]"];
    for value in unusable {
        for (interval, timeout) in [(value, "1"), ("1", value)] {
            let mut pair = Pair::new();
            pair.server.handshake = Some(Server::handshake(interval, timeout));
            let socket = pair.client.socket("/", false);
            pair.connect(socket);
            pair.drive();
            let failures = pair.failures();
            assert!(matches!(failures[..], [Cause::InvalidHandshake(_)]), "{value}: {failures:?}");
            assert!(pair.server.received.is_empty(), "{value}");
            pair.advance(60_000);
            assert!(pair.opened.len() < 30, "{value}: no storm");
        }
    }
}

#[test]
fn counts_from_one_when_the_application_starts_a_new_series() {
    let (mut pair, socket) = refused(8);
    pair.diagnose(Cause::ServerUnreachable);
    pair.call(Call::ReconnectNow).unwrap();
    pair.drive();
    pair.disconnect(socket);
    pair.connect(socket);
    assert_eq!(pair.status(socket), Status::Connecting { attempt: 1, cause: None });
    pair.drive();
    assert_eq!(pair.diagnoses.len(), 2, "a new series, a new diagnosis");
}

#[test]
fn names_what_is_wrong_when_a_handshake_cannot_be_used() {
    let mut pair = Pair::new();
    pair.server.handshake = Some(Server::handshake("25000", "0"));
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    waits_because_of(&pair, socket, Cause::InvalidHandshake(HandshakeError::PingTimeout));
}

#[test]
fn keeps_every_delay_within_a_timer_when_the_bounds_are_absurd() {
    let backoff = BackoffConfig { min: Duration::MAX, base: Duration::MAX, cap: Duration::MAX };
    let mut pair = Pair::with(Config { backoff, ..Config::default() });
    pair.server.upgrade = Upgrade::Refuse;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    assert_eq!(pair.retry_at(socket).since(pair.now), MAX_TIMER);
}

#[test]
fn goes_on_when_the_clock_stands_still_or_runs_back() {
    let (mut pair, socket) = Pair::connected();
    pair.now = Instant::ORIGIN;
    pair.cut(true);
    pair.drive();
    pair.advance(1_100);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn asks_for_one_diagnosis_when_it_takes_longer_than_the_next_attempt() {
    let (mut pair, _) = refused(5);
    pair.advance(60_000);
    assert!(pair.opened.len() > 3);
    assert_eq!(pair.diagnoses.len(), 1);
}

#[test]
fn ignores_a_diagnosis_when_the_client_is_destroyed() {
    let (mut pair, _) = refused(5);
    pair.destroy();
    pair.diagnose(Cause::ServerUnreachable);
    assert_eq!(pair.failures(), []);
}

#[test]
fn stays_disconnected_when_a_diagnosis_finds_a_server_that_is_too_old() {
    let mut pair = Pair::new();
    pair.server.upgrade = Upgrade::Refuse;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    pair.diagnose(Cause::UnsupportedServer);
    assert_eq!(pair.status(socket), Status::Disconnected { cause: Cause::UnsupportedServer });
    let attempts = pair.opened.len();
    pair.advance(120_000);
    assert_eq!(pair.opened.len(), attempts, "it is not tried again");
}
