//! What happens in an application on an ordinary day.

use serde_json::{Map, Value, json};

use crate::clock::timestamp;
use crate::dice::Dice;

/// Makes moments, one after the other.
#[derive(Debug)]
pub struct Everyday {
    dice: Dice,
    moments: u64,
    views: u64,
    clicks: u64,
    purchases: u64,
}

/// What happens at once.
#[derive(Debug)]
pub struct Moment {
    /// The events for everyone: names and payloads.
    pub events: Vec<(&'static str, Value)>,
    /// What changes in the resource `dashboard`.
    pub dashboard: Map<String, Value>,
}

impl Everyday {
    /// Begins the day.
    pub fn new(dice: Dice) -> Self {
        Self { dice, moments: 0, views: 0, clicks: 0, purchases: 0 }
    }

    /// A user does something, and it is logged; every fourth time somebody is notified.
    pub fn next_moment(&mut self) -> Moment {
        let mut events = vec![("user-activity", self.activity()), ("log", self.log())];
        if self.moments.is_multiple_of(MOMENTS_PER_NOTIFICATION) {
            events.push(("notification", self.notification()));
        }
        self.moments += 1;
        let dashboard = Map::from_iter([
            ("views".to_owned(), self.views.into()),
            ("clicks".to_owned(), self.clicks.into()),
            ("purchases".to_owned(), self.purchases.into()),
        ]);
        Moment { events, dashboard }
    }

    fn activity(&mut self) -> Value {
        let kind = self.dice.pick(&["view", "view", "click", "click", "purchase", "login"]);
        match kind {
            "view" => self.views += 1,
            "click" => self.clicks += 1,
            "purchase" => self.purchases += 1,
            _ => {}
        }
        json!({
            "type": kind,
            "userId": self.user(),
            "sessionId": self.dice.id("session"),
            "counts": { "views": self.views, "clicks": self.clicks, "purchases": self.purchases },
            "timestamp": timestamp(),
        })
    }

    fn log(&self) -> Value {
        let (level, message) = self.dice.pick(&[
            ("debug", "cache miss"),
            ("info", "request served"),
            ("info", "session refreshed"),
            ("warn", "slow query"),
            ("error", "payment provider did not answer"),
        ]);
        let context = json!({
            "requestId": self.dice.id("request"),
            "userId": self.user(),
            "durationMs": self.dice.within(1..=900),
        });
        json!({ "level": level, "message": message, "context": context, "timestamp": timestamp() })
    }

    fn notification(&self) -> Value {
        let (priority, title, body) = self.dice.pick(&[
            ("low", "Weekly report", "Your weekly report is ready."),
            ("normal", "New comment", "Somebody answered your comment."),
            ("normal", "Order shipped", "Your order is on its way."),
            ("high", "Budget", "90 % of this month's budget is used."),
            ("critical", "Sign-in", "Your account was used on a new device."),
        ]);
        json!({
            "id": self.dice.id("notification"),
            "title": title,
            "body": body,
            "priority": priority,
            "timestamp": timestamp(),
        })
    }

    fn user(&self) -> &'static str {
        self.dice.pick(&["ada", "bela", "chen", "dana", "emil"])
    }
}

const MOMENTS_PER_NOTIFICATION: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of twenty moments, without their times.
    fn day(seed: u64) -> Vec<(&'static str, Value)> {
        let mut everyday = Everyday::new(Dice::new(seed, "everyday"));
        let mut events: Vec<_> = (0..20).flat_map(|_| everyday.next_moment().events).collect();
        for (_, payload) in &mut events {
            assert!(payload.as_object_mut().unwrap().remove("timestamp").is_some());
        }
        events
    }

    #[test]
    fn same_seed_gives_the_same_day() {
        assert_eq!(day(7), day(7));
        assert_ne!(day(7), day(8));
        let count = |name| day(7).iter().filter(|(event, _)| *event == name).count();
        assert_eq!(["user-activity", "log", "notification"].map(count), [20, 20, 5]);
    }

    #[test]
    fn counts_only_grow_and_are_those_of_the_dashboard() {
        let mut everyday = Everyday::new(Dice::new(3, "everyday"));
        let mut last = 0;
        for _ in 0..50 {
            let moment = everyday.next_moment();
            let counts = moment.events[0].1["counts"].as_object().unwrap();
            assert_eq!(counts, &moment.dashboard);
            let sum = counts.values().filter_map(Value::as_u64).sum();
            assert!(sum >= last);
            last = sum;
        }
        assert!(last > 0);
    }
}
