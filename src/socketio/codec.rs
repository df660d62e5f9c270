//! The wire form of packets: `<type>[<attachments>-][<namespace>,][<ack id>][<json>]`.
//!
//! Knows no state and no time. The header is read unit by unit, the payload is left to the host.

use crate::decimal::decimal;
use crate::host::{EventName, Host, ValueKind};
use crate::socketio::ROOT_NAMESPACE;
use crate::socketio::packet::{DecodeError, Packet, PacketType};

/// The longest namespace, in units: each costs a look at the host's text.
const MAX_NAMESPACE: usize = 1_024;

/// As many digits as the largest id has.
const MAX_DIGITS: usize = 16;

/// The largest id that every JavaScript peer can represent, 2⁵³ − 1.
const MAX_ACK_ID: u64 = (1 << 53) - 1;

/// Everything of a packet that stands before its payload.
///
/// ```
/// use sockeye::socketio::{Header, PacketType};
///
/// let header = Header {
///     packet_type: PacketType::Event,
///     attachments: 0,
///     namespace: "/admin".to_owned(),
///     ack_id: Some(7),
/// };
/// assert_eq!(header.encode(), "2/admin,7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The packet's type.
    pub packet_type: PacketType,
    /// How many binary frames follow.
    pub attachments: u32,
    /// The namespace, `/` for the root.
    pub namespace: String,
    /// The acknowledgement id.
    pub ack_id: Option<u64>,
}

impl Header {
    /// Writes the header.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::from(self.packet_type.encode());
        if self.packet_type.has_attachments() {
            text += &decimal(self.attachments.into());
            text.push('-');
        }
        if self.namespace != ROOT_NAMESPACE {
            text += &self.namespace;
            text.push(',');
        }
        if let Some(id) = self.ack_id {
            text += &decimal(id);
        }
        text
    }

    /// Reads the header that starts at the unit `from`; the payload starts at the returned position.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the units do not follow the grammar.
    pub fn decode<H: Host>(
        host: &H,
        text: &H::Text,
        from: usize,
    ) -> Result<(Self, usize), DecodeError> {
        let mut cursor = Cursor { host, text, position: from };
        let packet_type = cursor.packet_type()?;
        let attachments = cursor.attachments(packet_type)?;
        let namespace = cursor.namespace()?;
        let ack_id = cursor.ack_id(packet_type)?;
        Ok((Self { packet_type, attachments, namespace, ack_id }, cursor.position))
    }
}

/// Reads the payload of the packet whose header ended at the unit `start`.
///
/// The payload of a packet with attachments has placeholders in their places.
///
/// # Errors
///
/// [`DecodeError`] if the payload is not of the kind that the packet's type demands.
pub fn decode_payload<H: Host>(
    host: &H,
    text: &H::Text,
    start: usize,
    header: &Header,
) -> Result<Packet<H>, DecodeError> {
    let payload = Payload { host, text, start };
    match header.packet_type {
        PacketType::Connect => Ok(Packet::Connect { data: payload.connect()? }),
        PacketType::Disconnect => payload.none().map(|()| Packet::Disconnect),
        PacketType::Event | PacketType::BinaryEvent => payload.event(header.ack_id),
        PacketType::Ack | PacketType::BinaryAck => Ok(Packet::Ack {
            ack_id: header.ack_id.ok_or(DecodeError::AckId)?,
            arguments: payload.array()?,
        }),
        PacketType::ConnectError => Ok(Packet::ConnectError { data: payload.connect_error()? }),
    }
}

struct Cursor<'a, H: Host> {
    host: &'a H,
    text: &'a H::Text,
    position: usize,
}

