//! Socket.IO packets (protocol 5), as far as a recording must understand them: their data stays text.

use serde_json::value::RawValue;

use crate::wire::{MAIN, split_id, split_namespace};

/// A packet with its attachments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// Its namespace, `/` for the main one.
    pub namespace: String,
    /// The acknowledgement's id: asked for by an event, answered by an acknowledgement.
    pub id: Option<u64>,
    /// JSON, or nothing.
    pub data: String,
    /// Its attachments; `None` for packets that cannot have any.
    pub attachments: Option<Vec<Vec<u8>>>,
}

/// The kinds of packets; binary ones are told apart by their attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// CONNECT.
    Connect,
    /// DISCONNECT.
    Disconnect,
    /// EVENT or BINARY_EVENT.
    Event,
    /// ACK or BINARY_ACK.
    Ack,
    /// CONNECT_ERROR.
    ConnectError,
}

impl Packet {
    /// Reads the text of a packet, and how many attachments follow it; `None` if it is no packet.
    #[must_use]
    pub fn decode(text: &str) -> Option<(Self, usize)> {
        let (kind, binary, rest) = kind_of(text)?;
        let (count, rest) = if binary {
            let (count, rest) = rest.split_once('-')?;
            (count.parse().ok()?, rest)
        } else {
            (0, rest)
        };
        let (namespace, rest) = split_namespace(rest);
        let (id, data) = split_id(rest);
        let id = if id.is_empty() { None } else { Some(id.parse().ok()?) };
        let (namespace, data) = (namespace.to_owned(), data.to_owned());
        let packet = Self { kind, namespace, id, data, attachments: binary.then(Vec::new) };
        packet.is_sound().then_some((packet, count))
    }

    /// Writes the text of the packet, without its attachments.
    #[must_use]
    pub fn encode(&self) -> String {
        let digit = match (self.kind, &self.attachments) {
            (Kind::Connect, _) => "0".to_owned(),
            (Kind::Disconnect, _) => "1".to_owned(),
            (Kind::Event, None) => "2".to_owned(),
            (Kind::Ack, None) => "3".to_owned(),
            (Kind::ConnectError, _) => "4".to_owned(),
            (Kind::Event, Some(attachments)) => format!("5{}-", attachments.len()),
            (Kind::Ack, Some(attachments)) => format!("6{}-", attachments.len()),
        };
        let namespace = if self.namespace == MAIN { String::new() } else { self.of_namespace() };
        let id = self.id.map(|id| id.to_string()).unwrap_or_default();
        format!("{digit}{namespace}{id}{}", self.data)
    }

    /// Returns the event's name; nothing for other packets.
    #[must_use]
    pub fn event(&self) -> Option<String> {
        let args: Vec<&RawValue> = serde_json::from_str(&self.data).ok()?;
        let name = args.first().filter(|_| self.kind == Kind::Event)?;
        serde_json::from_str(name.get()).ok()
    }

    /// Whether the data are what this kind of packet has.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match self.kind {
            Kind::Event => self.event().is_some(),
            Kind::Ack => {
                self.id.is_some() && serde_json::from_str::<Vec<&RawValue>>(&self.data).is_ok()
            }
            Kind::Connect | Kind::Disconnect | Kind::ConnectError => {
                self.data.is_empty() || serde_json::from_str::<&RawValue>(&self.data).is_ok()
            }
        }
    }

    fn of_namespace(&self) -> String {
        format!("{},", self.namespace)
    }
}

/// The kind, whether it has attachments, and what follows the digit.
fn kind_of(text: &str) -> Option<(Kind, bool, &str)> {
    let (digit, rest) = text.split_at_checked(1)?;
    let (kind, binary) = match digit {
        "0" => (Kind::Connect, false),
        "1" => (Kind::Disconnect, false),
        "2" => (Kind::Event, false),
        "3" => (Kind::Ack, false),
        "4" => (Kind::ConnectError, false),
        "5" => (Kind::Event, true),
        "6" => (Kind::Ack, true),
        _ => return None,
    };
    Some((kind, binary, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_read_and_written_as_they_were() {
        for (text, kind, namespace, id, count) in [
            ("0", Kind::Connect, "/", None, 0),
            ("0{\"token\":\"a,b\"}", Kind::Connect, "/", None, 0),
            ("0/jobs,", Kind::Connect, "/jobs", None, 0),
            ("1/jobs,", Kind::Disconnect, "/jobs", None, 0),
            ("2[\"a\",{\"z\":1.0,\"a\":[1e3]}]", Kind::Event, "/", None, 0),
            ("2/jobs,13[\"/x,1\"]", Kind::Event, "/jobs", Some(13), 0),
            ("37[]", Kind::Ack, "/", Some(7), 0),
            ("4{\"message\":\"no\"}", Kind::ConnectError, "/", None, 0),
            ("51-/a,5[\"x\",{\"_placeholder\":true,\"num\":0}]", Kind::Event, "/a", Some(5), 1),
            ("62-1[]", Kind::Ack, "/", Some(1), 2),
        ] {
            let (mut packet, expected) = Packet::decode(text).expect(text);
            assert_eq!((packet.kind, packet.namespace.as_str()), (kind, namespace), "{text}");
            assert_eq!((packet.id, expected), (id, count), "{text}");
            if let Some(attachments) = &mut packet.attachments {
                attachments.resize(count, Vec::new());
            }
            assert_eq!(packet.encode(), text);
        }
    }

    #[test]
    fn what_is_no_packet_is_none() {
        for text in ["", "7", "é", "2", "2[]", "2[1]", "2{", "3[]", "5[\"a\"]", "5x-[\"a\"]", "0{"]
        {
            assert_eq!(Packet::decode(text), None, "{text}");
        }
        assert_eq!(Packet::decode("299999999999999999999[\"a\"]"), None, "no id");
    }

    #[test]
    fn a_namespace_without_a_comma_is_still_one() {
        let (packet, _) = Packet::decode("0/jobs").unwrap();
        assert_eq!(packet.encode(), "0/jobs,");
    }
}
