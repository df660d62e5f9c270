//! The first lines of an HTTP message: whether they ask for a WebSocket, and without its compression.

/// A request's or an answer's first lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The bytes to pass on.
    pub bytes: Vec<u8>,
    /// The first line, e.g. `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1`.
    pub line: String,
    /// What kind of connection it makes.
    pub upgrade: Upgrade,
}

/// How far a connection is on its way to a WebSocket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// It is plain HTTP, or something else.
    #[default]
    No,
    /// The client has asked.
    Asked,
    /// The server has agreed: frames follow in both directions.
    Done,
}

/// Takes the first lines off `bytes`, which keep what follows; `None` if they are not all there.
///
/// Of a request for a WebSocket the offer of extensions is left out, so that no frame is compressed.
#[must_use]
pub fn take_head(bytes: &mut Vec<u8>) -> Option<Head> {
    let end = bytes.windows(END.len()).position(|window| window == END)? + END.len();
    let rest = bytes.split_off(end);
    let head = std::mem::replace(bytes, rest);
    let line = first_line(&head);
    let upgrade = if line.starts_with("HTTP/") {
        answered(&line)
    } else if asks_for_websocket(&head) {
        Upgrade::Asked
    } else {
        Upgrade::No
    };
    let bytes = if upgrade == Upgrade::Asked { without_extensions(&head) } else { head };
    Some(Head { bytes, line, upgrade })
}

fn answered(line: &str) -> Upgrade {
    let status = line.split_whitespace().nth(1);
    if status == Some("101") { Upgrade::Done } else { Upgrade::No }
}

fn first_line(head: &[u8]) -> String {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

fn asks_for_websocket(head: &[u8]) -> bool {
    lines(head).any(|line| {
        named(line, b"upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
    })
}

fn without_extensions(head: &[u8]) -> Vec<u8> {
    lines(head)
        .filter(|line| named(line, b"sec-websocket-extensions").is_none())
        .flatten()
        .copied()
        .collect()
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split_inclusive(|&byte| byte == b'\n')
}

/// The value of a header line, if it has this name.
fn named<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (own, value) = line.split_at_checked(name.len())?;
    let value = value.strip_prefix(b":")?;
    own.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

const END: &[u8] = b"\r\n\r\n";

/// In bytes. What has longer first lines goes through without being looked at.
pub const MAX_HEAD: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offer_of_compression_is_taken_off_a_websocket_request() {
        let mut bytes = b"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: a\r\nUPGRADE:  WebSocket\r\n\
            sec-websocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
            Cookie: b=c\r\n\r\nmore"
            .to_vec();
        let head = take_head(&mut bytes).unwrap();
        let expected =
            b"GET /socket.io/?EIO=4 HTTP/1.1\r\nHost: a\r\nUPGRADE:  WebSocket\r\nCookie: b=c\r\n\r\n";
        assert_eq!(head.bytes, expected);
        assert_eq!(head.line, "GET /socket.io/?EIO=4 HTTP/1.1");
        assert_eq!(head.upgrade, Upgrade::Asked);
        assert_eq!(bytes, b"more");
    }

    #[test]
    fn other_heads_stay_as_they_are() {
        for (head, upgrade) in [
            ("GET / HTTP/1.1\r\nSec-WebSocket-Extensions: x\r\n\r\n", Upgrade::No),
            ("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", Upgrade::No),
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", Upgrade::Done),
            ("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n\r\n", Upgrade::No),
            ("HTTP/1.1 400 Wants 101\r\n\r\n", Upgrade::No),
        ] {
            let read = take_head(&mut head.as_bytes().to_vec()).unwrap();
            assert_eq!((read.bytes.as_slice(), read.upgrade), (head.as_bytes(), upgrade));
        }
    }

    #[test]
    fn an_unfinished_head_waits() {
        let mut bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r".to_vec();
        assert_eq!(take_head(&mut bytes), None);
        assert_eq!(bytes.len(), 26);
    }
}
