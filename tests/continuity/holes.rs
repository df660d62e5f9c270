//! Numbers that are left out on a live connection, and what cannot be held.

use sockeye::client::readiness::{Hooks, ReadinessConfig};

use crate::script::{Script, no_replay, place_in, position, position_in, replay};

fn live() -> Script {
    Script::with_hooks(false, false).at_five()
}

#[test]
fn asks_for_a_number_that_was_left_out_and_tells_nothing_if_it_comes() {
    let mut script = live();
    script.event("a", 7);
    script.unnumbered("x");
    script.event("a", 8);
    assert_eq!(script.take(), ["since a/x/5"]);
    script.answer(vec![replay("a", 6, 7)]);
    assert_eq!(script.take(), ["deliver a6", "deliver a7", "deliver x", "deliver a8"]);
    script.event("a", 9);
    assert_eq!(script.take(), ["deliver a9"]);
}

#[test]
fn tells_what_the_log_does_not_have_and_waits_for_the_hook() {
    let mut script = live();
    script.readiness.set_hooks(Hooks { prologue: false, gap: true });
    script.event("a", 9);
    script.answer(vec![no_replay("a", Some(("x", 9)))]);
    let told = ["since a/x/5", "1 missed log_trimmed a:6-8:log_trimmed", "gap hook"];
    assert_eq!(script.take(), told);
    script.event("a", 10);
    assert!(script.readiness.is_live(), "what is sent goes on");
    script.readiness.gap_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["deliver a9", "deliver a10"]);
}

#[test]
fn tells_a_number_that_is_left_out_where_nobody_can_be_asked() {
    let mut script = Script::with_hooks(false, false);
    script.accept();
    script.event("a", 5);
    script.event("a", 9);
    script.event("a", 9);
    script.event("a", 10);
    let told = ["1 missed hole ?:6-8:hole", "deliver a9", "repeated", "deliver a10"];
    assert_eq!(script.take()[3..], told);
}

#[test]
fn mends_one_stream_after_the_other() {
    let mut script = Script::with_hooks(false, false);
    script.accept();
    script.hello(&[position("a", 1), position("b", 1)]);
    script.event("a", 3);
    script.event("b", 3);
    assert_eq!(script.take()[3..], ["since a/x/1"]);
    script.answer(vec![replay("a", 2, 3)]);
    assert_eq!(script.take(), ["deliver a2", "deliver a3", "since b/x/1"]);
    script.answer(vec![replay("b", 2, 3)]);
    assert_eq!(script.take(), ["deliver b2", "deliver b3"]);
}

#[test]
fn tells_when_a_stream_begins_anew_on_a_live_connection() {
    let mut script = live();
    script.readiness.handle_position(position_in("a", "y", 2), script.now);
    script.numbered("y3".to_owned(), Some(place_in("a", "y", 3)));
    assert_eq!(script.take(), ["since a/x/5"]);
    script.answer(vec![no_replay("a", Some(("y", 3)))]);
    assert_eq!(script.take(), ["1 missed new_epoch a:?-2:new_epoch", "deliver y3"]);
    assert!(script.readiness.knows(place_in("a", "y", 3)));
    assert!(!script.readiness.knows(place_in("a", "x", 3)));
}

#[test]
fn follows_up_a_position_that_is_ahead() {
    let mut script = live();
    script.readiness.handle_position(position("a", 5), script.now);
    script.readiness.handle_position(position("a", 3), script.now);
    assert_eq!(script.take(), [] as [&str; 0], "the first says nothing new, the second is old");
    script.readiness.handle_position(position("a", 7), script.now);
    assert_eq!(script.take(), ["since a/x/5"]);
    script.answer(vec![replay("a", 6, 7)]);
    assert_eq!(script.take(), ["deliver a6", "deliver a7"]);
}

#[test]
fn tells_when_the_log_never_reaches_the_position() {
    let mut script = live();
    script.readiness.handle_position(position("a", 9), script.now);
    script.answer(vec![replay("a", 6, 6)]);
    assert_eq!(script.take(), ["since a/x/5", "1 missed hole a:6-9:hole"]);
    script.event("a", 10);
    assert_eq!(script.take(), ["deliver a10"]);
}

#[test]
fn follows_up_a_position_that_overtakes_the_answer() {
    let mut script = live();
    script.down();
    script.accept();
    script.hello(&[]);
    script.readiness.handle_position(position("a", 8), script.now);
    script.answer(vec![replay("a", 6, 7)]);
    let told = ["probe", "since a/x/5", "2 resumed", "deliver a6", "deliver a7", "since a/x/7"];
    assert_eq!(script.take(), told);
    script.answer(vec![replay("a", 8, 8)]);
    assert_eq!(script.take(), ["deliver a8", "live", "drain"]);
}

