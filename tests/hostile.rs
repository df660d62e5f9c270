//! What a server can send to do harm: nothing of it makes the client panic, hang, storm or lose
//! what waits to be sent.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use serde_json::{Value, json};
use sockeye::manager::{SocketId, Status};
use support::{Answer, Pair, Server, Told, ms};

/// Where in a connection a frame arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// As the first frame.
    First,
    /// Between the handshake and the answer to CONNECT.
    Opening,
    /// On a connection that serves.
    Serving,
    /// On one that serves and goes on with the session of another.
    Recovered,
}

use Position::{First, Opening, Recovered, Serving};

const POSITIONS: [Position; 4] = [First, Opening, Serving, Recovered];

impl Position {
    fn serves(self) -> bool {
        matches!(self, Serving | Recovered)
    }
}

/// What becomes of the connection: nothing, or it ends for this reason and is tried again.
type Verdict = Option<&'static str>;

const IGNORED: Verdict = None;
const PARSE_ERROR: Verdict = Some("parse_error");
const NOT_SOCKETIO: Verdict = Some("not_socketio");
const INVALID_HANDSHAKE: Verdict = Some("invalid_handshake");
const CLOSED: Verdict = Some("transport_close");

/// A pair at `position`, with an event that waits to be sent unless the connection serves.
fn pair_at(position: Position) -> (Pair, SocketId) {
    let mut pair = Pair::new();
    pair.server.heartbeat = Some(ms(10_000));
    for name in ["x", "a"] {
        pair.listen(name);
    }
    if position == First {
        pair.server.handshake = None;
    }
    if !position.serves() {
        pair.server.answer("/", Answer::Silence);
    }
    let socket = pair.client.socket("/", false);
    if position == Recovered {
        recover_session(&mut pair, socket);
    }
    pair.connect(socket);
    pair.drive();
    (pair, socket)
}

