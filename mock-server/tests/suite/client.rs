//! A Socket.IO client of a few lines, so that no codec is shared with anything that is tested here.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::PATIENCE;

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    namespace: &'static str,
    pub id: String,
}

/// How a connection came to its end.
#[derive(Debug, PartialEq)]
pub enum End {
    CloseFrame,
    Abrupt,
}

impl Client {
    /// Opens a WebSocket to `path` and connects `namespace`, which is empty for the main one.
    pub async fn connect(server_url: &str, path: &str, namespace: &'static str) -> Self {
        Self::connect_with(server_url, path, namespace, "").await
    }

    /// The same with `auth`, an object as JSON, or nothing.
    pub async fn connect_with(
        server_url: &str,
        path: &str,
        namespace: &'static str,
        auth: &str,
    ) -> Self {
        let client = Self::attempt(server_url, path, "", namespace, auth).await;
        client.unwrap_or_else(|refusal| panic!("refused: {refusal}"))
    }

    /// The same with more in the query of the address; fails with what CONNECT_ERROR says.
    pub async fn attempt(
        server_url: &str,
        path: &str,
        query: &str,
        namespace: &'static str,
        auth: &str,
    ) -> Result<Self, Value> {
        let url = server_url.replacen("http", "ws", 1);
        let url = format!("{url}{path}/?EIO=4&transport=websocket&{query}");
        let (socket, _) = connect_async(url).await.expect("the WebSocket opens");
        let mut client = Self { socket, namespace, id: String::new() };
        assert!(client.packet().await.starts_with("0{"), "Engine.IO OPEN");
        client.send(&client.packet_of('0', auth)).await;
        let answer = client.packet().await;
        let json = |text: &str| serde_json::from_str::<Value>(text).expect("an object");
        if let Some(refusal) = answer.strip_prefix(&client.packet_of('4', "")) {
            return Err(json(refusal));
        }
        let answer = json(answer.strip_prefix(&client.packet_of('0', "")).expect("CONNECT"));
        client.id = answer["sid"].as_str().expect("a socket id").to_owned();
        Ok(client)
    }

    /// Sends a text frame as it is.
    pub async fn send_raw(&mut self, text: &str) {
        self.send(text).await;
    }

    pub async fn primes(server_url: &str) -> Self {
        Self::connect(server_url, "/primes/socket.io", "").await
    }

    pub async fn craft(server_url: &str) -> Self {
        Self::connect(server_url, "/craft/socket.io", "").await
    }

    pub async fn jobs(server_url: &str) -> Self {
        Self::connect(server_url, "/jobs/socket.io", "/jobs").await
    }

    /// Emits an event with the arguments in `args`, a JSON array without its brackets.
    pub async fn emit(&mut self, event: &str, args: &str) {
        let separator = if args.is_empty() { "" } else { "," };
        let packet = self.packet_of('2', &format!("[\"{event}\"{separator}{args}]"));
        self.send(&packet).await;
    }

    /// Emits and waits for the acknowledgement's first argument, passing over events.
    pub async fn request(&mut self, event: &str, args: &str) -> Value {
        self.exchange(event, args).await[0].clone()
    }

    /// Emits and waits for the acknowledgement, passing over events.
    pub async fn exchange(&mut self, event: &str, args: &str) -> Value {
        let separator = if args.is_empty() { "" } else { "," };
        let packet = self.packet_of('2', &format!("7[\"{event}\"{separator}{args}]"));
        self.send(&packet).await;
        let ack = self.packet_of('3', "7");
        loop {
            if let Some(args) = self.packet().await.strip_prefix(&ack) {
                return serde_json::from_str(args).expect("acknowledgement");
            }
        }
    }

    /// Waits for the next event, whatever it is: its name and its arguments.
    pub async fn whole_event(&mut self) -> Value {
        let packet = self.packet().await;
        let event = packet.strip_prefix(&self.packet_of('2', "")).expect("EVENT");
        serde_json::from_str(event).expect("event arguments")
    }

    /// Waits for the next event, whatever it is: its name and its first argument.
    pub async fn event(&mut self) -> (String, Value) {
        let event = self.whole_event().await;
        (event[0].as_str().expect("event name").to_owned(), event[1].clone())
    }

    /// Waits for the next event, which must be `name`.
    pub async fn expect(&mut self, name: &str) -> Value {
        let (event, payload) = self.event().await;
        assert_eq!(event, name, "{payload}");
        payload
    }

