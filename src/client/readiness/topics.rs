//! The commands and inputs that concern topics.

use crate::client::readiness::Readiness;
use crate::client::topics::{Confirm, JoinTicket, TopicStatus};
use crate::time::Instant;

impl<E, T> Readiness<E, T> {
    /// Counts one more that wants a topic; the first joins it, with the bodies of the packets that join
    /// and leave it.
    pub fn retain_topic(
        &mut self,
        topic: &str,
        join: T,
        leave: Option<T>,
        confirm: Confirm,
        now: Instant,
    ) {
        self.topics.retain(topic, join, leave, confirm, now);
    }

    /// Counts one less that wants a topic; after the last it is left.
    pub fn release_topic(&mut self, topic: &str, now: Instant) {
        self.topics.release(topic, now);
        self.check_topics(now);
    }

    /// Returns what the application was last told of a topic.
    #[must_use]
    pub fn topic_status(&self, topic: &str) -> TopicStatus {
        self.topics.status(topic)
    }

    /// The event that confirms a topic has come.
    pub fn topic_confirmed(&mut self, topic: &str, now: Instant) {
        self.topics.confirm(topic, now);
        self.check_topics(now);
    }

    /// The server has answered a join. A late answer counts as long as the connection lives.
    pub fn join_acknowledged(&mut self, ticket: JoinTicket, now: Instant) {
        self.topics.acknowledge(ticket, now);
        self.check_topics(now);
    }

    /// The server has refused a join, or it could not be sent.
    pub fn join_refused(&mut self, ticket: JoinTicket, now: Instant) {
        self.topics.refuse(ticket, now);
        self.check_topics(now);
    }
}
