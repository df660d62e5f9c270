//! What may happen to a herd.

use std::time::Duration;

use sockeye::time::Instant;

use crate::world::{Outage, World};

/// Something that happens to the servers.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// What, in a few words.
    pub name: &'static str,
    /// The servers.
    pub world: fn() -> World,
    /// How long clients are watched, from the first outage on.
    pub lasts: Duration,
}

/// How long the clients have been connected when everything begins: they have heard of their server.
const BEFORE: Duration = Duration::from_secs(30);

/// An outage that begins so long after the first one.
fn away(after: Duration, lasts: Duration) -> Outage {
    let from = Instant::ORIGIN + BEFORE + after;
    Outage { from, until: from + lasts }
}

/// All that is shown.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "an outage of 60 s",
        world: || outage(Duration::from_secs(60), None),
        lasts: Duration::from_secs(100),
    },
    Scenario { name: "a rolling deploy", world: || deploy(None), lasts: Duration::from_secs(110) },
    Scenario {
        name: "a rolling deploy that is announced",
        world: || deploy(Some(Duration::ZERO)),
        lasts: Duration::from_secs(110),
    },
    Scenario { name: "a server that flaps", world: flapping, lasts: Duration::from_secs(100) },
];

/// One server that is away once; with a `hint` it says before for how long.
#[must_use]
pub fn outage(lasts: Duration, hint: Option<Duration>) -> World {
    World { servers: vec![vec![away(Duration::ZERO, lasts)]], hint }
}

/// Ten servers that are restarted one after the other, each within 5 s.
fn deploy(hint: Option<Duration>) -> World {
    let restart =
        |number: u64| vec![away(Duration::from_secs(10 * number), Duration::from_secs(5))];
    World { servers: (0..10).map(restart).collect(), hint }
}

/// One server that for a minute is there for two seconds of four: each time it takes everybody, and fails.
fn flapping() -> World {
    let outage = |number: u64| away(Duration::from_secs(4 * number), Duration::from_secs(2));
    World { servers: vec![(0..15).map(outage).collect()], hint: None }
}
