//! What is being done for users.

use std::collections::{BTreeMap, VecDeque};

use tokio_util::sync::CancellationToken;

use crate::user::User;

/// Whose task it is, and its id: users choose ids without knowing of each other.
pub type Key = (User, String);

/// The tasks that run, and those that were begun lately.
#[derive(Debug, Default)]
pub struct Running {
    tasks: BTreeMap<Key, CancellationToken>,
    begun: VecDeque<Key>,
}

impl Running {
    /// Returns whether a task was begun, lately or long ago but not at its end.
    pub fn knows(&self, key: &Key) -> bool {
        self.tasks.contains_key(key) || self.begun.contains(key)
    }

    /// Begins a task, which ends when the token is cancelled.
    pub fn begin(&mut self, key: Key) -> CancellationToken {
        let token = CancellationToken::new();
        self.tasks.insert(key.clone(), token.clone());
        if self.begun.len() == KEPT {
            self.begun.pop_front();
        }
        self.begun.push_back(key);
        token
    }

    /// Cancels a task; returns whether it was running.
    pub fn cancel(&mut self, key: &Key) -> bool {
        let task = self.tasks.remove(key);
        if let Some(token) = &task {
            token.cancel();
        }
        task.is_some()
    }

    /// A task has come to its end.
    pub fn end(&mut self, key: &Key) {
        self.tasks.remove(key);
    }
}

const KEPT: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(user: &str, id: &str) -> Key {
        (User(user.to_owned()), id.to_owned())
    }

    #[test]
    fn a_running_task_is_cancelled_by_its_user_once() {
        let mut running = Running::default();
        let token = running.begin(key("ada", "1"));
        assert!(!running.cancel(&key("bela", "1")));
        assert!(running.cancel(&key("ada", "1")) && token.is_cancelled());
        assert!(!running.cancel(&key("ada", "1")));
        running.begin(key("ada", "2"));
        running.end(&key("ada", "2"));
        assert!(!running.cancel(&key("ada", "2")));
    }

    #[test]
    fn tasks_are_known_for_a_while_after_their_end_and_while_they_run() {
        let mut running = Running::default();
        running.begin(key("ada", "long"));
        running.begin(key("ada", "short"));
        running.end(&key("ada", "short"));
        assert!(running.knows(&key("ada", "short")) && !running.knows(&key("bela", "short")));
        for number in 0..KEPT {
            running.begin(key("ada", &number.to_string()));
        }
        assert!(running.knows(&key("ada", "long")) && !running.knows(&key("ada", "short")));
    }
}
