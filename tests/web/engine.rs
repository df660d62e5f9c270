//! An engine that stands alone: its change of transport, and calls from inside of what it tells.

use js_sys::ArrayBuffer;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::engine_bench::{
    EngineBench, EngineHandle, OPEN, blob_of, count_up, detached_bytes, view_of,
};

const WEBSOCKET: &str = r#"{"transports":["websocket"]}"#;

/// A bench whose session is open on polling, with a WebSocket that is being tried.
async fn probing() -> EngineBench {
    EngineBench::opened("{}", OPEN).await
}

/// A bench whose session is open on a WebSocket.
fn on_websocket(options: &str) -> EngineBench {
    let bench = EngineBench::new(options);
    bench.engine.open();
    bench.current().open();
    bench.current().receive(&OPEN.into());
    bench.take_log();
    bench
}

#[test]
async fn changes_to_a_websocket_without_losing_anything() {
    let bench = probing().await;
    bench.current().open();
    assert_eq!(bench.take_log(), ["send 2probe"]);
    bench.engine.send_text("posted");
    bench.current().receive(&"3probe".into());
    assert_eq!(bench.take_log(), ["POST &sid=s 4posted", "flushed", "upgrading websocket"]);
    bench.engine.send_text("kept");
    bench.engine.send_binary(&count_up(2));
    bench.answer(2, "ok").await;
    assert_eq!(bench.take_log(), ["drained 1"], "the GET is still under way");
    bench.answer(1, "4late\x1e6").await;
    let expected = [
        "message late",
        "send 5",
        "send 4kept",
        "send [0,1]",
        "upgraded websocket",
        "flushed",
        "drained 2",
    ];
    assert_eq!(bench.take_log(), expected);
    bench.current().receive(&"4over the websocket".into());
    bench.engine.send_text("at once");
    assert_eq!(bench.take_log(), ["message over the websocket", "send 4at once"]);
}

#[test]
async fn stays_on_polling_when_the_websocket_ends() {
    let bench = probing().await;
    bench.current().open();
    bench.take_log();
    bench.current().fail();
    bench.current().end();
    assert_eq!(bench.take_log(), ["close", "upgradeFailed transport_error"]);
    bench.answer(1, "4still here").await;
    assert_eq!(bench.take_log(), ["message still here", "GET &sid=s"]);
}

#[test]
async fn closes_both_transports_when_it_is_destroyed() {
    let bench = probing().await;
    bench.engine.destroy();
    assert_eq!(bench.take_log(), ["close", "POST &sid=s 1"]);
    bench.answer(2, "ok").await;
    assert_eq!(bench.take_log(), ["abort 1"]);
    bench.current().open();
    bench.current().receive(&"3probe".into());
    bench.current().end();
    assert!(bench.take_log().is_empty());
    assert_eq!(bench.timer(), -1.0);
}

