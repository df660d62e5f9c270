//! As much of HTTP and WebSocket as the generator speaks.
//!
//! It is written out here, and not taken from a library, because what it costs is taken from the machine
//! that the server runs on, too.

use std::io::{self, ErrorKind};

/// A WebSocket frame from the server; none of them is in fragments or compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is: text, close, ping.
    pub opcode: u8,
    /// What it holds.
    pub payload: &'a [u8],
}

/// The opcode of a text.
pub const TEXT: u8 = 1;

/// The opcode of the end.
pub const CLOSE: u8 = 8;

/// Takes the first frame off `bytes`, if it is whole.
#[must_use]
pub fn split_frame(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match second & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (u16::from_be_bytes(*length).into(), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (usize::try_from(u64::from_be_bytes(*length)).unwrap_or(usize::MAX), rest)
        }
        short => (usize::from(short), rest),
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    Some((Frame { opcode: first & 0x0f, payload }, rest))
}

/// Makes the frame of a short text. Its mask is zero, so the text stays as it is.
#[must_use]
pub fn short_text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX).min(125);
    let head = [0x80 | TEXT, 0x80 | length, 0, 0, 0, 0];
    [&head, text.as_bytes()].concat()
}

/// The request that begins an Engine.IO session on a WebSocket.
#[must_use]
pub fn upgrade_request(host: &str) -> String {
    [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        &format!("host: {host}"),
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "\r\n",
    ]
    .join("\r\n")
}

/// Makes a request with a JSON body.
#[must_use]
pub fn post_request(host: &str, path: &str, body: &str) -> String {
    [
        &format!("POST {path} HTTP/1.1"),
        &format!("host: {host}"),
        "content-type: application/json",
        &format!("content-length: {}", body.len()),
        "",
        body,
    ]
    .join("\r\n")
}

/// Where the head of a response ends, or `None` if not all of it is there.
#[must_use]
pub fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let end = b"\r\n\r\n";
    let position = bytes.windows(end.len()).position(|window| window == end)?;
    Some(position + end.len())
}

/// Checks the status of a response's head, and returns the length of its body.
///
/// # Errors
///
/// When the status is another one.
pub fn read_head(head: &[u8], status: u16) -> io::Result<usize> {
    let head = String::from_utf8_lossy(head);
    let first = head.lines().next().unwrap_or_default();
    if first.split(' ').nth(1) != Some(&status.to_string()) {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("the server answers: {first}")));
    }
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.trim().parse().ok());
    Ok(length.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn splits_frames_of_every_length_and_waits_for_the_rest() {
        for length in [0, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let head = match length {
                0..126 => vec![0x81, length as u8],
                126..65_536 => [&[0x81, 126][..], &(length as u16).to_be_bytes()].concat(),
                65_536.. => [&[0x81, 127][..], &(length as u64).to_be_bytes()].concat(),
            };
            let bytes = [head, payload.clone(), b"next".to_vec()].concat();
            let (frame, rest) = split_frame(&bytes).unwrap();
            assert_eq!((frame.opcode, frame.payload, rest), (TEXT, &payload[..], &b"next"[..]));
            let cut = bytes.len() - b"next".len() - 1;
            assert_eq!(bytes.get(..cut).and_then(split_frame), None, "{length}");
        }
    }

    #[test]
    fn reads_the_length_of_a_body_and_refuses_another_status() {
        let response = b"HTTP/1.1 200 OK\r\nX-Other: 7\r\nContent-Length: 12\r\n\r\n{\"event\":1}";
        let end = end_of_head(response).unwrap();
        assert_eq!(response.get(end..).unwrap().first(), Some(&b'{'));
        assert_eq!(read_head(response, 200).unwrap(), 12);
        assert!(read_head(response, 101).is_err());
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
