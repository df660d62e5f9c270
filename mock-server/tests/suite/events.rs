//! What holds for the events of every contract.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sockeye_mock::{Config, Server};

use crate::client::{Client, Polling};
use crate::http::{get, post};
use crate::{quiet, start};

#[tokio::test]
async fn event_ids_are_unique_and_the_same_for_every_receiver() {
    let server = start(Config { event_ids: true, ..quiet() }).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Client::jobs(&server.url()).await;
        let ack = client.request("subscribe:jobs", "").await;
        assert!(ack.get("_eventId").is_none(), "an acknowledgement is no event");
        clients.push(client);
    }
    post(&format!("{}/jobs/api/jobs", server.url()), "{\"steps\":3,\"fail\":false}").await;
    let mut received = Vec::new();
    for client in &mut clients {
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(client.event().await.1["_eventId"].as_str().expect("an id").to_owned());
        }
        received.push(ids);
    }
    assert_eq!(received[0], received[1]);
    assert_eq!(received[0].iter().collect::<BTreeSet<_>>().len(), 6);
}

#[tokio::test]
async fn event_ids_are_in_primes_too() {
    let server = start(Config { event_ids: true, ..quiet() }).await;
    let mut client = Client::primes(&server.url()).await;
    assert!(client.expect("welcome").await["_eventId"].is_string());
    client.emit("subscribe:jobs", "").await;
    assert!(client.expect("subscription:confirmed").await["_eventId"].is_string());
    post(&format!("{}/primes/api/job/next", server.url()), "").await;
    assert!(client.expect("job:started").await["_eventId"].is_string());
    assert!(client.expect("job:status_changed").await["_eventId"].is_string());
}

#[tokio::test]
async fn no_event_ids_unless_asked_for() {
    let server = start(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    assert!(client.expect("welcome").await.get("_eventId").is_none());
}

/// What the first jobs of a server say, without the times.
async fn first_jobs(seed: u64, event_ids: bool) -> Vec<String> {
    let server = start(Config { seed, event_ids, ..quiet() }).await;
    let mut client = Client::primes(&server.url()).await;
    client.emit("subscribe:jobs", "").await;
    client.until("subscription:confirmed").await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        post(&format!("{}/primes/api/job/next", server.url()), "").await;
        let started = client.expect("job:started").await;
        let end = loop {
            let (event, payload) = client.event().await;
            if event != "job:status_changed" {
                break format!("{event} {}", payload["exitCode"]);
            }
        };
        client.expect("job:status_changed").await;
        jobs.push(format!("{} {} {end}", started["jobId"], started["pid"]));
    }
    jobs
}

#[tokio::test]
async fn same_seed_gives_the_same_first_jobs() {
    let first = first_jobs(7, false).await;
    assert_eq!(first, first_jobs(7, true).await);
    assert_ne!(first, first_jobs(8, false).await);
}

#[tokio::test]
async fn jobs_start_by_themselves_at_the_rate() {
    let server = start(Config { rate: 600, ..quiet() }).await;
    let mut primes = Client::primes(&server.url()).await;
    primes.emit("subscribe:jobs", "").await;
    primes.until("job:started").await;
    let mut jobs = Client::jobs(&server.url()).await;
    jobs.request("subscribe:jobs", "").await;
    jobs.until("job:completed").await;
}

#[tokio::test]
async fn one_contract_alone_is_served_at_the_root() {
    let server = start(Config { contract: Some("primes".to_owned()), ..quiet() }).await;
    Client::connect(&server.url(), "/socket.io", "").await.expect("welcome").await;
    let (status, info) = get(&format!("{}/api/subscribe", server.url())).await;
    assert_eq!((status, &info["path"]), (200, &json!("/socket.io/")));
    assert_eq!(get(&format!("{}/jobs/api/jobs/x/history", server.url())).await.0, 404);
}

