//! Topics that nobody wants any more.

use std::rc::Rc;

use crate::client::topics::{Link, State, TopicEffect, Topics};

/// How many topics that were left are remembered in case the connection ended before the server knew.
const LEFT: usize = 100;

impl<T> Topics<T> {
    /// Nobody wants the topic. Where the server may have it, it is told.
    ///
    /// The topic is remembered then: if the connection ends before the server knows, and the server
    /// takes up the session on the next one, it is told again.
    pub(super) fn leave(&mut self, key: &Rc<str>) {
        self.set(key, State::Idle);
        self.joins.retain(|_, joined| joined != key);
        let Some(topic) = self.topics.get(key) else {
            return;
        };
        let body = topic.leave.clone().filter(|_| topic.entered);
        let (Some(body), true) = (body, topic.entered) else {
            self.topics.remove(key);
            return;
        };
        if self.link == Link::Open {
            self.effects.push_back(TopicEffect::Leave { topic: Rc::clone(key), body });
            self.remember_left(Rc::clone(key));
        }
    }

    fn remember_left(&mut self, key: Rc<str>) {
        self.left.retain(|left| *left != key);
        self.left.push_back(key);
        if self.left.len() > LEFT {
            let oldest = self.left.pop_front();
            let gone = oldest.and_then(|key| self.topics.remove_entry(&key));
            if let Some((key, topic)) = gone.filter(|(_, topic)| topic.retains > 0) {
                self.topics.insert(key, topic);
            }
        }
    }
}
