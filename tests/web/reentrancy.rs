//! The application may call the manager while it is told something: each call is one more turn.

use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::{Bench, ManagerHandle, handshake};

type Call = fn(&ManagerHandle);
type Reach = fn(&Bench);

/// Everything that an application can call, whenever it likes.
const CALLS: [(&str, Call); 12] = [
    ("socket", |manager| _ = manager.socket("/more", false)),
    ("connect", |manager| manager.connect(0)),
    ("disconnect", |manager| manager.disconnect(0)),
    ("disconnect, connect", |manager| {
        manager.disconnect(0);
        manager.connect(0);
    }),
    ("reconnectNow", |manager| manager.reconnect_now()),
    ("authenticate", |manager| manager.authenticate(0, 0, Some("{}".to_owned()))),
    ("emit", |manager| _ = manager.emit(0, r#"["nested"]"#, None, false)),
    ("request", |manager| _ = manager.request(0, 99, r#"["nested"]"#, None, 50.0)),
    ("acknowledge", |manager| manager.acknowledge(0, 0, 1.0, "[]", None)),
    ("handleText", |manager| manager.handle_text(0, "2")),
    ("handleDiagnosis", |manager| manager.handle_diagnosis("server_unreachable")),
    ("destroy", |manager| manager.destroy()),
];

/// Brings the manager to the moment at which it makes a callback of this name.
const CALLBACKS: [(&str, Reach); 9] = [
    ("delivered", |bench| bench.receive(r#"42["news",1]"#)),
    ("settled", |bench| {
        bench.manager.request(0, 1, r#"["q"]"#, None, 1_000.0);
        bench.receive(r#"430["answer"]"#);
    }),
    ("authNeeded", |bench| {
        let socket = bench.manager.socket("/secret", true);
        bench.manager.connect(socket);
    }),
    ("accepted", |bench| {
        bench.manager.disconnect(0);
        bench.manager.connect(0);
        bench.accept();
    }),
    ("refused", |bench| {
        let socket = bench.manager.socket("/refused", false);
        bench.manager.connect(socket);
        bench.receive(r#"44/refused,{"message":"no"}"#);
    }),
    ("dropped", |bench| bench.receive(r#"451000-["news"]"#)),
    ("failed", |bench| bench.receive("4nonsense")),
    ("status", |bench| bench.current().end()),
    ("diagnose", |bench| {
        bench.manager.disconnect(0);
        bench.manager.connect(0);
        bench.current().end();
    }),
];

/// A manager that works connects, and if it was destroyed it stays quiet.
fn assert_alive(bench: &Bench, what: &str) {
    assert!(bench.timer() > -2.0, "{what}: more than one timer");
    if what.ends_with("destroy") {
        assert_eq!(bench.timer(), -1.0, "{what}");
        assert!(bench.current().closed(), "{what}");
        return;
    }
    for socket in 0..2 {
        bench.manager.disconnect(socket);
    }
    bench.manager.connect(0);
    bench.take_log();
    bench.accept();
    assert!(bench.take_log().contains(&"status 0 connected 0 0".to_owned()), "{what}");
}

#[test]
fn takes_any_call_inside_any_callback() {
    for (callback, reach) in CALLBACKS {
        for (call, make) in CALLS {
            let what = format!("{callback} calls {call}");
            let bench = Bench::connected();
            bench.listen("news", 1);
            bench.inside(callback, make);
            reach(&bench);
            let log = bench.take_log();
            assert!(log.iter().any(|line| line.starts_with(callback)), "{what}: {log:?}");
            assert_eq!(bench.deepest(), 1, "{what}: it loops, it does not recurse");
            assert_alive(&bench, &what);
        }
    }
}

#[test]
fn performs_what_was_asked_inside_a_callback_after_what_was_to_be_done() {
    let bench = Bench::connected();
    for request in 1..=2 {
        bench.manager.request(0, request, r#"["q"]"#, None, 1_000.0);
    }
    bench.take_log();
    bench.inside("settled", |manager| {
        manager.emit(0, r#"["kept"]"#, None, false);
        manager.reconnect_now();
    });
    bench.current().end();
    let log = bench.take_log();
    assert_eq!(log[..3], ["close", "settled 1 disconnected", "settled 2 disconnected"]);
    assert!(log[3].starts_with("status 0 waiting 1 "), "{log:?}");
    assert_eq!(log[4..], ["open", "status 0 connecting 1 0 transport_close"]);
    bench.receive(&handshake(25_000, 20_000));
    bench.receive(r#"40{"sid":"y"}"#);
    let expected =
        ["send 40", r#"send 42["kept"]"#, "accepted 0 y false", "status 0 connected 0 0"];
    assert_eq!(bench.take_log(), expected);
}

#[test]
fn sends_answers_from_inside_the_event_in_the_order_of_the_events() {
    let bench = Bench::connected();
    bench.listen("q", 1);
    for id in 0..10 {
        bench.inside("delivered", move |manager| {
            manager.acknowledge(0, 0, f64::from(id), r#"["a"]"#, None);
            manager.emit(0, &format!("[{id}]"), None, false);
        });
        bench.receive(&format!(r#"42{id}["q"]"#));
    }
    let expected: Vec<_> = (0..10)
        .flat_map(|id| {
            let told = format!(r#"delivered 0 1 ["q"] 0 {id}"#);
            [told, format!(r#"send 43{id}["a"]"#), format!("send 42[{id}]")]
        })
        .collect();
    assert_eq!(bench.take_log(), expected);
}

#[test]
fn goes_on_for_as_long_as_each_answer_asks_again() {
    fn ask(bench: &Bench, left: u32) {
        let sent = bench.manager.request(0, left, r#"["q"]"#, None, 1_000.0);
        assert_eq!(sent, None);
    }
    let bench = Bench::with("synchronous");
    bench.manager.connect(0);
    for left in 0..1_000 {
        ask(&bench, left);
    }
    let log = bench.take_log();
    let settled = log.iter().filter(|line| line.ends_with(r#"["at once"]"#)).count();
    assert_eq!(settled, 1_000);
    assert_eq!(bench.deepest(), 1);
}

#[test]
fn stops_at_once_when_it_is_destroyed_inside_a_callback() {
    let bench = Bench::connected();
    bench.listen("news", 1);
    bench.inside("delivered", |manager| manager.destroy());
    let socket = bench.current();
    socket.receive(&r#"42["news",1]"#.into());
    socket.receive(&r#"42["news",2]"#.into());
    socket.end();
    let log = bench.take_log();
    assert_eq!(log, [r#"delivered 0 1 ["news",1] 0 -1"#, "send 41", "close"]);
}
