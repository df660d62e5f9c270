//! One direction of a connection: finds what can be told apart in its bytes. No I/O, no rules.

use super::head::{Body, Head, MAX_HEAD, Upgrade, take_head};
use super::rule::Direction;
use crate::boundary::Boundary;
use crate::frame::{Frame, FrameReader, MAX_MESSAGE};

/// Something that has come, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes to pass on.
    Bytes(Vec<u8>),
    /// The first lines of a request, or of the answer to one for a WebSocket.
    Head(Head),
    /// A body that was to be collected, whole.
    Body(Vec<u8>),
    /// Bytes to pass on, and the frame that is whole by them.
    Seen(Vec<u8>, Frame),
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
    /// Before the end of the first lines; of a server's HTTP only those for a WebSocket are looked for.
    Head(Vec<u8>),
    /// In the body of a request, or of an answer to a poll, so many bytes before its end.
    Body { left: u64, fate: Fate },
    /// In a WebSocket; `hold` is about the message that is coming.
    Frames { reader: FrameReader, hold: bool, unread: Boundary },
    /// Nothing can be told apart.
    Plain,
    /// Nothing of it goes anywhere.
    Swallow,
}

/// What becomes of a body.
#[derive(Debug)]
enum Fate {
    /// It is passed on as it comes.
    Passes,
    /// It goes nowhere.
    Swallowed,
    /// It is passed on when it is whole.
    Collected(Vec<u8>),
}

impl Lane {
    /// Starts at the beginning of a connection.
    #[must_use]
    pub fn new(direction: Direction) -> Self {
        Self { direction, mode: Mode::Head(Vec::new()) }
    }

    /// Whether bytes may go past it, as long as [`Lane::pass`] is told of them.
    #[must_use]
    pub fn may_pass(&self, upgrade: Upgrade) -> bool {
        match &self.mode {
            Mode::Frames { reader, .. } => upgrade == Upgrade::Done && reader.between_messages(),
            Mode::Head(so_far) => {
                let is_answer = self.direction == Direction::ServerToClient;
                so_far.is_empty() && is_answer && upgrade == Upgrade::No
            }
            Mode::Plain => true,
            Mode::Body { .. } | Mode::Swallow => false,
        }
    }

    /// Notes bytes that went past it.
    pub fn pass(&mut self, bytes: &[u8]) {
        if let Mode::Frames { unread, .. } = &mut self.mode {
            unread.pass(bytes);
        }
    }

    /// Takes bytes from the front of `chunk` until something has come, or until there are no more. `hold` says
    /// that messages from now on are held back until they are whole.
    ///
    /// `upgrade` is what both directions of a connection share.
    pub fn next(&mut self, chunk: &mut &[u8], hold: bool, upgrade: &mut Upgrade) -> Option<Step> {
        while !chunk.is_empty() {
            // The server has refused what the client asked for: more HTTP follows.
            if matches!(self.mode, Mode::Frames { .. }) && *upgrade == Upgrade::No {
                self.mode = Mode::Head(Vec::new());
            }
            let step = match &mut self.mode {
                Mode::Plain => Some(Step::Bytes(std::mem::take(chunk).to_vec())),
                Mode::Swallow => {
                    *chunk = &[];
                    None
                }
                Mode::Body { .. } => self.next_of_body(chunk),
                Mode::Head(_) => self.next_head(chunk, upgrade),
                Mode::Frames { .. } => self.next_frame(chunk, hold),
            };
            if step.is_some() {
                return step;
            }
        }
        None
    }

    /// The request that has just come does not go on, and neither does its body; others may follow.
    pub fn refuse_request(&mut self, upgrade: &mut Upgrade) {
        *upgrade = Upgrade::No;
        match &mut self.mode {
            Mode::Body { fate, .. } => *fate = Fate::Swallowed,
            Mode::Frames { .. } => self.mode = Mode::Head(Vec::new()),
            Mode::Plain => self.mode = Mode::Swallow,
            Mode::Head(_) | Mode::Swallow => {}
        }
    }

    /// The body that follows the first lines is to come whole; `false` if it has none, or one that is too long.
    pub fn collect(&mut self) -> bool {
        match &mut self.mode {
            Mode::Body { left, fate } if *left <= MAX_MESSAGE as u64 => {
                *fate = Fate::Collected(Vec::new());
                true
            }
            Mode::Body { .. }
            | Mode::Head(_)
            | Mode::Frames { .. }
            | Mode::Plain
            | Mode::Swallow => false,
        }
    }

    /// Nothing more goes on.
    pub fn swallow(&mut self) {
        self.mode = Mode::Swallow;
    }

