//! Malformed frames that servers should never send, by names that scripts can use.

use serde::Serialize;
use utoipa::ToSchema;

use crate::frame::{encode_binary, encode_text};

/// Something that a client must survive.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Hostile {
    /// What scripts call it.
    #[schema(value_type = String)]
    pub name: &'static str,
    /// What is wrong with it.
    #[schema(value_type = String)]
    pub what: &'static str,
    #[serde(skip)]
    parts: &'static [Part],
}

/// What it is made of.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// A text message.
    Text(&'static str),
    /// The same text message so many times.
    Texts(usize, &'static str),
    /// A text message: a beginning, something so many times, an end.
    Long(&'static str, &'static str, usize, &'static str),
    /// So many binary messages of one byte.
    Binaries(usize),
    /// Bytes as they are on the wire.
    Wire(&'static [u8]),
    /// The same bytes so many times.
    Wires(usize, &'static [u8]),
}

/// Returns the bytes of the malformed frames of this name.
#[must_use]
pub fn named(name: &str) -> Option<Vec<u8>> {
    let hostile = ALL.iter().find(|hostile| hostile.name == name)?;
    Some(hostile.parts.iter().flat_map(Part::bytes).collect())
}

/// Returns the packets of it that a payload of HTTP long-polling can have.
#[must_use]
pub fn packets(name: &str) -> Vec<String> {
    let parts = ALL.iter().find(|hostile| hostile.name == name).map_or(&[][..], |it| it.parts);
    parts.iter().flat_map(Part::packets).collect()
}

impl Part {
    fn packets(&self) -> Vec<String> {
        match *self {
            Self::Text(text) => vec![text.to_owned()],
            Self::Texts(count, text) => vec![text.to_owned(); count],
            Self::Long(start, middle, count, end) => {
                vec![[start, &middle.repeat(count), end].concat()]
            }
            // One byte in base64.
            Self::Binaries(count) => vec!["bAQ==".to_owned(); count],
            Self::Wire(_) | Self::Wires(..) => Vec::new(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match *self {
            Self::Text(text) => encode_text(text, None),
            Self::Texts(count, text) => encode_text(text, None).repeat(count),
            Self::Long(start, middle, count, end) => {
                encode_text(&[start, &middle.repeat(count), end].concat(), None)
            }
            Self::Binaries(count) => encode_binary(&[1], None).repeat(count),
            Self::Wire(bytes) => bytes.to_vec(),
            Self::Wires(count, bytes) => bytes.repeat(count),
        }
    }
}

const fn hostile(name: &'static str, what: &'static str, parts: &'static [Part]) -> Hostile {
    Hostile { name, what, parts }
}

use Part::{Binaries, Long, Text, Texts, Wire, Wires};

/// All of them.
pub const ALL: &[Hostile] = &[
    hostile(
        "attachments-missing",
        "an event whose attachment never comes",
        &[Text(r#"451-["a",{"_placeholder":true,"num":0}]"#)],
    ),
    hostile(
        "attachments-too-many",
        "an event that announces 10^9 attachments",
        &[Text(r#"451000000000-["a"]"#)],
    ),
    hostile(
        "attachments-count-overflow",
        "more attachments than a number holds",
        &[Text("45599999999999999999999-[]")],
    ),
    hostile(
        "attachments-none",
        "a binary event with 0 attachments, and binary messages after it",
        &[Text(r#"450-["a"]"#), Binaries(1_000)],
    ),
    hostile("attachments-no-count", "a binary event without a count", &[Text(r#"45-["a"]"#)]),
    hostile("attachments-count-fraction", "a count of 1.5", &[Text(r#"451.5-["a"]"#)]),
    hostile(
        "attachments-no-name",
        "a binary acknowledgement without attachments and without what it answers",
        &[Text("460-1[]")],
    ),
    hostile(
        "attachment-interrupted",
        "a text message where an attachment is due",
        &[Text(r#"451-["a",{"_placeholder":true,"num":0}]"#), Text(r#"42["b"]"#)],
    ),
    hostile("attachment-unasked", "a binary message that nothing announced", &[Binaries(1)]),
    hostile(
        "placeholder-out-of-range",
        "a placeholder of an attachment that is not there",
        &[Text(r#"451-["a",{"_placeholder":true,"num":1}]"#), Binaries(1)],
    ),
    hostile(
        "placeholder-negative",
        "a placeholder with the number -1",
        &[Text(r#"451-["a",{"_placeholder":true,"num":-1}]"#), Binaries(1)],
    ),
    hostile(
        "placeholder-fraction",
        "a placeholder with the number 0.5",
        &[Text(r#"451-["a",{"_placeholder":true,"num":0.5}]"#), Binaries(1)],
    ),
    hostile(
        "placeholder-method",
        "a placeholder that names a method of arrays",
        &[Text(r#"451-["a",{"_placeholder":true,"num":"splice"}]"#), Binaries(1)],
    ),
    hostile(
        "placeholder-prototype",
        "a placeholder that names __proto__",
        &[Text(r#"451-["a",{"_placeholder":true,"num":"__proto__"}]"#), Binaries(1)],
    ),
    hostile(
        "placeholder-as-name",
        "an event whose name is an attachment",
        &[Text(r#"451-[{"_placeholder":true,"num":0}]"#), Binaries(1)],
    ),
    hostile(
        "event-name-object",
        "an event whose name is an object",
        &[Text(r#"42[{"toString":"foo"}]"#)],
    ),
    hostile("event-name-boolean", "an event whose name is true", &[Text("42[true]")]),
    hostile("event-name-null", "an event whose name is null", &[Text("42[null]")]),
    hostile(
        "event-name-prototype",
        "an event called __proto__",
        &[Text(r#"42["__proto__",{"__proto__":{"polluted":true}}]"#)],
    ),
    hostile("event-without-name", "an event that is an empty list", &[Text("42[]")]),
    hostile("event-no-list", "an event that is an object", &[Text("42{}")]),
    hostile("event-without-data", "an event without anything", &[Text("42")]),
    hostile("event-reserved-connect", "an event called connect", &[Text(r#"42["connect"]"#)]),
    hostile(
        "event-reserved-disconnect",
        "an event called disconnect",
        &[Text(r#"42["disconnect","x"]"#)],
    ),
    hostile(
        "event-reserved-connect-error",
        "an event called connect_error",
        &[Text(r#"42["connect_error","x"]"#)],
    ),
    hostile(
        "event-called-error",
        "an event called error, which is an ordinary one",
        &[Text(r#"42["error","x"]"#)],
    ),
    hostile("ack-without-id", "an acknowledgement of nothing", &[Text(r#"43["a"]"#)]),
    hostile(
        "ack-unknown",
        "an acknowledgement of what was never sent",
        &[Text(r#"43999999["a"]"#)],
    ),
    hostile("ack-without-data", "an acknowledgement without a list", &[Text("43999998")]),
    hostile(
        "ack-id-too-big",
        "an id that JavaScript cannot hold exactly",
        &[Text(r#"439007199254740993["a"]"#)],
    ),
    hostile("ack-id-endless", "an id of 400 digits", &[Long("43", "9", 400, r#"["a"]"#)]),
    hostile(
        "ack-many-arguments",
        "an acknowledgement with 100,000 arguments",
        &[Long("43999997[0", ",0", 100_000, "]")],
    ),
    hostile("json-cut-off", "an event that ends too early", &[Text(r#"42["a",{"b":"#)]),
    hostile("json-deep", "100,000 lists in each other", &[Long(r#"42["a","#, "[", 100_000, "")]),
    hostile(
        "json-wide",
        "a list of 200,000 empty lists",
        &[Long(r#"42["a",[[]"#, ",[]", 200_000, "]]")],
    ),
    hostile(
        "json-lone-surrogate",
        "half a character, which JSON allows",
        &[Text(r#"42["a","\ud800"]"#)],
    ),
    hostile("json-number-too-big", "the number 1e999", &[Text(r#"42["a",1e999]"#)]),
    hostile(
        "json-duplicate-keys",
        "an object with one key twice",
        &[Text(r#"42["a",{"b":1,"b":2}]"#)],
    ),
    hostile("json-nul", "a NUL in a string", &[Text("42[\"a\",\"\u{0}\"]")]),
    hostile(
        "json-long-key",
        "a key of 1,000,000 bytes",
        &[Long(r#"42["a",{""#, "k", 1_000_000, r#"":1}]"#)],
    ),
    hostile("namespace-swallows", "a namespace without its comma", &[Text(r#"42/admin["a"]"#)]),
    hostile(
        "namespace-unknown",
        "an event of a namespace that is not connected",
        &[Text(r#"42/nobody-is-here,["a"]"#)],
    ),
    hostile(
        "namespace-prototype",
        "an event of the namespace /__proto__",
        &[Text(r#"42/__proto__,["a"]"#)],
    ),
    hostile("namespace-empty", "a namespace that is only a slash", &[Text(r#"42/,["a"]"#)]),
    hostile(
        "namespace-endless",
        "a namespace of 1,000,000 bytes",
        &[Long("42/", "n", 1_000_000, r#",["a"]"#)],
    ),
    hostile("connect-again", "a second CONNECT with another id", &[Text(r#"40{"sid":"other"}"#)]),
    hostile("connect-without-sid", "a CONNECT without an id", &[Text("40")]),
    hostile("connect-list", "a CONNECT with a list", &[Text("40[]")]),
    hostile("connect-null", "a CONNECT with null", &[Text("40null")]),
    hostile("connect-error-bare", "a CONNECT_ERROR without data", &[Text("44")]),
    hostile(
        "connect-error-number",
        "a CONNECT_ERROR whose message is a number",
        &[Text(r#"44{"message":1}"#)],
    ),
    hostile("connect-error-string", "a CONNECT_ERROR that is a string", &[Text(r#"44"x""#)]),
    hostile(
        "disconnect-unknown",
        "a DISCONNECT of a namespace that is not connected",
        &[Text("41/nobody-is-here,")],
    ),
    hostile("packet-empty", "a message with nothing in it", &[Text("4")]),
    hostile("packet-unknown-type", "a Socket.IO packet of type 9", &[Text("49")]),
    hostile("packet-negative-type", "a Socket.IO packet of type -1", &[Text("4-1")]),
    hostile("engine-empty", "an empty text message", &[Text("")]),
    hostile("engine-unknown-type", "an Engine.IO packet of type 7", &[Text("7")]),
    hostile("engine-bad-base64", "a packet of bad base64", &[Text("b!!!")]),
    hostile(
        "engine-open-again",
        "a second handshake",
        &[Text(
            r#"0{"sid":"second","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        )],
    ),
    hostile("engine-open-empty", "a handshake without anything", &[Text("0{}")]),
    hostile("engine-open-cut-off", "a handshake that ends too early", &[Text("0{")]),
    hostile("engine-open-list", "a handshake that is a list", &[Text("0[]")]),
    hostile("engine-open-null", "a handshake that is null", &[Text("0null")]),
    hostile(
        "engine-open-no-ping",
        "a handshake whose heartbeat is 0 ms",
        &[Text(
            r#"0{"sid":"a","upgrades":[],"pingInterval":0,"pingTimeout":0,"maxPayload":1000000}"#,
        )],
    ),
    hostile(
        "engine-open-endless-ping",
        "a handshake whose heartbeat is longer than a timer can be",
        &[Text(
            r#"0{"sid":"a","upgrades":[],"pingInterval":3000000000,"pingTimeout":3000000000,"maxPayload":1000000}"#,
        )],
    ),
    hostile(
        "engine-open-prototype",
        "a handshake whose session is __proto__",
        &[Text(
            r#"0{"sid":"__proto__","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        )],
    ),
    hostile("engine-probe-unasked", "the answer to a probe that nobody made", &[Text("3probe")]),
    hostile("engine-pong-unasked", "an answer to a heartbeat that nobody sent", &[Text("3")]),
    hostile("engine-upgrade-unasked", "a change of transport that nobody asked for", &[Text("5")]),
    hostile("engine-ping-storm", "10,000 heartbeats at once", &[Texts(10_000, "2")]),
    hostile(
        "websocket-reserved-bits",
        "a frame with bits that must be 0",
        &[Wire(&[0xf1, 1, b'2'])],
    ),
    hostile("websocket-reserved-opcode", "a frame of an unknown type", &[Wire(&[0x83, 0])]),
    hostile(
        "websocket-masked",
        "a frame that is masked, as only a client's are",
        &[Wire(&[0x81, 0x81, 1, 2, 3, 4, b'2' ^ 1])],
    ),
    hostile(
        "websocket-too-long",
        "a frame of 2^63-1 bytes",
        &[Wire(&[0x81, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ),
    hostile("websocket-bad-utf8", "a text that is no UTF-8", &[Wire(&[0x81, 3, b'4', 0xc3, 0x28])]),
    hostile(
        "websocket-continuation-alone",
        "the continuation of nothing",
        &[Wire(&[0x80, 1, b'2'])],
    ),
    hostile(
        "websocket-fragments",
        "a message in 10,000 fragments",
        &[Wire(&[0x01, 1, b'4']), Wires(10_000, &[0x00, 1, b'x']), Wire(&[0x80, 0])],
    ),
    hostile("websocket-bad-close", "an end with the code 0", &[Wire(&[0x88, 2, 0, 0])]),
    hostile(
        "websocket-long-ping",
        "a control frame of more than 125 bytes",
        &[Wire(&[0x89, 126, 0, 126]), Wires(126, b"x")],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_of_one_thing_each_and_all_have_bytes() {
        let names: BTreeSet<_> = ALL.iter().map(|hostile| hostile.name).collect();
        assert_eq!(names.len(), ALL.len());
        for hostile in ALL {
            assert!(!named(hostile.name).unwrap().is_empty(), "{}", hostile.name);
        }
        assert_eq!(named("nothing"), None);
    }

    #[test]
    fn what_is_long_is_as_long_as_it_says() {
        assert_eq!(named("json-long-key").unwrap().len(), 10 + 9 + 1_000_000 + 5);
        assert_eq!(named("engine-ping-storm").unwrap(), [0x81, 1, b'2'].repeat(10_000));
        assert_eq!(named("attachments-none").unwrap().len(), 2 + 9 + 3 * 1_000);
    }
}
