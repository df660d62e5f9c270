//! What the core costs, counted and not timed, so that no machine is too slow or too busy to tell.
//!
//! The program does one of the [`OPERATIONS`] as often as it is told, and `npm run check -- cost` runs it in
//! valgrind, twice each: what the second run does more often is what is counted. The tests beside this
//! count allocations.

mod rig;

pub use rig::{Counts, Rig};

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// How it is called on the command line.
    pub name: &'static str,
    /// Makes what it needs, up to the state in which it always costs the same.
    pub prepare: fn() -> Rig,
    /// Does it, for the nth time.
    pub perform: fn(&mut Rig, u64),
}

/// So many ids are remembered: from then on each that comes displaces another.
pub const WINDOW: u64 = 4_096;

/// So many requests wait when others are counted.
pub const IN_FLIGHT: u32 = 1_000;

/// How many names events have, where there are many, and how many namespaces.
const NAMES: u64 = 10_000;
const NAMESPACES: u32 = 100;

/// All that is counted.
pub const OPERATIONS: [Operation; 16] = [
    Operation { name: "receive", prepare: one, perform: |rig, _| rig.receive(0) },
    Operation {
        name: "receive, 10,000 names",
        prepare: one,
        perform: |rig, nth| rig.receive(spread(nth, NAMES)),
    },
    Operation { name: "receive, 100 namespaces", prepare: many, perform: |rig, _| rig.receive(0) },
    Operation {
        name: "receive with a new id",
        prepare: full_window,
        perform: |rig, nth| rig.receive_with_id(0, WINDOW + nth),
    },
    Operation {
        name: "receive with an id that was there",
        prepare: full_window,
        perform: |rig, nth| rig.receive_with_id(0, nth % WINDOW),
    },
    Operation { name: "receive unheard", prepare: one, perform: |rig, _| rig.receive_unheard() },
    Operation {
        name: "receive in the second namespace",
        prepare: two,
        perform: |rig, _| rig.receive_in(1),
    },
    Operation {
        name: "receive in one of 100 namespaces",
        prepare: many,
        perform: |rig, nth| rig.receive_in(another_namespace(nth)),
    },
    Operation {
        name: "receive in the second namespace, read by the core",
        prepare: two,
        perform: |rig, _| rig.read_in(1),
    },
    Operation {
        name: "receive in one of 100 namespaces, read by the core",
        prepare: many,
        perform: |rig, nth| rig.read_in(another_namespace(nth)),
    },
    Operation { name: "emit", prepare: one, perform: |rig, _| rig.emit() },
    Operation { name: "request and answer", prepare: one, perform: request_and_answer },
    Operation {
        name: "request and answer, 1,000 in flight",
        prepare: in_flight,
        perform: request_and_answer,
    },
    Operation {
        name: "request and answer, read by the core",
        prepare: one,
        perform: request_and_read_answer,
    },
    Operation {
        name: "request and answer, 1,000 in flight, read by the core",
        prepare: in_flight,
        perform: request_and_read_answer,
    },
    Operation {
        name: "enqueue, send, settle",
        prepare: Rig::with_outbox,
        perform: |rig, nth| rig.enqueue(nth),
    },
];

fn one() -> Rig {
    Rig::connected(1)
}

fn two() -> Rig {
    Rig::connected(2)
}

fn many() -> Rig {
    Rig::connected(NAMESPACES)
}

fn full_window() -> Rig {
    let mut rig = one();
    for id in 0..WINDOW {
        rig.receive_with_id(0, id);
    }
    rig
}

fn in_flight() -> Rig {
    let mut rig = one();
    for _ in 0..IN_FLIGHT {
        rig.request();
    }
    rig
}

fn request_and_answer(rig: &mut Rig, _: u64) {
    rig.request();
    rig.answer();
}

fn request_and_read_answer(rig: &mut Rig, _: u64) {
    rig.request();
    rig.read_answer();
}

/// Returns the number of a namespace that is not the root, another one for the next `nth`.
fn another_namespace(nth: u64) -> u32 {
    1 + spread(nth, u64::from(NAMESPACES) - 1)
}

/// Returns a number below `end`, another one for the next `nth`.
fn spread(nth: u64, end: u64) -> u32 {
    (nth.wrapping_mul(7_919) % end) as u32
}