impl<H: Host> Cursor<'_, H> {
    fn peek(&self) -> Option<u8> {
        self.host.unit(self.text, self.position).and_then(|unit| u8::try_from(unit).ok())
    }

    fn packet_type(&mut self) -> Result<PacketType, DecodeError> {
        let unit = self.host.unit(self.text, self.position);
        let packet_type = unit.and_then(PacketType::decode).ok_or(DecodeError::PacketType)?;
        self.position += 1;
        Ok(packet_type)
    }

    fn attachments(&mut self, packet_type: PacketType) -> Result<u32, DecodeError> {
        if !packet_type.has_attachments() {
            return Ok(0);
        }
        let count = self.number(u64::from(u32::MAX)).map_err(|_| DecodeError::AttachmentCount)?;
        let count = count.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
        if self.peek() != Some(b'-') {
            return Err(DecodeError::AttachmentCount);
        }
        self.position += 1;
        count.ok_or(DecodeError::AttachmentCount)
    }

    /// A namespace starts with a slash and ends with a comma, or with the frame.
    fn namespace(&mut self) -> Result<String, DecodeError> {
        if self.peek() != Some(b'/') {
            return Ok(ROOT_NAMESPACE.to_owned());
        }
        let start = self.position;
        while self.host.unit(self.text, self.position).is_some_and(|unit| unit != u16::from(b',')) {
            self.position += 1;
            if self.position - start > MAX_NAMESPACE {
                return Err(DecodeError::Namespace);
            }
        }
        let end = self.position;
        if self.peek() == Some(b',') {
            self.position += 1;
        }
        self.host.slice(self.text, start, end).ok_or(DecodeError::Namespace)
    }

    fn ack_id(&mut self, packet_type: PacketType) -> Result<Option<u64>, DecodeError> {
        let id = self.number(MAX_ACK_ID).map_err(|_| DecodeError::AckId)?;
        if id.is_some() && !packet_type.may_have_ack_id() {
            return Err(DecodeError::AckId);
        }
        Ok(id)
    }

    /// Reads decimal digits; no digit is no number, a number over `limit` is an error.
    fn number(&mut self, limit: u64) -> Result<Option<u64>, TooLarge> {
        let mut number = None;
        let start = self.position;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            // `limit` is at most 2⁵³, so ten times that and nine fit.
            let value = number.unwrap_or(0) * 10 + u64::from(digit - b'0');
            if value > limit || self.position - start >= MAX_DIGITS {
                return Err(TooLarge);
            }
            number = Some(value);
            self.position += 1;
        }
        Ok(number)
    }
}

struct TooLarge;

struct Payload<'a, H: Host> {
    host: &'a H,
    text: &'a H::Text,
    start: usize,
}

