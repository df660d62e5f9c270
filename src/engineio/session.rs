//! One Engine.IO connection over one transport.

use crate::engineio::{Handshake, HandshakeError, PacketType};
use crate::host::Host;
use crate::time::Instant;

/// The position at which the payload of a MESSAGE starts in its frame.
pub const PAYLOAD_START: usize = 1;

/// The first unit of a binary MESSAGE where frames are text.
const BASE64: u16 = b'b' as u16;

/// The state of an Engine.IO connection: what it has been told and when it counts as dead.
///
/// | state | OPEN | PING | MESSAGE, `b` | CLOSE | NOOP | PONG, UPGRADE, unknown |
/// |---|---|---|---|---|---|---|
/// | opening | → open | violation | violation | ends | violation | violation |
/// | open | violation | answered, deadline moves | handed up | ends | ignored | violation |
///
/// Source: Engine.IO protocol 4, sections "Handshake", "Heartbeat".
#[derive(Debug, Default)]
pub struct Session {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    handshake: Handshake,
    deadline: Instant,
}

/// What a text frame means to the owner of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The session is open.
    Opened,
    /// The server asked for a sign of life: send a PONG.
    Pinged,
    /// The frame carries a payload from [`PAYLOAD_START`] on.
    Message,
    /// The frame carries a binary payload in base64 from [`PAYLOAD_START`] on.
    Base64,
    /// The server ended the session.
    Closed,
    /// Nothing is to be done.
    Nothing,
}

/// A frame that the protocol does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The first packet is no OPEN: the peer does not speak Engine.IO.
    NotEngineIo,
    /// The first packet has its length before it: the peer speaks Engine.IO 3 or older.
    OlderProtocol,
    /// The first packet is an OPEN with an unusable handshake.
    Handshake(HandshakeError),
    /// A packet of an open session has an unknown or misplaced type.
    UnexpectedPacket,
    /// The payload of a binary MESSAGE is no base64.
    Base64,
}

impl Session {
    /// Returns whether the handshake has been received.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Returns the handshake of an open session.
    #[must_use]
    pub fn handshake(&self) -> Option<&Handshake> {
        self.open.as_ref().map(|open| &open.handshake)
    }

    /// Returns the moment at which the session counts as dead unless a PING comes before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.deadline)
    }

    /// Takes a text frame.
    ///
    /// # Errors
    ///
    /// [`Violation`] if the frame is not allowed here; the session is then over.
    pub fn handle_text<H: Host>(
        &mut self,
        host: &H,
        text: &H::Text,
        now: Instant,
    ) -> Result<Meaning, Violation> {
        let unit = host.unit(text, 0);
        let packet_type = unit.and_then(PacketType::decode);
        match &mut self.open {
            None => self.on_first_packet(host, text, packet_type, now),
            Some(_) if unit == Some(BASE64) => Ok(Meaning::Base64),
            Some(open) => open.on_packet(packet_type, now),
        }
    }

    fn on_first_packet<H: Host>(
        &mut self,
        host: &H,
        text: &H::Text,
        packet_type: Option<PacketType>,
        now: Instant,
    ) -> Result<Meaning, Violation> {
        match packet_type {
            _ if is_older_protocol(host, text) => Err(Violation::OlderProtocol),
            Some(PacketType::Open) => self.on_open(host, text, now),
            Some(PacketType::Close) => Ok(Meaning::Closed),
            _ => Err(Violation::NotEngineIo),
        }
    }

    fn on_open<H: Host>(
        &mut self,
        host: &H,
        text: &H::Text,
        now: Instant,
    ) -> Result<Meaning, Violation> {
        let value = host
            .parse(text, PAYLOAD_START)
            .ok_or(Violation::Handshake(HandshakeError::NotAnObject))?;
        let handshake = Handshake::decode(host, &value).map_err(Violation::Handshake)?;
        let deadline = now + handshake.patience();
        self.open = Some(Open { handshake, deadline });
        Ok(Meaning::Opened)
    }
}

impl Open {
    fn on_packet(
        &mut self,
        packet_type: Option<PacketType>,
        now: Instant,
    ) -> Result<Meaning, Violation> {
        match packet_type {
            Some(PacketType::Message) => Ok(Meaning::Message),
            Some(PacketType::Ping) => {
                self.deadline = now + self.handshake.patience();
                Ok(Meaning::Pinged)
            }
            Some(PacketType::Close) => Ok(Meaning::Closed),
            Some(PacketType::Noop) => Ok(Meaning::Nothing),
            Some(PacketType::Open | PacketType::Pong | PacketType::Upgrade) | None => {
                Err(Violation::UnexpectedPacket)
            }
        }
    }
}

