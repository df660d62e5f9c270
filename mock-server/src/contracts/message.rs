//! An event that a REST request asks for.

use serde::Deserialize;
use serde_json::Value;

use crate::rest::RestError;

/// The body `{event, data?}`.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    /// The event's name.
    pub event: String,
    /// What it carries.
    #[serde(default)]
    pub data: Value,
}

impl Message {
    /// Returns the message if its event may be emitted.
    ///
    /// # Errors
    ///
    /// [`RestError`] for no name, and for the names that Socket.IO keeps for itself.
    pub fn checked(self) -> Result<Self, RestError> {
        check_event(&self.event)?;
        Ok(self)
    }
}

/// Accepts the names that may be emitted.
///
/// # Errors
///
/// [`RestError`] for no name, and for the names that Socket.IO keeps for itself.
pub fn check_event(event: &str) -> Result<(), RestError> {
    if event.is_empty() {
        return Err(RestError::bad_request("event must not be empty"));
    }
    if is_reserved(event) {
        return Err(RestError::bad_request(format!("event {event} is reserved")));
    }
    Ok(())
}

/// Returns whether Socket.IO keeps an event's name for itself.
#[must_use]
pub fn is_reserved(event: &str) -> bool {
    RESERVED_EVENTS.contains(&event)
}

const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];
