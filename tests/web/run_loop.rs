//! The run loop, sentence by sentence.

use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::{Bench, handshake};

// 1. Something happens: a transport's event, the timer, or a call of the application.

#[test]
fn makes_a_turn_of_each_call_event_and_timer() {
    let bench = Bench::new();
    bench.manager.connect(0);
    assert_eq!(bench.take_log(), ["open", "status 0 connecting 1 0"]);
    bench.current().open();
    assert!(bench.take_log().is_empty());
    bench.receive(&handshake(25_000, 20_000));
    assert_eq!(bench.take_log(), ["send 40"]);
    bench.receive(r#"40{"sid":"x"}"#);
    assert_eq!(bench.take_log(), ["accepted 0 x false", "status 0 connected 0 0"]);
    bench.receive("2");
    assert_eq!(bench.take_log(), ["send 3"]);
    bench.advance(44_999.0);
    assert!(bench.take_log().is_empty());
    bench.advance(1.0);
    let log = bench.take_log();
    assert_eq!(log[0], "close");
    assert!(log[1].starts_with("status 0 waiting 1 "), "{log:?}");
    assert!(log[1].ends_with(" ping_timeout"), "{log:?}");
}

// 2. Give the manager that one input, with `now`.

#[test]
fn measures_each_deadline_from_its_input() {
    let bench = Bench::new();
    bench.manager.connect(0);
    assert_eq!(bench.timer(), 20_000.0);
    bench.advance(7.0);
    bench.receive(&handshake(100, 50));
    assert_eq!(bench.timer(), 150.0, "the first ping is due, counted from the handshake");
    bench.receive(r#"40{"sid":"x"}"#);
    bench.advance(120.0);
    bench.receive("2");
    assert_eq!(bench.timer(), 150.0, "the next ping is due, counted from this one");
    bench.manager.request(0, 1, r#"["q"]"#, None, 60.5);
    assert_eq!(bench.timer(), 61.0, "an answer is due, in whole milliseconds");
}

// 3. Call `poll_output` until it returns `Timeout`.

#[test]
fn performs_all_outputs_of_one_input() {
    let bench = Bench::new();
    for number in 0..100 {
        assert_eq!(bench.manager.emit(0, &format!(r#"["e",{number}]"#), None, false), None);
    }
    bench.manager.connect(0);
    bench.receive(&handshake(25_000, 20_000));
    bench.take_log();
    bench.receive(r#"40{"sid":"x"}"#);
    let log = bench.take_log();
    assert_eq!(log.len(), 102);
    assert_eq!((&*log[0], &*log[99]), (r#"send 42["e",0]"#, r#"send 42["e",99]"#));
    assert_eq!(log[100..], ["accepted 0 x false", "status 0 connected 0 0"]);
}

// 5. Perform the outputs in order.

#[test]
fn performs_what_was_lost_before_the_status_that_tells_of_it() {
    let bench = Bench::connected();
    for request in 1..=3 {
        bench.manager.request(0, request, r#"["q"]"#, None, 1_000.0);
    }
    bench.take_log();
    bench.current().end();
    let log = bench.take_log();
    let expected =
        ["close", "settled 1 disconnected", "settled 2 disconnected", "settled 3 disconnected"];
    assert_eq!(log[..4], expected);
    assert!(log[4].starts_with("status 0 waiting 1 "), "{log:?}");
    assert_eq!(log.len(), 5);
}

// 6. Set the one timer anew, only if the deadline changed.

#[test]
fn has_one_timer_at_every_moment() {
    let bench = Bench::new();
    assert_eq!(bench.timer(), -1.0, "none before there is something to wait for");
    bench.manager.connect(0);
    assert_eq!(bench.timer(), 20_000.0);
    bench.accept();
    assert_eq!(bench.timer(), 45_000.0);
    for request in 0..10 {
        bench.manager.request(0, request, r#"["q"]"#, None, f64::from(100 * (10 - request)));
        assert_eq!(bench.timer(), f64::from(100 * (10 - request)));
    }
    bench.current().end();
    assert!((100.0..=1_000.0).contains(&bench.timer()), "until the next attempt");
    bench.manager.disconnect(0);
    assert_eq!(bench.timer(), -1.0);
}

#[test]
fn sets_the_timer_only_when_the_deadline_changes() {
    let bench = Bench::connected();
    bench.listen("news", 1);
    bench.manager.emit(0, r#"["e"]"#, None, false);
    let armed = bench.armed();
    assert_eq!(bench.timer(), 2_500.0, "when the server is asked whether it arrived");
    for _ in 0..100 {
        bench.receive(r#"42["news",1]"#);
        bench.receive(r#"42["unheard",1]"#);
        bench.receive(r#"427["news",1]"#);
        bench.manager.emit(0, r#"["e"]"#, None, false);
        bench.advance(1.0);
    }
    assert_eq!(bench.armed(), armed, "events change no deadline");
    bench.manager.request(0, 1, r#"["q"]"#, None, 1_000.0);
    assert_eq!(bench.armed(), armed + 1);
    bench.manager.request(0, 2, r#"["q"]"#, None, 40_000.0);
    assert_eq!(bench.armed(), armed + 1, "a later deadline is not the next");
    bench.receive("2");
    assert_eq!(bench.armed(), armed + 1, "the ping moves a later one");
}

#[test]
fn lets_go_of_the_timer_when_it_is_destroyed() {
    let states: [fn(&Bench); 3] = [|_| {}, |bench| bench.current().end(), Bench::accept];
    for prepare in states {
        let bench = Bench::new();
        bench.manager.connect(0);
        prepare(&bench);
        bench.manager.destroy();
        assert_eq!(bench.timer(), -1.0);
        assert!(bench.current().closed());
        bench.take_log();
        bench.advance(1e6);
        assert!(bench.take_log().is_empty());
    }
}