    fn next_of_body(&mut self, chunk: &mut &[u8]) -> Option<Step> {
        let Mode::Body { left, fate } = &mut self.mode else { return None };
        let here = usize::try_from(*left).unwrap_or(usize::MAX).min(chunk.len());
        let bytes = take_front(chunk, here);
        *left -= here as u64;
        let is_whole = *left == 0;
        let step = match fate {
            Fate::Passes => Some(Step::Bytes(bytes.to_vec())),
            Fate::Swallowed => None,
            Fate::Collected(body) => {
                body.extend_from_slice(bytes);
                is_whole.then(|| Step::Body(std::mem::take(body)))
            }
        };
        if is_whole {
            self.mode = Mode::Head(Vec::new());
        }
        step
    }

    fn next_head(&mut self, chunk: &mut &[u8], upgrade: &mut Upgrade) -> Option<Step> {
        let Mode::Head(so_far) = &mut self.mode else { return None };
        let is_answer = self.direction == Direction::ServerToClient;
        if is_answer && *upgrade == Upgrade::No {
            return Some(Step::Bytes(std::mem::take(chunk).to_vec()));
        }
        so_far.extend_from_slice(chunk);
        let Some(head) = take_head(so_far) else {
            *chunk = &[];
            // No request and no answer begins otherwise.
            let is_http = so_far.first().is_some_and(u8::is_ascii_uppercase);
            if is_http && so_far.len() <= MAX_HEAD {
                return None;
            }
            let bytes = std::mem::take(so_far);
            self.mode = Mode::Plain;
            return Some(Step::Bytes(bytes));
        };
        // What is left has come with the last bytes.
        let taken = chunk.len().saturating_sub(so_far.len());
        take_front(chunk, taken);
        self.mode = Mode::after(&head, *upgrade);
        *upgrade = head.upgrade;
        Some(Step::Head(head))
    }

    fn next_frame(&mut self, chunk: &mut &[u8], hold: bool) -> Option<Step> {
        let Mode::Frames { reader, hold: holding, unread } = &mut self.mode else { return None };
        let unread = unread.pass_message(chunk);
        if unread > 0 {
            return Some(Step::Bytes(take_front(chunk, unread).to_vec()));
        }
        if reader.between_messages() {
            *holding = hold;
        }
        let (before, holding) = (*chunk, *holding);
        let read = reader.read(chunk);
        let (taken, _) = before.split_at(before.len() - chunk.len());
        match read {
            Ok(Some(frame)) if holding => Some(Step::Held(frame)),
            Ok(Some(frame)) => Some(Step::Seen(taken.to_vec(), frame)),
            Ok(None) if holding => None,
            Ok(None) => Some(Step::Bytes(taken.to_vec())),
            Err(_) => {
                let held = std::mem::take(reader).rest();
                self.mode = Mode::Plain;
                Some(Step::Bytes(if holding { held } else { taken.to_vec() }))
            }
        }
    }
}

impl Mode {
    /// What follows these first lines; of answers that is only known when they are to a poll.
    fn after(head: &Head, asked: Upgrade) -> Self {
        let is_payload = asked == Upgrade::Polled;
        match (head.upgrade, head.body) {
            (Upgrade::Asked | Upgrade::Done, _) => Self::Frames {
                reader: FrameReader::default(),
                hold: false,
                unread: Boundary::default(),
            },
            // The body of an answer is passed on without being looked at.
            (_, Body::Unknown) if head.line.starts_with("HTTP/") => Self::Head(Vec::new()),
            (_, _) if head.line.starts_with("HTTP/") && !is_payload => Self::Head(Vec::new()),
            (_, Body::Length(0)) => Self::Head(Vec::new()),
            (_, Body::Length(left)) => Self::Body { left, fate: Fate::Passes },
            (_, Body::Unknown) => Self::Plain,
        }
    }
}

