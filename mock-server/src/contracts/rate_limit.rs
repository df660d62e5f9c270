//! How often each user may do something.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::user::User;

/// Lets every user do something a number of times in any window of time.
#[derive(Clone, Debug)]
pub struct RateLimit {
    allowed: usize,
    window: Duration,
    done: BTreeMap<User, VecDeque<Instant>>,
}

impl RateLimit {
    /// Allows `allowed` times in any `window`.
    #[must_use]
    pub fn new(allowed: usize, window: Duration) -> Self {
        Self { allowed, window, done: BTreeMap::new() }
    }

    /// Counts one more time.
    ///
    /// # Errors
    ///
    /// How long to wait, when it is once too often; that is not counted.
    pub fn admit(&mut self, now: Instant, user: &User) -> Result<(), Duration> {
        self.forget_old(now);
        let done = self.done.entry(user.clone()).or_default();
        if done.len() < self.allowed {
            done.push_back(now);
            return Ok(());
        }
        let oldest = done.front().copied().unwrap_or(now);
        Err(self.window.saturating_sub(now.saturating_duration_since(oldest)))
    }

    fn forget_old(&mut self, now: Instant) {
        let window = self.window;
        self.done.retain(|_, done| {
            done.retain(|&at| now.saturating_duration_since(at) < window);
            !done.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_there_is_room_again_and_counts_each_user() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let (ada, bela) = (User("ada".to_owned()), User("bela".to_owned()));
        let mut limit = RateLimit::new(2, 10 * second);
        assert_eq!(limit.admit(start, &ada), Ok(()));
        assert_eq!(limit.admit(start + 4 * second, &ada), Ok(()));
        assert_eq!(limit.admit(start + 7 * second, &ada), Err(3 * second));
        assert_eq!(limit.admit(start + 7 * second, &bela), Ok(()));
        assert_eq!(limit.admit(start + 10 * second, &ada), Ok(()));
        assert_eq!(limit.admit(start + 11 * second, &ada), Err(3 * second));
        limit.admit(start + 60 * second, &bela).unwrap();
        assert_eq!(limit.done.len(), 1, "who has done nothing lately is forgotten");
    }
}
