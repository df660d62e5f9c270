//! The decoder of one connection: packets, and the attachments that follow some of them.

use core::time::Duration;

use crate::host::{EventName, Host};
use crate::socketio::codec::{Header, decode_payload};
use crate::socketio::excess::Excess;
use crate::socketio::packet::{DecodeError, Packet, PacketType};
use crate::time::Instant;

/// The bounds of what a packet with attachments may keep in memory, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecoderLimits {
    /// How many attachments it may have. Default 64.
    pub attachments: u32,
    /// How many bytes they may have together. Default 16,000,000.
    pub bytes: usize,
    /// How long they may take to arrive. Default 30 s.
    pub time: Duration,
}

impl Default for DecoderLimits {
    fn default() -> Self {
        Self { attachments: 64, bytes: 16_000_000, time: Duration::from_secs(30) }
    }
}

/// What a frame means.
#[derive(Debug)]
pub enum Decoded<H: Host> {
    /// A packet is complete.
    Packet {
        /// The namespace it belongs to.
        namespace: String,
        /// The packet.
        packet: Packet<H>,
        /// Its length: units of text and bytes of attachments.
        length: usize,
    },
    /// Nothing is complete yet.
    Incomplete,
    /// A packet exceeds a limit. The rest of its attachments is skipped.
    Dropped(Dropped<H>),
}

/// A packet that was dropped because it exceeds a limit.
#[derive(Debug)]
pub struct Dropped<H: Host> {
    /// The namespace it belongs to.
    pub namespace: String,
    /// Which limit.
    pub excess: Excess,
    /// The event of ours that it answers, unless it is an event itself.
    pub answers: Option<u64>,
    /// The offset from which its session can be recovered, if it carries one.
    pub offset: Option<H::Text>,
}

/// Puts packets and their attachments together.
///
/// A frame that comes in the wrong place is an error. A packet that exceeds one of the
/// [`DecoderLimits`] is none: what has come of it is dropped, what is still to come is skipped, and the
/// next packet is read again. So is a packet that nobody listens to.
///
/// Source: Socket.IO protocol 5, section "Sending and receiving data", binary packets.
#[derive(Debug)]
pub struct Decoder<H: Host> {
    limits: DecoderLimits,
    due: Option<Due<H>>,
    /// No packet has to be complete earlier. It may lie before the next such moment: a complete packet
    /// does not move it, so that the timer is not set anew for each.
    wake: Option<Instant>,
}

/// The binary frames that are to come, at least one, and what they belong to unless they are skipped.
#[derive(Debug)]
struct Due<H: Host> {
    frames: u32,
    assembly: Option<Assembly<H>>,
}

/// A packet that waits for its attachments.
#[derive(Debug)]
struct Assembly<H: Host> {
    namespace: String,
    packet: Packet<H>,
    text_length: usize,
    attachments: Vec<H::Bytes>,
    bytes: usize,
    deadline: Instant,
}

impl<H: Host> Decoder<H> {
    /// Makes a decoder for a new connection.
    #[must_use]
    pub fn new(limits: DecoderLimits) -> Self {
        Self { limits, due: None, wake: None }
    }

    /// Takes a text frame whose packet starts at the unit `from`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if attachments are due or the frame does not follow the grammar.
    pub fn decode(
        &mut self,
        host: &H,
        text: &H::Text,
        from: usize,
        now: Instant,
    ) -> Result<Decoded<H>, DecodeError> {
        self.expect_text()?;
        let (header, start) = Header::decode(host, text, from)?;
        if header.attachments == 0 {
            let packet = decode_payload(host, text, start, &header)?;
            return Ok(complete(host, text, header.namespace, packet));
        }
        let decoded = self.begin(host, text, start, &header, now)?;
        // It may have begun with an assembly of its own.
        self.due.get_or_insert(Due { frames: header.attachments, assembly: None });
        Ok(decoded)
    }

    /// Takes a text frame that has been decoded elsewhere.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnexpectedText`] if attachments are due.
    pub fn expect_text(&self) -> Result<(), DecodeError> {
        if self.due.is_none() { Ok(()) } else { Err(DecodeError::UnexpectedText) }
    }

    /// Takes a packet whose text frame, of this length, has been decoded elsewhere, and which so many binary
    /// frames follow. Returns whether it was taken; if not, the text is to be decoded here.
    #[must_use]
    pub fn expect_binary(
        &mut self,
        namespace: String,
        packet: Packet<H>,
        text_length: usize,
        frames: u32,
        now: Instant,
    ) -> bool {
        let is_taken = self.due.is_none() && (1..=self.limits.attachments).contains(&frames);
        if is_taken {
            self.assemble(namespace, packet, text_length, frames, now);
        }
        is_taken
    }

