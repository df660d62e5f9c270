//! Anything in any order. The rig checks the rules of the outputs; here is what must come of it in the end.

use std::time::Duration;

use proptest::prelude::*;

use sockeye::client::outbox::{Clear, ItemState, NewAction};
use sockeye::client::readiness::{Hook, HookTicket, Hooks};
use sockeye::client::store::ActionKey;
use sockeye::client::{ClientConfig, TopicBodies};
use sockeye::host::EventId;
use sockeye::manager::SocketId;
use sockeye::socketio::RequestId;

use crate::rig::{HELLO, ROOT, Rig, payload, stamp};
use crate::told::seconds;

const OTHER: SocketId = SocketId(1);

/// What can happen. Numbers are reduced to what there is.
#[derive(Clone, Debug)]
enum Step {
    // The application.
    Connect(bool),
    Disconnect(bool),
    Emit(bool),
    Request(bool),
    Latest(bool, u8),
    Enqueue(bool, u8),
    Cancel(bool, u8),
    Pause(bool),
    Resume(bool),
    Retry(bool, u8),
    Clear(bool, bool),
    Retain(bool, u8),
    Release(bool, u8),
    Confirm(bool, u8),
    Hooks(bool, bool, bool),
    HookDone(bool, bool, u8),
    EmitFirst(bool, u8),
    Identity(u8),
    RefreshAuth(bool),
    ReconnectNow,
    Refresh(bool),
    // The server.
    Establish,
    Accept(bool, bool),
    Refuse(bool),
    Hello(bool, u8, bool),
    Event(bool, u8, bool),
    Plain(bool),
    Position(bool, u8),
    ServerDisconnect(bool),
    Probed,
    Answer(u8, u8),
    Nonsense(u8),
    // The world.
    Cut,
    Advance(u16),
    Sleep(u16),
    SlowStore(bool),
    Serve,
}

fn step() -> impl Strategy<Value = Step> {
    let talk = prop_oneof![
        3 => any::<bool>().prop_map(Step::Connect),
        1 => any::<bool>().prop_map(Step::Disconnect),
        1 => any::<bool>().prop_map(Step::Emit),
        2 => any::<bool>().prop_map(Step::Request),
        1 => (any::<bool>(), 0..3u8).prop_map(|(of, key)| Step::Latest(of, key)),
        4 => (any::<bool>(), any::<u8>()).prop_map(|(of, key)| Step::Enqueue(of, key)),
        1 => (any::<bool>(), any::<u8>()).prop_map(|(of, key)| Step::Cancel(of, key)),
        1 => any::<bool>().prop_map(Step::Pause),
        1 => any::<bool>().prop_map(Step::Resume),
        1 => (any::<bool>(), any::<u8>()).prop_map(|(of, key)| Step::Retry(of, key)),
        1 => any::<(bool, bool)>().prop_map(|(of, all)| Step::Clear(of, all)),
        2 => (any::<bool>(), 0..3u8).prop_map(|(of, topic)| Step::Retain(of, topic)),
        1 => (any::<bool>(), 0..3u8).prop_map(|(of, topic)| Step::Release(of, topic)),
        1 => (any::<bool>(), 0..3u8).prop_map(|(of, topic)| Step::Confirm(of, topic)),
        1 => any::<(bool, bool, bool)>().prop_map(|(of, first, gap)| Step::Hooks(of, first, gap)),
        3 => (any::<bool>(), any::<bool>(), 0..8u8)
            .prop_map(|(of, first, ticket)| Step::HookDone(of, first, ticket)),
        1 => (any::<bool>(), 0..8u8).prop_map(|(of, ticket)| Step::EmitFirst(of, ticket)),
        1 => (0..2u8).prop_map(Step::Identity),
        1 => any::<bool>().prop_map(Step::RefreshAuth),
        1 => Just(Step::ReconnectNow),
        1 => any::<bool>().prop_map(Step::Refresh),
    ];
    let server = prop_oneof![
        4 => Just(Step::Establish),
        4 => any::<(bool, bool)>().prop_map(|(of, recovered)| Step::Accept(of, recovered)),
        1 => any::<bool>().prop_map(Step::Refuse),
        3 => (any::<bool>(), 0..6u8, any::<bool>())
            .prop_map(|(of, seq, since)| Step::Hello(of, seq, since)),
        4 => (any::<bool>(), 1..8u8, any::<bool>())
            .prop_map(|(of, seq, short)| Step::Event(of, seq, short)),
        1 => any::<bool>().prop_map(Step::Plain),
        1 => (any::<bool>(), 0..8u8).prop_map(|(of, seq)| Step::Position(of, seq)),
        1 => any::<bool>().prop_map(Step::ServerDisconnect),
        1 => Just(Step::Probed),
        4 => any::<(u8, u8)>().prop_map(|(which, how)| Step::Answer(which, how)),
        1 => any::<u8>().prop_map(Step::Nonsense),
    ];
    let world = prop_oneof![
        2 => Just(Step::Cut),
        2 => (0..30_000u16).prop_map(Step::Advance),
        1 => (0..60_000u16).prop_map(Step::Sleep),
        1 => any::<bool>().prop_map(Step::SlowStore),
        4 => Just(Step::Serve),
    ];
    prop_oneof![4 => talk, 4 => server, 2 => world]
}

