//! The polling transport: an engine whose requests are answered by the test.

use js_sys::JSON;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::engine_bench::{
    EngineBench, OPEN_POLLING, blob_of, count_up, detached_bytes, view_of, without_built_in_base64,
};

#[test]
async fn makes_one_get_and_one_post_at_a_time() {
    let bench = EngineBench::new(r#"{"transports":["polling"]}"#);
    bench.engine.open();
    assert_eq!(bench.take_log(), ["GET"]);
    bench.answer(0, OPEN_POLLING).await;
    let opened = r#"opened {"sid":"s","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":100} polling"#;
    assert_eq!(bench.take_log(), [opened, "GET &sid=s"]);
    bench.engine.send_text("a");
    bench.engine.send_text("b");
    bench.engine.send_text("c");
    assert_eq!(bench.take_log(), ["POST &sid=s 4a", "flushed"]);
    bench.answer(2, "ok").await;
    assert_eq!(bench.take_log(), ["POST &sid=s 4b|4c", "drained 1", "flushed"]);
    bench.answer(1, "4x\x1e2\x1e4y").await;
    assert_eq!(bench.take_log(), ["message x", "pinged", "message y", "GET &sid=s"]);
    bench.answer(3, "ok").await;
    assert_eq!(bench.take_log(), ["POST &sid=s 3", "drained 2"]);
}

#[test]
async fn sends_bytes_of_every_form_in_order() {
    let bench = EngineBench::new(r#"{"transports":["polling"]}"#);
    let bytes = count_up(8);
    bench.engine.open();
    bench.engine.send_binary(&bytes);
    bench.engine.send_text("text");
    bench.engine.send_binary(&view_of(&bytes, 2, 3));
    bench.engine.send_binary(&blob_of(&bytes));
    bench.engine.send_text("last");
    bench.take_log();
    bench.answer(0, OPEN_POLLING).await;
    bench.settled().await;
    let sent = "POST &sid=s bAAECAwQFBgc=|4text|bAgME|bAAECAwQFBgc=|4last";
    assert!(bench.take_log().contains(&sent.to_owned()));
}

#[test]
async fn receives_bytes_in_the_form_that_is_wanted() {
    for (wanted, told) in [("arraybuffer", "message <1 2 3>"), ("blob", "message Blob(3)")] {
        let options = format!(r#"{{"transports":["polling"],"binaryType":"{wanted}"}}"#);
        let bench = EngineBench::opened(&options, OPEN_POLLING).await;
        bench.answer(-1, "bAQID\x1e4text\x1eb").await;
        let log = bench.take_log();
        assert_eq!((&*log[0], &*log[1]), (told, "message text"));
        assert!(log[2] == "message <>" || log[2] == "message Blob(0)", "{log:?}");
    }
}

#[test]
async fn encodes_megabytes_where_base64_is_not_built_in() {
    for (length, offset) in [(0, 0), (1, 0), (2, 1), (1_000_001, 0), (3_000_000, 7)] {
        let bytes = count_up(length);
        let view = view_of(&bytes, offset, length - offset);
        let mut posted = Vec::new();
        for built_in in [true, false] {
            let bench = EngineBench::polling().await;
            let mut send = || bench.engine.send_binary(&view);
            if built_in {
                send()
            } else {
                without_built_in_base64(&mut send)
            }
            posted.push(bench.take_log().remove(0));
            let body = posted[0].rsplit(' ').next().unwrap_or_default().to_owned();
            let mut receive = || {};
            if !built_in {
                without_built_in_base64(&mut receive);
            }
            bench.answer(1, &body).await;
            assert!(bench.take_log()[0].starts_with("message <"));
        }
        assert!(posted[0] == posted[1], "{length} bytes from {offset}");
    }
}

#[test]
async fn survives_answers_whose_text_is_none() {
    for odd in [JsValue::UNDEFINED, JsValue::NULL, JsValue::from_f64(42.0)] {
        let bench = EngineBench::new(r#"{"transports":["polling"]}"#);
        bench.engine.open();
        bench.request(0).answer_no_text(200, &odd);
        bench.settled().await;
        let log = bench.take_log();
        assert!(log.iter().any(|line| line.starts_with("closed ")), "{odd:?} {log:?}");
        bench.engine.destroy();
        bench.engine.free();
    }
}

#[test]
async fn ends_with_an_error_when_bytes_cannot_be_encoded() {
    for bytes in detached_bytes() {
        let bench = EngineBench::polling().await;
        bench.engine.send_binary(&bytes);
        bench.settled().await;
        let log = bench.take_log();
        assert!(log.iter().any(|line| line.starts_with("closed transport_error")), "{log:?}");
        bench.engine.destroy();
        bench.engine.free();
    }
}

#[test]
async fn asks_for_text_only_where_that_is_wanted() {
    let options = r#"{"transports":["polling"],"forceBase64":true,"timestampParam":"time"}"#;
    let bench = EngineBench::opened(options, OPEN_POLLING).await;
    let (first, second) = (bench.request(0).url(), bench.request(1).url());
    let parameter = |url: &str| {
        let value = url.split("&time=").nth(1).and_then(|rest| rest.get(..8));
        value.expect("eight characters").to_owned()
    };
    assert!(first.ends_with("&b64=1") && !second.contains("b64"), "{first} {second}");
    assert_ne!(parameter(&first), parameter(&second));
    assert!(parameter(&first).chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
}

#[test]
async fn sends_headers_and_cookies_as_it_is_told() {
    let options =
        r#"{"transports":["polling"],"extraHeaders":{"X-Own":"1"},"withCredentials":true}"#;
    let bench = EngineBench::opened(options, OPEN_POLLING).await;
    bench.engine.send_text("a");
    let headers = |number| String::from(JSON::stringify(&bench.request(number).headers()).unwrap());
    assert_eq!(headers(0), r#"{"x-own":"1"}"#);
    assert_eq!(headers(2), r#"{"content-type":"text/plain;charset=UTF-8","x-own":"1"}"#);
    assert_eq!(bench.request(0).credentials(), "include");
    let plain = EngineBench::polling().await;
    assert_eq!(plain.request(0).credentials(), "same-origin");
}

#[test]
async fn tells_how_a_request_failed() {
    let refusal = r#"{"code":1,"message":"Session ID unknown"}"#;
    let cases = [
        (1, 400, refusal, format!("GET 400 {refusal}")),
        (1, 502, "<html>", "GET 502 <html>".to_owned()),
        (2, 413, "", "POST 413".to_owned()),
        (2, 200, "<html>", "POST 200 <html>".to_owned()),
    ];
    for (number, status, body, detail) in cases {
        let bench = EngineBench::polling().await;
        bench.engine.send_text("a");
        bench.take_log();
        bench.answer_with(number, status, body).await;
        let log = bench.take_log();
        let told = format!("closed transport_error polling {status} {detail}");
        assert_eq!(log.last().map(|line| line.trim_end()), Some(&*told), "{log:?}");
        assert_eq!(bench.timer(), -1.0);
    }
    let bench = EngineBench::polling().await;
    bench.fail(1).await;
    let log = bench.take_log();
    assert_eq!(log.last().unwrap(), "closed transport_error polling 0 GET 0  TypeError");
}

#[test]
async fn takes_any_form_of_a_confirmation() {
    for confirmation in ["ok", "OK", "", "ok\n"] {
        let bench = EngineBench::polling().await;
        bench.engine.send_text("a");
        bench.answer(2, confirmation).await;
        assert_eq!(bench.take_log().last().unwrap(), "drained 1");
    }
}

#[test]
async fn gives_a_request_up_when_its_time_is_over() {
    let options = r#"{"transports":["polling"],"requestTimeoutMs":50}"#;
    let bench = EngineBench::opened(options, OPEN_POLLING).await;
    bench.advance(49.0);
    bench.settled().await;
    assert!(bench.take_log().is_empty());
    bench.advance(1.0);
    bench.settled().await;
    let log = bench.take_log();
    assert_eq!(log[0], "abort 1");
    assert!(log.iter().any(|line| line.starts_with("closed transport_error polling 0 GET")));
    bench.answer(-1, "ok").await;
    assert_eq!(bench.timer(), -1.0, "no request's timer is left");
}

#[test]
async fn sends_the_end_before_it_breaks_the_get_off() {
    let bench = EngineBench::polling().await;
    bench.engine.close();
    assert_eq!(bench.take_log(), ["POST &sid=s 1", "closed client_close polling 0"]);
    assert!(bench.request(2).keepalive());
    bench.answer(2, "ok").await;
    assert_eq!(bench.take_log(), ["abort 1"]);
    assert_eq!(bench.timer(), -1.0);
}

#[test]
async fn sends_the_end_after_a_post_that_is_under_way() {
    let bench = EngineBench::polling().await;
    bench.engine.send_text("a");
    bench.engine.send_text("b");
    bench.take_log();
    bench.engine.destroy();
    bench.settled().await;
    assert!(bench.take_log().is_empty(), "one POST at a time");
    bench.answer(2, "ok").await;
    assert_eq!(bench.take_log(), ["POST &sid=s 4b|1"]);
    bench.fail(3).await;
    assert_eq!(bench.take_log(), ["abort 1"], "broken off also if nobody takes the end");
}

#[test]
async fn hears_nothing_of_requests_that_end_late() {
    for answer_late in [false, true] {
        let bench = EngineBench::polling().await;
        bench.engine.send_text("a");
        bench.engine.destroy();
        bench.engine.free();
        bench.take_log();
        let reports = bench.reports();
        for number in 1..=2 {
            if answer_late {
                bench.answer(number, "4late").await;
            } else {
                bench.fail(number).await;
            }
        }
        bench.answer(3, "ok").await;
        let log = bench.take_log();
        assert!(log.iter().all(|line| line.starts_with("POST") || line.starts_with("abort")));
        assert_eq!(bench.reports(), reports);
    }
}

#[test]
async fn leaves_the_rest_of_an_answer_when_the_session_has_ended() {
    let bench = EngineBench::polling().await;
    bench.inside("message", |engine| engine.destroy());
    bench.answer(1, "4first\x1e4second\x1e2").await;
    assert_eq!(bench.take_log(), ["message first", "POST &sid=s 1"]);
    let bench = EngineBench::polling().await;
    bench.answer(1, &format!("4first{}", "\x1e".repeat(1_000_000))).await;
    let log = bench.take_log();
    assert_eq!(log[0], "message first");
    assert!(log.iter().any(|line| line.starts_with("closed parse_error")), "{log:?}");
}

#[test]
fn says_so_when_no_transport_can_be_made() {
    for transports in [r#"["polling"]"#, r#"["websocket"]"#, r#"["carrier pigeon"]"#, "[]"] {
        let options = format!(r#"{{"transports":{transports},"fetch":null,"webSocket":null}}"#);
        let bench = EngineBench::new(&options);
        bench.engine.open();
        let log = bench.take_log();
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log[0].starts_with("closed unavailable"), "{transports}: {log:?}");
        assert_eq!(bench.timer(), -1.0);
    }
}

#[test]
async fn takes_values_that_are_no_bytes_for_what_they_are() {
    let bench = EngineBench::polling().await;
    for odd in [JsValue::NULL, JsValue::UNDEFINED, JsValue::from_f64(7.0)] {
        bench.engine.send_binary(&odd);
    }
    bench.settled().await;
    bench.answer(-1, "ok").await;
    assert!(bench.take_log()[0].starts_with("POST &sid=s b"));
}
