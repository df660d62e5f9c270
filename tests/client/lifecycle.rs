//! What becomes of actions when the program is suspended, or its connection falls silent.

use crate::rig::{HELLO, ROOT, Rig};
use crate::told::seconds;

const ACTION: &str = r#"["do","a""#;

/// Gives the silent connection up, and connects again.
fn fall_silent(rig: &mut Rig) {
    rig.resume();
    rig.advance(seconds(2));
    rig.wait_for_transport();
    rig.establish();
    rig.accept(ROOT);
    rig.push(HELLO);
    rig.push(r#"44/sockeye-liveness,{"message":"Invalid namespace"}"#);
}

#[test]
fn lets_another_client_drain_while_it_is_suspended_and_drains_again_afterwards() {
    let mut rig = Rig::with_outbox();
    assert_eq!(rig.store(ROOT, "").leader, Some(0));
    rig.suspend();
    assert!(!rig.is_open());
    assert_eq!(rig.store(ROOT, "").leader, None);
    rig.enqueue(ROOT, "a");
    rig.advance(seconds(60));
    assert_eq!(rig.store(ROOT, "").leader, None, "not before it goes on");
    rig.resume();
    assert_eq!(rig.store(ROOT, "").leader, Some(0));
    rig.establish();
    rig.accept(ROOT);
    rig.push(HELLO);
    rig.answer_action(ACTION, "a", r#""s":"applied""#);
    assert!(rig.has_told(r#"action 0 a applied ["ok"]"#), "{:?}", rig.told);
}

#[test]
fn sends_again_what_was_under_way_when_it_was_suspended() {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    for _ in 0..5 {
        assert_eq!(rig.count_sent(ACTION), 1);
        rig.suspend();
        rig.resume();
        rig.forget();
        rig.establish();
        rig.accept(ROOT);
        rig.push(HELLO);
    }
    assert_eq!(rig.count_sent(ACTION), 1, "no action is blamed for it");
}

#[test]
fn blames_no_action_for_a_connection_that_falls_silent() {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    for _ in 0..5 {
        rig.forget();
        fall_silent(&mut rig);
        assert_eq!(rig.count_sent(ACTION), 1, "{:?}", rig.told);
    }
    rig.answer_action(ACTION, "a", r#""s":"applied""#);
    assert!(rig.has_told(r#"action 0 a applied ["ok"]"#), "{:?}", rig.told);
}

#[test]
fn sends_no_action_while_the_connection_is_in_doubt() {
    let mut rig = Rig::with_outbox();
    rig.resume();
    rig.enqueue(ROOT, "a");
    assert_eq!(rig.count_sent(ACTION), 0);
    rig.push("6");
    rig.idle(seconds(2));
    assert_eq!(rig.count_sent(ACTION), 1);
}
