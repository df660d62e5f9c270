//! The way of an action from `enqueue` to its end, with and without a helper on the server.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod outbox_support;

use std::time::Duration;

use outbox_support::server::{Server, retry};
use outbox_support::store::Kind;
use outbox_support::{DAY, Tab, action, key, seconds};
use serde_json::{Value, json};
use sockeye::client::outbox::{
    Answer, Clear, Drain, EnqueueError, ItemState, NewAction, OutboxConfig, Verdict,
};
use sockeye::client::store::{Parked, StoreError};
use sockeye::socketio::EmitError;

fn verdict(verdict: Verdict) -> Answer<sockeye::native::NativeHost> {
    Answer::Helper { verdict, arguments: json!([]) }
}

#[test]
fn tells_each_step_when_an_action_is_applied() {
    let mut tab = Tab::alone();
    tab.is_slow = true;
    tab.enqueue(action("a", "x"));
    assert_eq!(tab.statuses("a"), [""; 0], "nothing is told before the commit");
    assert_eq!(tab.outbox.items(tab.now)[0].state, ItemState::Storing);
    tab.is_slow = false;
    tab.run();
    assert_eq!(tab.statuses("a"), ["queued"]);
    tab.live();
    tab.acknowledge("a");
    assert_eq!(tab.statuses("a"), ["queued", "sending", "sent", "applied"]);
    assert!(tab.stored().is_empty(), "the store has removed it");
    assert!(tab.outbox.items(tab.now).is_empty());
}

#[test]
fn tells_why_when_the_store_does_not_take_an_action() {
    let mut tab = Tab::alone();
    tab.store.borrow_mut().fail.insert(Kind::Put, StoreError::Full);
    tab.enqueue(action("a", "x"));
    assert_eq!(tab.statuses("a"), ["not stored Full"]);
    tab.store.borrow_mut().fail.clear();
    tab.enqueue(action("a", "x"));
    assert_eq!(tab.statuses("a").last(), Some(&"queued"), "nothing was kept of the first");
}

#[test]
fn marks_an_action_before_it_is_sent_for_the_first_time() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.store.borrow_mut().silent.insert(Kind::Mark);
    tab.live();
    assert!(tab.frames.is_empty());
    tab.store.borrow_mut().silent.clear();
    tab.pass(seconds(60));
    assert_eq!(tab.sent()[0], "a");
    assert_eq!(tab.store.borrow().record("a").unwrap().sent.as_ref().unwrap().attempts, 1);
}

#[test]
fn sends_nothing_when_it_is_paused_or_not_live() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    assert!(tab.outbox.wants_server());
    tab.outbox.pause();
    assert!(!tab.outbox.wants_server());
    tab.live();
    assert!(tab.frames.is_empty());
    tab.outbox.resume(tab.now);
    tab.run();
    assert_eq!(tab.sent(), ["a"]);
    tab.down();
    tab.pass(DAY);
    assert_eq!(tab.sent(), ["a"]);
}

#[test]
fn sends_an_action_back_to_the_queue_when_it_is_paused_before_it_is_sent() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.is_slow = true;
    tab.live();
    tab.outbox.pause();
    tab.is_slow = false;
    tab.run();
    assert!(tab.frames.is_empty());
    assert_eq!(tab.statuses("a"), ["queued", "sending", "queued"]);
}

#[test]
fn keeps_the_order_of_a_lane_and_lets_others_go_on_when_an_answer_is_missing() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.enqueue_all("y", &["c", "d"]);
    tab.live();
    assert_eq!(tab.sent(), ["a", "c"]);
    tab.acknowledge("c");
    tab.acknowledge("d");
    assert_eq!(tab.sent(), ["a", "c", "d"]);
    assert_eq!(tab.status("d"), "applied");
    tab.acknowledge("a");
    assert_eq!(tab.sent(), ["a", "c", "d", "b"]);
}

