//! `/metrics`: the text format of Prometheus, and that the numbers are true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use sockeye_mock::Config;
use tokio::time::timeout;

use crate::client::{Client, Polling};
use crate::http::post;
use crate::{PATIENCE, quiet, start};

/// The samples by name and labels, of a page that keeps to the format.
#[derive(Debug)]
struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    async fn of(url: &str) -> Self {
        let response = reqwest::get(format!("{url}/metrics")).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        Self::parse(&response.text().await.unwrap())
    }

    /// Refuses a sample of a family that was not described before, and one that comes twice.
    fn parse(page: &str) -> Self {
        assert!(page.ends_with('\n'), "the last line ends");
        let (mut described, mut samples) = (BTreeSet::new(), BTreeMap::new());
        for line in page.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                assert!(help.contains(' '), "{line}");
            } else if let Some(family) = line.strip_prefix("# TYPE ") {
                let (name, kind) = family.split_once(' ').expect("a name and a type");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(described.insert(name), "{name} comes twice");
            } else {
                let (name, value) = line.rsplit_once(' ').expect("a name and a value");
                let family = name.split('{').next().unwrap_or_default();
                assert!(described.contains(family), "{line}");
                let value = value.parse().expect("a number");
                assert!(samples.insert(name.to_owned(), value).is_none(), "{name} comes twice");
            }
        }
        Self(samples)
    }

    fn get(&self, name: &str) -> f64 {
        *self.0.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    fn primes(&self, name: &str) -> f64 {
        self.get(&format!("sockeye_mock_{name}{{contract=\"primes\",namespace=\"/\"}}"))
    }

    fn events(&self, direction: &str) -> f64 {
        let labels = format!("contract=\"primes\",namespace=\"/\",direction=\"{direction}\"");
        self.get(&format!("sockeye_mock_events_total{{{labels}}}"))
    }

    fn total(&self, name: &str, direction: &str) -> f64 {
        self.get(&format!("sockeye_mock_{name}_total{{direction=\"{direction}\"}}"))
    }
}

/// Polls the metrics until they are as `accept` wants them.
async fn settled(url: &str, accept: impl Fn(&Metrics) -> bool) -> Metrics {
    let polling = async {
        loop {
            let metrics = Metrics::of(url).await;
            if accept(&metrics) {
                return metrics;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, polling).await.expect("the metrics settle")
}

#[tokio::test]
async fn counts_clients_rooms_and_events() {
    let server = start(quiet()).await;
    let url = server.url();
    let mut members = [Client::primes(&url).await, Client::primes(&url).await];
    for member in &mut members {
        member.expect("welcome").await;
        member.emit("subscribe:jobs", "").await;
        member.expect("subscription:confirmed").await;
    }
    let before = Metrics::of(&url).await;
    assert_eq!((before.primes("clients"), before.primes("rooms")), (2.0, 1.0));
    assert_eq!((before.events("in"), before.events("out")), (2.0, 4.0));
    assert_eq!(before.get("sockeye_mock_websockets"), 2.0);
    assert_eq!(before.get("sockeye_mock_clients{contract=\"jobs\",namespace=\"/jobs\"}"), 0.0);

    let started = json!({ "eventType": "job_started" }).to_string();
    assert_eq!(post(&format!("{url}/primes/api/subscribe/test"), &started).await.0, 200);
    for member in &mut members {
        member.expect("job:started").await;
    }
    // It has a room for the job's event and one for its status: each member gets both.
    let after = Metrics::of(&url).await;
    assert_eq!((after.events("in"), after.events("out")), (2.0, 8.0));

    drop(members);
    let gone = settled(&url, |metrics| metrics.primes("clients") == 0.0).await;
    assert_eq!((gone.primes("clients_total"), gone.primes("rooms")), (2.0, 0.0));
}

#[tokio::test]
async fn counts_packets_over_both_transports() {
    for polls in [false, true] {
        let server = start(Config { contract: Some("primes".to_owned()), ..quiet() }).await;
        let url = server.url();
        if polls {
            let mut client = Polling::connect(&url, "/socket.io", "").await;
            client.send("42[\"a\"]\u{1e}42[\"b\"]").await;
        } else {
            let mut client = Client::connect(&url, "/socket.io", "").await;
            client.expect("welcome").await;
            client.emit("a", "").await;
            client.emit("b", "").await;
        }
        // CONNECT and two events, perhaps a pong; OPEN and CONNECT, perhaps `welcome` and a ping.
        let metrics = settled(&url, |metrics| metrics.total("packets", "in") >= 3.0).await;
        assert!((3.0..=4.0).contains(&metrics.total("packets", "in")), "{polls}: {metrics:?}");
        assert!((2.0..=4.0).contains(&metrics.total("packets", "out")), "{polls}: {metrics:?}");
        assert!(metrics.total("bytes", "out") > metrics.total("packets", "out"));
        assert!(metrics.get("sockeye_mock_connections_total") >= 2.0);
    }
}

#[tokio::test]
async fn counts_refusals() {
    let server = start(Config { contract: Some("realtime".to_owned()), ..quiet() }).await;
    let refused = Client::attempt(&server.url(), "/socket.io", "", "", "").await;
    assert!(refused.is_err());
    let metrics = Metrics::of(&server.url()).await;
    let refusals = "sockeye_mock_refusals_total{contract=\"realtime\",namespace=\"/\"}";
    assert_eq!(metrics.get(refusals), 1.0);
}

#[tokio::test]
async fn counts_how_often_a_rule_has_applied() {
    let server = start(quiet()).await;
    let rule =
        r#"{"id":"quiet","direction":"serverToClient","on":{"frame":{"prefix":"42"}},"do":"drop"}"#;
    assert_eq!(post(&format!("{}/control/rules", server.url()), rule).await.0, 200);
    let hits = "sockeye_mock_rule_hits_total{rule=\"quiet\"}";
    assert_eq!(Metrics::of(&server.url()).await.get(hits), 0.0);
    let _client = Client::primes(&server.url()).await;
    settled(&server.url(), |metrics| metrics.get(hits) == 1.0).await;
}