impl<H: Host> Payload<'_, H> {
    fn is_empty(&self) -> bool {
        self.host.unit(self.text, self.start).is_none()
    }

    fn none(&self) -> Result<(), DecodeError> {
        if self.is_empty() { Ok(()) } else { Err(DecodeError::Payload) }
    }

    fn parse(&self) -> Result<H::Value, DecodeError> {
        self.host.parse(self.text, self.start).ok_or(DecodeError::Payload)
    }

    fn array(&self) -> Result<H::Value, DecodeError> {
        let value = self.parse()?;
        let is_array = self.host.kind(&value) == ValueKind::Array;
        is_array.then_some(value).ok_or(DecodeError::Payload)
    }

    fn connect(&self) -> Result<Option<H::Value>, DecodeError> {
        if self.is_empty() {
            return Ok(None);
        }
        let value = self.parse()?;
        match self.host.kind(&value) {
            ValueKind::Object => Ok(Some(value)),
            ValueKind::Array | ValueKind::String | ValueKind::Other => Err(DecodeError::Payload),
        }
    }

    fn connect_error(&self) -> Result<Option<H::Value>, DecodeError> {
        if self.is_empty() {
            return Ok(None);
        }
        let value = self.parse()?;
        match self.host.kind(&value) {
            ValueKind::Object | ValueKind::String => Ok(Some(value)),
            ValueKind::Array | ValueKind::Other => Err(DecodeError::Payload),
        }
    }

    fn event(&self, ack_id: Option<u64>) -> Result<Packet<H>, DecodeError> {
        match self.host.peek_event_name(self.text, self.start) {
            Some(EventName::Heard(event)) => {
                Ok(Packet::Event { event, arguments: self.parse()?, ack_id })
            }
            Some(EventName::Unheard) => Ok(Packet::Unheard { offset: self.peek_offset(ack_id) }),
            Some(EventName::Reserved) => Err(DecodeError::ReservedEvent),
            None => self.parsed_event(ack_id),
        }
    }

    fn parsed_event(&self, ack_id: Option<u64>) -> Result<Packet<H>, DecodeError> {
        let arguments = self.array()?;
        match self.host.event_name(&arguments).ok_or(DecodeError::Payload)? {
            EventName::Heard(event) => Ok(Packet::Event { event, arguments, ack_id }),
            EventName::Unheard => Ok(Packet::Unheard { offset: self.peek_offset(ack_id) }),
            EventName::Reserved => Err(DecodeError::ReservedEvent),
        }
    }

    /// An event that is to be answered never carries an offset.
    fn peek_offset(&self, ack_id: Option<u64>) -> Option<H::Text> {
        if ack_id.is_some() {
            return None;
        }
        self.host.peek_offset(self.text, self.start)
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;
    use proptest::prelude::*;

    /// The namespace and the packet that starts at the unit `from`.
    fn decode(
        host: &NativeHost,
        text: &String,
        from: usize,
    ) -> Result<(String, Packet<NativeHost>), DecodeError> {
        let (header, start) = Header::decode(host, text, from)?;
        let packet = decode_payload(host, text, start, &header)?;
        Ok((header.namespace, packet))
    }

    fn header(packet_type: PacketType, attachments: u32, nsp: &str, ack: Option<u64>) -> Header {
        Header { packet_type, attachments, namespace: nsp.to_owned(), ack_id: ack }
    }

    /// (header, payload, text), run both ways.
    fn table() -> Vec<(Header, &'static str, &'static str)> {
        use PacketType::*;
        vec![
            (header(Connect, 0, "/", None), "", "0"),
            (header(Connect, 0, "/", None), r#"{"sid":"a"}"#, r#"0{"sid":"a"}"#),
            (header(Connect, 0, "/admin", None), r#"{"sid":"a"}"#, r#"0/admin,{"sid":"a"}"#),
            (header(Disconnect, 0, "/", None), "", "1"),
            (header(Disconnect, 0, "/admin", None), "", "1/admin,"),
            (header(Event, 0, "/", None), r#"["foo"]"#, r#"2["foo"]"#),
            (header(Event, 0, "/", Some(0)), r#"["foo",{"a":1}]"#, r#"20["foo",{"a":1}]"#),
            (header(Event, 0, "/admin", Some(12)), r#"["bar"]"#, r#"2/admin,12["bar"]"#),
            (
                header(Event, 0, "/ä/日", None),
                r#"["é\ud83d\ude00"]"#,
                r#"2/ä/日,["é\ud83d\ude00"]"#,
            ),
            (header(Event, 0, "/", None), "[7,8]", "2[7,8]"),
            (header(Event, 0, "/", None), r#"["a\"b",1]"#, r#"2["a\"b",1]"#),
            (header(Ack, 0, "/", Some(MAX_ACK_ID)), "[]", "39007199254740991[]"),
            (header(Ack, 0, "/admin", Some(456)), r#"["x"]"#, r#"3/admin,456["x"]"#),
            (header(ConnectError, 0, "/", None), "", "4"),
            (header(ConnectError, 0, "/", None), r#""no""#, r#"4"no""#),
            (header(ConnectError, 0, "/x", None), r#"{"message":"no"}"#, r#"4/x,{"message":"no"}"#),
            (
                header(BinaryEvent, 1, "/", None),
                r#"["b",{"_placeholder":true,"num":0}]"#,
                r#"51-["b",{"_placeholder":true,"num":0}]"#,
            ),
            (
                header(BinaryAck, 2, "/admin", Some(456)),
                r#"[{"_placeholder":true,"num":0}]"#,
                r#"62-/admin,456[{"_placeholder":true,"num":0}]"#,
            ),
        ]
    }

    fn host() -> NativeHost {
        let host = NativeHost::default();
        for name in ["foo", "bar", "b", "a\"b", "7", "é😀"] {
            host.listen(name);
        }
        host
    }

    #[test]
    fn encodes_each_row_of_the_table() {
        for (header, payload, text) in table() {
            assert_eq!(header.encode() + payload, text);
        }
    }

    #[test]
    fn decodes_each_row_of_the_table() {
        for (header, payload, text) in table() {
            let (decoded, start) = Header::decode(&host(), &text.to_owned(), 0).unwrap();
            assert_eq!((decoded, &text[start..]), (header.clone(), payload));
            let (namespace, packet) = decode(&host(), &text.to_owned(), 0).unwrap();
            assert_eq!(namespace, header.namespace, "{text}");
            let (plain_type, ack_id) = match packet {
                Packet::Connect { .. } => (PacketType::Connect, None),
                Packet::Disconnect => (PacketType::Disconnect, None),
                Packet::Event { ack_id, .. } => (PacketType::Event, ack_id),
                Packet::Unheard { .. } => panic!("nobody hears {text}"),
                Packet::Ack { ack_id, .. } => (PacketType::Ack, Some(ack_id)),
                Packet::ConnectError { .. } => (PacketType::ConnectError, None),
            };
            assert_eq!(ack_id, header.ack_id, "{text}");
            let types = [plain_type, plain_type.with_attachments()];
            assert!(types.contains(&header.packet_type), "{text}");
        }
    }

    #[test]
    fn truncated_anywhere_a_packet_is_an_error_or_another_packet_of_the_grammar() {
        for (_, _, text) in table() {
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                let cut = text[..end].to_owned();
                if let Ok((_, packet)) = decode(&host(), &cut, 0) {
                    let complete_without_payload = matches!(
                        packet,
                        Packet::Connect { data: None }
                            | Packet::Disconnect
                            | Packet::ConnectError { data: None }
                    );
                    assert!(complete_without_payload, "{cut}");
                }
            }
        }
    }

    #[test]
    fn refuses_what_breaks_the_grammar() {
        use DecodeError::*;
        let long = "2/".to_owned() + &"n".repeat(MAX_NAMESPACE) + ",[\"a\"]";
        let zeros = "2".to_owned() + &"0".repeat(17) + "[\"a\"]";
        let huge = "2".to_owned() + &"9".repeat(400) + "[\"a\"]";
        let cases = [
            ("", PacketType),
            ("e", PacketType),
            ("9", PacketType),
            ("-1", PacketType),
            ("\u{feff}2[\"a\"]", PacketType),
            ("0[]", Payload),
            ("0null", Payload),
            ("0\"x\"", Payload),
            ("017{}", AckId),
            ("1{}", Payload),
            ("2", Payload),
            ("2{}", Payload),
            ("2[]", Payload),
            ("2[null]", Payload),
            ("2[true]", Payload),
            ("2[{\"toString\":\"foo\"}]", Payload),
            ("2[\"a\"", Payload),
            ("2[\"foo\"", Payload),
            ("2[\"foo\"x]", Payload),
            ("2[\"foo\",]", Payload),
            ("21e3[\"a\"]", Payload),
            ("21.5[\"a\"]", Payload),
            ("2-1[\"a\"]", Payload),
            ("29007199254740992[\"a\"]", AckId),
            (&huge, AckId),
            (&zeros, AckId),
            (&long, Namespace),
            ("2/admin[\"a\"]", Payload),
            ("3[\"a\"]", AckId),
            ("312", Payload),
            ("312{}", Payload),
            ("4null", Payload),
            ("4[]", Payload),
            ("5-[\"a\"]", AttachmentCount),
            ("50-[\"a\"]", AttachmentCount),
            ("5[\"a\"]", AttachmentCount),
            ("51", AttachmentCount),
            ("51[", AttachmentCount),
            ("51e0-[]", AttachmentCount),
            ("51.5-[]", AttachmentCount),
            ("5 1-[]", AttachmentCount),
            ("5-1-[]", AttachmentCount),
            ("599999999999999999999-[]", AttachmentCount),
            ("54294967296-[]", AttachmentCount),
            ("60-1[]", AttachmentCount),
            ("61-[]", AckId),
            ("51-", Payload),
            ("51-[]", Payload),
            ("51-[{\"_placeholder\":true,\"num\":0}]", Payload),
            ("61-0{}", Payload),
            ("2[\"connect\"]", ReservedEvent),
            ("2[\"connect_error\"]", ReservedEvent),
            ("2[\"disconnect\"]", ReservedEvent),
            ("2[\"disconnecting\"]", ReservedEvent),
            ("2[\"newListener\"]", ReservedEvent),
            ("21[\"removeListener\",1]", ReservedEvent),
            ("2[\"connec\\u0074\"]", ReservedEvent),
            ("51-[\"connect\"]", ReservedEvent),
        ];
        for (text, error) in cases {
            assert_eq!(decode(&host(), &text.to_owned(), 0).err(), Some(error), "{text}");
        }
    }

    #[test]
    fn leaves_the_payload_of_an_event_that_nobody_hears_unparsed() {
        let text = r#"2["unheard",this is not json]"#.to_owned();
        let (_, packet) = decode(&host(), &text, 0).unwrap();
        assert!(matches!(packet, Packet::Unheard { offset: None }));
    }

    #[test]
    fn reads_the_offset_of_an_event_that_nobody_hears() {
        let offset = |text: &str| match decode(&host(), &text.to_owned(), 0) {
            Ok((_, Packet::Unheard { offset })) => offset,
            other => panic!("{text}: {other:?}"),
        };
        for (text, expected) in [
            (r#"2["unheard","Q7w600v"]"#, Some("Q7w600v")),
            (r#"2["unh\u0065ard","Q7w600v.1"]"#, Some("Q7w600v.1")),
            (r#"2["unheard",{"a":1},"1700000000000-0"]"#, Some("1700000000000-0")),
            (r#"2["unheard","65534ea0c0ffee0123456789"]"#, Some("65534ea0c0ffee0123456789")),
            (r#"27["unheard","Q7w600v"]"#, None),
            (r#"2["unheard","hello world"]"#, None),
            (r#"2["unheard",["Q7w600v"]]"#, None),
            (r#"2["unheard",{"a":"Q7w600v"}]"#, None),
            (r#"2["unheard","a,\"Q7w600v"]"#, None),
            (r#"2["Q7w600v"]"#, None),
            (r#"2["unheard",7]"#, None),
        ] {
            assert_eq!(offset(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn takes_white_space_for_part_of_the_json_and_not_for_a_digit() {
        let (_, packet) = decode(&host(), &r#"2 ["foo"]"#.to_owned(), 0).unwrap();
        assert!(matches!(packet, Packet::Event { ack_id: None, .. }));
    }

    #[test]
    fn reads_from_the_middle_of_a_frame() {
        let (namespace, packet) = decode(&host(), &r#"42/x,["foo"]"#.to_owned(), 1).unwrap();
        assert_eq!(namespace, "/x");
        assert!(matches!(packet, Packet::Event { .. }));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "\\PC*", from in 0usize..4) {
            let _ = decode(&host(), &text, from);
        }

        #[test]
        fn garbage_that_looks_like_a_packet_never_panics(
            text in "[0-7][0-9]{0,3}-?(/[a-z,]{0,4})?,?[0-9]{0,20}[\\[\\]{}\"a-z0-9,:]{0,12}",
        ) {
            let _ = decode(&host(), &text, 0);
        }

        #[test]
        fn headers_survive_the_wire(
            kind in 0u16..7,
            attachments in 1u32..,
            namespace in "/[^,]{0,12}",
            ack in proptest::option::of(0..=MAX_ACK_ID),
        ) {
            let packet_type = PacketType::decode(u16::from(b'0') + kind).unwrap();
            let header = Header {
                packet_type,
                attachments: if packet_type.has_attachments() { attachments } else { 0 },
                namespace,
                ack_id: ack.filter(|_| packet_type.may_have_ack_id()),
            };
            let text = header.encode() + "[]";
            let (decoded, start) = Header::decode(&host(), &text, 0).unwrap();
            prop_assert_eq!(decoded, header);
            prop_assert_eq!(&text[start..], "[]");
        }
    }
}
