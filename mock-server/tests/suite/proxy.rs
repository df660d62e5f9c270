//! The proxy: what its rules do to real connections.

use std::io::ErrorKind;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use sockeye_mock::{Proxy, ProxyConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, accept_async, connect_async};

use crate::PATIENCE;
use crate::http::{get, post};

/// A proxy in front of a WebSocket server that answers every text with `ok:` and the text.
pub struct Stage {
    pub proxy: Proxy,
    /// What the server is told.
    pub heard: mpsc::UnboundedReceiver<String>,
}

pub type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Stage {
    pub async fn with(rules: &[Value]) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = server.local_addr().unwrap().to_string();
        let (tell, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = server.accept().await {
                tokio::spawn(answer(stream, tell.clone()));
            }
        });
        Self { proxy: start_proxy(upstream, rules).await, heard }
    }

    pub async fn client(&self) -> Client {
        connect_async(self.proxy.url().replacen("http", "ws", 1)).await.expect("it opens").0
    }

    pub async fn heard(&mut self) -> String {
        timeout(PATIENCE, self.heard.recv()).await.expect("in time").expect("a text")
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        post(&format!("{}{path}", self.proxy.control_url()), &body.to_string()).await
    }

    pub async fn log(&self, query: &str) -> Vec<Value> {
        let (status, body) = get(&format!("{}/log{query}", self.proxy.control_url())).await;
        assert_eq!(status, 200, "{body}");
        body["entries"].as_array().unwrap().clone()
    }
}

pub async fn start_proxy(upstream: String, rules: &[Value]) -> Proxy {
    let free = "127.0.0.1:0".parse().unwrap();
    let rules = rules.iter().map(|rule| serde_json::from_value(rule.clone()).unwrap()).collect();
    Proxy::start(ProxyConfig { listen: free, upstream, control: free, rules, seed: 1 })
        .await
        .unwrap()
}

async fn answer(stream: TcpStream, tell: mpsc::UnboundedSender<String>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message {
            let _ = tell.send(text.to_string());
            if socket.send(Message::text(format!("ok:{text}"))).await.is_err() {
                return;
            }
        }
    }
}

pub async fn say(client: &mut Client, text: &str) {
    client.send(Message::text(text)).await.expect("it is sent");
}

/// The next text, or `None` at the end of the connection.
pub async fn next(client: &mut Client) -> Option<String> {
    match timeout(PATIENCE, client.next()).await.expect("in time") {
        Some(Ok(Message::Text(text))) => Some(text.to_string()),
        Some(Ok(other)) => panic!("{other}"),
        Some(Err(_)) | None => None,
    }
}

fn on_frame(direction: &str, prefix: &str, action: Value) -> Value {
    json!({"id": "it", "direction": direction, "on": {"frame": {"prefix": prefix}}, "do": action,
           "times": 1})
}

#[tokio::test]
async fn everything_goes_through_when_no_rule_applies() {
    let mut stage = Stage::with(&[]).await;
    let mut client = stage.client().await;
    for text in ["", "42[\"a\"]", &"x".repeat(70_000)] {
        say(&mut client, text).await;
        assert_eq!(stage.heard().await, text);
        assert_eq!(next(&mut client).await, Some(format!("ok:{text}")));
    }
}

#[tokio::test]
async fn the_log_tells_what_went_through() {
    let stage = Stage::with(&[on_frame("serverToClient", "ok:last", json!("pass"))]).await;
    let mut client = stage.client().await;
    say(&mut client, &"é".repeat(200)).await;
    next(&mut client).await;
    say(&mut client, "last").await;
    let log = stage.log("?wait=it").await;
    let events: Vec<_> = log.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    let expected = ["opened", "head", "head", "frame", "frame", "frame", "frame", "hit"];
    assert_eq!(events, expected);
    assert!(log[1]["line"].as_str().unwrap().starts_with("GET / HTTP/1.1"));
    let frame = &log[3];
    assert_eq!(frame["text"], "é".repeat(120));
    assert_eq!((&frame["opcode"], &frame["length"]), (&json!("text"), &json!(400)));
    assert_eq!((&frame["direction"], &frame["connection"]), (&json!("clientToServer"), &json!(1)));
    assert_eq!((&log[7]["rule"], &log[7]["hit"]), (&json!("it"), &json!(1)));
}

#[tokio::test]
async fn messages_are_dropped_duplicated_and_replaced_in_both_directions() {
    let rules = [
        json!({"on": {"frame": {"prefix": "lost"}}, "do": "drop"}),
        json!({"on": {"frame": {"prefix": "twice"}}, "do": "duplicate"}),
        json!({"on": {"frame": {"prefix": "other"}}, "do": {"replace": {"text": "new"}}}),
        json!({"on": {"frame": {"prefix": "ok:other"}}, "do": {"replace": {"text": "ok:own"}}}),
        json!({"on": {"frame": {"prefix": "ok:end"}}, "do": "duplicate"}),
        json!({"on": {"frame": {"prefix": "ok:lost"}}, "do": "drop"}),
    ];
    let mut stage = Stage::with(&rules).await;
    let mut client = stage.client().await;
    for text in ["lost", "twice", "other", " lost", "end"] {
        say(&mut client, text).await;
    }
    for text in ["twice", "twice", "new", " lost", "end"] {
        assert_eq!(stage.heard().await, text);
    }
    for text in ["ok:twice", "ok:twice", "ok:new", "ok: lost", "ok:end", "ok:end"] {
        assert_eq!(next(&mut client).await.as_deref(), Some(text));
    }
}

