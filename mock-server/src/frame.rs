//! WebSocket frames (RFC 6455, section 5): reads them from bytes in any pieces, writes text frames.

/// A whole message, put together from its fragments, or a control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What kind of frame it is.
    pub opcode: Opcode,
    /// What it says, without mask.
    pub payload: Vec<u8>,
    /// The bytes that it came in, headers and masks and all.
    pub raw: Vec<u8>,
    /// The mask of its first fragment; what servers send has none.
    pub mask: Option<[u8; 4]>,
}

/// The kinds of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// A fragment that is not the first; a [`Frame`] has it only if there was no first one.
    Continuation,
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// The end of the connection.
    Close,
    /// A heartbeat of the WebSocket; Engine.IO's own are texts.
    Ping,
    /// Its answer.
    Pong,
    /// What the protocol does not know.
    Reserved,
}

impl Frame {
    /// The text, if it is one; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        (self.opcode == Opcode::Text).then(|| String::from_utf8_lossy(&self.payload).into_owned())
    }

    /// Whether it carries data of the application, and not of the WebSocket itself.
    #[must_use]
    pub fn is_message(&self) -> bool {
        !self.opcode.is_control()
    }
}

impl Opcode {
    /// Its name in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
            Self::Reserved => "reserved",
        }
    }

    fn of(first: u8) -> Self {
        match first & 0x0f {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => Self::Reserved,
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A message is longer than anybody here is willing to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Finds frames in bytes.
#[derive(Clone, Debug, Default)]
pub struct FrameReader {
    /// The bytes of the frame that is coming.
    raw: Vec<u8>,
    /// The fragments so far of the message that is coming.
    message: Option<Frame>,
}

impl FrameReader {
    /// Takes bytes from the front of `input` until a frame is whole, or until there are no more.
    ///
    /// # Errors
    ///
    /// [`TooLong`] over [`MAX_MESSAGE`]; [`FrameReader::rest`] is what was not given out.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, TooLong> {
        loop {
            let missing = self.missing()?;
            if missing == 0 {
                if let Some(frame) = self.finish() {
                    return Ok(Some(frame));
                }
                continue;
            }
            let (taken, left) = input.split_at(missing.min(input.len()));
            if taken.is_empty() {
                return Ok(None);
            }
            self.raw.extend_from_slice(taken);
            *input = left;
        }
    }

    /// Whether the next byte begins a message.
    #[must_use]
    pub fn between_messages(&self) -> bool {
        self.raw.is_empty() && self.message.is_none()
    }

    /// The bytes of the message that is not whole yet.
    #[must_use]
    pub fn rest(self) -> Vec<u8> {
        let mut rest = self.message.map(|message| message.raw).unwrap_or_default();
        rest.extend_from_slice(&self.raw);
        rest
    }

    /// How many bytes must come before more can be said; 0: the frame is whole.
    fn missing(&self) -> Result<usize, TooLong> {
        let header = Header::of(&self.raw);
        let Some(length) = header.payload_length(&self.raw) else {
            return Ok(header.length - self.raw.len());
        };
        // With the headers: fragments may be empty, and as many as their sender likes.
        let so_far = self.message.as_ref().map_or(0, |message| message.raw.len());
        if length.saturating_add(so_far) > MAX_MESSAGE {
            return Err(TooLong);
        }
        Ok((header.length + length).saturating_sub(self.raw.len()))
    }

    /// Ends the frame that is coming; returns the message that is whole by that.
    fn finish(&mut self) -> Option<Frame> {
        let raw = std::mem::take(&mut self.raw);
        let first = raw.first().copied().unwrap_or_default();
        let frame = unmasked(raw);
        if frame.opcode.is_control() {
            return Some(frame);
        }
        match &mut self.message {
            Some(message) => {
                message.payload.extend_from_slice(&frame.payload);
                message.raw.extend_from_slice(&frame.raw);
            }
            None => self.message = Some(frame),
        }
        if first & FIN == 0 { None } else { self.message.take() }
    }
}

fn unmasked(raw: Vec<u8>) -> Frame {
    let header = Header::of(&raw);
    let (head, payload) = raw.split_at(header.length.min(raw.len()));
    let mask = head.last_chunk::<4>().filter(|_| header.masked).copied();
    let mut payload = payload.to_vec();
    apply(mask, &mut payload);
    let opcode = Opcode::of(raw.first().copied().unwrap_or_default());
    Frame { opcode, payload, mask, raw }
}

/// Puts a mask on, or takes it off.
fn apply(mask: Option<[u8; 4]>, payload: &mut [u8]) {
    let Some(mask) = mask else { return };
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// Writes `text` as one frame, with the mask if one is given.
#[must_use]
pub fn encode_text(text: &str, mask: Option<[u8; 4]>) -> Vec<u8> {
    encode(TEXT, text.as_bytes(), mask)
}

/// Writes `bytes` as one binary frame, with the mask if one is given.
#[must_use]
pub fn encode_binary(bytes: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    encode(BINARY, bytes, mask)
}

/// Writes the end of a WebSocket, without a mask and with the code of an ordinary one.
#[must_use]
pub fn encode_close() -> Vec<u8> {
    encode(CLOSE, &1_000_u16.to_be_bytes(), None)
}

fn encode(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mask_bit = if mask.is_some() { MASKED } else { 0 };
    let mut raw = vec![FIN | opcode];
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < LENGTH_16 => raw.push(mask_bit | short),
        (_, Ok(medium)) => {
            raw.push(mask_bit | LENGTH_16);
            raw.extend_from_slice(&medium.to_be_bytes());
        }
        (_, Err(_)) => {
            raw.push(mask_bit | LENGTH_64);
            raw.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    raw.extend_from_slice(mask.as_ref().map_or(&[], |mask| mask.as_slice()));
    let mut payload = payload.to_vec();
    apply(mask, &mut payload);
    raw.append(&mut payload);
    raw
}

/// What the first two bytes say, or how much of them must come first.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Its length with the mask; 2 as long as nothing is known.
    length: usize,
    masked: bool,
}

impl Header {
    /// Reads the start of a frame.
    #[must_use]
    pub fn of(raw: &[u8]) -> Self {
        let Some(&second) = raw.get(1) else { return Self { length: 2, masked: false } };
        let masked = second & MASKED != 0;
        let extended = match second & !MASKED {
            LENGTH_16 => 2,
            LENGTH_64 => 8,
            _ => 0,
        };
        Self { length: 2 + extended + if masked { 4 } else { 0 }, masked }
    }

    /// The payload's length, once the header is there.
    #[must_use]
    pub fn payload_length(&self, raw: &[u8]) -> Option<usize> {
        if raw.len() < self.length {
            return None;
        }
        let length = match raw.get(1)? & !MASKED {
            LENGTH_16 => u64::from(u16::from_be_bytes(*raw.get(2..)?.first_chunk()?)),
            LENGTH_64 => u64::from_be_bytes(*raw.get(2..)?.first_chunk()?),
            short => u64::from(short),
        };
        Some(usize::try_from(length).unwrap_or(usize::MAX))
    }
}

const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// In bytes. What is longer goes through without being looked at.
pub const MAX_MESSAGE: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 0xff];

    fn raw(first: u8, payload: &[u8]) -> Vec<u8> {
        [&[first, u8::try_from(payload.len()).unwrap()], payload].concat()
    }

    /// Reads everything in pieces of `size` bytes.
    fn read_in_pieces(bytes: &[u8], size: usize) -> Vec<Frame> {
        let (mut reader, mut frames) = (FrameReader::default(), Vec::new());
        for mut piece in bytes.chunks(size) {
            while let Some(frame) = reader.read(&mut piece).unwrap() {
                frames.push(frame);
            }
            assert!(piece.is_empty());
        }
        assert!(reader.between_messages());
        frames
    }

    #[test]
    fn frames_are_read_whatever_pieces_they_come_in() {
        let long = "x".repeat(300);
        let bytes = [
            encode_text("42[\"a\"]", Some(MASK)),
            encode_text("", None),
            raw(0x82, &[0, 255]),
            encode_text(&long, Some(MASK)),
            raw(0x88, &[3, 232]),
        ]
        .concat();
        for size in 1..=bytes.len() {
            let frames = read_in_pieces(&bytes, size);
            let texts: Vec<_> = frames.iter().map(Frame::text).collect();
            let expected = [Some("42[\"a\"]"), Some(""), None, Some(long.as_str()), None];
            assert_eq!(texts, expected.map(|text| text.map(str::to_owned)), "{size}");
            let opcodes: Vec<_> = frames.iter().map(|frame| frame.opcode.name()).collect();
            assert_eq!(opcodes, ["text", "text", "binary", "text", "close"], "{size}");
            let raw: Vec<u8> = frames.into_iter().flat_map(|frame| frame.raw).collect();
            assert_eq!(raw, bytes, "nothing is lost or changed");
        }
    }

    #[test]
    fn every_form_of_length_is_written_and_read() {
        for (length, header) in [(125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            for mask in [None, Some(MASK)] {
                let text = "y".repeat(length);
                let bytes = encode_text(&text, mask);
                assert_eq!(bytes.len(), header + length + mask.map_or(0, |mask| mask.len()));
                let frames = read_in_pieces(&bytes, 1_000);
                assert_eq!(frames.len(), 1);
                assert_eq!(frames[0].text().as_deref(), Some(text.as_str()));
                assert_eq!(frames[0].mask, mask);
            }
        }
    }

    #[test]
    fn fragments_become_one_message_and_a_ping_between_them_stays_itself() {
        let bytes =
            [raw(0x01, b"42[\"fr"), raw(0x00, b"ag"), raw(0x89, b"p"), raw(0x80, b"\"]")].concat();
        for size in 1..=bytes.len() {
            let frames = read_in_pieces(&bytes, size);
            assert_eq!(frames.len(), 2, "{size}");
            assert_eq!((frames[0].opcode, frames[0].payload.as_slice()), (Opcode::Ping, &b"p"[..]));
            assert_eq!(frames[1].text().as_deref(), Some("42[\"frag\"]"));
            assert_eq!(frames[1].raw.len(), bytes.len() - 3, "its own fragments");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_given_back() {
        let mut reader = FrameReader::default();
        let start = [&[0x82, 127][..], &u64::MAX.to_be_bytes()].concat();
        assert_eq!(reader.read(&mut start.as_slice()), Err(TooLong));
        assert_eq!(reader.rest(), start);
    }
}
