//! What a client shows to others that would like to drain.

use crate::rig::{ROOT, Rig};

const PROBE: &str = "40/sockeye-liveness,";
const SIGN: &str = r#"44/sockeye-liveness,{"message":"Invalid namespace"}"#;

fn signs(rig: &mut Rig) -> u32 {
    let signs = rig.client.signs_of_life(ROOT, rig.now);
    rig.turn();
    signs
}

#[test]
fn shows_that_it_gets_on_only_while_the_server_answers() {
    let mut rig = Rig::with_outbox();
    assert_eq!(signs(&mut rig), 0);
    assert_eq!(rig.sent, [PROBE]);
    assert_eq!(signs(&mut rig), 0);
    rig.push(SIGN);
    assert_eq!(signs(&mut rig), 1);
    rig.enqueue(ROOT, "a");
    rig.answer_action(r#"["do","a""#, "a", r#""s":"applied""#);
    assert_eq!(signs(&mut rig), 2);
}

#[test]
fn shows_nothing_and_asks_nobody_while_it_could_send_no_action() {
    let mut rig = Rig::with_outbox();
    signs(&mut rig);
    rig.push(SIGN);
    rig.client.pause_outbox(ROOT, rig.now);
    rig.sent.clear();
    assert_eq!(signs(&mut rig), 0);
    assert!(rig.sent.is_empty());
    rig.client.resume_outbox(ROOT, rig.now);
    assert_eq!(signs(&mut rig), 1);
    rig.cut();
    assert_eq!(signs(&mut rig), 0);
}

#[test]
fn could_drain_when_something_waits_that_could_be_sent() {
    let mut rig = Rig::with_outbox();
    assert!(!rig.client.could_drain(ROOT));
    rig.enqueue(ROOT, "a");
    assert!(rig.client.could_drain(ROOT));
    rig.client.pause_outbox(ROOT, rig.now);
    assert!(!rig.client.could_drain(ROOT));
    rig.client.resume_outbox(ROOT, rig.now);
    rig.cut();
    assert!(!rig.client.could_drain(ROOT));
    rig.reconnect();
    rig.push(crate::rig::HELLO);
    assert!(rig.client.could_drain(ROOT));
    rig.answer_action(r#"["do","a""#, "a", r#""s":"applied""#);
    assert!(!rig.client.could_drain(ROOT));
}