#[test]
fn sends_again_with_the_same_key_when_the_connection_ended() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    for _ in 0..20 {
        tab.live();
        tab.pass(seconds(6));
        tab.down();
    }
    tab.live();
    assert_eq!(tab.frames.len(), 21, "there is no limit on how often");
    tab.acknowledge("a");
    assert_eq!(tab.status("a"), "applied");
}

#[test]
fn counts_a_late_answer_when_its_connection_lives() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { ack_timeout: seconds(1), ..action("a", "x") });
    tab.live();
    let first = tab.frame("a").transmission;
    tab.pass(seconds(4));
    assert!(tab.frames.len() > 1, "it was sent again");
    tab.answer(first, Answer::Acknowledged(Value::Null));
    assert_eq!(tab.status("a"), "applied");
    assert_eq!(tab.abandoned.len(), tab.frames.len() - 1, "the other answers matter no more");
    let frames = tab.frames.len();
    tab.pass(DAY);
    assert_eq!(tab.frames.len(), frames);
}

#[test]
fn ignores_an_answer_when_its_connection_has_ended() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.live();
    let first = tab.frame("a").transmission;
    tab.down();
    tab.answer(first, Answer::Acknowledged(Value::Null));
    assert_eq!(tab.status("a"), "queued");
    tab.live();
    assert_ne!(tab.frame("a").transmission, first, "no number comes twice");
}

#[test]
fn waits_longer_each_time_when_no_answer_comes() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { ack_timeout: seconds(1), ..action("a", "x") });
    tab.live();
    tab.pass(seconds(3_600));
    let times: Vec<_> = tab.frames.iter().map(|frame| frame.at).collect();
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    let bound = |pause: &Duration| *pause >= Duration::from_millis(1_100) && *pause <= seconds(31);
    assert!(pauses.iter().all(bound), "{pauses:?}");
    assert!(pauses[0] <= Duration::from_millis(1_500));
    assert!(pauses.len() > 100 && pauses.len() < 400, "{}", pauses.len());
}

#[test]
fn does_not_send_again_what_may_not_be_when_the_connection_ended_or_the_time_is_over() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { resend: false, ..action("a", "x") });
    tab.enqueue(NewAction { resend: false, ..action("b", "y") });
    tab.enqueue(action("c", "x"));
    tab.live();
    tab.pass(seconds(10));
    assert_eq!(tab.status("a"), "unknown NotResent");
    tab.down();
    tab.live();
    assert_eq!(tab.sent().iter().filter(|name| **name == "a" || **name == "b").count(), 2);
    assert_eq!(tab.frame("c").key, "c", "the lane goes on");
    assert_eq!(tab.store.borrow().record("a").unwrap().parked, Some(Parked::Unknown));
}

#[test]
fn cancels_only_what_was_never_sent() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live();
    tab.cancel("b");
    assert_eq!(tab.status("b"), "cancelled Asked");
    tab.cancel("a");
    tab.cancel("unheard of");
    assert_eq!(tab.refused, ["a", "unheard of"]);
    tab.acknowledge("a");
    assert_eq!(tab.sent(), ["a"]);
}

#[test]
fn cancels_an_action_when_the_store_has_not_committed_it_yet() {
    let mut tab = Tab::alone();
    tab.live();
    tab.is_slow = true;
    tab.enqueue(action("a", "x"));
    tab.cancel("a");
    tab.is_slow = false;
    tab.run();
    assert_eq!(tab.statuses("a"), ["queued", "cancelled Asked"]);
    assert!(tab.frames.is_empty() && tab.stored().is_empty());
}

#[test]
fn holds_an_action_back_while_the_store_decides_about_its_cancellation() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.is_slow = true;
    tab.cancel("a");
    tab.live();
    tab.pass(seconds(60));
    assert!(tab.frames.is_empty(), "nothing overtakes it either");
    assert!(tab.refused.is_empty(), "nobody knows yet");
    tab.is_slow = false;
    tab.run();
    assert_eq!(tab.status("a"), "cancelled Asked");
    assert_eq!(tab.sent(), ["b"]);
}

