//! JSON Web Tokens (RFC 7519) with HS256, the one algorithm that is accepted.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::mac;
use crate::user::{Refusal, User};

/// What a token says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Whose it is.
    pub sub: String,
    /// When it ends, in seconds since 1970; without it never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<f64>,
}

/// Returns the token that says `claims`.
#[must_use]
pub fn sign(secret: &str, claims: &Claims) -> String {
    let claims = serde_json::to_string(claims).unwrap_or_default();
    let signed = format!("{}.{}", encode(HEADER.as_bytes()), encode(claims.as_bytes()));
    let code = encode(&mac::code(secret, &signed));
    format!("{signed}.{code}")
}

/// Returns whose token it is; `now` is in milliseconds since 1970.
///
/// # Errors
///
/// [`Refusal::Expired`] for a good token that has ended, otherwise [`Refusal::Unauthorized`].
pub fn verify(secret: &str, token: &str, now: i64) -> Result<User, Refusal> {
    let claims = signed_claims(secret, token).ok_or(Refusal::Unauthorized)?;
    if claims.exp.is_some_and(|exp| exp * 1_000.0 <= now as f64) {
        return Err(Refusal::Expired);
    }
    Ok(User(claims.sub))
}

fn signed_claims(secret: &str, token: &str) -> Option<Claims> {
    let (signed, code) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Header = decode(header)?;
    let good = header.alg == "HS256" && mac::is_code(secret, signed, &bytes_of(code)?);
    let claims: Claims = if good { decode(claims)? } else { return None };
    (!claims.sub.is_empty()).then_some(claims)
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&bytes_of(part)?).ok()
}

fn bytes_of(part: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(part).ok()
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(exp: Option<f64>) -> Claims {
        Claims { sub: "ada".to_owned(), exp }
    }

    /// The example that jwt.io has shown for years.
    #[test]
    fn reads_a_token_of_another_program() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
                     eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
                     SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        let user = verify("your-256-bit-secret", token, 0);
        assert_eq!(user, Ok(User("1234567890".to_owned())));
    }

    #[test]
    fn a_token_ends_when_it_says() {
        let token = sign("s", &ada(Some(100.5)));
        assert_eq!(verify("s", &token, 100_499), Ok(User("ada".to_owned())));
        assert_eq!(verify("s", &token, 100_500), Err(Refusal::Expired));
        let forever = sign("s", &ada(None));
        assert_eq!(verify("s", &forever, i64::MAX), Ok(User("ada".to_owned())));
    }

    #[test]
    fn refuses_what_is_not_signed_with_the_secret() {
        let good = sign("s", &ada(None));
        let (signed, code) = good.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let none = encode(br#"{"alg":"none"}"#);
        let other_algorithm = format!("{none}.{claims}");
        let nobody = sign("s", &Claims { sub: String::new(), exp: None });
        for token in [
            "",
            ".",
            "..",
            "a.b.c",
            signed,
            &format!("{signed}."),
            &format!("{signed}.{}", &code[..40]),
            &format!("{header}.{}.{code}", encode(br#"{"sub":"eve"}"#)),
            &format!("{other_algorithm}."),
            &format!("{other_algorithm}.{}", encode(&mac::code("s", &other_algorithm))),
            &sign("t", &ada(None)),
            // What has ended and is not ours is not ours.
            &sign("t", &ada(Some(1.0))),
            &nobody,
        ] {
            assert_eq!(verify("s", token, 5_000), Err(Refusal::Unauthorized), "{token}");
        }
    }
}
