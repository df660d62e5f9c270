use serde_json::{Value, json};
use sockeye_mock::Config;
use tokio::time::timeout;

use crate::client::{Client, End, Polling};
use crate::http::{get, post};
use crate::{PATIENCE, quiet, start};

async fn connections(url: &str) -> Value {
    get(&format!("{url}/control/connections")).await.1
}

/// Polls the listing until it shows `count` clients on as many WebSockets.
async fn settled(url: &str, count: u64) -> Value {
    let polling = async {
        loop {
            let listing = connections(url).await;
            if listing["count"] == count && listing["webSockets"] == count {
                return listing;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, polling).await.expect("the listing settles")
}

#[tokio::test]
async fn lists_who_is_connected() {
    let server = start(quiet()).await;
    assert_eq!(connections(&server.url()).await["count"], 0);
    let primes = Client::primes(&server.url()).await;
    let jobs = Client::jobs(&server.url()).await;

    let listing = settled(&server.url(), 2).await;
    let entry = |client: &Client| {
        let all = listing["connections"].as_array().unwrap();
        all.iter().find(|entry| entry["clientId"] == client.id).expect("listed").clone()
    };
    assert_eq!(
        (&entry(&primes)["contract"], &entry(&primes)["namespace"]),
        (&json!("primes"), &json!("/"))
    );
    assert_eq!(
        (&entry(&jobs)["contract"], &entry(&jobs)["namespace"]),
        (&json!("jobs"), &json!("/jobs"))
    );
    assert_eq!(entry(&jobs)["transport"], "websocket");
    assert!(entry(&jobs)["connectedAt"].is_string());

    drop(primes);
    assert_eq!(settled(&server.url(), 1).await["connections"][0]["clientId"], jobs.id);
}

#[tokio::test]
async fn cut_breaks_every_web_socket_without_a_close_frame() {
    let server = start(quiet()).await;
    let mut primes = Client::primes(&server.url()).await;
    let mut jobs = Client::jobs(&server.url()).await;
    let answer = post(&format!("{}/control/cut", server.url()), "{}").await;
    assert_eq!(answer, (200, json!({ "cut": 2 })));
    assert_eq!(connections(&server.url()).await["count"], 0);
    assert_eq!((primes.ended().await, jobs.ended().await), (End::Abrupt, End::Abrupt));

    Client::primes(&server.url()).await.expect("welcome").await;
}

#[tokio::test]
async fn cut_takes_one_client() {
    let server = start(quiet()).await;
    let cut = format!("{}/control/cut", server.url());
    let mut first = Client::primes(&server.url()).await;
    let mut second = Client::primes(&server.url()).await;
    let body = json!({ "clientId": first.id }).to_string();
    assert_eq!(post(&cut, &body).await, (200, json!({ "cut": 1 })));
    assert_eq!(first.ended().await, End::Abrupt);
    assert_eq!(post(&cut, &body).await.0, 404);
    second.emit("subscribe:jobs", "").await;
    second.until("subscription:confirmed").await;
}

#[tokio::test]
async fn cut_takes_one_contract() {
    let server = start(quiet()).await;
    let mut primes = Client::primes(&server.url()).await;
    let mut jobs = Client::jobs(&server.url()).await;
    let cut = format!("{}/control/cut", server.url());
    assert_eq!(post(&cut, "{\"contract\":\"primes\"}").await.1, json!({ "cut": 1 }));
    assert_eq!(primes.ended().await, End::Abrupt);
    assert_eq!(jobs.request("subscribe:jobs", "").await["success"], true);
}

#[tokio::test]
async fn cut_refuses_what_it_does_not_know() {
    let server = start(quiet()).await;
    let cut = format!("{}/control/cut", server.url());
    for (body, expected) in [
        ("{\"clientId\":\"nobody\"}", 404),
        ("{\"contract\":\"nothing\"}", 400),
        ("{\"client\":\"typo\"}", 400),
        ("{", 400),
    ] {
        let (status, answer) = post(&cut, body).await;
        assert!(status == expected && answer["error"].is_string(), "{body}: {status} {answer}");
    }
    assert_eq!(post(&cut, "").await, (200, json!({ "cut": 0 })));
}

#[tokio::test]
async fn cut_leaves_the_connection_of_the_control_request() {
    let server = start(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    // One keep-alive connection carries all requests of this HTTP client.
    let http = reqwest::Client::builder().pool_max_idle_per_host(1).build().unwrap();
    for cut in [1, 0] {
        let response = http.post(format!("{}/control/cut", server.url())).send().await.unwrap();
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "cut": cut }));
    }
    assert_eq!(client.ended().await, End::Abrupt);
}