/// Engine.IO 3 put the length of a packet and a colon before it where frames are text.
fn is_older_protocol<H: Host>(host: &H, text: &H::Text) -> bool {
    let is_digit = |index| host.unit(text, index).is_some_and(|unit| (0x30..0x3a).contains(&unit));
    let digits = (0..MAX_LENGTH_DIGITS).take_while(|index| is_digit(*index)).count();
    let is_unit = |index, unit: u8| host.unit(text, index) == Some(u16::from(unit));
    digits > 0 && is_unit(digits, b':') && is_unit(digits + 1, b'0')
}

/// More than the length of any handshake has.
const MAX_LENGTH_DIGITS: usize = 8;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use core::time::Duration;

    const OPEN: &str = r#"0{"sid":"s","upgrades":[],"pingInterval":300,"pingTimeout":200}"#;

    fn take(session: &mut Session, frame: &str, at: f64) -> Result<Meaning, Violation> {
        session.handle_text(&NativeHost::default(), &frame.to_owned(), Instant::from_millis(at))
    }

    fn open_session() -> Session {
        let mut session = Session::default();
        assert_eq!(take(&mut session, OPEN, 0.0), Ok(Meaning::Opened));
        session
    }

    #[test]
    fn opens_with_the_handshake() {
        let mut session = Session::default();
        assert!(!session.is_open() && session.deadline().is_none());
        assert_eq!(take(&mut session, OPEN, 10.0), Ok(Meaning::Opened));
        assert_eq!(session.handshake().map(|handshake| handshake.sid.as_str()), Some("s"));
        assert_eq!(session.deadline(), Some(Instant::from_millis(510.0)));
    }

    #[test]
    fn moves_the_deadline_with_each_ping_and_with_nothing_else() {
        let mut session = open_session();
        assert_eq!(take(&mut session, "2", 250.0), Ok(Meaning::Pinged));
        assert_eq!(take(&mut session, r#"42["x"]"#, 400.0), Ok(Meaning::Message));
        assert_eq!(take(&mut session, "6", 420.0), Ok(Meaning::Nothing));
        let expected = Instant::from_millis(250.0) + Duration::from_millis(500);
        assert_eq!(session.deadline(), Some(expected));
    }

    #[test]
    fn refuses_packets_that_have_no_place() {
        for frame in ["", OPEN, "3", "3probe", "5", "7", "B", "x", "\u{1e}"] {
            assert_eq!(
                take(&mut open_session(), frame, 1.0),
                Err(Violation::UnexpectedPacket),
                "{frame:?}"
            );
        }
    }

    #[test]
    fn knows_binary_in_text_of_an_open_session_only() {
        for frame in ["b", "bAQID", "b!"] {
            assert_eq!(take(&mut open_session(), frame, 1.0), Ok(Meaning::Base64));
            assert_eq!(take(&mut Session::default(), frame, 1.0), Err(Violation::NotEngineIo));
        }
    }

    #[test]
    fn tells_a_peer_of_another_protocol_from_a_bad_handshake() {
        for frame in ["", "2", "3", "40", "hello", "6"] {
            let mut session = Session::default();
            assert_eq!(take(&mut session, frame, 0.0), Err(Violation::NotEngineIo), "{frame:?}");
        }
        for end in 1..OPEN.len() {
            let result = take(&mut Session::default(), &OPEN[..end], 0.0);
            assert!(matches!(result, Err(Violation::Handshake(_))), "{}", &OPEN[..end]);
        }
    }

    #[test]
    fn recognises_the_handshake_of_an_older_protocol() {
        let cases = [
            (r#"96:0{"sid":"a"}2:40"#, Violation::OlderProtocol),
            ("2:0", Violation::OlderProtocol),
            ("2:4", Violation::NotEngineIo),
            ("4:", Violation::NotEngineIo),
            ("118:0{}", Violation::OlderProtocol),
            ("923456789:0{", Violation::NotEngineIo),
            (":0{", Violation::NotEngineIo),
        ];
        for (frame, violation) in cases {
            assert_eq!(take(&mut Session::default(), frame, 0.0), Err(violation), "{frame}");
        }
    }

    #[test]
    fn ends_when_the_server_says_so() {
        assert_eq!(take(&mut open_session(), "1", 1.0), Ok(Meaning::Closed));
        assert_eq!(take(&mut Session::default(), "1", 1.0), Ok(Meaning::Closed));
    }
}
