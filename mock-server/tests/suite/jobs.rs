use serde_json::{Value, json};

use crate::client::Client;
use crate::http::{get, post};
use crate::{quiet, start};

async fn start_job(url: &str, body: &str) -> String {
    let (status, answer) = post(&format!("{url}/jobs/api/jobs"), body).await;
    assert_eq!(status, 201);
    answer["jobId"].as_str().expect("a job id").to_owned()
}

/// Collects a job's events up to its last one.
async fn life(client: &mut Client, job_id: &str) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    loop {
        let (event, payload) = client.event().await;
        assert_eq!(payload["jobId"], job_id, "{event}");
        let last = event == "job:completed" || event == "job:error";
        events.push((event, payload));
        if last {
            return events;
        }
    }
}

#[tokio::test]
async fn subscriptions_are_acknowledged_with_their_room() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    for (payload, room) in [
        ("", "all-jobs"),
        ("null", "all-jobs"),
        ("{}", "all-jobs"),
        ("{\"jobId\":\"a\"}", "job:a"),
        ("{\"userId\":\"u\"}", "user:u"),
    ] {
        let ack = client.request("subscribe:jobs", payload).await;
        let message = format!("Subscribed to {room}");
        assert_eq!(ack, json!({ "success": true, "room": room, "message": message }));
        let ack = client.request("unsubscribe:jobs", payload).await;
        assert_eq!((&ack["success"], &ack["room"]), (&json!(true), &json!(room)));
    }
}

#[tokio::test]
async fn bad_payload_is_refused_and_disturbs_nobody() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    let mut other = Client::jobs(&server.url()).await;
    other.request("subscribe:jobs", "").await;
    for payload in ["1", "\"a\"", "[]", "{\"jobId\":7}", "{\"userId\":\"\"}", "{\"jobId\":null}"] {
        let ack = client.request("subscribe:jobs", payload).await;
        assert_eq!((&ack["success"], &ack["room"]), (&json!(false), &Value::Null), "{payload}");
        assert!(ack["message"].is_string());
        client.emit("subscribe:jobs", payload).await;
    }
    let id = start_job(&server.url(), "{\"steps\":1}").await;
    life(&mut other, &id).await;
    assert_eq!(client.request("subscribe:jobs", "").await["success"], true);
}

#[tokio::test]
async fn job_reports_progress_and_its_result() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    client.request("subscribe:jobs", "").await;
    let id = start_job(&server.url(), "{\"steps\":4,\"fail\":false,\"userId\":\"u\"}").await;
    let events = life(&mut client, &id).await;

    let names: Vec<_> = events.iter().map(|(event, _)| event.as_str()).collect();
    let (update, progress) = ("job:update", "job:progress");
    assert_eq!(names, [update, update, progress, progress, progress, progress, "job:completed"]);
    let statuses: Vec<_> = events.iter().map(|(_, payload)| &payload["status"]).collect();
    let working = "in_progress";
    assert_eq!(statuses, ["queued", "started", working, working, working, working, "completed"]);
    let percents: Vec<_> = events.iter().filter_map(|(_, p)| p["progress"].as_u64()).collect();
    assert_eq!(percents, [25, 50, 75, 100]);
    assert_eq!(events[0].1["data"], json!({ "userId": "u", "steps": 4 }));
    assert!(events[6].1["result"].is_object());
    assert!(events.iter().all(|(_, payload)| payload["timestamp"].is_string()));
}

#[tokio::test]
async fn failing_job_ends_with_an_error() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    client.request("subscribe:jobs", "").await;
    let id = start_job(&server.url(), "{\"steps\":3,\"fail\":true}").await;
    let (event, payload) = life(&mut client, &id).await.pop().unwrap();
    assert_eq!((event.as_str(), &payload["status"]), ("job:error", &json!("failed")));
    assert!(payload["error"].is_string());
}

