//! The decoder of one connection: packets, and the attachments that follow some of them.

use crate::host::Host;
use crate::socketio::codec;
use crate::socketio::packet::{DecodeError, Packet};

/// Remembers which binary frames are due.
///
/// Packets with attachments are not handed up; the decoder counts their binary frames off.
#[derive(Debug, Default)]
pub struct Decoder {
    due: u32,
}

impl Decoder {
    /// Takes a text frame whose packet starts at the unit `from`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if attachments are due or the frame does not follow the grammar.
    pub fn decode<H: Host>(
        &mut self,
        host: &H,
        text: &H::Text,
        from: usize,
    ) -> Result<(String, Packet<H>), DecodeError> {
        self.expect_text()?;
        let decoded = codec::decode(host, text, from)?;
        if let Packet::Binary { attachments, .. } = decoded.1 {
            self.due = attachments;
        }
        Ok(decoded)
    }

    /// Takes a text frame that has been decoded elsewhere.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnexpectedText`] if attachments are due.
    pub fn expect_text(&self) -> Result<(), DecodeError> {
        if self.due == 0 { Ok(()) } else { Err(DecodeError::UnexpectedText) }
    }

    /// Takes a binary frame.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnexpectedBinary`] if none is due.
    pub fn expect_binary(&mut self) -> Result<(), DecodeError> {
        self.due = self.due.checked_sub(1).ok_or(DecodeError::UnexpectedBinary)?;
        Ok(())
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::native::NativeHost;

    #[test]
    fn counts_the_attachments_of_a_packet_off() {
        let host = NativeHost::default();
        let mut decoder = Decoder::default();
        assert_eq!(decoder.expect_binary(), Err(DecodeError::UnexpectedBinary));
        decoder.decode(&host, &"52-[\"b\"]".to_owned(), 0).unwrap();
        assert_eq!(decoder.expect_text(), Err(DecodeError::UnexpectedText));
        assert_eq!(decoder.expect_binary(), Ok(()));
        assert_eq!(decoder.expect_binary(), Ok(()));
        assert_eq!(decoder.expect_binary(), Err(DecodeError::UnexpectedBinary));
        assert!(decoder.decode(&host, &"2[\"a\"]".to_owned(), 0).is_ok());
    }

    #[test]
    fn refuses_text_while_attachments_are_due() {
        let host = NativeHost::default();
        let mut decoder = Decoder::default();
        decoder.decode(&host, &"51-[\"b\"]".to_owned(), 0).unwrap();
        let error = decoder.decode(&host, &"2[\"a\"]".to_owned(), 0).err();
        assert_eq!(error, Some(DecodeError::UnexpectedText));
    }
}
