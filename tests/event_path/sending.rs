//! What the host sends itself is what the manager would have it send.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sockeye::engineio::TransportId;
use sockeye::manager::{LIVENESS_NAMESPACE, Manager, SocketId};
use sockeye::native::NativeHost;
use sockeye::socketio::{PacketSizes, RequestId};
use sockeye::time::Instant;

use crate::inputs::{
    HANDSHAKE, Input, TRANSPORT, any_input, connected, drain, manager, play, with,
};

/// An event to be sent: to this namespace, with this number and these attachments.
#[derive(Clone, Debug)]
struct Sending {
    socket: SocketId,
    request: Option<Option<u64>>,
    body: String,
    attachments: Vec<Vec<u8>>,
}

const PLAIN: fn() -> Sending = || Sending {
    socket: SocketId(0),
    request: None,
    body: r#"["event",1]"#.to_owned(),
    attachments: Vec::new(),
};

/// No input has this number.
const REQUEST: RequestId = RequestId(1_000);

impl Sending {
    /// Has the manager send it; the error is the reason why it does not.
    fn send(&self, manager: &mut Manager<NativeHost>, now: Instant) -> String {
        let Self { socket, body, attachments, request } = self.clone();
        let result = match request {
            None => manager.emit(socket, body, attachments, false, now),
            Some(timeout) => {
                let timeout = timeout.map(Duration::from_millis);
                manager.request(socket, REQUEST, body, attachments, timeout, now)
            }
        };
        format!("{result:?}")
    }

    /// Asks whether the host may send it. Returns how its frame begins, if so.
    fn ask(&self, manager: &mut Manager<NativeHost>, now: Instant) -> Option<String> {
        let binary = self.attachments.iter().map(Vec::len).sum();
        let attachments = self.attachments.len();
        let sizes = PacketSizes { text: self.body.len(), attachments, binary };
        let begin = if attachments == 0 { "42".to_owned() } else { format!("45{attachments}-") };
        let address = if self.socket == SocketId(0) { "" } else { "/other," };
        let number = match self.request {
            None => manager.emit_by_host(TRANSPORT, self.socket, sizes, now).then(String::new),
            Some(timeout) => manager
                .request_by_host(
                    TRANSPORT,
                    self.socket,
                    REQUEST,
                    sizes,
                    timeout.map(Duration::from_millis),
                    now,
                )
                .map(|ack_id| ack_id.to_string()),
        };
        number.map(|number| format!("{begin}{address}{number}"))
    }
}

/// What the manager has sent, put together as a transport does it.
fn frame_of(output: &str) -> String {
    let part = |name: &str| {
        let from = output.find(name).map_or(output.len(), |at| at + name.len());
        output[from..].split('"').nth(1).unwrap_or_default().to_owned()
    };
    let ack_id = output.split("ack_id: Some(").nth(1).and_then(|rest| rest.split(')').next());
    format!("{}{}", part("head: "), ack_id.unwrap_or_default())
}

/// Brings two managers into the same state and sends in both ways. Returns whether the host may.
fn compare(inputs: &[Input], sending: &Sending) -> bool {
    let (mut by_manager, mut by_host) = (manager(), manager());
    let now = play(&mut by_manager, inputs);
    play(&mut by_host, inputs);
    assert_eq!(drain(&mut by_manager), drain(&mut by_host), "the states differ from the start");

    let result = sending.send(&mut by_manager, now);
    let long = drain(&mut by_manager);
    let head = sending.ask(&mut by_host, now);
    if let Some(head) = &head {
        assert_eq!(result, "Ok(())", "{sending:?} after {inputs:?}");
        let frames = 1 + sending.attachments.len();
        assert_eq!(&frame_of(&long[0]), head, "{sending:?} after {inputs:?}");
        assert_eq!(drain(&mut by_host), long[frames..], "{sending:?} after {inputs:?}");
    } else {
        // Nothing has happened, but for what any sending finds out.
        assert_eq!(sending.send(&mut by_host, now), result, "{sending:?} after {inputs:?}");
        assert_eq!(drain(&mut by_host), long, "{sending:?} after {inputs:?}");
    }

    // An answer, a time limit and the search for a dead connection go on alike.
    let after = |millis| now + Duration::from_millis(millis);
    for manager in [&mut by_manager, &mut by_host] {
        for ack_id in 0..3 {
            manager.handle_text(TRANSPORT, &format!("43{ack_id}[7]"), now);
        }
        manager.handle_timeout(after(400));
        manager.handle_timeout(after(6_000));
    }
    assert_eq!(drain(&mut by_manager), drain(&mut by_host), "later, {sending:?} after {inputs:?}");
    head.is_some()
}

fn sendings() -> Vec<Sending> {
    vec![
        PLAIN(),
        Sending { socket: SocketId(1), ..PLAIN() },
        Sending { request: Some(None), ..PLAIN() },
        Sending { request: Some(Some(300)), ..PLAIN() },
        Sending { attachments: vec![vec![1, 2], vec![3]], ..PLAIN() },
        Sending { attachments: vec![vec![1]], request: Some(Some(300)), ..PLAIN() },
    ]
}

