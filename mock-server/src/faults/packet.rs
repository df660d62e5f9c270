//! What a text frame says in Engine.IO 4 and Socket.IO 5, as far as rules ask.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{split_id, split_namespace, without_query};

/// The kinds of packets; the first six are Engine.IO's, and binary ones count as events and acks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// The server's handshake.
    Open,
    /// The end of the session.
    Close,
    /// The server's heartbeat, and a client's probe.
    Ping,
    /// The client's answer, and a server's to a probe.
    Pong,
    /// The client moves to a WebSocket.
    Upgrade,
    /// Nothing.
    Noop,
    /// A client wants to connect to a namespace, or is connected.
    Connect,
    /// Either side leaves a namespace.
    Disconnect,
    /// An event.
    Event,
    /// An acknowledgement.
    Ack,
    /// A client may not connect.
    ConnectError,
}

/// A packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its kind.
    pub kind: Kind,
    /// The namespace; `/` for the main one, and for Engine.IO's packets.
    pub namespace: &'a str,
    /// The digits of its id, if it has one.
    pub id: &'a str,
    /// How many binary messages belong to it.
    pub attachments: usize,
    data: &'a str,
}

impl<'a> Packet<'a> {
    /// Reads a text; `None` if it is no packet.
    #[must_use]
    pub fn read(text: &'a str) -> Option<Self> {
        let kind = match text.as_bytes() {
            [b'0', ..] => Kind::Open,
            [b'1', ..] => Kind::Close,
            [b'2', ..] => Kind::Ping,
            [b'3', ..] => Kind::Pong,
            [b'5', ..] => Kind::Upgrade,
            [b'6', ..] => Kind::Noop,
            [b'4', b'0', ..] => Kind::Connect,
            [b'4', b'1', ..] => Kind::Disconnect,
            [b'4', b'2' | b'5', ..] => Kind::Event,
            [b'4', b'3' | b'6', ..] => Kind::Ack,
            [b'4', b'4', ..] => Kind::ConnectError,
            _ => return None,
        };
        if !text.starts_with('4') {
            return Some(Self { kind, namespace: "/", id: "", attachments: 0, data: "" });
        }
        Some(Self::in_message(kind, text))
    }

    fn in_message(kind: Kind, text: &'a str) -> Self {
        let (_, rest) = text.split_at(2);
        let binary = text.starts_with("45") || text.starts_with("46");
        let (attachments, rest) = match rest.split_once('-') {
            Some((count, rest)) if binary => (count.parse().unwrap_or_default(), rest),
            Some(_) | None => (0, rest),
        };
        let (namespace, rest) = split_namespace(rest);
        let (id, data) = split_id(rest);
        // A name with a query is the same namespace.
        let namespace = without_query(namespace);
        Self { kind, namespace, id, attachments, data }
    }

    /// The name of an event.
    #[must_use]
    pub fn event(&self) -> Option<String> {
        let list = self.data.strip_prefix('[').filter(|_| self.kind == Kind::Event)?;
        serde_json::Deserializer::from_str(list).into_iter::<String>().next()?.ok()
    }
}

/// Writes a packet of Socket.IO: its types, then its namespace, then its data.
#[must_use]
pub fn packet(types: &str, namespace: &str, data: &str) -> String {
    match namespace {
        "/" => format!("{types}{data}"),
        _ => format!("{types}{namespace},{data}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_apart() {
        for (text, kind, namespace, attachments, id) in [
            ("0{}", Kind::Open, "/", 0, ""),
            ("2probe", Kind::Ping, "/", 0, ""),
            ("3", Kind::Pong, "/", 0, ""),
            ("40{\"token\":1}", Kind::Connect, "/", 0, ""),
            ("40/jobs?a=1,", Kind::Connect, "/jobs", 0, ""),
            ("41/jobs,", Kind::Disconnect, "/jobs", 0, ""),
            ("41/jobs", Kind::Disconnect, "/jobs", 0, ""),
            ("42[\"a,b\"]", Kind::Event, "/", 0, ""),
            ("42/jobs,17[\"a\"]", Kind::Event, "/jobs", 0, "17"),
            ("452-/jobs,[\"a-b\"]", Kind::Event, "/jobs", 2, ""),
            ("461-3[]", Kind::Ack, "/", 1, "3"),
            ("430[]", Kind::Ack, "/", 0, "0"),
            ("44{}", Kind::ConnectError, "/", 0, ""),
        ] {
            let read = Packet::read(text).unwrap();
            assert_eq!((read.kind, read.namespace), (kind, namespace), "{text}");
            assert_eq!((read.attachments, read.id), (attachments, id), "{text}");
        }
        for text in ["", "4", "7", "49", "hello"] {
            assert_eq!(Packet::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_name_of_an_event_is_its_first_argument() {
        for (text, name) in [
            (r#"42["tick",1]"#, Some("tick")),
            (r#"42/a,7["t\"ick"]"#, Some("t\"ick")),
            (r#"451-["file",{"_placeholder":true,"num":0}]"#, Some("file")),
            ("42[1]", None),
            ("42[", None),
            ("42", None),
            (r#"430["tick"]"#, None),
        ] {
            assert_eq!(Packet::read(text).unwrap().event().as_deref(), name, "{text}");
        }
    }

    #[test]
    fn packets_of_the_main_namespace_do_not_name_it() {
        assert_eq!(packet("41", "/", ""), "41");
        assert_eq!(packet("44", "/jobs", "{}"), "44/jobs,{}");
    }
}