fn take_front<'a>(chunk: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (front, rest) = chunk.split_at(count.min(chunk.len()));
    *chunk = rest;
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::encode_text;

    const REQUEST: &[u8] = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
    const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    const REFUSED: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n";

    /// Takes all of the bytes.
    fn take(lane: &mut Lane, mut chunk: &[u8], hold: bool, upgrade: &mut Upgrade) -> Vec<Step> {
        std::iter::from_fn(|| lane.next(&mut chunk, hold, upgrade)).collect()
    }

    /// Both directions of a WebSocket, after the first lines.
    fn websocket() -> (Lane, Lane, Upgrade) {
        let mut upgrade = Upgrade::default();
        let mut to_server = Lane::new(Direction::ClientToServer);
        let mut to_client = Lane::new(Direction::ServerToClient);
        take(&mut to_server, REQUEST, false, &mut upgrade);
        take(&mut to_client, AGREED, false, &mut upgrade);
        assert_eq!(upgrade, Upgrade::Done);
        (to_server, to_client, upgrade)
    }

    fn passed(steps: &[Step]) -> Vec<u8> {
        let bytes = steps.iter().flat_map(|step| match step {
            Step::Bytes(bytes) | Step::Body(bytes) => bytes.as_slice(),
            Step::Seen(bytes, _) => bytes.as_slice(),
            Step::Held(frame) => frame.raw.as_slice(),
            Step::Head(head) => head.bytes.as_slice(),
        });
        bytes.copied().collect()
    }

    #[test]
    fn bytes_go_on_at_once_and_frames_are_seen_when_nothing_is_held() {
        let (_, mut lane, mut upgrade) = websocket();
        let bytes = [encode_text("42[1]", None), encode_text("42[2]", None)].concat();
        let (mut sent, mut seen) = (Vec::new(), Vec::new());
        for byte in &bytes {
            let steps = take(&mut lane, &[*byte], false, &mut upgrade);
            assert_eq!(passed(&steps), [*byte], "at once");
            sent.push(*byte);
            for step in steps {
                if let Step::Seen(_, frame) = step {
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
        assert_eq!(take(&mut lane, start, true, &mut upgrade), []);
        let steps = take(&mut lane, &[*last], false, &mut upgrade);
        assert!(matches!(steps.as_slice(), [Step::Held(frame)] if frame.raw == bytes), "{steps:?}");
    }

    #[test]
    fn holding_begins_with_the_next_message_and_ends_after_one() {
        let (mut lane, _, mut upgrade) = websocket();
        let bytes = [encode_text("first", None), encode_text("second", None)].concat();
        let (start, rest) = bytes.split_at(3);
        assert_eq!(passed(&take(&mut lane, start, false, &mut upgrade)), start);
        let steps = take(&mut lane, rest, true, &mut upgrade);
        assert!(matches!(steps.as_slice(), [Step::Seen(..), Step::Held(_)]), "{steps:?}");
    }

    #[test]
    fn plain_http_goes_through_untouched() {
        let mut upgrade = Upgrade::default();
        let mut to_server = Lane::new(Direction::ClientToServer);
        let mut to_client = Lane::new(Direction::ServerToClient);
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(passed(&take(&mut to_server, request, true, &mut upgrade)), request);
        assert_eq!(
            passed(&take(&mut to_client, b"HTTP/1.1 200", true, &mut upgrade)),
            b"HTTP/1.1 200"
        );
    }

    #[test]
    fn http_goes_on_when_the_server_refuses_the_websocket() {
        let mut upgrade = Upgrade::default();
        let mut to_server = Lane::new(Direction::ClientToServer);
        let mut to_client = Lane::new(Direction::ServerToClient);
        take(&mut to_server, REQUEST, true, &mut upgrade);
        let answer = [REFUSED, b"no"].concat();
        assert_eq!(passed(&take(&mut to_client, &answer, true, &mut upgrade)), answer);
        let next = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(passed(&take(&mut to_server, next, true, &mut upgrade)), next);
    }

    #[test]
    fn what_is_too_long_is_passed_on_unseen() {
        let huge = [&[0x82, 127][..], &u64::MAX.to_be_bytes(), b"more"].concat();
        for hold in [true, false] {
            let (_, mut lane, mut upgrade) = websocket();
            assert_eq!(passed(&take(&mut lane, &huge, hold, &mut upgrade)), huge);
        }
        let mut upgrade = Upgrade::default();
        let mut endless = Lane::new(Direction::ClientToServer);
        let line = vec![b'a'; MAX_HEAD + 1];
        assert_eq!(passed(&take(&mut endless, &line, true, &mut upgrade)), line);
    }

    #[test]
    fn every_request_of_a_connection_is_found_and_a_refused_one_leaves_no_body() {
        let mut upgrade = Upgrade::default();
        let mut lane = Lane::new(Direction::ClientToServer);
        let post = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        let get = b"GET /b HTTP/1.1\r\n\r\n";
        let both = [&post[..], &get[..]].concat();
        for piece in both.chunks(7) {
            let mut chunk = piece;
            while let Some(step) = lane.next(&mut chunk, false, &mut upgrade) {
                assert!(!matches!(step, Step::Seen(..) | Step::Held(_)));
            }
        }
        let mut chunk = both.as_slice();
        let Some(Step::Head(head)) = lane.next(&mut chunk, false, &mut upgrade) else {
            panic!("a request");
        };
        assert_eq!(head.path(), "/a");
        lane.refuse_request(&mut upgrade);
        let steps = take(&mut lane, chunk, false, &mut upgrade);
        assert!(matches!(steps.as_slice(), [Step::Head(head)] if head.path() == "/b"), "{steps:?}");
    }

    #[test]
    fn bytes_that_went_past_it_do_not_confuse_it() {
        let (_, mut lane, mut upgrade) = websocket();
        let bytes = [encode_text("first", None), encode_text("second", None)].concat();
        let (start, rest) = bytes.split_at(3);
        assert!(lane.may_pass(upgrade));
        lane.pass(start);
        let steps = take(&mut lane, rest, true, &mut upgrade);
        let [Step::Bytes(bytes), Step::Held(frame)] = steps.as_slice() else {
            panic!("{steps:?}");
        };
        assert_eq!((bytes.len(), frame.text().as_deref()), (4, Some("second")));
    }
}
