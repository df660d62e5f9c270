//! The token in the query string.

use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;

use crate::mac;
use crate::user::User;

/// Returns the token of a user: `<user>:<hash>`.
#[must_use]
pub fn token(secret: &str, user: &str) -> String {
    let code = mac::code(secret, user);
    format!("{user}:{}", mac::in_hexadecimal(&code))
}

/// Returns whose token is in the query of `uri`, if it is a good one.
#[must_use]
pub fn user_of(uri: &Uri, secret: &str) -> Option<User> {
    #[derive(Deserialize)]
    struct Token {
        token: String,
    }
    let Query(Token { token: given }) = Query::try_from_uri(uri).ok()?;
    let (user, hash) = given.rsplit_once(':')?;
    let good = !user.is_empty() && mac::is_code(secret, user, &mac::from_hexadecimal(hash)?);
    good.then(|| User(user.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_in(query: &str) -> Option<User> {
        user_of(&format!("/socket.io/?EIO=4&{query}&transport=polling").parse().unwrap(), "secret")
    }

    #[test]
    fn takes_the_user_of_a_good_token_however_it_is_escaped() {
        let token = token("secret", "ada:admin");
        let ada = Some(User("ada:admin".to_owned()));
        assert_eq!(user_in(&format!("token={token}")), ada);
        assert_eq!(user_in(&format!("token={}", token.replace(':', "%3A"))), ada);
    }

    #[test]
    fn takes_no_other_token() {
        let good = token("secret", "ada");
        let (_, hash) = good.rsplit_once(':').unwrap();
        for query in [
            "",
            "token=",
            "token=ada",
            "token=ada:",
            "token=ada:00",
            "token=ada:zz",
            "token=ada:%ff",
            &format!("token=:{hash}"),
            &format!("token=bela:{hash}"),
            &format!("token=ada:{}", &hash[2..]),
            &format!("token={good}&token={good}"),
            &format!("token={}", token("another secret", "ada")),
        ] {
            assert_eq!(user_in(query), None, "{query}");
        }
    }
}
