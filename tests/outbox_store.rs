//! Several clients on one store, stores that fail, stores that hold what an earlier run left.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod outbox_support;

use std::cell::RefCell;
use std::rc::Rc;

use outbox_support::server::{Server, retry};
use outbox_support::store::{Kind, Store};
use outbox_support::{Tab, action, key, seconds};
use serde_json::Value;
use sockeye::client::outbox::{Answer, Clear, EnqueueError, ItemState, NewAction, OutboxConfig};
use sockeye::client::store::{Parked, StoreAnswer, StoreError, Unreadable};

fn tabs() -> (Tab, Tab, Rc<RefCell<Store>>) {
    let store = Rc::default();
    let leader = Tab::new(0, &store, OutboxConfig::default());
    let follower = Tab::new(1, &store, OutboxConfig::default());
    (leader, follower, store)
}

/// The next page on the store of one that is gone.
fn reload(store: &Rc<RefCell<Store>>) -> Tab {
    store.borrow_mut().leave(0);
    store.borrow_mut().leave(1);
    Tab::new(2, store, OutboxConfig::default())
}

#[test]
fn lets_one_client_drain_what_all_enqueue() {
    let (mut leader, mut follower, _) = tabs();
    leader.live();
    follower.live();
    follower.enqueue(action("a", "x"));
    assert!(follower.frames.is_empty() && leader.frames.is_empty());
    leader.hear();
    assert_eq!(leader.sent(), ["a"]);
    follower.hear();
    assert_eq!(follower.status("a"), "sent");
    leader.acknowledge("a");
    follower.hear();
    assert_eq!(follower.statuses("a"), ["queued", "sent", "applied"]);
    assert!(follower.frames.is_empty());
}

#[test]
fn takes_over_when_the_leader_is_gone() {
    let (mut leader, mut follower, store) = tabs();
    let mut server = Server::default();
    follower.enqueue_all("x", &["a", "b", "c"]);
    leader.hear();
    leader.live_with(&server);
    leader.serve_one(&mut server, 0);
    // b was applied, but nobody heard the answer; c did not arrive.
    server.apply(leader.frames[1].envelope.as_ref().unwrap());
    store.borrow_mut().leave(0);
    follower.live_with(&server);
    follower.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
    assert_eq!(follower.sent(), ["b", "c"]);
    assert!(follower.stored().is_empty());
}

#[test]
fn does_no_harm_when_it_wakes_up_after_another_has_taken_over() {
    let (mut zombie, mut other, store) = tabs();
    let mut server = Server::default();
    zombie.enqueue_all("x", &["a", "b", "c"]);
    zombie.live_with(&server);
    let frame = zombie.frames[0].clone();
    let answer = server.apply(frame.envelope.as_ref().unwrap());
    store.borrow_mut().leave(0);
    other.live_with(&server);
    assert_eq!(other.sent(), ["a"]);
    zombie.answer(frame.transmission, answer);
    assert_eq!(zombie.status("a"), "applied", "the answer is true all the same");
    assert_eq!(store.borrow().keys(), ["a", "b", "c"], "but it removes nothing");
    other.serve(&mut server, 0);
    zombie.hear();
    assert_eq!(zombie.statuses("c").last(), Some(&"applied"));
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
    assert!(zombie.outbox.items(zombie.now).is_empty());
    assert!(zombie.frames.len() <= 1, "it sends nothing");
}

#[test]
fn gives_up_what_is_under_way_when_it_may_not_drain_any_more() {
    let (mut zombie, mut other, store) = tabs();
    zombie.enqueue_all("x", &["a"]);
    zombie.enqueue_all("y", &["b"]);
    zombie.live();
    store.borrow_mut().leave(0);
    other.run();
    zombie.acknowledge("a");
    assert_eq!(zombie.abandoned, [zombie.frame("b").transmission]);
    assert_eq!(zombie.status("b"), "queued");
    assert_eq!(store.borrow().waiting.len(), 1, "it asks for the right again");
}

#[test]
fn decides_in_the_store_whether_an_action_can_be_cancelled() {
    let (mut leader, mut follower, _) = tabs();
    follower.enqueue_all("x", &["a", "b"]);
    leader.hear();
    leader.live();
    // The follower has not heard that a was sent; the leader does not hear that b is gone.
    follower.cancel("a");
    follower.cancel("b");
    assert_eq!(follower.refused, ["a"]);
    assert_eq!(follower.status("b"), "cancelled Asked");
    leader.acknowledge("a");
    assert_eq!(leader.sent(), ["a"]);
    leader.hear();
    assert_eq!(leader.status("b"), "cancelled Removed");
}

