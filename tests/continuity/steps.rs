//! The order of the steps, and what is not waited for.

use sockeye::client::readiness::Hooks;

use crate::script::{Script, position, replay};

#[test]
fn goes_live_without_a_round_trip_when_nothing_is_wanted() {
    let mut script = Script::with_hooks(false, true);
    script.accept();
    assert_eq!(script.take(), ["1 fresh", "live"]);
    assert_eq!(script.readiness.deadline(), None);
    script.unnumbered("x");
    assert_eq!(script.take(), ["deliver x"]);
}

#[test]
fn holds_what_comes_with_the_acceptance_until_the_verdict() {
    let mut script = Script::with_hooks(false, false);
    script.readiness.handle_accepted(1, false);
    script.unnumbered("x");
    assert_eq!(script.take(), [] as [&str; 0]);
    script.readiness.handle_early_over(script.now);
    assert_eq!(script.take(), ["1 fresh", "deliver x", "live"]);
}

#[test]
fn takes_every_step_in_order() {
    let mut script = Script::with_hooks(true, true);
    script.retain("t");
    script.readiness.restore(vec![position("a", 5)]);
    script.accept();
    assert_eq!(script.take(), ["probe", "prologue"]);
    script.event("a", 9);
    script.unnumbered("y");
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["join t", "t is Joining"]);
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live"]);
    script.hello(&[position("a", 8)]);
    assert_eq!(script.take(), ["since a/x/5"]);
    script.answer(vec![replay("a", 6, 7)]);
    let verdict = "1 gap hole a:8-8:hole";
    assert_eq!(script.take(), [verdict, "gap hook"]);
    script.event("a", 10);
    script.readiness.gap_done(script.hooks[1], script.now);
    let delivered = ["deliver a6", "deliver a7", "deliver a9", "deliver y", "deliver a10"];
    assert_eq!(script.take(), [delivered.as_slice(), &["live", "drain"]].concat());
}

#[test]
fn goes_on_without_a_prologue_that_takes_too_long() {
    let mut script = Script::with_hooks(true, false);
    script.accept();
    script.wait(9_999);
    assert_eq!(script.take(), ["prologue"]);
    script.wait(1);
    assert_eq!(script.take(), ["late Prologue", "1 fresh", "live"]);
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), [] as [&str; 0]);
}

#[test]
fn lets_the_prologue_of_an_earlier_connection_end_without_effect() {
    let mut script = Script::with_hooks(true, false);
    script.accept();
    assert_eq!(script.take(), ["prologue"]);
    script.down();
    script.accept();
    assert_eq!(script.take(), ["prologue"]);
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), [] as [&str; 0]);
    script.readiness.prologue_done(script.hooks[1], script.now);
    assert_eq!(script.take(), ["2 fresh", "live"]);
}

#[test]
fn goes_on_without_a_gap_hook_that_takes_too_long() {
    let mut script = Script::with_hooks(false, true).at_five();
    script.down();
    script.accept();
    script.probed();
    script.unnumbered("y");
    assert_eq!(script.take(), ["probe", "2 gap no_proof a:6-?:no_proof", "gap hook"]);
    script.wait(29_999);
    assert_eq!(script.take(), [] as [&str; 0]);
    script.wait(1);
    assert_eq!(script.take(), ["late Gap", "deliver y", "live", "drain"]);
}

#[test]
fn waits_for_the_gap_hook_of_an_earlier_connection() {
    let mut script = Script::with_hooks(false, true).at_five();
    script.down();
    script.accept();
    script.hello(&[]);
    script.answer(vec![crate::script::no_replay("a", Some(("x", 8)))]);
    assert_eq!(
        script.take()[1..],
        ["since a/x/5", "2 gap log_trimmed a:6-8:log_trimmed", "gap hook"]
    );
    script.down();
    script.accept();
    script.hello(&[]);
    script.answer(vec![replay("a", 9, 9)]);
    assert_eq!(script.take(), ["probe", "since a/x/8", "3 resumed"]);
    script.readiness.gap_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["deliver a9", "live", "drain"]);
}

#[test]
fn asks_for_a_sign_of_life_only_where_a_position_is_to_be_asked_for() {
    let mut script = Script::with_hooks(false, false);
    script.accept();
    script.unnumbered("x");
    script.down();
    script.accept();
    assert_eq!(script.take(), ["1 fresh", "live", "deliver x", "2 gap no_proof", "live"]);
}