#[tokio::test]
async fn polling_session_is_listed_and_not_cut() {
    let server = start(quiet()).await;
    let _client = Polling::connect(&server.url(), "/primes/socket.io", "").await;
    let listing = connections(&server.url()).await;
    assert_eq!((&listing["count"], &listing["webSockets"]), (&json!(1), &json!(0)));
    let client = &listing["connections"][0];
    assert_eq!(client["transport"], "polling");
    let body = json!({ "clientId": client["clientId"] }).to_string();
    let answer = post(&format!("{}/control/cut", server.url()), &body).await;
    assert_eq!(answer, (200, json!({ "cut": 0 })));
}

#[tokio::test]
async fn session_that_moved_to_a_web_socket_can_be_cut() {
    let server = start(quiet()).await;
    let polling = Polling::connect(&server.url(), "/primes/socket.io", "").await;
    let mut client = polling.upgrade().await;
    client.emit("subscribe:jobs", "").await;
    client.until("subscription:confirmed").await;
    let listing = settled(&server.url(), 1).await;
    assert_eq!(listing["connections"][0]["transport"], "websocket");
    let body = json!({ "clientId": client.id }).to_string();
    let answer = post(&format!("{}/control/cut", server.url()), &body).await;
    assert_eq!(answer, (200, json!({ "cut": 1 })));
    assert_eq!(client.ended().await, End::Abrupt);
}

#[tokio::test]
async fn rate_is_changed_while_the_server_runs() {
    let server = start(quiet()).await;
    let rate = format!("{}/control/rate", server.url());
    let answer = |per_second: u32| {
        (200, json!({ "rates": [{ "contract": "craft", "perSecond": per_second }] }))
    };
    let mut client = Client::craft(&server.url()).await;
    assert_eq!(get(&rate).await, answer(0));
    assert_eq!(post(&rate, "{\"perSecond\":1000}").await, answer(1_000));
    for _ in 0..500 {
        client.until("finance:quote").await;
    }
    assert_eq!(get(&rate).await, answer(1_000));
    assert_eq!(post(&rate, "{\"perSecond\":0}").await, answer(0));
}

#[tokio::test]
async fn restart_goes_back_to_the_first_rate() {
    let server = start(Config { rate: 5, ..quiet() }).await;
    let rate = format!("{}/control/rate", server.url());
    assert_eq!(post(&rate, "{\"perSecond\":0}").await.0, 200);
    assert_eq!(post(&format!("{}/control/restart", server.url()), "{}").await.0, 200);
    assert_eq!(get(&rate).await.1["rates"][0]["perSecond"], 5);
}

#[tokio::test]
async fn rate_refuses_what_it_cannot_do() {
    let server = start(quiet()).await;
    let rate = format!("{}/control/rate", server.url());
    for body in ["{\"perSecond\":10001}", "{\"perSecond\":-1}", "{\"perMinute\":1}", "{}"] {
        let (status, answer) = post(&rate, body).await;
        assert!(status == 400 && answer["error"].is_string(), "{body}: {status} {answer}");
    }
    let jobs = start(Config { contract: Some("jobs".to_owned()), ..quiet() }).await;
    let rate = format!("{}/control/rate", jobs.url());
    assert_eq!(get(&rate).await.1, json!({ "rates": [] }));
    assert_eq!(post(&rate, "{\"perSecond\":1}").await.0, 400);
}
