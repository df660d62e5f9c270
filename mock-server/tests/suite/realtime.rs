use std::collections::BTreeSet;

use serde_json::{Value, json};
use sockeye_mock::{Config, Server};

use crate::client::{Client, Polling};
use crate::http::{get, post};
use crate::{quiet, start};

const PATH: &str = "/realtime/socket.io";

fn api(server: &Server, path: &str) -> String {
    format!("{}/realtime/api/{path}", server.url())
}

async fn token(server: &Server, body: &str) -> String {
    let (status, answer) = post(&api(server, "tokens"), body).await;
    assert_eq!(status, 201);
    answer["token"].as_str().expect("a token").to_owned()
}

async fn attempt(server: &Server, token: &str) -> Result<Client, Value> {
    let auth = json!({ "token": token }).to_string();
    Client::attempt(&server.url(), PATH, "", "", &auth).await
}

/// Connects, and takes `connected` and what it is told of who is there, up to itself.
async fn connect(server: &Server, user: &str) -> Client {
    let token = token(server, &json!({ "userId": user }).to_string()).await;
    let mut client = attempt(server, &token).await.expect("a good token");
    client.expect("connected").await;
    while client.expect("user:presence:v1").await["userId"] != user {}
    client
}

/// Waits for the next event that is not about who is there.
async fn event(client: &mut Client) -> (String, Value) {
    loop {
        let (event, payload) = client.event().await;
        if event != "user:presence:v1" {
            return (event, payload);
        }
    }
}

/// Begins a search, and collects its events up to the last.
async fn search(client: &mut Client, query: &str, job_id: &str) -> Vec<(String, Value)> {
    let payload = json!({ "query": query, "jobId": job_id }).to_string();
    let ack = client.request("search:start:v1", &payload).await;
    assert_eq!(ack, json!({ "jobId": job_id }));
    let mut events = Vec::new();
    loop {
        let (event, payload) = event(client).await;
        assert_eq!(payload["jobId"], job_id);
        let last = event == "model:complete:v1";
        events.push((event, payload));
        if last {
            return events;
        }
    }
}

fn named<'a>(events: &'a [(String, Value)], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|(event, _)| event == name).map(|(_, payload)| payload).collect()
}

#[tokio::test]
async fn token_that_is_told_at_the_start_works() {
    let server = start(quiet()).await;
    let tokens = server.tokens();
    let (_, token) = tokens.iter().find(|(contract, _)| *contract == "realtime").expect("a token");
    let mut client = attempt(&server, token).await.expect("it is good");
    let connected = client.expect("connected").await;
    assert_eq!((&connected["socketId"], &connected["userId"]), (&json!(client.id), &json!("ada")));
    assert_eq!(connected["v"], 1);
    assert!(connected["id"].is_string() && connected["ts"].is_string(), "{connected}");
}

#[tokio::test]
async fn missing_bad_and_expired_tokens_are_refused_with_a_code() {
    let server = start(quiet()).await;
    let refusal = |code: &str| Some(json!({ "message": code, "data": { "code": code } }));
    let expired = token(&server, "{\"userId\":\"ada\",\"expiresInMs\":-1}").await;
    assert_eq!(attempt(&server, &expired).await.err(), refusal("expired"));
    let other = start(Config { secret: "another".to_owned(), ..quiet() }).await;
    let foreign = token(&other, "{\"userId\":\"ada\"}").await;
    for token in ["", "a.b.c", &foreign] {
        assert_eq!(attempt(&server, token).await.err(), refusal("unauthorized"), "{token}");
    }
    for auth in ["", "{}", "{\"token\":7}", "[]"] {
        let attempt = Client::attempt(&server.url(), PATH, "", "", auth).await;
        assert_eq!(attempt.err(), refusal("unauthorized"), "{auth}");
    }
    let lasting = token(&server, "{\"userId\":\"ada\",\"expiresInMs\":600000}").await;
    assert!(attempt(&server, &lasting).await.is_ok());
}