#[tokio::test]
async fn rooms_get_their_jobs_and_members_of_several_get_each_event_once() {
    let server = start(quiet()).await;
    let mut user = Client::jobs(&server.url()).await;
    user.request("subscribe:jobs", "{\"userId\":\"u\"}").await;
    let mut both = Client::jobs(&server.url()).await;
    both.request("subscribe:jobs", "{\"userId\":\"u\"}").await;
    both.request("subscribe:jobs", "").await;

    let others = start_job(&server.url(), "{\"steps\":1,\"fail\":false}").await;
    assert_eq!(life(&mut both, &others).await.len(), 4);
    let own = start_job(&server.url(), "{\"steps\":1,\"fail\":false,\"userId\":\"u\"}").await;
    assert_eq!(life(&mut both, &own).await.len(), 4);
    assert_eq!(life(&mut user, &own).await.len(), 4, "nothing of the other job");
}

#[tokio::test]
async fn history_returns_what_was_sent() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    client.request("subscribe:jobs", "").await;
    let id = start_job(&server.url(), "{\"steps\":2,\"fail\":false}").await;
    let sent: Vec<Value> = life(&mut client, &id)
        .await
        .into_iter()
        .map(|(event, payload)| json!({ "event": event, "payload": payload }))
        .collect();

    let url = format!("{}/jobs/api/jobs/{id}/history", server.url());
    assert_eq!(get(&url).await, (200, json!({ "jobId": id, "updates": sent })));
    let (_, last) = get(&format!("{url}?limit=2")).await;
    assert_eq!(last["updates"], json!(sent[3..]));
}

#[tokio::test]
async fn history_keeps_a_hundred_updates() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    client.request("subscribe:jobs", "").await;
    let id = start_job(&server.url(), "{\"steps\":110,\"fail\":false}").await;
    life(&mut client, &id).await;
    let (_, history) = get(&format!("{}/jobs/api/jobs/{id}/history", server.url())).await;
    let updates = history["updates"].as_array().unwrap();
    assert_eq!((updates.len(), &updates[99]["event"]), (100, &json!("job:completed")));
}

#[tokio::test]
async fn rest_refuses_bad_requests_in_words() {
    let server = start(quiet()).await;
    let url = format!("{}/jobs/api", server.url());
    for body in
        ["{\"steps\":0}", "{\"steps\":\"x\"}", "{\"userId\":\"\"}", "{\"fail\":1}", "7", "{"]
    {
        let (status, answer) = post(&format!("{url}/jobs"), body).await;
        assert!(status == 400 && answer["error"].is_string(), "{body}: {status} {answer}");
    }
    for (path, expected) in [
        ("jobs/none/history", 404),
        ("jobs/none/history?limit=0", 400),
        ("jobs/none/history?limit=101", 400),
        ("jobs/none/history?limit=x", 400),
        ("nothing", 404),
    ] {
        let (status, answer) = get(&format!("{url}/{path}")).await;
        assert!(status == expected && answer["error"].is_string(), "{path}: {status} {answer}");
    }
    let (status, _) = post(&format!("{url}/broadcast"), "{\"event\":\"disconnect\"}").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn emits_to_one_user_and_broadcasts_to_all() {
    let server = start(quiet()).await;
    let url = format!("{}/jobs/api", server.url());
    let mut user = Client::jobs(&server.url()).await;
    user.request("subscribe:jobs", "{\"userId\":\"u\"}").await;
    let mut other = Client::jobs(&server.url()).await;

    let body = "{\"event\":\"note\",\"data\":{\"text\":\"hi\"}}";
    assert_eq!(post(&format!("{url}/users/u/emit"), body).await.0, 200);
    assert_eq!(user.expect("note").await, json!({ "text": "hi" }));
    assert_eq!(post(&format!("{url}/broadcast"), "{\"event\":\"all\",\"data\":1}").await.0, 200);
    assert_eq!(user.expect("all").await, 1);
    assert_eq!(other.expect("all").await, 1);
}
