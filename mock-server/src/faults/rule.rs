//! What rules say: when something is to happen, and what. They come as JSON or TOML.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::action::Action;
use super::packet::Kind;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// What the client says.
    ClientToServer,
    /// What the server says.
    ServerToClient,
}

/// One fault: the connections and the direction that it is about, the moment, and what happens then.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Its name in the log; without one it is called `rule-1`, `rule-2`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Only this connection, counted from 1 since the start.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// Only this connection, counted from 1 since the rule was added.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Only this direction; without it both, each with counts of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The moment.
    pub on: Trigger,
    /// What happens.
    #[serde(rename = "do")]
    pub action: Action,
    /// How often it happens at most, over all connections; without it every time.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// At which share of the moments it happens, as the seed draws them; without it at all.
    #[schema(minimum = 0, maximum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// The moment that a rule waits for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// The client has connected; nothing has gone through yet.
    Connection,
    /// So many bytes of a direction have gone through, at least 1.
    Byte(u64),
    /// A request comes: one of HTTP long-polling, or for a WebSocket.
    Request(RequestMatch),
    /// A WebSocket message comes.
    Frame(FrameMatch),
    /// A Socket.IO event comes, with all that is attached to it.
    Event(EventMatch),
    /// A packet of Engine.IO or Socket.IO comes.
    Packet(PacketMatch),
}

/// The requests that a rule means; the preflights of browsers only if it asks for their method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RequestMatch {
    /// Only those whose path begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only those of this transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Only those with this method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only the nth of those on each connection, counted from 1.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

/// How a request carries Socket.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// A WebSocket.
    Websocket,
}

/// The WebSocket messages that a rule means; one in fragments counts as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FrameMatch {
    /// Only texts that begin so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Only the nth of those on each connection, counted from 1.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

/// The events that a rule means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct EventMatch {
    /// Only those of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only those of this namespace; `/` is the main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only the nth of those on each connection, counted from 1.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

/// The packets that a rule means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PacketMatch {
    /// Only those of this type.
    #[serde(rename = "type")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Only those of this namespace; `/` is the main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only the nth of those on each connection, counted from 1.
    #[schema(minimum = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
}

impl Rule {
    /// Tells what is wrong with a rule that can be read and makes no sense.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote the rule.
    pub fn check(&self) -> Result<(), String> {
        if [self.connection, self.next, self.on.nth()].contains(&Some(0)) {
            return Err("connection, next and nth are counted from 1".to_owned());
        }
        if self.times == Some(0) {
            return Err("times is at least 1; without it the rule applies every time".to_owned());
        }
        if self.share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err("share is from 0 to 1".to_owned());
        }
        if self.on == Trigger::Byte(0) {
            return Err("before the first byte comes on: \"connection\"".to_owned());
        }
        if self.connection.is_some() && self.next.is_some() {
            return Err("connection and next both say which connection; give one".to_owned());
        }
        self.on.check()?;
        self.check_pair()?;
        self.check_direction()?;
        self.action.check(&self.on)
    }

    /// Not everything can be done at every moment.
    fn check_pair(&self) -> Result<(), String> {
        let (trigger, possible) = self.on.possible();
        if self.action.answers_connect() && !self.on.is_connect() {
            let name = self.action.name();
            return Err(format!(
                "{name} goes with on: {{\"packet\": {{\"type\": \"connect\"}}}} only"
            ));
        }
        let name = self.action.name();
        if !possible.contains(&name) {
            return Err(format!("on: {trigger} can do {}; not {name}", possible.join(", ")));
        }
        Ok(())
    }

    fn check_direction(&self) -> Result<(), String> {
        match (self.direction, self.only_direction()) {
            (Some(_), _) if self.on == Trigger::Connection => {
                Err("on: \"connection\" is about both directions; leave direction out".to_owned())
            }
            (Some(Direction::ServerToClient), Some(Direction::ClientToServer)) => {
                Err("only the client says that: direction is clientToServer".to_owned())
            }
            (_, _) => Ok(()),
        }
    }

    /// The direction that follows from the rest of the rule.
    fn only_direction(&self) -> Option<Direction> {
        let client_says = matches!(self.on, Trigger::Request(_)) || self.action.answers_connect();
        client_says.then_some(Direction::ClientToServer)
    }

    /// Whether the rule is about this direction.
    #[must_use]
    pub fn covers(&self, direction: Direction) -> bool {
        self.direction.or(self.only_direction()).is_none_or(|only| only == direction)
    }
}

