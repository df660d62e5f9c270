//! Rules and HTTP long-polling: the packets of payloads are messages, too.

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::PATIENCE;
use crate::client::Polling;
use crate::faults::{Stage, on_tick};

async fn client(stage: &Stage) -> Polling {
    Polling::connect(&stage.server.url(), "/craft/socket.io", "").await
}

/// Polls until there are so many packets.
async fn packets(client: &mut Polling, count: usize) -> Vec<String> {
    let mut packets = Vec::new();
    while packets.len() < count {
        packets.extend(client.poll().await);
    }
    packets
}

fn tick(number: u32) -> String {
    format!("42[\"tick\",{number}]")
}

/// What a client gets of three events, if the rule comes while it polls.
async fn ticks(action: Value, expected: &[u32]) {
    let stage = Stage::new().await;
    let mut client = client(&stage).await;
    let noop = |packet: &String| packet == "6";
    let polling = async {
        let mut got = Vec::new();
        while got.len() < expected.len() {
            got.extend(client.poll().await.into_iter().filter(|packet| !noop(packet)));
        }
        got
    };
    let acting = async {
        stage.rule(on_tick(action)).await;
        stage.tick(&[1, 2, 3]).await;
    };
    let (got, ()) = tokio::join!(polling, acting);
    let expected: Vec<_> = expected.iter().map(|number| tick(*number)).collect();
    assert_eq!(got, expected);
    let hits = stage.log("?wait=it&only=hit").await;
    assert_eq!((hits.len(), &hits[0]["connection"]), (1, &json!(1)));
}

#[tokio::test]
async fn events_of_payloads_are_dropped_duplicated_reordered_and_replaced() {
    ticks(json!("drop"), &[1, 3]).await;
    ticks(json!("duplicate"), &[1, 2, 2, 3]).await;
    ticks(json!({ "reorder": {} }), &[1, 3, 2]).await;
    ticks(json!({ "replace": { "args": [20] } }), &[1, 20, 3]).await;
    ticks(json!({ "delay": { "ms": 5 } }), &[1, 2, 3]).await;
}

#[tokio::test]
async fn a_payload_without_packets_is_answered() {
    let stage = Stage::new().await;
    let mut client = client(&stage).await;
    stage.rule(json!({ "on": { "event": {} }, "do": "drop" })).await;
    stage.tick(&[1]).await;
    // With a heartbeat beside it, or alone.
    while stage.log("?only=hit").await.is_empty() {
        let answer = client.poll().await;
        assert!(answer.is_empty() || answer == ["6"], "{answer:?}");
    }
    // Fails without an "ok".
    client.send("42[\"lost\"]").await;
    let hits = stage.log("?wait=it&hit=2&only=hit").await;
    assert_eq!(hits[1]["direction"], "clientToServer");
}

#[tokio::test]
async fn malformed_packets_are_in_payloads() {
    let stage = Stage::new().await;
    let mut client = client(&stage).await;
    let after = json!({ "malformed": { "name": "event-without-data", "when": "after" } });
    stage.rule(on_tick(after)).await;
    stage.tick(&[1, 2]).await;
    assert_eq!(packets(&mut client, 3).await, [tick(1), tick(2), "42".to_owned()]);
}

#[tokio::test]
async fn a_client_that_polls_gets_a_connect_error() {
    let stage = Stage::new().await;
    stage
        .rule(
            json!({ "on": { "packet": { "type": "connect" } }, "do": "expiredToken", "times": 1 }),
        )
        .await;
    let mut client = Polling::open(&stage.server.url(), "/craft/socket.io").await;
    client.send("40").await;
    let refusal = packets(&mut client, 1).await.remove(0);
    let error: Value = serde_json::from_str(refusal.strip_prefix("44").unwrap()).unwrap();
    assert_eq!(error, json!({ "message": "expired", "data": { "code": "expired" } }));
    assert_eq!(stage.connections().await, 0);
    client.send("40").await;
    assert!(packets(&mut client, 1).await[0].starts_with("40{"));
}

#[tokio::test]
async fn both_sides_of_a_polling_client_are_told_of_a_disconnection() {
    let stage = Stage::new().await;
    let mut client = client(&stage).await;
    let rule = json!({ "on": { "event": { "name": "leave" } }, "do": { "disconnect": {} } });
    stage.rule(rule).await;
    client.send("42[\"leave\"]").await;
    assert_eq!(packets(&mut client, 1).await, ["41"]);
    assert_eq!(stage.connections().await, 0);
}

#[tokio::test]
async fn a_server_is_told_of_a_disconnection_when_its_client_speaks() {
    let stage = Stage::new().await;
    let mut client = client(&stage).await;
    stage.rule(on_tick(json!({ "disconnect": {} }))).await;
    stage.tick(&[1, 2]).await;
    assert_eq!(packets(&mut client, 2).await, [tick(1), "41".to_owned()]);
    client.send("42[\"hello\"]").await;
    let gone = async {
        while stage.connections().await != 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, gone).await.expect("the server knows");
}
