//! Who is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::user::User;

/// The users with their connections.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    users: BTreeMap<User, Present>,
}

#[derive(Clone, Debug, Default)]
struct Present {
    sockets: BTreeSet<String>,
    away: bool,
}

impl Presence {
    /// A user has one more connection; returns the status if it is another one by that.
    pub fn arrive(&mut self, user: &User, socket_id: String) -> Option<&'static str> {
        let present = self.users.entry(user.clone()).or_default();
        present.sockets.insert(socket_id);
        (present.sockets.len() == 1).then_some(ONLINE)
    }

    /// A connection is gone; returns the status if it is another one by that.
    pub fn leave(&mut self, user: &User, socket_id: &str) -> Option<&'static str> {
        let present = self.users.get_mut(user)?;
        present.sockets.remove(socket_id);
        if present.sockets.is_empty() {
            self.users.remove(user);
            return Some(OFFLINE);
        }
        None
    }

    /// A user who is there is away, or no longer; returns the status if it is another one by that.
    pub fn set_away(&mut self, user: &User, away: bool) -> Option<&'static str> {
        let present = self.users.get_mut(user)?;
        let before = std::mem::replace(&mut present.away, away);
        (before != away).then(|| status(away))
    }

    /// Returns everyone who is there, with their status.
    pub fn everyone(&self) -> Vec<(User, &'static str)> {
        self.users.iter().map(|(user, present)| (user.clone(), status(present.away))).collect()
    }
}

fn status(away: bool) -> &'static str {
    if away { AWAY } else { ONLINE }
}

const ONLINE: &str = "online";
const AWAY: &str = "away";
const OFFLINE: &str = "offline";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_changes_with_the_first_and_the_last_connection() {
        let (mut presence, ada) = (Presence::default(), User("ada".to_owned()));
        assert_eq!(presence.arrive(&ada, "1".to_owned()), Some("online"));
        assert_eq!(presence.arrive(&ada, "2".to_owned()), None);
        assert_eq!(presence.leave(&ada, "1"), None);
        assert_eq!(presence.leave(&ada, "1"), None);
        assert_eq!(presence.leave(&ada, "2"), Some("offline"));
        assert_eq!(presence.leave(&ada, "2"), None);
        assert!(presence.everyone().is_empty());
    }

    #[test]
    fn only_who_is_there_can_be_away() {
        let (mut presence, ada) = (Presence::default(), User("ada".to_owned()));
        assert_eq!(presence.set_away(&ada, true), None);
        presence.arrive(&ada, "1".to_owned());
        assert_eq!(presence.set_away(&ada, true), Some("away"));
        assert_eq!(presence.set_away(&ada, true), None);
        assert_eq!(presence.everyone(), [(ada.clone(), "away")]);
        assert_eq!(presence.set_away(&ada, false), Some("online"));
    }
}