#[test]
fn goes_on_with_an_action_that_the_store_could_not_remove() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.store.borrow_mut().fail.insert(Kind::Remove, StoreError::Failed);
    tab.cancel("a");
    assert_eq!(tab.refused, ["a"]);
    tab.live();
    assert_eq!(tab.sent(), ["a"]);
}

#[test]
fn replaces_the_last_of_a_coalescing_key_unless_it_was_sent() {
    let mut tab = Tab::alone();
    let edit = |name: &str| NewAction { coalesce_key: Some("doc".into()), ..action(name, "x") };
    tab.enqueue(edit("a"));
    tab.live();
    tab.enqueue(edit("b"));
    tab.enqueue(NewAction { lane: "y".into(), ..edit("elsewhere") });
    tab.enqueue(edit("c"));
    tab.enqueue(edit("d"));
    assert_eq!(tab.status("a"), "sent");
    assert_eq!(tab.status("b"), "cancelled superseded by c");
    assert_eq!(tab.status("c"), "cancelled superseded by d");
    tab.acknowledge("a");
    tab.acknowledge("d");
    assert_eq!(tab.sent(), ["a", "elsewhere", "d"]);
}

#[test]
fn sends_one_frame_when_one_thing_was_edited_a_hundred_times() {
    let mut tab = Tab::alone();
    tab.is_slow = true;
    for number in 0..100 {
        let name = format!("edit-{number}");
        tab.enqueue(NewAction { coalesce_key: Some("doc".into()), ..action(&name, "x") });
    }
    tab.is_slow = false;
    tab.run();
    tab.live();
    tab.acknowledge("edit-99");
    assert_eq!(tab.sent(), ["edit-99"]);
    assert!(tab.stored().is_empty());
}

#[test]
fn keeps_both_when_the_action_to_replace_could_not_be_stored_away() {
    let mut tab = Tab::alone();
    let edit = |name: &str| NewAction { coalesce_key: Some("doc".into()), ..action(name, "x") };
    tab.enqueue(edit("a"));
    tab.store.borrow_mut().fail.insert(Kind::Put, StoreError::Full);
    tab.enqueue(edit("b"));
    tab.store.borrow_mut().fail.clear();
    tab.live();
    assert_eq!(tab.sent(), ["a"], "what was to be replaced goes on");
    assert_eq!(tab.status("b"), "not stored Full");
}

#[test]
fn expires_what_was_not_sent_in_time_whether_there_is_a_connection_or_not() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { ttl: Some(seconds(60)), ..action("a", "x") });
    tab.enqueue(action("b", "x"));
    tab.pass(seconds(59));
    assert_eq!(tab.status("a"), "queued");
    tab.pass(seconds(1));
    assert_eq!(tab.status("a"), "expired");
    tab.live();
    assert_eq!(tab.sent(), ["b"]);
}

#[test]
fn counts_the_time_to_live_from_enqueue_and_the_time_limit_from_sending() {
    let mut tab = Tab::alone();
    let ttl = Some(seconds(3_600));
    tab.enqueue(NewAction { ttl, ack_timeout: seconds(5), ..action("a", "x") });
    tab.pass(seconds(600));
    tab.live();
    tab.pass(seconds(4));
    assert_eq!(tab.frames.len(), 1);
    tab.acknowledge("a");
    assert_eq!(tab.status("a"), "applied");
}

#[test]
fn keeps_the_time_to_live_over_a_reload() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { ttl: Some(seconds(60)), ..action("a", "x") });
    tab.pass(seconds(40));
    let store = std::rc::Rc::clone(&tab.store);
    store.borrow_mut().leave(0);
    let mut reloaded = Tab::new(1, &store, OutboxConfig::default());
    // The new page's clock starts elsewhere: only the age counts.
    assert_eq!(reloaded.status("a"), "queued");
    store.borrow_mut().change("a", |_| {});
    reloaded.pass(seconds(60));
    assert_eq!(reloaded.status("a"), "expired");
}

