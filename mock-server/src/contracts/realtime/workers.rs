//! What workers say: events for users, told to every process, each of which passes them on to its clients.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hub::Hub;
use crate::bus::BusError;
use crate::contracts::message::check_event;
use crate::user::User;

/// An event for a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerEvent {
    /// Its name.
    #[serde(default)]
    pub event: String,
    /// Whose it is.
    #[serde(default)]
    pub user_id: String,
    /// What it carries; whoever passes it on adds what the envelope lacks.
    #[serde(default)]
    pub payload: Map<String, Value>,
    /// The client that need not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<String>,
}

/// Passes on what is told on the channel, from now on.
///
/// # Errors
///
/// [`BusError`] when nothing can be heard.
pub async fn listen(hub: Hub) -> Result<(), BusError> {
    let mut told = hub.context().bus.listen(CHANNEL).await?;
    let tasks = hub.context().tasks.clone();
    tasks.spawn(async move {
        while let Some((_, message)) = told.recv().await {
            match read(&message) {
                Ok(event) => hub.pass_on(event).await,
                Err(reason) => tracing::warn!(reason, "{CHANNEL}: not passed on"),
            }
        }
    });
    Ok(())
}

fn read(message: &[u8]) -> Result<WorkerEvent, String> {
    let event: WorkerEvent = serde_json::from_slice(message).map_err(|error| error.to_string())?;
    if check_event(&event.event).is_err() || event.user_id.is_empty() {
        return Err("no event for a user".to_owned());
    }
    Ok(event)
}

impl WorkerEvent {
    /// Makes an event of `user`.
    #[must_use]
    pub fn new(user: &User, event: &str, payload: Map<String, Value>) -> Self {
        Self { event: event.to_owned(), user_id: user.0.clone(), payload, except: None }
    }
}

/// The channel of the contract.
pub const CHANNEL: &str = "realtime:events";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_events_for_users_are_passed_on() {
        let event = read(br#"{"event":"a","userId":"ada","payload":{"x":1}}"#).unwrap();
        assert_eq!((event.event.as_str(), event.user_id.as_str()), ("a", "ada"));
        for message in ["", "{}", "[]", r#"{"event":"a"}"#, r#"{"event":"connect","userId":"ada"}"#]
        {
            assert!(read(message.as_bytes()).is_err(), "{message}");
        }
    }
}