#[test]
fn replaces_nothing_that_another_client_has_sent() {
    let (mut leader, mut follower, _) = tabs();
    let edit = |name: &str| NewAction { coalesce_key: Some("doc".into()), ..action(name, "x") };
    follower.enqueue(edit("a"));
    leader.hear();
    leader.live();
    follower.enqueue(edit("b"));
    assert_eq!(follower.status("a"), "queued");
    leader.hear();
    leader.acknowledge("a");
    leader.acknowledge("b");
    follower.hear();
    assert_eq!((follower.status("a"), follower.status("b")), ("applied", "applied"));
}

#[test]
fn keeps_the_order_of_a_lane_when_the_news_of_an_action_is_late() {
    let (mut leader, mut follower, _) = tabs();
    let mut server = Server::default();
    leader.live_with(&server);
    follower.enqueue(action("first", "x"));
    leader.enqueue(action("second", "x"));
    leader.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["first", "second"]);
}

#[test]
fn does_not_bring_back_what_ended_before_it_was_said_to_be_there() {
    let (mut leader, mut follower, store) = tabs();
    let mut slow = Tab::new(2, &store, OutboxConfig::default());
    leader.live();
    slow.enqueue(action("a", "x"));
    leader.hear();
    leader.acknowledge("a");
    store.borrow_mut().news.get_mut(&1).unwrap().reverse();
    follower.hear();
    assert!(follower.outbox.items(follower.now).is_empty());
    assert!(follower.told.is_empty());
}

#[test]
fn learns_by_reading_when_the_news_were_lost() {
    let (mut leader, mut follower, store) = tabs();
    follower.enqueue_all("x", &["a"]);
    store.borrow_mut().news.insert(0, Vec::new());
    leader.live();
    assert!(leader.frames.is_empty());
    leader.outbox.refresh(leader.now);
    leader.run();
    leader.acknowledge("a");
    store.borrow_mut().news.insert(1, Vec::new());
    follower.outbox.refresh(follower.now);
    follower.run();
    assert_eq!(follower.status("a"), "queued", "the news may still come");
    follower.pass(seconds(2));
    assert_eq!(follower.status("a"), "unknown Unseen");
    // Nothing can be done about it any more: there is nothing left to send again.
    assert_eq!(follower.forgotten, ["a"]);
}

#[test]
fn tells_how_an_action_ended_when_the_news_come_after_the_reading() {
    let (mut leader, mut follower, _) = tabs();
    follower.enqueue_all("x", &["a"]);
    leader.hear();
    leader.live();
    leader.acknowledge("a");
    follower.outbox.refresh(follower.now);
    follower.run();
    follower.pass(seconds(1));
    follower.hear();
    assert_eq!(follower.statuses("a"), ["queued", "applied"]);
}

#[test]
fn tells_how_an_action_ended_when_it_stood_still_before_it_heard_the_news() {
    let (mut leader, mut follower, _) = tabs();
    follower.enqueue_all("x", &["a"]);
    leader.hear();
    leader.live();
    leader.acknowledge("a");
    follower.outbox.refresh(follower.now);
    follower.run();
    follower.now = follower.now + seconds(60);
    follower.outbox.handle_timeout(follower.now);
    follower.run();
    follower.hear();
    assert_eq!(follower.statuses("a"), ["queued", "applied"]);
}

#[test]
fn lets_any_client_retry_what_is_put_aside() {
    let (mut leader, mut follower, _) = tabs();
    leader.enqueue(NewAction { resend: false, ..action("a", "x") });
    leader.live();
    leader.down();
    follower.hear();
    assert_eq!(follower.status("a"), "unknown Earlier");
    assert!(follower.outbox.retry(&key("a"), follower.now));
    follower.run();
    leader.live();
    leader.hear();
    leader.acknowledge("a");
    follower.hear();
    assert_eq!((leader.status("a"), follower.status("a")), ("applied", "applied"));
}

