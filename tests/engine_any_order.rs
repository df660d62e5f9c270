//! An engine against a server that keeps the protocol, with everything that can go wrong between
//! them, in any order. The rules of the single actions are those of [`Rig`].
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sockeye::engineio::{EngineConfig, Failure, Notice, TransportKind};
use support::engine::{OPEN, Rig};

use TransportKind::{Polling, WebSocket};

#[derive(Clone, Debug)]
enum Move {
    Open(Option<u64>),
    Send,
    SendBinary,
    Close,
    Abandon,
    Opened(u32),
    /// An answer to whatever GET is under way, if one is.
    Polled(String),
    /// An answer to whatever POST is under way, if one is.
    Posted,
    Frame(u32, String),
    Binary(u32),
    Failed(u32, Failure),
    Stray(u32, String),
    Advance(u64),
    Sleep(u64),
    Wake,
}

fn any_packet() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        OPEN, OPEN, "1", "2", "3", "3probe", "3probe", "3probe", "2probe", "4", "4a", "4b", "5",
        "6", "6", "6", "7", "b", "bAQID", "b!", "", "0{}", "0",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => "\\PC{0,5}"]
}

fn any_body() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => Just(OPEN.to_owned()),
        5 => Just("6".to_owned()),
        3 => Just("2".to_owned()),
        3 => prop::collection::vec(any_packet(), 1..4).prop_map(|packets| packets.join("\x1e")),
    ]
}

