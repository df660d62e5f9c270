//! Who a client belongs to, and why one may not connect.

use serde_json::Value;

/// Whose client it is: a user's id, or nothing where nobody says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct User(pub String);

impl User {
    /// Returns the user that `auth` names as `userId`, which nothing checks.
    #[must_use]
    pub fn named_in(auth: Option<&Value>) -> Self {
        let id = auth.and_then(|auth| auth.get("userId")).and_then(Value::as_str);
        Self(id.unwrap_or_default().to_owned())
    }
}

/// Why a client may not connect; what it says is the `message` of the `connect_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no token, or it is not one of ours.
    #[error("unauthorized")]
    Unauthorized,
    /// The token was good once.
    #[error("expired")]
    Expired,
}

impl Refusal {
    /// Returns whether a message is that of a refusal.
    #[must_use]
    pub fn is_one(message: &str) -> bool {
        [Self::Unauthorized, Self::Expired].iter().any(|refusal| refusal.to_string() == message)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_the_user_from_auth() {
        let auth = json!({ "userId": "ann" });
        assert_eq!(User::named_in(Some(&auth)), User("ann".to_owned()));
        for auth in [None, Some(json!(null)), Some(json!("ann")), Some(json!({ "userId": 7 }))] {
            assert_eq!(User::named_in(auth.as_ref()), User::default());
        }
    }
}
