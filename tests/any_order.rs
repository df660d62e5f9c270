//! Frames, calls of the application, faults and leaps of the clock, in any order.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use sockeye::engineio::{EngineConfig, Failure, TransportKind};
use sockeye::manager::{AckTicket, Cause, Config, SocketId, Status};
use sockeye::socketio::{AuthTicket, RequestId};
use support::{Answer, Call, How, Pair, Polling, Told, Upgrade, ms};

const NAMESPACES: [&str; 3] = ["/", "/a", "/locked"];

#[derive(Clone, Debug)]
enum Move {
    Connect(usize),
    Disconnect(usize),
    Emit(usize, bool),
    Request(usize, Option<u64>),
    Cancel(usize),
    Answer(usize),
    Authenticate { socket: usize, age: u32, given: bool },
    ReconnectNow,
    Frame(String),
    LateFrame(String),
    Binary,
    Cut(bool),
    LateClose,
    BlackHole,
    Upgrade(Upgrade),
    Polling(Polling),
    Silence(bool),
    Acknowledge(bool),
    Advance(u64),
    Sleep(u64),
    Wake,
    Diagnosis(Cause),
}

fn any_frame() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "2",
        "1",
        "6",
        "3",
        "40",
        "41",
        "44",
        "41/a,",
        "44/a,\"no\"",
        "44/locked,{}",
        "garbage",
        "",
        r#"40{"sid":"s"}"#,
        r#"40/a,{"sid":"s"}"#,
        r#"40/locked,{"sid":"s"}"#,
        r#"42["x"]"#,
        r#"421["x",1]"#,
        r#"42/a,["x"]"#,
        r#"42/a,2["x"]"#,
        r#"42["nobody"]"#,
        "430[]",
        "431[1]",
        "43/a,0[]",
        "43/a,1[]",
        "43/locked,0[]",
        r#"451-["x"]"#,
        r#"461-0[]"#,
        r#"450-["x"]"#,
        "42[",
        r#"0{"sid":"e","pingInterval":300,"pingTimeout":200}"#,
        "0{}",
    ]);
    prop_oneof![
        8 => known.prop_map(str::to_owned),
        1 => "[0-7][0-7][0-9]{0,2}-?(/[a-z]{0,2},?)?[0-9]{0,3}[\\[\\]{}\"x,]{0,6}",
        1 => "\\PC{0,8}",
    ]
}

fn any_polling() -> impl Strategy<Value = Polling> {
    let failure = prop::sample::select(vec![
        Failure::Failed,
        Failure::Unavailable,
        Failure::Http { status: 400, code: Some(1) },
        Failure::Http { status: 503, code: None },
    ]);
    prop_oneof![
        4 => Just(Polling::Answer),
        1 => failure.prop_map(Polling::Fail),
        1 => Just(Polling::Ignore),
    ]
}

fn any_transports() -> impl Strategy<Value = Vec<TransportKind>> {
    prop::sample::select(vec![
        vec![TransportKind::WebSocket],
        vec![TransportKind::WebSocket, TransportKind::Polling],
        vec![TransportKind::Polling, TransportKind::WebSocket],
        vec![TransportKind::Polling],
    ])
}

fn any_move() -> impl Strategy<Value = Move> {
    let socket = || 0..NAMESPACES.len();
    let upgrade = prop::sample::select(vec![
        Upgrade::Accept,
        Upgrade::Accept,
        Upgrade::Refuse,
        Upgrade::Ignore,
        Upgrade::Unavailable,
    ]);
    let cause = prop::sample::select(vec![Cause::ServerUnreachable, Cause::NotSocketIo]);
    prop_oneof![
        6 => socket().prop_map(Move::Connect),
        2 => socket().prop_map(Move::Disconnect),
        4 => (socket(), any::<bool>()).prop_map(|(socket, volatile)| Move::Emit(socket, volatile)),
        6 => (socket(), prop::option::of(0_u64..2_000))
            .prop_map(|(socket, timeout)| Move::Request(socket, timeout)),
        2 => (0_usize..20).prop_map(Move::Cancel),
        2 => socket().prop_map(Move::Answer),
        4 => (socket(), 0_u32..3, any::<bool>())
            .prop_map(|(socket, age, given)| Move::Authenticate { socket, age, given }),
        2 => Just(Move::ReconnectNow),
        12 => any_frame().prop_map(Move::Frame),
        3 => any_frame().prop_map(Move::LateFrame),
        2 => Just(Move::Binary),
        2 => any::<bool>().prop_map(Move::Cut),
        1 => Just(Move::LateClose),
        1 => Just(Move::BlackHole),
        2 => upgrade.prop_map(Move::Upgrade),
        2 => any_polling().prop_map(Move::Polling),
        1 => any::<bool>().prop_map(Move::Silence),
        1 => any::<bool>().prop_map(Move::Acknowledge),
        10 => (0_u64..3_000).prop_map(Move::Advance),
        1 => (0_u64..200_000).prop_map(Move::Advance),
        2 => (0_u64..100_000_000).prop_map(Move::Sleep),
        1 => Just(Move::Wake),
        1 => cause.prop_map(Move::Diagnosis),
    ]
}

/// A pair that takes [`Move`]s.
struct Player {
    pair: Pair,
    sockets: [SocketId; 3],
    /// On which socket each request was made.
    requests: Vec<SocketId>,
}

impl Player {
    fn new(transports: Vec<TransportKind>) -> Self {
        let engine = EngineConfig { transports, ..EngineConfig::default() };
        let mut pair = Pair::over_transports(Config { engine, ..Config::default() });
        let handshake = pair.server.handshake.take().unwrap();
        pair.server.handshake = Some(handshake.replace("[]", "[\"websocket\"]"));
        pair.listen("x");
        pair.server.heartbeat = Some(ms(400));
        let sockets = NAMESPACES.map(|name| pair.client.socket(name, name == "/locked"));
        Self { pair, sockets, requests: Vec::new() }
    }

