//! Actions: sent until the server has answered.

use core::task::Poll;
use core::time::Duration;

use serde::Deserialize;
use sockeye::rust_api::{Action, ActionOptions, ActionState, Args};
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::server::{Page, builder, ready, take};

/// The frame with which an action was sent, up to its first argument: `42`, its ack id, its name.
fn sent(page: &Page, event: &str) -> String {
    let sent = page.0.take_sent();
    let start = sent.iter().find_map(|sent| sent.split_once(&format!(r#"["{event}""#)));
    start.expect("it is sent").0.to_owned()
}

/// Answers an action as the helper does.
fn answer(page: &Page, action: &Action, sent: &str, verdict: &str, value: &str) {
    let id = sent.trim_start_matches("42");
    let mark = format!(r#"{{"$sockeye":{{"k":"{}","s":"{verdict}"}}}}"#, action.id());
    page.0.receive(&format!("43{id}[{mark},{value}]"));
}

#[test]
async fn sends_an_action_over_connections_until_it_is_answered() {
    let page = Page::new();
    let client = builder().connect().unwrap();
    page.0.accept_as_helper();
    let action = client.enqueue("order", Args(("salmon", 2))).unwrap();
    let mut states = action.status();
    assert_eq!(take(&mut states).state, ActionState::Sent);
    sent(&page, "order");
    page.0.cut();
    assert_eq!(take(&mut states).state, ActionState::Queued);
    client.reconnect_now();
    page.0.accept_as_helper();
    let again = sent(&page, "order");
    assert_eq!(take(&mut states).state, ActionState::Sending);
    assert_eq!(take(&mut states).state, ActionState::Sent);
    answer(&page, &action, &again, "applied", r#""R-7""#);
    assert_eq!(action.result::<String>().await.unwrap(), "R-7");
    assert_eq!(take(&mut states).state, ActionState::Applied);
    assert_eq!(ready(&mut states), Poll::Ready(None));
    assert_eq!(action.current_status().attempts, 2);
}

#[test]
async fn cancels_what_was_never_sent() {
    let page = Page::new();
    let client = builder().build().unwrap();
    let action = client.enqueue("order", "salmon").unwrap();
    assert_eq!(action.current_status().state, ActionState::Queued);
    action.cancel();
    assert_eq!(action.result::<()>().await.unwrap_err().code(), "action_cancelled");
    client.connect();
    page.0.accept_as_helper();
    assert!(page.0.take_sent().is_empty());
}

#[test]
async fn replaces_an_action_of_the_same_key() {
    let page = Page::new();
    let client = builder().build().unwrap();
    let options = ActionOptions::default().lane("drafts").coalesce_key("draft 1");
    let first = client.enqueue_with("save", "a", options.clone()).unwrap();
    let second = client.enqueue_with("save", "b", options).unwrap();
    assert_eq!(first.result::<()>().await.unwrap_err().code(), "action_cancelled");
    assert_ne!(first.id(), second.id());
    client.connect();
    page.0.accept_as_helper();
    assert_eq!(second.current_status().state, ActionState::Sent);
}

#[test]
async fn ends_an_action_when_its_time_or_its_client_does() {
    let page = Page::new();
    let client = builder().build().unwrap();
    let options = ActionOptions::default().ttl(Duration::from_millis(10));
    let late = client.enqueue_with("order", "salmon", options).unwrap();
    assert_eq!(late.result::<()>().await.unwrap_err().code(), "action_expired");
    let waiting = client.enqueue("order", "trout").unwrap();
    let mut states = waiting.status();
    assert_eq!(take(&mut states).state, ActionState::Queued);
    drop(client);
    assert!(ready(&mut states).is_ready());
    assert_eq!(waiting.result::<()>().await.unwrap_err().code(), "client_destroyed");
    drop(page);
}

#[test]
async fn tells_what_the_server_said_when_it_rejects() {
    #[derive(Deserialize)]
    struct Reason {
        message: String,
    }

    let page = Page::new();
    let client = builder().connect().unwrap();
    page.0.accept_as_helper();
    let action = client.enqueue("order", "salmon").unwrap();
    let sent = sent(&page, "order");
    answer(&page, &action, &sent, "rejected", r#"{"message":"sold out"}"#);
    let error = action.result::<()>().await.unwrap_err();
    assert_eq!(error.code(), "action_rejected");
    assert_eq!(error.data::<Reason>().unwrap().message, "sold out");
}
