//! Where WebSocket messages begin and end, of bytes that nobody needs to read: only the headers of frames are
//! looked at.

use crate::frame::Header;

/// Counts through frames.
#[derive(Clone, Debug, Default)]
pub struct Boundary {
    header: Vec<u8>,
    /// What is still to come of a frame's payload.
    payload: usize,
    /// Whether more fragments of a message follow.
    fragmented: bool,
    /// Of how many messages the last frame has begun.
    messages: u64,
}

impl Boundary {
    /// Whether the next byte begins a message.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.header.is_empty() && self.payload == 0 && !self.fragmented
    }

    /// Passes over all of the bytes; returns of how many messages the last frame has begun with them.
    pub fn pass(&mut self, mut bytes: &[u8]) -> u64 {
        let before = self.messages;
        while !bytes.is_empty() {
            bytes = self.step(bytes);
        }
        self.messages - before
    }

    /// Passes over bytes up to the next place between two messages; returns how many.
    pub fn pass_message(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_here() {
            rest = self.step(rest);
        }
        bytes.len() - rest.len()
    }

    fn step<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.payload > 0 {
            let here = self.payload.min(bytes.len());
            self.payload -= here;
            return bytes.get(here..).unwrap_or_default();
        }
        let Some((first, rest)) = bytes.split_first() else { return bytes };
        self.header.push(*first);
        if let Some(payload) = Header::of(&self.header).payload_length(&self.header) {
            let head = self.header.first().copied().unwrap_or_default();
            // A control frame may come between fragments and ends none of them.
            if head & CONTROL == 0 {
                self.fragmented = head & FIN == 0;
                self.messages += u64::from(!self.fragmented);
            }
            self.payload = payload;
            self.header.clear();
        }
        rest
    }
}

const FIN: u8 = 0x80;
const CONTROL: u8 = 0x08;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::encode_text;

    #[test]
    fn messages_end_where_they_end_whatever_pieces_they_come_in() {
        let texts = ["", "42[1]", &"x".repeat(200), &"y".repeat(70_000)];
        let frames = texts
            .map(|text| [encode_text(text, Some([1, 2, 3, 4])), encode_text(text, None)].concat());
        let fragments = [&[0x01, 1, b'a'][..], &[0x89, 0], &[0x00, 1, b'b'], &[0x80, 0]].concat();
        let mut bytes = fragments.clone();
        let mut ends = vec![fragments.len()];
        for text in texts {
            for mask in [Some([1, 2, 3, 4]), None] {
                ends.push(ends[ends.len() - 1] + encode_text(text, mask).len());
            }
        }
        bytes.extend(frames.concat());
        let mut boundary = Boundary::default();
        let mut found = Vec::new();
        for (index, byte) in bytes.iter().enumerate() {
            boundary.pass(&[*byte]);
            if boundary.is_here() {
                found.push(index + 1);
            }
        }
        assert_eq!(found, ends);
        let mut whole = Boundary::default();
        assert_eq!(whole.pass(&bytes), ends.len() as u64);
        assert!(whole.is_here());
    }

    #[test]
    fn the_rest_of_a_message_is_passed_and_no_more() {
        let bytes = [encode_text("first", None), encode_text("second", None)].concat();
        let (start, rest) = bytes.split_at(3);
        let mut boundary = Boundary::default();
        boundary.pass(start);
        assert_eq!(boundary.pass_message(rest), 4);
        assert!(boundary.is_here());
        assert_eq!(boundary.pass_message(rest), 0);
    }
}
