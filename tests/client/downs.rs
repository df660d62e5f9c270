//! The end of a connection, and of the client.

use sockeye::client::ClientConfig;
use sockeye::manager::{Policy, Verdict, VerdictTicket};

use crate::order::{hello_at, with_stream};
use crate::rig::{HELLO, ROOT, Rig, stamp};
use crate::told::seconds;

/// Everything that can be under way: a prologue, a topic, an action, the newest of a key.
fn busy() -> Rig {
    let mut rig = Rig::new();
    rig.socket("/");
    rig.set_hooks(ROOT, true, true);
    rig.open_outbox(ROOT);
    rig.retain(ROOT, "room");
    rig.enqueue(ROOT, "a");
    rig.emit_latest(ROOT, "cursor", r#"["cursor",1]"#);
    rig.connect(ROOT);
    rig.push(HELLO);
    rig.forget();
    rig
}

#[test]
fn lets_nothing_follow_from_a_connection_that_ended_while_the_program_slept() {
    let mut rig = busy();
    // The limit of the prologue and that of the heartbeat are over when the timer fires at last.
    rig.sleep(seconds(120));
    rig.fire_timer();
    assert!(rig.has_told("status 0 waiting"), "{:?}", rig.told);
    assert!(!rig.has_told("live 0"), "{:?}", rig.told);
    rig.reconnect();
    rig.push(HELLO);
    assert_eq!(rig.sent, ["40", "40/sockeye-liveness,"], "the prologue comes first");
    let hook = rig.told.iter().rev().find(|line| line.starts_with("hook")).cloned().unwrap();
    let ticket = hook.split(' ').next_back().unwrap().parse().unwrap();
    rig.prologue_done(ROOT, ticket);
    rig.acknowledge("join", "[]");
    let words: Vec<_> = rig.sent.iter().filter_map(|frame| frame.split('"').nth(1)).collect();
    assert_eq!(words, ["join", "cursor", "do"]);
    assert_eq!(rig.count_sent(r#""k":"a""#), 1, "in its envelope");
}

#[test]
fn keeps_the_newest_of_a_key_while_there_is_no_connection() {
    let mut rig = Rig::new();
    rig.socket("/");
    rig.set_hooks(ROOT, true, false);
    rig.connect(ROOT);
    rig.sleep(seconds(120));
    rig.fire_timer();
    rig.emit_latest(ROOT, "cursor", r#"["cursor",2]"#);
    rig.emit_latest(ROOT, "cursor", r#"["cursor",3]"#);
    rig.set_hooks(ROOT, false, false);
    rig.reconnect();
    assert_eq!(rig.count_sent(r#"["cursor",3]"#), 1);
    assert_eq!(rig.count_sent("cursor"), 1);
}

#[test]
fn sends_nothing_for_another_namespace_when_the_server_has_given_no_sign_of_life() {
    let mut rig = Rig::new();
    rig.socket("/");
    let other = rig.socket("/n1");
    rig.open_outbox(ROOT);
    rig.enqueue(ROOT, "a");
    rig.connect(ROOT);
    rig.set_hooks(other, true, false);
    rig.retain(other, "room");
    rig.start(other);
    rig.accept(other);
    rig.forget();
    // What has come so far is noted.
    rig.client.handle_timeout(rig.now);
    rig.turn();
    // The sign of life and the prologue are overdue at the same time; the heartbeat is not.
    rig.sleep(seconds(20));
    rig.fire_timer();
    assert!(!rig.is_open(), "the connection is dead");
    assert!(rig.sent.iter().all(|frame| frame == "1"), "{:?}", rig.sent);
    rig.reconnect();
    rig.accept(other);
    assert_eq!(rig.count_sent(r#"["join""#), 0, "{:?}", rig.sent);
    rig.prologue_done(other, 1);
    assert_eq!(rig.count_sent(r#"["join""#), 1, "{:?}", rig.sent);
}

#[test]
fn says_everything_again_on_the_next_connection_and_nothing_twice() {
    let mut rig = Rig::with_outbox();
    rig.retain(ROOT, "room");
    rig.enqueue(ROOT, "a");
    rig.acknowledge("join", "[]");
    rig.forget();
    rig.reconnect();
    rig.push(HELLO);
    assert_eq!(rig.count_sent(r#"["join""#), 1);
    rig.acknowledge("join", "[]");
    assert_eq!(rig.count_sent(r#""k":"a""#), 1);
    rig.answer_action(r#""do""#, "a", r#""s":"applied""#);
    assert!(rig.has_told(r#"action 0 a applied ["ok"]"#));
    assert_eq!(rig.store(ROOT, "").keys(), [] as [&str; 0]);
}

#[test]
fn leaves_no_timer_and_tells_nothing_when_it_is_destroyed() {
    // The rig checks it after each turn.
    let mut rig = busy();
    rig.request(ROOT, 7, r#"["ask"]"#);
    rig.destroy();
    rig.assert_told(&["settled 7 destroyed"]);
    assert_eq!(rig.deadline, None);

    let mut rig = Rig::with_outbox();
    rig.retain(ROOT, "room");
    rig.enqueue(ROOT, "a");
    rig.forget();
    rig.destroy();
    rig.assert_told(&[]);

    let mut rig = with_stream();
    rig.set_hooks(ROOT, false, true);
    rig.reconnect();
    rig.push(&HELLO.replace("true", "false"));
    assert!(rig.told.last().unwrap().starts_with("hook 0 gap"), "{:?}", rig.told);
    rig.forget();
    rig.destroy();
    rig.assert_told(&[]);
}

#[test]
fn does_nothing_when_it_is_called_after_it_was_destroyed() {
    let mut rig = busy();
    rig.destroy();
    rig.forget();
    rig.retain(ROOT, "late");
    rig.release(ROOT, "room");
    rig.set_hooks(ROOT, true, true);
    rig.prologue_done(ROOT, 0);
    rig.set_identity("bob");
    rig.client.handle_timeout(rig.now);
    rig.turn();
    rig.answer_store();
    rig.assert_told(&[]);
    assert_eq!(rig.sent, [] as [&str; 0]);
    assert_eq!(rig.store(ROOT, "").keys(), ["a"], "the action stays stored");
}

#[test]
fn gives_the_store_free_when_it_is_destroyed() {
    let mut rig = Rig::with_outbox();
    assert_eq!(rig.store(ROOT, "").leader, Some(0));
    rig.destroy();
    assert_eq!(rig.store(ROOT, "").leader, None);
}

#[test]
fn waits_as_long_as_the_server_asks_for() {
    let mut rig = Rig::connected();
    rig.push(r#"42["sockeye:retry",{"afterMs":30000}]"#);
    let now = rig.now;
    rig.cut();
    rig.wait_for_transport();
    assert!(rig.now.since(now) >= seconds(30), "{:?}", rig.now.since(now));
}

#[test]
fn asks_again_for_what_was_missed_when_the_connection_ends_before_the_answer() {
    let mut rig = with_stream();
    rig.reconnect();
    rig.push(&hello_at(2));
    assert_eq!(rig.count_sent("sockeye:since"), 1);
    rig.forget();
    rig.reconnect();
    rig.push(&hello_at(2));
    assert_eq!(rig.count_sent("sockeye:since"), 1);
    let replayed = format!(r#"["news",2,{}]"#, stamp(2));
    rig.acknowledge(
        "sockeye:since",
        &format!(r#"[{{"streams":[{{"stream":"s","epoch":"e","seq":2,"events":[{replayed}]}}]}}]"#),
    );
    assert!(rig.has_told("continuity 0 resumed"));
    assert!(rig.has_told(r#"event 0 ["news",2]"#));
}

#[test]
fn gives_the_application_its_requests_back_that_the_server_never_answers() {
    let mut rig = with_stream();
    // Each hole is asked for, and no answer ever comes.
    for hole in 0..1_100 {
        rig.push(&format!(r#"42["news",0,{}]"#, stamp(3 + 2 * hole)));
        rig.push("2");
        rig.advance(seconds(11));
    }
    assert!(rig.count_sent("sockeye:since") > 1_024);
    for _ in 0..1_100 {
        rig.retain(ROOT, "room");
        rig.release(ROOT, "room");
    }
    rig.request(ROOT, 7, r#"["ask"]"#);
    rig.acknowledge(r#"["ask"]"#, "[1]");
    assert!(rig.has_told("settled 7 [1]"));
}

/// How often an action may end a connection before it is put aside, and more.
const OFTEN: u32 = 5;

/// Lets `end` happen right after each sending of an action. Returns whether that was put aside.
fn is_put_aside_by(end: fn(&mut Rig)) -> bool {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    for _ in 0..OFTEN {
        assert_eq!(rig.count_sent(r#""k":"a""#), 1, "{:?}", rig.told);
        rig.forget();
        end(&mut rig);
        if rig.told.iter().any(|line| line.starts_with("action 0 a quarantined")) {
            return true;
        }
        rig.wait_for_transport();
        rig.establish();
        while rig.sent.last().is_none_or(|frame| frame != "40") {
            assert!(rig.fire_timer(), "nothing is going to connect");
        }
        rig.accept(ROOT);
        rig.push(HELLO);
    }
    false
}

#[test]
fn accuses_no_action_when_this_side_has_ended_the_connection() {
    assert!(is_put_aside_by(Rig::cut));
    assert!(!is_put_aside_by(|rig| {
        rig.disconnect(ROOT);
        rig.start(ROOT);
    }));
    assert!(!is_put_aside_by(|rig| rig.refresh_auth(ROOT)));
    assert!(!is_put_aside_by(|rig| {
        rig.suspend();
        rig.resume();
    }));
    assert!(!is_put_aside_by(|rig| {
        rig.set_identity("bob");
        rig.set_identity("");
    }));
}

#[test]
fn accuses_an_action_when_the_server_leaves_and_a_fresh_token_is_asked_for() {
    let mut config = ClientConfig::default();
    config.manager.server_disconnect = Policy::Ask;
    let mut rig = Rig::with(config);
    rig.socket("/");
    rig.open_outbox(ROOT);
    rig.enqueue(ROOT, "a");
    rig.connect(ROOT);
    rig.push(HELLO);
    for ticket in 0..2 {
        rig.push("41");
        assert!(rig.has_told("action 0 a queued"), "its end is known before the verdict");
        rig.forget();
        let (ticket, now) = (VerdictTicket(ticket), rig.now);
        rig.client.at(now).judge(ROOT, ticket, Verdict::Refresh, now);
        rig.turn();
        assert!(rig.has_told("status 0 connecting"), "{:?}", rig.told);
        rig.accept(ROOT);
        rig.push(HELLO);
    }
    rig.push("41");
    assert!(rig.told.iter().any(|it| it.starts_with("action 0 a quarantined")), "{:?}", rig.told);
}

#[test]
fn accuses_no_action_when_the_user_changes_after_it_has_ended_two_connections() {
    let mut rig = Rig::with_outbox();
    rig.enqueue(ROOT, "a");
    for _ in 0..2 {
        rig.reconnect();
        rig.push(HELLO);
    }
    assert_eq!(rig.count_sent(r#""k":"a""#), 3);
    rig.set_identity("bob");
    rig.answer_store();
    assert_eq!(rig.store(ROOT, "").record("a").unwrap().parked, None);
}
