use serde_json::{Value, json};

use super::*;
use crate::frame::{FrameReader, encode_binary, encode_text};

const REQUEST: &[u8] = b"GET /socket.io/ HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";

/// What comes out when a server says this, of a connection that has this rule.
fn told(rule: &Value, said: &[Vec<u8>], ends: bool) -> Vec<Output> {
    let faults = Arc::new(Faults::new(Scope::Everything, 1));
    faults.add_rule(serde_json::from_value(rule.clone()).unwrap()).unwrap();
    let mut upgrade = Upgrade::default();
    let mut to_server = Inlet::new(Arc::clone(&faults), Direction::ClientToServer, Some(1));
    to_server.take(REQUEST, &mut upgrade);
    let mut inlet = Inlet::new(faults, Direction::ServerToClient, Some(1));
    inlet.take(AGREED, &mut upgrade);
    let mut outputs = inlet.take(&said.concat(), &mut upgrade);
    if ends {
        outputs.extend(inlet.end());
    }
    outputs
}

fn bytes_of(outputs: &[Output]) -> Vec<u8> {
    let bytes = outputs.iter().filter_map(|output| match output {
        Output::Bytes(bytes) => Some(bytes.as_slice()),
        Output::Wait(_) | Output::Act(_) | Output::Back(_) | Output::Close(_) | Output::End => None,
    });
    bytes.flatten().copied().collect()
}

/// The messages among these outputs; a binary one as its first byte.
fn messages(outputs: &[Output]) -> Vec<String> {
    let bytes = bytes_of(outputs);
    let (mut reader, mut rest, mut messages) =
        (FrameReader::default(), bytes.as_slice(), Vec::new());
    while let Some(frame) = reader.read(&mut rest).unwrap() {
        messages.push(frame.text().unwrap_or_else(|| frame.payload[0].to_string()));
    }
    messages
}

fn text(text: &str) -> Vec<u8> {
    encode_text(text, None)
}

const FILE: &str = r#"452-["file",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;

fn file() -> [Vec<u8>; 4] {
    [text(FILE), encode_binary(&[7], None), encode_binary(&[8], None), text("42[\"next\"]")]
}

#[test]
fn an_event_goes_with_what_is_attached_to_it() {
    let on = |action: &str| json!({"on": {"event": {"name": "file"}}, "do": action});
    let of = |action: &str| messages(&told(&on(action), &file(), false));
    assert_eq!(of("pass"), [FILE, "7", "8", "42[\"next\"]"]);
    assert_eq!(of("duplicate"), [FILE, "7", "8", FILE, "7", "8", "42[\"next\"]"]);
    assert_eq!(of("drop"), ["42[\"next\"]"]);
    let late = json!({"on": {"event": {"name": "file"}}, "do": {"reorder": {}}});
    assert_eq!(messages(&told(&late, &file(), false)), ["42[\"next\"]", FILE, "7", "8"]);
}

#[test]
fn the_text_alone_is_a_frame() {
    let rule = json!({"on": {"frame": {"prefix": "452-"}}, "do": "drop"});
    assert_eq!(messages(&told(&rule, &file(), false)), ["7", "8", "42[\"next\"]"]);
}

#[test]
fn only_events_overtake_an_event_and_anything_overtakes_a_frame() {
    let said = [text("42[\"a\"]"), text("2"), text("42[\"b\"]"), text("42[\"c\"]")];
    let event = json!({"on": {"event": {"name": "a"}}, "do": {"reorder": {"by": 2}}});
    let expected = ["2", "42[\"b\"]", "42[\"c\"]", "42[\"a\"]"];
    assert_eq!(messages(&told(&event, &said, false)), expected);
    let frame = json!({"on": {"frame": {"prefix": "42[\"a\""}}, "do": {"reorder": {"by": 2}}});
    let expected = ["2", "42[\"b\"]", "42[\"a\"]", "42[\"c\"]"];
    assert_eq!(messages(&told(&frame, &said, false)), expected);
}