#[test]
fn tells_how_an_action_ends_when_it_was_retried_twice() {
    let (mut leader, mut follower, _) = tabs();
    leader.enqueue(NewAction { resend: false, ..action("a", "x") });
    leader.live();
    leader.down();
    follower.hear();
    follower.is_slow = true;
    assert!(follower.outbox.retry(&key("a"), follower.now));
    assert!(follower.outbox.retry(&key("a"), follower.now));
    follower.is_slow = false;
    follower.run();
    leader.live();
    leader.hear();
    leader.acknowledge("a");
    follower.hear();
    assert_eq!(follower.status("a"), "applied");
}

#[test]
fn keeps_what_is_retried_before_the_store_knows_that_it_is_put_aside() {
    let mut tab = Tab::alone();
    tab.store.borrow_mut().fail.insert(Kind::Park, StoreError::Full);
    tab.enqueue(NewAction { resend: false, ..action("a", "x") });
    tab.live();
    tab.down();
    assert_eq!(tab.status("a"), "unknown NotResent");
    tab.store.borrow_mut().fail.clear();
    tab.outbox.retry(&key("a"), tab.now);
    tab.run();
    tab.pass(seconds(60));
    tab.outbox.retry(&key("a"), tab.now);
    tab.run();
    tab.live();
    tab.acknowledge("a");
    assert_eq!(tab.status("a"), "applied");
    assert!(tab.stored().is_empty());
}

/// A tab whose action is put aside, which the store has no room to note.
fn parked_in_memory() -> (Tab, Server) {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.store.borrow_mut().fail.insert(Kind::Park, StoreError::Full);
    tab.enqueue(action("a", "x"));
    tab.live_with(&server);
    tab.pass(seconds(6));
    tab.down();
    server.forget();
    tab.live_with(&server);
    assert_eq!(tab.status("a"), "unknown MemoryLost");
    assert_eq!(tab.store.borrow().record("a").unwrap().parked, None);
    (tab, server)
}

#[test]
fn sends_an_action_again_that_is_put_aside_in_memory_only() {
    let (mut tab, mut server) = parked_in_memory();
    assert!(tab.outbox.retry(&key("a"), tab.now));
    tab.run();
    tab.pass(seconds(1));
    assert_eq!(tab.statuses("a")[5..], ["queued", "sending", "sent"]);
    tab.serve(&mut server, 1);
    assert_eq!(tab.status("a"), "applied");
    assert!(tab.stored().is_empty());
}

#[test]
fn sends_an_action_again_when_the_store_says_that_it_could_not_put_it_aside_only_after_that() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { resend: false, ..action("a", "x") });
    tab.live();
    tab.is_slow = true;
    tab.down();
    tab.outbox.retry(&key("a"), tab.now);
    tab.run();
    let (park, _) = tab.asked.pop_front().unwrap();
    tab.is_slow = false;
    tab.run();
    tab.outbox.handle_store(park, StoreAnswer::Failed(StoreError::Full), tab.now);
    tab.pass(seconds(60));
    assert_eq!(tab.status("a"), "queued");
    tab.live_with(&server);
    tab.serve(&mut server, 1);
    assert_eq!(tab.status("a"), "applied");
}

#[test]
fn sends_an_action_again_although_the_store_is_read_before_it_knows() {
    let (mut tab, mut server) = parked_in_memory();
    tab.outbox.pause();
    tab.outbox.retry(&key("a"), tab.now);
    tab.run();
    tab.outbox.refresh(tab.now);
    tab.run();
    assert_eq!(tab.status("a"), "queued");
    tab.outbox.resume(tab.now);
    tab.pass(seconds(1));
    tab.serve(&mut server, 1);
    assert_eq!(tab.status("a"), "applied");
}

#[test]
fn says_that_an_action_stays_put_aside_when_the_store_cannot_queue_it_again() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { resend: false, ..action("a", "x") });
    tab.live();
    tab.down();
    tab.store.borrow_mut().fail.insert(Kind::Other, StoreError::Failed);
    tab.outbox.retry(&key("a"), tab.now);
    tab.run();
    assert_eq!(tab.statuses("a")[3..], ["unknown NotResent", "unknown Earlier"]);
    tab.store.borrow_mut().fail.clear();
    tab.outbox.retry(&key("a"), tab.now);
    tab.run();
    assert_eq!(tab.status("a"), "queued");
}