    fn make(&mut self, step: Move) {
        if let Some(call) = self.call_of(&step) {
            // Buffers may be full; that is not what is tested here.
            let _ = self.pair.call(call);
            return;
        }
        let has_transport = !self.pair.opened.is_empty();
        match step {
            Move::Frame(frame) if has_transport => self.pair.push(&frame),
            Move::LateFrame(frame) if has_transport => {
                let first = self.pair.opened[0].0;
                self.pair.push_on(first, &frame);
            }
            Move::Binary if has_transport => self.pair.push_binary(&[1]),
            Move::Cut(failed) if has_transport => self.pair.cut(failed),
            Move::LateClose if has_transport => {
                let first = self.pair.opened[0].0;
                self.pair.close_late(first);
            }
            Move::BlackHole if has_transport => self.pair.black_hole(),
            Move::Upgrade(upgrade) => self.pair.server.upgrade = upgrade,
            Move::Polling(polling) => self.pair.server.polling = polling,
            Move::Silence(silent) => {
                let answer = if silent { Answer::Silence } else { Answer::Accept };
                self.pair.server.answer("/a", answer);
            }
            Move::Acknowledge(does) => {
                self.pair.server.acknowledgement = does.then(|| "[]".to_owned());
            }
            Move::Advance(millis) => self.pair.advance(millis),
            Move::Sleep(millis) => self.pair.sleep(millis),
            Move::Wake => self.pair.fire_timer(),
            Move::Diagnosis(cause) => self.pair.diagnose(cause),
            _ => {}
        }
    }

    fn call_of(&mut self, step: &Move) -> Option<Call> {
        let call = match *step {
            Move::Connect(socket) => Call::Connect(self.sockets[socket]),
            Move::Disconnect(socket) => Call::Disconnect(self.sockets[socket]),
            Move::Emit(socket, volatile) => {
                Call::Emit { socket: self.sockets[socket], body: "[\"e\"]".to_owned(), volatile }
            }
            Move::Request(socket, timeout) => {
                let request = RequestId(self.requests.len() as u32);
                let (socket, body) = (self.sockets[socket], "[\"r\"]".to_owned());
                self.requests.push(socket);
                Call::Request { socket, request, body, timeout: timeout.map(ms) }
            }
            Move::Cancel(age) => self.cancel(age)?,
            Move::Answer(socket) => {
                let ticket = AckTicket { connection: self.last_connection()?, ack_id: 1 };
                Call::Acknowledge { socket: self.sockets[socket], ticket, body: "[]".to_owned() }
            }
            Move::Authenticate { socket, age, given } => {
                let ticket = AuthTicket(age);
                let socket = self.sockets[socket];
                if given {
                    Call::Authenticate { socket, ticket, payload: None }
                } else {
                    Call::FailAuthentication { socket, ticket }
                }
            }
            Move::ReconnectNow => Call::ReconnectNow,
            _ => return None,
        };
        Some(call)
    }

    /// The number of the connection that a namespace got last.
    fn last_connection(&self) -> Option<u32> {
        let connected =
            |told: &&Told| matches!(told, Told::Status { status: Status::Connected, .. });
        (self.pair.log.iter().filter(connected).count() as u32).checked_sub(1)
    }

    /// Cancels the request that is `age` requests old.
    fn cancel(&self, age: usize) -> Option<Call> {
        let number = self.requests.len().checked_sub(age + 1)?;
        let request = RequestId(number as u32);
        Some(Call::Cancel { socket: self.requests[number], request })
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..ProptestConfig::default()
    })]

    /// The rules themselves are those of `support::Checks`, and hold for every output.
    #[test]
    fn keeps_every_rule_when_anything_happens_in_any_order(
        transports in any_transports(),
        moves in prop::collection::vec(any_move(), 1..120),
    ) {
        let mut player = Player::new(transports);
        for step in moves {
            player.make(step);
        }
        player.pair.destroy();
        player.pair.assert_all_settled();
        prop_assert_eq!(player.pair.deadline(), None);
        let told = player.pair.log.len();
        player.pair.advance(100_000_000);
        prop_assert_eq!(player.pair.log.len(), told);
    }

    /// Whatever happened, a good server brings every namespace that is asked for back.
    #[test]
    fn comes_back_when_the_server_is_good_again(
        transports in any_transports(),
        moves in prop::collection::vec(any_move(), 1..120),
    ) {
        let mut player = Player::new(transports);
        for step in moves {
            player.make(step);
        }
        let Player { mut pair, sockets, .. } = player;
        pair.server.upgrade = Upgrade::Accept;
        pair.server.polling = Polling::Answer;
        pair.server.answer("/a", Answer::Accept);
        pair.server.acknowledgement = Some("[]".to_owned());
        pair.app = Box::new(|told| match told {
            Told::AuthNeeded { socket, ticket, .. } => {
                let (socket, ticket) = (*socket, *ticket);
                vec![Call::Authenticate { socket, ticket, payload: None }]
            }
            _ => vec![],
        });
        pair.advance(200_000);
        for socket in sockets {
            pair.connect(socket);
        }
        pair.advance(200_000);
        for (number, socket) in (9_000..).zip(sockets) {
            prop_assert_eq!(pair.status(socket), Status::Connected);
            pair.request(socket, number, "[\"last\"]").unwrap();
            pair.drive();
            prop_assert_eq!(pair.settlements(number), vec![How::Acknowledged(json!([]))]);
        }
    }
}
