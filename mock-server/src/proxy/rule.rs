//! What rules say: when something is to happen, and what. They come as JSON or TOML.

use serde::{Deserialize, Serialize};

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// What the client says.
    ClientToServer,
    /// What the server says.
    ServerToClient,
}

/// One fault: the connections and the direction that it is about, the moment, and what happens then.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Its name in the log; without one it is called `rule-1`, `rule-2`, ...
    pub id: Option<String>,
    /// Only this connection, counted from 1 since the proxy started.
    pub connection: Option<u64>,
    /// Only this connection, counted from 1 since the rule was added.
    pub next: Option<u64>,
    /// Only this direction; without it both, each with counts of its own.
    pub direction: Option<Direction>,
    /// The moment.
    pub on: Trigger,
    /// What happens.
    #[serde(rename = "do")]
    pub action: Action,
    /// How often it happens at most, over all connections; without it every time.
    pub times: Option<u32>,
}

/// The moment that a rule waits for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// The client has connected; nothing has gone through yet.
    Connection,
    /// So many bytes of a direction have gone through, at least 1.
    Byte(u64),
    /// A WebSocket message comes.
    Frame(FrameMatch),
}

/// The WebSocket messages that a rule means; one in fragments counts as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FrameMatch {
    /// Only texts that begin so.
    pub prefix: Option<String>,
    /// Only the nth of those on each connection, counted from 1.
    pub nth: Option<u64>,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Nothing: the log tells that the moment was there, and no later rule sees it.
    Pass,
    /// The connection ends, for both sides.
    Cut(Cut),
    /// Nothing goes through any more and nothing is closed, until it is released.
    Stall(Stall),
    /// What comes and what follows it in this direction waits.
    Delay(Delay),
    /// The message goes through twice.
    Duplicate,
    /// Another text goes through in its place.
    Replace(Replace),
    /// The message does not go through.
    Drop,
    /// The client's connection is reset before there is one to the server.
    Refuse,
    /// The receiver is told that nothing more comes; the other direction goes on.
    HalfClose(HalfClose),
}

/// Whether something happens before or after the message that it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// The message does not go through any more.
    #[default]
    Before,
    /// The message is the last that goes through.
    After,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// With RST, as when a program or a network path dies.
    #[default]
    Reset,
    /// With FIN, as when a program ends in order.
    Finish,
}

/// See [`Action::Cut`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Cut {
    /// Before or after the message.
    pub when: When,
    /// How it looks to both sides.
    pub with: End,
}

/// See [`Action::Stall`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Stall {
    /// Before or after the message.
    pub when: When,
    /// Whether the other direction stands still, too.
    pub both: bool,
}

/// See [`Action::Delay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delay {
    /// For how long, in milliseconds.
    pub ms: u64,
}

/// See [`Action::Replace`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replace {
    /// What goes through.
    pub text: String,
}

/// See [`Action::HalfClose`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HalfClose {
    /// Before or after the message.
    pub when: When,
}

impl Rule {
    /// Tells what is wrong with a rule that can be read and makes no sense.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote the rule.
    pub fn check(&self) -> Result<(), &'static str> {
        let nth = match &self.on {
            Trigger::Frame(frame) => frame.nth,
            Trigger::Connection | Trigger::Byte(_) => None,
        };
        if [self.connection, self.next, nth].contains(&Some(0)) {
            return Err("connection, next and nth are counted from 1");
        }
        if self.times == Some(0) {
            return Err("times is at least 1; without it the rule applies every time");
        }
        if self.on == Trigger::Byte(0) {
            return Err("before the first byte comes on: \"connection\"");
        }
        if self.connection.is_some() && self.next.is_some() {
            return Err("connection and next both say which connection; give one");
        }
        self.check_action()
    }

    fn check_action(&self) -> Result<(), &'static str> {
        match (&self.on, &self.action) {
            (Trigger::Connection, _) if self.direction.is_some() => {
                Err("on: \"connection\" is about both directions; leave direction out")
            }
            (
                Trigger::Connection,
                Action::Pass | Action::Refuse | Action::Delay(_) | Action::Stall(_),
            ) => Ok(()),
            (Trigger::Connection, _) => {
                Err("on: \"connection\" can do pass, refuse, delay and stall")
            }
            (_, Action::Refuse) => Err("refuse goes with on: \"connection\" only"),
            (Trigger::Byte(_), Action::Duplicate | Action::Replace(_) | Action::Drop) => {
                Err("duplicate, replace and drop go with on: {\"frame\": ...} only")
            }
            (Trigger::Byte(_) | Trigger::Frame(_), _) => Ok(()),
        }
    }

    /// Whether the rule is about this direction.
    #[must_use]
    pub fn covers(&self, direction: Direction) -> bool {
        self.direction.is_none_or(|only| only == direction)
    }
}