#[test]
fn asks_again_on_the_next_connection_for_what_was_left_out() {
    let mut script = live();
    script.event("a", 7);
    script.down();
    script.accept();
    script.hello(&[]);
    assert_eq!(script.take(), ["since a/x/5", "probe", "since a/x/5"]);
    script.answer(vec![replay("a", 6, 8)]);
    let told = ["2 resumed", "deliver a6", "deliver a7", "deliver a8", "live", "drain"];
    assert_eq!(script.take(), told);
}

/// A recovered session continues behind what was received, also if that was not delivered yet.
#[test]
fn delivers_what_was_received_on_a_connection_that_ended_before_it_was_live() {
    let config = ReadinessConfig { trust_recovery: true, ..ReadinessConfig::default() };
    let mut script = Script::new(config);
    script.accept();
    script.take();
    script.readiness.set_hooks(Hooks { prologue: true, gap: false });
    script.down();
    script.recover(&[]);
    script.unnumbered("x");
    script.down();
    script.recover(&[]);
    script.unnumbered("y");
    assert_eq!(script.take(), ["prologue", "prologue"]);
    script.readiness.prologue_done(script.hooks[1], script.now);
    assert_eq!(script.take(), ["3 resumed", "deliver x", "deliver y", "live"]);
}

/// A client that is not live yet and holds no more than two events of length 2.
fn narrow(gap: bool) -> Script {
    let config = ReadinessConfig { held_events: 2, held_length: 2, ..ReadinessConfig::default() };
    let mut script = Script::new(config);
    script.readiness.set_hooks(Hooks { prologue: true, gap });
    script.accept();
    script.hello(&[position("a", 4)]);
    assert_eq!(script.take(), ["prologue"]);
    script
}

#[test]
fn is_a_gap_when_more_comes_than_is_held() {
    let mut script = narrow(false);
    for name in ["x", "y", "z"] {
        script.unnumbered(name);
    }
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["1 gap overflow", "deliver x", "deliver y", "live", "drain"]);
    script.unnumbered("z");
    assert_eq!(script.take(), ["deliver z"]);
}

#[test]
fn asks_again_for_numbered_events_that_could_not_be_held() {
    let mut script = narrow(false);
    for seq in [5, 6, 7, 8] {
        script.event("a", seq);
    }
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["1 fresh", "deliver a5", "deliver a6", "since a/x/6"]);
    script.answer(vec![replay("a", 7, 8)]);
    assert_eq!(script.take(), ["deliver a7", "deliver a8", "live", "drain"]);
}

#[test]
fn tells_of_numbered_events_that_could_not_be_held_where_nobody_can_be_asked() {
    let config = ReadinessConfig { held_events: 2, ..ReadinessConfig::default() };
    let mut script = Script::new(config);
    script.readiness.set_hooks(Hooks { prologue: true, gap: false });
    script.accept();
    for seq in [5, 6, 7] {
        script.event("a", seq);
    }
    script.take();
    script.readiness.prologue_done(script.hooks[0], script.now);
    let told = ["1 fresh", "deliver a5", "deliver a6", "1 missed overflow ?:7-?:overflow", "live"];
    assert_eq!(script.take(), told);
    script.event("a", 8);
    assert_eq!(script.take(), ["deliver a8"]);
}

#[test]
fn tells_again_when_too_much_comes_after_the_verdict() {
    let mut script = narrow(true);
    for name in ["x", "y", "z"] {
        script.unnumbered(name);
    }
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["1 gap overflow", "gap hook"]);
    script.unnumbered("z");
    script.readiness.gap_done(script.hooks[1], script.now);
    assert_eq!(script.take(), ["deliver x", "deliver y", "1 missed overflow", "gap hook"]);
    script.readiness.gap_done(script.hooks[2], script.now);
    assert_eq!(script.take(), ["live", "drain"]);
}

#[test]
fn holds_by_length_too() {
    let mut script = narrow(false);
    let now = script.now;
    script.readiness.receive("long".to_owned(), None, 3, now);
    script.readiness.receive("short".to_owned(), None, 2, now);
    script.readiness.prologue_done(script.hooks[0], now);
    assert_eq!(script.take(), ["1 gap overflow", "deliver short", "live", "drain"]);
}

/// An owner that has not done everything yet gets what is received in its turn.
#[test]
fn keeps_the_order_when_effects_have_not_been_taken() {
    let mut script = Script::with_hooks(false, false);
    let now = script.now;
    script.readiness.handle_accepted(1, false);
    script.readiness.receive("x".to_owned(), None, 1, now);
    script.readiness.handle_early_over(now);
    let received = script.readiness.receive("y".to_owned(), None, 1, now);
    assert_eq!(received, sockeye::client::readiness::Received::Held);
    assert_eq!(script.take(), ["1 fresh", "deliver x", "live", "deliver y"]);
}