#[test]
fn nothing_stays_behind_when_the_sender_ends() {
    let late = json!({"on": {"event": {}}, "times": 1, "do": {"reorder": {"by": 9}}});
    let said = [text("42[\"a\"]"), text("42[\"b\"]")];
    assert_eq!(messages(&told(&late, &said, false)), ["42[\"b\"]"]);
    let outputs = told(&late, &said, true);
    assert_eq!(messages(&outputs), ["42[\"b\"]", "42[\"a\"]"]);
    assert!(matches!(outputs.last(), Some(Output::End)));
    let waiting = json!({"on": {"event": {}}, "do": "drop"});
    assert_eq!(messages(&told(&waiting, &file()[..2], true)), [FILE, "7"], "no whole event");
}

#[test]
fn the_name_the_namespace_and_the_id_stay_when_arguments_are_replaced() {
    let rule = json!({"on": {"event": {}}, "do": {"replace": {"args": [1, {"a": 2}]}}});
    let said = [text("42/jobs,17[\"a\",0]")];
    assert_eq!(messages(&told(&rule, &said, false)), ["42/jobs,17[\"a\",1,{\"a\":2}]"]);
}

#[test]
fn both_sides_are_told_of_a_disconnection() {
    let rule = json!({"on": {"event": {}}, "do": {"disconnect": {"when": "after"}}});
    let outputs = told(&rule, &[text("42/jobs,[\"a\"]")], false);
    assert_eq!(messages(&outputs), ["42/jobs,[\"a\"]", "41/jobs,"]);
    let Some(Output::Back(bytes)) = outputs.last() else { panic!("{outputs:?}") };
    let frame = FrameReader::default().read(&mut bytes.as_slice()).unwrap().unwrap();
    assert_eq!((frame.text().as_deref(), frame.mask.is_some()), (Some("41/jobs,"), true));
}

/// What a server gets of these payloads of one session, each of which comes on a connection of its own.
fn posted(faults: &Arc<Faults>, payloads: &[&str]) -> Vec<String> {
    let bodies = payloads.iter().filter_map(|payload| {
        let mut inlet = Inlet::new(Arc::clone(faults), Direction::ClientToServer, Some(1));
        let request = format!("{POST}Content-Length: {}\r\n\r\n{payload}", payload.len());
        let mut outputs = inlet.take(request.as_bytes(), &mut Upgrade::default());
        outputs.extend(inlet.end());
        let text = String::from_utf8(bytes_of(&outputs)).unwrap();
        text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    });
    bodies.collect()
}

fn with_rule(rule: &Value) -> Arc<Faults> {
    let faults = Arc::new(Faults::new(Scope::Everything, 1));
    faults.add_rule(serde_json::from_value(rule.clone()).unwrap()).unwrap();
    faults
}

const POST: &str = "POST /socket.io/?EIO=4&transport=polling&sid=a HTTP/1.1\r\n";
const EVENT: &str = r#"451-["f",{"_placeholder":true,"num":0}]"#;
const NEXT: &str = "42[\"next\"]";

fn joined(packets: &[&str]) -> String {
    packets.join("\u{1e}")
}

#[test]
fn an_event_of_a_payload_goes_with_what_is_attached_to_it() {
    let all = joined(&[EVENT, "bAQ==", NEXT]);
    for (action, expected) in [
        (json!("pass"), vec![EVENT, "bAQ==", NEXT]),
        (json!("duplicate"), vec![EVENT, "bAQ==", EVENT, "bAQ==", NEXT]),
        (json!("drop"), vec![NEXT]),
        (json!({"delay": {"ms": 1}}), vec![EVENT, "bAQ==", NEXT]),
        (json!({"reorder": {}}), vec![NEXT, EVENT, "bAQ=="]),
    ] {
        for times in [json!(null), json!(1)] {
            let on = json!({"event": {"name": "f"}});
            let faults = with_rule(&json!({"on": on, "do": action, "times": times}));
            assert_eq!(posted(&faults, &[&all]), [joined(&expected)], "{action} {times}");
        }
    }
}