impl Trigger {
    /// Which of the fitting moments it is, if that is asked for.
    #[must_use]
    pub fn nth(&self) -> Option<u64> {
        match self {
            Self::Request(RequestMatch { nth, .. })
            | Self::Frame(FrameMatch { nth, .. })
            | Self::Event(EventMatch { nth, .. })
            | Self::Packet(PacketMatch { nth, .. }) => *nth,
            Self::Connection | Self::Byte(_) => None,
        }
    }

    /// Whether it is about messages, which are held back until they are whole.
    #[must_use]
    pub fn is_message(&self) -> bool {
        matches!(self, Self::Frame(_) | Self::Event(_) | Self::Packet(_))
    }

    fn is_connect(&self) -> bool {
        matches!(self, Self::Packet(PacketMatch { kind: Some(Kind::Connect), .. }))
    }

    fn check(&self) -> Result<(), String> {
        let namespace = match self {
            Self::Event(EventMatch { namespace, .. })
            | Self::Packet(PacketMatch { namespace, .. }) => namespace.as_deref(),
            Self::Connection | Self::Byte(_) | Self::Request(_) | Self::Frame(_) => None,
        };
        match namespace {
            Some(name) if !name.starts_with('/') => {
                Err(format!("namespace {name} does not begin with /"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Its name, and the names of what can be done then.
    fn possible(&self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Connection => ("\"connection\"", AT_CONNECTION),
            Self::Byte(_) => ("{\"byte\": ...}", AT_BYTE),
            Self::Request(_) => ("{\"request\": ...}", AT_REQUEST),
            Self::Frame(_) => ("{\"frame\": ...}", AT_MESSAGE),
            Self::Event(_) => ("{\"event\": ...}", AT_MESSAGE),
            Self::Packet(_) if self.is_connect() => ("{\"packet\": ...}", AT_CONNECT),
            Self::Packet(_) => ("{\"packet\": ...}", AT_MESSAGE),
        }
    }
}

/// Everything that rules can do.
#[cfg(test)]
pub fn every_action_name() -> impl Iterator<Item = &'static str> {
    [AT_CONNECTION, AT_BYTE, AT_REQUEST, AT_CONNECT].into_iter().flatten().copied()
}

const AT_CONNECTION: &[&str] = &["pass", "refuse", "delay", "stall", "restart"];
const AT_BYTE: &[&str] = &["pass", "cut", "stall", "delay", "halfClose", "restart"];
const AT_REQUEST: &[&str] =
    &["pass", "refuse", "respond", "drop", "cut", "stall", "delay", "restart"];
const AT_MESSAGE: &[&str] = &[
    "pass",
    "cut",
    "stall",
    "delay",
    "duplicate",
    "reorder",
    "replace",
    "drop",
    "malformed",
    "halfClose",
    "disconnect",
    "restart",
];
/// The same, and two more.
const AT_CONNECT: &[&str] = &[
    "pass",
    "cut",
    "stall",
    "delay",
    "duplicate",
    "reorder",
    "replace",
    "drop",
    "malformed",
    "halfClose",
    "disconnect",
    "restart",
    "connectError",
    "expiredToken",
];

#[cfg(test)]
mod tests {
    use super::super::action::{Cut, End, When};
    use super::*;

    fn rule(json: &str) -> Result<Rule, String> {
        let rule: Rule = serde_json::from_str(json).map_err(|error| error.to_string())?;
        rule.check().map(|()| rule)
    }

    #[test]
    fn everything_can_be_said_in_json() {
        let full = r#"{"id": "lost-ack", "next": 2, "direction": "serverToClient", "times": 3, "share": 0.5,
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
            share: Some(0.5),
        };
        assert_eq!(rule(full), Ok(expected));
    }

    #[test]
    fn every_action_is_read_by_its_name() {
        for (on, json, name) in [
            (FRAME, r#""pass""#, "pass"),
            (FRAME, r#"{"cut": {}}"#, "cut"),
            (FRAME, r#"{"stall": {"both": true}}"#, "stall"),
            (FRAME, r#"{"delay": {"ms": 20, "jitterMs": 5}}"#, "delay"),
            (FRAME, r#""duplicate""#, "duplicate"),
            (FRAME, r#"{"reorder": {}}"#, "reorder"),
            (FRAME, r#"{"replace": {"text": "42[]"}}"#, "replace"),
            (EVENT, r#"{"replace": {"args": [1]}}"#, "replace"),
            (FRAME, r#""drop""#, "drop"),
            (
                EVENT,
                r#"{"malformed": {"name": "event-without-data", "when": "after"}}"#,
                "malformed",
            ),
            (FRAME, r#"{"halfClose": {}}"#, "halfClose"),
            (EVENT, r#"{"disconnect": {"close": true}}"#, "disconnect"),
            (EVENT, r#"{"restart": {"downMs": 100}}"#, "restart"),
            (REQUEST, r#"{"respond": {"status": 503, "retryAfter": 3}}"#, "respond"),
            (
                CONNECT,
                r#"{"connectError": {"message": "no", "data": {"code": 1}}}"#,
                "connectError",
            ),
            (CONNECT, r#""expiredToken""#, "expiredToken"),
            ("\"connection\"", r#""refuse""#, "refuse"),
        ] {
            let read = rule(&format!(r#"{{"on": {on}, "do": {json}}}"#)).unwrap();
            assert_eq!(read.action.name(), name);
            let written = serde_json::to_string(&read).unwrap();
            assert_eq!(rule(&written), Ok(read), "what is listed can be posted again");
        }
    }

    const FRAME: &str = r#"{"frame": {}}"#;
    const EVENT: &str = r#"{"event": {"name": "tick", "namespace": "/a", "nth": 2}}"#;
    const REQUEST: &str = r#"{"request": {"transport": "websocket", "path": "/jobs"}}"#;
    const CONNECT: &str = r#"{"packet": {"type": "connect"}}"#;

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
            (r#"{"on": {"byte": 3}, "do": "drop"}"#, "can do pass, cut, stall"),
            (r#"{"on": {"frame": {}}, "do": "refuse"}"#, "not refuse"),
            (r#"{"on": {"frame": {}}, "share": 1.1, "do": "drop"}"#, "from 0 to 1"),
            (r#"{"on": {"frame": {}}, "do": "expiredToken"}"#, "\"connect\"}} only"),
            (r#"{"on": {"packet": {"type": "conect"}}, "do": "drop"}"#, "unknown variant `conect`"),
            (r#"{"on": {"event": {"namespace": "a"}}, "do": "drop"}"#, "does not begin with /"),
            (r#"{"on": {"event": {"nmae": "a"}}, "do": "drop"}"#, "unknown field `nmae`"),
            (r#"{"on": {"event": {}}, "do": {"replace": {}}}"#, "text or args"),
            (r#"{"on": {"frame": {}}, "do": {"replace": {"args": []}}}"#, "those of an event"),
            (r#"{"on": {"event": {}}, "do": {"reorder": {"by": 0}}}"#, "at least 1"),
            (r#"{"on": {"event": {}}, "do": {"malformed": {"name": "x"}}}"#, "no malformed x"),
            (r#"{"on": {"request": {}}, "do": {"respond": {"status": 99}}}"#, "200 to 599"),
            (r#"{"on": {"request": {}}, "do": {"restart": {"downMs": 600001}}}"#, "at most 600000"),
            (r#"{"on": {"request": {}}, "do": {"delay": {"ms": 600001}}}"#, "at most 600000"),
            (
                r#"{"on": {"request": {}}, "direction": "serverToClient", "do": "drop"}"#,
                "only the client says that",
            ),
        ] {
            let error = rule(json).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }
}
