//! The transport sends itself what can go out at once; given to the manager, the same goes out.

use js_sys::{Array, Uint8Array};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::{Bench, JsBench};

const BODY: &str = r#"["event","ünï",1]"#;

/// The root and the namespace `/x` are connected.
fn connected() -> Bench {
    let bench = Bench::connected();
    assert_eq!(bench.manager.socket("/x", false), 1);
    bench.manager.connect(1);
    bench.receive(r#"40/x,{"sid":"y"}"#);
    bench.take_log();
    bench
}

fn attachments() -> Array {
    Array::of2(&Uint8Array::from(&[1, 2][..]), &Uint8Array::from(&[3][..]).buffer())
}

/// What goes out in both ways.
fn compare(act: impl Fn(&Bench, bool)) -> Vec<String> {
    let logs = [true, false].map(|is_by_host| {
        let bench = connected();
        act(&bench, is_by_host);
        bench.take_log()
    });
    assert_eq!(logs[0], logs[1]);
    logs[0].clone()
}

#[test]
fn emits_what_the_manager_would_send() {
    for socket in [0, 1] {
        for attachments in [None, Some(attachments())] {
            let sent = compare(|bench, is_by_host| {
                if is_by_host {
                    assert!(bench.emit(socket, BODY, attachments.clone()));
                } else {
                    bench.manager.emit(socket, BODY, attachments.clone(), false);
                }
            });
            assert_eq!(sent.len(), if attachments.is_some() { 3 } else { 1 }, "{sent:?}");
            assert!(sent[0].ends_with(BODY), "{sent:?}");
        }
    }
}

#[test]
fn requests_what_the_manager_would_send_and_gets_the_answer() {
    for (socket, answer) in [(0, r#"431["yes"]"#), (1, r#"43/x,1["yes"]"#)] {
        let log = compare(|bench, is_by_host| {
            for request in [7, 8] {
                if is_by_host {
                    assert!(bench.request(socket, request, BODY, Some(attachments()), 500.0));
                } else {
                    bench.manager.request(socket, request, BODY, Some(attachments()), 500.0);
                }
            }
            assert!((0.0..=500.0).contains(&bench.timer()), "{}", bench.timer());
            bench.receive(answer);
            bench.advance(500.0);
        });
        let settled = log.iter().filter(|line| line.starts_with("settled")).count();
        assert_eq!(settled, 2, "an answer, and a request whose time is over: {log:?}");
    }
}

#[test]
fn leaves_to_the_manager_what_has_to_wait() {
    let bench = Bench::new();
    let refuses = |when: &str| {
        assert!(!bench.emit(0, BODY, None), "{when}");
        assert!(!bench.request(0, 1, BODY, None, 500.0), "{when}");
    };
    refuses("there is no connection");
    bench.manager.connect(0);
    refuses("it opens");
    bench.accept();
    assert!(bench.emit(0, BODY, None));
    bench.receive("41");
    refuses("the server has put the namespace out");
    bench.current().end();
    refuses("the connection has ended");
    bench.manager.destroy();
    refuses("the client was destroyed");
}

#[test]
fn keeps_the_order_inside_of_a_listener() {
    let bench = connected();
    bench.listen("news", 0);
    let order = JsBench::clone(&bench);
    bench.inside("delivered", move |manager| {
        assert!(order.emit(0, "[1]", None), "nothing waits");
        manager.emit(0, "[2]", None, false);
        assert!(!order.emit(0, "[3]", None), "it would come before the second one");
        manager.emit(0, "[3]", None, false);
    });
    bench.receive(r#"42["news"]"#);
    assert!(bench.emit(0, "[4]", None));
    let log = bench.take_log();
    assert_eq!(&log[1..], ["send 42[1]", "send 42[2]", "send 42[3]", "send 42[4]"], "{log:?}");
}
