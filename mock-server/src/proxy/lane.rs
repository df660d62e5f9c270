//! One direction of a connection: finds what can be told apart in its bytes. No I/O, no rules.

use super::head::{MAX_HEAD, Upgrade, take_head};
use super::rule::Direction;
use crate::frame::{Frame, FrameReader};

/// Something that has come, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes to pass on.
    Bytes(Vec<u8>),
    /// The first line of the bytes that follow, of a request or its answer.
    Head(String),
    /// A frame whose bytes have been passed on already.
    Seen(Frame),
    /// A frame that was held back until it was whole.
    Held(Frame),
}

/// Takes bytes as they come, gives out steps.
#[derive(Debug)]
pub struct Lane {
    direction: Direction,
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    /// Before the end of the first lines.
    Head(Vec<u8>),
    /// In a WebSocket; `hold` is about the message that is coming.
    Frames { reader: FrameReader, hold: bool },
    /// Nothing can be told apart.
    Plain,
}

impl Lane {
    /// Starts at the beginning of a connection.
    #[must_use]
    pub fn new(direction: Direction) -> Self {
        Self { direction, mode: Mode::Head(Vec::new()) }
    }

    /// Takes bytes. `hold` says that messages from now on are held back until they are whole.
    ///
    /// `upgrade` is what both directions of a connection share.
    pub fn take(&mut self, chunk: &[u8], hold: bool, upgrade: &mut Upgrade) -> Vec<Step> {
        let mut steps = Vec::new();
        match &mut self.mode {
            Mode::Plain => pass(chunk, &mut steps),
            Mode::Head(so_far) => {
                so_far.extend_from_slice(chunk);
                self.take_head(hold, upgrade, &mut steps);
            }
            // The server has refused what the client asked for: more HTTP follows.
            Mode::Frames { .. } if *upgrade == Upgrade::No => {
                self.mode = Mode::Plain;
                pass(chunk, &mut steps);
            }
            Mode::Frames { .. } => self.take_frames(chunk, hold, &mut steps),
        }
        steps
    }

    fn take_head(&mut self, hold: bool, upgrade: &mut Upgrade, steps: &mut Vec<Step>) {
        let Mode::Head(so_far) = &mut self.mode else { return };
        let is_answer = self.direction == Direction::ServerToClient;
        let head = if is_answer && *upgrade == Upgrade::No { None } else { take_head(so_far) };
        match head {
            Some(head) => {
                let rest = std::mem::take(so_far);
                *upgrade = head.upgrade;
                steps.push(Step::Head(head.line));
                steps.push(Step::Bytes(head.bytes));
                self.mode = match head.upgrade {
                    Upgrade::No => Mode::Plain,
                    Upgrade::Asked | Upgrade::Done => {
                        Mode::Frames { reader: FrameReader::default(), hold }
                    }
                };
                if !rest.is_empty() {
                    steps.append(&mut self.take(&rest, hold, upgrade));
                }
            }
            None if so_far.len() > MAX_HEAD || (is_answer && *upgrade == Upgrade::No) => {
                steps.push(Step::Bytes(std::mem::take(so_far)));
                self.mode = Mode::Plain;
            }
            None => {}
        }
    }

    fn take_frames(&mut self, mut chunk: &[u8], hold: bool, steps: &mut Vec<Step>) {
        while !chunk.is_empty() {
            let Mode::Frames { reader, hold: holding } = &mut self.mode else { return };
            if reader.between_messages() {
                *holding = hold;
            }
            let (before, holding) = (chunk, *holding);
            let read = reader.read(&mut chunk);
            let (taken, _) = before.split_at(before.len() - chunk.len());
            if !holding {
                pass(taken, steps);
            }
            match read {
                Ok(Some(frame)) if holding => steps.push(Step::Held(frame)),
                Ok(Some(frame)) => steps.push(Step::Seen(frame)),
                Ok(None) => {}
                Err(_) => {
                    let held = std::mem::take(reader).rest();
                    if holding {
                        pass(&held, steps);
                    }
                    pass(chunk, steps);
                    self.mode = Mode::Plain;
                    return;
                }
            }
        }
    }
}

