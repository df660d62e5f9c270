//! Joins packets with their attachments, which come as messages of their own.

use super::packet::Packet;
use crate::wire::MAX_ATTACHMENTS;

/// A message of Engine.IO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// What one side has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A whole packet.
    Packet(Packet),
    /// A message that is part of no packet.
    Message(Message),
}

/// One side of a session.
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    /// A packet whose attachments are not all there, and how many it is to have.
    waiting: Option<(Packet, usize)>,
}

impl Assembler {
    /// Takes a message; returns what is whole by that.
    pub fn push(&mut self, message: Message) -> Option<Said> {
        match message {
            Message::Text(text) => self.push_text(text),
            Message::Binary(bytes) => self.push_binary(bytes),
        }
    }

    fn push_text(&mut self, text: String) -> Option<Said> {
        let decoded = Packet::decode(&text).filter(|(_, count)| *count <= MAX_ATTACHMENTS);
        let Some((packet, count)) = decoded else {
            return Some(Said::Message(Message::Text(text)));
        };
        if count > 0 {
            self.waiting = Some((packet, count));
            return None;
        }
        Some(Said::Packet(packet))
    }

    fn push_binary(&mut self, bytes: Vec<u8>) -> Option<Said> {
        let Some((mut packet, count)) = self.waiting.take() else {
            return Some(Said::Message(Message::Binary(bytes)));
        };
        let attachments = packet.attachments.get_or_insert_default();
        attachments.push(bytes);
        if attachments.len() < count {
            self.waiting = Some((packet, count));
            return None;
        }
        Some(Said::Packet(packet))
    }
}

impl Said {
    /// Returns the messages that say it.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        match self {
            Self::Message(message) => vec![message.clone()],
            Self::Packet(packet) => {
                let attachments = packet.attachments.iter().flatten().cloned();
                let text = Message::Text(packet.encode());
                std::iter::once(text).chain(attachments.map(Message::Binary)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Message {
        Message::Text(text.to_owned())
    }

    #[test]
    fn attachments_are_joined_and_taken_apart_again() {
        let messages = [
            text("2[\"a\"]"),
            text("52-[\"b\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"),
            Message::Binary(vec![0, 255]),
            Message::Binary(vec![]),
            text("50-[\"none\"]"),
            text("garbage"),
            Message::Binary(vec![7]),
        ];
        let mut assembler = Assembler::default();
        let said: Vec<_> = messages.iter().filter_map(|m| assembler.push(m.clone())).collect();
        assert_eq!(said.len(), 5);
        assert!(matches!(&said[1], Said::Packet(packet)
            if packet.attachments == Some(vec![vec![0, 255], vec![]])));
        let again: Vec<_> = said.iter().flat_map(Said::messages).collect();
        assert_eq!(again, messages);
    }

    #[test]
    fn nobody_waits_for_more_attachments_than_anybody_sends() {
        let (mut assembler, too_many) = (Assembler::default(), text("51001-[\"a\"]"));
        assert_eq!(assembler.push(too_many.clone()), Some(Said::Message(too_many)));
        assert_eq!(assembler.push(text("51000-[\"a\"]")), None);
    }
}
