use std::time::Duration;

use serde_json::{Value, json};
use sockeye_mock::{Config, Server};

use crate::client::Client;
use crate::http::{get, post};
use crate::{quiet, start};

const PATH: &str = "/agents/socket.io";

/// Every progress is told.
fn unthrottled() -> Config {
    Config { progress_interval: Duration::ZERO, ..quiet() }
}

async fn token(server: &Server, user: &str) -> String {
    let body = format!("{{\"user\":\"{user}\"}}");
    let (status, answer) = post(&format!("{}/agents/api/agents/tokens", server.url()), &body).await;
    assert_eq!(status, 201);
    answer["token"].as_str().expect("a token").to_owned()
}

async fn connect(server: &Server, user: &str) -> Client {
    let query = format!("token={}", token(server, user).await);
    Client::attempt(&server.url(), PATH, &query, "", "").await.expect("a good token")
}

/// Connects and subscribes; what is refused on the same connection shows that it was heard.
async fn member(server: &Server, user: &str, project: &str) -> Client {
    let mut client = connect(server, user).await;
    client.emit("subscribe_project", &format!("{{\"project_id\":\"{project}\"}}")).await;
    client.emit("subscribe_project", "{}").await;
    client.expect("error").await;
    client
}

async fn start_job(server: &Server, body: &str) -> String {
    let (status, answer) = post(&format!("{}/agents/api/agents/jobs", server.url()), body).await;
    assert_eq!(status, 201, "{answer}");
    answer["job_id"].as_str().expect("a job id").to_owned()
}

/// Collects a job's events up to its last one.
async fn life(client: &mut Client, job_id: &str) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    loop {
        let (event, payload) = client.event().await;
        assert_eq!(payload["job_id"], job_id, "{event} {payload}");
        let last = payload["status"] == "success" || payload["status"] == "error";
        events.push((event, payload));
        if last {
            return events;
        }
    }
}

fn progresses(events: &[(String, Value)]) -> Vec<u64> {
    let progress = events.iter().filter(|(event, _)| event == "agent_progress");
    progress.map(|(_, payload)| payload["progress"].as_u64().expect("a number")).collect()
}

#[tokio::test]
async fn token_that_is_told_at_the_start_works() {
    let server = start(quiet()).await;
    let tokens = server.tokens();
    let (_, token) = tokens.iter().find(|(contract, _)| *contract == "agents").expect("a token");
    let query = format!("token={token}");
    assert!(Client::attempt(&server.url(), PATH, &query, "", "").await.is_ok());
    let (_, index) = get(&server.url()).await;
    let mut contracts = index["contracts"].as_array().unwrap().iter();
    assert!(contracts.any(|contract| contract["token"] == *token), "{index}");
}

#[tokio::test]
async fn bad_token_is_refused() {
    let server = start(quiet()).await;
    let good = token(&server, "ada").await;
    for query in ["", "token=", "token=ada", "token=ada:00", &good.replace("ada", "token=bela")] {
        let refusal = Client::attempt(&server.url(), PATH, query, "", "").await.err();
        assert_eq!(refusal, Some(json!({ "message": "unauthorized" })), "{query}");
    }
    let other = start(Config { secret: "another".to_owned(), ..quiet() }).await;
    let query = format!("token={good}");
    assert!(Client::attempt(&other.url(), PATH, &query, "", "").await.is_err());
}

#[tokio::test]
async fn pings_have_a_minute_unless_something_else_is_configured() {
    for (configured, expected) in [(None, 60_000), (Some(Duration::from_secs(9)), 9_000)] {
        let server = start(Config { ping_timeout: configured, ..quiet() }).await;
        let url = format!("{}{PATH}/?EIO=4&transport=polling", server.url());
        let open = reqwest::get(url).await.unwrap().text().await.unwrap();
        let open: Value = serde_json::from_str(open.strip_prefix('0').expect("OPEN")).unwrap();
        assert_eq!(
            (&open["pingTimeout"], &open["pingInterval"]),
            (&json!(expected), &json!(25_000))
        );
    }
}

#[tokio::test]
async fn member_gets_the_life_of_a_job() {
    let server = start(unthrottled()).await;
    let mut client = member(&server, "ada", "apollo").await;
    let body = "{\"project_id\":\"apollo\",\"kind\":\"review\",\"steps\":4,\"fail\":false}";
    let id = start_job(&server, body).await;
    let events = life(&mut client, &id).await;

    assert_eq!(progresses(&events), [25, 50, 75, 100]);
    let statuses = events.iter().filter(|(event, _)| event == "agent_status");
    let statuses: Vec<_> = statuses.map(|(_, payload)| payload["status"].clone()).collect();
    assert_eq!(statuses, ["queued", "running", "success"]);
    for (event, payload) in &events {
        let kind = if event == "agent_status" { "status_change" } else { "progress_update" };
        assert_eq!(payload["event"], kind);
        assert!(payload["timestamp"].is_string());
    }
    let (_, first) = events.first().unwrap();
    assert_eq!((first.get("result"), first.get("error")), (Some(&Value::Null), Some(&Value::Null)));
    assert_eq!(events.last().unwrap().1["result"]["kind"], "review");
}