/// The rig, and a server that behaves when it is asked to.
struct World {
    rig: Rig,
    /// How many of the frames that were sent the server has taken.
    served: usize,
    next_request: u32,
}

impl World {
    fn new() -> Self {
        let mut rig = Rig::with(ClientConfig::default());
        rig.host.listen("news");
        rig.socket("/");
        rig.socket("/n1");
        rig.open_outbox(ROOT);
        rig.open_outbox(OTHER);
        Self { rig, served: 0, next_request: 0 }
    }

    fn act(&mut self, step: Step) {
        let now = self.rig.now;
        let client = &mut self.rig.client;
        match step {
            Step::Connect(of) => client.at(now).connect(socket(of), now),
            Step::Disconnect(of) => client.at(now).disconnect(socket(of), now),
            Step::Emit(of) => {
                client.emit(socket(of), r#"["emit"]"#.into(), Vec::new(), false, now).unwrap();
            }
            Step::Request(of) => self.request(socket(of)),
            Step::Latest(of, key) => {
                let payload = payload(r#"["latest"]"#);
                client.emit_latest(socket(of), &key.to_string(), payload, now).unwrap();
            }
            Step::Enqueue(of, key) => {
                // A key may come twice, which is refused.
                let _ = client.enqueue(socket(of), action(key), payload(r#"["do"]"#), now);
            }
            Step::Cancel(of, key) => client.cancel_action(socket(of), &action(key).key, now),
            Step::Pause(of) => client.pause_outbox(socket(of), now),
            Step::Resume(of) => client.resume_outbox(socket(of), now),
            Step::Retry(of, key) => {
                client.retry_action(socket(of), &action(key).key, now);
            }
            Step::Clear(of, all) => {
                let what = if all { Clear::All } else { Clear::Parked };
                client.clear_outbox(socket(of), what, now);
            }
            Step::Retain(of, topic) => {
                let leave = (topic > 0).then(|| r#"["leave"]"#.to_owned());
                let bodies = TopicBodies { join: r#"["join"]"#.into(), leave };
                let confirm = (topic == 1).then_some(EventId(0));
                client.retain_topic(socket(of), &topic.to_string(), bodies, confirm, now);
            }
            Step::Release(of, topic) => {
                client.release_topic(socket(of), &topic.to_string(), now);
            }
            Step::Confirm(of, topic) => {
                client.topic_confirmed(socket(of), &topic.to_string(), now);
            }
            Step::Hooks(of, prologue, gap) => {
                client.set_hooks(socket(of), Hooks { prologue, gap }, now);
            }
            Step::HookDone(of, first, ticket) => {
                let hook = if first { Hook::Prologue } else { Hook::Gap };
                client.hook_done(socket(of), hook, HookTicket(u32::from(ticket)), now);
            }
            Step::EmitFirst(of, ticket) => {
                let ticket = HookTicket(u32::from(ticket));
                client.emit_first(socket(of), ticket, payload(r#"["first"]"#), now).unwrap();
            }
            Step::Identity(who) => client.set_identity(["", "bob"][usize::from(who)], now),
            Step::RefreshAuth(of) => client.at(now).refresh_auth(socket(of), now),
            Step::ReconnectNow => client.at(now).reconnect_now(now),
            Step::Refresh(of) => client.refresh_outbox(socket(of), now),
            Step::SlowStore(slow) => self.rig.is_store_slow = slow,
            step => return self.act_outside(step),
        }
        self.rig.turn();
    }

    fn act_outside(&mut self, step: Step) {
        let rig = &mut self.rig;
        match step {
            Step::Establish => rig.establish(),
            Step::Accept(of, recovered) => {
                let pid = if recovered { r#","pid":"p""# } else { "" };
                rig.push(&format!(r#"40{}{{"sid":"s"{pid}}}"#, prefix(of)));
            }
            Step::Refuse(of) => rig.push(&format!(r#"44{}{{"message":"no"}}"#, prefix(of))),
            Step::Hello(of, seq, since) => rig.push(&hello(of, seq, since)),
            Step::Event(false, seq, true) => {
                rig.push_event(&format!(r#"["news",{}]"#, stamp(u64::from(seq))));
            }
            Step::Event(of, seq, _) => {
                let stamp = stamp(u64::from(seq));
                rig.push(&format!(r#"42{}["news",{stamp}]"#, prefix(of)));
            }
            Step::Plain(of) => rig.push(&format!(r#"42{}["news",1]"#, prefix(of))),
            Step::Position(of, seq) => {
                rig.push(&format!(r#"42{}["sockeye:position",["s","e",{seq}]]"#, prefix(of)));
            }
            Step::ServerDisconnect(of) => rig.push(&format!("41{}", prefix(of))),
            Step::Probed => rig.push(r#"44/sockeye-liveness,{"message":"no"}"#),
            Step::Answer(which, how) => self.answer(which, how),
            Step::Nonsense(which) => rig.push(NONSENSE[usize::from(which) % NONSENSE.len()]),
            Step::Cut => rig.cut(),
            Step::Advance(millis) => rig.advance(Duration::from_millis(u64::from(millis))),
            Step::Sleep(millis) => {
                rig.sleep(Duration::from_millis(u64::from(millis)));
                if rig.deadline.is_some_and(|deadline| deadline <= rig.now) {
                    rig.fire_timer();
                }
            }
            Step::Serve => self.serve(),
            _ => unreachable!("a step of the application"),
        }
    }

    fn request(&mut self, socket: SocketId) {
        let (request, now) = (RequestId(self.next_request), self.rig.now);
        let body = r#"["ask"]"#.to_owned();
        let sent = self.rig.client.request(socket, request, body, Vec::new(), None, now);
        sent.unwrap();
        self.next_request += 1;
        self.rig.requests.insert(request);
    }

    /// Answers one of the frames that were ever sent, on whichever connection.
    fn answer(&mut self, which: u8, how: u8) {
        let asks: Vec<_> =
            self.rig.sent.iter().filter(|frame| Ask::read(frame).is_some()).collect();
        let Some(frame) = asks.len().checked_sub(1 + usize::from(which) % asks.len().max(1)) else {
            return;
        };
        let frame = asks[frame].clone();
        let Some(ask) = Ask::read(&frame) else {
            return;
        };
        let key = ask.key.clone().unwrap_or_default();
        let verdict = |fields: &str| format!(r#"[{{"$sockeye":{{"k":"{key}",{fields}}}}},1]"#);
        let answer = match how % 10 {
            0 => "[]".to_owned(),
            1 => "[1,2]".to_owned(),
            2 => verdict(r#""s":"applied""#),
            3 => verdict(r#""s":"rejected""#),
            4 => verdict(r#""s":"renumber","e":3,"n":2"#),
            5 => verdict(r#""s":"gap","n":0"#),
            6 => verdict(r#""s":"retry","afterMs":500"#),
            7 => verdict(r#""s":"memory","m":"m2""#),
            8 => verdict(r#""s":"conflict""#),
            _ => r#"[{"streams":[{"stream":"s","gap":true}]}]"#.to_owned(),
        };
        self.push_answer(which < 128, &ask.head, &answer);
    }

    /// The server answers, and the page reads it by itself or leaves that to the client.
    fn push_answer(&mut self, is_read: bool, head: &str, arguments: &str) {
        if !is_read || !self.rig.offer_answer(head, arguments) {
            self.rig.push(&format!("43{head}{arguments}"));
        }
    }

    /// The server answers everything as it should.
    fn serve(&mut self) {
        while let Some(frame) = self.rig.sent.get(self.served).cloned() {
            self.served += 1;
            match frame.as_str() {
                "40/sockeye-liveness," => self.act(Step::Probed),
                frame if frame.starts_with("40") => {
                    let of = frame.starts_with("40/n1");
                    self.act(Step::Accept(of, false));
                    self.act(Step::Hello(of, 0, true));
                }
                frame => {
                    if let Some(ask) = Ask::read(frame) {
                        self.push_answer(self.served % 2 == 0, &ask.head, &ask.answer());
                    }
                }
            }
        }
    }

    /// From now on everything is as it should be. What was begun comes to its end.
    fn finish(&mut self) {
        self.act(Step::SlowStore(false));
        for of in [false, true] {
            for step in [Step::Hooks(of, false, false), Step::Resume(of), Step::Connect(of)] {
                self.act(step);
            }
        }
        self.act(Step::Cut);
        self.served = self.rig.sent.len();
        for _ in 0..400 {
            self.act(Step::Establish);
            self.serve();
            self.rig.push("2");
            self.rig.advance(seconds(1));
        }
    }
}

/// A frame that waits for its answer.
struct Ask {
    /// Namespace and number.
    head: String,
    key: Option<String>,
    is_since: bool,
}

impl Ask {
    fn read(frame: &str) -> Option<Self> {
        let (head, body) = frame.strip_prefix("42")?.split_once('[')?;
        head.ends_with(|last: char| last.is_ascii_digit()).then_some(())?;
        let body: serde_json::Value = serde_json::from_str(&format!("[{body}")).ok()?;
        let envelope = body.as_array()?.last()?.get("$sockeye");
        let key = envelope.and_then(|it| Some(it.get("k")?.as_str()?.to_owned()));
        Some(Self { head: head.to_owned(), key, is_since: body[0] == "sockeye:since" })
    }

    fn answer(&self) -> String {
        match &self.key {
            Some(key) => format!(r#"[{{"$sockeye":{{"k":"{key}","s":"applied"}}}}]"#),
            None if self.is_since => r#"[{"streams":[{"stream":"s","gap":true}]}]"#.to_owned(),
            None => "[]".to_owned(),
        }
    }
}

const NONSENSE: [&str; 8] = [
    r#"42["sockeye:hello"]"#,
    r#"42["sockeye:hello",{"v":1,"memory":"m9","retentionMs":0,"time":1e300,"since":true}]"#,
    r#"42["sockeye:position",["s","e2",1e300]]"#,
    r#"42["sockeye:retry",{"afterMs":-1}]"#,
    r#"42["news",{"$sockeye":{"stream":"s","epoch":"e2","seq":1}}]"#,
    "4312345[]",
    r#"40/sockeye-liveness,{"sid":"s"}"#,
    r#"40{"sid":"again"}"#,
];

fn socket(of: bool) -> SocketId {
    if of { OTHER } else { ROOT }
}

fn prefix(of: bool) -> &'static str {
    if of { "/n1," } else { "" }
}

fn hello(of: bool, seq: u8, since: bool) -> String {
    let positions = format!(r#""positions":[["s","e",{seq}]]"#);
    let hello = HELLO.replace(r#""positions":[]"#, &positions);
    let hello = hello.replace(r#""since":true"#, &format!(r#""since":{since}"#));
    hello.replacen("42", &format!("42{}", prefix(of)), 1)
}

fn action(key: u8) -> NewAction {
    NewAction {
        key: ActionKey::new(&format!("k{}", key % 16)),
        name: "do".into(),
        lane: ["main", "side"][usize::from(key) % 2].into(),
        ttl: (key % 5 == 0).then(|| seconds(30)),
        ack_timeout: seconds(5),
        coalesce_key: (key % 7 == 0).then(|| "same".into()),
        bytes: 10,
        attachments: 0,
        resend: key % 3 != 0,
    }
}

proptest! {
    #[test]
    fn keeps_every_rule_and_finishes_everything_when_anything_happens_in_any_order(
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut world = World::new();
        for step in steps {
            world.act(step);
        }
        world.finish();
        prop_assert!(world.rig.requests.is_empty(), "these never ended: {:?}", world.rig.requests);
        for socket in [ROOT, OTHER] {
            for item in world.rig.client.items(socket, world.rig.now) {
                let is_over = matches!(item.state, ItemState::Parked(_));
                prop_assert!(is_over, "{:?} never ends", item);
            }
        }
        world.rig.destroy();
    }

    #[test]
    fn keeps_every_rule_when_it_is_destroyed_in_the_middle(
        steps in proptest::collection::vec(step(), 0..60),
        late in proptest::collection::vec(step(), 0..20),
    ) {
        let mut world = World::new();
        for step in steps {
            world.act(step);
        }
        world.rig.destroy();
        prop_assert!(world.rig.requests.is_empty(), "these never ended: {:?}", world.rig.requests);
        world.rig.told.clear();
        for step in late {
            world.act_late(step);
        }
        prop_assert!(world.rig.told.is_empty(), "{:?}", world.rig.told);
    }
}

impl World {
    /// What may still come when the client is destroyed: words of the server and of the store, and time.
    fn act_late(&mut self, step: Step) {
        match step {
            Step::Establish
            | Step::Accept(..)
            | Step::Hello(..)
            | Step::Event(..)
            | Step::Probed
            | Step::Answer(..)
            | Step::HookDone(..)
            | Step::Release(..)
            | Step::Cancel(..)
            | Step::SlowStore(_) => self.act(step),
            _ => {}
        }
    }
}