#[tokio::test]
async fn refusals_carry_the_code_over_polling_and_other_refusals_stay_as_they_are() {
    let server = start(quiet()).await;
    let mut client = Polling::open(&server.url(), PATH).await;
    client.send("40{\"token\":\"x\"}").await;
    let coded = "44{\"data\":{\"code\":\"unauthorized\"},\"message\":\"unauthorized\"}";
    assert_eq!(client.poll().await, [coded]);
    client.send("40/nothing,").await;
    assert_eq!(client.poll().await, ["44/nothing,{\"message\":\"Invalid namespace\"}"]);
    let path = "/jobs/socket.io";
    let refused = Client::attempt(&server.url(), path, "", "/nothing", "").await;
    assert_eq!(refused.err(), Some(json!({ "message": "Invalid namespace" })));
}

#[tokio::test]
async fn search_tells_results_and_then_streams_a_text() {
    let server = start(quiet()).await;
    let mut client = connect(&server, "ada").await;
    let events = search(&mut client, "salmon", "job-1").await;

    assert_eq!(events[0].0, "search:started");
    assert_eq!(events[0].1["query"], "salmon");
    let results = named(&events, "search:result:v1");
    let complete = named(&events, "search:complete:v1")[0];
    assert_eq!(complete["total"], results.len());
    for (index, result) in results.iter().enumerate() {
        assert_eq!(result["index"], index);
        assert_eq!(result["result"], complete["results"][index]);
    }

    let chunks = named(&events, "model:chunk:v1");
    let complete = named(&events, "model:complete:v1")[0];
    let mut text = String::new();
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!((&chunk["index"], &chunk["total"]), (&json!(index), &json!(chunks.len())));
        text.push_str(chunk["chunk"].as_str().expect("text"));
    }
    assert_eq!(complete["text"], text);
    assert!(complete["tokens"].is_u64() && complete["durationMs"].is_u64(), "{complete}");

    let ids: BTreeSet<_> = events.iter().map(|(_, event)| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len(), "every event has an id of its own");
    for (_, event) in &events {
        assert_eq!((&event["v"], &event["userId"]), (&json!(1), &json!("ada")));
        assert!(event["ts"].as_str().is_some_and(|ts| ts.ends_with('Z')), "{event}");
    }
}

#[tokio::test]
async fn every_client_of_a_user_gets_the_events_and_no_other_user_does() {
    let server = start(quiet()).await;
    let mut first = connect(&server, "ada").await;
    let mut second = connect(&server, "ada").await;
    let mut stranger = connect(&server, "bela").await;
    let events = search(&mut first, "salmon", "job-1").await;
    for expected in &events {
        assert_eq!(event(&mut second).await, *expected);
    }
    // The same id means another job for another user.
    let own = search(&mut stranger, "trout", "job-1").await;
    assert_eq!(own[0].1["query"], "trout", "nothing of the others' before");
}

#[tokio::test]
async fn search_that_is_sent_again_is_acknowledged_and_not_begun_again() {
    let server = start(Config { search_limit: 2, ..quiet() }).await;
    let mut client = connect(&server, "ada").await;
    search(&mut client, "salmon", "job-1").await;
    let again = json!({ "query": "salmon", "jobId": "job-1" }).to_string();
    for _ in 0..3 {
        assert_eq!(client.request("search:start:v1", &again).await, json!({ "jobId": "job-1" }));
    }
    let events = search(&mut client, "trout", "job-2").await;
    assert_eq!(events[0].1["query"], "trout", "nothing of job-1 before");
}

