//! Ten thousand clients whose server comes back after a minute.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use sockeye::engineio::{Action, EngineConfig, Failure, TransportId, TransportKind};
use sockeye::manager::{Config, Manager, Output};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

const CLIENTS: usize = 10_000;
const BUCKET: Duration = Duration::from_millis(100);
const LATENCY: Duration = Duration::from_millis(20);
const OUTAGE: Duration = Duration::from_secs(60);

/// How many of a hundred clients may come within the same tenth of a second.
const WORST_PERCENT: f64 = 1.5;

/// Something that a client is about to be told, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    Opened(u32),
    Frame(u32, &'static str),
    Closed(u32),
    Timer,
    /// The server goes away, from everybody.
    Outage,
}

const HANDSHAKE: &str = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
const ACCEPTED: &str = r#"40{"sid":"s"}"#;

struct Client {
    manager: Manager<NativeHost>,
    timer: Option<Instant>,
    transport: Option<u32>,
}

struct Herd {
    clients: Vec<Client>,
    due: BinaryHeap<Reverse<(Instant, usize, News)>>,
    /// When the server is away.
    outage: (Instant, Instant),
    /// After what time the server wants everybody back, which it says when it goes away.
    hint: Option<Duration>,
    /// How many attempts began in each tenth of a second since it went away.
    attempts: BTreeMap<u128, usize>,
}

impl Herd {
    fn new(seed: u64, outage: (Instant, Instant), hint: Option<Duration>) -> Self {
        let clients = (0..CLIENTS).map(|index| {
            let transports = vec![TransportKind::WebSocket];
            let engine = EngineConfig { transports, ..EngineConfig::default() };
            let seed = seed + index as u64 * 7_919;
            let config = Config { engine, seed, ..Config::default() };
            let manager = Manager::new(NativeHost::default(), config);
            Client { manager, timer: None, transport: None }
        });
        let (clients, due) = (clients.collect(), BinaryHeap::new());
        Self { clients, due, outage, hint, attempts: BTreeMap::new() }
    }

    /// Connects everybody, and lets the server go and come back.
    fn run(&mut self, until: Instant) {
        for index in 0..CLIENTS {
            let manager = &mut self.clients[index].manager;
            let socket = manager.socket("/", false);
            manager.connect(socket, Instant::ORIGIN);
            self.perform(index, Instant::ORIGIN);
        }
        self.due.push(Reverse((self.outage.0, 0, News::Outage)));
        while let Some(Reverse((now, index, news))) = self.due.pop() {
            if now > until {
                return;
            }
            match news {
                News::Outage => self.cut_all(),
                news => self.tell(index, news, now),
            }
        }
    }

    fn cut_all(&mut self) {
        let cut_at = self.outage.0;
        for (index, client) in self.clients.iter_mut().enumerate() {
            if let Some(hint) = self.hint {
                client.manager.postpone(hint, cut_at);
            }
            let transport = client.transport.expect("everybody is connected");
            self.due.push(Reverse((cut_at, index, News::Closed(transport))));
        }
    }

    fn tell(&mut self, index: usize, news: News, now: Instant) {
        let Client { manager, timer, .. } = &mut self.clients[index];
        match news {
            News::Opened(transport) => manager.handle_opened(TransportId(transport)),
            News::Frame(transport, frame) => {
                manager.handle_text(TransportId(transport), &frame.to_owned(), now);
            }
            News::Closed(transport) => {
                manager.handle_closed(TransportId(transport), Failure::Failed, now);
            }
            News::Timer if *timer == Some(now) => manager.handle_timeout(now),
            News::Timer | News::Outage => return,
        }
        self.perform(index, now);
    }

    fn perform(&mut self, index: usize, now: Instant) {
        loop {
            match self.clients[index].manager.poll_output() {
                Output::Transport(Action::OpenWebSocket { transport, .. }) => {
                    self.open(index, transport.0, now);
                }
                Output::Transport(Action::Send { transport, .. }) => {
                    let accepted = News::Frame(transport.0, ACCEPTED);
                    self.due.push(Reverse((now + LATENCY, index, accepted)));
                }
                Output::Timeout(deadline) => {
                    let client = &mut self.clients[index];
                    if deadline != client.timer {
                        client.timer = deadline;
                        let timer = deadline.map(|at| Reverse((at, index, News::Timer)));
                        self.due.extend(timer);
                    }
                    return;
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, index: usize, transport: u32, now: Instant) {
        let (begin, end) = self.outage;
        self.clients[index].transport = Some(transport);
        if now >= begin {
            let bucket = now.since(begin).as_millis() / BUCKET.as_millis();
            *self.attempts.entry(bucket).or_default() += 1;
        }
        let news = if now >= begin && now < end {
            vec![News::Closed(transport)]
        } else {
            vec![News::Opened(transport), News::Frame(transport, HANDSHAKE)]
        };
        self.due.extend(news.into_iter().map(|news| Reverse((now + LATENCY, index, news))));
    }

    /// The most attempts in a tenth of a second, among those in `range`.
    fn worst(&self, range: std::ops::Range<u128>) -> usize {
        self.attempts.range(range).map(|(_, count)| *count).max().unwrap_or_default()
    }
}

/// Sends a herd away and lets it come back; tells the worst tenths of a second, after the outage and
/// during it.
fn run(seed: u64, outage: Duration, hint: Option<Duration>, patience: Duration) -> (usize, usize) {
    let begin = Instant::from_millis(30_000.0);
    let mut herd = Herd::new(seed, (begin, begin + outage), hint);
    herd.run(begin + outage + patience);
    let back = outage.as_millis() / BUCKET.as_millis();
    let returned: usize = herd.attempts.range(back..).map(|(_, count)| *count).sum();
    assert_eq!(returned, CLIENTS, "each comes back once");
    (herd.worst(back..u128::MAX), herd.worst(0..back))
}

fn assert_spread(worst: usize) {
    let percent = worst as f64 * 100.0 / CLIENTS as f64;
    println!("worst tenth of a second after the outage: {worst} clients, {percent:.2} %");
    assert!(percent <= WORST_PERCENT, "{percent} %");
}

#[test]
fn brings_a_herd_back_without_a_stampede() {
    for seed in [1, 1_000_003] {
        let (worst, during) = run(seed, OUTAGE, None, Duration::from_secs(40));
        println!("worst tenth of a second during it: {during}");
        assert_spread(worst);
    }
}

#[test]
fn spreads_a_herd_that_was_told_when_to_come_back() {
    for seconds in [0, 1, 30, 120] {
        let hint = Duration::from_secs(seconds);
        let patience = (hint / 4).max(Duration::from_secs(10)) + Duration::from_secs(1);
        let (worst, during) = run(1, hint, Some(hint), patience);
        assert_eq!(during, 0, "nobody comes before {seconds} s");
        assert_spread(worst);
    }
}
