//! The body of a polling answer: packets one after the other.

use crate::host::Host;

/// What stands between two packets of a payload.
const SEPARATOR: u8 = 0x1e;

/// The packets of a payload, one at a time.
///
/// Each is a text; that of a binary MESSAGE starts with `b`. An empty body is one empty packet, which
/// no session accepts.
///
/// ```
/// # #[cfg(not(target_family = "wasm"))] {
/// use sockeye::engineio::Payload;
/// use sockeye::native::NativeHost;
///
/// let (host, body) = (NativeHost::default(), "4hello\x1e2\x1ebAQID".to_owned());
/// let mut payload = Payload::default();
/// let packets = std::iter::from_fn(|| payload.next_packet(&host, &body));
/// assert_eq!(packets.collect::<Vec<_>>(), ["4hello", "2", "bAQID"]);
/// # }
/// ```
///
/// Source: Engine.IO protocol 4, section "Packet encoding", "HTTP long-polling".
#[derive(Debug, Default)]
pub struct Payload {
    position: usize,
    ended: bool,
}

impl Payload {
    /// Returns the next packet of `body`.
    pub fn next_packet<H: Host>(&mut self, host: &H, body: &H::Text) -> Option<H::Text> {
        if self.ended {
            return None;
        }
        let start = self.position;
        let separator = host.find(body, SEPARATOR, start);
        self.ended = separator.is_none();
        let end = separator.unwrap_or_else(|| host.length(body));
        self.position = end + 1;
        Some(host.part(body, start, end))
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;

    fn packets(body: &str) -> Vec<String> {
        let (host, body) = (NativeHost::default(), body.to_owned());
        let mut payload = Payload::default();
        std::iter::from_fn(|| payload.next_packet(&host, &body)).collect()
    }

    #[test]
    fn splits_a_body_at_each_separator() {
        assert_eq!(packets("0{}"), ["0{}"]);
        assert_eq!(packets("4\u{20ac}\x1eb\x1e6"), ["4\u{20ac}", "b", "6"]);
        assert_eq!(packets(""), [""]);
        assert_eq!(packets("\x1e"), ["", ""]);
        assert_eq!(packets("\x1e\x1e4a\x1e"), ["", "", "4a", ""]);
    }

    #[test]
    fn goes_through_a_million_packets() {
        assert_eq!(packets(&"6\x1e".repeat(1_000_000)).len(), 1_000_001);
    }
}
