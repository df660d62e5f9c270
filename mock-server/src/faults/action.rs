//! What rules do.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::hostile;
use super::rule::Trigger;

/// What happens.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
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
    /// The message goes through later than those that follow it.
    Reorder(Reorder),
    /// Something else goes through in its place.
    Replace(Replace),
    /// The message does not go through; a request is never answered.
    Drop,
    /// The client gets what no server should send.
    Malformed(Malformed),
    /// The client's connection is reset.
    Refuse,
    /// The request is answered with a status and does not reach the server.
    Respond(Respond),
    /// The receiver is told that nothing more comes; the other direction goes on.
    HalfClose(HalfClose),
    /// The client gets a `connect_error`, and the server never sees that it wanted to connect.
    ConnectError(ConnectError),
    /// The same with the message and the `data.code` "expired".
    ExpiredToken,
    /// The server disconnects the client from the namespace; the server believes that the client left.
    Disconnect(Disconnect),
    /// The mock server starts anew: all clients are cut, and everything in memory is lost.
    Restart(Restart),
}

/// Whether something happens before or after the message that it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum When {
    /// The message does not go through any more.
    #[default]
    Before,
    /// The message is the last that goes through.
    After,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// With RST, as when a program or a network path dies.
    #[default]
    Reset,
    /// With FIN, as when a program ends in order.
    Finish,
}

/// See [`Action::Cut`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Cut {
    /// Before or after the message.
    pub when: When,
    /// How it looks to both sides.
    pub with: End,
}

/// See [`Action::Stall`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Stall {
    /// Before or after the message.
    pub when: When,
    /// Whether the other direction stands still, too.
    pub both: bool,
}

/// See [`Action::Delay`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delay {
    /// For how long, in milliseconds.
    pub ms: u64,
    /// Up to so much longer, as the seed draws it, in milliseconds.
    #[serde(default)]
    pub jitter_ms: u64,
}

/// See [`Action::Reorder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Reorder {
    /// How many go first: events if the rule is about an event, otherwise messages of any kind.
    pub by: u32,
}

impl Default for Reorder {
    fn default() -> Self {
        Self { by: 1 }
    }
}

/// See [`Action::Replace`]; one of both.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Replace {
    /// The whole text that goes through, such as `42["tick"]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The arguments that the event has instead of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<Value>>,
}

/// Where something goes that the client gets besides the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Position {
    /// Before the message.
    Before,
    /// After the message.
    After,
    /// In its place.
    #[default]
    Instead,
}

/// See [`Action::Malformed`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Malformed {
    /// One of the names that `GET /malformed` lists.
    pub name: String,
    /// Where it goes.
    #[serde(default)]
    pub when: Position,
}

/// See [`Action::Respond`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Respond {
    /// The status, such as 429 or 503.
    #[schema(minimum = 200, maximum = 599)]
    pub status: u16,
    /// The value of `Retry-After`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The body, a text.
    #[serde(default)]
    pub body: String,
}

/// See [`Action::HalfClose`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HalfClose {
    /// Before or after the message.
    pub when: When,
}

/// See [`Action::ConnectError`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectError {
    /// The error's `message`.
    pub message: String,
    /// The error's `data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// See [`Action::Disconnect`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Disconnect {
    /// Before or after the message.
    pub when: When,
    /// Whether the whole connection is closed, too, as by `socket.disconnect(true)`.
    pub close: bool,
}

/// See [`Action::Restart`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Restart {
    /// For how long connections are refused, in milliseconds.
    #[schema(maximum = 600_000)]
    pub down_ms: u64,
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
            Self::Reorder(_) => "reorder",
            Self::Replace(_) => "replace",
            Self::Drop => "drop",
            Self::Malformed(_) => "malformed",
            Self::Refuse => "refuse",
            Self::Respond(_) => "respond",
            Self::HalfClose(_) => "halfClose",
            Self::ConnectError(_) => "connectError",
            Self::ExpiredToken => "expiredToken",
            Self::Disconnect(_) => "disconnect",
            Self::Restart(_) => "restart",
        }
    }

    /// Whether it answers who wants to connect to a namespace.
    #[must_use]
    pub fn answers_connect(&self) -> bool {
        matches!(self, Self::ConnectError(_) | Self::ExpiredToken)
    }

    /// Tells what is wrong with its own fields.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote the rule.
    pub fn check(&self, on: &Trigger) -> Result<(), String> {
        match self {
            Self::Replace(Replace { text, args }) => match (text, args, on) {
                (Some(_), None, _) | (None, Some(_), Trigger::Event(_)) => Ok(()),
                (None, Some(_), _) => Err("args replaces those of an event: on: {\"event\": ...}"),
                (Some(_), Some(_), _) | (None, None, _) => Err("replace has text or args"),
            }
            .map_err(str::to_owned),
            Self::Reorder(Reorder { by: 0 }) => Err("by is at least 1".to_owned()),
            Self::Respond(Respond { status, .. }) if !(200..=599).contains(status) => {
                Err(format!("status {status} is not in 200 to 599"))
            }
            Self::Restart(restart) => restart.check(),
            Self::Delay(Delay { ms, jitter_ms })
                if ms.saturating_add(*jitter_ms) > MAX_DELAY_MS =>
            {
                Err(format!("ms and jitterMs are at most {MAX_DELAY_MS}"))
            }
            Self::Malformed(Malformed { name, .. }) if hostile::named(name).is_none() => {
                Err(format!("there is no malformed {name}; GET /malformed lists them"))
            }
            Self::Pass
            | Self::Cut(_)
            | Self::Stall(_)
            | Self::Delay(_)
            | Self::Duplicate
            | Self::Reorder(_)
            | Self::Drop
            | Self::Malformed(_)
            | Self::Refuse
            | Self::Respond(_)
            | Self::HalfClose(_)
            | Self::ConnectError(_)
            | Self::ExpiredToken
            | Self::Disconnect(_) => Ok(()),
        }
    }
}

impl Restart {
    /// Tells what is wrong with its fields.
    ///
    /// # Errors
    ///
    /// A sentence for who wrote them.
    pub fn check(self) -> Result<(), String> {
        if self.down_ms > MAX_DOWN_MS {
            return Err(format!("downMs is at most {MAX_DOWN_MS}"));
        }
        Ok(())
    }
}

/// Ten minutes; who wants more stalls.
const MAX_DELAY_MS: u64 = 600_000;
/// The same.
const MAX_DOWN_MS: u64 = 600_000;
