//! Topics: counted, joined once on each connection, left when nobody wants them.

use sockeye::client::readiness::ReadinessConfig;
use sockeye::client::topics::{Confirm, JoinFailure, TopicStatus};

use crate::script::{Script, no_replay, position, replay};

const NOTHING: [&str; 0] = [];

fn plain() -> Script {
    Script::with_hooks(false, false)
}

/// A client that is live with the topic `t`.
fn joined() -> Script {
    let mut script = plain();
    script.retain("t");
    script.accept();
    assert_eq!(script.take(), ["join t", "t is Joining"]);
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live", "1 fresh", "live"]);
    script
}

#[test]
fn joins_again_before_it_is_live() {
    let mut script = joined();
    script.down();
    assert_eq!(script.take(), ["t is Idle"]);
    script.accept();
    assert_eq!(script.take(), ["join t", "t is Joining"]);
    script.unnumbered("x");
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live", "2 gap no_proof", "deliver x", "live"]);
}

#[test]
fn joins_at_once_while_it_is_live_and_only_for_the_first() {
    let mut script = plain();
    script.accept();
    script.take();
    script.retain("t");
    script.retain("t");
    assert_eq!(script.take(), ["join t", "t is Joining"]);
    script.acknowledge("t");
    script.retain("t");
    script.release("t");
    script.release("t");
    assert_eq!(script.take(), ["t is Live"]);
    script.release("t");
    assert_eq!(script.take(), ["t is Idle", "leave t"]);
    script.release("t");
    assert_eq!(script.take(), NOTHING);
}

#[test]
fn leaves_what_is_being_joined_and_ignores_the_answer() {
    let mut script = plain();
    script.retain("t");
    script.accept();
    script.take();
    let ticket = script.ticket("t");
    script.release("t");
    assert_eq!(script.take(), ["t is Idle", "leave t", "1 fresh", "live"]);
    script.retain("t");
    assert_eq!(script.take(), ["join t", "t is Joining"]);
    script.readiness.join_acknowledged(ticket, script.now);
    assert_eq!(script.take(), NOTHING, "that was the answer to the join before");
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live"]);
}

#[test]
fn lets_a_leave_during_the_reconnection_win() {
    let mut script = joined();
    script.down();
    script.release("t");
    script.accept();
    assert_eq!(script.take(), ["t is Idle", "2 gap no_proof", "live"]);
}

#[test]
fn leaves_what_a_recovered_session_still_has() {
    for mut script in [Script::trusting(), plain()] {
        script.retain("t");
        script.accept();
        script.acknowledge("t");
        script.down();
        script.release("t");
        script.take();
        script.recover(&[]);
        assert_eq!(script.take()[0], "leave t");
        script.down();
        script.accept();
        assert_eq!(script.take(), ["3 gap no_proof", "live"]);
    }
}

#[test]
fn leaves_again_when_the_server_may_not_know_it() {
    let mut script = Script::trusting();
    script.retain("t");
    script.accept();
    script.acknowledge("t");
    script.release("t");
    script.down();
    script.take();
    script.recover(&[]);
    assert_eq!(script.take(), ["leave t", "2 resumed", "live"]);
    script.down();
    script.accept();
    script.down();
    script.recover(&[]);
    assert_eq!(script.take(), ["3 gap no_proof", "live", "4 resumed", "live"]);
}

#[test]
fn joins_nothing_on_a_session_that_is_resumed() {
    let mut script = Script::trusting();
    script.retain("t");
    script.accept();
    script.acknowledge("t");
    script.retain("u");
    script.down();
    script.retain("v");
    script.take();
    script.recover(&[]);
    // Whether the server had joined u is not known, and v is new.
    let told = ["t is Live", "join u", "u is Joining", "join v", "v is Joining"];
    assert_eq!(script.take(), told);
    script.acknowledge("u");
    script.acknowledge("v");
    assert_eq!(script.take(), ["u is Live", "v is Live", "2 resumed", "live"]);
}

