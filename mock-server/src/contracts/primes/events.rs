//! The events that the server sends, and the rooms they go to.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::clock::timestamp;
use crate::emitter::Emitter;

/// `welcome`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    message: &'static str,
    client_id: String,
    timestamp: String,
}

impl Welcome {
    /// Greets the client with its own socket id.
    pub fn new(client_id: String) -> Self {
        Self { message: "Connected to the primes server", client_id, timestamp: timestamp() }
    }
}

/// `subscription:confirmed`.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionConfirmed {
    r#type: &'static str,
    subscribed: bool,
    timestamp: String,
}

impl SubscriptionConfirmed {
    /// Confirms that the client is, or is no longer, subscribed to `type`.
    pub fn new(r#type: &'static str, subscribed: bool) -> Self {
        Self { r#type, subscribed, timestamp: timestamp() }
    }
}

/// `error`.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorMessage {
    message: String,
    code: &'static str,
}

impl ErrorMessage {
    /// Says what was wrong, in words and as a code.
    pub fn new(message: String, code: &'static str) -> Self {
        Self { message, code }
    }
}

/// What is broadcast to subscribers.
#[derive(Clone, Debug)]
pub enum Broadcast {
    /// `batch:added`, with the batch.
    BatchAdded(Map<String, Value>),
    /// `batch:updated`, with the whole batch.
    BatchUpdated(Map<String, Value>),
    /// `job:started`.
    JobStarted(JobStarted),
    /// `job:completed`.
    JobCompleted(JobEnded),
    /// `job:failed`.
    JobFailed(JobEnded),
    /// `solution:found`, with the solution.
    SolutionFound(Map<String, Value>),
}

/// A process began to work on a job.
#[derive(Clone, Debug)]
pub struct JobStarted {
    /// The job.
    pub job_id: String,
    /// The operating system's number of the process.
    pub pid: u64,
}

/// A job's process ended.
#[derive(Clone, Debug)]
pub struct JobEnded {
    /// The job.
    pub job_id: String,
    /// What the process returned; 0 is success.
    pub exit_code: i64,
    /// Why it failed.
    pub error: Option<String>,
}

impl Broadcast {
    /// Emits the event to its room, and returns its name and payload.
    ///
    /// A job's event is followed by `job:status_changed`.
    pub async fn emit(self, emitter: &Emitter) -> (&'static str, Value) {
        let (room, event) = self.address();
        let status = self.status();
        let payload = self.payload();
        emitter.to_rooms(vec![room.to_owned()], event, &payload).await;
        if let Some(status) = status {
            let mut changed = Map::new();
            changed.insert("jobId".to_owned(), payload.get("jobId").cloned().unwrap_or_default());
            changed.insert("status".to_owned(), status.into());
            emitter.to_rooms(vec![room.to_owned()], "job:status_changed", stamped(changed)).await;
        }
        (event, payload)
    }

    /// Returns the room and the event's name.
    pub fn address(&self) -> (&'static str, &'static str) {
        match self {
            Self::BatchAdded(_) => ("batches", "batch:added"),
            Self::BatchUpdated(_) => ("batches", "batch:updated"),
            Self::JobStarted(_) => ("jobs", "job:started"),
            Self::JobCompleted(_) => ("jobs", "job:completed"),
            Self::JobFailed(_) => ("jobs", "job:failed"),
            Self::SolutionFound(_) => ("solutions", "solution:found"),
        }
    }

    fn status(&self) -> Option<&'static str> {
        match self {
            Self::JobStarted(_) => Some("started"),
            Self::JobCompleted(_) => Some("completed"),
            Self::JobFailed(_) => Some("failed"),
            Self::BatchAdded(_) | Self::BatchUpdated(_) | Self::SolutionFound(_) => None,
        }
    }

    /// Returns what the event carries.
    pub fn payload(self) -> Value {
        let mut fields = Map::new();
        match self {
            Self::BatchAdded(batch) | Self::BatchUpdated(batch) => {
                fields.insert("batch".to_owned(), batch.into());
            }
            Self::SolutionFound(solution) => {
                fields.insert("solution".to_owned(), solution.into());
            }
            Self::JobStarted(job) => {
                fields.insert("jobId".to_owned(), job.job_id.into());
                fields.insert("pid".to_owned(), job.pid.into());
            }
            Self::JobCompleted(job) | Self::JobFailed(job) => {
                fields.insert("jobId".to_owned(), job.job_id.into());
                fields.insert("exitCode".to_owned(), job.exit_code.into());
                if let Some(error) = job.error {
                    fields.insert("error".to_owned(), error.into());
                }
            }
        }
        stamped(fields)
    }
}

fn stamped(mut fields: Map<String, Value>) -> Value {
    fields.insert("timestamp".to_owned(), timestamp().into());
    fields.into()
}