#[test]
fn sends_the_same_keys_after_a_reload() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with(&server);
    server.apply(tab.frames[0].envelope.as_ref().unwrap());
    let mut reloaded = reload(&tab.store);
    assert_eq!(reloaded.statuses("a"), ["queued"]);
    assert_eq!(reloaded.outbox.items(reloaded.now)[0].attempts, 1);
    reloaded.live_with(&server);
    reloaded.lanes = tab.lanes.clone();
    reloaded.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["a", "b"]);
    assert!(reloaded.frames[0].number().0 > tab.frames[0].number().0, "in a new epoch");
}

#[test]
fn still_knows_after_a_reload_what_may_have_been_applied() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with(&server);
    server.forget();
    let mut reloaded = reload(&tab.store);
    reloaded.cancel("a");
    assert_eq!(reloaded.refused, ["a"]);
    reloaded.live_with(&server);
    assert_eq!(reloaded.status("a"), "unknown MemoryLost");
    assert_eq!(reloaded.sent(), ["b"]);
    let again = reload(&tab.store);
    assert_eq!(again.status("a"), "unknown Earlier", "it stays put aside");
}

#[test]
fn remembers_over_a_reload_how_many_connections_an_action_has_ended() {
    let mut tab = Tab::alone();
    tab.enqueue(action("poison", "x"));
    for _ in 0..2 {
        tab.live();
        tab.down();
    }
    tab.live();
    let mut reloaded = reload(&tab.store);
    assert_eq!(tab.store.borrow().record("poison").unwrap().kills, 2);
    reloaded.live();
    reloaded.down();
    assert_eq!(reloaded.status("poison"), "quarantined EndsConnections");
}

#[test]
fn takes_over_how_many_connections_an_action_has_ended_when_the_news_were_lost() {
    let (mut leader, mut follower, store) = tabs();
    leader.enqueue_all("x", &["poison"]);
    leader.enqueue_all("y", &["other"]);
    follower.hear();
    leader.live();
    leader.acknowledge("other");
    for _ in 0..2 {
        leader.down();
        leader.live();
    }
    store.borrow_mut().news.insert(1, Vec::new());
    store.borrow_mut().leave(0);
    follower.enqueue_all("y", &["another"]);
    follower.run();
    follower.live();
    assert_eq!(follower.sent(), ["poison"], "it is sent alone");
    follower.down();
    assert_eq!(follower.status("poison"), "quarantined EndsConnections");
}

#[test]
fn sends_again_what_another_client_lets_be_sent_although_an_older_reading_comes_after_the_news() {
    let (mut leader, mut follower, store) = tabs();
    leader.enqueue(NewAction { resend: false, ..action("a", "x") });
    leader.live();
    leader.down();
    follower.hear();
    assert_eq!(leader.status("a"), "unknown NotResent");
    leader.is_slow = true;
    leader.outbox.refresh(leader.now);
    leader.run();
    let (ticket, command) = leader.asked.pop_front().unwrap();
    let reading = store.borrow_mut().perform(0, ticket.0, command, leader.now).unwrap();
    follower.outbox.retry(&key("a"), follower.now);
    follower.run();
    leader.hear();
    leader.outbox.handle_store(ticket, reading, leader.now);
    leader.is_slow = false;
    leader.live();
    assert_eq!(leader.sent(), ["a", "a"]);
    leader.acknowledge("a");
    assert!(leader.stored().is_empty());
}

#[test]
fn forgets_no_ended_connection_when_an_older_reading_comes_after_its_note() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["poison"]);
    tab.live();
    tab.down();
    tab.is_slow = true;
    tab.outbox.refresh(tab.now);
    tab.run();
    let (ticket, command) = tab.asked.pop_front().unwrap();
    let reading = tab.store.borrow_mut().perform(0, ticket.0, command, tab.now).unwrap();
    tab.is_slow = false;
    tab.live();
    assert_eq!(tab.store.borrow().record("poison").unwrap().kills, 1);
    tab.outbox.handle_store(ticket, reading, tab.now);
    tab.down();
    tab.live();
    tab.down();
    assert_eq!(tab.sent().len(), 3);
    assert_eq!(tab.status("poison"), "quarantined EndsConnections");
}

