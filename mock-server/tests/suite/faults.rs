//! Rules on the server's own port: what each of them does to real connections.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use sockeye_mock::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::client::{Client, Polling};
use crate::http::{get, post};
use crate::{PATIENCE, quiet, start};

/// A server, and what a test says to it.
pub struct Stage {
    pub server: Server,
}

type Wire = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Stage {
    pub async fn new() -> Self {
        Self::with(quiet()).await
    }

    async fn with(config: Config) -> Self {
        Self { server: start(config).await }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    /// Adds a rule called `it`.
    pub async fn rule(&self, mut rule: Value) {
        rule["id"] = json!("it");
        let answer = post(&self.url("/control/rules"), &rule.to_string()).await;
        assert_eq!(answer, (200, json!({ "id": "it" })));
    }

    pub async fn log(&self, query: &str) -> Vec<Value> {
        let (status, body) = get(&self.url(&format!("/control/log{query}"))).await;
        assert_eq!(status, 200, "{body}");
        body["entries"].as_array().unwrap().clone()
    }

    /// Emits events of craft with these numbers.
    pub async fn tick(&self, numbers: &[u32]) {
        for number in numbers {
            let body = json!({ "event": "tick", "data": number }).to_string();
            assert_eq!(post(&self.url("/craft/api/broadcast"), &body).await.0, 200);
        }
    }

    /// A WebSocket of craft that is connected, without anything that reads packets.
    async fn wire(&self) -> Wire {
        let url = self.url("/craft/socket.io/?EIO=4&transport=websocket").replacen("http", "ws", 1);
        let mut wire = connect_async(url).await.expect("the WebSocket opens").0;
        assert!(text(&mut wire).await.starts_with("0{"));
        wire.send(Message::text("40")).await.unwrap();
        // The first heartbeat comes at once. What stands still behind it would be nobody's to see.
        let mut first = [any_text(&mut wire).await, any_text(&mut wire).await];
        first.sort();
        assert!(first[0] == "2" && first[1].starts_with("40{"), "{first:?}");
        wire
    }

    pub async fn connections(&self) -> Value {
        get(&self.url("/control/connections")).await.1["count"].clone()
    }
}

/// The next text that is no heartbeat.
async fn text(wire: &mut Wire) -> String {
    loop {
        let text = any_text(wire).await;
        if text != "2" {
            return text;
        }
    }
}

async fn any_text(wire: &mut Wire) -> String {
    match timeout(PATIENCE, wire.next()).await.expect("in time") {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

/// Whether nothing has come but heartbeats.
fn has_nothing(wire: &mut Wire) -> bool {
    loop {
        match wire.next().now_or_never() {
            Some(Some(Ok(Message::Text(text)))) if text.as_str() == "2" => {}
            other => return other.is_none(),
        }
    }
}

pub fn on_tick(action: Value) -> Value {
    json!({ "on": { "event": { "name": "tick", "nth": 2 } }, "do": action })
}

/// What a client that is there before the rule gets of three events.
async fn ticks(action: Value, expected: &[u32]) {
    let stage = Stage::new().await;
    let mut client = Client::craft(&stage.server.url()).await;
    stage.rule(on_tick(action)).await;
    stage.tick(&[1, 2, 3]).await;
    for number in expected {
        assert_eq!(client.expect("tick").await, *number);
    }
    let hits = stage.log("?wait=it&only=hit").await;
    assert_eq!((hits.len(), &hits[0]["direction"]), (1, &json!("serverToClient")));
}

#[tokio::test]
async fn events_are_dropped() {
    ticks(json!("drop"), &[1, 3]).await;
}

#[tokio::test]
async fn events_are_duplicated() {
    ticks(json!("duplicate"), &[1, 2, 2, 3]).await;
}

#[tokio::test]
async fn events_are_reordered() {
    ticks(json!({ "reorder": {} }), &[1, 3, 2]).await;
}

#[tokio::test]
async fn events_are_replaced() {
    ticks(json!({ "replace": { "args": [20] } }), &[1, 20, 3]).await;
    ticks(json!({ "replace": { "text": "42[\"tick\",21]" } }), &[1, 21, 3]).await;
}

#[tokio::test]
async fn events_are_delayed_and_keep_their_order() {
    let start = Instant::now();
    ticks(json!({ "delay": { "ms": 60, "jitterMs": 10 } }), &[1, 2, 3]).await;
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_stalled_connection_gets_nothing_until_the_release() {
    let stage = Stage::new().await;
    let (mut stalled, mut other) = (stage.wire().await, stage.wire().await);
    let mut rule = on_tick(json!({ "stall": {} }));
    rule["connection"] = json!(1);
    stage.rule(rule).await;
    stage.tick(&[1, 2, 3]).await;
    assert_eq!(text(&mut stalled).await, "42[\"tick\",1]");
    stage.log("?wait=it").await;
    for number in 1..=3 {
        assert_eq!(text(&mut other).await, format!("42[\"tick\",{number}]"), "others go on");
    }
    assert!(has_nothing(&mut stalled));
    assert_eq!(post(&stage.url("/control/release"), "").await.0, 200);
    assert_eq!(text(&mut stalled).await, "42[\"tick\",2]");
    assert_eq!(text(&mut stalled).await, "42[\"tick\",3]");
}

#[tokio::test]
async fn everything_can_be_stalled_from_outside() {
    let stage = Stage::new().await;
    let mut wire = stage.wire().await;
    assert_eq!(post(&stage.url("/control/stall"), "").await.0, 200);
    let rule = json!({ "on": { "event": { "name": "tick" } }, "do": "pass" });
    stage.rule(rule).await;
    stage.tick(&[1]).await;
    stage.log("?wait=it").await;
    assert!(has_nothing(&mut wire));
    post(&stage.url("/control/release"), "").await;
    assert_eq!(text(&mut wire).await, "42[\"tick\",1]");
}

const UPGRADE: &str = "GET /craft/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n\
    Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

async fn tcp(stage: &Stage) -> TcpStream {
    let mut tcp = TcpStream::connect(stage.server.address()).await.unwrap();
    tcp.write_all(UPGRADE.as_bytes()).await.unwrap();
    tcp
}

/// Everything up to the end.
async fn rest(tcp: &mut TcpStream) -> (Vec<u8>, std::io::Result<usize>) {
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, tcp.read_to_end(&mut bytes)).await.expect("the end");
    (bytes, end)
}

#[tokio::test]
async fn a_connection_is_cut_at_a_byte() {
    for (with, is_reset) in [("reset", true), ("finish", false)] {
        let stage = Stage::new().await;
        stage
            .rule(json!({ "direction": "serverToClient", "on": { "byte": 50 },
                "do": { "cut": { "with": with } } }))
            .await;
        let (bytes, end) = rest(&mut tcp(&stage).await).await;
        assert_eq!((bytes.len(), end.is_err()), (50, is_reset), "{with}");
        let log = stage.log("").await;
        let closed = log.iter().find(|entry| entry["event"] == "closed").unwrap();
        assert_eq!(closed["by"], json!({ "cut": { "with": with } }));
    }
}

#[tokio::test]
async fn a_half_closed_connection_still_carries_what_the_client_says() {
    let stage = Stage::new().await;
    stage
        .rule(json!({ "on": { "packet": { "type": "open" } }, "do": { "halfClose": { "when": "after" } } }))
        .await;
    let seen = json!({ "id": "seen", "on": { "packet": { "type": "connect" } }, "do": "pass" });
    post(&stage.url("/control/rules"), &seen.to_string()).await;
    let mut tcp = tcp(&stage).await;
    let (bytes, end) = rest(&mut tcp).await;
    assert!(end.is_ok() && String::from_utf8_lossy(&bytes).contains("0{\"sid\""));
    tcp.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'4', b'0']).await.unwrap();
    let hits = stage.log("?wait=seen&only=hit").await;
    assert_eq!(hits[1]["direction"], "clientToServer");
}

#[tokio::test]
async fn the_nth_connection_is_refused_and_requests_of_the_api_do_not_count() {
    let stage = Stage::new().await;
    stage.rule(json!({ "on": "connection", "connection": 2, "do": "refuse" })).await;
    let _first = stage.wire().await;
    stage.log("").await;
    let (bytes, end) = rest(&mut tcp(&stage).await).await;
    assert!(bytes.is_empty() && end.is_err());
    let _third = stage.wire().await;
    let hits = stage.log("?only=hit").await;
    assert_eq!((hits.len(), &hits[0]["connection"]), (1, &json!(2)));
}

#[tokio::test]
async fn an_upgrade_is_answered_with_a_status_and_when_to_come_again() {
    for status in [429, 503] {
        let stage = Stage::new().await;
        stage
            .rule(json!({ "on": { "request": { "transport": "websocket" } }, "times": 1,
                "do": { "respond": { "status": status, "retryAfter": 7, "body": "later" } } }))
            .await;
        let url =
            stage.url("/craft/socket.io/?EIO=4&transport=websocket").replacen("http", "ws", 1);
        let Err(Error::Http(refused)) = connect_async(url).await else { panic!("no refusal") };
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()["retry-after"]),
            (status, &"7".parse().unwrap())
        );
        let _wire = stage.wire().await;
    }
}