#[tokio::test]
async fn searches_are_limited_for_each_user() {
    let server = start(Config { search_limit: 2, ..quiet() }).await;
    let mut client = connect(&server, "ada").await;
    let mut other = connect(&server, "bela").await;
    let begin = |job: &str| json!({ "query": "salmon", "jobId": job }).to_string();
    for job in ["1", "2"] {
        assert_eq!(client.request("search:start:v1", &begin(job)).await["jobId"], job);
    }
    let refused = client.request("search:start:v1", &begin("3")).await;
    assert_eq!(refused["error"], "rate_limited");
    assert!((1..=10_000).contains(&refused["retryAfterMs"].as_u64().unwrap()), "{refused}");
    assert_eq!(other.request("search:start:v1", &begin("3")).await["jobId"], "3");
}

#[tokio::test]
async fn invalid_payload_is_acknowledged_with_the_field_and_disturbs_nobody() {
    let server = start(quiet()).await;
    let mut client = connect(&server, "ada").await;
    let mut other = connect(&server, "bela").await;
    for (event, payload, field) in [
        ("search:start:v1", "", "payload"),
        ("search:start:v1", "7", "payload"),
        ("search:start:v1", "{\"jobId\":\"a\"}", "query"),
        ("search:start:v1", "{\"query\":\"a\",\"jobId\":7}", "jobId"),
        ("task:cancel:v1", "{}", "taskId"),
        ("tab:update:v1", "{\"state\":1}", "tabId"),
        ("tab:update:v1", "{\"tabId\":\"a\"}", "state"),
    ] {
        let ack = client.request(event, payload).await;
        assert_eq!(ack, json!({ "error": "invalid_payload", "field": field }), "{payload}");
        client.emit(event, payload).await;
    }
    search(&mut other, "salmon", "job-1").await;
    search(&mut client, "salmon", "job-1").await;
}

#[tokio::test]
async fn task_reports_progress_until_it_is_cancelled_by_its_user() {
    let server = start(quiet()).await;
    let mut client = connect(&server, "ada").await;
    let mut other = connect(&server, "bela").await;
    let (status, answer) = post(&api(&server, "tasks"), "{\"userId\":\"ada\",\"steps\":4}").await;
    assert_eq!(status, 201);
    let mut progress = Vec::new();
    while progress.len() < 4 {
        let (event, payload) = event(&mut client).await;
        assert_eq!((event.as_str(), &payload["taskId"]), ("task:progress:v1", &answer["taskId"]));
        progress.push(payload["progress"].as_u64().unwrap());
    }
    assert_eq!(progress, [25, 50, 75, 100]);

    let (_, answer) = post(&api(&server, "tasks"), "{\"userId\":\"ada\",\"steps\":1000}").await;
    let task = json!({ "taskId": answer["taskId"] }).to_string();
    event(&mut client).await;
    let cancelled = |yes: bool| json!({ "cancelled": yes });
    assert_eq!(other.request("task:cancel:v1", &task).await, cancelled(false));
    assert_eq!(client.request("task:cancel:v1", &task).await, cancelled(true));
    assert_eq!(client.request("task:cancel:v1", &task).await, cancelled(false));
    // A step that was being told at that moment may still come; the next search ends long before 1,000.
    let payload = json!({ "query": "salmon", "jobId": "job-1" }).to_string();
    client.request("search:start:v1", &payload).await;
    let mut steps = 0;
    loop {
        let (event, _) = event(&mut client).await;
        steps += u32::from(event == "task:progress:v1");
        if event == "model:complete:v1" {
            break;
        }
    }
    assert!(steps <= 1, "{steps} steps after the cancellation");
}

#[tokio::test]
async fn search_is_cancelled_as_a_task() {
    let server = start(Config { speed: 1.0, ..quiet() }).await;
    let mut client = connect(&server, "ada").await;
    let payload = json!({ "query": "salmon", "jobId": "job-1" }).to_string();
    client.request("search:start:v1", &payload).await;
    client.until("search:started").await;
    let ack = client.request("task:cancel:v1", "{\"taskId\":\"job-1\"}").await;
    assert_eq!(ack, json!({ "cancelled": true }));
}

