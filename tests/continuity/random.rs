//! Clients and servers in a random worlds: nothing is missed that is not told.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sockeye::client::readiness::Hooks;

use crate::server::{Dice, Habits};
use crate::world::{Counts, Nature, World};

const WORLDS: u64 = 20_000;
const MOVES: u64 = 120;

/// Each kind of fault happens in some worlds and in others not, so that none hides another.
fn nature(dice: &mut Dice) -> Nature {
    let helper = dice.chance(70);
    let trust = dice.chance(40);
    let numbers = dice.chance(60);
    let mut fault = |percent| if dice.chance(35) { percent } else { 0 };
    let habits = Habits {
        helper,
        logs: helper,
        numbers,
        recovers: fault(1) > 0 || fault(1) > 0,
        // Without numbers nobody can see what is missing: who trusts such a server is deceived.
        recovers_partly: fault(50),
        forgets_rooms: fault(30),
        refuses: fault(20),
        keeps_silent: fault(10),
        answers_wrongly: fault(20),
    };
    let mut nature = Nature {
        habits,
        trust,
        hooks: Hooks { prologue: fault(1) > 0, gap: fault(1) > 0 },
        swallows: fault(15),
        trims: fault(40),
        restarts: fault(20),
        reloads: fault(20),
        users: fault(10),
        releases: fault(50),
        holds: if fault(1) > 0 { 3 } else { 1_000 },
    };
    if trust && !helper && dice.chance(50) {
        // Only the server's word counts, and connections may end before their verdict.
        nature.habits = Habits { recovers: true, numbers, ..Habits::default() };
        nature.hooks.prologue = true;
        nature.holds = 1_000;
    }
    nature.habits.logs &= !dice.chance(15);
    if trust && !(helper && nature.habits.logs) {
        nature.swallows = 0;
        nature.habits.forgets_rooms = 0;
        nature.habits.recovers_partly *= u64::from(numbers);
    }
    nature
}

fn play(seed: u64, tracing: bool, counts: &mut Counts, history: &mut Vec<String>) {
    let mut dice = Dice(seed);
    let mut world = World::new(nature(&mut dice), seed, tracing, counts);
    let result = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..MOVES {
            world.random_move();
        }
        world.settle();
    }));
    history.append(&mut world.history);
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// Plays worlds until one fails, and returns its seed.
fn first_failure(seeds: Range<u64>, counts: &mut Counts) -> Option<u64> {
    seeds.into_iter().find(|seed| {
        let play_quietly = || play(*seed, false, counts, &mut Vec::new());
        catch_unwind(AssertUnwindSafe(play_quietly)).is_err()
    })
}

fn check(worlds: u64) {
    let mut counts = Counts::default();
    if let Some(seed) = first_failure(0..worlds, &mut counts) {
        let mut history = Vec::new();
        let again = || play(seed, true, &mut Counts::default(), &mut history);
        let _ = catch_unwind(AssertUnwindSafe(again));
        panic!("seed {seed}, {:?}:\n{}", nature(&mut Dice(seed)), history.join("\n"));
    }
    println!("{worlds} worlds: {counts:?}");
    // A test that saw none of these would prove nothing.
    let verdicts = ["fresh", "resumed", "no_proof", "log_trimmed", "new_epoch", "hole", "overflow"];
    let others = ["unreadable", "missed", "recovered", "dead", "late hook", "delivered"];
    for what in verdicts.into_iter().chain(others) {
        assert!(counts.0.get(what).is_some_and(|count| *count > worlds / 1_000), "{what}");
    }
}

#[test]
fn misses_nothing_that_is_not_told_in_any_world() {
    check(WORLDS);
}

#[test]
#[ignore = "takes a minute in release"]
fn misses_nothing_that_is_not_told_in_a_million_worlds() {
    check(1_000_000);
}

#[cfg(feature = "defects")]
#[test]
fn notices_each_defect() {
    use sockeye::client::defects::{Defect, choose};

    for defect in [
        Defect::TrustRecovery,
        Defect::TrustReplay,
        Defect::AdvanceOnReceipt,
        Defect::ForgetHeld,
        Defect::TrustBrokenChain,
        Defect::LiveBeforeGapHook,
        Defect::JoinTwice,
        Defect::LoseLeave,
    ] {
        choose(Some(defect));
        let seed = first_failure(0..100_000, &mut Counts::default());
        choose(None);
        println!("{defect:?}: world {seed:?}");
        assert!(seed.is_some(), "{defect:?} was not noticed");
    }
}