#[test]
fn lets_the_host_send_what_can_go_out_at_once() {
    for sending in sendings() {
        assert_eq!(compare(&connected(), &sending), sending.socket == SocketId(0), "{sending:?}");
    }
    assert!(compare(&with(Input::Request(Some(100))), &PLAIN()));
    assert!(compare(&with(Input::Frame("2")), &PLAIN()), "the pong is on its way");
    let other =
        vec![Input::Connect(1), Input::Frame(HANDSHAKE), Input::Frame(r#"40/other,{"sid":"s"}"#)];
    assert!(compare(&other, &Sending { socket: SocketId(1), ..PLAIN() }));
}

#[test]
fn sends_itself_what_is_not_to_go_out_at_once() {
    let states = [
        ("nothing", vec![]),
        ("no handshake", vec![Input::Connect(0)]),
        ("connecting", vec![Input::Connect(0), Input::Frame(HANDSHAKE)]),
        ("put out", with(Input::Frame("41"))),
        ("left", with(Input::Disconnect(0))),
        ("closed", with(Input::Closed)),
        ("destroyed", with(Input::Destroy)),
    ];
    for (name, inputs) in states {
        for sending in sendings() {
            assert!(!compare(&inputs, &sending), "{name}: {sending:?}");
        }
    }
}

#[test]
fn sends_itself_what_may_be_too_large() {
    let small = r#"0{"sid":"e","pingInterval":300,"pingTimeout":200,"maxPayload":100}"#;
    let inputs =
        [Input::Connect(0), Input::Frame(small), Input::Frame(r#"40{"sid":"s"}"#)].to_vec();
    assert!(compare(&inputs, &PLAIN()));
    // A unit may take three bytes: what takes 60 is counted, and sent, by the manager.
    for length in [50, 200] {
        let body = format!("[\"{}\"]", "x".repeat(length));
        assert!(!compare(&inputs, &Sending { body, ..PLAIN() }), "{length}");
    }
    for attachments in [vec![vec![0; 60], vec![0; 60]], vec![vec![0; 101]], vec![vec![]; 11]] {
        assert!(!compare(&inputs, &Sending { attachments, ..PLAIN() }));
    }
}

#[test]
fn finds_out_whether_it_arrives() {
    let patient = r#"0{"sid":"e","pingInterval":60000,"pingTimeout":60000}"#;
    let inputs =
        [Input::Connect(0), Input::Frame(patient), Input::Frame(r#"40{"sid":"s"}"#)].to_vec();
    for (length, is_asked) in [(1, true), (1_000_000, false)] {
        let body = format!("[\"{}\"]", "x".repeat(length));
        let sending = Sending { body, ..PLAIN() };
        assert!(compare(&inputs, &sending), "{length}");
        // The server is asked when nothing has been heard for a while, the later the more there was to send.
        let mut manager = manager();
        let now = play(&mut manager, &inputs);
        drain(&mut manager);
        assert!(sending.ask(&mut manager, now).is_some());
        manager.handle_timeout(now + Duration::from_millis(2_600));
        let asked = drain(&mut manager).iter().any(|output| output.contains(LIVENESS_NAMESPACE));
        assert_eq!(asked, is_asked, "{length}");
    }
}

#[test]
fn sends_over_the_connection_in_use_only() {
    let mut manager = manager();
    let now = play(&mut manager, &connected());
    drain(&mut manager);
    let sizes = PacketSizes { text: 10, ..PacketSizes::default() };
    for (transport, expected) in [(TransportId(1), false), (TRANSPORT, true)] {
        assert_eq!(manager.emit_by_host(transport, SocketId(0), sizes, now), expected);
    }
}

#[test]
fn keeps_the_order_of_what_is_still_to_be_said() {
    let mut manager = manager();
    let now = play(&mut manager, &connected());
    drain(&mut manager);
    manager.emit(SocketId(0), "[1]".to_owned(), Vec::new(), false, now).unwrap();
    assert!(PLAIN().ask(&mut manager, now).is_none(), "it would come first");
    drain(&mut manager);
    assert!(PLAIN().ask(&mut manager, now).is_some());
}

#[test]
fn waits_for_as_many_answers_as_it_may_only() {
    let mut manager = manager();
    let now = play(&mut manager, &connected());
    drain(&mut manager);
    let sending = Sending { request: Some(None), ..PLAIN() };
    for number in 0..1_024 {
        assert_eq!(sending.ask(&mut manager, now), Some(format!("42{number}")));
    }
    assert!(sending.ask(&mut manager, now).is_none());
    assert_eq!(sending.send(&mut manager, now), "Err(TooManyRequests)");
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5eed),
        ..ProptestConfig::default()
    })]

    #[test]
    fn sends_the_same_in_both_ways_whatever_has_happened(
        opening in any::<bool>(),
        inputs in prop::collection::vec(any_input(), 0..12),
        sending in prop::sample::select(sendings()),
    ) {
        let mut all = if opening { connected() } else { Vec::new() };
        all.extend(inputs);
        compare(&all, &sending);
    }
}
