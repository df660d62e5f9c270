//! A WebSocket through the recorder: bytes go on at once, and frames go on the tape.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional, split};

use super::assembler::Message;
use super::entry::Side;
use super::tape::{Request, Tape};
use crate::frame::{Frame, FrameReader, Opcode};

/// What both directions of a WebSocket know.
#[derive(Debug)]
pub struct Line {
    tape: Arc<Tape>,
    request: Request,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    session: Option<String>,
    /// Whether the session is lost with the WebSocket: not while it only tries to become its transport.
    carries: bool,
}

impl Line {
    /// Begins with the session that the address names, or with none.
    #[must_use]
    pub fn new(tape: Arc<Tape>, request: Request, session: Option<String>) -> Self {
        let state = State { carries: session.is_none(), session };
        Self { tape, request, state: Mutex::new(state) }
    }

    fn note(&self, from: Side, frame: Frame) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (frame.opcode, frame.text()) {
            (Opcode::Text, Some(text)) => {
                state.carries |= from == Side::Client && text == UPGRADE;
                self.tape.text(from, &mut state.session, &self.request, &text);
            }
            (Opcode::Binary, _) => {
                let message = Message::Binary(frame.payload);
                self.tape.say(from, state.session.as_deref(), message);
            }
            (Opcode::Close, _) => self.end(from, &state),
            _ => {}
        }
    }

    fn end(&self, from: Side, state: &State) {
        if let Some(session) = state.session.as_deref().filter(|_| state.carries) {
            self.tape.close(from, session);
        }
    }
}

/// Joins both sides until one of them ends.
pub async fn join(client: Upgraded, server: Upgraded, line: Line) {
    let (from_client, mut to_client) = split(TokioIo::new(client));
    let (from_server, mut to_server) = split(TokioIo::new(server));
    let ended = tokio::select! {
        () = pass(Side::Client, from_client, &mut to_server, &line) => Side::Client,
        () = pass(Side::Server, from_server, &mut to_client, &line) => Side::Server,
    };
    line.end(ended, &line.state.lock().unwrap_or_else(PoisonError::into_inner));
    // Either may be gone already.
    let _ = tokio::join!(to_client.shutdown(), to_server.shutdown());
}

/// Joins both sides of a WebSocket that is none of Socket.IO's until one of them ends.
pub async fn join_unheard(client: Upgraded, server: Upgraded) {
    let joined = copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(server)).await;
    if let Err(error) = joined {
        tracing::debug!(%error, "a WebSocket has broken off");
    }
}

/// Passes bytes on, each time after they are on the tape.
async fn pass(
    from: Side,
    mut source: impl AsyncRead + Unpin,
    target: &mut (impl AsyncWrite + Unpin),
    line: &Line,
) {
    let mut reader = Some(FrameReader::default());
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = source.read(&mut buffer).await {
        let bytes = buffer.get(..length).unwrap_or_default();
        reader = reader.and_then(|reader| read(from, reader, bytes, line));
        if target.write_all(bytes).await.is_err() {
            return;
        }
    }
}

/// Puts frames on the tape; `None` when they cannot be told apart any more.
fn read(from: Side, mut reader: FrameReader, mut bytes: &[u8], line: &Line) -> Option<FrameReader> {
    loop {
        match reader.read(&mut bytes) {
            Ok(Some(frame)) => line.note(from, frame),
            Ok(None) => return Some(reader),
            Err(_) => {
                tracing::warn!("a message is too long: the rest of its WebSocket is not recorded");
                return None;
            }
        }
    }
}

/// The client's last word of an upgrade: from now on the WebSocket is the transport.
const UPGRADE: &str = "5";
const BUFFER: usize = 64 << 10;