#[test]
fn tells_nothing_more_of_a_record_that_could_not_be_read_when_another_replaces_it() {
    let mut tab = Tab::alone();
    let newest = |name| NewAction { coalesce_key: Some("same".into()), ..action(name, "x") };
    tab.enqueue(newest("a"));
    tab.is_slow = true;
    tab.enqueue(newest("b"));
    let put = tab.asked.pop_front().unwrap();
    let damaged = Unreadable { key: key("a"), is_future: false };
    tab.store.borrow_mut().unreadable.push(damaged);
    tab.outbox.refresh(tab.now);
    tab.is_slow = false;
    tab.run();
    assert_eq!(tab.status("a"), "quarantined Unreadable");
    tab.store.borrow_mut().unreadable.clear();
    tab.asked.push_back(put);
    tab.run();
    tab.live();
    assert_eq!(tab.statuses("a"), ["queued", "quarantined Unreadable"]);
    assert_eq!(tab.sent(), ["b"]);
    assert_eq!(tab.outbox.items(tab.now).len(), 1);
}

#[test]
fn tells_nothing_more_of_a_record_that_could_not_be_read_when_it_is_removed() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.is_slow = true;
    tab.cancel("a");
    let remove = tab.asked.pop_front().unwrap();
    let damaged = Unreadable { key: key("a"), is_future: false };
    tab.store.borrow_mut().unreadable.push(damaged);
    tab.outbox.refresh(tab.now);
    tab.is_slow = false;
    tab.run();
    assert_eq!(tab.status("a"), "quarantined Unreadable");
    tab.asked.push_back(remove);
    tab.run();
    assert_eq!(tab.statuses("a"), ["queued", "quarantined Unreadable"]);
    assert!(tab.outbox.items(tab.now).is_empty());
}

#[test]
fn takes_no_late_news_of_a_record_that_it_could_not_read() {
    let (mut leader, mut follower, store) = tabs();
    leader.live();
    follower.enqueue_all("x", &["a"]);
    let damaged = Unreadable { key: key("a"), is_future: false };
    store.borrow_mut().unreadable.push(damaged);
    leader.outbox.refresh(leader.now);
    leader.run();
    leader.hear();
    assert_eq!(leader.statuses("a"), ["quarantined Unreadable"]);
    assert!(leader.frames.is_empty());
}

#[test]
fn forgets_a_user_and_leaves_the_actions_in_the_store() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live();
    tab.outbox.park();
    tab.run();
    assert_eq!(tab.abandoned.len(), 1);
    assert!(tab.outbox.items(tab.now).is_empty());
    assert_eq!(tab.stored(), ["a", "b"]);
    assert_eq!(tab.store.borrow().leader, None);
    let frames = tab.frames.len();
    tab.store = Rc::default();
    tab.outbox.open("bob".into(), tab.now);
    tab.run();
    tab.live();
    tab.enqueue(action("c", "x"));
    assert_eq!(tab.sent()[frames..], ["c"], "nothing of the other one is sent");
}

#[test]
fn counts_an_action_as_ended_when_the_store_cannot_remove_it() {
    for is_silent in [false, true] {
        let mut tab = Tab::alone();
        tab.enqueue_all("x", &["a", "b"]);
        if is_silent {
            tab.store.borrow_mut().silent.insert(Kind::Settle);
        } else {
            tab.store.borrow_mut().fail.insert(Kind::Settle, StoreError::Failed);
        }
        tab.live();
        tab.acknowledge("a");
        assert_eq!(tab.status("a"), "applied");
        tab.pass(seconds(120));
        assert_eq!(tab.frames.iter().filter(|frame| frame.key == "a").count(), 1);
        assert_eq!(tab.try_enqueue(action("a", "x")), Err(EnqueueError::DuplicateKey));
        let tries = tab.store.borrow().count[&Kind::Settle];
        assert!((5..100).contains(&tries), "{tries}");
        tab.store.borrow_mut().silent.clear();
        tab.store.borrow_mut().fail.clear();
        tab.pass(seconds(60));
        assert_eq!(tab.stored(), ["b"]);
    }
}

#[test]
fn goes_on_to_drain_and_remove_when_the_store_is_full() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a"]);
    tab.enqueue_all("y", &["b"]);
    tab.live();
    tab.store.borrow_mut().fail.insert(Kind::Put, StoreError::Full);
    tab.store.borrow_mut().fail.insert(Kind::Mark, StoreError::Full);
    tab.enqueue(action("c", "x"));
    assert_eq!(tab.status("c"), "not stored Full");
    tab.acknowledge("a");
    assert_eq!(tab.stored(), ["b"]);
    tab.pass(seconds(6));
    tab.down();
    tab.live();
    assert_eq!(tab.frame("b").key, "b", "what is marked is sent again");
    assert_eq!(tab.frames.len(), 3);
}