    /// Takes a packet with attachments.
    fn begin(
        &mut self,
        host: &H,
        text: &H::Text,
        start: usize,
        header: &Header,
        now: Instant,
    ) -> Result<Decoded<H>, DecodeError> {
        let namespace = header.namespace.clone();
        if header.attachments > self.limits.attachments {
            return drop_unread(host, text, start, header);
        }
        let packet = decode_payload(host, text, start, header)?;
        if matches!(packet, Packet::Unheard { .. }) {
            return Ok(complete(host, text, namespace, packet));
        }
        self.assemble(namespace, packet, host.length(text), header.attachments, now);
        Ok(Decoded::Incomplete)
    }

    fn assemble(
        &mut self,
        namespace: String,
        packet: Packet<H>,
        text_length: usize,
        frames: u32,
        now: Instant,
    ) {
        let deadline = now + self.limits.time;
        self.wake.get_or_insert(deadline);
        let attachments = Vec::new();
        let assembly = Assembly { namespace, packet, text_length, attachments, bytes: 0, deadline };
        self.due = Some(Due { frames, assembly: Some(assembly) });
    }

    /// Takes a binary frame.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnexpectedBinary`] if none is due, [`DecodeError::Placeholder`] if the packet that
    /// it completes names an attachment that it does not have.
    pub fn attach(&mut self, host: &H, bytes: H::Bytes) -> Result<Decoded<H>, DecodeError> {
        let Due { frames, assembly } = self.due.take().ok_or(DecodeError::UnexpectedBinary)?;
        let frames = frames.saturating_sub(1);
        let (assembly, decoded) = match assembly.map(|assembly| assembly.attach(host, bytes)) {
            None => (None, Decoded::Incomplete),
            Some(assembly) if assembly.bytes > self.limits.bytes => {
                (None, Decoded::Dropped(assembly.give_up(host, Excess::AttachmentBytes)))
            }
            Some(assembly) if frames == 0 => (None, assembly.complete(host)?),
            Some(assembly) => (Some(assembly), Decoded::Incomplete),
        };
        self.due = (frames > 0).then_some(Due { frames, assembly });
        Ok(decoded)
    }

    /// Returns the moment at which [`expire`](Self::expire) is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.wake
    }

    /// Drops the packet whose attachments have taken too long, if there is one.
    pub fn expire(&mut self, host: &H, now: Instant) -> Option<Dropped<H>> {
        self.wake.filter(|wake| *wake <= now)?;
        let assembly =
            self.due.as_mut().and_then(|due| due.assembly.take_if(|a| a.deadline <= now));
        let waiting = self.due.as_ref().and_then(|due| due.assembly.as_ref());
        self.wake = waiting.map(|assembly| assembly.deadline);
        assembly.map(|assembly| assembly.give_up(host, Excess::AttachmentTime))
    }
}

impl<H: Host> Assembly<H> {
    fn attach(mut self, host: &H, bytes: H::Bytes) -> Self {
        self.bytes = self.bytes.saturating_add(host.bytes_length(&bytes));
        self.attachments.push(bytes);
        self
    }

    fn complete(self, host: &H) -> Result<Decoded<H>, DecodeError> {
        let Self { namespace, packet, text_length, attachments, bytes, .. } = self;
        let fill = |arguments| host.fill(arguments, attachments).ok_or(DecodeError::Placeholder);
        let packet = match packet {
            Packet::Event { event, arguments, ack_id } => {
                Packet::Event { event, arguments: fill(arguments)?, ack_id }
            }
            Packet::Ack { ack_id, arguments } => {
                Packet::Ack { ack_id, arguments: fill(arguments)? }
            }
            Packet::Connect { .. }
            | Packet::Disconnect
            | Packet::Unheard { .. }
            | Packet::ConnectError { .. } => packet,
        };
        Ok(Decoded::Packet { namespace, packet, length: text_length.saturating_add(bytes) })
    }

    fn give_up(self, host: &H, excess: Excess) -> Dropped<H> {
        let (answers, offset) = match self.packet {
            Packet::Ack { ack_id, .. } => (Some(ack_id), None),
            Packet::Event { mut arguments, ack_id: None, .. } => {
                (None, host.take_offset(&mut arguments))
            }
            Packet::Event { ack_id: Some(_), .. }
            | Packet::Connect { .. }
            | Packet::Disconnect
            | Packet::Unheard { .. }
            | Packet::ConnectError { .. } => (None, None),
        };
        Dropped { namespace: self.namespace, excess, answers, offset }
    }
}

fn complete<H: Host>(host: &H, text: &H::Text, namespace: String, packet: Packet<H>) -> Decoded<H> {
    Decoded::Packet { namespace, packet, length: host.length(text) }
}

