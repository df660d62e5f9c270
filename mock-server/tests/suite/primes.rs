use serde_json::{Value, json};

use crate::client::Client;
use crate::http::{get, post};
use crate::{quiet, start};

async fn subscribe(client: &mut Client, room: &str) {
    client.emit(&format!("subscribe:{room}"), "").await;
    let confirmed = client.until("subscription:confirmed").await;
    assert_eq!((&confirmed["type"], &confirmed["subscribed"]), (&json!(room), &json!(true)));
}

#[tokio::test]
async fn welcomes_with_the_socket_id() {
    let server = start(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    let welcome = client.expect("welcome").await;
    assert_eq!(welcome["clientId"], client.id);
    assert!(welcome["message"].is_string());
    assert_eq!(welcome["timestamp"].as_str().unwrap().len(), 24);
}

#[tokio::test]
async fn subscriptions_are_confirmed_and_counted() {
    let server = start(quiet()).await;
    let stats = format!("{}/primes/api/subscribe/stats", server.url());
    let mut client = Client::primes(&server.url()).await;
    let _other = Client::primes(&server.url()).await;
    for room in ["batches", "jobs", "solutions"] {
        subscribe(&mut client, room).await;
    }
    let all = json!({ "batches": 1, "jobs": 1, "solutions": 1 });
    assert_eq!(get(&stats).await, (200, json!({ "connectedClients": 2, "subscriptions": all })));

    client.emit("unsubscribe:jobs", "").await;
    let confirmed = client.expect("subscription:confirmed").await;
    assert_eq!((&confirmed["type"], &confirmed["subscribed"]), (&json!("jobs"), &json!(false)));
    assert_eq!(get(&stats).await.1["subscriptions"]["jobs"], 0);
}

#[tokio::test]
async fn unknown_subscription_gets_an_error() {
    let server = start(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    client.expect("welcome").await;
    client.emit("anything", "1").await;
    client.emit("subscribe:apples", "").await;
    assert_eq!(client.expect("error").await["code"], "unknown_type");
}

#[tokio::test]
async fn job_lives_from_started_to_its_end() {
    let server = start(quiet()).await;
    let next = format!("{}/primes/api/job/next", server.url());
    let mut client = Client::primes(&server.url()).await;
    subscribe(&mut client, "jobs").await;
    for (fail, end, status) in
        [("false", "job:completed", "completed"), ("true", "job:failed", "failed")]
    {
        let (code, answer) = post(&next, &format!("{{\"fail\": {fail}}}")).await;
        assert_eq!(code, 201);
        let id = &answer["jobId"];

        let started = client.expect("job:started").await;
        assert!(started["jobId"] == *id && started["pid"].is_u64() && has_time(&started));
        assert_eq!(client.expect("job:status_changed").await["status"], "started");
        let ended = client.expect(end).await;
        assert!(ended["jobId"] == *id && ended["exitCode"].is_i64() && has_time(&ended));
        assert_eq!(ended["error"].is_string(), status == "failed");
        let changed = client.expect("job:status_changed").await;
        assert!(changed["jobId"] == *id && changed["status"] == status && has_time(&changed));
    }
}

#[tokio::test]
async fn jobs_make_batches_and_solutions() {
    let server = start(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    subscribe(&mut client, "batches").await;
    subscribe(&mut client, "solutions").await;
    let mut solutions = 0;
    let mut batches = Vec::new();
    for _ in 0..5 {
        let (_, job) =
            post(&format!("{}/primes/api/job/next", server.url()), "{\"fail\":false}").await;
        loop {
            let (event, payload) = client.event().await;
            if event == "solution:found" {
                assert_eq!(payload["solution"]["jobId"], job["jobId"]);
                solutions += 1;
                continue;
            }
            let batch = &payload["batch"];
            assert!(batch["id"].is_string() && has_time(&payload));
            batches.push(event);
            if batches.len() == 4 {
                assert_eq!(batch["solutions"], solutions);
            }
            break;
        }
    }
    let (added, updated) = ("batch:added", "batch:updated");
    assert_eq!(batches, [added, updated, updated, updated, added]);
}

#[tokio::test]
async fn test_endpoint_triggers_every_type() {
    let server = start(quiet()).await;
    let url = format!("{}/primes/api/subscribe/test", server.url());
    let mut client = Client::primes(&server.url()).await;
    for room in ["batches", "jobs", "solutions"] {
        subscribe(&mut client, room).await;
    }
    for (kind, event, field) in [
        ("batch_added", "batch:added", "batch"),
        ("batch_updated", "batch:updated", "batch"),
        ("solution_found", "solution:found", "solution"),
    ] {
        let body = json!({ "eventType": kind, "data": { "id": "x", "n": 1 } });
        assert_eq!(post(&url, &body.to_string()).await.0, 200);
        assert_eq!(client.expect(event).await[field], json!({ "id": "x", "n": 1 }));
    }
    for (kind, event, data) in [
        ("job_started", "job:started", json!({ "jobId": "j", "pid": 7 })),
        ("job_completed", "job:completed", json!({ "jobId": "j", "exitCode": 0 })),
        ("job_failed", "job:failed", json!({ "jobId": "j", "exitCode": 9, "error": "e" })),
    ] {
        let body = json!({ "eventType": kind, "data": data });
        let (_, answer) = post(&url, &body.to_string()).await;
        let mut payload = client.expect(event).await;
        assert_eq!((&answer["event"], &answer["payload"]), (&json!(event), &payload));
        payload.as_object_mut().unwrap().remove("timestamp");
        assert_eq!(payload, data);
        assert_eq!(client.expect("job:status_changed").await["jobId"], "j");
    }
}

#[tokio::test]
async fn test_endpoint_refuses_what_it_does_not_know() {
    let server = start(quiet()).await;
    let url = format!("{}/primes/api/subscribe/test", server.url());
    for (body, words) in [
        ("{\"eventType\": \"nope\"}", "batch_added, batch_updated"),
        ("", "eventType must be one of"),
        ("{", "invalid body"),
        ("[]", "must be a JSON object"),
        ("{\"eventType\": \"job_started\", \"data\": 1}", "invalid body"),
        ("{\"eventType\": \"job_started\", \"data\": {\"pid\": \"x\"}}", "data.pid"),
    ] {
        let (status, answer) = post(&url, body).await;
        let error = answer["error"].as_str().expect("an error in words");
        assert!(status == 400 && error.contains(words), "{body}: {status} {error}");
    }
}

#[tokio::test]
async fn info_lists_the_events() {
    let server = start(quiet()).await;
    let (status, info) = get(&format!("{}/primes/api/subscribe", server.url())).await;
    assert_eq!((status, &info["path"]), (200, &json!("/primes/socket.io/")));
    let events = info["events"]["serverToClient"].as_array().unwrap();
    assert!(events.contains(&json!("job:status_changed")));
    assert_eq!(info["events"]["clientToServer"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn only_subscribers_are_told() {
    let server = start(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    client.expect("welcome").await;
    let url = format!("{}/primes/api/subscribe/test", server.url());
    assert_eq!(post(&url, "{\"eventType\": \"job_started\"}").await.0, 200);
    client.emit("subscribe:jobs", "").await;
    client.expect("subscription:confirmed").await;
}

fn has_time(payload: &Value) -> bool {
    payload["timestamp"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24)
}
