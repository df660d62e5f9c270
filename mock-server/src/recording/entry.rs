//! What a recording holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::assembler::Said;
use super::line;

/// A recording that can be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The sessions in the order in which they began; in each at least one packet was said.
    pub(super) sessions: Vec<Session>,
}

/// One session of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// Its number in the file, from 1.
    pub number: u64,
    /// How it began.
    pub opening: Opening,
    /// What happened in it, in order.
    pub moments: Vec<Moment>,
}

/// How a session began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    /// The path of the address.
    pub path: String,
    /// Its query.
    pub query: String,
    /// Engine.IO's first transport.
    pub transport: String,
    /// What the server's handshake said.
    pub handshake: Handshake,
}

/// What an Engine.IO handshake says besides the session's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Handshake {
    /// In milliseconds.
    pub ping_interval: u64,
    /// In milliseconds.
    pub ping_timeout: u64,
    /// In bytes.
    pub max_payload: u64,
}

/// Something that happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since the session began, in milliseconds.
    pub at_ms: u64,
    /// Who did it.
    pub from: Side,
    /// What was done.
    pub deed: Deed,
}

/// What a side did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It said something.
    Say(Said),
    /// It closed the session.
    Close,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// Why a recording cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A line makes no sense.
    #[error("{path}: line {line}: {reason}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to replay.
    #[error("{path}: no client has said anything in this recording")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a recording from a file.
///
/// # Errors
///
/// [`RecordingError`] with the line of the mistake.
pub fn read_recording(path: &Path) -> Result<Recording, RecordingError> {
    let read = |source| RecordingError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(read)?;
    let wrong = |(line, reason)| RecordingError::Line { path: path.to_owned(), line, reason };
    let mut sessions = line::parse(&text).map_err(wrong)?;
    sessions.retain(|session| !session.moments.is_empty());
    if sessions.is_empty() {
        return Err(RecordingError::Empty { path: path.to_owned() });
    }
    Ok(Recording { sessions })
}
