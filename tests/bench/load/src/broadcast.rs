//! Lets the server send events: one request for each, and every client gets it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::wire;

/// A connection on which the server is asked to send events.
#[derive(Debug)]
pub struct Broadcaster {
    stream: TcpStream,
    host: String,
}

impl Broadcaster {
    /// Connects to `server`.
    ///
    /// # Errors
    ///
    /// When nobody listens there.
    pub async fn connect(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: server.to_string() })
    }

    /// Lets the server send the event `number` to everybody; returns when it has taken it up.
    ///
    /// # Errors
    ///
    /// When the server refuses, or is gone.
    pub async fn send(&mut self, number: u64) -> io::Result<()> {
        let request = wire::post_request(&self.host, PATH, &body(number));
        self.stream.write_all(request.as_bytes()).await?;
        let mut response = Vec::new();
        let end = loop {
            self.read_more(&mut response).await?;
            if let Some(end) = wire::end_of_head(&response) {
                break end;
            }
        };
        let mut body = response.split_off(end);
        let length = wire::read_head(&response, 200)?;
        while body.len() < length {
            self.read_more(&mut body).await?;
        }
        Ok(())
    }

    async fn read_more(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        match self.stream.read_buf(bytes).await? {
            0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "the server is gone")),
            _ => Ok(()),
        }
    }
}

/// What both servers answer.
const PATH: &str = "/api/broadcast";

const EVENT: &str = "finance:quote";

/// How long the event is on the wire.
const EVENT_BYTES: usize = 200;

/// The fields are in the order of the alphabet: some servers bring them into it.
fn body(number: u64) -> String {
    let data = |text: &str| {
        let fields = r#""price":182.41,"symbol":"ALDR""#;
        format!(r#"{{"number":{number},{fields},"text":"{text}","volume":340}}"#)
    };
    let bare = r#"42["",]"#.len() + EVENT.len() + data("").len();
    let text = "x".repeat(EVENT_BYTES.saturating_sub(bare));
    format!(r#"{{"event":"{EVENT}","data":{}}}"#, data(&text))
}

/// Reads the number of the event that one of these requests has caused, from its array.
#[must_use]
pub fn read_number(event: &[u8]) -> Option<u64> {
    let text = event.strip_prefix(br#"["finance:quote",{"number":"#)?;
    let digits = text.iter().take_while(|unit| unit.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_events_of_one_length_and_reads_their_numbers() {
        for number in [0, 7, 123_456] {
            let body = body(number);
            let data = body.split_once(r#""data":"#).map(|(_, data)| data).unwrap_or_default();
            let event = format!(r#"["{EVENT}",{}]"#, data.strip_suffix('}').unwrap_or_default());
            assert_eq!(event.len() + "42".len(), EVENT_BYTES);
            assert_eq!(read_number(event.as_bytes()), Some(number));
            assert!(body.parse::<serde_json::Value>().is_ok(), "{body}");
        }
        assert_eq!(read_number(br#"["log",{"number":1}]"#), None);
    }
}
