//! How much has gone through in each second, for the graphs of the page.

use serde_json::{Value, json};

use crate::front::{Direction, Traffic};

/// What has happened since the page was told last.
#[derive(Debug)]
pub struct History {
    traffic: Traffic,
    known: [u64; TRAFFIC.len()],
    events: Vec<Aggregate>,
}

#[derive(Debug)]
struct Aggregate {
    /// The second that it was in, in milliseconds since 1970.
    timestamp: i64,
    kind: &'static str,
    detail: Option<&'static str>,
    count: u64,
}

impl History {
    /// Begins with what `traffic` has counted until now.
    #[must_use]
    pub fn new(traffic: Traffic) -> Self {
        let known = TRAFFIC.map(|(_, count)| count(&traffic));
        Self { traffic, known, events: Vec::new() }
    }

    /// A session has begun.
    pub fn connected(&mut self, now: i64) {
        self.add(now, "rawConnection", None, 1);
    }

    /// A session has ended.
    pub fn disconnected(&mut self, now: i64, reason: &'static str) {
        self.add(now, "rawDisconnection", Some(reason), 1);
    }

    /// Takes what has gone through since the last time; to be called once in a second.
    pub fn sample(&mut self, now: i64) {
        let counts = TRAFFIC.map(|(kind, count)| (kind, count(&self.traffic)));
        for ((kind, count), known) in counts.into_iter().zip(self.known) {
            self.add(now, kind, None, count.saturating_sub(known));
        }
        self.known = counts.map(|(_, count)| count);
    }

    /// Returns what the page is told, and forgets it.
    pub fn take(&mut self) -> Value {
        let told = |Aggregate { timestamp, kind, detail, count }| match detail {
            Some(detail) => {
                json!({ "timestamp": timestamp, "type": kind, "subType": detail, "count": count })
            }
            None => json!({ "timestamp": timestamp, "type": kind, "count": count }),
        };
        self.events.drain(..).map(told).collect()
    }

    fn add(&mut self, now: i64, kind: &'static str, detail: Option<&'static str>, count: u64) {
        let timestamp = now - now % 1_000;
        let same = |event: &&mut Aggregate| {
            (event.timestamp, event.kind, event.detail) == (timestamp, kind, detail)
        };
        match self.events.iter_mut().find(same) {
            Some(event) => event.count += count,
            None if count > 0 => {
                self.events.push(Aggregate { timestamp, kind, detail, count });
            }
            None => {}
        }
    }
}

/// A count of the traffic.
type Count = fn(&Traffic) -> u64;

/// The counts, by the names that the page has for them.
const TRAFFIC: [(&str, Count); 4] = [
    ("packetsIn", |traffic| traffic.packets(Direction::In)),
    ("packetsOut", |traffic| traffic.packets(Direction::Out)),
    ("bytesIn", |traffic| traffic.bytes(Direction::In)),
    ("bytesOut", |traffic| traffic.bytes(Direction::Out)),
];

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};

    use super::*;

    #[tokio::test]
    async fn adds_up_what_was_in_one_second() {
        let traffic = Traffic::default();
        let mut history = History::new(traffic.clone());
        history.connected(1_000);
        history.connected(1_999);
        history.disconnected(1_500, "transport close");
        history.connected(2_000);
        let body = traffic.metered(Direction::In, Body::from("2\u{1e}3"));
        to_bytes(body, usize::MAX).await.unwrap();
        history.sample(2_100);
        let expected = json!([
            { "timestamp": 1_000, "type": "rawConnection", "count": 2 },
            { "timestamp": 1_000, "type": "rawDisconnection", "subType": "transport close", "count": 1 },
            { "timestamp": 2_000, "type": "rawConnection", "count": 1 },
            { "timestamp": 2_000, "type": "packetsIn", "count": 2 },
        ]);
        assert_eq!(history.take(), expected);
        history.sample(3_000);
        assert_eq!(history.take(), json!([]));
    }
}