#[test]
fn never_says_expired_of_what_may_have_been_applied() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { ttl: Some(seconds(60)), ..action("a", "x") });
    tab.live();
    tab.down();
    tab.pass(seconds(60));
    assert_eq!(tab.status("a"), "unknown Expired");
    tab.live();
    assert_eq!(tab.frames.len(), 1);
}

#[test]
fn refuses_at_once_what_cannot_be_sent_or_does_not_fit() {
    let mut tab =
        Tab::with(OutboxConfig { max_items: 2, max_bytes: 1_000_000, ..Default::default() });
    let large = |bytes| NewAction { bytes, ..action("large", "x") };
    assert_eq!(tab.try_enqueue(large(1_000_001)), Err(EnqueueError::PayloadTooLarge));
    tab.outbox.set_max_payload(Some(500));
    assert_eq!(tab.try_enqueue(large(501)), Err(EnqueueError::PayloadTooLarge));
    tab.outbox.set_max_payload(None);
    assert_eq!(tab.try_enqueue(large(501)), Err(EnqueueError::PayloadTooLarge), "the last counts");
    tab.outbox.set_max_payload(Some(2_000_000));
    let attached = NewAction { attachments: 11, ..action("attached", "x") };
    assert_eq!(tab.try_enqueue(attached), Err(EnqueueError::TooManyAttachments));
    tab.enqueue(large(999_950));
    assert_eq!(tab.try_enqueue(action("a", "x")), Err(EnqueueError::TooManyBytes));
    assert_eq!(tab.try_enqueue(large(10)), Err(EnqueueError::DuplicateKey));
    tab.cancel("large");
    tab.enqueue_all("x", &["a", "b"]);
    assert_eq!(tab.try_enqueue(action("c", "x")), Err(EnqueueError::TooManyItems));
    assert_eq!(tab.stored(), ["a", "b"]);
}

#[test]
fn rejects_what_is_too_large_for_this_server_when_it_drains() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { bytes: 900, ..action("a", "x") });
    tab.enqueue_all("x", &["b", "c"]);
    tab.outbox.set_max_payload(Some(500));
    tab.live();
    assert_eq!(tab.status("a"), "rejected PayloadTooLarge");
    let transmission = tab.frame("b").transmission;
    tab.answer(transmission, Answer::Unsent(EmitError::PayloadTooLarge));
    assert_eq!(tab.status("b"), "rejected PayloadTooLarge", "the envelope may be what is too much");
    assert_eq!(tab.sent(), ["b", "c"]);
}

#[test]
fn tries_again_when_a_frame_did_not_go_out() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.live();
    tab.answer(tab.frame("a").transmission, Answer::Unsent(EmitError::TooManyRequests));
    assert_eq!(tab.frames.len(), 1);
    tab.pass(seconds(1));
    assert_eq!(tab.frames.len(), 2);
    let attempts = tab.outbox.items(tab.now)[0].attempts;
    assert_eq!(attempts, 1, "what did not go out is no attempt");
}

#[test]
fn ends_an_action_as_rejected_when_the_application_says_that_the_server_did() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live();
    tab.outbox.nack(&key("b"), None, tab.now);
    tab.outbox.nack(&key("a"), Some(json!("no")), tab.now);
    tab.run();
    assert_eq!(tab.status("a"), "rejected");
    assert_eq!(tab.status("b"), "sent", "it was not sent when it was said to be rejected");
}

