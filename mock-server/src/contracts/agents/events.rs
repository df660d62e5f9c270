//! The events that the server sends about a job.

use serde::Serialize;
use serde_json::Value;

use crate::clock::timestamp;

/// `agent_status`.
#[derive(Clone, Debug, Serialize)]
pub struct AgentStatus {
    job_id: String,
    status: &'static str,
    timestamp: String,
    event: &'static str,
    result: Option<Value>,
    error: Option<String>,
}

impl AgentStatus {
    /// The job waits.
    pub fn queued(job_id: &str) -> Self {
        Self::new(job_id, "queued")
    }

    /// The job is worked on.
    pub fn running(job_id: &str) -> Self {
        Self::new(job_id, "running")
    }

    /// The job is done.
    pub fn success(job_id: &str, result: Value) -> Self {
        Self { result: Some(result), ..Self::new(job_id, "success") }
    }

    /// The job has failed.
    pub fn error(job_id: &str, error: String) -> Self {
        Self { error: Some(error), ..Self::new(job_id, "error") }
    }

    fn new(job_id: &str, status: &'static str) -> Self {
        Self {
            job_id: job_id.to_owned(),
            status,
            timestamp: timestamp(),
            event: "status_change",
            result: None,
            error: None,
        }
    }
}

/// `agent_progress`.
#[derive(Clone, Debug, Serialize)]
pub struct AgentProgress {
    job_id: String,
    progress: u64,
    timestamp: String,
    event: &'static str,
    message: String,
}

impl AgentProgress {
    /// So many percent of the job are done.
    pub fn new(job_id: &str, progress: u64, message: String) -> Self {
        let (job_id, timestamp) = (job_id.to_owned(), timestamp());
        Self { job_id, progress, timestamp, event: "progress_update", message }
    }
}