fn any_failure() -> impl Strategy<Value = Failure> {
    let http = |(status, code)| Failure::Http { status, code };
    prop_oneof![
        Just(Failure::Failed),
        Just(Failure::Closed),
        Just(Failure::Unavailable),
        (100_u16..600, prop::option::of(0_u8..7)).prop_map(http),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    // A transport is named by its age: 0 is the newest.
    let age = || 0_u32..2;
    prop_oneof![
        4 => prop::option::of(0_u64..20_000).prop_map(Move::Open),
        10 => Just(Move::Send),
        3 => Just(Move::SendBinary),
        1 => Just(Move::Close),
        1 => Just(Move::Abandon),
        6 => age().prop_map(Move::Opened),
        12 => any_body().prop_map(Move::Polled),
        10 => Just(Move::Posted),
        6 => (age(), any_packet()).prop_map(|(age, packet)| Move::Frame(age, packet)),
        4 => (age(), Just("3probe".to_owned())).prop_map(|(age, packet)| Move::Frame(age, packet)),
        1 => age().prop_map(Move::Binary),
        2 => (age(), any_failure()).prop_map(|(age, failure)| Move::Failed(age, failure)),
        2 => (0_u32..20, any_packet()).prop_map(|(id, packet)| Move::Stray(id, packet)),
        6 => (0_u64..300).prop_map(Move::Advance),
        1 => (0_u64..100_000_000).prop_map(Move::Sleep),
        1 => Just(Move::Wake),
    ]
}

fn any_config() -> impl Strategy<Value = EngineConfig> {
    let transports = prop::sample::select(vec![
        vec![Polling, WebSocket],
        vec![Polling, WebSocket],
        vec![WebSocket, Polling],
        vec![Polling],
        vec![WebSocket],
    ]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (transports, flags).prop_map(|(transports, (upgrade, all, remember, retry))| EngineConfig {
        transports,
        upgrade: upgrade || retry,
        try_all_transports: all,
        remember_upgrade: remember,
        start_with_websocket: remember,
        probe_retry: retry.then(|| support::ms(50)),
    })
}

/// A rig that takes [`Move`]s, and the account of what the owner sent.
struct Player {
    rig: Rig,
    next: u32,
    /// Sent by the owner and taken by the engine, and what became of it.
    accepted: Vec<String>,
    delivered: Vec<String>,
    drained: usize,
    /// Where the accounts of this session start.
    session_start: usize,
    is_closing: bool,
}

impl Player {
    fn new(config: EngineConfig) -> Self {
        Self {
            rig: Rig::new(config),
            next: 0,
            accepted: Vec::new(),
            delivered: Vec::new(),
            drained: 0,
            session_start: 0,
            is_closing: false,
        }
    }

    fn make(&mut self, step: Move) {
        let newest = self.rig.newest();
        let number = |age: u32| newest.saturating_sub(age);
        let lines = self.rig.lines();
        match step {
            Move::Open(patience) => {
                let deadline = patience.map(|millis| self.rig.now + support::ms(millis));
                self.rig.open_until(deadline);
            }
            Move::Send => self.send(false),
            Move::SendBinary => self.send(true),
            Move::Close => {
                self.is_closing |= self.rig.engine.is_active();
                self.rig.close();
            }
            Move::Abandon => {
                self.rig.abandon();
                self.is_closing = false;
            }
            Move::Opened(age) => {
                let websocket = lines.iter().find(|line| line.0 == number(age) && line.1);
                if let Some((transport, ..)) = websocket {
                    self.rig.opened(*transport);
                }
            }
            Move::Polled(body) => {
                if let Some((transport, ..)) = lines.iter().find(|line| line.2 > 0) {
                    self.rig.polled(*transport, &body);
                }
            }
            Move::Posted => {
                if let Some((transport, ..)) = lines.iter().find(|line| line.3 > 0) {
                    self.rig.posted(*transport);
                }
            }
            Move::Frame(age, packet) => {
                let websocket = lines.iter().find(|line| line.0 == number(age) && line.1);
                if let Some((transport, ..)) = websocket {
                    self.rig.opened(*transport);
                    self.rig.frame(*transport, &packet);
                }
            }
            Move::Binary(age) => self.rig.binary(number(age), &[1]),
            Move::Failed(age, failure) => self.rig.failed(number(age), failure),
            Move::Stray(id, packet) => {
                if lines.iter().all(|line| line.0 != id) {
                    self.rig.frame(id, &packet);
                    self.rig.polled(id, &packet);
                    self.rig.posted(id);
                    self.rig.binary(id, &[1]);
                    self.rig.failed(id, Failure::Failed);
                }
            }
            Move::Advance(millis) => self.rig.advance(millis),
            Move::Sleep(millis) => self.rig.sleep(millis),
            Move::Wake => self.rig.fire_timer(),
        }
        self.keep_account();
    }

    fn send(&mut self, binary: bool) {
        let is_taken = self.rig.engine.is_active() && !self.is_closing;
        let bytes = self.next.to_be_bytes();
        let packet = if binary { format!("{bytes:?}") } else { format!("4m{}", self.next) };
        self.next += 1;
        if is_taken {
            self.accepted.push(packet.clone());
        }
        if binary { self.rig.send_binary(&bytes) } else { self.rig.send(&packet) }
    }

    /// Every packet is handed to a transport once, in order, or its session ends.
    fn keep_account(&mut self) {
        for action in self.rig.actions() {
            self.delivered.extend(owned_packets(&action));
            let lost_from = self.accepted.len();
            assert!(self.delivered.len() <= lost_from, "something is sent twice: {action}");
            let start = self.session_start;
            assert_eq!(self.delivered[start..], self.accepted[start..self.delivered.len()]);
        }
        for notice in self.rig.notices() {
            self.on_notice(notice);
        }
        if !self.rig.engine.is_active() {
            self.forget_session();
        }
        assert!(self.drained <= self.delivered.len());
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Drained { packets } => self.drained += packets,
            Notice::Closed(_) => self.forget_session(),
            _ => {}
        }
    }

    /// What was not sent is lost, and the owner knows.
    fn forget_session(&mut self) {
        self.is_closing = false;
        self.delivered.clone_from(&self.accepted);
        self.session_start = self.accepted.len();
    }
}

/// The packets of the owner among those of an action.
fn owned_packets(action: &str) -> Vec<String> {
    let Some(start) = action.find("4m").into_iter().chain(action.find('[')).min() else {
        return vec![];
    };
    let packets = action[start..].split('|').map(str::to_owned);
    packets.filter(|packet| packet.starts_with("4m") || packet.starts_with('[')).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 800,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..ProptestConfig::default()
    })]

    #[test]
    fn keeps_every_rule_when_anything_happens_in_any_order(
        config in any_config(),
        moves in prop::collection::vec(any_move(), 1..150),
    ) {
        let mut player = Player::new(config);
        for step in moves {
            player.make(step);
        }
        player.rig.abandon();
        prop_assert_eq!(player.rig.engine.deadline(), None);
        player.rig.assert_live_nothing();
    }

    /// Whatever happened, a good server gets everything once the way is free.
    #[test]
    fn gets_everything_through_when_the_server_is_good_again(
        config in any_config(),
        moves in prop::collection::vec(any_move(), 1..80),
    ) {
        let mut player = Player::new(config);
        for step in moves {
            player.make(step);
        }
        player.make(Move::Abandon);
        player.make(Move::Open(Some(20_000)));
        for _ in 0..5 {
            player.make(Move::Send);
        }
        serve(&mut player);
        prop_assert!(player.rig.engine.is_open());
        for _ in 0..5 {
            player.make(Move::Send);
        }
        serve(&mut player);
        prop_assert_eq!(&player.delivered, &player.accepted);
        player.make(Move::Close);
        serve(&mut player);
        prop_assert!(!player.rig.engine.is_active());
    }
}

/// Answers everything as a server does, until nothing changes any more.
fn serve(player: &mut Player) {
    for _ in 0..20 {
        for (transport, is_websocket, gets, posts) in player.rig.lines() {
            if is_websocket && !player.rig.engine.is_open() {
                player.rig.opened(transport);
                player.rig.frame(transport, OPEN);
            } else if is_websocket && !player.rig.is_in_use(transport) {
                player.rig.opened(transport);
                player.rig.frame(transport, "3probe");
            }
            if gets > 0 {
                let body = if player.rig.engine.is_open() { "6" } else { OPEN };
                player.rig.polled(transport, body);
            }
            if posts > 0 {
                player.rig.posted(transport);
            }
            player.keep_account();
        }
    }
}