#[tokio::test]
async fn a_request_of_polling_is_answered_with_a_status_and_the_next_is_not() {
    let stage = Stage::new().await;
    let mut client = Polling::connect(&stage.server.url(), "/craft/socket.io", "").await;
    stage
        .rule(json!({ "on": { "request": { "method": "POST", "path": "/craft/" } }, "times": 1,
            "do": { "respond": { "status": 503, "retryAfter": 1 } } }))
        .await;
    // One keep-alive connection carries all of these.
    let http = reqwest::Client::builder().pool_max_idle_per_host(1).build().unwrap();
    let url = stage.url("/craft/socket.io/?EIO=4&transport=polling");
    for (status, retry_after) in [(503, Some("1")), (400, None)] {
        let request =
            http.post(&url).header("Origin", "http://localhost:5173").body("4".repeat(2_000));
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), header("retry-after")), (status, retry_after));
        if status == 503 {
            assert_eq!(header("access-control-allow-origin"), Some("http://localhost:5173"));
            assert_eq!(header("access-control-expose-headers"), Some("Retry-After"));
        }
        answer.text().await.unwrap();
    }
    stage.tick(&[1]).await;
    assert_eq!(client.poll().await, ["42[\"tick\",1]"], "others go on");
}

#[tokio::test]
async fn a_request_can_be_reset_or_never_answered() {
    let stage = Stage::new().await;
    stage.rule(json!({ "on": { "request": {} }, "do": "refuse", "times": 1 })).await;
    let drop = json!({ "id": "silent", "on": { "request": {} }, "do": "drop", "times": 1 });
    post(&stage.url("/control/rules"), &drop.to_string()).await;
    assert!(rest(&mut tcp(&stage).await).await.1.is_err());
    let mut silent = tcp(&stage).await;
    stage.log("?wait=silent").await;
    tokio::select! {
        biased;
        answer = silent.read_u8() => panic!("{answer:?}"),
        // Others are answered meanwhile.
        _wire = stage.wire() => {}
    }
}