#[test]
fn what_a_payload_leaves_waits_for_the_next_of_the_session() {
    let once = json!({"on": {"event": {"name": "f"}}, "do": "duplicate", "times": 1});
    let twice = joined(&[EVENT, "bAQ==", EVENT, "bAQ==", NEXT]);
    let faults = with_rule(&once);
    assert_eq!(posted(&faults, &[EVENT, &joined(&["bAQ==", NEXT])]), [twice]);
    let late = json!({"on": {"event": {"name": "f"}}, "do": {"reorder": {}}, "times": 1});
    let faults = with_rule(&late);
    let expected = joined(&[NEXT, EVENT, "bAQ=="]);
    assert_eq!(posted(&faults, &[&joined(&[EVENT, "bAQ=="]), NEXT]), [expected]);
    assert_eq!(posted(&faults, &[NEXT]), [NEXT], "once");
}

#[test]
fn nothing_of_a_payload_is_written_between_requests() {
    let faults = with_rule(&json!({"on": {"event": {"name": "f"}}, "do": "pass"}));
    assert_eq!(posted(&faults, &[EVENT]), Vec::<String>::new(), "no bytes that are no request");
    faults.forget(1);
    assert_eq!(posted(&faults, &["bAQ=="]), ["bAQ=="], "nobody waits for it any more");
}

#[test]
fn what_waits_for_a_payload_goes_with_the_session_to_a_websocket() {
    let faults = with_rule(&json!({"on": {"event": {"name": "f"}}, "do": "duplicate", "times": 1}));
    assert_eq!(posted(&faults, &[EVENT]), Vec::<String>::new());
    faults.asides.tell_server(1, vec!["41/jobs,".to_owned()]);
    let ask = faults.asides.tell_client(1, vec!["44{}".to_owned(), "1".to_owned()]);
    let mut upgrade = Upgrade::default();
    let mut to_server = Inlet::new(Arc::clone(&faults), Direction::ClientToServer, Some(1));
    to_server.take(REQUEST, &mut upgrade);
    let mut to_client = Inlet::new(Arc::clone(&faults), Direction::ServerToClient, Some(1));
    to_client.take(AGREED, &mut upgrade);
    let masked = |text| encode_text(text, Some([1, 2, 3, 4]));
    let said = [masked("2probe"), masked("5"), encode_binary(&[7], Some([1, 2, 3, 4]))].concat();
    let outputs = to_server.take(&said, &mut upgrade);
    assert_eq!(messages(&outputs), ["2probe", "5", "41/jobs,", EVENT, "7", EVENT, "7"]);
    let refusal = format!("44{}{{}}", ask.strip_prefix("40").unwrap());
    let said = [text("3probe"), text(&refusal), text(NEXT)].concat();
    let outputs = to_client.take(&said, &mut upgrade);
    assert_eq!(messages(&outputs), ["3probe", "44{}", "1", NEXT]);
}

#[test]
fn a_rule_that_applies_once_waits_for_what_it_needs() {
    let late = json!({"on": {"event": {"name": "a"}}, "do": {"reorder": {}}, "times": 1});
    let said = [text("42[\"a\"]"), text(NEXT)];
    assert_eq!(messages(&told(&late, &said, false)), [NEXT, "42[\"a\"]"]);
    let twice = json!({"on": {"event": {"name": "file"}}, "do": "duplicate", "times": 1});
    let expected = [FILE, "7", "8", FILE, "7", "8", "42[\"next\"]"];
    assert_eq!(messages(&told(&twice, &file(), false)), expected);
}

#[test]
fn an_event_without_its_attachments_goes_before_what_follows() {
    let rule = json!({"on": {"event": {"name": "file"}}, "do": "drop"});
    let said = [text(FILE), text(NEXT)];
    assert_eq!(messages(&told(&rule, &said, false)), [FILE, NEXT]);
}

#[test]
fn bytes_are_counted_from_where_a_connection_begins() {
    let faults = with_rule(&json!({"connection": 2, "on": {"byte": 5}, "do": {"cut": {}}}));
    let mut inlet = Inlet::new(faults, Direction::ServerToClient, Some(1));
    let mut upgrade = Upgrade::default();
    inlet.take(b"twenty bytes of one.", &mut upgrade);
    inlet.follow(Some(2));
    let outputs = inlet.take(b"another", &mut upgrade);
    let [Output::Bytes(start), Output::Act(_), Output::Bytes(_)] = outputs.as_slice() else {
        panic!("{outputs:?}");
    };
    assert_eq!(start, b"anoth");
}
