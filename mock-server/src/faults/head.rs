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
    /// Where the client's page comes from, as browsers say.
    pub origin: Option<String>,
    /// What follows it.
    pub body: Body,
}

/// What follows the first lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Length(u64),
    /// Something whose end is not known from the first lines.
    Unknown,
}

impl Head {
    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> &str {
        self.line.split(' ').next().unwrap_or_default()
    }

    /// The path of a request, with its query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The session that a request belongs to, which it says unless it begins one.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        let (_, query) = self.path().split_once('?')?;
        query.split('&').find_map(|parameter| parameter.strip_prefix("sid="))
    }

    /// Whether it is about Socket.IO, of whichever server on the same port.
    #[must_use]
    pub fn is_socket_io(&self) -> bool {
        let path = self.path().split('?').next().unwrap_or_default();
        path.split('/').any(|part| part == "socket.io")
    }

    /// Whether it is a request of HTTP long-polling.
    #[must_use]
    pub fn polls(&self) -> bool {
        self.is_socket_io() && !self.asks_for_websocket() && self.method() != "OPTIONS"
    }

    /// Whether it is an answer that all is well.
    #[must_use]
    pub fn is_good_answer(&self) -> bool {
        self.line.split(' ').nth(1) == Some("200")
    }

    /// The bytes to pass on with a body of another length.
    #[must_use]
    pub fn with_length(&self, length: usize) -> Vec<u8> {
        let kept = lines(&self.bytes).filter(|line| named(line, b"content-length").is_none());
        let mut bytes: Vec<u8> = kept.flatten().copied().collect();
        // Before the empty line.
        bytes.truncate(bytes.len().saturating_sub(2));
        bytes.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        bytes
    }

    /// Whether it is a request for a WebSocket.
    #[must_use]
    pub fn asks_for_websocket(&self) -> bool {
        self.upgrade == Upgrade::Asked
    }
}

/// How far a connection is on its way to a WebSocket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// It is plain HTTP, or something else.
    #[default]
    No,
    /// The client has polled: the next answer is a payload.
    Polled,
    /// The client has asked.
    Asked,
    /// The server has agreed: frames follow in both directions.
    Done,
}

/// Takes the first lines off `bytes`, which keep what follows; `None` if they are not all there.
///
/// Of a request for a WebSocket the offer of extensions is left out, and of one of HTTP long-polling that of
/// encodings, so that nothing is compressed.
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
    let origin = header(&head, b"origin").map(|value| String::from_utf8_lossy(value).into_owned());
    let body = body_of(&head);
    let mut head = Head { bytes: head, line, upgrade, origin, body };
    if upgrade == Upgrade::Asked {
        head.bytes = without(&head.bytes, b"sec-websocket-extensions");
    } else if upgrade == Upgrade::No && head.polls() {
        head.bytes = without(&head.bytes, b"accept-encoding");
    }
    Some(head)
}

fn body_of(head: &[u8]) -> Body {
    if header(head, b"transfer-encoding").is_some() {
        return Body::Unknown;
    }
    let length = header(head, b"content-length").map(|value| str::from_utf8(value).map(str::parse));
    match length {
        None => Body::Length(0),
        Some(Ok(Ok(length))) => Body::Length(length),
        Some(Ok(Err(_)) | Err(_)) => Body::Unknown,
    }
}

fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    lines(head).find_map(|line| named(line, name))
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
    header(head, b"upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

fn without(head: &[u8], name: &[u8]) -> Vec<u8> {
    lines(head).filter(|line| named(line, name).is_none()).flatten().copied().collect()
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
    fn a_request_says_what_it_is_about() {
        let mut bytes = b"POST /jobs/socket.io/?EIO=4&sid=ab HTTP/1.1\r\nOrigin: http://a\r\n\
            content-length: 12\r\n\r\n"
            .to_vec();
        let head = take_head(&mut bytes).unwrap();
        assert_eq!((head.method(), head.path()), ("POST", "/jobs/socket.io/?EIO=4&sid=ab"));
        assert_eq!((head.session(), head.is_socket_io()), (Some("ab"), true));
        assert_eq!((head.origin.as_deref(), head.body), (Some("http://a"), Body::Length(12)));
        let polling = "GET /socket.io/?sid=a HTTP/1.1\r\nAccept-Encoding: gzip\r\nHost: a\r\n\r\n";
        let polling = take_head(&mut polling.as_bytes().to_vec()).unwrap();
        assert!(polling.polls() && !polling.bytes.windows(4).any(|bytes| bytes == b"gzip"));
        let shorter = String::from_utf8(head.with_length(7)).unwrap();
        assert!(shorter.ends_with("Origin: http://a\r\nContent-Length: 7\r\n\r\n"), "{shorter}");
        for (rest, body) in [
            ("GET /socket.iox/ HTTP/1.1\r\n\r\n", Body::Length(0)),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Body::Unknown),
            ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", Body::Unknown),
        ] {
            let head = take_head(&mut rest.as_bytes().to_vec()).unwrap();
            assert_eq!((head.body, head.is_socket_io(), head.session()), (body, false, None));
        }
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