#[tokio::test]
async fn a_handshake_is_slow() {
    let stage = Stage::new().await;
    stage
        .rule(json!({ "on": { "packet": { "type": "open" } }, "do": { "delay": { "ms": 60 } } }))
        .await;
    let start = Instant::now();
    let _wire = stage.wire().await;
    assert!(start.elapsed() >= Duration::from_millis(60));
    assert_eq!(stage.log("?only=hit").await[0]["action"], "delay");
}

#[tokio::test]
async fn a_client_whose_pongs_are_dropped_is_given_up() {
    let (ping_interval, ping_timeout) =
        (Duration::from_millis(50), Some(Duration::from_millis(100)));
    let stage = Stage::with(Config { ping_interval, ping_timeout, ..quiet() }).await;
    stage
        .rule(json!({ "connection": 1, "on": { "packet": { "type": "pong" } }, "do": "drop" }))
        .await;
    let mut given_up = Client::craft(&stage.server.url()).await;
    let mut other = Client::craft(&stage.server.url()).await;
    // Reading answers heartbeats.
    let reading = tokio::spawn(async move { other.expect("tick").await });
    assert_eq!(given_up.event_or_end().await, None);
    assert!(stage.log("?wait=it&only=hit").await[0]["direction"] == "clientToServer");
    // Until then the other would have been given up, too.
    let mut silent = stage.wire().await;
    let ended = async { while let Some(Ok(Message::Text(_))) = silent.next().await {} };
    timeout(PATIENCE, ended).await.expect("who says nothing is given up");
    stage.tick(&[1]).await;
    assert_eq!(reading.await.unwrap(), 1);
}