#[test]
fn begins_with_a_websocket_that_is_remembered() {
    let bench = EngineBench::new(r#"{"startWithWebSocket":true}"#);
    bench.engine.open();
    assert_eq!(bench.take_log(), ["open"]);
}

#[test]
async fn tries_the_next_transport_if_it_may() {
    let options = r#"{"transports":["websocket","polling"],"tryAllTransports":true}"#;
    let bench = EngineBench::new(options);
    bench.engine.open();
    bench.current().end();
    assert_eq!(bench.take_log(), ["open", "close", "GET"]);
    let alone = EngineBench::new(r#"{"transports":["websocket","polling"]}"#);
    alone.engine.open();
    alone.current().end();
    let log = alone.take_log();
    assert!(log[2].starts_with("closed transport_close websocket 0"), "{log:?}");
}

#[test]
fn gives_up_in_time_only_if_there_is_a_limit() {
    for (limit, timer) in [(0, -1.0), (500, 500.0)] {
        let options = format!(r#"{{"transports":["websocket"],"connectTimeoutMs":{limit}}}"#);
        let bench = EngineBench::new(&options);
        bench.engine.open();
        assert_eq!(bench.timer(), timer);
        bench.advance(500.0);
        let ended = bench.take_log().iter().any(|line| line.starts_with("closed open_timeout"));
        assert_eq!(ended, limit > 0);
    }
}

#[test]
fn answers_a_ping_before_it_tells_of_it() {
    let bench = on_websocket(WEBSOCKET);
    bench.current().receive(&"2".into());
    assert_eq!(bench.take_log(), ["send 3", "pinged"]);
    assert_eq!(bench.timer(), 500.0);
    bench.advance(500.0);
    let log = bench.take_log();
    assert!(log.iter().any(|line| line.starts_with("closed ping_timeout websocket")), "{log:?}");
}

#[test]
async fn sends_bytes_as_text_where_that_is_wanted_and_keeps_the_order() {
    let bench = on_websocket(r#"{"transports":["websocket"],"forceBase64":true}"#);
    let bytes = count_up(4);
    bench.engine.send_binary(&bytes);
    bench.engine.send_binary(&blob_of(&bytes));
    bench.engine.send_text("after the blob");
    bench.engine.send_binary(&view_of(&bytes, 1, 2));
    assert_eq!(bench.take_log(), ["send bAAECAw=="]);
    bench.settled().await;
    assert_eq!(bench.take_log(), ["send bAAECAw==", "send 4after the blob", "send bAQI="]);
    bench.engine.send_text("at once");
    assert_eq!(bench.take_log(), ["send 4at once"]);
}

#[test]
fn ends_with_an_error_when_bytes_cannot_be_encoded() {
    for bytes in detached_bytes() {
        let bench = on_websocket(r#"{"transports":["websocket"],"forceBase64":true}"#);
        bench.engine.send_binary(&bytes);
        let log = bench.take_log();
        assert!(log.iter().any(|line| line.starts_with("closed transport_error")), "{log:?}");
        bench.engine.destroy();
        bench.engine.free();
    }
}

#[test]
fn tells_a_payload_however_it_comes() {
    let bench = on_websocket(WEBSOCKET);
    bench.current().receive(&count_up(3));
    bench.current().receive(&"bAQID".into());
    bench.current().receive(&"4".into());
    assert_eq!(bench.take_log(), ["message <0 1 2>", "message <1 2 3>", "message"]);
    bench.current().receive(&"b*".into());
    assert!(bench.take_log().iter().any(|line| line.starts_with("closed parse_error")));
}

type Call = fn(&EngineHandle);

/// Everything that can be called, whenever one likes.
const CALLS: [(&str, Call); 5] = [
    ("open", |engine| engine.open()),
    ("sendText", |engine| engine.send_text("nested")),
    ("sendBinary", |engine| engine.send_binary(&ArrayBuffer::new(2))),
    ("close", |engine| engine.close()),
    ("destroy", |engine| engine.destroy()),
];

const CALLBACKS: [&str; 9] = [
    "opened",
    "pinged",
    "message",
    "upgrading",
    "upgraded",
    "upgradeFailed",
    "flushed",
    "drained",
    "closed",
];

/// Goes through everything that happens in a session. Some of it is over early if it was closed.
async fn live(bench: &EngineBench) {
    bench.engine.open();
    bench.answer(0, OPEN).await;
    bench.current().open();
    bench.engine.send_text("a");
    bench.answer(-1, "ok").await;
    bench.current().receive(&"nonsense".into());
    bench.advance(60_000.0);
    bench.settled().await;
}

#[test]
async fn takes_any_call_inside_any_callback() {
    for callback in CALLBACKS {
        for (call, make) in CALLS {
            let what = format!("{callback} calls {call}");
            let bench = EngineBench::new(r#"{"transports":["polling","websocket"]}"#);
            bench.inside(callback, make);
            live(&bench).await;
            let upgrade = EngineBench::opened("{}", OPEN).await;
            upgrade.inside(callback, make);
            upgrade.current().open();
            upgrade.current().receive(&"3probe".into());
            upgrade.answer(1, "4x\x1e2").await;
            upgrade.current().end();
            for bench in [&bench, &upgrade] {
                assert!(bench.deepest() <= 1, "{what}: it loops, it does not recurse");
                bench.engine.destroy();
                assert_eq!(bench.timer(), -1.0, "{what}");
            }
            let told = [bench.take_log(), upgrade.take_log()].concat();
            assert!(told.iter().any(|line| line.starts_with(callback)), "{what}: {told:?}");
        }
    }
}

#[test]
fn survives_frames_that_are_neither_text_nor_bytes() {
    for odd in [JsValue::NULL, JsValue::UNDEFINED, JsValue::from_f64(42.0)] {
        let bench = on_websocket(WEBSOCKET);
        bench.current().receive(&odd);
        bench.engine.send_text("alive");
        assert_eq!(bench.take_log().last().map(String::as_str), Some("send 4alive"));
    }
}