#[tokio::test]
async fn download_reports_its_bytes_up_to_the_last() {
    let server = start(quiet()).await;
    let mut client = connect(&server, "ada").await;
    let body = "{\"userId\":\"ada\",\"total\":100000}";
    let (status, answer) = post(&api(&server, "downloads"), body).await;
    assert_eq!(status, 201);
    let mut received = 0;
    while received < 100_000 {
        let (event, payload) = event(&mut client).await;
        assert_eq!(event, "download:progress:v1");
        assert_eq!(payload["downloadId"], answer["downloadId"]);
        assert_eq!(payload["total"], 100_000);
        assert!(payload["received"].as_u64().unwrap() > received, "{payload}");
        received = payload["received"].as_u64().unwrap();
    }
    assert_eq!(received, 100_000);
}

#[tokio::test]
async fn tab_tells_the_other_tabs_of_its_user() {
    let server = start(quiet()).await;
    let mut first = connect(&server, "ada").await;
    let mut second = connect(&server, "ada").await;
    let mut stranger = connect(&server, "bela").await;
    first.emit("tab:update:v1", "{\"tabId\":\"one\",\"state\":{\"page\":2}}").await;
    second.until("tab:update:v1").await;
    second.emit("tab:update:v1", "{\"tabId\":\"two\",\"state\":null}").await;
    let (event_name, update) = event(&mut first).await;
    assert_eq!(event_name, "tab:update:v1", "nothing of its own before");
    assert_eq!((&update["tabId"], &update["state"]), (&json!("two"), &Value::Null));
    assert_eq!((&update["userId"], update["id"].is_string()), (&json!("ada"), true));
    assert_eq!(search(&mut stranger, "trout", "1").await[0].0, "search:started");
}

#[tokio::test]
async fn presence_follows_connections_and_the_api() {
    let server = start(quiet()).await;
    let mut ada = connect(&server, "ada").await;
    let bela = connect(&server, "bela").await;
    let status = |user: &str, status: &str| (json!(user), json!(status));
    async fn next(client: &mut Client) -> (Value, Value) {
        let presence = client.expect("user:presence:v1").await;
        assert!(presence["id"].is_string() && presence["v"] == 1, "{presence}");
        (presence["userId"].clone(), presence["status"].clone())
    }
    assert_eq!(next(&mut ada).await, status("bela", "online"));
    let second = connect(&server, "bela").await;
    let url = api(&server, "users/bela/presence");
    assert_eq!(post(&url, "{\"status\":\"away\"}").await.0, 200);
    assert_eq!(next(&mut ada).await, status("bela", "away"));
    assert_eq!(post(&url, "{\"status\":\"online\"}").await.0, 200);
    assert_eq!(next(&mut ada).await, status("bela", "online"));
    drop(second);
    drop(bela);
    assert_eq!(next(&mut ada).await, status("bela", "offline"));
    let users = json!({ "users": [{ "userId": "ada", "status": "online" }] });
    assert_eq!(get(&api(&server, "users")).await, (200, users));

    let token = token(&server, "{\"userId\":\"chen\"}").await;
    let mut chen = attempt(&server, &token).await.expect("a good token");
    chen.expect("connected").await;
    assert_eq!(next(&mut chen).await, status("ada", "online"), "who was there before");
    assert_eq!(next(&mut chen).await, status("chen", "online"));
}

#[tokio::test]
async fn workers_publish_to_a_user_and_their_envelope_is_kept() {
    let server = start(quiet()).await;
    let mut client = connect(&server, "ada").await;
    let body = json!({
        "event": "report:ready:v1",
        "userId": "ada",
        "payload": { "id": "worker-1", "ts": "2026-01-01T00:00:00.000Z", "pages": 3 },
    });
    assert_eq!(post(&api(&server, "events"), &body.to_string()).await.0, 200);
    let expected = json!({
        "id": "worker-1", "v": 1, "ts": "2026-01-01T00:00:00.000Z", "userId": "ada", "pages": 3,
    });
    assert_eq!(client.expect("report:ready:v1").await, expected);
}