#[test]
fn clears_what_was_asked_for() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.enqueue(NewAction { resend: false, ..action("c", "y") });
    tab.live();
    tab.pass(seconds(10));
    tab.outbox.clear(Clear::Unsent, tab.now);
    tab.run();
    assert_eq!(tab.status("b"), "cancelled Asked");
    assert_eq!(tab.stored(), ["a", "c"]);
    tab.outbox.clear(Clear::Parked, tab.now);
    tab.run();
    assert_eq!(tab.stored(), ["a"]);
    tab.outbox.clear(Clear::All, tab.now);
    tab.run();
    assert_eq!(tab.status("a"), "unknown Discarded");
    assert!(tab.stored().is_empty());
}

#[test]
fn sends_no_more_than_its_rate_and_its_window_allow() {
    let drain = Drain { in_flight: 3, per_second: Some(10), ..Drain::default() };
    let mut tab = Tab::with(OutboxConfig { drain, ..OutboxConfig::default() });
    for number in 0..20 {
        let name = format!("{number}");
        tab.enqueue(action(&name, &name));
    }
    tab.live();
    tab.pass(seconds(1));
    assert_eq!(tab.frames.len(), 3);
    let mut served = 0;
    while served < 20 {
        let Some(frame) = tab.frames.get(served).cloned() else {
            tab.pass(Duration::from_millis(10));
            continue;
        };
        tab.acknowledge(&frame.key);
        served += 1;
    }
    let times: Vec<_> = tab.frames.iter().map(|frame| frame.at).collect();
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= Duration::from_millis(99)));
}

#[test]
fn asks_for_a_plan_before_it_sends_what_waited() {
    let drain = Drain { ask_before_flush: true, ..Drain::default() };
    let mut tab = Tab::with(OutboxConfig { drain, ..OutboxConfig::default() });
    tab.enqueue_all("x", &["a", "b", "c", "d"]);
    tab.live();
    let (ticket, keys) = tab.flush.take().unwrap();
    assert_eq!(keys, ["a", "b", "c", "d"]);
    tab.enqueue(action("e", "x"));
    assert!(tab.frames.is_empty());
    let (keep, drop) = ([key("d"), key("a")], [key("b")]);
    tab.outbox.handle_flush_plan(ticket, &keep, &drop, tab.now);
    tab.run();
    let mut server = Server::default();
    tab.serve(&mut server, 0);
    assert_eq!(tab.sent(), ["d", "a", "c", "e"]);
    assert_eq!(tab.status("b"), "cancelled Dropped");
    tab.down();
    tab.live();
    assert_eq!(tab.flush, None, "nothing waited");
}

#[test]
fn sends_everything_unchanged_when_no_plan_comes() {
    let drain = Drain { ask_before_flush: true, ..Drain::default() };
    let mut tab = Tab::with(OutboxConfig { drain, ..OutboxConfig::default() });
    tab.enqueue_all("x", &["a", "b"]);
    tab.live();
    tab.down();
    let (stale, _) = tab.flush.take().unwrap();
    tab.live();
    tab.outbox.handle_flush_plan(stale, &[], &[key("a"), key("b")], tab.now);
    tab.run();
    tab.pass(seconds(29));
    assert!(tab.frames.is_empty(), "a plan for an earlier connection is none");
    tab.pass(seconds(1));
    tab.serve(&mut Server::default(), 0);
    assert_eq!(tab.sent(), ["a", "b"]);
}

#[test]
fn leaves_what_was_sent_in_front_when_a_plan_reorders() {
    let drain = Drain { ask_before_flush: true, ..Drain::default() };
    let mut tab = Tab::with(OutboxConfig { drain, ..OutboxConfig::default() });
    tab.live();
    tab.enqueue_all("x", &["a", "b", "c"]);
    tab.down();
    tab.live();
    let (ticket, keys) = tab.flush.take().unwrap();
    assert_eq!(keys, ["b", "c"], "nothing is asked about what was sent");
    let keep = [key("c"), key("b"), key("a")];
    tab.outbox.handle_flush_plan(ticket, &keep, &[key("a")], tab.now);
    tab.run();
    tab.serve(&mut Server::default(), 1);
    assert_eq!(tab.sent(), ["a", "a", "c", "b"]);
}

