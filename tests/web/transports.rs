//! WebSockets that do not behave as they should.

use js_sys::{ArrayBuffer, Object, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::{Bench, handshake};

#[test]
fn ignores_everything_that_comes_late_from_a_dead_transport() {
    let bench = Bench::connected();
    bench.listen("news", 1);
    let dead = bench.current();
    bench.manager.disconnect(0);
    bench.manager.connect(0);
    bench.take_log();
    dead.open();
    for frame in
        ["2", "41", "4x", "garbage", r#"42["news",1]"#, r#"42["unheard"]"#, r#"40{"sid":"z"}"#]
    {
        dead.receive(&frame.into());
    }
    dead.receive(&ArrayBuffer::new(8));
    dead.fail();
    dead.end();
    assert!(bench.take_log().is_empty());
    bench.accept();
    assert_eq!(bench.take_log(), ["send 40", "accepted 0 x false", "status 0 connected 0 0"]);
}

#[test]
fn says_so_when_no_web_socket_can_be_made_and_tries_again() {
    let bench = Bench::with("throwing");
    bench.manager.connect(0);
    let log = bench.take_log();
    assert!(log.iter().any(|line| line.ends_with("websocket_unavailable")), "{log:?}");
    assert!(log.iter().any(|line| line.starts_with("status 0 waiting 2 ")), "{log:?}");
    let failures = |log: &[String]| log.iter().filter(|line| line.starts_with("failed")).count();
    assert_eq!(failures(&log), 1);
    bench.advance(1_100.0);
    assert_eq!(failures(&bench.take_log()), 1, "once in each attempt");
    assert_eq!(bench.deepest(), 1);
}

#[test]
fn works_with_a_web_socket_that_tells_everything_at_once() {
    let bench = Bench::with("synchronous");
    bench.manager.connect(0);
    let log = bench.take_log();
    assert_eq!(log.last().map(String::as_str), Some("status 0 connected 0 0"), "{log:?}");
    bench.manager.request(0, 1, r#"["q"]"#, None, 1_000.0);
    assert_eq!(bench.take_log(), [r#"send 420["q"]"#, r#"settled 1  ["at once"]"#]);
    bench.manager.disconnect(0);
    let expected = ["send 41", "close", "status 0 disconnected 0 0 client_disconnect"];
    assert_eq!(bench.take_log(), expected);
}

#[test]
fn works_with_a_web_socket_that_ends_while_it_is_made() {
    let bench = Bench::with("stillborn");
    bench.manager.connect(0);
    let log = bench.take_log();
    assert!(log.iter().any(|line| line == "diagnose"), "{log:?}");
    assert!(bench.current().closed());
    assert!(bench.timer() > 0.0, "it tries again");
    bench.advance(1_100.0);
    assert!(bench.take_log().contains(&"open".to_owned()));
}

#[test]
fn tells_a_failure_from_an_end() {
    for (fail, cause) in [(false, "transport_close"), (true, "transport_error")] {
        let bench = Bench::connected();
        if fail {
            bench.current().fail();
        }
        bench.current().end();
        let log = bench.take_log();
        assert!(log.last().is_some_and(|line| line.ends_with(cause)), "{log:?}");
    }
}

const HOSTILE: [&str; 44] = [
    "",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "b",
    "0{}",
    "0null",
    "0[]",
    "0{\"sid\":1}",
    "2probe",
    "3probe",
    "40",
    "40{}",
    "40{\"sid\":",
    "40{\"sid\":\"\"}",
    "40[]",
    "41",
    "41x",
    "42",
    "42[",
    "42[]",
    "42[null]",
    "42[\"\\ud800\"]",
    "42[\"connect\"]",
    "429007199254740993[\"a\"]",
    "43",
    "431",
    "431{}",
    "4399999[]",
    "44",
    "44null",
    "44\"x\"",
    "4550-[]",
    "45-[]",
    "451-",
    "459999999999-[]",
    "42/__proto__,[\"a\"]",
    "42/\u{1f41f},[\"a\"]",
    "\u{0}\u{feff}42[\"a\"]",
];

/// However far the connection has come, the manager survives each frame and connects again.
#[test]
fn survives_hostile_frames_in_every_state() {
    let states: [fn(&Bench); 3] =
        [|_| {}, |bench| bench.receive(&handshake(25_000, 20_000)), Bench::accept];
    for reach in states {
        for frame in HOSTILE {
            for end in (0..=frame.len()).filter(|end| frame.is_char_boundary(*end)) {
                let bench = Bench::new();
                bench.listen("a", 1);
                bench.manager.connect(0);
                reach(&bench);
                bench.receive(&frame[..end]);
                assert_connects(&bench, frame);
            }
        }
    }
}

fn assert_connects(bench: &Bench, what: &str) {
    bench.manager.disconnect(0);
    bench.manager.connect(0);
    bench.take_log();
    bench.accept();
    assert!(bench.take_log().contains(&"status 0 connected 0 0".to_owned()), "after {what:?}");
}

#[test]
fn survives_frames_that_are_neither_text_nor_bytes() {
    let odd: [JsValue; 5] = [
        JsValue::NULL,
        JsValue::UNDEFINED,
        JsValue::from_f64(42.0),
        Object::new().into(),
        Uint8Array::new_with_length(3).into(),
    ];
    for value in odd {
        let bench = Bench::connected();
        bench.current().receive(&value);
        assert_connects(&bench, "no text");
    }
}

#[test]
fn survives_a_long_namespace_number_and_name() {
    let long = "9".repeat(1_000_000);
    let frames = [
        format!("42{long}[\"a\"]"),
        format!("42/{long},[\"a\"]"),
        format!("42[\"{long}\"]"),
        format!("45{long}-[\"a\"]"),
        format!("42[\"a\",{}{}]", "[".repeat(100_000), "]".repeat(100_000)),
    ];
    for frame in frames {
        let bench = Bench::connected();
        bench.listen("a", 1);
        bench.receive(&frame);
        assert_connects(&bench, &frame[..8]);
    }
}