#[test]
fn waits_when_the_store_fails_to_mark_or_to_load() {
    for kind in [Kind::Mark, Kind::Load] {
        let mut tab = Tab::alone();
        tab.enqueue_all("x", &["a"]);
        tab.store.borrow_mut().fail.insert(kind, StoreError::Failed);
        tab.live();
        tab.pass(seconds(300));
        let tries = tab.store.borrow().count[&kind];
        assert!((10..100).contains(&tries), "{tries} of {kind:?}");
        assert!(tab.frames.is_empty());
        tab.store.borrow_mut().fail.clear();
        tab.pass(seconds(31));
        assert_eq!(tab.sent(), ["a"]);
    }
}

#[test]
fn opens_and_leads_when_the_store_comes_back() {
    for kind in [Kind::Open, Kind::Lead] {
        let store: Rc<RefCell<Store>> = Rc::default();
        store.borrow_mut().fail.insert(kind, StoreError::Failed);
        let mut tab = Tab::new(0, &store, OutboxConfig::default());
        tab.live();
        tab.enqueue(action("a", "x"));
        // A store that is not open may still be that of another user: nothing is put there.
        let stored = if kind == Kind::Open { "" } else { "queued" };
        assert_eq!(tab.status("a"), stored);
        tab.pass(seconds(300));
        assert!(tab.frames.is_empty());
        store.borrow_mut().fail.clear();
        tab.pass(seconds(31));
        assert_eq!(tab.frames[0].key, "a");
    }
}

#[test]
fn leaves_a_store_that_fails_alone_while_nothing_waits_and_nobody_is_connected() {
    for kind in [Kind::Open, Kind::Lead] {
        let store: Rc<RefCell<Store>> = Rc::default();
        store.borrow_mut().fail.insert(kind, StoreError::Failed);
        let mut tab = Tab::new(0, &store, OutboxConfig::default());
        let tries = || store.borrow().count[&kind];
        tab.pass(seconds(300));
        assert_eq!(tries(), 1, "{kind:?}");
        assert_eq!(tab.outbox.deadline(), None);
        tab.live();
        tab.pass(seconds(300));
        assert!((10..100).contains(&tries()), "{} of {kind:?}", tries());
        tab.down();
        tab.pass(seconds(30));
        let before = tries();
        tab.pass(seconds(300));
        assert_eq!(tries(), before);
        tab.enqueue(action("a", "x"));
        tab.pass(seconds(300));
        assert!(tries() > before + 5);
        store.borrow_mut().fail.clear();
        tab.pass(seconds(31));
        assert_eq!(tab.stored(), ["a"]);
    }
}

#[test]
fn wants_the_server_when_it_is_not_known_what_the_store_holds() {
    let store: Rc<RefCell<Store>> = Rc::default();
    store.borrow_mut().fail.insert(Kind::Open, StoreError::Failed);
    let mut tab = Tab::new(0, &store, OutboxConfig::default());
    assert!(tab.outbox.wants_server());
    store.borrow_mut().fail.clear();
    tab.live();
    tab.pass(seconds(31));
    assert!(!tab.outbox.wants_server(), "it holds nothing");
}

#[test]
fn puts_an_action_aside_when_its_payload_is_damaged() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.store.borrow_mut().damaged.insert(key("a"));
    tab.live();
    assert_eq!(tab.status("a"), "quarantined Unreadable");
    assert_eq!(tab.sent(), ["b"]);
    assert_eq!(tab.store.borrow().record("a").unwrap().parked, Some(Parked::Quarantined));
}

#[test]
fn tells_of_a_record_that_cannot_be_read_and_goes_on() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    let unreadable = Unreadable { key: key("a"), is_future: false };
    tab.store.borrow_mut().unreadable.push(unreadable);
    let mut reloaded = reload(&tab.store);
    reloaded.live();
    assert_eq!(reloaded.statuses("a"), ["quarantined Unreadable"], "once");
    assert_eq!(reloaded.sent(), ["b"]);
    assert_eq!(tab.stored(), ["a", "b"], "nothing is removed");
}

/// Two clients of a store with one record that cannot be read.
fn tabs_with_damage() -> (Tab, Tab, Rc<RefCell<Store>>) {
    let (mut first, _, store) = tabs();
    first.enqueue_all("x", &["damaged", "fine"]);
    store.borrow_mut().unreadable.push(Unreadable { key: key("damaged"), is_future: false });
    store.borrow_mut().leave(0);
    let open = |number| Tab::new(number, &store, OutboxConfig::default());
    let (second, third) = (open(2), open(3));
    assert_eq!(third.statuses("damaged"), ["quarantined Unreadable"]);
    (second, third, store)
}