/// Brings the pair to its second connection, and forgets how it got there.
fn recover_session(pair: &mut Pair, socket: SocketId) {
    pair.server.answer("/", Answer::Frame(r#"40{"sid":"s","pid":"p"}"#.to_owned()));
    pair.connect(socket);
    pair.drive();
    pair.push(r#"42["x","Q7w600v"]"#);
    pair.drive();
    pair.cut(true);
    pair.advance(1_500);
    assert_eq!(pair.recovered(socket), [false, true]);
    pair.log.clear();
    pair.closed.clear();
    pair.opened.remove(0);
}

/// Sends `frame` at `position` and tells what became of the connection.
fn expose(position: Position, frame: &str) -> Verdict {
    let (mut pair, socket) = pair_at(position);
    let before = pair.status(socket);
    if !position.serves() {
        pair.emit(socket, r#"["queued"]"#).unwrap();
    }
    pair.push(frame);
    pair.drive();
    let verdict = verdict(&pair, socket, before, frame);
    if position.serves() {
        pair.emit(socket, r#"["queued"]"#).unwrap();
    }
    recover(&mut pair, socket, position);
    let queued = pair.server.frames().iter().filter(|text| **text == r#"42["queued"]"#).count();
    assert_eq!(queued, 1, "what waited is sent once: {position:?} {}", shorten(frame));
    assert!(pair.opened.len() <= 3, "no storm: {position:?} {}", shorten(frame));
    verdict
}

fn verdict(pair: &Pair, socket: SocketId, before: Status, frame: &str) -> Verdict {
    let status = pair.status(socket);
    let Status::Waiting { cause: Some(cause), .. } = status else {
        assert_eq!(status, before, "{}", shorten(frame));
        assert!(pair.closed.is_empty() && pair.failures().is_empty(), "{}", shorten(frame));
        return None;
    };
    assert_eq!(pair.closed.len(), 1, "{}", shorten(frame));
    let told = pair.failures();
    assert!(told == [cause] || (told.is_empty() && !cause.is_error()), "{told:?}");
    Some(cause.code())
}

/// Lets the server be good: it goes on where it was, and accepts new connections.
fn recover(pair: &mut Pair, socket: SocketId, position: Position) {
    pair.server.handshake = Some(Server::handshake("25000", "20000"));
    pair.server.answer("/", Answer::Accept);
    match (pair.closed.is_empty(), position) {
        (true, First) => pair.push(&Server::handshake("25000", "20000")),
        (true, Opening) => pair.push(r#"40{"sid":"s"}"#),
        (true, Serving | Recovered) | (false, _) => {}
    }
    pair.advance(35_000);
    assert_eq!(pair.status(socket), Status::Connected);
}

fn shorten(frame: &str) -> String {
    frame.chars().take(60).collect()
}

/// Packets, without the Engine.IO type, that break the grammar wherever they come.
fn broken_packets() -> Vec<String> {
    let literal = [
        "",
        "e",
        "7",
        "8",
        "9",
        "-1",
        "\u{feff}2[\"x\"]",
        " 2[\"x\"]",
        "\u{0}",
        "b",
        "😀",
        // CONNECT
        "0[]",
        "0null",
        "0\"x\"",
        "01{}",
        "0{",
        "0true",
        "0{}{}",
        "0/admin?x=1,{}}",
        "0/x,[]",
        // DISCONNECT
        "1{}",
        "1[]",
        "1null",
        "12",
        "1/x,{}",
        // EVENT
        "2",
        "2x",
        "2[",
        "2]",
        "2{}",
        "2[]",
        "2[null]",
        "2[true]",
        "2[[]]",
        "2[{}]",
        "2null",
        "2[{\"toString\":\"foo\"}]",
        "2\"x\"",
        "2[\"x\"",
        "2[\"x\",]",
        "2[\"x\"x]",
        "2[\"x\"]]",
        "2[\"x\"]x",
        "2[\"x\",\u{0}]",
        "2[\"x\",\"\u{0}\"]",
        "2[\"x\",'a']",
        "2[\"x\",NaN]",
        "2[\"x\",undefined]",
        "2[\"x\",01]",
        "2[\"x\",\"\\x\"]",
        "2[\"x\",/**/1]",
        "42[\"some\",\"data\"",
        "2[,\"x\"]",
        "2\u{a0}[\"x\"]",
        "2\u{feff}[\"x\"]",
        // Acknowledgement ids
        "21e3[\"x\"]",
        "21.5[\"x\"]",
        "2-1[\"x\"]",
        "20x10[\"x\"]",
        "2+1[\"x\"]",
        "2Infinity[\"x\"]",
        "2NaN[\"x\"]",
        "29007199254740992[\"x\"]",
        "29007199254740993[\"x\"]",
        "218446744073709551616[\"x\"]",
        "2١[\"x\"]",
        // ACK
        "3",
        "3[]",
        "3[\"a\"]",
        "312",
        "30{}",
        "30null",
        "30[",
        "3-1[]",
        "39007199254740993[]",
        "3/x[]",
        "3/x,[]",
        // CONNECT_ERROR
        "4null",
        "4[]",
        "41{}",
        "4{",
        "4true",
        "4/x,1",
        // Attachments
        "5",
        "5-",
        "51",
        "51[",
        "50-[\"x\"]",
        "5-[\"x\"]",
        "5[\"x\"]",
        "5-1-[\"x\"]",
        "51e0-[]",
        "50x1-[]",
        "5 1-[]",
        "5+1-[]",
        "51.5-[]",
        "5Infinity-[]",
        "5NaN-[]",
        "5\u{661}-[]",
        "599999999999999999999-[]",
        "54294967296-[]",
        "6-[]",
        "60-1[]",
        "61[]",
        "500-[]",
        "51-",
        "51-{}",
        "51-[]",
        "51-[null]",
        "51-[\"x\"",
        "51-[{\"_placeholder\":true,\"num\":0}]",
        "51-[\"connect\",{\"_placeholder\":true,\"num\":0}]",
        "5100-[\"connect\"]",
        "51-0{}",
        "61-0",
        "61-0{}",
        "6100-[]",
        // Reserved names
        "2[\"connect\"]",
        "2[\"connect_error\",{\"message\":\"no\"}]",
        "2[\"disconnect\",\"x\"]",
        "2[\"disconnecting\"]",
        "2[\"newListener\"]",
        "27[\"removeListener\"]",
        "2[\"connec\\u0074\"]",
        "2[ \"connect\" ]",
        "2/x,[\"connect\"]",
        "6",
        // Namespaces
        "2/",
        "2/,",
        "2/admin[\"x\"]",
        "2/__proto__",
        "2/,{}",
        "2/a,b,[\"x\"]",
        // An unheard event is not parsed, but its frame must end like an array.
        "2[\"nobody\"",
        "2[\"nobody\",1",
        "2[\"nobody\"}",
        "2[\"nobody",
    ];
    let mut packets: Vec<String> = literal.map(str::to_owned).to_vec();
    for length in [20, 400, 100_000] {
        packets.push(format!("2{}[\"x\"]", "9".repeat(length)));
        packets.push(format!("3{}[]", "9".repeat(length)));
        packets.push(format!("5{}-[]", "9".repeat(length)));
        packets.push(format!("2/{}", "n".repeat(length)));
        packets.push(format!("2/{},[\"x\"]", "n".repeat(1_024 + length)));
        packets.push(format!("2{}7[\"nobody\"]", "0".repeat(16 + length)));
        packets.push(format!("2[\"x\",{}", "[".repeat(length)));
        packets.push(format!("2{}", "{\"a\":".repeat(length)));
    }
    packets
}

#[test]
fn ends_the_session_when_a_packet_breaks_the_grammar() {
    for packet in broken_packets() {
        let frame = format!("4{packet}");
        assert_eq!(expose(First, &frame), NOT_SOCKETIO, "{}", shorten(&frame));
        assert_eq!(expose(Opening, &frame), PARSE_ERROR, "{}", shorten(&frame));
        assert_eq!(expose(Serving, &frame), PARSE_ERROR, "{}", shorten(&frame));
        assert_eq!(expose(Recovered, &frame), PARSE_ERROR, "{}", shorten(&frame));
    }
}

/// Packets that are well formed and mean nothing to this client.
fn idle_packets() -> Vec<String> {
    let literal = [
        "2[\"nobody\"]",
        "27[\"nobody\",1]",
        "2[\"nobody\",this is not json]",
        "2[7]",
        "2/x,[\"x\"]",
        "2/x,5[\"x\"]",
        "2/__proto__,[\"x\"]",
        "2/constructor,[\"x\"]",
        "2//,[\"x\"]",
        "2/ä/日,[\"x\"]",
        "2/x?a=b,[\"x\"]",
        "0/x",
        "0/x,",
        "0/x,{}",
        "0/admin?x=1,{}",
        "0/__proto__,{\"sid\":\"a\"}",
        "1/x",
        "1/x,",
        "4/x",
        "4/x,",
        "4/x,\"no\"",
        "4/x,{\"message\":\"no\"}",
        "30[]",
        "39007199254740991[]",
        "3007[]",
        "3/x,0[]",
        "30[[[[]]]]",
    ];
    let mut packets: Vec<String> = literal.map(str::to_owned).to_vec();
    packets.push(format!("2/{},[\"x\"]", "n".repeat(1_000)));
    packets.push(format!("0/{}", "n".repeat(1_000)));
    packets.push(format!("2[\"{}\"]", "n".repeat(100_000)));
    packets.push(format!("30[0{}]", ",0".repeat(100_000)));
    packets.push(format!("2{}7[\"nobody\"]", "0".repeat(15)));
    packets
}

#[test]
fn ignores_a_packet_when_it_is_well_formed_and_means_nothing() {
    for packet in idle_packets() {
        let frame = format!("4{packet}");
        assert_eq!(expose(First, &frame), NOT_SOCKETIO, "{}", shorten(&frame));
        assert_eq!(expose(Opening, &frame), IGNORED, "{}", shorten(&frame));
        assert_eq!(expose(Serving, &frame), IGNORED, "{}", shorten(&frame));
        assert_eq!(expose(Recovered, &frame), IGNORED, "{}", shorten(&frame));
    }
}

#[test]
fn ignores_connect_and_its_refusal_when_the_namespace_serves() {
    for frame in [
        "40",
        "40{}",
        r#"40{"sid":"other"}"#,
        r#"40{"sid":1}"#,
        "44",
        r#"44"no""#,
        r#"44{"message":1}"#,
    ] {
        assert_eq!(expose(Serving, frame), IGNORED, "{frame}");
        assert_eq!(expose(Recovered, frame), IGNORED, "{frame}");
    }
}

#[test]
fn judges_an_engine_io_frame_by_its_position() {
    let long = "\u{1e}".repeat(100_000);
    let cases = [
        ("", NOT_SOCKETIO, PARSE_ERROR),
        ("7", NOT_SOCKETIO, PARSE_ERROR),
        ("9", NOT_SOCKETIO, PARSE_ERROR),
        ("b", NOT_SOCKETIO, PARSE_ERROR),
        ("bAQID", NOT_SOCKETIO, PARSE_ERROR),
        ("b===", NOT_SOCKETIO, PARSE_ERROR),
        ("x", NOT_SOCKETIO, PARSE_ERROR),
        (" ", NOT_SOCKETIO, PARSE_ERROR),
        ("-1", NOT_SOCKETIO, PARSE_ERROR),
        ("\u{feff}2", NOT_SOCKETIO, PARSE_ERROR),
        ("\u{661}", NOT_SOCKETIO, PARSE_ERROR),
        ("3", NOT_SOCKETIO, PARSE_ERROR),
        ("3probe", NOT_SOCKETIO, PARSE_ERROR),
        ("5", NOT_SOCKETIO, PARSE_ERROR),
        ("4", NOT_SOCKETIO, PARSE_ERROR),
        ("<!doctype html>", NOT_SOCKETIO, PARSE_ERROR),
        (&long, NOT_SOCKETIO, PARSE_ERROR),
        ("2", NOT_SOCKETIO, IGNORED),
        ("2probe", NOT_SOCKETIO, IGNORED),
        ("6", NOT_SOCKETIO, IGNORED),
        ("6x", NOT_SOCKETIO, IGNORED),
        ("1", CLOSED, CLOSED),
    ];
    for (frame, first, later) in cases {
        assert_eq!(expose(First, frame), first, "{}", shorten(frame));
        assert_eq!(expose(Opening, frame), later, "{}", shorten(frame));
        assert_eq!(expose(Serving, frame), later, "{}", shorten(frame));
    }
}

fn broken_handshakes() -> Vec<String> {
    let rest = r#""pingInterval":25000,"pingTimeout":20000"#;
    let mut frames: Vec<String> = ["0", "0{", "0{}", "0null", "0[]", "0\"x\"", "0 ", "00", "0true"]
        .map(str::to_owned)
        .to_vec();
    for sid in ["", r#""sid":"","#, r#""sid":1,"#, r#""sid":null,"#, r#""sid":["a"],"#] {
        frames.push(format!("0{{{sid}{rest}}}"));
    }
    for value in ["0", "-1", "3e9", "1e999", "null", "\"1\"", "{}", "0.1", "2147483648"] {
        frames.push(Server::handshake(value, "20000"));
        frames.push(Server::handshake("25000", value));
    }
    for value in ["0", "-1", "0.5"] {
        frames.push(format!(r#"0{{"sid":"e",{rest},"maxPayload":{value}}}"#));
    }
    frames.push(format!("{}x", Server::handshake("1", "1")));
    frames.push(format!("0{}", "[".repeat(100_000)));
    frames
}

#[test]
fn tries_again_when_a_handshake_cannot_be_used() {
    for frame in broken_handshakes() {
        assert_eq!(expose(First, &frame), INVALID_HANDSHAKE, "{}", shorten(&frame));
        assert_eq!(expose(Opening, &frame), PARSE_ERROR, "{}", shorten(&frame));
        assert_eq!(expose(Serving, &frame), PARSE_ERROR, "{}", shorten(&frame));
    }
}

#[test]
fn ends_the_session_when_a_second_handshake_comes() {
    let frame = Server::handshake("25000", "20000");
    assert_eq!(expose(Opening, &frame), PARSE_ERROR);
    assert_eq!(expose(Serving, &frame), PARSE_ERROR);
}

#[test]
fn uses_a_handshake_when_it_is_odd_but_complete() {
    let upgrades = "\"websocket\",".repeat(100_000);
    let rest = r#""pingInterval":25000,"pingTimeout":20000"#;
    let frames = [
        format!(r#"0{{"sid":"__proto__",{rest}}}"#),
        format!(r#"0{{"sid":"e","sid":"f",{rest}}}"#),
        format!(r#"0{{"sid":"e",{rest},"maxPayload":1}}"#),
        format!(r#"0{{"sid":"e",{rest},"maxPayload":9007199254740992}}"#),
        format!(r#"0{{"sid":"e",{rest},"maxPayload":1e300}}"#),
        format!(r#"0{{"sid":"e",{rest},"upgrades":[{upgrades}0],"__proto__":{{"x":1}}}}"#),
        format!(r#"0 {{"sid":"e",{rest}}} "#),
        r#"0{"sid":"e","pingInterval":2.5e4,"pingTimeout":1.5}"#.to_owned(),
    ];
    for frame in frames {
        let (mut pair, socket) = pair_at(First);
        pair.server.answer("/", Answer::Accept);
        pair.push(&frame);
        pair.drive();
        assert_eq!(pair.status(socket), Status::Connected, "{}", shorten(&frame));
    }
}

#[test]
fn delivers_an_event_as_any_other_when_its_name_means_something_elsewhere() {
    let names = [
        "error",
        "__proto__",
        "constructor",
        "reconnect",
        "ping",
        "toString",
        "prototype",
        "",
        " ",
        "\u{2028}",
    ];
    let (mut pair, socket) = pair_at(Serving);
    for name in names {
        pair.listen(name);
        pair.push(&format!("42[\"{name}\",\"x\"]"));
        pair.drive();
        assert_eq!(pair.delivered().last(), Some(&json!([name, "x"])));
    }
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn delivers_the_arguments_as_they_are_when_the_json_is_odd() {
    let key = "k".repeat(1_000_000);
    let cases = [
        (r#"["x",{"__proto__":{"a":1}}]"#.to_owned(), json!(["x", {"__proto__": {"a": 1}}])),
        (r#"["x",{"a":1,"a":2}]"#.to_owned(), json!(["x", {"a": 2}])),
        (r#"["x",9007199254740991]"#.to_owned(), json!(["x", 9_007_199_254_740_991_u64])),
        ("[\"x\",\"\u{2028}\u{7f}\"]".to_owned(), json!(["x", "\u{2028}\u{7f}"])),
        (r#"["x","\ud83d\ude00\u0000"]"#.to_owned(), json!(["x", "😀\u{0}"])),
        (" [ \"x\" , 1 ] ".to_owned(), json!(["x", 1])),
        (r#"["\u0078",1]"#.to_owned(), json!(["x", 1])),
        (r#"["x",{"_placeholder":true,"num":0}]"#.to_owned(), {
            json!(["x", {"_placeholder": true, "num": 0}])
        }),
        (format!("[\"x\",{{\"{key}\":1}}]"), json!(["x", {(key.as_str()): 1}])),
        (format!("[\"x\",{}{}]", "[".repeat(100), "]".repeat(100)), nested(100)),
    ];
    for (payload, arguments) in cases {
        let (mut pair, socket) = pair_at(Serving);
        pair.push(&format!("42{payload}"));
        pair.drive();
        assert_eq!(pair.delivered(), [arguments], "{}", shorten(&payload));
        assert_eq!(pair.status(socket), Status::Connected);
    }
}

fn nested(depth: usize) -> Value {
    let innermost = json!([]);
    let value = (1..depth).fold(innermost, |value, _| json!([value]));
    json!(["x", value])
}

/// Hosts differ in what they can parse, so either is right, but nothing else.
#[test]
fn delivers_or_ends_the_session_when_the_json_is_at_the_limits_of_the_host() {
    let cases = [
        r#"["x","\ud800"]"#.to_owned(),
        r#"["x",1e999]"#.to_owned(),
        r#"["x",-1e999]"#.to_owned(),
        format!("[\"x\",{}]", "9".repeat(100_000)),
        format!("[\"x\",{}{}]", "[".repeat(100_000), "]".repeat(100_000)),
        format!("[\"x\",{}1{}]", "{\"a\":".repeat(100_000), "}".repeat(100_000)),
    ];
    for payload in cases {
        let frame = format!("42{payload}");
        assert_eq!(expose(First, &frame), NOT_SOCKETIO);
        for position in [Opening, Serving] {
            let verdict = expose(position, &frame);
            assert!(verdict == IGNORED || verdict == PARSE_ERROR, "{}", shorten(&frame));
        }
    }
}

#[test]
fn reads_the_number_when_an_acknowledgement_id_is_written_oddly() {
    let cases = [("000007", Some(7)), ("9007199254740991", Some((1 << 53) - 1)), (" ", None)];
    for (digits, expected) in cases {
        let (mut pair, _) = pair_at(Serving);
        pair.push(&format!("42{digits}[\"x\"]"));
        pair.drive();
        let ids: Vec<_> = pair.log.iter().filter_map(ack_id).collect();
        assert_eq!(ids, [expected], "{digits:?}");
    }
}

fn ack_id(told: &Told) -> Option<Option<u64>> {
    match told {
        Told::Delivered { ack, .. } => Some(ack.map(|ticket| ticket.ack_id)),
        _ => None,
    }
}

/// Packets with attachments whose content is odd and not wrong.
#[test]
fn delivers_a_packet_with_attachments_when_its_placeholders_are_odd_but_right() {
    let placeholder = json!([1, 2, 3]);
    let cases = [
        (1, r#"451-["x",{"_placeholder":true,"num":0}]"#, json!(["x", placeholder])),
        (
            2,
            r#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]"#,
            json!(["x", placeholder, placeholder]),
        ),
        (3, r#"453-["x"]"#, json!(["x"])),
        (1, r#"451-["x",{"_placeholder":true,"num":-0}]"#, json!(["x", placeholder])),
        (1, r#"451-["x",{"_placeholder":true,"num":0.0,"a":1}]"#, json!(["x", placeholder])),
        (1, r#"451-["x",{"_placeholder":1,"num":9}]"#, json!(["x", {"_placeholder": 1, "num": 9}])),
        (1, r#"451-["x",{"_placeholder":"true"}]"#, json!(["x", {"_placeholder": "true"}])),
        (
            1,
            r#"451-["x",{"__proto__":{"_placeholder":true,"num":0}}]"#,
            json!(["x", {"__proto__": placeholder}]),
        ),
        (
            1,
            r#"451-["x",[[{"a":{"_placeholder":true,"num":0}}]]]"#,
            json!(["x", [[{"a": placeholder}]]]),
        ),
    ];
    for (attachments, header, expected) in cases {
        let (mut pair, socket) = pair_at(Serving);
        pair.push(header);
        for _ in 0..attachments {
            pair.push_binary(&[1, 2, 3]);
        }
        pair.push(r#"42["x","after"]"#);
        pair.drive();
        assert_eq!(pair.delivered(), [expected, json!(["x", "after"])], "{header}");
        assert_eq!((pair.status(socket), pair.failures()), (Status::Connected, vec![]), "{header}");
    }
}

#[test]
fn ends_the_session_when_a_placeholder_names_no_attachment() {
    let numbers = [
        "\"splice\"",
        "\"__proto__\"",
        "\"length\"",
        "\"0\"",
        "-1",
        "1",
        "1e400",
        "null",
        "[0]",
        "{\"valueOf\":1}",
        "0.5",
        "9007199254740992",
        "1e300",
        "true",
    ];
    for position in [Serving, Recovered] {
        for number in numbers {
            let (mut pair, socket) = pair_at(position);
            pair.push(&format!("451-[\"x\",{{\"_placeholder\":true,\"num\":{number}}}]"));
            pair.push_binary(b"\x00");
            pair.push(r#"42["x"]"#);
            pair.drive();
            let codes: Vec<_> = pair.failures().iter().map(|cause| cause.code()).collect();
            assert_eq!(codes, ["parse_error"], "{number}");
            assert_eq!(pair.delivered(), [] as [Value; 0], "{number}");
            recover(&mut pair, socket, position);
        }
    }
    let (mut pair, _) = pair_at(Serving);
    pair.push(r#"451-["x",{"_placeholder":true}]"#);
    pair.push_binary(b"\x00");
    pair.drive();
    assert_eq!(pair.failures().len(), 1, "no number");
}

#[test]
fn answers_the_heartbeat_when_it_comes_between_attachments() {
    let (mut pair, socket) = pair_at(Serving);
    pair.push(r#"452-["x"]"#);
    pair.push_binary(&[1]);
    pair.push("2");
    pair.push_binary(&[2]);
    pair.push(r#"42["x"]"#);
    pair.drive();
    assert_eq!(pair.server.pongs(), 1);
    assert_eq!(pair.delivered().len(), 2);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn ends_the_session_when_text_comes_while_attachments_are_due() {
    for next in [r#"42["x"]"#, r#"42["nobody"]"#, "41", r#"451-["x"]"#, "430[]", r#"42/x,["x"]"#] {
        let (mut pair, socket) = pair_at(Serving);
        pair.push(r#"452-["x"]"#);
        pair.push_binary(&[1]);
        pair.push(next);
        pair.push_binary(&[2]);
        pair.drive();
        let code = pair.failures().first().map(|cause| cause.code());
        assert_eq!(code, PARSE_ERROR, "{next}");
        assert!(matches!(pair.status(socket), Status::Waiting { .. }), "{next}");
        assert_eq!(pair.delivered(), [] as [Value; 0], "{next}");
    }
}

#[test]
fn keeps_no_count_of_attachments_when_the_connection_is_another() {
    let (mut pair, socket) = pair_at(Serving);
    pair.push(r#"4599-["x"]"#);
    pair.drive();
    pair.cut(true);
    pair.advance(1_100);
    pair.push(r#"42["x"]"#);
    pair.drive();
    assert_eq!(pair.delivered().len(), 1);
    assert_eq!(pair.status(socket), Status::Connected);
}

#[test]
fn ends_the_session_at_the_first_attachment_when_none_is_due() {
    let expected = [(First, NOT_SOCKETIO), (Opening, PARSE_ERROR), (Serving, PARSE_ERROR)];
    for (position, code) in expected {
        let (mut pair, socket) = pair_at(position);
        for _ in 0..1_000 {
            pair.push_binary(&[0; 16]);
        }
        pair.advance(15);
        let failures: Vec<_> = pair.failures().iter().map(|cause| cause.code()).collect();
        assert_eq!(failures, [code.unwrap()], "{position:?}");
        assert_eq!(pair.closed.len(), 1);
        recover(&mut pair, socket, position);
    }
}

#[test]
fn ends_the_session_when_the_number_of_attachments_is_zero() {
    let (mut pair, socket) = pair_at(Serving);
    pair.push(r#"450-["a"]"#);
    for _ in 0..1_000 {
        pair.push_binary(&[0; 16]);
    }
    pair.advance(15);
    assert_eq!((pair.failures().len(), pair.closed.len()), (1, 1));
    recover(&mut pair, socket, Serving);
}

#[test]
fn answers_each_ping_when_they_come_in_a_storm() {
    let (mut pair, socket) = pair_at(Serving);
    for _ in 0..10_000 {
        pair.push("2");
    }
    pair.drive();
    assert_eq!(pair.server.pongs(), 10_000);
    assert_eq!(pair.status(socket), Status::Connected);
    assert!(pair.deadline().unwrap().since(pair.now) <= ms(45_000));
}

#[test]
fn does_not_storm_when_every_connection_is_broken_at_once() {
    for position in POSITIONS {
        let (mut pair, socket) = pair_at(position);
        let start = pair.now;
        while pair.now.since(start) < ms(60_000) {
            pair.push("garbage");
            pair.drive();
            let wait = pair.retry_at(socket).since(pair.now);
            pair.advance(wait.as_millis() as u64 + 1);
            pair.drive();
        }
        assert!(pair.opened.len() <= 30, "{position:?}: {} in a minute", pair.opened.len());
    }
}

#[test]
fn delivers_nothing_more_when_the_session_has_just_been_broken() {
    let (mut pair, _) = pair_at(Serving);
    pair.push(r#"42["x",1]"#);
    pair.push("garbage");
    pair.push(r#"42["x",2]"#);
    pair.push("2");
    pair.drive();
    assert_eq!(pair.delivered(), [json!(["x", 1])]);
    assert_eq!(pair.server.pongs(), 0);
}
