//! The status of a namespace under random calls, servers and faults, against `docs/status.md`.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use std::collections::BTreeSet;

use sockeye::manager::{Cause, Config, Policy, SocketId, Status, Verdict};
use support::{Answer, Call, Pair, Told, Upgrade, ms};

const SEQUENCES: u64 = 100_000;
const MOVES: u64 = 30;
const DOCUMENT: &str = include_str!("../docs/status.md");

/// SplitMix64: a seed gives the same sequence on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn pick<Item: Copy>(&mut self, items: &[Item]) -> Item {
        items[self.roll(items.len() as u64) as usize]
    }
}

/// The transitions of the table in the document: from, to.
fn documented() -> BTreeSet<(String, String)> {
    let table = DOCUMENT.split("## Transitions").nth(1).unwrap().split("\n## ").next().unwrap();
    let name = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let pair = |row: &str| {
        let cells: Vec<_> = row.split('|').collect();
        (name(cells[1]), name(cells[2]))
    };
    rows.map(pair).collect()
}

fn state(status: Status) -> &'static str {
    match status {
        Status::Idle => "idle",
        Status::Connecting { .. } => "connecting",
        Status::Connected => "connected",
        Status::Waiting { .. } => "waiting",
        Status::Disconnected { .. } => "disconnected",
    }
}

