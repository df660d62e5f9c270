//! Recording a server, and replaying the recording.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sockeye_mock::{Config, RecordConfig, Recorder, Replay, ReplayConfig, Server, read_recording};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

use crate::client::{Client, End, Polling};
use crate::http::{get, post};
use crate::{PATIENCE, quiet, start};

/// A recorder in front of a server, with a folder for the file.
struct Studio {
    server: Server,
    recorder: Recorder,
    folder: TempDir,
}

impl Studio {
    async fn open() -> Self {
        Self::with(quiet(), false).await
    }

    async fn with(config: Config, redact: bool) -> Self {
        let (server, folder) = (start(config).await, tempfile::tempdir().unwrap());
        let recorder = record(&server.url(), &folder.path().join(FILE), redact).await;
        Self { server, recorder, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// The lines after the header, when everything is over.
    async fn lines(self) -> Vec<Value> {
        self.recorder.shutdown().await;
        self.server.shutdown().await;
        let text = std::fs::read_to_string(self.folder.path().join(FILE)).unwrap();
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

async fn record(url: &str, file: &Path, redact: bool) -> Recorder {
    let (host, file) = ("127.0.0.1".to_owned(), file.to_owned());
    let upstream = url.parse().unwrap();
    Recorder::start(RecordConfig { host, port: 0, upstream, file, redact }).await.unwrap()
}

const FILE: &str = "recording.jsonl";

/// What a side said in a session: the types, with the names of events.
fn said(lines: &[Value], session: u64, from: &str) -> Vec<String> {
    let said = lines.iter().filter(|line| line["session"] == session && line["from"] == from);
    let word = |line: &Value| match line["type"].as_str().unwrap() {
        "event" => line["data"][0].as_str().unwrap().to_owned(),
        other => other.to_owned(),
    };
    said.map(word).collect()
}

#[tokio::test]
async fn everything_goes_through_and_packets_are_written_down() {
    let studio = Studio::open().await;
    let url = studio.recorder.url();
    let mut client = Client::jobs(&url).await;
    let answer = client.request("subscribe:jobs", "{\"jobId\":\"a\"}").await;
    assert_eq!(answer["room"], "job:a");
    let mut primes = Client::primes(&url).await;
    primes.expect("welcome").await;
    assert_eq!(get(&format!("{url}/primes/api/subscribe/stats")).await.1["connectedClients"], 1);
    drop(client);
    primes.emit("subscribe:jobs", "").await;
    primes.expect("subscription:confirmed").await;

    let header = std::fs::read_to_string(studio.file()).unwrap();
    let header: Value = serde_json::from_str(header.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&header["sockeyeRecording"], &header["upstream"]),
        (&json!(1), &json!(studio.server.url()))
    );
    let lines = studio.lines().await;
    let open = &lines[0];
    assert_eq!((&open["type"], &open["path"]), (&json!("open"), &json!("/jobs/socket.io/")));
    assert_eq!(
        (&open["transport"], &open["handshake"]["pingInterval"]),
        (&json!("websocket"), &json!(25_000))
    );
    assert_eq!(said(&lines, 1, "client"), ["connect", "subscribe:jobs", "close"]);
    assert_eq!(said(&lines, 1, "server"), ["connect", "ack"]);
    assert_eq!(said(&lines, 2, "client")[..2], ["connect", "subscribe:jobs"]);
    assert_eq!(said(&lines, 2, "server")[..3], ["connect", "welcome", "subscription:confirmed"]);
    let ack = lines.iter().find(|line| line["type"] == "ack").unwrap();
    assert_eq!(
        (&ack["namespace"], &ack["id"], &ack["data"][0]["room"]),
        (&json!("/jobs"), &json!(7), &json!("job:a"))
    );
}

#[tokio::test]
async fn a_websocket_of_something_else_goes_through_and_is_not_written_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let echo = tokio::spawn(async move {
        let mut socket = accept_async(listener.accept().await.unwrap().0).await.unwrap();
        let message = socket.next().await.unwrap().unwrap();
        socket.send(message).await.unwrap();
        while socket.next().await.is_some() {}
    });
    let folder = tempfile::tempdir().unwrap();
    let recorder = record(&url, &folder.path().join(FILE), false).await;
    let address = format!("{}/hot?EIO=3", recorder.url().replacen("http", "ws", 1));
    let mut socket = connect_async(address).await.unwrap().0;
    socket.send(Message::text("reload")).await.unwrap();
    let answer = timeout(PATIENCE, socket.next()).await.expect("an answer").unwrap().unwrap();
    assert_eq!(answer, Message::text("reload"));
    drop(socket);
    timeout(PATIENCE, echo).await.expect("the end goes through, too").unwrap();
    recorder.shutdown().await;
    let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[tokio::test]
async fn a_session_that_its_server_does_not_know_any_more_has_ended() {
    let studio = Studio::open().await;
    let polling = Polling::connect(&studio.recorder.url(), "/craft/socket.io", "").await;
    assert_eq!(post(&format!("{}/control/restart", studio.server.url()), "").await.0, 200);
    assert_eq!(polling.status().await, 400);
    let lines = studio.lines().await;
    assert_eq!(said(&lines, 1, "server"), ["connect", "close"]);
}

#[tokio::test]
async fn polling_and_the_upgrade_are_one_session() {
    let studio = Studio::open().await;
    let mut polling = Polling::connect(&studio.recorder.url(), "/primes/socket.io", "").await;
    polling.send("42[\"subscribe:jobs\"]").await;
    let confirmed = |packet: &String| packet.starts_with("42[\"subscription:confirmed\"");
    while !polling.poll().await.iter().any(confirmed) {}
    let mut client = polling.upgrade().await;
    client.emit("subscribe:batches", "").await;
    client.expect("subscription:confirmed").await;
    studio.server.shutdown().await;
    assert_eq!(client.ended().await, End::CloseFrame);
    studio.recorder.shutdown().await;
    let text = std::fs::read_to_string(studio.folder.path().join(FILE)).unwrap();
    let lines: Vec<Value> =
        text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["transport"], lines.len()), (&json!("polling"), 9), "{text}");
    assert_eq!(said(&lines, 1, "client"), ["connect", "subscribe:jobs", "subscribe:batches"]);
    let told = ["connect", "welcome", "subscription:confirmed", "subscription:confirmed", "close"];
    assert_eq!(said(&lines, 1, "server"), told);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_to_the_client() {
    let studio = Studio::open().await;
    studio.server.shutdown().await;
    let url = format!("{}/primes/socket.io/?EIO=4&transport=polling", studio.recorder.url());
    let (status, answer) = get(&url).await;
    assert_eq!(status, 502);
    assert!(answer["error"].as_str().unwrap().contains("does not answer"), "{answer}");
    assert_eq!(post(&format!("{}/x", studio.recorder.url()), "").await.0, 502);
}

#[tokio::test]
async fn tokens_are_hidden_when_that_is_asked_for() {
    for redact in [true, false] {
        let studio = Studio::with(quiet(), redact).await;
        let tokens = studio.server.tokens();
        let token = |name| tokens.iter().find(|(contract, _)| *contract == name).unwrap().1.clone();
        let (realtime, agents) = (token("realtime"), token("agents"));
        let (url, auth) = (studio.recorder.url(), json!({ "token": realtime }).to_string());
        let mut client = Client::connect_with(&url, "/realtime/socket.io", "", &auth).await;
        client.expect("connected").await;
        let query = format!("token={agents}");
        assert!(Client::attempt(&url, "/agents/socket.io", &query, "", "").await.is_ok());
        let text = std::fs::read_to_string(studio.file()).unwrap();
        for token in [realtime, agents] {
            assert_eq!(text.contains(&token), !redact, "{text}");
        }
        assert_eq!(text.contains("token=redacted"), redact, "{text}");
        assert!(text.contains("\"userId\":\"ada\""), "the rest is there: {text}");
    }
}

/// A replay of a file.
async fn replay(file: &Path, speed: Option<f64>) -> Replay {
    let (host, recording) = ("127.0.0.1".to_owned(), read_recording(file).unwrap());
    let patience = Duration::from_secs(60);
    Replay::start(ReplayConfig { host, port: 0, recording, speed, patience }).await.unwrap()
}

/// A file with these lines after the header.
fn written(lines: &[Value]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let header = json!({ "sockeyeRecording": 1 });
    let lines = std::iter::once(&header).chain(lines).map(|line| format!("{line}\n"));
    std::fs::write(&path, lines.collect::<String>()).unwrap();
    (folder, path)
}

fn open_line(at_ms: u64, session: u64, path: &str) -> Value {
    json!({ "atMs": at_ms, "session": session, "type": "open", "path": path })
}

fn line(at_ms: u64, session: u64, from: &str, kind: &str, more: Value) -> Value {
    let mut line = json!({ "atMs": at_ms, "session": session, "from": from, "type": kind });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

fn event(at_ms: u64, from: &str, data: Value) -> Value {
    line(at_ms, 1, from, "event", json!({ "data": data }))
}

/// A session on the main namespace, up to where the client is let in.
fn let_in(session: u64) -> Vec<Value> {
    vec![
        open_line(0, session, "/socket.io/"),
        line(0, session, "client", "connect", json!({})),
        line(0, session, "server", "connect", json!({ "data": { "sid": "recorded" } })),
    ]
}

/// Does what a client of `jobs` and one of `primes` do; returns what they were told.
async fn visit(url: &str, server: Option<&Server>) -> Vec<Value> {
    let mut told = Vec::new();
    let mut jobs = Client::jobs(url).await;
    told.push(jobs.request("subscribe:jobs", "{\"userId\":\"u\"}").await);
    if let Some(server) = server {
        post(&format!("{}/jobs/api/jobs", server.url()), "{\"userId\":\"u\",\"steps\":3}").await;
    }
    loop {
        let event = jobs.whole_event().await;
        told.push(event.clone());
        if event[0] == "job:completed" || event[0] == "job:error" {
            break;
        }
    }
    let mut primes = Client::primes(url).await;
    let welcome = primes.expect("welcome").await;
    assert_eq!(welcome["clientId"], primes.id, "its own id, wherever it is named");
    for event in ["subscribe:jobs", "subscribe:apples", "unsubscribe:jobs"] {
        primes.emit(event, "").await;
        told.push(primes.whole_event().await);
    }
    told
}

#[tokio::test]
async fn a_replay_says_what_the_server_said() {
    let studio = Studio::open().await;
    let told = visit(&studio.recorder.url(), Some(&studio.server)).await;
    assert!(told.len() > 6, "{told:?}");
    let file = studio.file();
    studio.server.shutdown().await;
    studio.recorder.shutdown().await;
    for speed in [Some(1.0), Some(50.0), None] {
        let replay = replay(&file, speed).await;
        for _ in 0..2 {
            assert_eq!(visit(&replay.url(), None).await, told, "{speed:?}");
        }
        let report = get(&format!("{}/control/replay", replay.url())).await.1;
        assert_eq!(report["mismatches"], json!([]), "{report}");
        replay.shutdown().await;
    }
}

#[tokio::test]
async fn a_replay_speaks_polling_and_upgrades() {
    let news = event(9, "server", json!(["news", { "z": 1, "a": 2 }]));
    let more = [event(9, "client", json!(["more"])), event(9, "server", json!(["last"]))];
    let (_folder, file) = written(&[let_in(1), vec![news], more.to_vec()].concat());
    let replay = replay(&file, None).await;
    let mut polling = Polling::open(&replay.url(), "/socket.io").await;
    polling.send("40").await;
    let mut packets = Vec::new();
    while packets.len() < 2 {
        packets.extend(polling.poll().await);
    }
    assert!(packets[0].starts_with("40{\"sid\":\""), "{packets:?}");
    assert_eq!(packets[1], "42[\"news\",{\"a\":2,\"z\":1}]");
    let mut client = polling.upgrade().await;
    client.emit("more", "").await;
    client.expect("last").await;
}

#[tokio::test]
async fn order_holds_and_times_are_scaled() {
    // None of the latter two comes in time unless it is faster than it happened.
    for (speed, last_ms) in [(Some(1.0), 200), (Some(1_000.0), 100_000), (None, 3_600_000)] {
        let ticks = (1..=20).map(|n| event(n * last_ms / 20, "server", json!(["tick", n])));
        let (_folder, file) = written(&let_in(1).into_iter().chain(ticks).collect::<Vec<_>>());
        let replay = replay(&file, speed).await;
        let start = Instant::now();
        let mut client = Client::connect(&replay.url(), "/socket.io", "").await;
        for n in 1..=20 {
            assert_eq!(client.expect("tick").await, n);
        }
        let original = Duration::from_millis(last_ms);
        assert!(speed != Some(1.0) || start.elapsed() >= original, "not before its time");
        replay.shutdown().await;
    }
}

#[tokio::test]
async fn sessions_come_one_after_the_other_on_their_path() {
    let of = |session, name: &str| {
        let event = line(0, session, "server", "event", json!({ "data": [name] }));
        let close = line(0, session, "server", "close", json!({}));
        [let_in(session), vec![event, close]].concat()
    };
    let mut elsewhere = let_in(3);
    elsewhere[0] = open_line(0, 3, "/other/path/");
    elsewhere.push(line(0, 3, "server", "event", json!({ "data": ["elsewhere"] })));
    let (_folder, file) = written(&[of(1, "first"), of(2, "second"), elsewhere].concat());
    let replay = replay(&file, None).await;
    for name in ["first", "second", "first"] {
        let mut client = Client::connect(&replay.url(), "/socket.io", "").await;
        client.expect(name).await;
        client.ended().await;
    }
    Client::connect(&replay.url(), "/other/path", "").await.expect("elsewhere").await;
    let (status, answer) = get(&format!("{}/none/?EIO=4&transport=polling", replay.url())).await;
    assert_eq!(status, 404, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("/none/"), "{answer}");
}

#[tokio::test]
async fn mismatches_are_told_and_can_be_waited_for() {
    let request = line(5, 1, "client", "event", json!({ "id": 3, "data": ["ask", 1] }));
    let answer = line(6, 1, "server", "ack", json!({ "id": 3, "data": ["yes"] }));
    let (_folder, file) = written(&[let_in(1), vec![request, answer]].concat());
    let replay = replay(&file, None).await;
    let report = format!("{}/control/replay", replay.url());
    let (status, _) = get(&format!("{report}?mismatches=1&timeoutMs=1")).await;
    assert_eq!(status, 504);
    let mut client = Client::connect(&replay.url(), "/socket.io", "").await;
    client.emit("surprise", "{}").await;
    let (_, told) = get(&format!("{report}?mismatches=1")).await;
    let expected = json!({ "n": 1, "session": 1, "kind": "unexpected", "type": "event", "namespace": "/",
        "event": "surprise" });
    assert_eq!(told["mismatches"], json!([expected]));
    assert_eq!(client.request("ask", "\"other data\"").await, "yes");
    let (_, told) = get(&format!("{report}?finished=1")).await;
    let session = json!({ "session": 1, "recorded": 1, "played": 4, "moments": 4 });
    assert_eq!(told["sessions"], json!([session]));
    assert_eq!(told["mismatches"].as_array().unwrap().len(), 1);
    assert_eq!(get(&format!("{report}?misses=1")).await.0, 400);
}

#[tokio::test]
async fn refusals_are_replayed_whole() {
    let mut lines =
        vec![open_line(0, 1, "/socket.io/"), line(0, 1, "client", "connect", json!({}))];
    let data = json!({ "message": "expired", "data": { "code": 7 } });
    lines.push(line(0, 1, "server", "connect_error", json!({ "data": data })));
    let (_folder, file) = written(&lines);
    let replay = replay(&file, None).await;
    let refused = Client::attempt(&replay.url(), "/socket.io", "", "", "").await;
    assert_eq!(refused.err(), Some(data));
}

#[test]
fn recordings_that_cannot_be_replayed_say_why_and_where() {
    let (folder, path) = written(&[open_line(5, 1, "/a"), event(4, "server", json!(["a"]))]);
    let told = read_recording(&path).unwrap_err().to_string();
    assert!(told.contains("recording.jsonl: line 3: atMs is 4"), "{told}");
    std::fs::write(&path, "{\"sockeyeRecording\":1}\n").unwrap();
    let told = read_recording(&path).unwrap_err().to_string();
    assert!(told.contains("no client has said anything"), "{told}");
    let told = read_recording(&folder.path().join("none")).unwrap_err().to_string();
    assert!(told.contains("cannot read"), "{told}");
}