#[tokio::test]
async fn a_client_gets_a_connect_error_and_the_server_never_sees_it() {
    let refused = json!({ "message": "not now", "data": { "code": "busy" } });
    for (action, expected) in [
        (json!({ "connectError": refused }), refused),
        (json!("expiredToken"), json!({ "message": "expired", "data": { "code": "expired" } })),
    ] {
        let stage = Stage::new().await;
        stage
            .rule(json!({ "on": { "packet": { "type": "connect", "namespace": "/jobs" } }, "do": action, "times": 1 }))
            .await;
        let url = stage.server.url();
        let Err(error) = Client::attempt(&url, "/jobs/socket.io", "", "/jobs", "").await else {
            panic!("connected");
        };
        assert_eq!((error, stage.connections().await), (expected, json!(0)));
        Client::jobs(&url).await;
    }
}

#[tokio::test]
async fn the_server_disconnects_a_client_and_knows_it() {
    let stage = Stage::new().await;
    let mut wire = stage.wire().await;
    stage.rule(json!({ "on": { "event": { "name": "leave" } }, "do": { "disconnect": {} } })).await;
    wire.send(Message::text("42[\"leave\"]")).await.unwrap();
    assert_eq!(text(&mut wire).await, "41");
    wire.send(Message::text("40")).await.unwrap();
    assert!(text(&mut wire).await.starts_with("40{"), "the connection is still there");
    assert_eq!(stage.connections().await, 1);
}

#[tokio::test]
async fn the_server_disconnects_a_client_and_closes_the_connection() {
    let stage = Stage::new().await;
    let mut wire = stage.wire().await;
    stage.rule(on_tick(json!({ "disconnect": { "when": "after", "close": true } }))).await;
    stage.tick(&[1, 2]).await;
    for expected in ["42[\"tick\",1]", "42[\"tick\",2]", "41"] {
        assert_eq!(text(&mut wire).await, expected);
    }
    let end = timeout(PATIENCE, wire.next()).await.unwrap();
    assert!(matches!(end, Some(Ok(Message::Close(Some(_))))), "{end:?}");
}

#[tokio::test]
async fn a_restart_loses_what_was_in_memory() {
    let stage = Stage::new().await;
    let resource = stage.url("/craft/api/resource/dashboard");
    assert_eq!(crate::http::patch(&resource, "{\"views\":7}").await.1["views"], 7);
    let mut client = Client::craft(&stage.server.url()).await;
    let polling = Polling::connect(&stage.server.url(), "/craft/socket.io", "").await;
    assert_eq!(post(&stage.url("/control/restart"), "").await, (200, json!({})));
    assert_eq!(client.ended().await, crate::client::End::Abrupt);
    assert_eq!(get(&resource).await.1["views"], 0);
    assert_eq!((stage.connections().await, polling.status().await), (json!(0), 400));
    let mut client = Client::craft(&stage.server.url()).await;
    stage.tick(&[1]).await;
    assert_eq!(client.expect("tick").await, 1);
}