#[test]
fn asks_for_no_plan_when_all_that_waits_was_sent() {
    let drain = Drain { ask_before_flush: true, ..Drain::default() };
    let mut tab = Tab::with(OutboxConfig { drain, ..OutboxConfig::default() });
    tab.live();
    tab.enqueue(action("a", "x"));
    tab.down();
    tab.live();
    assert_eq!(tab.flush, None);
    assert_eq!(tab.sent(), ["a", "a"]);
}

// With a helper.

#[test]
fn sends_several_of_a_lane_once_the_server_counts_as_it_does() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    let names: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
    names.iter().for_each(|name| tab.enqueue(action(name, "x")));
    tab.live_with(&server);
    assert_eq!(tab.frames.len(), 1, "the first goes alone");
    let mut most = 0;
    let mut served = 0;
    while served < tab.frames.len() {
        most = most.max(tab.frames.len() - served);
        let frame = tab.frames[served].clone();
        tab.answer(frame.transmission, server.apply(&frame.envelope.unwrap()));
        served += 1;
    }
    assert_eq!(most, 8);
    assert_eq!(server.effects_of("x"), names);
    let numbers: Vec<u64> = tab.frames.iter().map(|frame| frame.number().1).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>(), "contiguous from 1");
}

#[test]
fn keeps_its_numbers_when_it_sends_again() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b", "c", "d"]);
    tab.live_with(&server);
    tab.serve_one(&mut server, 0);
    assert_eq!(tab.sent(), ["a", "b", "c"]);
    // The server applies b, but the answer is lost.
    server.apply(tab.frames[1].envelope.as_ref().unwrap());
    tab.pass(seconds(6));
    tab.down();
    tab.live_with(&server);
    tab.serve(&mut server, 3);
    assert_eq!(server.effects_of("x"), ["a", "b", "c", "d"]);
    assert_eq!(tab.frame("b").number(), tab.frames[1].number());
    assert!(tab.told.iter().filter(|(_, status)| status == "applied").count() == 4);
}

#[test]
fn waits_for_the_ones_before_when_the_server_misses_them() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b", "c"]);
    tab.live_with(&server);
    tab.serve_one(&mut server, 0);
    // b is lost on its way to the server; c comes first.
    tab.serve_one(&mut server, 2);
    assert_eq!(tab.status("c"), "queued");
    assert_eq!(tab.frames.len(), 3, "c waits for b");
    tab.serve(&mut server, 1);
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
    let epochs: Vec<u64> = tab.frames.iter().map(|frame| frame.number().0).collect();
    assert_eq!(epochs, [epochs[0]; 4], "nothing had to be counted anew");
}

#[test]
fn takes_a_new_epoch_when_what_the_server_misses_was_given_up() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.enqueue(NewAction { ttl: Some(seconds(30)), ..action("b", "x") });
    tab.enqueue(action("c", "x"));
    tab.enqueue(action("d", "x"));
    tab.live_with(&server);
    tab.serve_one(&mut server, 0);
    assert_eq!(tab.sent(), ["a", "b", "c"]);
    tab.pass(seconds(6));
    tab.down();
    tab.pass(seconds(30));
    assert_eq!(tab.status("b"), "unknown Expired");
    tab.live_with(&server);
    tab.serve(&mut server, 3);
    assert_eq!(server.effects_of("x"), ["a", "c", "d"]);
    assert!(tab.frame("d").number().0 > tab.frames[0].number().0);
}

#[test]
fn goes_above_the_servers_epoch_when_the_store_went_back_in_time() {
    let mut server = Server::default();
    server.set_lane("x", 1_000, 7);
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b", "c"]);
    tab.enqueue_all("y", &["d"]);
    tab.live_with(&server);
    tab.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
    assert_eq!(server.count("d"), 1);
    assert!(tab.frame("c").number().0 > 1_000);
    assert!(tab.stored().is_empty());
}