#[test]
fn joins_before_it_is_live_when_a_recovery_is_not_believed() {
    let mut script = joined();
    script.down();
    script.recover(&[]);
    assert_eq!(script.take(), ["t is Idle", "join t", "t is Joining"]);
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live", "2 gap no_proof", "live"]);
}

#[test]
fn joins_before_it_is_live_when_the_log_shows_that_a_recovery_was_none() {
    let mut script = Script::with_hooks(false, true);
    script.retain("t");
    script.accept();
    script.hello(&[position("a", 5)]);
    script.acknowledge("t");
    script.down();
    script.take();
    script.recover(&[]);
    script.hello(&[]);
    assert_eq!(script.take(), ["t is Live", "probe", "since a/x/5"]);
    script.answer(vec![no_replay("a", None)]);
    let verdict = "2 gap unreadable a:6-?:unreadable";
    assert_eq!(script.take(), [verdict, "t is Idle", "join t", "t is Joining"]);
    script.acknowledge("t");
    assert_eq!(
        script.take(),
        ["t is Live", "gap hook"],
        "the application reloads when it is joined"
    );
    script.readiness.gap_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["live", "drain"]);
}

#[test]
fn believes_in_a_recovery_that_the_log_proves() {
    let mut script = plain();
    script.retain("t");
    script.accept();
    script.hello(&[position("a", 5)]);
    script.acknowledge("t");
    script.down();
    script.take();
    script.recover(&[]);
    script.hello(&[]);
    script.answer(vec![replay("a", 6, 5)]);
    let told = ["t is Live", "probe", "since a/x/5", "2 resumed", "live", "drain"];
    assert_eq!(script.take(), told);
}

#[test]
fn joins_a_thousand_topics_with_no_more_than_32_at_the_same_time() {
    let mut script = plain();
    for topic in 0..1_000 {
        script.retain(&topic.to_string());
    }
    for connection in 1..=3 {
        script.accept();
        let mut told = script.take();
        let mut joins = 0;
        while !script.readiness.is_live() {
            joins += told.iter().filter(|line| line.starts_with("join ")).count();
            assert!(script.joins.len() <= 32);
            assert_eq!(joins % 32, if joins == 1_000 { 1_000 % 32 } else { 0 });
            for (_, ticket) in std::mem::take(&mut script.joins) {
                script.readiness.join_acknowledged(ticket, script.now);
                // Each answer lets one more go.
                assert!(script.joins.len() <= 32);
            }
            told = script.take();
        }
        assert_eq!(joins, 1_000, "each once on connection {connection}");
        script.down();
        script.take();
    }
}

#[test]
fn goes_on_when_a_topic_is_refused_and_tries_it_again_twice() {
    let mut script = plain();
    script.retain("t");
    script.accept();
    script.take();
    script.refuse("t");
    assert_eq!(script.take(), ["t is Failed(Refused)", "1 fresh", "live"]);
    script.wait(999);
    assert_eq!(script.take(), NOTHING);
    script.wait(1);
    assert_eq!(script.take(), ["t is Idle", "join t", "t is Joining"]);
    script.refuse("t");
    script.wait(1_999);
    assert_eq!(script.take(), ["t is Failed(Refused)"]);
    script.wait(1);
    assert_eq!(script.take(), ["t is Idle", "join t", "t is Joining"]);
    script.refuse("t");
    script.wait(100_000);
    assert_eq!(script.take(), ["t is Failed(Refused)"]);
    script.release("t");
    assert_eq!(script.take(), ["t is Idle"], "there is nothing to leave");
    script.retain("t");
    assert_eq!(script.take(), ["join t", "t is Joining"]);
}

#[test]
fn tries_a_refused_topic_on_the_next_connection() {
    let mut script = plain();
    script.retain("t");
    script.accept();
    script.refuse("t");
    script.down();
    script.take();
    script.accept();
    assert_eq!(script.take(), ["join t", "t is Joining"]);
}