#[tokio::test]
async fn a_rule_restarts_the_server_which_is_not_there_for_a_while() {
    let stage = Stage::new().await;
    let mut client = Client::craft(&stage.server.url()).await;
    stage.rule(on_tick(json!({ "restart": { "downMs": 600_000 } }))).await;
    stage.tick(&[1, 2]).await;
    while client.event_or_end().await.is_some() {}
    let (bytes, end) = rest(&mut tcp(&stage).await).await;
    assert!(bytes.is_empty() && end.is_err(), "nobody can connect");
    assert_eq!(stage.log("?only=hit").await[0]["action"], "restart");
}

#[tokio::test]
async fn the_server_is_back_after_a_rule_has_restarted_it() {
    let stage = Stage::new().await;
    let mut client = Client::craft(&stage.server.url()).await;
    stage.rule(on_tick(json!({ "restart": { "downMs": 1 } }))).await;
    stage.tick(&[1, 2]).await;
    while client.event_or_end().await.is_some() {}
    let is_restarted = |entries: Vec<Value>| entries.iter().any(|e| e["event"] == "restarted");
    let restarted = async {
        while !is_restarted(stage.log("?only=connection").await) {}
        while reqwest::get(stage.server.url()).await.is_err() {}
    };
    timeout(PATIENCE, restarted).await.expect("it is back");
    let mut client = Client::craft(&stage.server.url()).await;
    stage.tick(&[3]).await;
    assert_eq!(client.expect("tick").await, 3);
}