#[test]
fn never_lets_a_later_action_pass_when_the_server_has_counted_in_the_same_epoch() {
    // The next epoch of this store has been used before, up to number 1: with b on its way together with a, the
    // server would refuse a and apply b.
    let mut server = Server::default();
    let mut tab = Tab::alone();
    server.set_lane("x", tab.store.borrow().epoch, 1);
    tab.enqueue_all("x", &["a", "b", "c"]);
    tab.live_with(&server);
    tab.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
}

#[test]
fn does_not_wait_for_itself_when_the_server_knows_a_key_without_its_number() {
    // The server has applied a and b, and then lost the count.
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b", "c", "d"]);
    tab.live_with(&server);
    tab.serve_one(&mut server, 0);
    for frame in &tab.frames[1..] {
        server.apply(frame.envelope.as_ref().unwrap());
    }
    tab.pass(seconds(6));
    tab.down();
    server.set_lane("x", 0, 0);
    tab.live_with(&server);
    tab.serve(&mut server, 3);
    assert_eq!(server.effects_of("x"), ["a", "b", "c", "d"]);
    assert!(tab.stored().is_empty());
}

#[test]
fn goes_on_when_the_head_is_rejected() {
    let mut server = Server::default();
    server.rejects.push("a".into());
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with(&server);
    tab.serve(&mut server, 0);
    assert_eq!((tab.status("a"), tab.status("b")), ("rejected", "applied"));
}

#[test]
fn ends_as_a_conflict_when_the_key_is_known_with_another_payload() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.live_with_memory("m", 0);
    tab.answer(tab.frame("a").transmission, verdict(Verdict::Conflict));
    assert_eq!(tab.status("a"), "conflict");
    assert!(tab.stored().is_empty());
}

#[test]
fn comes_back_when_the_server_asks_for_it() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with_memory("m", 0);
    tab.answer(tab.frame("a").transmission, retry(seconds(20)));
    tab.pass(Duration::from_millis(19_999));
    assert_eq!(tab.frames.len(), 1);
    tab.pass(Duration::from_millis(1));
    assert_eq!(tab.sent(), ["a", "a"]);
    tab.answer(tab.frame("a").transmission, retry(DAY));
    tab.pass(seconds(3_600));
    assert_eq!(tab.frames.len(), 3, "no server may ask for more than an hour");
}

#[test]
fn takes_no_word_for_an_answer_that_names_no_key() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.live_with_memory("m", 0);
    tab.acknowledge("a");
    assert_eq!(tab.status("a"), "queued");
    tab.pass(seconds(1));
    assert_eq!(tab.frames.len(), 2);
}

#[test]
fn does_not_send_what_may_have_been_applied_to_a_server_that_lost_its_memory() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.enqueue_all("y", &["c"]);
    tab.live_with(&server);
    assert_eq!(tab.sent(), ["a", "c"]);
    server.apply(tab.frames[0].envelope.as_ref().unwrap());
    tab.pass(seconds(6));
    tab.down();
    server.forget();
    tab.live_with(&server);
    tab.serve(&mut server, 2);
    assert_eq!(tab.status("a"), "unknown MemoryLost");
    assert_eq!(tab.status("c"), "unknown MemoryLost", "nobody knows that it was not applied");
    assert_eq!(tab.status("b"), "applied", "it was never sent before");
    assert_eq!((server.count("a"), server.count("c")), (1, 0));
}

#[test]
fn sends_what_is_certain_to_the_new_memory_when_the_server_says_that_it_lost_the_old_one() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b", "c"]);
    tab.live_with(&server);
    server.forget();
    tab.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
    assert!(tab.stored().is_empty());
}

