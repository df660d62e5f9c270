//! An event that comes again is delivered once: by its id, or by its number in its stream.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use serde_json::{Value, json};
use sockeye::client::dedup::{DedupConfig, DedupStatistics};
use sockeye::client::readiness::{Hook, HookTicket, Hooks};
use sockeye::client::{Client, ClientConfig, Event, Output};
use sockeye::engineio::{Action, Failure, TransportId};
use sockeye::host::{EventId, EventIdentity};
use sockeye::manager::SocketId;
use sockeye::native::NativeHost;
use sockeye::time::Instant;

const HANDSHAKE: &str = r#"0{"sid":"e","pingInterval":1000000,"pingTimeout":1000000}"#;
const NEWS: EventId = EventId(1);

/// A client with the root namespace, and a server in the test's hands.
struct Bench {
    client: Client<NativeHost>,
    socket: SocketId,
    now: Instant,
    transport: TransportId,
    /// The hook that the application was asked to run last for a gap.
    gap_hook: Option<HookTicket>,
    /// What was delivered: arguments and identity.
    delivered: Vec<(Value, EventIdentity)>,
}

impl Bench {
    fn new(dedup: DedupConfig) -> Self {
        let host = NativeHost::default();
        host.listen("padding");
        assert_eq!(host.listen("news"), NEWS);
        host.identify_by("id");
        let config = ClientConfig { dedup, ..ClientConfig::default() };
        let mut client = Client::new(host, config);
        let socket = client.socket("/", false);
        let (now, transport) = (Instant::from_millis(1_000.0), TransportId(0));
        Self { client, socket, now, transport, gap_hook: None, delivered: Vec::new() }
    }

    fn connected() -> Self {
        let mut bench = Self::new(DedupConfig::default());
        bench.connect();
        bench
    }

    fn connect(&mut self) {
        self.client.at(self.now).connect(self.socket, self.now);
        self.run();
        self.accept();
    }

    /// The connection is cut, and another one made.
    fn reconnect(&mut self) {
        self.client.at(self.now).handle_closed(self.transport, Failure::Closed, self.now);
        self.run();
        self.advance(Duration::from_secs(60));
        self.accept();
    }

    fn accept(&mut self) {
        self.client.at(self.now).handle_opened(self.transport);
        self.receive(HANDSHAKE);
        self.receive(r#"40{"sid":"s"}"#);
    }

    fn hello(&mut self) {
        self.receive(
            r#"42["sockeye:hello",{"v":1,"memory":"m","retentionMs":1,"time":1,"since":true}]"#,
        );
    }

    fn receive(&mut self, frame: &str) {
        self.client.handle_text(self.transport, &frame.to_owned(), self.now);
        self.run();
    }

    fn news(&mut self, argument: &Value) {
        self.receive(&format!("42{}", json!(["news", argument])));
    }

    fn stamped(&mut self, epoch: &str, seq: u64) {
        let id = format!("s/{epoch}/{seq}");
        let stamp = json!({ "id": id, "stream": "s", "epoch": epoch, "seq": seq });
        self.receive(&format!("42{}", json!(["news", seq, { "$sockeye": stamp }])));
    }

    fn advance(&mut self, time: Duration) {
        self.now = self.now + time;
        self.client.handle_timeout(self.now);
        self.run();
    }

    fn run(&mut self) {
        loop {
            match self.client.poll_output() {
                Output::Timeout(_) => return,
                Output::Transport(Action::OpenWebSocket { transport, .. }) => {
                    self.transport = transport;
                }
                Output::Event(Event::HookNeeded { hook: Hook::Gap, ticket, .. }) => {
                    self.gap_hook = Some(ticket);
                }
                Output::Event(Event::Delivered { event: NEWS, arguments, identity, .. }) => {
                    self.delivered.push((arguments[1].clone(), identity));
                }
                _ => {}
            }
        }
    }

    /// What has been delivered since the last call.
    fn take(&mut self) -> Vec<Value> {
        self.delivered.drain(..).map(|(argument, _)| argument).collect()
    }

    fn fail_last(&mut self) {
        let (_, identity) = self.delivered.last().expect("an event was delivered");
        self.client.handle_failure(self.socket, identity);
    }

    fn counted(&self) -> (u64, u64) {
        let DedupStatistics { identified, duplicates, .. } =
            self.client.dedup_statistics(self.socket);
        (identified, duplicates)
    }
}

#[test]
fn drops_an_event_whose_id_has_come() {
    let mut bench = Bench::connected();
    for id in [json!("a"), json!("b"), json!("a"), json!(1), json!("1"), json!(1)] {
        bench.news(&json!({ "id": id }));
    }
    let expected = [json!("a"), json!("b"), json!(1), json!("1")].map(|id| json!({ "id": id }));
    assert_eq!(bench.take(), expected);
    assert_eq!(bench.counted(), (6, 2));
}

#[test]
fn drops_it_on_the_next_connection_too() {
    let mut bench = Bench::connected();
    bench.news(&json!({ "id": "a" }));
    bench.reconnect();
    bench.news(&json!({ "id": "a" }));
    assert_eq!(bench.take().len(), 1);
}

#[test]
fn never_drops_an_event_without_an_id() {
    let mut bench = Bench::connected();
    let without = [json!({ "a": 1 }), json!({ "id": null }), json!({ "id": "" }), json!("text")];
    for argument in &without {
        bench.news(argument);
        bench.news(argument);
    }
    bench.receive(r#"42["news"]"#);
    assert_eq!(bench.delivered.len(), 2 * without.len() + 1);
    assert_eq!(bench.counted(), (0, 0));
}

#[test]
fn delivers_the_same_payload_under_other_ids() {
    let mut bench = Bench::connected();
    for id in 0..3 {
        bench.news(&json!({ "text": "same", "id": id }));
    }
    assert_eq!(bench.take().len(), 3);
}

#[test]
fn forgets_the_ids_of_a_user_who_goes() {
    let mut bench = Bench::connected();
    bench.news(&json!({ "id": "a" }));
    bench.client.set_identity("bob", bench.now);
    bench.run();
    bench.accept();
    bench.news(&json!({ "id": "a" }));
    assert_eq!(bench.take().len(), 2);
}

#[test]
fn keeps_namespaces_apart() {
    let mut bench = Bench::connected();
    let other = bench.client.socket("/other", false);
    bench.client.at(bench.now).connect(other, bench.now);
    bench.run();
    bench.receive(r#"40/other,{"sid":"o"}"#);
    bench.news(&json!({ "id": "a" }));
    bench.receive(r#"42/other,["news",{"id":"a"}]"#);
    assert_eq!(bench.take().len(), 2);
    bench.receive(r#"42/other,["news",{"id":"a"}]"#);
    assert_eq!(bench.take().len(), 0);
}

#[test]
fn delivers_an_event_again_that_a_listener_failed_to_handle() {
    let mut bench = Bench::connected();
    bench.news(&json!({ "id": "a" }));
    bench.fail_last();
    bench.news(&json!({ "id": "a" }));
    bench.news(&json!({ "id": "a" }));
    assert_eq!(bench.take().len(), 2);
}

#[test]
fn drops_a_number_that_was_delivered_and_counts_it() {
    let mut bench = Bench::connected();
    bench.hello();
    for seq in [1, 2, 1, 2, 3] {
        bench.stamped("e", seq);
    }
    assert_eq!(bench.take(), [json!(1), json!(2), json!(3)]);
    assert_eq!(bench.counted(), (5, 2));
}

#[test]
fn says_how_far_a_stream_was_delivered_and_goes_on_from_there() {
    let mut bench = Bench::connected();
    bench.hello();
    bench.stamped("e", 1);
    bench.stamped("e", 2);
    let [position] = bench.client.positions(bench.socket).try_into().expect("one stream");
    let row = (&*position.stream.text, &*position.epoch.text, position.seq);
    assert_eq!(row, ("s", "e", 2));

    // The page is loaded anew.
    let mut bench = Bench::new(DedupConfig::default());
    let kept = json!([
        ["s", "e", 2],
        "nonsense",
        [1, 2],
        ["t"],
        ["t", "e", -1],
        ["t", "e", 1.5],
        ["t", "e", 1e300]
    ]);
    bench.client.restore_positions(bench.socket, &kept);
    assert_eq!(bench.client.positions(bench.socket).len(), 1);
    bench.connect();
    bench.hello();
    bench.receive(
        r#"430[{"streams":[{"stream":"s","epoch":"e","seq":3,"events":[
            ["news",3,{"$sockeye":{"id":"s/e/3","stream":"s","epoch":"e","seq":3}}]]}]}]"#,
    );
    for seq in [2, 3, 4] {
        bench.stamped("e", seq);
    }
    assert_eq!(bench.take(), [json!(3), json!(4)]);
}

