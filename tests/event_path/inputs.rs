//! What managers are brought into any state by.

use std::time::Duration;

use proptest::prelude::*;
use sockeye::engineio::{Failure, TransportId};
use sockeye::manager::{Config, Consequence, Manager, Output, SocketId};
use sockeye::native::NativeHost;
use sockeye::socketio::RequestId;
use sockeye::time::Instant;

pub const TRANSPORT: TransportId = TransportId(0);
pub const HANDSHAKE: &str = r#"0{"sid":"e","pingInterval":300,"pingTimeout":200}"#;

/// One input of the manager.
#[derive(Clone, Debug)]
pub enum Input {
    Connect(u32),
    Disconnect(u32),
    Frame(&'static str),
    Binary,
    Closed,
    Timeout,
    ReconnectNow,
    Request(Option<u64>),
    Cancel,
    Destroy,
}

pub fn manager() -> Manager<NativeHost> {
    let host = NativeHost::default();
    for name in ["x", "a\"b", "7"] {
        host.listen(name);
    }
    let mut manager = Manager::new(host, Config::default());
    manager.socket("/", false);
    manager.socket("/other", false);
    manager
}

/// Takes the inputs, one every 50 ms, and returns the moment of the last.
pub fn play(manager: &mut Manager<NativeHost>, inputs: &[Input]) -> Instant {
    let mut now = Instant::from_millis(1_000.0);
    for (number, input) in inputs.iter().enumerate() {
        now = now + Duration::from_millis(50);
        take(manager, input, number as u32, now);
    }
    now
}

/// Returns what may have come of the input, which only frames are asked.
pub fn take(
    manager: &mut Manager<NativeHost>,
    input: &Input,
    number: u32,
    now: Instant,
) -> Consequence {
    let root = SocketId(0);
    match *input {
        Input::Frame(frame) => return manager.handle_text(TRANSPORT, &frame.to_owned(), now),
        Input::Binary => return manager.handle_binary(TRANSPORT, vec![1], now),
        Input::Connect(socket) => manager.connect(SocketId(socket), now),
        Input::Disconnect(socket) => manager.disconnect(SocketId(socket), now),
        Input::Closed => manager.handle_closed(TRANSPORT, Failure::Failed, now),
        Input::Timeout => manager.handle_timeout(now),
        Input::ReconnectNow => manager.reconnect_now(now),
        Input::Request(timeout) => {
            let timeout = timeout.map(Duration::from_millis);
            let body = "[\"r\"]".to_owned();
            // After the end there is nobody to ask.
            let _ = manager.request(root, RequestId(number), body, Vec::new(), timeout, now);
        }
        Input::Cancel => manager.cancel(root, RequestId(number.saturating_sub(1))),
        Input::Destroy => manager.destroy(now),
    }
    Consequence::Any
}

/// The deadline of a manager that has said everything else.
pub fn deadline(manager: &mut Manager<NativeHost>) -> Option<Instant> {
    match manager.poll_output() {
        Output::Timeout(deadline) => deadline,
        output => panic!("{output:?} is left"),
    }
}

/// Everything that the caller must do, with the next deadline at the end.
pub fn drain(manager: &mut Manager<NativeHost>) -> Vec<String> {
    let mut outputs = Vec::new();
    loop {
        let output = manager.poll_output();
        outputs.push(format!("{output:?}"));
        if matches!(output, Output::Timeout(_)) {
            return outputs;
        }
    }
}

pub fn connected() -> Vec<Input> {
    vec![Input::Connect(0), Input::Frame(HANDSHAKE), Input::Frame(r#"40{"sid":"s"}"#)]
}

pub fn with(more: Input) -> Vec<Input> {
    let mut inputs = connected();
    inputs.push(more);
    inputs
}

pub fn any_input() -> impl Strategy<Value = Input> {
    let frames = vec![
        "2",
        "41",
        "1",
        "6",
        "430[]",
        "431[]",
        "451-[]",
        "450-[]",
        "44",
        "garbage",
        "41/other,",
        r#"40/other,{"sid":"s"}"#,
        r#"42["x"]"#,
    ];
    prop_oneof![
        3 => (0_u32..2).prop_map(Input::Connect),
        1 => (0_u32..2).prop_map(Input::Disconnect),
        3 => Just(Input::Frame(HANDSHAKE)),
        4 => Just(Input::Frame(r#"40{"sid":"s"}"#)),
        6 => prop::sample::select(frames).prop_map(Input::Frame),
        2 => Just(Input::Binary),
        1 => Just(Input::Closed),
        1 => Just(Input::Timeout),
        1 => Just(Input::ReconnectNow),
        2 => prop::option::of(0_u64..1_000).prop_map(Input::Request),
        1 => Just(Input::Cancel),
    ]
}