#[test]
fn removes_a_record_that_cannot_be_read_when_it_is_thrown_away() {
    for clears in [false, true] {
        let (mut tab, mut other, store) = tabs_with_damage();
        if clears {
            tab.outbox.clear(Clear::Parked, tab.now);
        } else {
            tab.outbox.discard(&key("damaged"));
        }
        tab.run();
        other.hear();
        assert_eq!(tab.stored(), ["fine"]);
        assert_eq!((&tab.forgotten, &tab.refused), (&vec!["damaged".to_owned()], &vec![]));
        assert_eq!(other.forgotten, ["damaged"]);
        assert_eq!(reload(&store).statuses("damaged"), [""; 0]);
    }
}

#[test]
fn says_so_when_the_store_cannot_throw_away_what_is_put_aside() {
    let (mut tab, _, store) = tabs_with_damage();
    store.borrow_mut().change("fine", |record| record.parked = Some(Parked::Unknown));
    let mut tab2 = Tab::new(4, &store, OutboxConfig::default());
    store.borrow_mut().fail.insert(Kind::Remove, StoreError::Failed);
    for (tab, name) in [(&mut tab, "damaged"), (&mut tab2, "fine")] {
        tab.outbox.discard(&key(name));
        tab.run();
        assert_eq!((&tab.refused, &tab.forgotten), (&vec![name.to_owned()], &vec![]));
    }
    store.borrow_mut().fail.clear();
    tab2.outbox.discard(&key("fine"));
    tab2.run();
    assert_eq!(tab2.forgotten, ["fine"]);
}

#[test]
fn throws_away_nothing_that_is_to_be_sent() {
    let (mut tab, _, store) = tabs_with_damage();
    for name in ["fine", "nobody"] {
        tab.outbox.discard(&key(name));
        tab.run();
    }
    assert_eq!(tab.refused, ["fine", "nobody"]);
    assert_eq!(store.borrow().count.get(&Kind::Remove), None);
}

#[test]
fn tells_that_what_is_put_aside_is_gone_when_another_client_has_thrown_it_away() {
    for is_heard in [true, false] {
        let (mut leader, mut follower, store) = tabs();
        leader.enqueue(NewAction { resend: false, ..action("a", "x") });
        leader.live();
        leader.down();
        follower.hear();
        assert_eq!(follower.status("a"), "unknown Earlier");
        follower.outbox.clear(Clear::All, follower.now);
        follower.run();
        if is_heard {
            leader.hear();
        } else {
            leader.outbox.retry(&key("a"), leader.now);
            leader.run();
        }
        assert_eq!((follower.forgotten, leader.forgotten), (vec!["a".into()], vec!["a".into()]));
        assert!(store.borrow().keys().is_empty());
    }
}

#[test]
fn touches_nothing_when_the_store_is_of_a_version_to_come() {
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    let unreadable = Unreadable { key: key("b"), is_future: true };
    tab.store.borrow_mut().unreadable.push(unreadable);
    let mut older = reload(&tab.store);
    older.live();
    older.pass(seconds(300));
    assert!(older.frames.is_empty());
    assert_eq!(older.try_enqueue(action("c", "x")), Err(EnqueueError::StoreVersion));
    assert_eq!(tab.stored(), ["a", "b"]);
    assert_eq!(tab.store.borrow().leader, None);
    let store: Rc<RefCell<Store>> = Rc::default();
    store.borrow_mut().fail.insert(Kind::Open, StoreError::Version);
    let mut refused = Tab::new(0, &store, OutboxConfig::default());
    assert_eq!(refused.try_enqueue(action("c", "x")), Err(EnqueueError::StoreVersion));
}

#[test]
fn sends_what_the_store_still_has_when_it_went_back_in_time() {
    let mut server = Server::default();
    let mut tab = Tab::alone();
    tab.enqueue_all("x", &["a", "b"]);
    tab.live_with(&server);
    let before = tab.store.borrow().record("b").unwrap().clone();
    tab.serve(&mut server, 0);
    assert!(tab.stored().is_empty());
    // The store is as it was before b was sent, its epoch included.
    tab.store.borrow_mut().insert(before, tab.now);
    tab.store.borrow_mut().epoch = 0;
    let mut reloaded = reload(&tab.store);
    reloaded.enqueue(action("c", "x"));
    reloaded.live_with(&server);
    reloaded.serve(&mut server, 0);
    assert_eq!(server.effects_of("x"), ["a", "b", "c"]);
    assert_eq!((reloaded.status("b"), reloaded.status("c")), ("applied", "applied"));
}

