//! Where the application is asked for the address before each attempt.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use sockeye::manager::{AddressTicket, Cause, Config, SocketId, Status};
use support::{Call, Pair, Told, Upgrade};

/// A pair that has been asked for the address.
fn asked() -> (Pair, SocketId) {
    let mut pair = Pair::with(Config { address_on_demand: true, ..Config::default() });
    let socket = pair.client.socket("/", false);
    pair.connect(socket);
    (pair, socket)
}

/// The questions for the address: the ticket, and which attempt it is for.
fn questions(pair: &Pair) -> Vec<(AddressTicket, u32)> {
    let question = |told: &Told| match told {
        Told::AddressNeeded { ticket, attempt } => Some((*ticket, *attempt)),
        _ => None,
    };
    pair.log.iter().filter_map(question).collect()
}

fn give_address(pair: &mut Pair) {
    let (ticket, _) = *questions(pair).last().unwrap();
    pair.call(Call::UseAddress(ticket)).unwrap();
    pair.drive();
}

fn wait(pair: &mut Pair, socket: SocketId) {
    let left = pair.retry_at(socket).since(pair.now);
    pair.advance(left.as_millis() as u64 + 1);
}

#[test]
fn asks_for_the_address_before_each_attempt_and_opens_nothing_before() {
    let (mut pair, socket) = asked();
    assert!(matches!(pair.status(socket), Status::Connecting { attempt: 1, .. }));
    assert!(pair.opened.is_empty());
    pair.server.upgrade = Upgrade::Refuse;
    give_address(&mut pair);
    for attempt in 2..6 {
        wait(&mut pair, socket);
        assert_eq!(questions(&pair).last().unwrap().1, attempt);
        assert_eq!(pair.opened.len() as u32, attempt - 1);
        give_address(&mut pair);
    }
    pair.server.upgrade = Upgrade::Accept;
    wait(&mut pair, socket);
    give_address(&mut pair);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn fails_the_attempt_when_there_is_no_address() {
    let (mut pair, socket) = asked();
    let (ticket, _) = questions(&pair)[0];
    pair.call(Call::FailAddress(ticket)).unwrap();
    assert_eq!(pair.failures(), [Cause::AddressFailed]);
    assert!(pair.retry_at(socket) > pair.now);
    wait(&mut pair, socket);
    give_address(&mut pair);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn fails_the_attempt_when_the_address_takes_too_long() {
    let (mut pair, socket) = asked();
    let (late, _) = questions(&pair)[0];
    pair.advance(20_000);
    assert_eq!(pair.failures(), [Cause::AddressFailed]);
    pair.call(Call::UseAddress(late)).unwrap();
    assert!(pair.opened.is_empty(), "that attempt is over");
    assert!(matches!(pair.status(socket), Status::Waiting { .. }));
}

#[test]
fn gives_the_attempt_what_the_address_has_left_of_its_time() {
    let (mut pair, socket) = asked();
    pair.server.upgrade = Upgrade::Ignore;
    pair.advance(15_000);
    give_address(&mut pair);
    pair.advance(4_999);
    assert!(matches!(pair.status(socket), Status::Connecting { .. }));
    pair.advance(1);
    assert_eq!(pair.failures(), [Cause::ConnectTimeout]);
}

#[test]
fn asks_no_more_when_nobody_wants_a_connection() {
    let (mut pair, socket) = asked();
    let (old, _) = questions(&pair)[0];
    pair.disconnect(socket);
    assert!(pair.deadline().is_none());
    pair.connect(socket);
    assert_eq!(questions(&pair).len(), 2);
    for call in [Call::UseAddress(old), Call::FailAddress(old)] {
        pair.call(call).unwrap();
        assert!(pair.opened.is_empty() && pair.failures().is_empty());
    }
    give_address(&mut pair);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn takes_a_namespace_along_that_connects_while_the_address_is_asked_for() {
    let (mut pair, socket) = asked();
    let late = pair.client.socket("/late", false);
    pair.advance(100);
    pair.connect(late);
    assert!(matches!(pair.status(late), Status::Connecting { attempt: 1, .. }));
    give_address(&mut pair);
    assert_eq!(pair.status(socket), Status::Connected);
    assert_eq!(pair.status(late), Status::Connected);
    assert_eq!(questions(&pair).len(), 1);
}
