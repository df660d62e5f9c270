use std::collections::BTreeSet;

use serde_json::{Value, json};
use sockeye_mock::Config;

use crate::client::Client;
use crate::http::{get, patch, post};
use crate::{quiet, start};

#[tokio::test]
async fn everyone_gets_every_topic() {
    let server = start(Config { rate: 3_000, ..quiet() }).await;
    let mut client = Client::craft(&server.url()).await;
    let activity = client.until("user-activity").await;
    for field in ["type", "userId", "sessionId", "timestamp"] {
        assert!(activity[field].is_string(), "{field}: {activity}");
    }
    assert!(activity["counts"].is_object());

    let quote = client.until("finance:quote").await;
    assert!(quote["symbol"].is_string() && quote["timestamp"].is_string(), "{quote}");
    assert!(quote["price"].is_number() && quote["change"].is_number(), "{quote}");
    assert!(quote["volume"].is_u64(), "{quote}");

    let log = client.until("log").await;
    assert!(log["level"].is_string() && log["message"].is_string(), "{log}");
    assert!(log["context"].is_object() && log["timestamp"].is_string(), "{log}");

    let notification = client.until("notification").await;
    let priorities = ["low", "normal", "high", "critical"];
    assert!(priorities.contains(&notification["priority"].as_str().unwrap()), "{notification}");
    for field in ["id", "title", "body", "timestamp"] {
        assert!(notification[field].is_string(), "{field}: {notification}");
    }
}

/// What a client of a new server is told about the market, without the times.
async fn quotes(seed: u64) -> Vec<String> {
    let server = start(Config { seed, rate: 500, ..quiet() }).await;
    let mut client = Client::craft(&server.url()).await;
    let mut quotes = Vec::new();
    while quotes.len() < 400 {
        let quote = client.until("finance:quote").await;
        quotes.push(format!("{} {} {}", quote["symbol"], quote["price"], quote["volume"]));
    }
    quotes
}

/// Whether one list begins somewhere in the other: the clients came a moment sooner or later.
fn overlap(first: &[String], second: &[String]) -> bool {
    let contains = |long: &[String], part: &[String]| long.windows(50).any(|some| some == part);
    contains(first, &second[..50]) || contains(second, &first[..50])
}

#[tokio::test]
async fn same_seed_gives_the_same_quotes() {
    let (first, again, other) = tokio::join!(quotes(7), quotes(7), quotes(8));
    assert!(overlap(&first, &again));
    assert!(!overlap(&first, &other));
}

#[tokio::test]
async fn at_ten_thousand_quotes_a_second_every_client_gets_each() {
    let contract = Some("craft".to_owned());
    let server = start(Config { rate: 10_000, event_ids: true, contract, ..quiet() }).await;
    let mut early = Client::connect(&server.url(), "/socket.io", "").await;
    let mut late = Client::connect(&server.url(), "/socket.io", "").await;
    let mut expected = Vec::new();
    while expected.len() < 5_000 {
        expected.push(late.until("finance:quote").await);
    }
    while early.until("finance:quote").await["_eventId"] != expected[0]["_eventId"] {}
    for quote in &expected[1..] {
        assert_eq!(early.until("finance:quote").await, *quote);
    }
}

#[tokio::test]
async fn resource_is_read_and_its_changes_are_pushed() {
    let server = start(quiet()).await;
    let url = format!("{}/craft/api/resource/dashboard", server.url());
    let mut client = Client::craft(&server.url()).await;
    let (status, first) = get(&url).await;
    assert_eq!((status, &first), (200, &json!({ "views": 0, "clicks": 0, "purchases": 0 })));

    let (status, whole) = patch(&url, "{\"views\":5,\"clicks\":0,\"note\":\"x\"}").await;
    let expected = json!({ "views": 5, "clicks": 0, "purchases": 0, "note": "x" });
    assert_eq!((status, &whole), (200, &expected));
    let pushed = client.expect("resource:dashboard").await;
    assert_eq!(pushed, json!({ "views": 5, "note": "x" }), "the changed fields alone");
    assert_eq!(get(&url).await.1, expected);
}

