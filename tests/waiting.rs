//! How long clients wait when the server says so, or has been away for long.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use sockeye::manager::{Config, SocketId, Status};
use support::{Call, Pair, Upgrade, ms};

const MINUTE: u64 = 60_000;
const HOUR: Duration = Duration::from_secs(3_600);

fn seeded(seed: u64) -> Config {
    Config { seed, ..Config::default() }
}

/// A pair that wants a connection and does not get one.
fn refused(config: Config) -> (Pair, SocketId) {
    let mut pair = Pair::with(config);
    pair.server.upgrade = Upgrade::Refuse;
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    pair.drive();
    (pair, socket)
}

fn postpone(pair: &mut Pair, after: Duration) {
    pair.call(Call::Postpone(after)).unwrap();
}

fn left(pair: &Pair, socket: SocketId) -> Duration {
    pair.retry_at(socket).since(pair.now)
}

fn is_slow(pair: &Pair, socket: SocketId) -> bool {
    matches!(pair.status(socket), Status::Waiting { slow: true, .. })
}

/// Lets attempts fail until `moment`, counted from now, has passed.
fn fail_for(pair: &mut Pair, millis: u64) {
    let end = pair.now + ms(millis);
    while pair.now < end {
        pair.step();
    }
    pair.drive();
}

#[test]
fn comes_no_earlier_than_the_server_wants_and_not_with_all_the_others() {
    let mut waits = BTreeSet::new();
    for seed in 0..1_000 {
        let (mut pair, socket) = refused(seeded(seed));
        postpone(&mut pair, ms(MINUTE));
        let wait = left(&pair, socket);
        assert!(wait >= ms(60_000) && wait <= ms(75_000), "{wait:?}");
        assert_eq!(pair.deadline(), Some(pair.retry_at(socket)));
        waits.insert(wait.as_millis() / 100);
    }
    assert!(waits.len() >= 140, "spread over a quarter of the time: {}", waits.len());
}

#[test]
fn spreads_even_a_short_postponement_over_ten_seconds() {
    let waits = |seed| {
        let (mut pair, socket) = refused(seeded(seed));
        pair.call(Call::ReconnectNow).unwrap();
        postpone(&mut pair, ms(3_000));
        pair.drive();
        left(&pair, socket).as_millis() / 100
    };
    let waits: BTreeSet<_> = (0..500).map(waits).collect();
    assert!(waits.iter().all(|wait| (29..=130).contains(wait)), "{waits:?}");
    assert!(waits.len() >= 95, "{waits:?}");
}

#[test]
fn waits_when_the_connection_ends_if_the_server_said_so_before() {
    let (mut pair, socket) = Pair::connected();
    postpone(&mut pair, ms(30_000));
    assert_eq!(pair.status(socket), Status::Connected, "the connection is no concern of it");
    pair.advance(10_000);
    pair.cut(false);
    pair.drive();
    let wait = left(&pair, socket);
    assert!(wait >= ms(19_000) && wait <= ms(30_000), "{wait:?}");
}

#[test]
fn waits_an_hour_at_most() {
    let (mut pair, socket) = refused(seeded(1));
    postpone(&mut pair, Duration::MAX);
    let wait = left(&pair, socket);
    assert!(wait >= HOUR && wait <= HOUR + HOUR / 4, "{wait:?}");
}

#[test]
fn keeps_the_longer_of_two_waits() {
    let (mut pair, socket) = refused(seeded(1));
    postpone(&mut pair, ms(MINUTE));
    let retry_at = pair.retry_at(socket);
    postpone(&mut pair, ms(10));
    assert_eq!(pair.retry_at(socket), retry_at);
}

#[test]
fn forgets_what_the_server_wanted_when_the_application_wants_to_connect_or_has_connected() {
    let (mut pair, socket) = refused(seeded(1));
    postpone(&mut pair, ms(MINUTE));
    pair.call(Call::ReconnectNow).unwrap();
    pair.drive();
    assert!(left(&pair, socket) <= ms(2_000), "the wait after that is the usual one");

    postpone(&mut pair, ms(MINUTE));
    pair.disconnect(socket);
    pair.connect(socket);
    pair.drive();
    assert!(left(&pair, socket) <= ms(4_000), "a new series");

    postpone(&mut pair, ms(1_000));
    pair.server.upgrade = Upgrade::Accept;
    pair.advance(15_000);
    assert_eq!(pair.status(socket), Status::Connected);
    pair.cut(true);
    pair.drive();
    assert!(left(&pair, socket) <= ms(30_000));
}

#[test]
fn keeps_what_the_server_wants_when_one_more_namespace_connects() {
    let (mut pair, socket) = Pair::connected();
    postpone(&mut pair, ms(MINUTE));
    let late = pair.client.socket("/late", false);
    pair.connect(late);
    pair.drive();
    assert_eq!(pair.status(late), Status::Connected);
    pair.cut(false);
    pair.drive();
    assert!(left(&pair, socket) > ms(50_000));
}

#[test]
fn tries_rarely_when_it_has_failed_for_ten_minutes_and_often_again_after_a_success() {
    let mut longest = Duration::ZERO;
    for seed in 0..20 {
        let (mut pair, socket) = refused(seeded(seed));
        pair.server.heartbeat = Some(ms(25_000));
        fail_for(&mut pair, 9 * MINUTE);
        assert!(!is_slow(&pair, socket));
        fail_for(&mut pair, 2 * MINUTE);
        assert!(is_slow(&pair, socket));
        let before = pair.opened.len();
        fail_for(&mut pair, 120 * MINUTE);
        let attempts = pair.opened.len() - before;
        assert!((30..=75).contains(&attempts), "{attempts} in two hours");
        longest = longest.max(left(&pair, socket));
        assert!(longest <= ms(5 * MINUTE));
        pair.server.upgrade = Upgrade::Accept;
        pair.advance(5 * MINUTE);
        assert_eq!(pair.status(socket), Status::Connected);
        pair.server.upgrade = Upgrade::Refuse;
        pair.cut(true);
        pair.drive();
        assert!(!is_slow(&pair, socket));
        assert!(left(&pair, socket) <= ms(30_000));
    }
    assert!(longest > ms(2 * MINUTE), "{longest:?}");
}

#[test]
fn counts_no_sleep_of_the_machine_as_failure() {
    let (mut pair, socket) = refused(seeded(1));
    fail_for(&mut pair, MINUTE);
    pair.sleep(8 * 60 * MINUTE);
    pair.fire_timer();
    pair.drive();
    assert!(matches!(pair.status(socket), Status::Waiting { slow: false, .. }));
    assert!(left(&pair, socket) <= ms(30_000));
}

#[test]
fn never_waits_less_than_usual_when_the_slow_cap_is_small() {
    let slow = Config { slow_after: ms(1_000), slow_cap: ms(10), ..Config::default() };
    let (mut pair, socket) = refused(slow);
    fail_for(&mut pair, 10 * MINUTE);
    assert!(is_slow(&pair, socket));
    let before = pair.opened.len();
    fail_for(&mut pair, 10 * MINUTE);
    assert!(pair.opened.len() - before <= 80, "as rarely as with the usual cap");
}