#[test]
fn does_not_send_again_what_the_server_no_longer_remembers() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with_memory("m", 1_000);
    tab.pass(seconds(6));
    tab.down();
    // The frame may be two minutes on its way.
    let last = 14 * 86_400_000 - 120_000;
    tab.live_with_memory("m", 1_000 + last);
    assert_eq!(tab.sent(), ["a", "a"], "it is remembered for so long");
    tab.pass(seconds(6));
    tab.down();
    tab.live_with_memory("m", 1_001 + last);
    assert_eq!(tab.status("a"), "unknown RetentionOver");
    assert_eq!(tab.frame("b").key, "b");
}

#[test]
fn does_not_send_what_a_helper_may_know_to_a_server_without_one() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with_memory("m", 0);
    tab.pass(seconds(6));
    tab.down();
    tab.live();
    assert_eq!(tab.status("a"), "unknown MemoryLost");
    assert_eq!(tab.frame("b").envelope, None);
}

#[test]
fn sends_again_what_is_unknown_when_the_application_wants_it() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with(&server);
    tab.pass(seconds(6));
    tab.down();
    server.forget();
    assert!(!tab.outbox.retry(&key("a"), tab.now), "it is not unknown yet");
    tab.live_with(&server);
    assert!(tab.outbox.retry(&key("a"), tab.now));
    tab.run();
    tab.serve(&mut server, 1);
    assert_eq!(server.effects_of("x"), ["b", "a"], "at the end of its lane");
    assert_eq!(tab.status("a"), "applied");
}

// What ends connections.

#[test]
fn puts_an_action_aside_when_it_has_ended_three_connections_alone() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["poison", "a"]);
    for _ in 0..3 {
        tab.live();
        tab.pass(seconds(1));
        tab.down();
    }
    assert_eq!(tab.status("poison"), "quarantined EndsConnections");
    assert_eq!(tab.sent(), ["poison"; 3]);
    tab.live();
    assert_eq!(tab.frame("a").key, "a");
    assert_eq!(tab.store.borrow().record("poison").unwrap().parked, Some(Parked::Quarantined));
}

#[test]
fn finds_the_one_that_ends_connections_among_many_with_four_of_them() {
    let mut tab = Tab::alone();
    for number in 0..31 {
        let name = format!("{number}");
        tab.enqueue(action(&name, &name));
    }
    tab.enqueue(action("poison", "poison"));
    let mut ended = 0;
    let mut next = 0;
    tab.live();
    for _ in 0..200 {
        let sent: Vec<_> = tab.frames[next..].to_vec();
        next = tab.frames.len();
        if sent.iter().any(|frame| frame.key == "poison") {
            tab.down();
            ended += 1;
            tab.pass(seconds(1));
            tab.live();
        } else {
            sent.iter().for_each(|frame| tab.acknowledge(&frame.key));
        }
    }
    assert_eq!(ended, 4);
    assert_eq!(tab.status("poison"), "quarantined EndsConnections");
    assert_eq!(tab.stored(), ["poison"]);
}

#[test]
fn accuses_nothing_that_was_sent_long_before_the_connection_ended() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    for _ in 0..10 {
        tab.live();
        tab.pass(seconds(5));
        tab.down();
    }
    assert_eq!(tab.status("a"), "queued");
}

#[test]
fn accuses_an_action_no_more_when_the_server_has_answered() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    for _ in 0..10 {
        tab.live_with_memory("m", 0);
        tab.down();
        tab.live_with_memory("m", 0);
        tab.answer(tab.frame("a").transmission, retry(Duration::from_millis(100)));
        tab.pass(seconds(1));
        tab.down();
    }
    assert_ne!(tab.status("a"), "quarantined EndsConnections");
}

#[test]
fn holds_nothing_up_for_long_when_one_is_suspected_and_never_answered() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a"]);
    tab.enqueue_all("y", &["b"]);
    tab.live();
    tab.down();
    tab.live();
    assert_eq!(tab.sent(), ["a", "b", "a"], "alone");
    tab.pass(seconds(5));
    assert_eq!(tab.sent(), ["a", "b", "a", "b"], "it has survived");
}