/// A pair that makes random moves, and what has been seen of it.
struct Walk {
    pair: Pair,
    socket: SocketId,
    dice: Dice,
    /// What the application was told before the last move.
    seen: usize,
    status: Status,
    /// Whether the application has ended the wait that the client was in.
    hurried: bool,
    /// Whether an attempt has begun since the last wait.
    attempted: bool,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let policies = [Policy::Never, Policy::Always, Policy::Ask];
        let config = Config {
            seed,
            address_on_demand: dice.roll(4) == 0,
            server_disconnect: dice.pick(&policies),
            refused: dice.pick(&policies),
            slow_after: ms(dice.pick(&[1_000, 600_000])),
            ..Config::default()
        };
        let mut pair = Pair::with(config);
        let socket = pair.client.socket("/", dice.roll(2) == 0);
        let (hurried, attempted) = (false, false);
        Self { pair, socket, dice, seen: 0, status: Status::Idle, hurried, attempted }
    }

    fn make(&mut self, call: Call) {
        self.pair.call(call).unwrap();
    }

    fn step(&mut self) {
        let has_transport = !self.pair.opened.is_empty();
        match self.dice.roll(24) {
            0..=3 => self.connect(),
            4 => self.disconnect(),
            5 => self.hurry(Call::ReconnectNow),
            6 => self.hurry(Call::RefreshAuth(self.socket)),
            7 => self.hurry(Call::ChangeIdentity),
            8 => {
                let after = ms(self.dice.roll(5_000));
                self.make(Call::Postpone(after));
            }
            9 => self.change_server(),
            10 if has_transport => {
                let failed = self.dice.roll(2) == 0;
                self.pair.cut(failed);
            }
            11 if has_transport => self.pair.black_hole(),
            12 | 13 if has_transport => {
                let frame =
                    self.dice.pick(&["41", "44{}", "garbage", "1", "2", "40{}", "42[\"x\"]"]);
                self.pair.push(frame);
            }
            14 => {
                let cause = self.dice.pick(&[Cause::NotSocketIo, Cause::UnsupportedServer]);
                self.pair.diagnose(cause);
            }
            15..=18 => self.answer(),
            19 => {
                let millis = self.dice.pick(&[100, 3_000, 50_000]);
                self.pair.advance(millis);
            }
            _ => {
                self.pair.step();
            }
        }
    }

    /// A second call changes nothing.
    fn connect(&mut self) {
        self.make(Call::Connect(self.socket));
        let before = (self.pair.log.len(), self.pair.opened.len(), self.pair.deadline());
        self.make(Call::Connect(self.socket));
        let after = (self.pair.log.len(), self.pair.opened.len(), self.pair.deadline());
        assert_eq!(before, after, "connect() is not idempotent");
    }

    /// Nothing that is still on its way changes it, and nothing is opened.
    fn disconnect(&mut self) {
        self.make(Call::Disconnect(self.socket));
        let status = self.pair.status(self.socket);
        assert!(matches!(status, Status::Idle | Status::Disconnected { .. }), "{status:?}");
        let opened = self.pair.opened.len();
        self.answer();
        self.pair.drive();
        assert_eq!(self.pair.status(self.socket), status, "disconnect() was overruled");
        assert_eq!(self.pair.opened.len(), opened, "disconnect() was overruled");
        assert_eq!(self.pair.deadline(), None);
    }

    /// Makes a call that ends a wait.
    fn hurry(&mut self, call: Call) {
        self.hurried = true;
        self.make(call);
    }

    fn change_server(&mut self) {
        let upgrade = self.dice.pick(&[Upgrade::Accept, Upgrade::Refuse, Upgrade::Ignore]);
        self.pair.server.upgrade = upgrade;
        let answer = match self.dice.roll(3) {
            0 => Answer::Accept,
            1 => Answer::Silence,
            _ => Answer::Frame("44{\"message\":\"no\"}".to_owned()),
        };
        self.pair.server.answer("/", answer);
    }

    /// Answers the last question, if there is one, also if it has been answered before.
    fn answer(&mut self) {
        let socket = self.socket;
        let is_good = self.dice.roll(2) == 0;
        let last = self.pair.log.iter().rev().find_map(|told| match told {
            Told::AuthNeeded { ticket, .. } if is_good => {
                Some(Call::Authenticate { socket, ticket: *ticket, payload: None })
            }
            Told::AuthNeeded { ticket, .. } if ticket.0 % 4 == 0 => {
                Some(Call::StopAuthentication { socket, ticket: *ticket })
            }
            Told::AuthNeeded { ticket, .. } => {
                Some(Call::FailAuthentication { socket, ticket: *ticket })
            }
            Told::AddressNeeded { ticket, .. } if is_good => Some(Call::UseAddress(*ticket)),
            Told::AddressNeeded { ticket, .. } => Some(Call::FailAddress(*ticket)),
            Told::VerdictNeeded { ticket, .. } => {
                let verdicts = [
                    Verdict::Stop,
                    Verdict::Retry,
                    Verdict::Refresh,
                    Verdict::RetryAfter(ms(2_000)),
                ];
                let verdict = verdicts[(ticket.0 as usize + usize::from(is_good)) % verdicts.len()];
                Some(Call::Judge { socket, ticket: *ticket, verdict })
            }
            _ => None,
        });
        if let Some(call) = last {
            self.make(call);
        }
    }

    /// Checks what has been told since, and notes the transitions.
    fn check(&mut self, transitions: &mut BTreeSet<(&'static str, &'static str)>) {
        for told in &self.pair.log[self.seen..] {
            let Told::Status { status, .. } = told else {
                continue;
            };
            let (from, to) = (self.status, *status);
            transitions.insert((state(from), state(to)));
            match (from, to) {
                (Status::Waiting { retry_at, .. }, Status::Connecting { .. }) => {
                    let is_due = self.pair.now >= retry_at;
                    assert!(is_due || self.hurried, "the wait ended by itself before its date");
                    assert!(!self.attempted, "two attempts for one wait");
                    self.attempted = true;
                }
                (_, Status::Waiting { .. }) => (self.hurried, self.attempted) = (false, false),
                _ => {}
            }
            self.status = to;
        }
        self.seen = self.pair.log.len();
        if let Status::Waiting { retry_at, .. } = self.pair.status(self.socket) {
            assert!(retry_at >= self.pair.now, "a wait whose date has passed");
            let timer = self.pair.deadline();
            assert!(timer.is_some_and(|at| at <= retry_at), "nothing ends the wait");
        }
    }
}

/// `support::Checks` looks at each output, too: among other things, at the details of each transition.
#[test]
fn makes_only_documented_transitions_whatever_happens() {
    let documented = documented();
    assert!(documented.len() > 12, "the table is not read");
    let mut transitions = BTreeSet::new();
    for seed in 0..SEQUENCES {
        let mut walk = Walk::new(seed);
        for _ in 0..MOVES {
            walk.step();
            walk.check(&mut transitions);
        }
    }
    let seen: BTreeSet<_> =
        transitions.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    let undocumented: Vec<_> = seen.difference(&documented).collect();
    assert!(undocumented.is_empty(), "not in docs/status.md: {undocumented:?}");
    // A client is closed by the facade; who connects joins the wait of another namespace only.
    let is_elsewhere = |(from, to): &(String, String)| {
        to == "closed" || (to == "waiting" && matches!(from.as_str(), "idle" | "disconnected"))
    };
    let missing: Vec<_> =
        documented.difference(&seen).filter(|transition| !is_elsewhere(transition)).collect();
    assert!(missing.is_empty(), "in docs/status.md, and never seen: {missing:?}");
}