impl Action {
    /// Its name, as rules write it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Cut(_) => "cut",
            Self::Stall(_) => "stall",
            Self::Delay(_) => "delay",
            Self::Duplicate => "duplicate",
            Self::Replace(_) => "replace",
            Self::Drop => "drop",
            Self::Refuse => "refuse",
            Self::HalfClose(_) => "halfClose",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Result<Rule, String> {
        let rule: Rule = serde_json::from_str(json).map_err(|error| error.to_string())?;
        rule.check().map(|()| rule).map_err(str::to_owned)
    }

    #[test]
    fn everything_can_be_said_in_json() {
        let full = r#"{"id": "lost-ack", "next": 2, "direction": "serverToClient", "times": 3,
            "on": {"frame": {"prefix": "43", "nth": 4}},
            "do": {"cut": {"when": "after", "with": "finish"}}}"#;
        let frame = FrameMatch { prefix: Some("43".to_owned()), nth: Some(4) };
        let expected = Rule {
            id: Some("lost-ack".to_owned()),
            connection: None,
            next: Some(2),
            direction: Some(Direction::ServerToClient),
            on: Trigger::Frame(frame),
            action: Action::Cut(Cut { when: When::After, with: End::Finish }),
            times: Some(3),
        };
        assert_eq!(rule(full), Ok(expected));
    }

    #[test]
    fn every_action_is_read_by_its_name() {
        for (json, name) in [
            (r#""pass""#, "pass"),
            (r#"{"cut": {}}"#, "cut"),
            (r#"{"stall": {"both": true}}"#, "stall"),
            (r#"{"delay": {"ms": 20}}"#, "delay"),
            (r#""duplicate""#, "duplicate"),
            (r#"{"replace": {"text": "42[]"}}"#, "replace"),
            (r#""drop""#, "drop"),
            (r#"{"halfClose": {}}"#, "halfClose"),
        ] {
            let read = rule(&format!(r#"{{"on": {{"frame": {{}}}}, "do": {json}}}"#)).unwrap();
            assert_eq!(read.action.name(), name);
        }
        let refuse = rule(r#"{"on": "connection", "do": "refuse"}"#).unwrap();
        assert_eq!(refuse.action.name(), "refuse");
    }

    #[test]
    fn senseless_rules_are_refused_with_the_reason() {
        for (json, reason) in [
            (r#"{"on": "connection", "do": "explode"}"#, "unknown variant `explode`"),
            (r#"{"on": "connection", "do": "pass", "tims": 1}"#, "unknown field `tims`"),
            (r#"{"on": {"frame": {"nht": 1}}, "do": "pass"}"#, "unknown field `nht`"),
            (r#"{"do": "pass"}"#, "missing field `on`"),
            (r#"{"on": "connection", "connection": 0, "do": "pass"}"#, "counted from 1"),
            (r#"{"on": {"frame": {"nth": 0}}, "do": "pass"}"#, "counted from 1"),
            (r#"{"on": "connection", "do": "pass", "times": 0}"#, "at least 1"),
            (r#"{"on": "connection", "connection": 1, "next": 1, "do": "pass"}"#, "give one"),
            (r#"{"on": "connection", "do": "drop"}"#, "can do pass"),
            (r#"{"on": "connection", "direction": "clientToServer", "do": "pass"}"#, "both"),
            (r#"{"on": {"byte": 0}, "do": "pass"}"#, "on: \"connection\""),
            (r#"{"on": {"byte": 3}, "do": "drop"}"#, "go with on: {\"frame\""),
            (r#"{"on": {"byte": 3}, "do": "refuse"}"#, "\"connection\" only"),
        ] {
            let error = rule(json).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }
}