#[tokio::test]
async fn failing_job_ends_with_an_error() {
    let server = start(unthrottled()).await;
    let mut client = member(&server, "ada", "apollo").await;
    let body = "{\"project_id\":\"apollo\",\"kind\":\"test\",\"steps\":3,\"fail\":true}";
    let id = start_job(&server, body).await;
    let (_, last) = life(&mut client, &id).await.pop().unwrap();
    assert_eq!((&last["status"], &last["result"]), (&json!("error"), &Value::Null));
    assert!(last["error"].as_str().unwrap().starts_with("test: step "), "{last}");
}

#[tokio::test]
async fn between_the_first_and_the_last_progress_the_interval_holds() {
    let server = start(Config { progress_interval: Duration::from_secs(600), ..quiet() }).await;
    let mut client = member(&server, "ada", "apollo").await;
    let body = "{\"project_id\":\"apollo\",\"kind\":\"test\",\"steps\":10,\"fail\":false}";
    let id = start_job(&server, body).await;
    let events = life(&mut client, &id).await;
    assert_eq!(progresses(&events), [10, 100]);
    assert_eq!(events.last().unwrap().1["status"], "success");
}

#[tokio::test]
async fn who_is_no_member_gets_an_error_and_no_events() {
    let server = start(unthrottled()).await;
    let mut ada = member(&server, "ada", "apollo").await;
    let mut chen = connect(&server, "chen").await;
    for (project, words) in [
        ("apollo", "chen is not a member of the project apollo"),
        ("no-such", "chen is not a member of the project no-such"),
    ] {
        chen.emit("subscribe_project", &format!("{{\"project_id\":\"{project}\"}}")).await;
        assert_eq!(chen.expect("error").await, json!({ "message": words }));
    }
    chen.emit("subscribe_project", "{\"project_id\":\"borealis\"}").await;
    chen.emit("subscribe_project", "{}").await;
    chen.expect("error").await;

    let apollo = "{\"project_id\":\"apollo\",\"kind\":\"test\",\"steps\":1,\"fail\":false}";
    let id = start_job(&server, apollo).await;
    assert_eq!(life(&mut ada, &id).await.len(), 4);
    let id = start_job(&server, &apollo.replace("apollo", "borealis")).await;
    assert_eq!(life(&mut chen, &id).await.len(), 4, "nothing of the other project");
}

#[tokio::test]
async fn unsubscribed_client_gets_nothing_more() {
    let server = start(unthrottled()).await;
    let mut client = member(&server, "ada", "apollo").await;
    client.emit("unsubscribe_project", "{\"project_id\":\"apollo\"}").await;
    client.emit("unsubscribe_project", "7").await;
    client.expect("error").await;
    let mut witness = member(&server, "bela", "apollo").await;
    let body = "{\"project_id\":\"apollo\",\"kind\":\"test\",\"steps\":1}";
    let id = start_job(&server, body).await;
    life(&mut witness, &id).await;
    client.emit("subscribe_project", "[]").await;
    client.expect("error").await;
}

#[tokio::test]
async fn bad_payload_is_an_error_and_disturbs_nobody() {
    let server = start(unthrottled()).await;
    let mut other = member(&server, "bela", "apollo").await;
    let mut client = connect(&server, "ada").await;
    for payload in ["", "1", "\"apollo\"", "{}", "{\"project_id\":7}", "{\"project_id\":\"\"}"] {
        client.emit("subscribe_project", payload).await;
        let error = client.expect("error").await;
        assert!(error["message"].as_str().unwrap().contains("project_id"), "{payload}: {error}");
    }
    let body = "{\"project_id\":\"apollo\",\"kind\":\"test\",\"steps\":1}";
    let id = start_job(&server, body).await;
    life(&mut other, &id).await;
}

#[tokio::test]
async fn rest_refuses_bad_requests_in_words() {
    let server = start(quiet()).await;
    let url = format!("{}/agents/api/agents", server.url());
    for (path, body, expected) in [
        ("jobs", "", 400),
        ("jobs", "{\"project_id\":\"apollo\"}", 400),
        ("jobs", "{\"project_id\":\"apollo\",\"kind\":\"\"}", 400),
        ("jobs", "{\"project_id\":\"apollo\",\"kind\":\"a\",\"steps\":0}", 400),
        ("jobs", "{\"project_id\":\"none\",\"kind\":\"a\"}", 404),
        ("tokens", "{}", 400),
    ] {
        let (status, answer) = post(&format!("{url}/{path}"), body).await;
        assert!(status == expected && answer["error"].is_string(), "{body}: {status} {answer}");
    }
    let projects = json!({ "apollo": ["ada", "bela"], "borealis": ["chen"] });
    assert_eq!(get(&format!("{url}/projects")).await, (200, json!({ "projects": projects })));
}

/// What the first job of a server says, without the times.
async fn first_job(seed: u64) -> Vec<String> {
    let server = start(Config { seed, ..unthrottled() }).await;
    let mut client = member(&server, "ada", "apollo").await;
    let id = start_job(&server, "{\"project_id\":\"apollo\",\"kind\":\"test\"}").await;
    let mut events = life(&mut client, &id).await;
    for (_, payload) in &mut events {
        payload.as_object_mut().unwrap().remove("timestamp");
    }
    events.into_iter().map(|(event, payload)| format!("{event} {payload}")).collect()
}

#[tokio::test]
async fn same_seed_gives_the_same_job() {
    assert_eq!(first_job(7).await, first_job(7).await);
    assert_ne!(first_job(7).await, first_job(8).await);
}
