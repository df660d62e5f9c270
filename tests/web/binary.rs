//! Attachments that stay JavaScript objects.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::Bench;

fn listening() -> Bench {
    let bench = Bench::connected();
    bench.listen("x", 1);
    bench.take_log();
    bench
}

fn buffer(bytes: &[u8]) -> ArrayBuffer {
    Uint8Array::from(bytes).buffer()
}

fn receive(bench: &Bench, frame: &str, attachments: &[&[u8]]) -> Vec<String> {
    bench.receive(frame);
    for bytes in attachments {
        bench.current().receive(&buffer(bytes));
    }
    bench.take_log()
}

#[test]
fn puts_attachments_in_the_places_of_their_placeholders() {
    let cases = [
        (
            r#"["x",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#,
            r#"["x",[2,3],[1]]"#,
        ),
        (
            r#"["x",{"_placeholder":true,"num":-0},{"_placeholder":true,"num":0.0}]"#,
            r#"["x",[1],[1]]"#,
        ),
        (
            r#"["x",{"a":[{"b":{"_placeholder":true,"num":0}}],"c":null}]"#,
            r#"["x",{"a":[{"b":[1]}],"c":null}]"#,
        ),
        (r#"["x",{"__proto__":{"_placeholder":true,"num":0}}]"#, r#"["x",{"__proto__":[1]}]"#),
        (
            r#"["x",{"__proto__":{"a":{"_placeholder":true,"num":0}}}]"#,
            r#"["x",{"__proto__":{"a":[1]}}]"#,
        ),
        (r#"["x",{"constructor":{"_placeholder":true,"num":0}}]"#, r#"["x",{"constructor":[1]}]"#),
        (r#"["x",{"_placeholder":1,"num":9}]"#, r#"["x",{"_placeholder":1,"num":9}]"#),
        (r#"["x"]"#, r#"["x"]"#),
    ];
    for (body, expected) in cases {
        let bench = listening();
        let log = receive(&bench, &format!("452-{body}"), &[&[1], &[2, 3]]);
        assert_eq!(log, [format!("delivered 0 1 {expected} 0 -1")], "{body}");
    }
}

#[test]
fn ends_the_session_when_a_placeholder_names_no_attachment() {
    let numbers = [
        r#""splice""#,
        r#""__proto__""#,
        r#""length""#,
        r#""0""#,
        "-1",
        "1",
        "1e400",
        "null",
        "[0]",
        r#"{"valueOf":1}"#,
        "0.5",
        "9007199254740992",
        "true",
    ];
    for number in numbers {
        let bench = listening();
        let frame = format!(r#"451-["x",[{{"_placeholder":true,"num":{number}}}]]"#);
        let log = receive(&bench, &frame, &[&[1]]);
        assert!(log.iter().any(|line| line.starts_with("failed -1 parse_error")), "{log:?}");
        assert!(!log.iter().any(|line| line.starts_with("delivered")), "{log:?}");
        assert!(bench.current().closed());
    }
}

#[test]
fn fills_what_is_nested_deeper_than_the_stack() {
    let bench = listening();
    let depth = 100_000;
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    let body = format!(r#"["x",{open}{{"_placeholder":true,"num":0}}{close}]"#);
    let log = receive(&bench, &format!("451-{body}"), &[&[7]]);
    assert_eq!(log, ["delivered 0 1 too deep to be written 0 -1"]);
}

#[test]
fn sends_attachments_after_their_packet() {
    let bench = listening();
    let bytes = Uint8Array::from(&[1, 2, 3, 4][..]);
    let attachments = Array::of2(&bytes.subarray(1, 3), &buffer(&[9]));
    bench.manager.emit(0, r#"["a"]"#, Some(attachments.clone()), false);
    bench.manager.request(0, 1, r#"["b"]"#, Some(attachments.clone()), 1_000.0);
    let expected = [
        r#"send 452-["a"]"#,
        "send [2,3]",
        "send [9]",
        r#"send 452-0["b"]"#,
        "send [2,3]",
        "send [9]",
    ];
    assert_eq!(bench.take_log(), expected);
    let log = receive(&bench, r#"461-0[{"_placeholder":true,"num":0}]"#, &[&[5]]);
    assert_eq!(log, ["settled 1  [[5]]"]);
    bench.receive(r#"427["x"]"#);
    bench.take_log();
    bench.manager.acknowledge(0, 0, 7.0, "[]", Some(attachments));
    assert_eq!(bench.take_log(), ["send 462-7[]", "send [2,3]", "send [9]"]);
}

#[test]
fn drops_what_exceeds_the_limits_and_goes_on() {
    let bench = listening();
    let attachments = vec![&[0_u8][..]; 65];
    let log = receive(&bench, r#"4565-["x"]"#, &attachments);
    assert_eq!(log, ["dropped 0 attachments_exceeded too many"]);
    let large = vec![0; 8_000_001];
    let log = receive(&bench, r#"452-["x"]"#, &[&large, &large]);
    assert_eq!(log, ["dropped 0 attachments_exceeded too many bytes"]);
    bench.receive(r#"451-["x"]"#);
    bench.advance(30_000.0);
    assert_eq!(bench.take_log(), ["dropped 0 attachments_exceeded too late"]);
    let log = receive(&bench, "6", &[]);
    assert!(log.is_empty(), "{log:?}");
    bench.current().receive(&buffer(&[1]));
    assert_eq!(receive(&bench, r#"42["x"]"#, &[]), [r#"delivered 0 1 ["x"] 0 -1"#]);
}

#[test]
fn refuses_what_is_larger_than_the_server_takes() {
    let bench = Bench::new();
    bench.manager.connect(0);
    bench.current().open();
    let times = r#""pingInterval":25000,"pingTimeout":20000"#;
    bench.receive(&format!(r#"0{{"sid":"e","upgrades":[],{times},"maxPayload":1000000}}"#));
    bench.receive(r#"40{"sid":"x"}"#);
    let emit = |text: String| bench.manager.emit(0, &text, None, false);
    let too_large = Some("payload_too_large".to_owned());
    // These letters have two and three bytes.
    assert_eq!(emit(format!("[\"{}\"]", "é".repeat(499_997))), None);
    assert_eq!(emit(format!("[\"{}\"]", "é".repeat(499_998))), too_large);
    assert_eq!(emit(format!("[\"{}\"]", "日".repeat(333_331))), None);
    assert_eq!(emit(format!("[\"{}\"]", "日".repeat(333_332))), too_large);
    let many: Array = (0..11).map(|_| buffer(&[1])).collect();
    let code = bench.manager.emit(0, r#"["a"]"#, Some(many), false);
    assert_eq!(code.as_deref(), Some("too_many_attachments"));
}