#[test]
fn never_lets_two_copies_of_a_store_apply_an_action_twice() {
    let mut server = Server::default();
    let mut one = Tab::alone();
    one.enqueue_all("x", &["a", "b"]);
    let copy: Rc<RefCell<Store>> = Rc::default();
    for name in ["a", "b"] {
        copy.borrow_mut().insert(one.store.borrow().record(name).unwrap().clone(), one.now);
    }
    let mut two = Tab::new(7, &copy, OutboxConfig { seed: 9, ..OutboxConfig::default() });
    one.live_with(&server);
    two.live_with(&server);
    one.enqueue_all("x", &["of-one", "of-one-2"]);
    two.enqueue_all("x", &["of-two", "of-two-2"]);
    for step in 0..200 {
        let tab = if step % 2 == 0 { &mut one } else { &mut two };
        tab.pass(seconds(1));
        serve_next(tab, &mut server);
    }
    for name in ["a", "b", "of-one", "of-one-2", "of-two", "of-two-2"] {
        assert_eq!(server.count(name), 1, "{name}");
    }
    let order = server.effects_of("x");
    let place = |name: &str| order.iter().position(|other| *other == name).unwrap();
    assert!(place("of-one") < place("of-one-2") && place("of-two") < place("of-two-2"));
    assert!(one.stored().is_empty() && two.stored().is_empty());
}

/// Answers the oldest frame of a client that has no answer yet.
fn serve_next(tab: &mut Tab, server: &mut Server) {
    let next = tab.refused.len();
    if next < tab.frames.len() {
        // The list of refused cancellations counts here, for nothing is cancelled.
        tab.refused.push(String::new());
        tab.serve_one(server, next);
    }
}

#[test]
fn ignores_answers_and_news_that_nobody_waits_for() {
    let mut tab = Tab::alone();
    tab.enqueue(action("a", "x"));
    tab.live();
    let transmission = tab.frame("a").transmission;
    tab.answer(transmission, retry(seconds(1)));
    tab.answer(transmission, Answer::Acknowledged(Value::Null));
    assert_eq!(tab.status("a"), "queued");
    assert_eq!(tab.outbox.items(tab.now)[0].state, ItemState::Queued);
    let stale = sockeye::client::store::StoreTicket(0);
    let answer = sockeye::client::store::StoreAnswer::Removed;
    tab.outbox.handle_store(stale, answer, tab.now);
    tab.run();
    assert_eq!(tab.status("a"), "queued");
}

#[test]
fn says_expired_only_when_it_still_is_the_one_that_drains_and_before_the_record_is_gone() {
    let (mut leader, mut other, store) = tabs();
    leader.enqueue(NewAction { ttl: Some(seconds(60)), ..action("a", "x") });
    leader.is_slow = true;
    leader.pass(seconds(60));
    assert_eq!(leader.status("a"), "queued", "the store has not agreed yet");
    leader.step_store();
    leader.run();
    assert_eq!(leader.status("a"), "expired");
    assert_eq!(store.borrow().keys(), ["a"], "a crash now loses no news");
    leader.is_slow = false;
    leader.run();
    assert!(store.borrow().keys().is_empty());
    // Another one has sent it when this one wakes up.
    leader.enqueue(NewAction { ttl: Some(seconds(60)), ..action("b", "x") });
    store.borrow_mut().leave(0);
    other.live();
    other.hear();
    leader.pass(seconds(60));
    other.acknowledge("b");
    leader.hear();
    assert_eq!(leader.statuses("b"), ["queued", "sent", "applied"]);
}

#[test]
fn lets_actions_expire_when_the_store_is_full() {
    let mut tab = Tab::alone();
    tab.enqueue(NewAction { ttl: Some(seconds(60)), ..action("a", "x") });
    tab.store.borrow_mut().fail.insert(Kind::Mark, StoreError::Full);
    tab.pass(seconds(60));
    assert_eq!(tab.status("a"), "expired");
    assert!(tab.stored().is_empty());
}
