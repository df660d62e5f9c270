//! A sign of life that every server gives, without a PING.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use sockeye::manager::{Cause, LIVENESS_NAMESPACE, Status};
use support::{Answer, Call, Pair, Told};

fn count(pair: &Pair) -> usize {
    pair.log.iter().filter(|told| **told == Told::Probed).count()
}

#[test]
fn takes_a_refusal_for_a_sign_of_life() {
    let (mut pair, socket) = Pair::connected();
    let refusal = format!(r#"44{LIVENESS_NAMESPACE},{{"message":"Invalid namespace"}}"#);
    pair.server.answer(LIVENESS_NAMESPACE, Answer::Frame(refusal));
    pair.call(Call::Probe).unwrap();
    pair.drive();
    assert_eq!(count(&pair), 1);
    assert_eq!(pair.server.frames(), ["40", "40/sockeye-liveness,"]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn leaves_a_server_that_accepts_everybody() {
    let (mut pair, socket) = Pair::connected();
    pair.call(Call::Probe).unwrap();
    pair.drive();
    assert_eq!(count(&pair), 1);
    assert_eq!(pair.server.frames()[1..], ["40/sockeye-liveness,", "41/sockeye-liveness,"]);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn asks_nobody_when_there_is_no_session() {
    let mut pair = Pair::new();
    pair.call(Call::Probe).unwrap();
    pair.call(Call::DeclareDead).unwrap();
    assert!(pair.log.is_empty() && pair.opened.is_empty());
}

#[test]
fn connects_anew_when_the_connection_is_declared_dead() {
    let (mut pair, socket) = Pair::connected();
    pair.call(Call::DeclareDead).unwrap();
    let status = pair.status(socket);
    assert!(
        matches!(status, Status::Waiting { cause: Some(Cause::PingTimeout), .. }),
        "{status:?}"
    );
    pair.advance(3_000);
    assert_eq!(pair.status(socket), Status::Connected);
}
