//! What the server counts, in the text format of Prometheus (version 0.0.4), at `GET /metrics`.

use std::fmt::{Display, Write};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::Served;
use crate::faults::Faults;
use crate::front::{Direction, Registry};
use crate::rest::wrong_method;

/// Builds the route; `served` are the contracts whose clients are counted.
pub fn routes(registry: Registry, faults: Arc<Faults>, served: Vec<Served>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(wrong_method)
        .with_state(Metrics { started: Instant::now(), registry, faults, served })
}

#[derive(Clone, Debug)]
struct Metrics {
    started: Instant,
    registry: Registry,
    faults: Arc<Faults>,
    served: Vec<Served>,
}

async fn metrics(State(metrics): State<Metrics>) -> Response {
    let mut page = Page::default();
    metrics.connections(&mut page);
    metrics.contracts(&mut page).await;
    metrics.rules(&mut page);
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], page.0).into_response()
}

impl Metrics {
    fn connections(&self, page: &mut Page) {
        let uptime = self.started.elapsed().as_secs_f64();
        page.family("uptime_seconds", Kind::Gauge, "Seconds since the start.");
        page.sample("uptime_seconds", &[], uptime);
        page.family("connections", Kind::Gauge, "Open TCP connections.");
        page.sample("connections", &[], self.registry.open_connections());
        page.family("websockets", Kind::Gauge, "Connections that carry a WebSocket to a contract.");
        page.sample("websockets", &[], self.registry.web_sockets());

        let traffic = self.registry.traffic();
        page.family("connections_total", Kind::Counter, "TCP connections accepted.");
        page.sample("connections_total", &[], traffic.connections());
        page.family("bytes_total", Kind::Counter, "Bytes on all connections, HTTP among them.");
        for (direction, name) in Direction::ALL {
            page.sample("bytes_total", &[("direction", name)], traffic.bytes(direction));
        }
        page.family("packets_total", Kind::Counter, "Engine.IO packets, heartbeats among them.");
        for (direction, name) in Direction::ALL {
            page.sample("packets_total", &[("direction", name)], traffic.packets(direction));
        }
    }

    fn rules(&self, page: &mut Page) {
        page.family("rule_hits_total", Kind::Counter, "How often a rule of faults has applied.");
        for (rule, hits) in self.faults.hits() {
            page.sample("rule_hits_total", &[("rule", &rule)], hits);
        }
    }

    async fn contracts(&self, page: &mut Page) {
        page.family("clients", Kind::Gauge, "Connected clients.");
        for served in &self.served {
            let clients = served.clients().map_or(0, |clients| clients.sockets().len());
            page.sample("clients", &served.labels(), clients);
        }
        page.family("rooms", Kind::Gauge, "Rooms with at least one client of this process.");
        for served in &self.served {
            page.sample("rooms", &served.labels(), served.rooms().await);
        }
        page.family("clients_total", Kind::Counter, "Clients that have connected.");
        for served in &self.served {
            page.sample("clients_total", &served.labels(), served.monitor.tallies().clients());
        }
        page.family("refusals_total", Kind::Counter, "Clients that got a connect_error.");
        for served in &self.served {
            page.sample("refusals_total", &served.labels(), served.monitor.tallies().refusals());
        }
        page.family("events_total", Kind::Counter, "Events, one for each client that gets them.");
        for served in &self.served {
            for (direction, name) in Direction::ALL {
                let labels = [&served.labels()[..], &[("direction", name)]].concat();
                page.sample("events_total", &labels, served.monitor.tallies().events(direction));
            }
        }
    }
}

impl Served {
    fn labels(&self) -> [Label<'_>; 2] {
        [("contract", self.contract.name), ("namespace", self.contract.namespace)]
    }

    async fn rooms(&self) -> usize {
        match self.clients() {
            Some(clients) => clients.local().rooms().await.map_or(0, |rooms| rooms.len()),
            None => 0,
        }
    }
}

/// A label's name and value.
type Label<'a> = (&'a str, &'a str);

/// The text so far; writing to it cannot fail.
#[derive(Debug, Default)]
struct Page(String);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Counter,
    Gauge,
}

impl Page {
    /// Begins a family of samples.
    fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let _ = writeln!(self.0, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[Label<'_>], value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{PREFIX}{name}{labels} {value}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

const PREFIX: &str = "sockeye_mock_";

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_written_as_the_format_wants() {
        let mut page = Page::default();
        page.family("a_total", Kind::Counter, "What it is.");
        page.sample("a_total", &[], 1);
        page.sample("a_total", &[("b", "c"), ("d", "e\\f\"g\nh")], 0.5);
        let expected = "# HELP sockeye_mock_a_total What it is.\n\
                        # TYPE sockeye_mock_a_total counter\n\
                        sockeye_mock_a_total 1\n\
                        sockeye_mock_a_total{b=\"c\",d=\"e\\\\f\\\"g\\nh\"} 0.5\n";
        assert_eq!(page.0, expected);
    }
}
