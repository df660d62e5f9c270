//! Message authentication: what only someone who knows the secret can have written.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Returns the HMAC-SHA256 (RFC 2104) of `text`.
#[must_use]
pub fn code(secret: &str, text: &str) -> Vec<u8> {
    started(secret, text).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// Returns whether `code` is the whole one of `text`, in the same time wherever they differ.
#[must_use]
pub fn is_code(secret: &str, text: &str, code: &[u8]) -> bool {
    started(secret, text).is_some_and(|mac| mac.verify_slice(code).is_ok())
}

/// Every length of key is allowed, so there is always a result.
fn started(secret: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

/// Writes bytes in hexadecimal.
#[must_use]
pub fn in_hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads bytes in hexadecimal.
#[must_use]
pub fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        &[high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn is_what_the_rfc_says() {
        let code = code("Jefe", "what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(in_hexadecimal(&code), expected);
        assert!(is_code("Jefe", "what do ya want for nothing?", &code));
        for (secret, text) in [("jefe", "what do ya want for nothing?"), ("Jefe", "what")] {
            assert!(!is_code(secret, text, &code));
        }
        assert!(!is_code("Jefe", "what do ya want for nothing?", &code[..16]));
    }

    #[test]
    fn hexadecimal_is_read_as_it_is_written() {
        let bytes = [0, 9, 16, 255];
        assert_eq!(in_hexadecimal(&bytes), "000910ff");
        assert_eq!(from_hexadecimal("000910ff").as_deref(), Some(&bytes[..]));
        for text in ["0g", "+1", "ä", "é0", "0", "001"] {
            assert_eq!(from_hexadecimal(text), None, "{text}");
        }
    }
}
