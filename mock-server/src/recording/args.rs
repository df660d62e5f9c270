//! The flags.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::entry::{RecordingError, read_recording};
use super::recorder::{RecordConfig, Upstream};
use super::replay::ReplayConfig;

/// What makes the program a recorder.
#[derive(Clone, Debug, Args)]
pub struct RecordingArgs {
    /// Record a real server instead of playing one: pass everything on to --upstream, write what is said to FILE
    ///
    /// Point the client at this program instead of the server. FILE has one JSON object per line; what is in it is
    /// overwritten. It holds what clients connect with, so tokens, unless --redact is given.
    #[arg(long, value_name = "FILE", requires = "upstream", conflicts_with_all = OF_THE_MOCK, conflicts_with = "speed")]
    record: Option<PathBuf>,

    /// With --record: the server, e.g. http://localhost:3000
    #[arg(long, value_name = "URL", requires = "record")]
    upstream: Option<Upstream>,

    /// With --record: hide what clients connect with, in auth and in the address
    #[arg(long, requires = "record")]
    redact: bool,

    /// Play what was recorded in FILE instead of a contract, with the original timing or --speed
    ///
    /// Every client gets the next of the recorded sessions, after the last the first again. What the client
    /// says that was not recorded is in the log, and at GET /control/replay.
    #[arg(long, value_name = "FILE", conflicts_with_all = OF_THE_MOCK, conflicts_with = "record")]
    replay: Option<PathBuf>,

    /// With --replay: how long a client is waited for that does not say what the recorded one has said
    #[arg(long, default_value_t = 5_000, value_name = "MS", requires = "replay")]
    patience_ms: u64,
}

impl RecordingArgs {
    /// Returns what to record, if anything, on this address.
    #[must_use]
    pub fn record(&self, host: &str, port: u16) -> Option<RecordConfig> {
        let (file, upstream) = self.record.clone().zip(self.upstream.clone())?;
        Some(RecordConfig { host: host.to_owned(), port, upstream, file, redact: self.redact })
    }

    /// Returns what to replay, if anything, on this address and at this speed; the file is read here.
    ///
    /// # Errors
    ///
    /// [`RecordingError`] when the file cannot be used.
    pub fn replay(
        &self,
        host: &str,
        port: u16,
        speed: f64,
    ) -> Result<Option<ReplayConfig>, RecordingError> {
        let Some(file) = &self.replay else { return Ok(None) };
        let (recording, host) = (read_recording(file)?, host.to_owned());
        let speed = speed.is_finite().then_some(speed);
        let patience = Duration::from_millis(self.patience_ms);
        Ok(Some(ReplayConfig { host, port, recording, speed, patience }))
    }
}

/// Flags of the mock server that say nothing about somebody else's.
const OF_THE_MOCK: [&str; 18] = [
    "admin",
    "cors_origin",
    "ping_interval_ms",
    "ping_timeout_ms",
    "progress_interval_ms",
    "project",
    "search_limit",
    "secret",
    "script",
    "contract",
    "seed",
    "rate",
    "summary_log",
    "event_ids",
    "helper",
    "repeat_events",
    "redis",
    "www",
];