/// A packet with too many attachments is not parsed.
fn drop_unread<H: Host>(
    host: &H,
    text: &H::Text,
    start: usize,
    header: &Header,
) -> Result<Decoded<H>, DecodeError> {
    let namespace = header.namespace.clone();
    let is_answer = header.packet_type == PacketType::BinaryAck;
    let answers = header.ack_id.filter(|_| is_answer);
    if is_answer && answers.is_none() {
        return Err(DecodeError::AckId);
    }
    let offset = match header.ack_id {
        Some(_) => None,
        None => host.peek_offset(text, start),
    };
    if !is_answer && host.peek_event_name(text, start) == Some(EventName::Reserved) {
        return Err(DecodeError::ReservedEvent);
    }
    Ok(Decoded::Dropped(Dropped { namespace, excess: Excess::Attachments, answers, offset }))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use serde_json::{Value, json};

    const PLACEHOLDER: &str = r#"{"_placeholder":true,"num":0}"#;

    struct Scene {
        host: NativeHost,
        decoder: Decoder<NativeHost>,
        now: Instant,
    }

    fn scene() -> Scene {
        let host = NativeHost::default();
        host.listen("x");
        let limits = DecoderLimits { attachments: 3, bytes: 10, time: Duration::from_secs(30) };
        Scene { host, decoder: Decoder::new(limits), now: Instant::from_millis(5.0) }
    }

    impl Scene {
        fn text(&mut self, text: &str) -> Result<Decoded<NativeHost>, DecodeError> {
            self.decoder.decode(&self.host, &text.to_owned(), 0, self.now)
        }

        fn binary(&mut self, bytes: &[u8]) -> Result<Decoded<NativeHost>, DecodeError> {
            self.decoder.attach(&self.host, bytes.to_vec())
        }

        fn after(&mut self, millis: u64) -> Option<Dropped<NativeHost>> {
            self.now = self.now + Duration::from_millis(millis);
            self.decoder.expire(&self.host, self.now)
        }

        fn assert_reads_on(&mut self) {
            assert_eq!(arguments(self.text(r#"2["x","next"]"#)), json!(["x", "next"]));
        }
    }

    fn arguments(decoded: Result<Decoded<NativeHost>, DecodeError>) -> Value {
        match decoded {
            Ok(Decoded::Packet { packet: Packet::Event { arguments, .. }, .. }) => arguments,
            other => panic!("no event: {other:?}"),
        }
    }

    fn dropped(decoded: Result<Decoded<NativeHost>, DecodeError>) -> Dropped<NativeHost> {
        match decoded {
            Ok(Decoded::Dropped(dropped)) => dropped,
            other => panic!("not dropped: {other:?}"),
        }
    }

    fn is_incomplete(decoded: &Result<Decoded<NativeHost>, DecodeError>) -> bool {
        matches!(decoded, Ok(Decoded::Incomplete))
    }

    #[test]
    fn puts_attachments_in_their_places() {
        let mut scene = scene();
        let text = r#"52-/n,7["x",{"_placeholder":true,"num":1},[{"_placeholder":true,"num":0}]]"#;
        assert!(is_incomplete(&scene.text(text)));
        assert!(is_incomplete(&scene.binary(&[1])));
        match scene.binary(&[2, 3]) {
            Ok(Decoded::Packet { namespace, packet, length }) => {
                assert_eq!((namespace.as_str(), length), ("/n", text.len() + 3));
                let Packet::Event { arguments, ack_id, .. } = packet else {
                    panic!("no event");
                };
                assert_eq!((arguments, ack_id), (json!(["x", [2, 3], [[1]]]), Some(7)));
            }
            other => panic!("incomplete: {other:?}"),
        }
        scene.assert_reads_on();
    }

    #[test]
    fn refuses_frames_in_the_wrong_place() {
        let mut scene = scene();
        assert_eq!(scene.binary(&[1]).err(), Some(DecodeError::UnexpectedBinary));
        scene.text(r#"52-["x"]"#).unwrap();
        assert_eq!(scene.text(r#"2["x"]"#).err(), Some(DecodeError::UnexpectedText));
        assert_eq!(scene.decoder.expect_text(), Err(DecodeError::UnexpectedText));
        assert!(is_incomplete(&scene.binary(&[1])));
        assert_eq!(arguments(scene.binary(&[1])), json!(["x"]));
        assert_eq!(scene.binary(&[1]).err(), Some(DecodeError::UnexpectedBinary));
        scene.assert_reads_on();
    }

    #[test]
    fn refuses_a_placeholder_that_names_no_attachment() {
        let mut scene = scene();
        scene.text(r#"51-["x",{"_placeholder":true,"num":1}]"#).unwrap();
        assert_eq!(scene.binary(&[1]).err(), Some(DecodeError::Placeholder));
    }

    #[test]
    fn drops_too_many_attachments_and_skips_them() {
        let mut scene = scene();
        let drop = dropped(scene.text(r#"54-/n,["x","Q7w600v"]"#));
        assert_eq!((drop.namespace.as_str(), drop.excess), ("/n", Excess::Attachments));
        assert_eq!((drop.answers, drop.offset.as_deref()), (None, Some("Q7w600v")));
        for _ in 0..4 {
            assert!(scene.decoder.expect_text().is_err());
            assert!(is_incomplete(&scene.binary(&[0; 100])));
        }
        scene.assert_reads_on();
        assert_eq!(dropped(scene.text("64-9[]")).answers, Some(9));
        assert_eq!(self::scene().text("64-[]").err(), Some(DecodeError::AckId));
        let reserved = self::scene().text(r#"54-["connect"]"#).err();
        assert_eq!(reserved, Some(DecodeError::ReservedEvent));
    }

    #[test]
    fn drops_too_many_bytes_and_skips_the_rest() {
        let mut scene = scene();
        scene.text(&format!(r#"53-["x",{PLACEHOLDER},"Q7w600v"]"#)).unwrap();
        assert!(is_incomplete(&scene.binary(&[0; 10])));
        let drop = dropped(scene.binary(&[0]));
        assert_eq!((drop.excess, drop.answers), (Excess::AttachmentBytes, None));
        assert_eq!(drop.offset.as_deref(), Some("Q7w600v"));
        assert!(scene.decoder.expect_text().is_err());
        assert!(is_incomplete(&scene.binary(&[0; 100])));
        scene.assert_reads_on();
        scene.text("61-4[]").unwrap();
        assert_eq!(dropped(scene.binary(&[0; 11])).answers, Some(4));
        scene.assert_reads_on();
    }

    #[test]
    fn drops_what_takes_too_long_and_skips_the_rest() {
        let mut scene = scene();
        scene.text(&format!(r#"52-["x",{PLACEHOLDER}]"#)).unwrap();
        assert_eq!(scene.decoder.deadline(), Some(Instant::from_millis(30_005.0)));
        scene.binary(&[0]).unwrap();
        assert!(scene.after(29_999).is_none());
        assert_eq!(scene.after(1).map(|drop| drop.excess), Some(Excess::AttachmentTime));
        assert_eq!(scene.decoder.deadline(), None);
        assert!(scene.decoder.expect_text().is_err());
        assert!(is_incomplete(&scene.binary(&[0])));
        scene.assert_reads_on();
    }

    #[test]
    fn does_not_move_its_deadline_for_each_packet() {
        let mut scene = scene();
        for _ in 0..3 {
            scene.text(r#"51-["x"]"#).unwrap();
            scene.binary(&[0]).unwrap();
            assert!(scene.after(1_000).is_none());
            assert_eq!(scene.decoder.deadline(), Some(Instant::from_millis(30_005.0)));
        }
        scene.text(r#"51-["x"]"#).unwrap();
        assert!(scene.after(27_000).is_none(), "the packet that is due has more time");
        assert_eq!(scene.decoder.deadline(), Some(Instant::from_millis(33_005.0)));
        assert!(scene.after(3_000).is_some());
    }

    #[test]
    fn skips_the_attachments_of_an_event_that_nobody_hears() {
        let mut scene = scene();
        let decoded = scene.text(&unheard(2)).unwrap();
        let Decoded::Packet { packet: Packet::Unheard { offset }, .. } = decoded else {
            panic!("heard: {decoded:?}");
        };
        assert_eq!(offset.as_deref(), Some("Q7w600v"));
        scene.assert_skips(2);
    }

    #[test]
    fn drops_an_event_with_too_many_attachments_also_when_nobody_hears_it() {
        let mut scene = scene();
        let decoded = scene.text(&unheard(4)).unwrap();
        let Decoded::Dropped(Dropped { excess: Excess::Attachments, offset, .. }) = decoded else {
            panic!("not dropped: {decoded:?}");
        };
        assert_eq!(offset.as_deref(), Some("Q7w600v"));
        scene.assert_skips(4);
    }

    fn unheard(attachments: u32) -> String {
        format!(r#"5{attachments}-["nobody",{PLACEHOLDER},"Q7w600v"]"#)
    }

    impl Scene {
        fn assert_skips(&mut self, attachments: u32) {
            assert_eq!(self.decoder.deadline(), None);
            for _ in 0..attachments {
                assert!(is_incomplete(&self.binary(&[0; 100])));
            }
            self.assert_reads_on();
        }
    }
}
