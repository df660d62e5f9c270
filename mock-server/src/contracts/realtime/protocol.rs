//! The names and payloads of the contract: what a team shares between its server and its clients.

use serde::Serialize;
use serde_json::{Map, Value};

/// Client to server: begins a search.
pub const START_SEARCH: &str = "search:start:v1";
/// Client to server: ends a task.
pub const CANCEL_TASK: &str = "task:cancel:v1";
/// Both ways: what one tab tells the others.
pub const TAB_UPDATE: &str = "tab:update:v1";

/// What the server says, without the envelope.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum ServerEvent {
    /// `CONNECTED`.
    Connected {
        /// The client.
        socket_id: String,
        /// Whose it is.
        user_id: String,
    },
    /// `SEARCH_STARTED`.
    SearchStarted {
        /// The search.
        job_id: String,
        /// What is searched for.
        query: String,
    },
    /// `SEARCH_RESULT`.
    SearchResult {
        /// The search.
        job_id: String,
        /// From 0.
        index: u64,
        /// What was found.
        result: Value,
    },
    /// `SEARCH_COMPLETE`.
    SearchComplete {
        /// The search.
        job_id: String,
        /// All that was found.
        results: Vec<Value>,
        /// How many that is.
        total: u64,
    },
    /// `MODEL_CHUNK`.
    ModelChunk {
        /// The search that the text is about.
        job_id: String,
        /// From 0.
        index: u64,
        /// How many there will be.
        total: u64,
        /// A part of the text.
        chunk: String,
    },
    /// `MODEL_COMPLETE`.
    ModelComplete {
        /// The search that the text is about.
        job_id: String,
        /// The whole text.
        text: String,
        /// How long it is for the model.
        tokens: u64,
        /// How long the model has written.
        duration_ms: u64,
    },
    /// `TASK_PROGRESS`.
    TaskProgress {
        /// The task.
        task_id: String,
        /// From 0 to 100.
        progress: u64,
        /// What is being done.
        message: String,
    },
    /// `DOWNLOAD_PROGRESS`.
    DownloadProgress {
        /// The download.
        download_id: String,
        /// How many bytes are there.
        received: u64,
        /// How many there will be.
        total: u64,
    },
    /// `TAB_UPDATE`.
    TabUpdate {
        /// The tab.
        tab_id: String,
        /// What it says.
        state: Value,
    },
    /// `USER_PRESENCE`.
    UserPresence {
        /// Who.
        user_id: String,
        /// How they are.
        status: &'static str,
    },
}

impl ServerEvent {
    /// Returns the name that it is emitted with.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::SearchStarted { .. } => "search:started",
            Self::SearchResult { .. } => "search:result:v1",
            Self::SearchComplete { .. } => "search:complete:v1",
            Self::ModelChunk { .. } => "model:chunk:v1",
            Self::ModelComplete { .. } => "model:complete:v1",
            Self::TaskProgress { .. } => "task:progress:v1",
            Self::DownloadProgress { .. } => "download:progress:v1",
            Self::TabUpdate { .. } => TAB_UPDATE,
            Self::UserPresence { .. } => "user:presence:v1",
        }
    }
}

/// The first field of a payload that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPayload(pub &'static str);

/// `search:start:v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartSearch {
    /// What to search for.
    pub query: String,
    /// The id that the client gives it.
    pub job_id: String,
}

impl StartSearch {
    /// Reads the payload.
    ///
    /// # Errors
    ///
    /// [`InvalidPayload`] with the first bad field.
    pub fn parse(payload: &Value) -> Result<Self, InvalidPayload> {
        let fields = fields(payload)?;
        Ok(Self { query: text(fields, "query")?, job_id: text(fields, "jobId")? })
    }
}

/// Reads the payload of `task:cancel:v1`: the task.
///
/// # Errors
///
/// [`InvalidPayload`] with the bad field.
pub fn task_id(payload: &Value) -> Result<String, InvalidPayload> {
    text(fields(payload)?, "taskId")
}

/// Reads the payload of `tab:update:v1`.
///
/// # Errors
///
/// [`InvalidPayload`] with the first bad field.
pub fn tab_update(payload: &Value) -> Result<ServerEvent, InvalidPayload> {
    let fields = fields(payload)?;
    let tab_id = text(fields, "tabId")?;
    let state = fields.get("state").cloned().ok_or(InvalidPayload("state"))?;
    Ok(ServerEvent::TabUpdate { tab_id, state })
}

fn fields(payload: &Value) -> Result<&Map<String, Value>, InvalidPayload> {
    payload.as_object().ok_or(InvalidPayload("payload"))
}

fn text(fields: &Map<String, Value>, name: &'static str) -> Result<String, InvalidPayload> {
    let text = fields.get(name).and_then(Value::as_str);
    let fits = |text: &&str| !text.trim().is_empty() && text.len() <= MAX_TEXT;
    text.filter(fits).map(str::to_owned).ok_or(InvalidPayload(name))
}

/// In bytes.
const MAX_TEXT: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_bad_field_is_named() {
        let long = "x".repeat(MAX_TEXT + 1);
        for (payload, field) in [
            (json!(null), "payload"),
            (json!("a"), "payload"),
            (json!([{ "query": "a", "jobId": "b" }]), "payload"),
            (json!({}), "query"),
            (json!({ "query": 1, "jobId": "b" }), "query"),
            (json!({ "query": " ", "jobId": "b" }), "query"),
            (json!({ "query": long, "jobId": "b" }), "query"),
            (json!({ "query": "a" }), "jobId"),
            (json!({ "query": "a", "jobId": "" }), "jobId"),
        ] {
            assert_eq!(StartSearch::parse(&payload), Err(InvalidPayload(field)), "{payload}");
        }
        assert_eq!(task_id(&json!({ "taskId": {} })), Err(InvalidPayload("taskId")));
        assert_eq!(tab_update(&json!({ "tabId": "a" })), Err(InvalidPayload("state")));
        assert_eq!(tab_update(&json!({ "state": 1 })), Err(InvalidPayload("tabId")));
    }

    #[test]
    fn good_payloads_are_read() {
        let search = StartSearch::parse(&json!({ "query": "a", "jobId": "b", "more": 1 }));
        assert_eq!(search, Ok(StartSearch { query: "a".to_owned(), job_id: "b".to_owned() }));
        let update = ServerEvent::TabUpdate { tab_id: "t".to_owned(), state: Value::Null };
        assert_eq!(tab_update(&json!({ "tabId": "t", "state": null })), Ok(update));
    }
}
