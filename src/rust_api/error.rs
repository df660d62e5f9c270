//! The one kind of error.

use core::fmt;
use std::borrow::Cow;

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::manager::Cause;
use crate::rust_api::arguments::from_js;

/// What went wrong. The codes are those of the npm package: see `docs/errors.md`.
///
/// ```no_run
/// # async fn ask(client: &sockeye::rust_api::Client) {
/// match client.request::<u32>("double", 21).await {
///     Ok(answer) => assert_eq!(answer, 42),
///     Err(error) if error.code() == "ack_timeout" => {} // ask again
///     Err(error) => panic!("{error}"),
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    code: &'static str,
    detail: Cow<'static, str>,
    data: JsValue,
}

impl Error {
    pub(super) fn new(code: &'static str) -> Self {
        Self::with_detail(code, "")
    }

    pub(super) fn with_detail(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), data: JsValue::UNDEFINED }
    }

    pub(super) fn with_data(self, data: JsValue) -> Self {
        Self { data, ..self }
    }

    /// Returns what happened, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Returns which part it is about; empty if there is nothing more to say than the code does.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Reads what the server said, with `connect_refused` and `action_rejected`.
    ///
    /// # Errors
    ///
    /// `invalid_event` if it said nothing, or something else.
    ///
    /// ```no_run
    /// #[derive(serde::Deserialize)]
    /// struct Refusal { message: String }
    ///
    /// fn reason(error: &sockeye::rust_api::Error) -> Option<String> {
    ///     Some(error.data::<Refusal>().ok()?.message)
    /// }
    /// ```
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Self> {
        from_js(self.data.clone())
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self::with_detail(cause.code(), cause.detail())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(describe(self.code))?;
        if self.detail.is_empty() {
            return Ok(());
        }
        formatter.write_str(": ")?;
        formatter.write_str(&self.detail)
    }
}

impl core::error::Error for Error {}

/// The messages of the npm package.
fn describe(code: &'static str) -> &'static str {
    match code {
        "invalid_url" => "the address cannot be used",
        "invalid_option" => "an option cannot be used",
        "reserved_event" => "the name of the event is reserved",
        "not_serializable" => "the arguments cannot be written as JSON",
        "binary_unsupported" => "`auth` cannot hold binary values",
        "too_many_attachments" => "more binary values than servers take in one event",
        "payload_too_large" => "the server takes no message of this size",
        "invalid_event" => "what the server sent is not what was expected",
        "client_destroyed" => "the client was destroyed",
        "buffer_full" => "1,000 events or 8 million characters and bytes wait for the connection",
        "too_many_requests" => "1,024 requests wait for an answer",
        "outbox_full" => "the outbox is full",
        "duplicate_key" => "there is an action with this id",
        "ack_timeout" => "no answer came in time",
        "disconnected" => "the connection was lost before the answer",
        "identity_changed" => "it was not sent, because the client has another user since",
        "action_rejected" => "the server rejected the action",
        "action_expired" => "the action was not applied in time",
        "action_cancelled" => "the action was cancelled",
        "action_conflict" => "the server knows the action's id with another payload",
        "action_quarantined" => "the connection ended each time the action was sent",
        "action_unknown" => "whether the action was applied cannot be found out",
        _ => describe_connection(code),
    }
}

fn describe_connection(code: &'static str) -> &'static str {
    match code {
        "server_unreachable" => "nothing answers at the address",
        "unreachable_or_cors" => "nothing answers, or the browser hides the answer",
        "websocket_blocked" => "the server speaks Socket.IO, but no WebSocket opens",
        "websocket_unavailable" => "no transport can be made for this address",
        "forbidden" => "the server refuses this client",
        "http_error" => "the server answered with an HTTP error",
        "not_socketio" => "what answers at the address does not speak Socket.IO",
        "invalid_handshake" => "the server's handshake cannot be used",
        "unsupported_server" => "the server speaks a protocol of Socket.IO 2 or older",
        "connect_timeout" => "the connection was not made in time",
        "connect_refused" => "the server refused the namespace",
        "auth_failed" => "the option `auth` failed",
        "server_disconnect" => "the server disconnected the client",
        "client_disconnect" => "the client was disconnected",
        "session_unknown" => "the server does not know the session",
        "ping_timeout" => "the server has not pinged in time",
        "transport_close" => "the connection was closed",
        "transport_error" => "the connection failed",
        "suspended" => "the page is frozen, or has been left",
        "parse_error" => "the server broke the protocol",
        "attachments_exceeded" => "a packet with more binary attachments than allowed was dropped",
        _ => code,
    }
}
