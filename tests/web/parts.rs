//! The exports of outbox, hooks and topics, with a store in JavaScript; and calls of them from inside what
//! the client tells.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::{Bench, JsBench, ManagerHandle};

#[wasm_bindgen(module = "/tests/web/parts.js")]
extern "C" {
    fn callbacks() -> Vec<String>;
    fn calls() -> Vec<String>;
    fn walk(bench: &JsBench, client: &ManagerHandle, callback: &str, call: &str) -> Vec<String>;
}

#[test]
fn tells_everything_of_its_parts() {
    let bench = Bench::new();
    let heard = walk(&bench, &bench.manager, "", "");
    for callback in callbacks() {
        assert!(heard.contains(&callback), "{callback} never comes: {heard:?}");
    }
    let log = bench.take_log();
    let sent = log.iter().find(|line| line.contains(r#"["do""#)).expect("the action is sent");
    assert!(sent.starts_with(r#"send 420["do",{"$sockeye":{"k":"a","c":"c""#), "{sent}");
}

#[test]
fn takes_any_call_inside_what_it_tells_of_its_parts() {
    for callback in callbacks() {
        for call in calls() {
            let bench = Bench::new();
            let heard = walk(&bench, &bench.manager, &callback, &call);
            assert!(heard.contains(&callback), "{callback} calls {call}: {heard:?}");
            assert_eq!(
                bench.deepest(),
                1,
                "{callback} calls {call}: it loops, it does not recurse"
            );
            assert_eq!(bench.timer(), -1.0, "{callback} calls {call}: a timer is left");
        }
    }
}
