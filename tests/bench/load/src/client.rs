//! One client: it connects, listens, and answers the heartbeat.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::broadcast::read_number;
use crate::tally::Tally;
use crate::wire::{self, CLOSE, Frame, TEXT};

/// Where all clients read into, so that none needs much memory of its own.
pub type Desk = Rc<RefCell<Vec<u8>>>;

/// How much is read at once.
pub const DESK_BYTES: usize = 65_536;

/// A client of the namespace `/`, on a WebSocket.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    /// What has come and is not handled: usually nothing, or the beginning of a frame.
    unread: Vec<u8>,
    desk: Desk,
    tally: Rc<Tally>,
    /// The number of the event that has to come next.
    next: u64,
}

/// What the frames that have come ask for.
#[derive(Debug, Default)]
struct Turn {
    answers: Vec<u8>,
    connected: bool,
}

impl Client {
    /// Connects to `server` and its namespace.
    ///
    /// # Errors
    ///
    /// When the server refuses, or ends the connection.
    pub async fn connect(server: SocketAddr, desk: Desk, tally: Rc<Tally>) -> io::Result<Self> {
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        stream.write_all(wire::upgrade_request(&server.to_string()).as_bytes()).await?;
        let next = tally.sent();
        let mut client = Self { stream, unread: Vec::new(), desk, tally, next };
        client.read_response().await?;
        while !client.take_turn().await? {
            client.read().await?;
        }
        Ok(client)
    }

    /// Receives until the connection ends.
    ///
    /// # Errors
    ///
    /// How it ends.
    pub async fn listen(mut self) -> io::Result<()> {
        loop {
            self.read().await?;
            self.take_turn().await?;
        }
    }

    async fn read_response(&mut self) -> io::Result<()> {
        loop {
            self.read().await?;
            if let Some(end) = wire::end_of_head(&self.unread) {
                let frames = self.unread.split_off(end);
                let head = std::mem::replace(&mut self.unread, frames);
                return wire::read_head(&head, 101).map(drop);
            }
        }
    }

    /// Waits for bytes and takes those that are there.
    async fn read(&mut self) -> io::Result<()> {
        loop {
            self.stream.readable().await?;
            let mut desk = self.desk.borrow_mut();
            match self.stream.try_read(&mut desk) {
                Ok(0) => return Err(ended()),
                Ok(count) => {
                    self.unread.extend(desk.iter().take(count));
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Handles the frames that are whole; returns whether the namespace has been connected.
    async fn take_turn(&mut self) -> io::Result<bool> {
        let unread = std::mem::take(&mut self.unread);
        let (now, mut turn, mut rest) = (Instant::now(), Turn::default(), &unread[..]);
        while let Some((frame, behind)) = wire::split_frame(rest) {
            self.handle(frame, now, &mut turn)?;
            rest = behind;
        }
        self.unread.extend_from_slice(rest);
        if !turn.answers.is_empty() {
            self.stream.write_all(&turn.answers).await?;
        }
        Ok(turn.connected)
    }

    fn handle(&mut self, frame: Frame<'_>, now: Instant, turn: &mut Turn) -> io::Result<()> {
        match (frame.opcode, frame.payload) {
            (TEXT, [b'4', b'2', event @ ..]) => {
                if let Some(number) = read_number(event) {
                    self.tally.receive(number, self.next, now);
                    self.next = number + 1;
                }
            }
            (TEXT, [b'0', ..]) => turn.answers.extend(wire::short_text("40")),
            (TEXT, [b'2', ..]) => turn.answers.extend(wire::short_text("3")),
            (TEXT, [b'4', b'0', ..]) => turn.connected = true,
            (TEXT, [b'4', b'4', ..]) | (CLOSE, _) => return Err(ended()),
            _ => {}
        }
        Ok(())
    }
}

fn ended() -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, "the server has ended a connection")
}