#[tokio::test]
async fn index_and_health_are_served() {
    let server = start(quiet()).await;
    let (status, index) = get(&server.url()).await;
    let contracts = index["contracts"].as_array().unwrap().iter();
    let names: Vec<_> = contracts.map(|contract| contract["name"].clone()).collect();
    assert_eq!(
        (status, names),
        (200, ["primes", "realtime", "craft", "agents", "jobs"].map(Value::from).to_vec())
    );
    let page = reqwest::Client::new().get(server.url()).header("accept", "text/html");
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("/jobs/socket.io/") && page.contains("POST /control/cut"));
    let health = reqwest::get(format!("{}/healthz", server.url())).await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok");
}

#[tokio::test]
async fn www_folder_takes_the_front_page() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "<p>demo").unwrap();
    let www = Some(folder.path().to_owned());
    let server = start(Config { www, ..quiet() }).await;
    let page = reqwest::get(server.url()).await.unwrap().text().await.unwrap();
    assert_eq!(page, "<p>demo");
    assert_eq!(reqwest::get(format!("{}/none", server.url())).await.unwrap().status(), 404);
    assert_eq!(get(&format!("{}/control/connections", server.url())).await.0, 200);
}

/// The `Access-Control-Allow-` headers that a page of `origin` gets: `Origin`, and `Credentials`.
async fn cors(url: &str, origin: &str) -> (String, bool) {
    let response = reqwest::Client::new().get(url).header("origin", origin).send().await.unwrap();
    let header =
        |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let allowed = header("access-control-allow-origin").unwrap_or_default();
    (allowed, header("access-control-allow-credentials").is_some())
}

#[tokio::test]
async fn origins_are_restricted_where_the_contract_says_so() {
    let open = start(quiet()).await;
    let cors_origin = Some("http://good".parse().unwrap());
    let strict = start(Config { cors_origin, ..quiet() }).await;
    for server in [&open, &strict] {
        for contract in ["primes", "agents"] {
            let path = format!("{}/{contract}/socket.io/?EIO=4&transport=polling", server.url());
            assert_eq!(cors(&path, "http://any").await, ("*".to_owned(), false), "{contract}");
        }
        let control = format!("{}/control/connections", server.url());
        assert_eq!(cors(&control, "http://any").await, ("*".to_owned(), false));
    }
    for contract in ["realtime", "craft", "jobs"] {
        let path = format!("/{contract}/socket.io/?EIO=4&transport=polling");
        let any = cors(&format!("{}{path}", open.url()), "http://any").await;
        assert_eq!(any, ("http://any".to_owned(), true), "{contract}");
        let other = cors(&format!("{}{path}", strict.url()), "http://any").await;
        assert_eq!(other, ("http://good".to_owned(), true), "{contract}");
    }
}

/// A client of every contract, with a token where one is needed.
async fn clients(server: &Server) -> Vec<Client> {
    let url = server.url();
    let tokens: BTreeMap<_, _> = server.tokens().into_iter().collect();
    let mut clients = Vec::new();
    for (contract, namespace) in
        [("primes", ""), ("realtime", ""), ("craft", ""), ("agents", ""), ("jobs", "/jobs")]
    {
        let path = format!("/{contract}/socket.io");
        let token = tokens.get(contract).cloned().unwrap_or_default();
        let (query, auth) = (format!("token={token}"), json!({ "token": token }).to_string());
        let client = Client::attempt(&url, &path, &query, namespace, &auth).await;
        clients.push(client.unwrap_or_else(|refusal| panic!("{contract}: {refusal}")));
    }
    clients
}

/// Whether these clients are served, each by its own contract.
async fn are_served(server: &Server, clients: &mut [Client]) {
    let [primes, realtime, craft, agents, jobs] = clients else { panic!("five contracts") };
    primes.emit("subscribe:jobs", "").await;
    primes.until("subscription:confirmed").await;
    let answer = realtime.request("task:cancel:v1", "{\"taskId\":\"none\"}").await;
    assert_eq!(answer, json!({ "cancelled": false }));
    agents.emit("subscribe_project", "{}").await;
    agents.until("error").await;
    assert_eq!(jobs.request("subscribe:jobs", "{}").await["success"], true);
    let tick = json!({ "event": "tick", "data": 1 }).to_string();
    assert_eq!(post(&format!("{}/craft/api/broadcast", server.url()), &tick).await.0, 200);
    assert_eq!(craft.expect("tick").await, 1);
}