#[test]
fn ends_a_connection_that_gives_no_sign_of_life() {
    let mut script = Script::with_hooks(false, false).at_five();
    script.down();
    script.accept();
    script.wait(19_999);
    assert_eq!(script.take(), ["probe"]);
    script.wait(1);
    assert_eq!(script.take(), ["dead"]);
    script.down();
    script.accept();
    script.hello(&[position("a", 5)]);
    script.answer(vec![replay("a", 6, 5)]);
    assert_eq!(script.take(), ["probe", "since a/x/5", "3 resumed", "live", "drain"]);
}

#[test]
fn waits_longer_for_a_sign_of_life_behind_other_things_but_not_for_ever() {
    let mut script = Script::with_hooks(false, false).at_five();
    script.down();
    script.accept();
    for _ in 0..3 {
        script.wait(15_000);
        script.readiness.handle_heard(script.now);
    }
    assert_eq!(script.take(), ["probe"]);
    script.wait(14_999);
    assert_eq!(script.take(), [] as [&str; 0]);
    script.wait(1);
    assert_eq!(script.take(), ["dead"]);
}

#[test]
fn drains_when_it_is_known_what_the_server_is() {
    let mut script = Script::with_hooks(false, false);
    script.accept();
    assert_eq!(script.take(), ["1 fresh", "live"]);
    script.readiness.want_server(script.now);
    script.readiness.want_server(script.now);
    assert_eq!(script.take(), ["probe"]);
    script.probed();
    assert_eq!(script.take(), ["drain"]);
    script.readiness.want_server(script.now);
    script.hello(&[]);
    assert_eq!(script.take(), [] as [&str; 0]);
}

#[test]
fn drains_at_once_when_hello_came_and_somebody_asked_before() {
    let mut script = Script::with_hooks(false, false);
    script.readiness.handle_accepted(1, false);
    script.readiness.want_server(script.now);
    script.hello(&[]);
    script.readiness.handle_early_over(script.now);
    assert_eq!(script.take(), ["1 fresh", "live", "drain"]);
}

#[test]
fn calls_only_the_hooks_that_are_set_by_then() {
    let mut script = Script::with_hooks(true, true);
    script.readiness.set_hooks(Hooks::default());
    script.accept();
    assert_eq!(script.take(), ["1 fresh", "live"]);
    script.readiness.set_hooks(Hooks { prologue: true, gap: false });
    script.down();
    script.accept();
    assert_eq!(script.take(), ["prologue"]);
}

#[test]
fn has_no_verdict_for_a_connection_that_ends_before_it() {
    let mut script = Script::with_hooks(true, false);
    script.accept();
    script.unnumbered("x");
    script.down();
    script.readiness.set_hooks(Hooks::default());
    script.accept();
    script.unnumbered("y");
    assert_eq!(script.take(), ["prologue", "2 fresh", "live", "deliver y"]);
}

#[test]
fn takes_inputs_without_a_connection_for_nothing() {
    let mut script = Script::with_hooks(true, true);
    script.readiness.handle_early_over(script.now);
    script.hello(&[position("a", 5)]);
    script.probed();
    script.readiness.want_server(script.now);
    script.down();
    script.wait(100_000);
    assert_eq!(script.take(), [] as [&str; 0]);
}

/// What was delivered counts; what was to be sent does not.
#[test]
fn keeps_of_what_was_not_done_yet_only_what_outlives_the_connection() {
    let mut script = Script::with_hooks(false, false).at_five();
    script.retain("t");
    script.take();
    script.down();
    script.accept();
    script.hello(&[]);
    script.acknowledge("t");
    assert_eq!(script.take().last().unwrap(), "since a/x/5");
    script.answer(vec![replay("a", 6, 6)]);
    script.readiness.handle_down();
    assert_eq!(script.take(), ["2 resumed", "deliver a6", "t is Idle"]);
    script.readiness.handle_accepted(3, false);
    script.readiness.handle_early_over(script.now);
    script.readiness.handle_down();
    assert_eq!(script.take(), ["t is Joining", "t is Idle"]);
    script.accept();
    script.readiness.reset();
    assert_eq!(script.take(), ["t is Joining", "t is Idle"]);
}