fn pass(bytes: &[u8], steps: &mut Vec<Step>) {
    if !bytes.is_empty() {
        steps.push(Step::Bytes(bytes.to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::encode_text;

    const REQUEST: &[u8] = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    const REFUSED: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n";

    /// Both directions of a WebSocket, after the first lines.
    fn websocket() -> (Lane, Lane, Upgrade) {
        let mut upgrade = Upgrade::default();
        let mut to_server = Lane::new(Direction::ClientToServer);
        let mut to_client = Lane::new(Direction::ServerToClient);
        to_server.take(REQUEST, false, &mut upgrade);
        to_client.take(AGREED, false, &mut upgrade);
        assert_eq!(upgrade, Upgrade::Done);
        (to_server, to_client, upgrade)
    }

    fn passed(steps: &[Step]) -> Vec<u8> {
        let bytes = steps.iter().flat_map(|step| match step {
            Step::Bytes(bytes) => bytes.as_slice(),
            Step::Held(frame) => frame.raw.as_slice(),
            Step::Head(_) | Step::Seen(_) => &[],
        });
        bytes.copied().collect()
    }

    #[test]
    fn bytes_go_on_at_once_and_frames_are_seen_when_nothing_is_held() {
        let (_, mut lane, mut upgrade) = websocket();
        let bytes = [encode_text("42[1]", None), encode_text("42[2]", None)].concat();
        let (mut sent, mut seen) = (Vec::new(), Vec::new());
        for byte in &bytes {
            let steps = lane.take(&[*byte], false, &mut upgrade);
            assert_eq!(passed(&steps), [*byte], "at once");
            sent.push(*byte);
            for step in steps {
                if let Step::Seen(frame) = step {
                    seen.push((sent.len(), frame.text().unwrap()));
                }
            }
        }
        assert_eq!(seen, [(7, "42[1]".to_owned()), (14, "42[2]".to_owned())]);
    }

    #[test]
    fn a_held_frame_goes_on_when_it_is_whole() {
        let (mut lane, _, mut upgrade) = websocket();
        let bytes = encode_text("42[1]", Some([9, 8, 7, 6]));
        let (last, start) = bytes.split_last().unwrap();
        assert_eq!(lane.take(start, true, &mut upgrade), []);
        let steps = lane.take(&[*last], false, &mut upgrade);
        assert!(matches!(steps.as_slice(), [Step::Held(frame)] if frame.raw == bytes), "{steps:?}");
    }

    #[test]
    fn holding_begins_with_the_next_message_and_ends_after_one() {
        let (mut lane, _, mut upgrade) = websocket();
        let bytes = [encode_text("first", None), encode_text("second", None)].concat();
        let (start, rest) = bytes.split_at(3);
        assert_eq!(passed(&lane.take(start, false, &mut upgrade)), start);
        let steps = lane.take(rest, true, &mut upgrade);
        assert!(
            matches!(steps.as_slice(), [Step::Bytes(_), Step::Seen(_), Step::Held(_)]),
            "{steps:?}"
        );
    }

    #[test]
    fn plain_http_goes_through_untouched() {
        let mut upgrade = Upgrade::default();
        let mut to_server = Lane::new(Direction::ClientToServer);
        let mut to_client = Lane::new(Direction::ServerToClient);
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(passed(&to_server.take(request, true, &mut upgrade)), request);
        assert_eq!(passed(&to_client.take(b"HTTP/1.1 200", true, &mut upgrade)), b"HTTP/1.1 200");
    }

    #[test]
    fn http_goes_on_when_the_server_refuses_the_websocket() {
        let mut upgrade = Upgrade::default();
        let mut to_server = Lane::new(Direction::ClientToServer);
        let mut to_client = Lane::new(Direction::ServerToClient);
        to_server.take(REQUEST, true, &mut upgrade);
        let answer = [REFUSED, b"no"].concat();
        assert_eq!(passed(&to_client.take(&answer, true, &mut upgrade)), answer);
        let next = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(passed(&to_server.take(next, true, &mut upgrade)), next);
    }

    #[test]
    fn what_is_too_long_is_passed_on_unseen() {
        let huge = [&[0x82, 127][..], &u64::MAX.to_be_bytes(), b"more"].concat();
        for hold in [true, false] {
            let (_, mut lane, mut upgrade) = websocket();
            assert_eq!(passed(&lane.take(&huge, hold, &mut upgrade)), huge);
        }
        let mut upgrade = Upgrade::default();
        let mut endless = Lane::new(Direction::ClientToServer);
        let line = vec![b'a'; MAX_HEAD + 1];
        assert_eq!(passed(&endless.take(&line, true, &mut upgrade)), line);
    }
}
