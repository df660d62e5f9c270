//! Sockeye: the manager that also runs in a page.

use std::time::Duration;

use sockeye::engineio::{Action, EngineConfig, Failure, TransportId, TransportKind};
use sockeye::manager::{Config, Manager, Output};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

use crate::client::Client;

const HANDSHAKE: &str = r#"0{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}"#;
const ACCEPTED: &str = r#"40{"sid":"s"}"#;
const PING: &str = "2";

/// A client with the defaults, on a WebSocket.
#[derive(Debug)]
pub struct Ours {
    manager: Manager<NativeHost>,
    deadline: Option<Instant>,
    transport: Option<TransportId>,
    wants_connection: bool,
}

impl Ours {
    fn drain(&mut self) {
        loop {
            match self.manager.poll_output() {
                Output::Transport(Action::OpenWebSocket { transport, .. }) => {
                    self.transport = Some(transport);
                    self.wants_connection = true;
                }
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return;
                }
                Output::Transport(_) | Output::Diagnose | Output::Event(_) => {}
            }
        }
    }

    fn receive(&mut self, frame: &str, now: Instant) {
        if let Some(transport) = self.transport {
            self.manager.handle_text(transport, &frame.to_owned(), now);
            self.drain();
        }
    }
}

impl Client for Ours {
    fn new(seed: u64) -> Self {
        let transports = vec![TransportKind::WebSocket];
        let engine = EngineConfig { transports, ..EngineConfig::default() };
        let config = Config { engine, seed, ..Config::default() };
        let mut manager = Manager::new(NativeHost::default(), config);
        let socket = manager.socket("/", false);
        manager.connect(socket, Instant::ORIGIN);
        let mut client = Self { manager, deadline: None, transport: None, wants_connection: false };
        client.drain();
        client
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    fn wake(&mut self, now: Instant) {
        self.manager.handle_timeout(now);
        self.drain();
    }

    fn wants_connection(&mut self) -> bool {
        std::mem::take(&mut self.wants_connection)
    }

    fn connected(&mut self, now: Instant) {
        if let Some(transport) = self.transport {
            self.manager.handle_opened(transport);
            self.drain();
        }
        self.receive(HANDSHAKE, now);
        self.receive(ACCEPTED, now);
    }

    fn pinged(&mut self, now: Instant) {
        self.receive(PING, now);
    }

    fn postponed(&mut self, after: Duration, now: Instant) {
        self.manager.postpone(after, now);
        self.drain();
    }

    fn closed(&mut self, now: Instant) {
        if let Some(transport) = self.transport.take() {
            self.manager.handle_closed(transport, Failure::Failed, now);
            self.drain();
        }
    }
}
