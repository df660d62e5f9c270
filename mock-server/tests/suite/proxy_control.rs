//! The proxy's control API and its program.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;

use crate::PATIENCE;
use crate::faults::ask_for_everything;
use crate::http::get;
use crate::proxy::{Stage, next, say};

async fn delete(url: &str) -> u16 {
    reqwest::Client::new().delete(url).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn rules_come_and_go() {
    let mut stage = Stage::with(&[]).await;
    let mut client = stage.client().await;
    let rule = json!({"on": {"frame": {}}, "do": "drop"});
    let (status, added) = stage.post("/rules", rule).await;
    assert_eq!((status, added), (200, json!({"id": "rule-1"})));
    say(&mut client, "lost").await;
    stage.log("?wait=rule-1").await;
    let url = format!("{}/rules/rule-1", stage.proxy.control_url());
    assert_eq!((delete(&url).await, delete(&url).await), (200, 404));
    say(&mut client, "heard").await;
    assert_eq!(stage.heard().await, "heard");
}

#[tokio::test]
async fn next_counts_connections_since_the_rule() {
    let stage = Stage::with(&[]).await;
    let (mut first, mut second) = (stage.client().await, stage.client().await);
    stage.post("/rules", json!({"next": 1, "on": {"frame": {}}, "do": {"cut": {}}})).await;
    let mut third = stage.client().await;
    for client in [&mut first, &mut second, &mut third] {
        say(client, "hello").await;
    }
    assert_eq!(next(&mut first).await.as_deref(), Some("ok:hello"));
    assert_eq!(next(&mut second).await.as_deref(), Some("ok:hello"));
    assert_eq!(next(&mut third).await, None);
}

#[tokio::test]
async fn cut_ends_all_connections() {
    let stage = Stage::with(&[]).await;
    let (mut first, mut second) = (stage.client().await, stage.client().await);
    assert_eq!(stage.post("/cut", json!({"with": "finish"})).await, (200, json!({"cut": 2})));
    assert_eq!((next(&mut first).await, next(&mut second).await), (None, None));
}

#[tokio::test]
async fn stall_holds_connections_that_are_there_and_that_come() {
    let mut stage = Stage::with(&[]).await;
    let mut client = stage.client().await;
    stage.post("/rules", json!({"id": "seen", "on": {"frame": {}}, "do": "pass"})).await;
    stage.post("/rules", json!({"id": "late", "next": 1, "on": {"byte": 1}, "do": "pass"})).await;
    stage.post("/stall", json!({"direction": "clientToServer"})).await;
    say(&mut client, "held").await;
    stage.log("?wait=seen").await;
    assert!(stage.heard.try_recv().is_err());
    let late = tokio::spawn(connect_async(stage.proxy.url().replacen("http", "ws", 1)));
    stage.log("?wait=late").await;
    assert!(!late.is_finished(), "the request is held");
    stage.post("/release", json!({})).await;
    assert_eq!(stage.heard().await, "held");
    timeout(PATIENCE, late).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn waiting_ends_at_the_nth_hit_or_with_an_error() {
    let stage = Stage::with(&[json!({"id": "it", "on": {"frame": {}}, "do": "pass"})]).await;
    let url = format!("{}/log", stage.proxy.control_url());
    assert_eq!(get(&format!("{url}?wait=nothing")).await.0, 404);
    let (status, late) = get(&format!("{url}?wait=it&timeoutMs=1")).await;
    assert_eq!((status, &late["error"]), (504, &json!("hit 1 of it did not come in 1ms")));
    let mut client = stage.client().await;
    let log = stage.log("?wait=it&hit=4");
    tokio::pin!(log);
    for text in ["a", "b"] {
        say(&mut client, text).await;
    }
    let hits = |log: &[Value]| log.iter().filter(|entry| entry["event"] == "hit").count();
    assert_eq!(hits(&log.await), 4);
}

#[tokio::test]
async fn mistakes_are_explained() {
    let stage = Stage::with(&[]).await;
    for (path, body, reason) in [
        ("/rules", json!({"on": "connection", "do": "drop"}), "can do pass"),
        ("/rules", json!({"on": "connexion", "do": "drop"}), "unknown variant `connexion`"),
        ("/cut", json!({"with": "force"}), "unknown variant `force`"),
        ("/stall", json!({"ms": 1}), "unknown field `ms`"),
        ("/stall", json!([]), "must be a JSON object"),
    ] {
        let (status, answer) = stage.post(path, body).await;
        let error = answer["error"].as_str().unwrap();
        assert!(status == 400 && error.contains(reason), "{error}");
    }
    let (status, answer) = get(&format!("{}/cut", stage.proxy.control_url())).await;
    assert_eq!(status, 405, "{answer}");
}

#[tokio::test]
async fn the_program_prints_its_addresses_and_reads_rules() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, "[[rules]]\nid = \"a\"\non = \"connection\"\ndo = \"pass\"\n").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockeye-mock"));
    program.args(["proxy", "--upstream", "localhost:1", "--rules"]).arg(&rules);
    let mut child = program.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
    let (url, control) = line.trim_end().split_once(", control on ").expect("two addresses");
    let url = url.strip_prefix("listening on http://").unwrap();
    // There is no upstream, so it may be reset before it is seen to be open.
    drop(tokio::net::TcpStream::connect(url).await);
    let (status, log) = get(&format!("{control}/log?wait=a")).await;
    assert_eq!(status, 200, "{log}");
}

#[tokio::test]
async fn the_program_explains_what_is_wrong_with_rules() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.json");
    std::fs::write(&rules, r#"{"rules": [{"on": "connection", "do": "drop"}]}"#).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sockeye-mock"));
    program.args(["proxy", "--upstream", "localhost:1", "--rules"]).arg(&rules);
    let output = timeout(PATIENCE, program.output()).await.unwrap().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("rules.json: line 1, rule 1: on: \"connection\" can do"), "{words}");
}

#[tokio::test]
async fn the_openapi_document_is_true() {
    let stage = Stage::with(&[]).await;
    assert_eq!(ask_for_everything(&stage.proxy.control_url(), "/openapi.json").await, 9);
}

#[tokio::test]
async fn only_the_mock_server_itself_can_be_restarted() {
    let stage = Stage::with(&[]).await;
    let (status, answer) =
        stage.post("/rules", json!({"on": "connection", "do": {"restart": {}}})).await;
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("restart is for the mock server itself; the proxy cannot do it"))
    );
}

#[tokio::test]
async fn requests_to_any_server_are_answered_in_its_place() {
    let rule = json!({"on": {"request": {}}, "times": 1, "do": {"respond": {"status": 429, "retryAfter": 2}}});
    let stage = Stage::with(&[rule]).await;
    let answer = reqwest::get(stage.proxy.url()).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"2".parse().unwrap())
    );
    let mut client = stage.client().await;
    say(&mut client, "hello").await;
    assert_eq!(next(&mut client).await.as_deref(), Some("ok:hello"));
}