#[tokio::test]
async fn patch_that_changes_nothing_is_not_pushed() {
    let server = start(quiet()).await;
    let api = format!("{}/craft/api", server.url());
    let mut client = Client::craft(&server.url()).await;
    assert_eq!(patch(&format!("{api}/resource/records"), "{\"done\":0}").await.0, 200);
    assert_eq!(post(&format!("{api}/broadcast"), "{\"event\":\"next\"}").await.0, 200);
    assert_eq!(client.expect("next").await, Value::Null);
}

#[tokio::test]
async fn patches_are_pushed_in_the_order_in_which_they_were_made() {
    let server = start(quiet()).await;
    let url = format!("{}/craft/api/resource/race", server.url());
    let mut client = Client::craft(&server.url()).await;
    let patches = (1..=20).map(|number| {
        let url = url.clone();
        tokio::spawn(async move { patch(&url, &format!("{{\"value\":{number}}}")).await })
    });
    for patching in patches.collect::<Vec<_>>() {
        assert_eq!(patching.await.unwrap().0, 200);
    }
    let mut seen = BTreeSet::new();
    let mut last = Value::Null;
    for _ in 0..20 {
        last = client.expect("resource:race").await["value"].clone();
        assert!(seen.insert(last.as_u64().unwrap()));
    }
    assert_eq!(get(&url).await.1["value"], last);
}

#[tokio::test]
async fn emits_to_one_client_to_all_and_counts() {
    let server = start(quiet()).await;
    let api = format!("{}/craft/api", server.url());
    let mut first = Client::craft(&server.url()).await;
    let mut second = Client::craft(&server.url()).await;
    assert_eq!(get(&format!("{api}/clients")).await, (200, json!({ "count": 2 })));

    let to_first = format!("{api}/clients/{}/emit", first.id);
    assert_eq!(post(&to_first, "{\"event\":\"note\",\"data\":{\"text\":\"hi\"}}").await.0, 200);
    assert_eq!(post(&format!("{api}/broadcast"), "{\"event\":\"all\",\"data\":1}").await.0, 200);
    assert_eq!(first.expect("note").await, json!({ "text": "hi" }));
    assert_eq!(first.expect("all").await, 1);
    assert_eq!(second.expect("all").await, 1);
}

#[tokio::test]
async fn bad_requests_and_unknown_events_disturb_nobody() {
    let server = start(quiet()).await;
    let api = format!("{}/craft/api", server.url());
    let mut other = Client::craft(&server.url()).await;
    let mut client = Client::craft(&server.url()).await;
    client.emit("no:such:event", "1").await;
    for (path, body, expected) in [
        ("clients/nobody/emit", "{\"event\":\"note\"}", 404),
        ("clients/nobody/emit", "{\"event\":\"\"}", 400),
        ("broadcast", "{\"event\":\"connect\"}", 400),
        ("broadcast", "[]", 400),
        ("broadcast", "{", 400),
    ] {
        let (status, answer) = post(&format!("{api}/{path}"), body).await;
        assert!(status == expected && answer["error"].is_string(), "{path} {body}: {answer}");
    }
    let (status, answer) = get(&format!("{api}/resource/nothing")).await;
    assert!(status == 404 && answer["error"].is_string(), "{answer}");
    for body in ["7", "[1]", "{"] {
        let (status, answer) = patch(&format!("{api}/resource/dashboard"), body).await;
        assert!(status == 400 && answer["error"].is_string(), "{body}: {answer}");
    }
    assert_eq!(post(&format!("{api}/broadcast"), "{\"event\":\"all\"}").await.0, 200);
    other.expect("all").await;
    client.expect("all").await;
}
