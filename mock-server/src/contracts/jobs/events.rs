//! The events that the server sends about a job.

use serde_json::{Value, json};

use crate::clock::timestamp;

/// Something that happened to a job.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// `job:update`: the job has a new status.
    Update {
        /// The status.
        status: &'static str,
        /// What there is to say about it.
        data: Value,
    },
    /// `job:progress`.
    Progress {
        /// From 0 to 100.
        percent: u64,
        /// What is being done.
        message: String,
    },
    /// `job:completed`.
    Completed {
        /// What came out.
        result: Value,
    },
    /// `job:error`.
    Failed {
        /// Why.
        error: String,
    },
}

impl JobEvent {
    /// Returns the event's name and its payload for the job `job_id`.
    #[must_use]
    pub fn message(self, job_id: &str) -> (&'static str, Value) {
        let timestamp = timestamp();
        match self {
            Self::Update { status, data } => (
                "job:update",
                json!({ "jobId": job_id, "status": status, "data": data, "timestamp": timestamp }),
            ),
            Self::Progress { percent, message } => (
                "job:progress",
                json!({
                    "jobId": job_id,
                    "status": "in_progress",
                    "progress": percent,
                    "message": message,
                    "timestamp": timestamp,
                }),
            ),
            Self::Completed { result } => (
                "job:completed",
                json!({
                    "jobId": job_id,
                    "status": "completed",
                    "result": result,
                    "timestamp": timestamp,
                }),
            ),
            Self::Failed { error } => (
                "job:error",
                json!({
                    "jobId": job_id,
                    "status": "failed",
                    "error": error,
                    "timestamp": timestamp,
                }),
            ),
        }
    }
}