#[test]
fn goes_on_when_a_join_is_not_answered_and_takes_a_late_answer() {
    let mut script = plain();
    script.retain("t");
    script.accept();
    script.take();
    script.wait(9_999);
    assert_eq!(script.take(), NOTHING);
    script.wait(1);
    assert_eq!(script.take(), ["t is Failed(TimedOut)", "1 fresh", "live"]);
    let silent = TopicStatus::Failed(JoinFailure::TimedOut);
    assert_eq!(script.readiness.topic_status("t"), silent);
    script.wait(100_000);
    assert_eq!(script.take(), NOTHING, "a second join could join twice");
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live"]);
    assert_eq!(script.readiness.topic_status("u"), TopicStatus::Idle);
}

#[test]
fn ignores_answers_of_an_earlier_connection() {
    let mut script = plain();
    script.retain("t");
    script.accept();
    let late = script.ticket("t");
    script.down();
    script.accept();
    script.take();
    script.readiness.join_acknowledged(late, script.now);
    script.readiness.join_refused(late, script.now);
    assert_eq!(script.take(), NOTHING);
    script.acknowledge("t");
    assert_eq!(script.take(), ["t is Live", "2 fresh", "live"]);
}

#[test]
fn is_live_with_topics_that_still_join_when_they_take_too_long_together() {
    let mut script = plain();
    for topic in 0..200 {
        script.retain(&topic.to_string());
    }
    script.accept();
    script.wait(29_999);
    assert!(!script.readiness.is_live());
    script.wait(1);
    assert!(script.readiness.is_live());
    script.take();
    script.wait(40_000);
    let joins = script.take().iter().filter(|line| line.starts_with("join ")).count();
    assert_eq!(joins, 200 - 4 * 32);
}

#[test]
fn waits_for_the_event_where_that_confirms() {
    let mut script = plain();
    script.readiness.retain_topic("t", "join", None, Confirm::Event, script.now);
    script.accept();
    assert_eq!(script.take(), ["join t quietly", "t is Joining"]);
    let ticket = script.ticket("t");
    script.readiness.join_acknowledged(ticket, script.now);
    script.readiness.topic_confirmed("u", script.now);
    assert_eq!(script.take(), NOTHING);
    script.readiness.topic_confirmed("t", script.now);
    script.readiness.topic_confirmed("t", script.now);
    assert_eq!(script.take(), ["t is Live", "1 fresh", "live"]);
    script.release("t");
    assert_eq!(script.take(), ["t is Idle"], "there is nothing to say to leave it");
}

#[test]
fn waits_for_the_prologue_before_it_joins() {
    let mut script = Script::with_hooks(true, false);
    script.accept();
    script.retain("t");
    script.release("t");
    script.retain("t");
    assert_eq!(script.take(), ["prologue"]);
    script.readiness.prologue_done(script.hooks[0], script.now);
    assert_eq!(script.take(), ["join t", "t is Joining"]);
}

#[test]
fn joins_for_another_user_and_leaves_nothing_of_the_one_before() {
    let mut script = joined();
    script.retain("u");
    script.acknowledge("u");
    script.release("u");
    script.down();
    script.readiness.reset();
    script.take();
    script.recover(&[]);
    assert_eq!(script.take(), ["join t", "t is Joining"]);
}

#[test]
fn remembers_no_more_than_a_hundred_topics_that_were_left() {
    let mut script = Script::new(ReadinessConfig { trust_recovery: true, ..Default::default() });
    script.accept();
    for topic in 0..150 {
        let topic = topic.to_string();
        script.retain(&topic);
        script.acknowledge(&topic);
        script.release(&topic);
    }
    script.down();
    script.take();
    script.recover(&[]);
    let leaves = script.take().iter().filter(|line| line.starts_with("leave ")).count();
    assert_eq!(leaves, 100);
}