#[tokio::test]
async fn restarts_that_come_together_are_done_one_after_the_other() {
    let stage = Stage::new().await;
    let restart = stage.url("/control/restart");
    let ordered = |restart: String, body: &'static str| {
        tokio::spawn(async move { post(&restart, body).await })
    };
    let first = ordered(restart.clone(), r#"{"downMs": 300}"#);
    let is_down = async { while rest(&mut tcp(&stage).await).await.1.is_ok() {} };
    timeout(PATIENCE, is_down).await.expect("it is down");
    let second = ordered(restart, r#"{"downMs": 600000}"#);
    assert_eq!(timeout(PATIENCE, first).await.unwrap().unwrap(), (200, json!({})));
    let is_down = async { while rest(&mut tcp(&stage).await).await.1.is_ok() {} };
    timeout(PATIENCE, is_down).await.expect("it is down again");
    for _ in 0..20 {
        assert!(rest(&mut tcp(&stage).await).await.1.is_err(), "it stays down");
    }
    assert!(!second.is_finished());
    second.abort();
}

#[tokio::test]
async fn every_malformed_frame_goes_to_the_one_that_is_meant() {
    let stage = Stage::new().await;
    let (_, list) = get(&stage.url("/control/malformed")).await;
    let names = list["malformed"].as_array().unwrap();
    assert!(names.len() > 60);
    let mut other = stage.wire().await;
    for entry in names {
        let rule = json!({ "id": entry["name"], "next": 1, "on": { "event": { "name": "tick" } },
            "do": { "malformed": { "name": entry["name"], "when": "instead" } } });
        assert_eq!(post(&stage.url("/control/rules"), &rule.to_string()).await.0, 200);
        let mut meant = stage.wire().await;
        stage.tick(&[1]).await;
        let got = timeout(PATIENCE, meant.next()).await.expect("something");
        let is_tick =
            matches!(&got, Some(Ok(Message::Text(text))) if text.as_str() == "42[\"tick\",1]");
        assert!(!is_tick, "{entry}");
        assert_eq!(text(&mut other).await, "42[\"tick\",1]", "{entry}");
    }
    assert_eq!(stage.log("?only=hit").await.len(), names.len());
}

#[tokio::test]
async fn a_malformed_frame_goes_before_or_after_the_message() {
    for (when, expected) in
        [("before", ["42", "42[\"tick\",2]"]), ("after", ["42[\"tick\",2]", "42"])]
    {
        let stage = Stage::new().await;
        let mut wire = stage.wire().await;
        stage
            .rule(on_tick(json!({ "malformed": { "name": "event-without-data", "when": when } })))
            .await;
        stage.tick(&[1, 2]).await;
        assert_eq!(text(&mut wire).await, "42[\"tick\",1]");
        for packet in expected {
            assert_eq!(text(&mut wire).await, packet, "{when}");
        }
    }
}

#[tokio::test]
async fn a_session_has_one_number_on_all_its_connections() {
    let stage = Stage::new().await;
    stage
        .rule(json!({ "connection": 1, "on": { "event": { "name": "tick" } }, "do": "pass" }))
        .await;
    let polling = Polling::connect(&stage.server.url(), "/craft/socket.io", "").await;
    let mut client = polling.upgrade().await;
    let mut second = Client::craft(&stage.server.url()).await;
    stage.tick(&[1]).await;
    client.expect("tick").await;
    second.expect("tick").await;
    let hits = stage.log("?wait=it&only=hit").await;
    assert_eq!((hits.len(), &hits[0]["connection"]), (1, &json!(1)));
}

#[tokio::test]
async fn the_log_is_read_on_from_where_one_was() {
    let stage = Stage::new().await;
    let mut client = Client::craft(&stage.server.url()).await;
    stage.rule(json!({ "on": { "event": { "name": "tick" } }, "do": "pass" })).await;
    stage.tick(&[1]).await;
    client.expect("tick").await;
    let last = stage.log("?wait=it").await.last().unwrap()["n"].clone();
    assert_eq!(stage.log(&format!("?after={last}&waitMs=1&only=hit")).await, Vec::<Value>::new());
    let query = format!("?after={last}&waitMs=10000&only=hit");
    let (news, ()) = tokio::join!(stage.log(&query), stage.tick(&[2]));
    assert_eq!((news.len(), &news[0]["hit"]), (1, &json!(2)));
}

/// What is logged of a client that gets twenty events.
async fn comparable_log(seed: u64) -> Vec<Value> {
    let script = vec![
        serde_json::from_value(json!({ "id": "cut", "on": { "event": { "nth": 20 } }, "do": { "cut": {} } })).unwrap(),
        serde_json::from_value(json!({ "id": "some", "on": { "event": { "name": "tick" } }, "share": 0.4, "do": "drop" })).unwrap(),
        serde_json::from_value(json!({ "id": "late", "on": { "event": {} }, "share": 0.3, "do": { "delay": { "ms": 1, "jitterMs": 3 } } })).unwrap(),
    ];
    let stage = Stage::with(Config { seed, script, ..quiet() }).await;
    let mut wire = stage.wire().await;
    stage.tick(&(1..=20).collect::<Vec<_>>()).await;
    while timeout(PATIENCE, wire.next()).await.expect("in time").is_some_and(|next| next.is_ok()) {}
    stage.log("?wait=cut&only=hit&comparable=true").await
}

#[tokio::test]
async fn the_same_seed_and_script_give_the_same_log() {
    let log = comparable_log(7).await;
    assert!(log.len() > 5, "{log:?}");
    assert_eq!(log, comparable_log(7).await);
    assert_ne!(log, comparable_log(8).await);
}

#[tokio::test]
async fn rules_are_listed_and_removed() {
    let stage = Stage::new().await;
    let url = stage.url("/control/rules");
    let rule = json!({ "id": "a", "times": 2, "on": { "event": { "name": "x" } }, "do": "drop" });
    post(&url, &rule.to_string()).await;
    post(&url, &json!({ "on": "connection", "do": "pass" }).to_string()).await;
    let _wire = stage.wire().await;
    let (_, listed) = get(&url).await;
    assert_eq!((&listed["rules"][0]["id"], &listed["rules"][0]["hits"]), (&json!("a"), &json!(0)));
    assert_eq!(
        (&listed["rules"][1]["id"], &listed["rules"][1]["hits"]),
        (&json!("rule-2"), &json!(1))
    );
    let delete = async |path: &str| {
        let answer = reqwest::Client::new().delete(stage.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(delete("/control/rules/a").await, (200, json!({ "id": "a" })));
    assert_eq!(delete("/control/rules/a").await.0, 404);
    assert_eq!(delete("/control/rules").await, (200, json!({ "removed": 1 })));
    assert_eq!(get(&url).await.1, json!({ "rules": [] }));
}

#[tokio::test]
async fn bad_input_of_the_api_is_explained_and_changes_nothing() {
    let stage = Stage::new().await;
    let huge = format!("{{\"id\":\"{}\"}}", "x".repeat(2_000_000));
    for (path, body, status, reason) in [
        ("/rules", "{", 400, "EOF while parsing"),
        ("/rules", "[]", 400, "must be a JSON object"),
        ("/rules", "", 400, "missing field `on`"),
        ("/rules", r#"{"on": {"event": {"nam": "a"}}, "do": "drop"}"#, 400, "unknown field `nam`"),
        ("/rules", r#"{"on": {"event": {}}, "do": "explode"}"#, 400, "unknown variant `explode`"),
        ("/rules", r#"{"on": {"event": {}}, "do": "refuse"}"#, 400, "not refuse"),
        ("/rules", r#"{"on": {"event": {}}, "do": "drop", "times": -1}"#, 400, "invalid value"),
        ("/rules", huge.as_str(), 413, "body over"),
        ("/stall", r#"{"direction": "up"}"#, 400, "unknown variant `up`"),
        ("/restart", r#"{"downMs": 600001}"#, 400, "at most 600000"),
        ("/restart", r#"{"down": 1}"#, 400, "unknown field `down`"),
    ] {
        let (got, answer) = post(&stage.url(&format!("/control{path}")), body).await;
        let error = answer["error"].as_str().unwrap();
        assert!(got == status && error.contains(reason), "{path}: {got} {error}");
    }
    let undecodable = stage.url("/control/rules/%ff");
    let answer = reqwest::Client::new().delete(undecodable).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().starts_with("{\"error\":"), "in words");
    for (query, status, reason) in [
        ("?wait=nothing", 404, "there is no rule nothing"),
        ("?only=nothing", 400, "unknown variant `nothing`"),
        ("?hit=x", 400, "invalid digit"),
        ("?nothing=1", 400, "unknown field `nothing`"),
    ] {
        let (got, answer) = get(&stage.url(&format!("/control/log{query}"))).await;
        let error = answer["error"].as_str().unwrap();
        assert!(got == status && error.contains(reason), "{query}: {got} {error}");
    }
    assert_eq!(post(&stage.url("/control/malformed"), "").await.0, 405);
    assert_eq!(get(&stage.url("/control/rules")).await.1, json!({ "rules": [] }));
}

/// Asks for everything that an OpenAPI document has; returns how many routes that are.
pub async fn ask_for_everything(url: &str, path_of_document: &str) -> usize {
    let (_, document) = get(&format!("{url}{path_of_document}")).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{document}");
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "nothing");
            let request = reqwest::Client::new().request(method, format!("{url}{path}"));
            let answer = request.send().await.unwrap();
            let status = answer.status().as_str().to_owned();
            assert!(described["responses"].get(&status).is_some(), "{path}: {status}");
            let body = answer.text().await.unwrap();
            assert!(!body.contains("nothing at"), "{path}: {body}");
            routes += 1;
        }
    }
    routes
}

#[tokio::test]
async fn the_openapi_document_is_true() {
    let stage = Stage::new().await;
    let routes = ask_for_everything(&stage.server.url(), "/control/openapi.json").await;
    let (_, index) = get(&stage.server.url()).await;
    assert_eq!(index["control"].as_array().unwrap().len(), routes + 1, "and the document itself");
}