    /// Waits for the event `name`, passing over others.
    pub async fn until(&mut self, name: &str) -> Value {
        loop {
            let (event, payload) = self.event().await;
            if event == name {
                return payload;
            }
        }
    }

    /// Waits for the next event, or for the end of the connection.
    pub async fn event_or_end(&mut self) -> Option<Value> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("in time");
            let text = message?.ok()?.into_text().ok()?.to_string();
            if text == "2" {
                self.socket.send(Message::text("3")).await.ok()?;
            } else if let Some(event) = text.strip_prefix(&self.packet_of('2', "")) {
                return Some(serde_json::from_str(event).expect("event arguments"));
            }
        }
    }

    /// Waits for the end of the connection.
    pub async fn ended(&mut self) -> End {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("the connection ends") {
                Some(Ok(Message::Close(_))) => return End::CloseFrame,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return End::Abrupt,
            }
        }
    }

    async fn send(&mut self, packet: &str) {
        self.socket.send(Message::text(packet)).await.expect("the packet is sent");
    }

    /// Waits for the next packet that is no heartbeat.
    pub async fn packet(&mut self) -> String {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a packet in time");
            let text = message.expect("an open connection").expect("a frame").to_string();
            if text != "2" {
                return text;
            }
            self.send("3").await;
        }
    }

    fn packet_of(&self, kind: char, rest: &str) -> String {
        let separator = if self.namespace.is_empty() { "" } else { "," };
        format!("4{kind}{}{separator}{rest}", self.namespace)
    }
}

/// A client that stays on HTTP long-polling.
pub struct Polling {
    http: reqwest::Client,
    url: String,
    id: String,
}

impl Polling {
    /// Opens a session, and connects the namespace that `namespace` names as packets do.
    pub async fn connect(server_url: &str, path: &str, namespace: &str) -> Self {
        let mut client = Self::open(server_url, path).await;
        client.post(format!("40{namespace}")).await;
        let connected = format!("40{namespace}{{\"sid\":\"");
        while client.id.is_empty() {
            let packets = client.poll().await;
            let answer = packets.iter().find_map(|packet| packet.strip_prefix(&connected));
            client.id = answer.map(|id| id.trim_end_matches("\"}").to_owned()).unwrap_or_default();
        }
        client
    }

    /// Opens a session, and connects nothing.
    pub async fn open(server_url: &str, path: &str) -> Self {
        let url = format!("{server_url}{path}/?EIO=4&transport=polling");
        let mut client = Self { http: reqwest::Client::new(), url, id: String::new() };
        let open = client.get().await;
        let open: Value = serde_json::from_str(open.strip_prefix('0').expect("OPEN")).unwrap();
        client.url = format!("{}&sid={}", client.url, open["sid"].as_str().expect("a session"));
        client
    }

    /// Sends a packet as it is.
    pub async fn send(&mut self, packet: &str) {
        self.post(packet.to_owned()).await;
    }

    /// Moves the session to a WebSocket, as clients do that begin with polling.
    pub async fn upgrade(self) -> Client {
        let url = self.url.replacen("http", "ws", 1).replace("=polling", "=websocket");
        let (socket, _) = connect_async(url).await.expect("the WebSocket opens");
        let mut client = Client { socket, namespace: "", id: self.id };
        client.send("2probe").await;
        assert_eq!(client.packet().await, "3probe");
        client.send("5").await;
        client
    }

    /// Waits for packets, and returns those that are no heartbeat.
    pub async fn poll(&mut self) -> Vec<String> {
        let payload = self.get().await;
        let (pings, packets): (Vec<_>, Vec<_>) =
            payload.split('\u{1e}').map(str::to_owned).partition(|packet| packet == "2");
        if !pings.is_empty() {
            self.post("3".to_owned()).await;
        }
        packets
    }

    /// The status of a poll.
    pub async fn status(&self) -> u16 {
        let request = self.http.get(&self.url).timeout(PATIENCE);
        request.send().await.expect("an answer").status().as_u16()
    }

    async fn get(&self) -> String {
        let request = self.http.get(&self.url).timeout(PATIENCE);
        request.send().await.expect("an answer").text().await.expect("a payload")
    }

    async fn post(&self, packet: String) {
        let request = self.http.post(&self.url).timeout(PATIENCE).body(packet);
        assert_eq!(request.send().await.expect("an answer").text().await.unwrap(), "ok");
    }
}
