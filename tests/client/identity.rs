//! Another user: nothing of the one before is sent or known.

use crate::order::with_stream;
use crate::rig::{HELLO, ROOT, Rig, stamp};

/// Alice, with everything under way.
fn alice() -> Rig {
    let mut rig = Rig::new();
    rig.host.listen("news");
    rig.socket("/");
    rig.set_identity("alice");
    rig.open_outbox(ROOT);
    rig.connect(ROOT);
    rig.push(HELLO);
    rig.retain(ROOT, "room");
    rig.enqueue(ROOT, "a");
    rig.enqueue_in(ROOT, "b", "other");
    rig.request(ROOT, 1, r#"["ask"]"#);
    rig
}

fn reconnect_after_change(rig: &mut Rig) {
    rig.wait_for_transport();
    rig.establish();
    rig.accept(ROOT);
    rig.push(HELLO);
}

#[test]
fn sends_nothing_of_one_user_as_another_and_goes_on_when_the_first_is_back() {
    let mut rig = alice();
    rig.forget();
    rig.set_identity("bob");
    assert!(rig.has_told("settled 1 disconnected"), "{:?}", rig.told);
    rig.forget();
    reconnect_after_change(&mut rig);
    assert_eq!(rig.count_sent(r#"["join""#), 1);
    rig.acknowledge("join", "[]");
    assert!(rig.has_told("continuity 0 fresh"), "{:?}", rig.told);
    assert_eq!(rig.count_sent(r#"["do""#), 0, "{:?}", rig.sent);
    rig.enqueue(ROOT, "c");
    assert_eq!(rig.count_sent(r#"["do""#), 1);
    rig.answer_action(r#""do""#, "c", r#""s":"applied""#);
    assert_eq!(rig.store(ROOT, "alice").keys(), ["a", "b"]);
    assert_eq!(rig.store(ROOT, "bob").keys(), [] as [&str; 0]);

    rig.set_identity("alice");
    rig.forget();
    reconnect_after_change(&mut rig);
    rig.acknowledge("join", "[]");
    assert_eq!(rig.count_sent(r#""k":"a""#), 1);
    assert_eq!(rig.count_sent(r#""k":"b""#), 1);
    assert_eq!(rig.count_sent(r#""k":"c""#), 0);
}

#[test]
fn takes_no_late_answer_of_the_store_for_the_other_user() {
    let mut rig = alice();
    rig.is_store_slow = true;
    rig.enqueue(ROOT, "late");
    rig.set_identity("bob");
    rig.forget();
    rig.is_store_slow = false;
    rig.turn();
    reconnect_after_change(&mut rig);
    rig.acknowledge("join", "[]");
    assert_eq!(rig.count_sent(r#"["do""#), 0, "{:?}", rig.sent);
    assert!(!rig.told.iter().any(|line| line.starts_with("action")), "{:?}", rig.told);
    assert_eq!(rig.store(ROOT, "alice").keys(), ["a", "b", "late"]);
}

#[test]
fn forgets_what_waits_to_be_sent_in_its_newest_version() {
    let mut rig = alice();
    rig.cut();
    rig.emit_latest(ROOT, "cursor", r#"["cursor","alice"]"#);
    rig.request(ROOT, 2, r#"["waits"]"#);
    rig.forget();
    rig.set_identity("bob");
    assert!(rig.has_told("settled 2 identity changed"), "{:?}", rig.told);
    reconnect_after_change(&mut rig);
    rig.acknowledge("join", "[]");
    assert_eq!(rig.count_sent("cursor") + rig.count_sent("waits"), 0, "{:?}", rig.sent);
    rig.emit_latest(ROOT, "cursor", r#"["cursor","bob"]"#);
    assert_eq!(rig.count_sent("cursor"), 1);
}

#[test]
fn lets_nothing_of_a_prologue_out_when_the_user_has_changed() {
    let mut rig = Rig::new();
    rig.socket("/");
    rig.set_identity("alice");
    rig.set_hooks(ROOT, true, false);
    rig.connect(ROOT);
    rig.emit(ROOT, r#"["of alice"]"#);
    rig.set_identity("bob");
    rig.forget();
    rig.emit_first(ROOT, 0, r#"["of alice"]"#);
    rig.prologue_done(ROOT, 0);
    reconnect_after_change(&mut rig);
    rig.prologue_done(ROOT, 0);
    rig.emit_first(ROOT, 0, r#"["of alice"]"#);
    assert_eq!(rig.count_sent("of alice"), 0, "{:?}", rig.sent);
    assert!(!rig.has_told("live 0"), "the prologue of bob has not ended");
    rig.prologue_done(ROOT, 1);
    assert!(rig.has_told("live 0"));
}

#[test]
fn knows_no_event_of_the_user_before() {
    let mut rig = with_stream();
    rig.set_identity("bob");
    rig.forget();
    reconnect_after_change(&mut rig);
    assert_eq!(rig.count_sent("sockeye:since"), 0, "{:?}", rig.sent);
    rig.push(&format!(r#"42["news",1,{}]"#, stamp(1)));
    assert!(rig.has_told(r#"event 0 ["news",1]"#), "{:?}", rig.told);

    let mut rig = Rig::connected();
    rig.host.listen("news");
    rig.host.identify_by("id");
    for _ in 0..2 {
        rig.push_event(r#"["news",{"id":1}]"#);
    }
    rig.assert_told(&[r#"event 0 ["news",{"id":1}]"#]);
    rig.set_identity("bob");
    reconnect_after_change(&mut rig);
    rig.forget();
    rig.push_event(r#"["news",{"id":1}]"#);
    rig.assert_told(&[r#"event 0 ["news",{"id":1}]"#]);
}

#[test]
fn delivers_nothing_that_was_held_for_the_user_before() {
    let mut rig = with_stream();
    rig.reconnect();
    rig.push(r#"42["news","of alice"]"#);
    rig.set_identity("bob");
    rig.forget();
    reconnect_after_change(&mut rig);
    assert!(rig.has_told("continuity 0 fresh"));
    assert!(!rig.told.iter().any(|line| line.contains("of alice")), "{:?}", rig.told);
}

#[test]
fn ends_no_hook_of_the_user_before_for_the_next() {
    let mut rig = with_stream();
    rig.set_hooks(ROOT, false, true);
    rig.reconnect();
    rig.push(&HELLO.replace("true", "false"));
    assert!(rig.told.last().unwrap().starts_with("hook 0 gap"), "{:?}", rig.told);
    rig.set_identity("bob");
    rig.forget();
    reconnect_after_change(&mut rig);
    assert!(rig.has_told("live 0"), "{:?}", rig.told);
    rig.gap_done(ROOT, 1);
    rig.advance(crate::told::seconds(40));
    assert!(!rig.has_told("late 0 gap"), "{:?}", rig.told);
}

#[test]
fn opens_the_store_of_the_next_user_at_once_although_that_of_the_one_before_was_silent() {
    let mut rig = alice();
    rig.is_store_slow = true;
    rig.client.refresh_outbox(ROOT, rig.now);
    rig.turn();
    rig.sleep(crate::told::seconds(11));
    rig.fire_timer();
    assert!(!rig.asked.is_empty(), "the store says nothing");
    rig.set_identity("bob");
    rig.is_store_slow = false;
    rig.turn();
    rig.enqueue(ROOT, "c");
    assert_eq!(rig.store(ROOT, "bob").leader, Some(0));
    assert!(rig.has_told("action 0 c queued"), "{:?}", rig.told);
}

#[test]
fn leaves_nothing_in_the_store_of_a_user_whose_queue_is_discarded() {
    let mut rig = alice();
    rig.enqueue(ROOT, "queued");
    rig.discard_queue();
    rig.set_identity("");
    assert_eq!(rig.store(ROOT, "alice").keys(), [] as [&str; 0]);
}

#[test]
fn leaves_nothing_either_of_what_the_store_has_not_taken_yet() {
    let mut rig = alice();
    rig.is_store_slow = true;
    rig.enqueue(ROOT, "late");
    rig.discard_queue();
    rig.set_identity("");
    rig.is_store_slow = false;
    rig.turn();
    assert_eq!(rig.store(ROOT, "alice").keys(), [] as [&str; 0]);
}

#[test]
fn tells_whose_action_is_not_taken_when_the_user_changes_while_the_store_opens() {
    let mut rig = Rig::new();
    rig.is_store_slow = true;
    rig.socket("/");
    rig.set_identity("alice");
    rig.open_outbox(ROOT);
    rig.enqueue(ROOT, "a");
    rig.forget();
    rig.set_identity("bob");
    rig.enqueue(ROOT, "b");
    rig.assert_told(&["action 0 a rejected identity_changed"]);
    rig.is_store_slow = false;
    rig.answer_store();
    rig.connect(ROOT);
    rig.push(HELLO);
    assert_eq!(rig.count_sent(r#"["do","b"#), 1);
    rig.set_identity("alice");
    reconnect_after_change(&mut rig);
    assert_eq!(rig.count_sent(r#"["do","a"#), 0);
    assert_eq!(rig.store(ROOT, "alice").keys(), [] as [&str; 0]);
}

#[test]
fn tells_nothing_of_an_action_when_the_client_ends_while_the_store_opens() {
    let mut rig = Rig::new();
    rig.is_store_slow = true;
    rig.socket("/");
    rig.open_outbox(ROOT);
    rig.enqueue(ROOT, "a");
    rig.forget();
    rig.destroy();
    rig.assert_told(&[]);
}