#[tokio::test]
async fn malformed_packets_disturb_nobody() {
    let server = start(quiet()).await;
    let mut others = clients(&server).await;
    for packet in ["42", "42[", "42{}", "49", "451-[\"a\"]", "44{\"message\":1}", "9", "hello"] {
        for mut client in clients(&server).await {
            client.send_raw(packet).await;
        }
    }
    are_served(&server, &mut others).await;
}

#[tokio::test]
async fn an_oversized_frame_ends_its_own_connection_alone() {
    let server = start(quiet()).await;
    let mut others = clients(&server).await;
    let large = format!("\"{}\"", "x".repeat(1_000_001));
    for mut client in clients(&server).await {
        client.emit("anything", &large).await;
        client.ended().await;
    }
    are_served(&server, &mut others).await;
}

/// What the first job of the contract `jobs` says, without the times.
async fn first_job(seed: u64) -> Vec<String> {
    let server = start(Config { seed, ..quiet() }).await;
    let mut client = Client::jobs(&server.url()).await;
    client.request("subscribe:jobs", "{}").await;
    post(&format!("{}/jobs/api/jobs", server.url()), "{}").await;
    let mut said = Vec::new();
    while !said.last().is_some_and(|last: &String| ENDS.iter().any(|end| last.starts_with(end))) {
        let (event, mut payload) = client.event().await;
        payload.as_object_mut().unwrap().remove("timestamp");
        said.push(format!("{event} {payload}"));
    }
    said
}

const ENDS: [&str; 2] = ["job:completed", "job:error"];

#[tokio::test]
async fn the_same_seed_gives_the_same_first_job_of_jobs() {
    let first = first_job(7).await;
    assert_eq!(first, first_job(7).await);
    assert_ne!(first, first_job(8).await);
}

#[tokio::test]
async fn pages_of_other_origins_may_post_json() {
    let server = start(quiet()).await;
    for path in ["/primes/api/job/next", "/jobs/api/jobs", "/control/cut"] {
        let preflight = reqwest::Client::new()
            .request(reqwest::Method::OPTIONS, format!("{}{path}", server.url()))
            .header("origin", "http://any")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let response = preflight.send().await.unwrap();
        let headers = response.headers();
        assert!(response.status().is_success(), "{path}");
        assert!(headers.contains_key("access-control-allow-origin"), "{path}");
        assert!(headers.contains_key("access-control-allow-headers"), "{path}");
    }
}

#[tokio::test]
async fn unknown_contract_is_an_error() {
    let contract = Some("apples".to_owned());
    let error = sockeye_mock::Server::start(Config { contract, ..quiet() }).await.unwrap_err();
    assert!(error.to_string().contains("apples"));
}

#[tokio::test]
async fn client_that_polls_slowly_misses_nothing() {
    let server = start(quiet()).await;
    let mut client = Polling::connect(&server.url(), "/jobs/socket.io", "/jobs,").await;
    let url = format!("{}/jobs/api/broadcast", server.url());
    let sent: Vec<_> = (0..300).map(|number| format!("42/jobs,[\"n\",{number}]")).collect();
    for number in 0..300 {
        post(&url, &json!({ "event": "n", "data": number }).to_string()).await;
    }
    let mut received = Vec::new();
    while received.len() < sent.len() {
        received.extend(client.poll().await);
    }
    assert_eq!(received, sent);
}

#[tokio::test]
async fn wrong_paths_and_methods_are_refused_in_words() {
    let server = start(quiet()).await;
    for (path, expected) in [
        ("/primes/api/job/next", 405),
        ("/jobs/api/jobs", 405),
        ("/control/cut", 405),
        ("/primes/api/none", 404),
        ("/primes", 404),
        ("/none", 404),
    ] {
        let (status, answer) = get(&format!("{}{path}", server.url())).await;
        assert!(status == expected && answer["error"].is_string(), "{path}: {status} {answer}");
    }
}
