//! Clients of the mock server, which has to run.

use js_sys::futures::JsFuture;
use js_sys::{JsString, Promise};
use serde::{Deserialize, Serialize};
use sockeye::engineio::TransportKind;
use sockeye::rust_api::{Client, Status};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Where the mock server listens, all contracts under their prefixes.
const MOCK: &str = match option_env!("SOCKEYE_MOCK_URL") {
    Some(url) => url,
    None => "http://127.0.0.1:4000",
};

#[wasm_bindgen(module = "/tests/rust_api/live.js")]
extern "C" {
    fn post(url: &str, body: &str) -> Promise;
    fn get(url: &str) -> Promise;
}

async fn text(promise: Promise) -> String {
    JsFuture::from(promise).await.expect("an answer").unchecked_into::<JsString>().into()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Welcome {
    client_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscribe {
    job_id: &'static str,
}

#[derive(Deserialize)]
struct Subscribed {
    success: bool,
    room: String,
}

fn primes(transports: &[TransportKind]) -> Client {
    let client = Client::builder(MOCK).path("/primes/socket.io").transports(transports);
    client.connect().unwrap()
}

fn jobs() -> Client {
    Client::builder(MOCK).path("/jobs/socket.io").namespace("/jobs").connect().unwrap()
}

async fn connected(client: &Client) {
    let mut states = client.status();
    while !states.next().await.expect("the client lives").is_connected() {}
}

#[test]
async fn hears_events_over_each_transport() {
    for transport in [TransportKind::WebSocket, TransportKind::Polling] {
        let client = primes(&[transport]);
        let mut welcomes = client.on::<Welcome>("welcome");
        let welcome = welcomes.next().await.unwrap().unwrap();
        assert_eq!(Some(welcome.client_id), client.id());
    }
}

#[test]
async fn gets_an_answer_in_another_namespace() {
    let client = jobs();
    let subscribed: Subscribed =
        client.request("subscribe:jobs", Subscribe { job_id: "job-7" }).await.unwrap();
    assert!(subscribed.success);
    assert_eq!(subscribed.room, "job:job-7");
}

#[test]
async fn gets_an_action_applied() {
    let client = jobs();
    let action = client.enqueue("subscribe:jobs", Subscribe { job_id: "job-8" }).unwrap();
    let subscribed: Subscribed = action.result().await.unwrap();
    assert_eq!(subscribed.room, "job:job-8");
}

#[test]
async fn comes_back_after_a_cut_and_hears_events_again() {
    let client = primes(&[TransportKind::WebSocket]);
    let mut welcomes = client.on::<Welcome>("welcome");
    let mut states = client.status();
    let first = welcomes.next().await.unwrap().unwrap().client_id;
    let cut = post(&format!("{MOCK}/control/cut"), &format!(r#"{{"clientId":"{first}"}}"#));
    assert_eq!(text(cut).await, r#"{"cut":1}"#);
    let second = welcomes.next().await.unwrap().unwrap().client_id;
    assert_ne!(first, second);
    let mut names = Vec::new();
    while names.iter().filter(|name| **name == "connected").count() < 2 {
        names.push(states.next().await.unwrap().name());
    }
    assert_eq!(names, ["connecting", "connected", "waiting", "connecting", "connected"]);
}

#[test]
async fn tells_that_nothing_answers() {
    let client = Client::builder("http://nobody.invalid").connect().unwrap();
    let error = client.errors().next().await.unwrap();
    assert_eq!(error.code(), "unreachable_or_cors");
    let status = client.current_status();
    let Status::Waiting { cause, .. } = status else { panic!("{status:?}") };
    assert_eq!(cause, Some(error));
}

#[test]
async fn leaves_no_connection_when_it_is_dropped() {
    let client = primes(&[TransportKind::WebSocket]);
    connected(&client).await;
    let id = client.id().unwrap();
    let connections = format!("{MOCK}/control/connections");
    assert!(text(get(&connections)).await.contains(&id));
    drop(client);
    while text(get(&connections)).await.contains(&id) {}
}
