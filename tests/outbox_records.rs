//! Stores whose records make no sense: damaged, of the future, or written by somebody else.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod outbox_support;

use std::rc::Rc;
use std::time::Duration;

use outbox_support::server::Server;
use outbox_support::{Tab, seconds};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use sockeye::client::outbox::OutboxConfig;
use sockeye::client::store::{Parked, Record, Sent};

/// The ends of what a number can be, and what is usual.
fn number() -> impl Strategy<Value = u64> {
    select(vec![0, 1, 2, 1_000, (1 << 53) - 1, u64::MAX - 1, u64::MAX])
}

fn count() -> impl Strategy<Value = u32> {
    select(vec![0, 1, 2, 3, u32::MAX - 1, u32::MAX])
}

fn time() -> impl Strategy<Value = Duration> {
    let ends = [Duration::ZERO, Duration::from_millis(1), Duration::from_secs(u64::MAX)];
    select([&ends[..], &[Duration::MAX, Duration::from_secs(60)]].concat())
}

fn sent() -> impl Strategy<Value = Sent> {
    let memory = option::of(select(vec!["memory-0", "another", ""]));
    (number(), number(), memory, option::of(number()), count()).prop_map(
        |(epoch, sequence, memory, server_time_ms, attempts)| {
            let memory = memory.map(Into::into);
            Sent { epoch, sequence, memory, server_time_ms, attempts }
        },
    )
}

fn text() -> impl Strategy<Value = Rc<str>> {
    select(vec!["x", "y", "", "__proto__"]).prop_map(Into::into)
}

/// Changes all of a record that made sense but its key and its name.
fn damage(record: &mut Record, with: Damage) {
    let ((order, bytes, attachments, kills), (ttl, age, ack_timeout), (sent, parked), texts) = with;
    let (lane, coalesce_key, resend) = texts;
    let (key, name) = (record.key.clone(), Rc::clone(&record.name));
    *record = Record {
        key,
        name,
        lane,
        order,
        coalesce_key,
        bytes,
        attachments,
        ttl,
        age,
        ack_timeout,
        resend,
        sent,
        kills,
        parked,
    };
}

/// In groups, because a strategy has twelve parts at most.
type Damage = (
    (u64, u64, u32, u32),
    (Option<Duration>, Duration, Duration),
    (Option<Sent>, Option<Parked>),
    (Rc<str>, Option<Rc<str>>, bool),
);

fn damages() -> impl Strategy<Value = Damage> {
    let parked = select(vec![None, None, Some(Parked::Quarantined), Some(Parked::Unknown)]);
    (
        (number(), number(), count(), count()),
        (option::of(time()), time(), time()),
        (option::of(sent()), parked),
        (text(), option::of(text()), any::<bool>()),
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(14),
        ..ProptestConfig::default()
    })]

    #[test]
    fn does_no_harm_to_the_others_when_records_make_no_sense(
        first in damages(), second in damages(), has_helper: bool, store_epoch in number(),
    ) {
        let mut before = Tab::alone();
        before.enqueue_all("x", &["a", "b"]);
        before.enqueue_all("good", &["c"]);
        {
            let mut store = before.store.borrow_mut();
            store.change("a", |record| damage(record, first));
            store.change("b", |record| damage(record, second));
            store.epoch = store_epoch.min(u64::MAX / 2);
            store.leave(0);
        }
        let mut server = Server::default();
        let mut tab = Tab::new(1, &before.store, OutboxConfig::default());
        for name in ["a", "b", "c"] {
            let lane = before.store.borrow().record(name).map(|record| record.lane.to_string());
            tab.lanes.insert(name.to_owned(), lane.unwrap_or_default());
        }
        for _ in 0..3 {
            let from = tab.frames.len();
            if has_helper { tab.live_with(&server) } else { tab.live() }
            tab.serve(&mut server, from);
            tab.pass(seconds(30));
            tab.down();
            tab.pass(seconds(30));
        }
        prop_assert_eq!(server.count("c"), 1);
        prop_assert_eq!(tab.status("c"), "applied");
        for name in ["a", "b"] {
            let is_kept = tab.stored().iter().any(|stored| stored == name);
            prop_assert!(is_kept || !tab.statuses(name).is_empty(), "{} is gone silently", name);
            prop_assert!(server.count(name) <= 1);
        }
    }
}
