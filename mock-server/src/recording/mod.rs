//! Recordings: what a real server and its clients have said, in a file that people can read and change.
//!
//! From the bottom: `packet` reads and writes Socket.IO packets, `assembler` joins them with their
//! attachments, `entry` and `line` are the file's contents and its text; all of them do no I/O. `tape`
//! writes a file while `recorder` stands between the clients and the server (`forward` for HTTP, `tunnel`
//! for WebSockets). `player` knows what is to be said when, without I/O, too; `stage` lets players speak
//! to clients, with the Engine.IO of `engineioxide`, `mismatches` is what tests can ask for, and `replay`
//! is the server.
//!
//! Engine.IO's own packets, so heartbeats, probes and handshakes, are not recorded: the server that
//! replays makes its own, with the intervals of the recorded handshake.

mod args;
mod assembler;
mod entry;
mod forward;
mod line;
mod mismatches;
mod packet;
mod player;
mod recorder;
mod replay;
mod stage;
mod tape;
mod tunnel;

pub use args::RecordingArgs;
pub use entry::{Recording, RecordingError, read_recording};
pub use recorder::{RecordConfig, Recorder, RecorderError, Upstream};
pub use replay::{Replay, ReplayConfig, ReplayError};
