//! Adds `data.code` to refusals, which the Socket.IO library sends with a message alone.

use serde::Deserialize;
use serde_json::json;

use crate::frame::{FrameReader, encode_text};
use crate::user::Refusal;
use crate::wire::SEPARATOR;

/// Returns an Engine.IO payload of HTTP long-polling with codes in its refusals; `None` if it has none.
#[must_use]
pub fn coded_payload(payload: &str) -> Option<String> {
    let packets: Vec<_> = payload.split(SEPARATOR).map(|packet| (packet, coded(packet))).collect();
    packets.iter().any(|(_, coded)| coded.is_some()).then(|| {
        let packets = packets.into_iter().map(|(packet, coded)| coded.unwrap_or(packet.to_owned()));
        packets.collect::<Vec<_>>().join(SEPARATOR)
    })
}

/// Returns the packet with a code; `None` if it is no refusal of ours.
fn coded(packet: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Refused {
        message: String,
    }
    let refused = packet.strip_prefix(CONNECT_ERROR)?;
    let (namespace, data) = refused.split_at(refused.find('{')?);
    let Refused { message } = serde_json::from_str(data).ok()?;
    let data = json!({ "message": message, "data": { "code": message } });
    Refusal::is_one(&message).then(|| format!("{CONNECT_ERROR}{namespace}{data}"))
}

/// What goes out on a connection that becomes a WebSocket, with codes in its refusals.
#[derive(Debug, Default)]
pub struct Outlet {
    stage: Stage,
    ready: Vec<u8>,
}

#[derive(Debug)]
enum Stage {
    /// The end of the HTTP response, as far as it has come.
    Head(Vec<u8>),
    Frames(FrameReader),
    /// Nothing is looked at any more.
    Open,
}

impl Default for Stage {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl Outlet {
    /// Takes bytes from the server; a message is held until it is whole.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.stage {
                Stage::Head(head) => {
                    let (first, rest) = bytes.split_at(1);
                    self.ready.extend_from_slice(first);
                    head.extend_from_slice(first);
                    bytes = rest;
                    if head.ends_with(END_OF_HEAD) {
                        self.stage = Stage::Frames(FrameReader::default());
                    }
                }
                Stage::Frames(reader) => match reader.read(&mut bytes) {
                    Ok(Some(frame)) => {
                        let coded = frame.text().as_deref().and_then(coded);
                        let coded = coded.map(|text| encode_text(&text, None));
                        self.ready.extend(coded.unwrap_or(frame.raw));
                    }
                    Ok(None) => {}
                    Err(_) => {
                        self.ready.extend(std::mem::take(reader).rest());
                        self.stage = Stage::Open;
                    }
                },
                Stage::Open => {
                    self.ready.extend_from_slice(bytes);
                    bytes = &[];
                }
            }
        }
    }

    /// The bytes that may go to the client.
    #[must_use]
    pub fn ready(&self) -> &[u8] {
        &self.ready
    }

    /// So many of them have gone.
    pub fn advance(&mut self, count: usize) {
        self.ready.drain(..count.min(self.ready.len()));
    }
}

/// An Engine.IO message with a Socket.IO CONNECT_ERROR.
const CONNECT_ERROR: &str = "44";

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"44{"message":"expired"}"#;
    const CODED: &str = r#"44{"data":{"code":"expired"},"message":"expired"}"#;
    const OTHERS: [&str; 5] = [
        r#"44{"message":"Invalid namespace"}"#,
        r#"42["message",{"message":"expired"}]"#,
        "44",
        "44{",
        "44expired",
    ];

    #[test]
    fn refusals_in_a_payload_get_a_code_and_nothing_else_changes() {
        assert_eq!(coded_payload(PLAIN).as_deref(), Some(CODED));
        let among = |packet: &str| [OTHERS[0], packet, OTHERS[1]].join(SEPARATOR);
        assert_eq!(coded_payload(&among(PLAIN)), Some(among(CODED)));
        let named = PLAIN.replace("44", "44/jobs,");
        assert_eq!(coded_payload(&named), Some(CODED.replace("44", "44/jobs,")));
        assert_eq!(coded_payload(&OTHERS.join(SEPARATOR)), None);
    }

    #[test]
    fn refusals_on_a_websocket_get_a_code_whatever_pieces_they_come_in() {
        let conversation = |refusal: &str| {
            let texts = OTHERS.iter().copied().chain([refusal, "2", refusal]);
            let frames = texts.flat_map(|text| encode_text(text, None));
            let head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
            head.iter().copied().chain(frames).collect::<Vec<u8>>()
        };
        let (sent, expected) = (conversation(PLAIN), conversation(CODED));
        for size in 1..=sent.len() {
            let (mut outlet, mut gone) = (Outlet::default(), Vec::new());
            for piece in sent.chunks(size) {
                outlet.push(piece);
                gone.extend_from_slice(outlet.ready());
                outlet.advance(outlet.ready().len());
            }
            assert_eq!(gone, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_too_long_goes_through_unseen() {
        let mut outlet = Outlet::default();
        let start = [END_OF_HEAD, &[0x82, 127], &u64::MAX.to_be_bytes(), b"more"].concat();
        outlet.push(&start);
        assert_eq!(outlet.ready(), start);
    }
}
