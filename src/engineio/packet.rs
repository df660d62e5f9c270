//! Packet types and the character that announces each.

/// The type of an Engine.IO packet, its first character in a text frame.
///
/// | type | id | sent by |
/// |---|---|---|
/// | OPEN | `0` | server, with the handshake |
/// | CLOSE | `1` | either |
/// | PING | `2` | server |
/// | PONG | `3` | client |
/// | MESSAGE | `4` | either |
/// | UPGRADE | `5` | client, while it changes the transport |
/// | NOOP | `6` | server, while the transport changes |
///
/// Source: Engine.IO protocol 4, section "Packet encoding".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketType {
    /// Carries the handshake.
    Open,
    /// Ends the session.
    Close,
    /// Asks for a PONG.
    Ping,
    /// Answers a PING.
    Pong,
    /// Carries a payload of the protocol above.
    Message,
    /// Completes a change of transport.
    Upgrade,
    /// Means nothing; ends a pending poll.
    Noop,
}

impl PacketType {
    /// Reads the first unit of a text frame.
    #[must_use]
    pub fn decode(unit: u16) -> Option<Self> {
        match u8::try_from(unit).ok()? {
            b'0' => Some(Self::Open),
            b'1' => Some(Self::Close),
            b'2' => Some(Self::Ping),
            b'3' => Some(Self::Pong),
            b'4' => Some(Self::Message),
            b'5' => Some(Self::Upgrade),
            b'6' => Some(Self::Noop),
            _ => None,
        }
    }

    /// Returns what stands before the payload in a text frame.
    #[must_use]
    pub fn encode(self) -> &'static str {
        match self {
            Self::Open => "0",
            Self::Close => "1",
            Self::Ping => "2",
            Self::Pong => "3",
            Self::Message => "4",
            Self::Upgrade => "5",
            Self::Noop => "6",
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_it_encodes_and_nothing_else() {
        let known = (0..=u16::MAX).filter_map(|unit| Some((unit, PacketType::decode(unit)?)));
        let encoded: String = known
            .map(|(unit, packet_type)| {
                assert_eq!(packet_type.encode().encode_utf16().collect::<Vec<_>>(), [unit]);
                packet_type.encode()
            })
            .collect();
        assert_eq!(encoded, "0123456");
    }
}