#[tokio::test]
async fn a_cut_before_or_after_a_frame_is_seen_by_both_sides() {
    for (when, heard) in [("before", None), ("after", Some("cut me"))] {
        for with in ["reset", "finish"] {
            let cut = json!({"cut": {"when": when, "with": with}});
            let mut stage = Stage::with(&[on_frame("clientToServer", "cut", cut)]).await;
            let mut client = stage.client().await;
            say(&mut client, "cut me").await;
            while next(&mut client).await.is_some() {}
            if let Some(text) = heard {
                assert_eq!(stage.heard().await, text);
            }
            let mut client = stage.client().await;
            say(&mut client, "again").await;
            assert_eq!(stage.heard().await, "again", "{when} {with}");
        }
    }
}

#[tokio::test]
async fn a_cut_at_a_byte_lets_exactly_those_before_it_through() {
    for (with, end) in [("finish", Ok(0)), ("reset", Err(ErrorKind::ConnectionReset))] {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rule = json!({"direction": "clientToServer", "on": {"byte": 20},
            "do": {"cut": {"with": with}}});
        let proxy = start_proxy(server.local_addr().unwrap().to_string(), &[rule]).await;
        let address = proxy.url().replacen("http://", "", 1);
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET /0123456789012345678 HTTP/1.1\r\n\r\n").await.unwrap();
        let (mut upstream, _) = server.accept().await.unwrap();
        let mut bytes = [0; 20];
        upstream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"GET /012345678901234");
        let ended = timeout(PATIENCE, upstream.read(&mut bytes)).await.unwrap();
        assert_eq!(ended.map_err(|error| error.kind()), end);
        let ended = timeout(PATIENCE, client.read(&mut bytes)).await.unwrap();
        assert_eq!(ended.map_err(|error| error.kind()), end);
    }
}

#[tokio::test]
async fn a_stalled_direction_keeps_what_comes_until_the_release() {
    let stall = json!({"stall": {}});
    let seen = json!({"id": "seen", "on": {"frame": {"prefix": "third"}}, "do": "pass"});
    let mut stage = Stage::with(&[on_frame("clientToServer", "second", stall), seen]).await;
    let mut client = stage.client().await;
    for text in ["first", "second", "third"] {
        say(&mut client, text).await;
    }
    assert_eq!(stage.heard().await, "first");
    assert_eq!(next(&mut client).await.as_deref(), Some("ok:first"));
    stage.log("?wait=seen").await;
    assert!(stage.heard.try_recv().is_err(), "the second is held");
    stage.post("/release", json!({})).await;
    assert_eq!((stage.heard().await, stage.heard().await), ("second".into(), "third".into()));
}

#[tokio::test]
async fn a_delayed_message_keeps_its_place() {
    let delay = json!({"delay": {"ms": 60}});
    let mut stage = Stage::with(&[on_frame("clientToServer", "late", delay)]).await;
    let mut client = stage.client().await;
    let start = std::time::Instant::now();
    for text in ["early", "late", "last"] {
        say(&mut client, text).await;
    }
    for text in ["early", "late", "last"] {
        assert_eq!(stage.heard().await, text);
    }
    assert!(start.elapsed().as_millis() >= 60);
}

#[tokio::test]
async fn a_refused_connection_is_reset_and_the_next_one_is_not() {
    let rule = json!({"on": "connection", "connection": 1, "do": "refuse"});
    let mut stage = Stage::with(&[rule]).await;
    assert!(connect_async(stage.proxy.url().replacen("http", "ws", 1)).await.is_err());
    let mut client = stage.client().await;
    say(&mut client, "hello").await;
    assert_eq!(stage.heard().await, "hello");
}

#[tokio::test]
async fn a_half_closed_connection_still_carries_the_other_direction() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rule = json!({"direction": "clientToServer", "on": {"byte": 18}, "do": {"halfClose": {}}});
    let proxy = start_proxy(server.local_addr().unwrap().to_string(), &[rule]).await;
    let mut client = TcpStream::connect(proxy.url().replacen("http://", "", 1)).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\n\r\nlost").await.unwrap();
    let (mut upstream, _) = server.accept().await.unwrap();
    let mut request = String::new();
    timeout(PATIENCE, upstream.read_to_string(&mut request)).await.unwrap().unwrap();
    assert_eq!(request, "GET / HTTP/1.1\r\n\r\n");
    upstream.write_all(b"answer").await.unwrap();
    drop(upstream);
    let mut answer = String::new();
    timeout(PATIENCE, client.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, "answer");
}

#[tokio::test]
async fn a_client_is_reset_when_there_is_no_server() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let proxy = start_proxy(gone, &[]).await;
    let mut client = TcpStream::connect(proxy.url().replacen("http://", "", 1)).await.unwrap();
    let ended = timeout(PATIENCE, client.read(&mut [0; 1])).await.unwrap();
    assert_eq!(ended.map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
}