#[tokio::test]
async fn ids_are_of_the_contract_and_never_the_same_after_a_restart() {
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        let server = start(Config { event_ids: true, ..quiet() }).await;
        let mut client = connect(&server, "ada").await;
        for (_, event) in search(&mut client, "salmon", "job-1").await {
            assert!(event.get("_eventId").is_none(), "{event}");
            assert!(ids.insert(event["id"].to_string()), "{event}");
        }
    }
}

#[tokio::test]
async fn with_the_helper_actions_are_those_of_the_tokens_user() {
    let server = start(Config { helper: true, ..quiet() }).await;
    let mut statuses = Vec::new();
    for (user, job_id) in [("ada", "1"), ("bela", "2"), ("ada", "3")] {
        let token = token(&server, &json!({ "userId": user }).to_string()).await;
        let mut client = attempt(&server, &token).await.expect("a good token");
        let memory = client.expect("sockeye:hello").await["memory"].clone();
        client.until("connected").await;
        let envelope = json!({ "k": "k", "c": "c", "e": 1, "n": 1, "lane": "", "m": memory });
        let search = json!({ "query": "salmon", "jobId": job_id });
        let args = format!("{search},{}", json!({ "$sockeye": envelope }));
        let ack = client.exchange("search:start:v1", &args).await;
        statuses.push(ack[0]["$sockeye"]["s"].clone());
    }
    assert_eq!(statuses, ["applied", "applied", "conflict"], "only ada's key is known");
}

/// What a search says without a server's ids and times.
async fn first_search(seed: u64) -> Vec<String> {
    let server = start(Config { seed, ..quiet() }).await;
    let mut client = connect(&server, "ada").await;
    let mut events = search(&mut client, "salmon", "job-1").await;
    for (_, payload) in &mut events {
        let fields = payload.as_object_mut().unwrap();
        fields.retain(|name, _| name != "id" && name != "ts");
    }
    events.into_iter().map(|(event, payload)| format!("{event} {payload}")).collect()
}

#[tokio::test]
async fn same_seed_gives_the_same_search() {
    assert_eq!(first_search(7).await, first_search(7).await);
    assert_ne!(first_search(7).await, first_search(8).await);
}

#[tokio::test]
async fn something_begins_by_itself_for_who_is_there() {
    let server = start(Config { rate: 3_000, ..quiet() }).await;
    let mut client = connect(&server, "ada").await;
    let (event, payload) = event(&mut client).await;
    assert!(["task:progress:v1", "download:progress:v1"].contains(&event.as_str()), "{event}");
    assert_eq!(payload["userId"], "ada");
}

#[tokio::test]
async fn rest_refuses_bad_requests_in_words() {
    let server = start(quiet()).await;
    for (path, body, expected) in [
        ("tokens", "", 400),
        ("tokens", "{\"userId\":\"ada\",\"expiresInMs\":\"soon\"}", 400),
        ("tasks", "{\"userId\":\"ada\",\"steps\":0}", 400),
        ("tasks", "{\"steps\":1}", 400),
        ("downloads", "{\"userId\":\"ada\",\"total\":0}", 400),
        ("downloads", "[]", 400),
        ("events", "{\"userId\":\"ada\"}", 400),
        ("events", "{\"userId\":\"ada\",\"event\":\"disconnect\"}", 400),
        ("events", "{\"event\":\"a\"}", 400),
        ("events", "{\"event\":\"a\",\"userId\":\"ada\",\"payload\":7}", 400),
        ("users/nobody/presence", "{\"status\":\"away\"}", 404),
        ("users/nobody/presence", "{\"status\":\"asleep\"}", 400),
    ] {
        let (status, answer) = post(&api(&server, path), body).await;
        assert!(status == expected && answer["error"].is_string(), "{body}: {status} {answer}");
    }
}
