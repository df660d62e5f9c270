//! The life of a client: connections, auth, requests, the end.

use core::cell::Cell;
use core::task::Poll;
use core::time::Duration;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sockeye::rust_api::{AuthReason, Client, Status};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::server::{Page, builder, connected, count_listeners, ready, take};

#[derive(Serialize)]
struct Auth {
    token: String,
}

#[test]
fn connects_where_it_was_told_to() {
    let page = Page::new();
    let made = Client::builder("https://server.test/jobs?a=1").path("/rt").query("b", "2&3");
    let client = made.auth(&Auth { token: "t".into() }).connect().unwrap();
    assert_eq!(page.0.url(), "wss://server.test/rt/?a=1&b=2%263&EIO=4&transport=websocket");
    page.0.open();
    assert_eq!(page.0.take_sent(), [r#"40/jobs,{"token":"t"}"#]);
    page.0.receive(r#"40/jobs,{"sid":"mine"}"#);
    assert_eq!(client.id().as_deref(), Some("mine"));
    client.disconnect();
    assert_eq!(client.id(), None);
}

#[test]
fn refuses_options_that_cannot_be_used() {
    let code = |url| Client::builder(url).build().err().map(|error| error.code());
    assert_eq!(code("https://"), Some("invalid_url"));
    assert_eq!(code("ftp://server.test"), Some("invalid_url"));
    let namespace = builder().namespace("/a,b").build().err().unwrap();
    assert_eq!(namespace.to_string(), "an option cannot be used: the namespace has a comma");
    let auth = builder().auth("token").connect().err().unwrap();
    assert_eq!(auth.code(), "invalid_option");
    let binary = builder().auth(
        &[("key", serde_bytes::ByteBuf::new())]
            .into_iter()
            .collect::<std::collections::BTreeMap<_, _>>(),
    );
    assert_eq!(binary.connect().err().unwrap().code(), "binary_unsupported");
}

#[test]
fn tells_each_status_in_order() {
    let page = Page::new();
    let client = builder().build().unwrap();
    let mut states = client.status();
    assert_eq!(take(&mut states), Status::Idle);
    client.connect();
    assert_eq!(take(&mut states), Status::Connecting { attempt: 1, cause: None });
    page.0.accept();
    assert_eq!(take(&mut states), Status::Connected { recovered: false });
    page.0.cut();
    let waiting = take(&mut states);
    let Status::Waiting { attempt: 1, retry_in, slow: false, cause: Some(cause) } = waiting else {
        panic!("{waiting:?}");
    };
    assert!(retry_in > Duration::ZERO, "{retry_in:?}");
    assert_eq!(
        (cause.code(), cause.to_string()),
        ("transport_close", "the connection was closed".into())
    );
    client.reconnect_now();
    assert_eq!(take(&mut states).name(), "connecting");
    page.0.accept();
    assert!(take(&mut states).is_connected());
    client.disconnect();
    let disconnected = take(&mut states);
    assert!(
        matches!(&disconnected, Status::Disconnected { cause } if cause.code() == "client_disconnect")
    );
    assert_eq!(client.current_status(), disconnected);
    assert!(ready(&mut states).is_pending());
}

#[test]
fn tells_what_the_server_said_when_it_refuses() {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }

    let page = Page::new();
    let client = builder().connect().unwrap();
    let mut errors = client.errors();
    page.0.open();
    page.0.receive(r#"44{"message":"no"}"#);
    let error = take(&mut errors);
    assert_eq!(
        (error.code(), error.data::<Refusal>().unwrap().message.as_str()),
        ("connect_refused", "no")
    );
    assert_eq!(client.current_status(), Status::Disconnected { cause: error });
}

#[test]
async fn asks_for_auth_again_when_the_token_has_expired() {
    let page = Page::new();
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let client = builder().auth_with(move |request| {
        count.set(count.get() + 1);
        let wanted = if count.get() == 1 { AuthReason::Connect } else { AuthReason::Expired };
        assert_eq!(request.reason, wanted);
        let token = format!("token {}", count.get());
        async { Ok::<_, String>(Auth { token }) }
    });
    let client = client.connect().unwrap();
    page.0.open();
    until(|| !page.0.take_sent().is_empty()).await;
    page.0.receive(r#"44{"message":"expired"}"#);
    until(|| asked.get() == 2).await;
    until(|| page.0.take_sent().contains(&r#"40{"token":"token 2"}"#.to_owned())).await;
    page.0.receive(r#"40{"sid":"x"}"#);
    assert!(client.current_status().is_connected());
}

#[test]
async fn tells_why_the_auth_failed() {
    let page = Page::new();
    let client = builder().auth_with(|_| async { Err::<Auth, _>("no network") }).connect().unwrap();
    let mut errors = client.errors();
    page.0.open();
    let error = errors.next().await.unwrap();
    assert_eq!(error.to_string(), "the option `auth` failed: no network");
    assert!(matches!(client.current_status(), Status::Waiting { .. }));
}

#[test]
async fn answers_a_request() {
    let page = Page::new();
    let client = connected(&page);
    let both = async {
        let answer = client.request::<(u32, String)>("ask", "what").await;
        assert_eq!(answer, Ok((42, "that".into())));
    };
    let server = async {
        until(|| page.0.take_sent() == [r#"420["ask","what"]"#]).await;
        page.0.receive(r#"430[42,"that"]"#);
    };
    join(both, server).await;
}

#[test]
async fn settles_a_request_whatever_happens() {
    let page = Page::new();
    let client = connected(&page);
    let late = client.request::<u32>("ask", ()).timeout(Duration::from_millis(20)).await;
    assert_eq!(late.unwrap_err().code(), "ack_timeout");
    page.0.take_sent();
    let cut = async {
        until(|| !page.0.take_sent().is_empty()).await;
        page.0.cut();
    };
    let lost = async {
        let lost = client.request::<u32>("ask", ()).await;
        assert_eq!(lost.unwrap_err().code(), "disconnected");
    };
    join(lost, cut).await;
    let mut waiting = Box::pin(client.request::<u32>("ask", ()));
    assert!(poll(&mut waiting).is_pending());
    client.destroy();
    assert!(
        matches!(poll(&mut waiting), Poll::Ready(Err(error)) if error.code() == "client_destroyed")
    );
    let refused = client.request::<u32>("ask", ()).await;
    assert_eq!(refused.unwrap_err().code(), "client_destroyed");
}

#[test]
fn does_not_send_a_request_that_was_dropped() {
    let page = Page::new();
    let client = builder().connect().unwrap();
    let mut dropped = Box::pin(client.request::<u32>("dropped", ()));
    let mut kept = Box::pin(client.request::<u32>("kept", ()));
    assert!(poll(&mut dropped).is_pending() && poll(&mut kept).is_pending());
    drop(dropped);
    page.0.open();
    page.0.take_sent();
    page.0.receive(r#"40{"sid":"x"}"#);
    assert_eq!(page.0.take_sent(), [r#"421["kept"]"#]);
}

#[test]
fn leaves_nothing_when_the_last_clone_is_dropped() {
    let page = Page::new();
    let counted = count_listeners();
    let client = connected(&page);
    assert!(counted.listeners() > 0);
    let mut events = client.on::<u32>("n");
    let mut states = client.status();
    let mut errors = client.errors();
    let clone = client.clone();
    drop(client);
    assert!(clone.current_status().is_connected());
    drop(clone);
    assert_eq!(page.0.take_sent(), ["41", "closed"]);
    assert_eq!(ready(&mut events), Poll::Ready(None));
    assert_eq!(ready(&mut errors), Poll::Ready(None));
    assert!(take(&mut states).is_connected());
    assert_eq!(take(&mut states), Status::Closed);
    assert_eq!(ready(&mut states), Poll::Ready(None));
    assert_eq!(counted.listeners(), 0);
    counted.restore();
}

#[test]
fn gives_streams_that_have_ended_when_it_is_destroyed() {
    let page = Page::new();
    let client = connected(&page);
    client.destroy();
    client.destroy();
    assert_eq!(ready(&mut client.on::<u32>("n")), Poll::Ready(None));
    assert_eq!(ready(&mut client.errors()), Poll::Ready(None));
    let mut states = client.status();
    assert_eq!((take(&mut states), ready(&mut states)), (Status::Closed, Poll::Ready(None)));
    assert_eq!(client.emit("n", ()).unwrap_err().code(), "client_destroyed");
    client.connect();
    assert_eq!(page.0.connections(), 1);
}

fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    let mut context = core::task::Context::from_waker(core::task::Waker::noop());
    core::pin::Pin::new(future).poll(&mut context)
}

/// Waits for a condition, and lets everybody else go on meanwhile.
async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        let turn = js_sys::Promise::resolve(&wasm_bindgen::JsValue::UNDEFINED);
        js_sys::futures::JsFuture::from(turn).await.unwrap();
    }
}

/// Runs both to their ends.
async fn join(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (Some(Box::pin(first)), Some(Box::pin(second)));
    core::future::poll_fn(|context| {
        for side in [&mut first as &mut dyn Side, &mut second] {
            side.go_on(context);
        }
        if first.is_none() && second.is_none() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

trait Side {
    fn go_on(&mut self, context: &mut core::task::Context<'_>);
}

impl<F: Future<Output = ()>> Side for Option<core::pin::Pin<Box<F>>> {
    fn go_on(&mut self, context: &mut core::task::Context<'_>) {
        if self.as_mut().is_some_and(|it| it.as_mut().poll(context).is_ready()) {
            *self = None;
        }
    }
}
