use std::fmt;

use crate::dice::unique_id;
use crate::mac;

/// Who may look at the Admin UI.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminAccount {
    user: String,
    password: String,
    is_random: bool,
}

impl AdminAccount {
    /// Returns the account of a user with a password, which nothing tells.
    #[must_use]
    pub fn new(user: String, password: String) -> Self {
        Self { user, password, is_random: false }
    }

    /// Returns an account with a password that nobody knows yet.
    #[must_use]
    pub fn with_random_password(user: String) -> Self {
        let password = unique_id().chars().take(RANDOM_LENGTH).collect();
        Self { user, password, is_random: true }
    }

    /// Returns the user's name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the password if it was made up, so that somebody can be told.
    #[must_use]
    pub fn random_password(&self) -> Option<&str> {
        self.is_random.then_some(&*self.password)
    }

    /// Returns whether these are the account's, in the same time wherever they differ.
    #[must_use]
    pub fn admits(&self, user: &str, password: &str) -> bool {
        let key = unique_id();
        let is_same = |known: &str, given: &str| mac::is_code(&key, given, &mac::code(&key, known));
        is_same(&self.user, user) & is_same(&self.password, password)
    }
}

impl fmt::Debug for AdminAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AdminAccount").field("user", &self.user).finish_non_exhaustive()
    }
}

/// 80 bits, as hexadecimal digits.
const RANDOM_LENGTH: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admits_only_the_user_with_the_password() {
        let account = AdminAccount::new("ada".to_owned(), "secret".to_owned());
        assert_eq!((account.user(), account.random_password()), ("ada", None));
        assert!(account.admits("ada", "secret"));
        for (user, password) in
            [("ada", ""), ("ada", "Secret"), ("ada", "secret "), ("", "secret"), ("bob", "secret")]
        {
            assert!(!account.admits(user, password), "{user} {password}");
        }
        assert!(!format!("{account:?}").contains("secret"));
    }

    #[test]
    fn random_passwords_differ() {
        let account = || AdminAccount::with_random_password("ada".to_owned());
        let (first, second) = (account(), account());
        assert!(first.admits("ada", first.random_password().unwrap()));
        let (first, second) = (first.password, second.password);
        assert!(first.len() == RANDOM_LENGTH && first != second, "{first} {second}");
    }
}
