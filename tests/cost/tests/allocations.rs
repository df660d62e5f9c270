//! How often the core asks for memory, once it has what it needs.
#![allow(clippy::expect_used)]

use allocation_counter::measure;
use sockeye_cost::{Counts, OPERATIONS, Rig};

/// As often as an operation is done before it is counted, so that queues have grown, and then.
const TIMES: u64 = 1_000;

/// Returns how many allocations `TIMES` operations make in the end, and what the application was told.
fn allocations(name: &str) -> (u64, Counts) {
    let operation = OPERATIONS.iter().find(|known| known.name == name).expect("an operation");
    let mut rig: Rig = (operation.prepare)();
    (0..TIMES).for_each(|nth| (operation.perform)(&mut rig, nth));
    let before = rig.counts();
    let counted = measure(|| (TIMES..2 * TIMES).for_each(|nth| (operation.perform)(&mut rig, nth)));
    let after = rig.counts();
    let told = Counts {
        delivered: after.delivered - before.delivered,
        answered: after.answered - before.answered,
        sent: after.sent - before.sent,
        applied: after.applied - before.applied,
    };
    (counted.count_total, told)
}

#[test]
fn receives_events_without_an_allocation() {
    let delivered = Counts { delivered: TIMES, ..Counts::default() };
    for (name, told) in [
        ("receive", delivered),
        ("receive, 10,000 names", delivered),
        ("receive, 100 namespaces", delivered),
        ("receive in the second namespace", delivered),
        ("receive in one of 100 namespaces", delivered),
        ("receive with a new id", delivered),
        ("receive with an id that was there", Counts::default()),
        ("receive unheard", Counts::default()),
    ] {
        assert_eq!(allocations(name), (0, told), "{name}");
    }
}

#[test]
fn sends_events_without_an_allocation() {
    assert_eq!(allocations("emit"), (0, Counts { sent: TIMES, ..Counts::default() }));
}

#[test]
fn does_what_it_is_counted_for() {
    let delivered = Counts { delivered: TIMES, ..Counts::default() };
    let answered = Counts { sent: TIMES, answered: TIMES, ..Counts::default() };
    let applied = Counts { sent: TIMES, applied: TIMES, ..Counts::default() };
    for (name, told) in [
        ("receive in the second namespace, read by the core", delivered),
        ("receive in one of 100 namespaces, read by the core", delivered),
        ("request and answer", answered),
        ("request and answer, 1,000 in flight", answered),
        ("request and answer, read by the core", answered),
        ("request and answer, 1,000 in flight, read by the core", answered),
        ("enqueue, send, settle", applied),
    ] {
        let (allocations, counts) = allocations(name);
        assert_eq!(counts, told, "{name}");
        println!("{name}: {} allocations", allocations as f64 / TIMES as f64);
    }
}