#[test]
fn keeps_no_position_behind_an_event_that_a_listener_failed_to_handle() {
    let mut bench = Bench::connected();
    bench.hello();
    bench.stamped("e", 1);
    bench.stamped("e", 2);
    bench.fail_last();
    bench.stamped("e", 3);
    let positions = bench.client.positions(bench.socket);
    assert_eq!(positions[0].seq, 1);
}

#[test]
fn keeps_the_position_behind_a_gap_although_a_listener_failed_before_it() {
    let mut bench = Bench::connected();
    bench.client.set_hooks(bench.socket, Hooks { prologue: false, gap: true }, bench.now);
    bench.receive(r#"42["sockeye:hello",{"v":1,"memory":"m","retentionMs":1,"time":1}]"#);
    bench.stamped("e", 1);
    bench.stamped("e", 2);
    bench.fail_last();
    bench.stamped("e", 5);
    let ticket = bench.gap_hook.expect("the application is asked to make it good");
    bench.client.hook_done(bench.socket, Hook::Gap, ticket, bench.now);
    bench.run();
    assert_eq!(bench.client.positions(bench.socket)[0].seq, 5);
}

#[test]
fn keeps_no_position_while_what_was_missed_is_made_good() {
    let mut bench = Bench::connected();
    bench.client.set_hooks(bench.socket, Hooks { prologue: false, gap: true }, bench.now);
    bench.receive(r#"42["sockeye:hello",{"v":1,"memory":"m","retentionMs":1,"time":1}]"#);
    bench.stamped("e", 1);
    bench.stamped("e", 5);
    let ticket = bench.gap_hook.expect("the application is asked to make it good");
    assert!(bench.client.positions(bench.socket).is_empty());
    bench.client.hook_done(bench.socket, Hook::Gap, ticket, bench.now);
    bench.run();
    assert_eq!(bench.client.positions(bench.socket)[0].seq, 5);
}

#[test]
fn counts_numbers_from_the_start_if_the_application_has_its_own() {
    let mut bench = Bench::new(DedupConfig::default());
    bench.client.count_unheard();
    bench.connect();
    let frame = |name: &str, seq: u64| {
        let stamp = json!({ "stream": "s", "epoch": "e", "seq": seq });
        format!("42{}", json!([name, seq, { "$sockeye": stamp }]))
    };
    bench.receive(&frame("news", 1));
    bench.receive(&frame("nobody listens", 2));
    bench.receive(&frame("news", 3));
    assert_eq!(bench.take(), [json!(1), json!(3)]);
    assert_eq!(bench.client.positions(bench.socket)[0].seq, 3);
}
