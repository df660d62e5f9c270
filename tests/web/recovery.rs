//! Connection state recovery with the offsets that servers make.

use js_sys::Date;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::{Bench, handshake};

const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const DAY: f64 = 86_400_000.0;

/// The offset that the adapter in memory makes at this time.
fn yeast(millis: f64) -> String {
    let mut rest = millis as u64;
    let mut digits = Vec::new();
    while rest > 0 {
        digits.push(char::from(DIGITS[(rest % 64) as usize]));
        rest /= 64;
    }
    digits.iter().rev().collect()
}

fn stream_id(millis: f64) -> String {
    format!("{}-7", millis as u64)
}

fn object_id(millis: f64) -> String {
    format!("{:08x}a1b2c3d4e5f60718", (millis / 1_000.0) as u64)
}

/// A connected bench whose server names the session `p`.
fn recoverable() -> Bench {
    let bench = Bench::new();
    bench.listen("x", 1);
    bench.manager.connect(0);
    bench.current().open();
    bench.receive(&handshake(25_000, 20_000));
    bench.receive(r#"40{"sid":"s","pid":"p"}"#);
    bench.take_log();
    bench
}

/// The arguments of `["x", …]` as they are delivered.
fn delivered(bench: &Bench, arguments: &str) -> String {
    bench.receive(&format!("42{arguments}"));
    let log = bench.take_log();
    let told = log.last().unwrap();
    told.strip_prefix("delivered 0 1 ").unwrap().strip_suffix(" 0 -1").unwrap().to_owned()
}

/// What the next CONNECT asks.
fn question(bench: &Bench) -> String {
    bench.current().end();
    bench.advance(5_000.0);
    bench.current().open();
    bench.take_log();
    bench.receive(&handshake(25_000, 20_000));
    bench.take_log()[0].clone()
}

#[test]
fn hides_an_offset_and_asks_with_it() {
    let now = Date::now();
    let offsets = [
        yeast(now),
        yeast(now - DAY / 2.0),
        format!("{}.1", yeast(now)),
        format!("{}.-_", yeast(now)),
        stream_id(now),
        object_id(now),
        object_id(now).to_uppercase(),
    ];
    for offset in offsets {
        let bench = recoverable();
        let told = delivered(&bench, &format!(r#"["x",{{"a":1}},"{offset}"]"#));
        assert_eq!(told, r#"["x",{"a":1}]"#, "{offset}");
        assert_eq!(question(&bench), format!(r#"send 40{{"pid":"p","offset":"{offset}"}}"#));
    }
}

#[test]
fn reads_the_offset_of_an_event_that_nobody_hears() {
    let offset = yeast(Date::now());
    for name in ["nobody", "nob\\u006fdy"] {
        let bench = recoverable();
        bench.receive(&format!(r#"42["{name}",{{"a":["b"]}},"{offset}"]"#));
        assert_eq!(question(&bench), format!(r#"send 40{{"pid":"p","offset":"{offset}"}}"#));
    }
}

#[test]
fn leaves_what_only_looks_like_an_offset() {
    let now = Date::now();
    let others = [
        "charlie".to_owned(),
        "Pending".to_owned(),
        "1234567".to_owned(),
        "10-20".to_owned(),
        "2024-05".to_owned(),
        yeast(now - 3.0 * DAY),
        yeast(now + 3.0 * DAY),
        stream_id(now - 3.0 * DAY),
        object_id(now - 3.0 * DAY),
        format!("{}.", yeast(now)),
        format!("{}!", yeast(now)),
        format!(" {}", yeast(now)),
        format!("{}.é", yeast(now)),
        format!("{}x", stream_id(now)),
        format!("{}g", &object_id(now)[..23]),
        format!("{}.{}", yeast(now), "1".repeat(1_000_000)),
        String::new(),
        "-".to_owned(),
    ];
    let bench = recoverable();
    for other in others {
        let arguments = format!(r#"["x","{other}"]"#);
        assert_eq!(delivered(&bench, &arguments), arguments);
        bench.receive(&format!(r#"42["nobody","{other}"]"#));
    }
    assert_eq!(question(&bench), r#"send 40{"pid":"p"}"#);
}

#[test]
fn leaves_everything_when_the_server_does_not_recover() {
    let bench = Bench::connected();
    bench.listen("x", 1);
    let arguments = format!(r#"["x","{}"]"#, yeast(Date::now()));
    assert_eq!(delivered(&bench, &arguments), arguments);
    assert_eq!(question(&bench), "send 40");
}
