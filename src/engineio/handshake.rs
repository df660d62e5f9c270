//! The handshake: what the server says of the session in its OPEN packet.

use core::time::Duration;

use crate::backoff::MAX_TIMER;
use crate::engineio::TransportKind;
use crate::host::{Host, ValueKind};

/// How many names in `upgrades` are looked at.
const MAX_UPGRADES: usize = 16;

/// The parameters of a session.
///
/// Source: Engine.IO protocol 4, section "Handshake".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The id of the session.
    pub sid: String,
    /// The time between two pings of the server.
    pub ping_interval: Duration,
    /// How long the server waits for a pong, and so how late a ping may come.
    pub ping_timeout: Duration,
    /// The transports to which the session can change.
    pub upgrades: Vec<TransportKind>,
    /// The largest payload that the server accepts, in bytes, if it says so.
    pub max_payload: Option<u64>,
}

/// A handshake that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_family = "wasm"), derive(thiserror::Error))]
#[non_exhaustive]
pub enum HandshakeError {
    /// The OPEN packet carries no JSON object.
    #[cfg_attr(not(target_family = "wasm"), error("the handshake is no JSON object"))]
    NotAnObject,
    /// `sid` is missing, no string or empty.
    #[cfg_attr(not(target_family = "wasm"), error("the handshake has no sid"))]
    Sid,
    /// `pingInterval` is no number of milliseconds from 1 to 2³¹ − 1.
    #[cfg_attr(not(target_family = "wasm"), error("the handshake's pingInterval is not usable"))]
    PingInterval,
    /// `pingTimeout` is no number of milliseconds from 1 to 2³¹ − 1.
    #[cfg_attr(not(target_family = "wasm"), error("the handshake's pingTimeout is not usable"))]
    PingTimeout,
    /// `maxPayload` is there, but no positive number of bytes.
    #[cfg_attr(not(target_family = "wasm"), error("the handshake's maxPayload is not usable"))]
    MaxPayload,
}

impl Handshake {
    /// Reads the JSON value of an OPEN packet.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`] names the first field that is missing or out of its range.
    pub fn decode<H: Host>(host: &H, value: &H::Value) -> Result<Self, HandshakeError> {
        if host.kind(value) != ValueKind::Object {
            return Err(HandshakeError::NotAnObject);
        }
        let sid = host.string_field(value, "sid").filter(|sid| !sid.is_empty());
        Ok(Self {
            sid: sid.ok_or(HandshakeError::Sid)?,
            ping_interval: timer_field(host, value, "pingInterval")
                .ok_or(HandshakeError::PingInterval)?,
            ping_timeout: timer_field(host, value, "pingTimeout")
                .ok_or(HandshakeError::PingTimeout)?,
            upgrades: upgrades(host, value),
            max_payload: max_payload(host, value)?,
        })
    }

    /// Returns how long a session may stay without a ping.
    #[must_use]
    pub fn patience(&self) -> Duration {
        (self.ping_interval + self.ping_timeout).min(MAX_TIMER)
    }
}

fn timer_field<H: Host>(host: &H, value: &H::Value, name: &str) -> Option<Duration> {
    let millis = host.number_field(value, name)?;
    let usable = millis >= 1.0 && millis <= MAX_TIMER.as_millis() as f64;
    usable.then(|| Duration::from_millis(millis as u64))
}

/// Names of transports that do not exist here mean nothing; a list that is none is empty.
fn upgrades<H: Host>(host: &H, value: &H::Value) -> Vec<TransportKind> {
    let names = host.string_items(value, "upgrades", MAX_UPGRADES);
    names.iter().filter_map(|name| TransportKind::from_name(name)).collect()
}

fn max_payload<H: Host>(host: &H, value: &H::Value) -> Result<Option<u64>, HandshakeError> {
    match host.number_field(value, "maxPayload") {
        None => Ok(None),
        Some(bytes) if bytes >= 1.0 => Ok(Some(bytes as u64)),
        Some(_) => Err(HandshakeError::MaxPayload),
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use serde_json::json;

    #[test]
    fn reads_the_example_of_the_specification() {
        let value = json!({
            "sid": "lv_VI97HAXpY6yYWAAAC", "upgrades": ["websocket"],
            "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1_000_000,
        });
        let handshake = Handshake::decode(&NativeHost::default(), &value).unwrap();
        assert_eq!(handshake.sid, "lv_VI97HAXpY6yYWAAAC");
        assert_eq!(handshake.patience(), Duration::from_secs(45));
        assert_eq!(handshake.upgrades, [TransportKind::WebSocket]);
        assert_eq!(handshake.max_payload, Some(1_000_000));
    }

    #[test]
    fn passes_over_upgrades_that_do_not_exist() {
        let upgrades = |value: serde_json::Value| {
            let value = json!({"sid": "a", "upgrades": value, "pingInterval": 1, "pingTimeout": 1});
            Handshake::decode(&NativeHost::default(), &value).unwrap().upgrades
        };
        let many = vec!["websocket"; 1_000_000];
        assert_eq!(upgrades(json!(many)).len(), MAX_UPGRADES);
        assert_eq!(upgrades(json!([1, null, "webtransport", "websocket"])).len(), 1);
        for none in
            [json!(null), json!("websocket"), json!({"0": "websocket"}), json!(["__proto__"])]
        {
            assert_eq!(upgrades(none), []);
        }
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        use HandshakeError::*;
        let cases = [
            (json!(null), NotAnObject),
            (json!([]), NotAnObject),
            (json!("0"), NotAnObject),
            (json!({}), Sid),
            (json!({"sid": ""}), Sid),
            (json!({"sid": 1, "pingInterval": 1, "pingTimeout": 1}), Sid),
            (json!({"sid": "a"}), PingInterval),
            (json!({"sid": "a", "pingInterval": 0, "pingTimeout": 1}), PingInterval),
            (json!({"sid": "a", "pingInterval": -1, "pingTimeout": 1}), PingInterval),
            (json!({"sid": "a", "pingInterval": 3e9, "pingTimeout": 1}), PingInterval),
            (json!({"sid": "a", "pingInterval": "9", "pingTimeout": 1}), PingInterval),
            (json!({"sid": "a", "pingInterval": 1}), PingTimeout),
            (json!({"sid": "a", "pingInterval": 1, "pingTimeout": 1e300}), PingTimeout),
            (json!({"sid": "a", "pingInterval": 1, "pingTimeout": 1, "maxPayload": 0}), MaxPayload),
        ];
        for (value, error) in cases {
            assert_eq!(Handshake::decode(&NativeHost::default(), &value), Err(error), "{value}");
        }
    }

    #[test]
    fn waits_no_longer_than_a_timer_can() {
        let longest = MAX_TIMER.as_millis() as u64;
        let value = json!({"sid": "a", "pingInterval": longest, "pingTimeout": longest});
        let handshake = Handshake::decode(&NativeHost::default(), &value).unwrap();
        assert_eq!(handshake.patience(), MAX_TIMER);
        assert_eq!(handshake.max_payload, None);
    }
}
