//! Ten thousand clients whose servers fail.

use std::time::Duration;

use sockeye_herd::{Arrivals, BUCKET, Herd, Official, Ours, SCENARIOS, Scenario, outage};

const CLIENTS: u32 = 10_000;

/// How many of a hundred clients may come to a server within the same tenth of a second.
const WORST_PERCENT: f64 = 1.5;

fn percent(count: u32) -> f64 {
    f64::from(count) * 100.0 / f64::from(CLIENTS)
}

fn ours(seed: u64, scenario: &Scenario) -> Arrivals {
    Herd { clients: CLIENTS, seed }.run::<Ours>(scenario)
}

fn official(scenario: &Scenario) -> Arrivals {
    Herd { clients: CLIENTS, seed: 1 }.run::<Official>(scenario)
}

fn assert_spread(arrivals: &Arrivals) {
    let worst = percent(arrivals.worst());
    println!("worst tenth of a second: {worst:.2} %");
    assert!(worst <= WORST_PERCENT, "{worst} %");
    assert_eq!(arrivals.total().1, u64::from(CLIENTS), "each comes back once");
}

/// A herd that stays away is spread, too.
fn assert_all_came(arrivals: &Arrivals) {
    let (_, served) = arrivals.total();
    assert!(served >= u64::from(CLIENTS), "{served} clients found a server");
}

/// How many clients came within the first `time`.
fn within(arrivals: &Arrivals, time: Duration) -> u32 {
    let buckets = time.as_millis() / BUCKET.as_millis();
    arrivals.attempts.iter().take(buckets as usize).sum()
}

#[test]
fn brings_a_herd_back_without_a_stampede() {
    let [outage, ..] = SCENARIOS;
    for seed in [1, 1_000_003] {
        assert_spread(&ours(seed, &outage));
    }
    let reference = percent(official(&outage).worst());
    assert!((3.0..4.0).contains(&reference), "the official client's: {reference} %");
}

#[test]
fn spreads_a_herd_that_was_told_when_to_come_back() {
    let hinted = |seconds| {
        let hint = Duration::from_secs(seconds);
        let lasts = hint + (hint / 4).max(Duration::from_secs(10)) + Duration::from_secs(1);
        (hint, lasts)
    };
    let world = [
        || outage(Duration::from_secs(0), Some(Duration::from_secs(0))),
        || outage(Duration::from_secs(1), Some(Duration::from_secs(1))),
        || outage(Duration::from_secs(30), Some(Duration::from_secs(30))),
        || outage(Duration::from_secs(120), Some(Duration::from_secs(120))),
    ];
    for (world, seconds) in world.into_iter().zip([0, 1, 30, 120]) {
        let (hint, lasts) = hinted(seconds);
        let arrivals = ours(1, &Scenario { name: "announced", world, lasts });
        assert_eq!(within(&arrivals, hint), 0, "nobody comes before {seconds} s");
        assert_spread(&arrivals);
    }
}

#[test]
fn spreads_a_herd_over_a_rolling_deploy_that_is_announced() {
    let [_, _, announced, _] = SCENARIOS;
    let arrivals = ours(1, &announced);
    assert_all_came(&arrivals);
    let worst = percent(arrivals.worst());
    assert!(worst <= WORST_PERCENT, "{worst} %");
}

#[test]
fn tries_a_server_that_flaps_less_and_less() {
    let [.., flapping] = SCENARIOS;
    let (ours, official) = (ours(1, &flapping), official(&flapping));
    assert_all_came(&ours);
    assert_all_came(&official);
    let minute = Duration::from_secs(60);
    let (few, many) = (within(&ours, minute), within(&official, minute));
    println!("attempts of a client in a minute: {} and {}", few / CLIENTS, many / CLIENTS);
    assert!((CLIENTS..CLIENTS * 12).contains(&few), "{few} attempts");
    assert!(many > CLIENTS * 20, "{many} attempts of the official client");
    let worst_of = |arrivals: &Arrivals, from: usize| {
        arrivals.served.iter().skip(from).max().copied().map(percent)
    };
    let (few, many) = (worst_of(&ours, 300), worst_of(&official, 300));
    assert!(few.is_some_and(|worst| worst <= WORST_PERCENT), "{few:?} %");
    assert!(many.is_some_and(|worst| worst > 5.0), "{many:?} %");
}

#[test]
fn brings_the_same_herd_back_at_the_same_times() {
    let [outage, ..] = SCENARIOS;
    let herd = |seed| Herd { clients: 100, seed }.run::<Ours>(&outage);
    assert_eq!(herd(1), herd(1));
    assert_ne!(herd(1), herd(2));
}
