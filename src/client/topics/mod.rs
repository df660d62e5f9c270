//! The topics that the application wants, joined once on each connection that needs it.
//!
//! | state | the server was told | what follows |
//! |---|---|---|
//! | idle | nothing on this connection | waits for a connection, or for its turn |
//! | joining | join | the answer, the event, or the limit |
//! | live | join, and it confirmed; or it has taken up the session | down, or leave |
//! | failed | join, and it refused or kept silent | refused: tried again; silent: late answers count |

mod leaving;
mod words;

use std::collections::VecDeque;
use std::rc::Rc;

use crate::client::defects::{self, Defect};
use crate::sorted::SortedMap;
use crate::time::{Instant, earliest};
pub use words::{Confirm, JoinFailure, JoinTicket, TopicStatus, TopicsConfig};

/// One thing to do about topics: see the variants of the same names of
/// [`Effect`](crate::client::readiness::Effect).
#[derive(Debug)]
pub(super) enum TopicEffect<T> {
    Join { topic: Rc<str>, ticket: JoinTicket, body: Rc<T>, acknowledged: bool },
    Leave { topic: Rc<str>, body: Rc<T> },
    Status { topic: Rc<str>, status: TopicStatus },
}

#[derive(Debug)]
struct Topic<T> {
    retains: u32,
    join: Rc<T>,
    leave: Option<Rc<T>>,
    confirm: Confirm,
    state: State,
    /// How often it was refused on this connection.
    refusals: u32,
    /// Whether the server's session may have it, so that it has to be left.
    entered: bool,
    /// Whether the server's session has confirmed it.
    confirmed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// It waits until fewer joins are in flight.
    Queued,
    Joining {
        ticket: JoinTicket,
        until: Instant,
    },
    /// `assumed` because the server has taken up the session in which it was joined.
    Live {
        assumed: bool,
    },
    Refused {
        again: Option<Instant>,
    },
    Silent,
}

impl State {
    fn status(self) -> TopicStatus {
        match self {
            Self::Idle | Self::Queued => TopicStatus::Idle,
            Self::Joining { .. } => TopicStatus::Joining,
            Self::Live { .. } => TopicStatus::Live,
            Self::Refused { .. } => TopicStatus::Failed(JoinFailure::Refused),
            Self::Silent => TopicStatus::Failed(JoinFailure::TimedOut),
        }
    }

    fn deadline(self) -> Option<Instant> {
        match self {
            Self::Joining { until, .. } => Some(until),
            Self::Refused { again } => again,
            Self::Idle | Self::Queued | Self::Live { .. } | Self::Silent => None,
        }
    }
}

/// The topics of one namespace. `T` is the body of a packet.
#[derive(Debug)]
pub(super) struct Topics<T> {
    config: TopicsConfig,
    topics: SortedMap<Rc<str>, Topic<T>>,
    queue: VecDeque<Rc<str>>,
    /// The joins of this connection that may still be confirmed.
    joins: SortedMap<JoinTicket, Rc<str>>,
    in_flight: usize,
    /// What was left on this connection or on those that it continues.
    left: VecDeque<Rc<str>>,
    link: Link,
    next_ticket: u32,
    deadline: Option<Instant>,
    effects: VecDeque<TopicEffect<T>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    /// There is a connection, but joins and leaves have to wait.
    Accepted,
    Open,
}

impl<T> Topics<T> {
    pub fn new(config: TopicsConfig) -> Self {
        Self {
            config,
            topics: SortedMap::new(),
            queue: VecDeque::new(),
            joins: SortedMap::new(),
            in_flight: 0,
            left: VecDeque::new(),
            link: Link::Down,
            next_ticket: 0,
            deadline: None,
            effects: VecDeque::new(),
        }
    }

    /// Counts one more that wants the topic; the first joins it. The bodies of the first count.
    pub fn retain(&mut self, key: &str, join: T, leave: Option<T>, confirm: Confirm, now: Instant) {
        if let Some(topic) = self.topics.get_mut(key).filter(|topic| topic.retains > 0) {
            topic.retains = topic.retains.saturating_add(1);
            return;
        }
        let entered = self.topics.get(key).is_some_and(|topic| topic.entered);
        let (join, leave) = (Rc::new(join), leave.map(Rc::new));
        let state = State::Idle;
        let topic = Topic {
            retains: 1,
            join,
            leave,
            confirm,
            state,
            refusals: 0,
            entered,
            confirmed: false,
        };
        self.topics.insert(Rc::from(key), topic);
        if self.link == Link::Open {
            self.enlist(&Rc::from(key));
            self.pump(now);
        }
    }

    /// Counts one less; after the last the topic is left.
    pub fn release(&mut self, key: &str, now: Instant) {
        let Some((key, _)) = self.topics.get_key_value(key) else {
            return;
        };
        let key = Rc::clone(key);
        if self.link == Link::Down && defects::is(Defect::LoseLeave) {
            return;
        }
        let Some(topic) = self.topics.get_mut(&key).filter(|topic| topic.retains > 0) else {
            return;
        };
        topic.retains -= 1;
        if topic.retains == 0 {
            self.leave(&key);
            self.pump(now);
        }
    }

    /// Returns what the application was last told of a topic.
    pub fn status(&self, key: &str) -> TopicStatus {
        self.topics.get(key).map_or(TopicStatus::Idle, |topic| topic.state.status())
    }

    /// A connection begins. If the server has `recovered` the session it is in the topics of that;
    /// those that it had confirmed are live at once if that is to be `believed`.
    pub fn handle_accepted(&mut self, recovered: bool, believed: bool) {
        self.link = Link::Accepted;
        for key in self.keys() {
            let Some(topic) = self.topics.get_mut(&key) else {
                continue;
            };
            topic.entered &= recovered;
            topic.confirmed &= recovered;
            topic.refusals = 0;
            if topic.retains > 0 && topic.confirmed && believed {
                self.set(&key, State::Live { assumed: true });
            }
        }
    }

    /// The connection may be used: leaves what is not wanted any more, and joins what is wanted and not
    /// live.
    pub fn start(&mut self, now: Instant) {
        self.link = Link::Open;
        for key in self.keys() {
            if self.topics.get(&key).is_some_and(|topic| topic.retains == 0) {
                self.leave(&key);
            }
        }
        self.enlist_where(|state| state == State::Idle, now);
    }

    /// Joins what was believed to be joined.
    pub fn rejoin(&mut self, now: Instant) {
        self.enlist_where(|state| state == State::Live { assumed: true }, now);
    }

    /// Returns whether each topic that is wanted was confirmed, refused or given up.
    pub fn is_settled(&self) -> bool {
        self.queue.is_empty() && self.in_flight == 0
    }

    /// The server has answered a join.
    pub fn acknowledge(&mut self, ticket: JoinTicket, now: Instant) {
        if let Some(key) = self.joins.get(&ticket).cloned() {
            if self.topics.get(&key).is_some_and(|topic| topic.confirm == Confirm::Ack) {
                self.on_confirmed(&key, now);
            }
        }
    }

    /// The event that confirms a topic has come.
    pub fn confirm(&mut self, key: &str, now: Instant) {
        let joined = self.joins.values().find(|joined| &***joined == key).cloned();
        if let Some(key) = joined {
            self.on_confirmed(&key, now);
        }
    }

    /// The server has refused a join, or it could not be sent.
    pub fn refuse(&mut self, ticket: JoinTicket, now: Instant) {
        let Some(key) = self.joins.remove(&ticket) else {
            return;
        };
        let config = self.config;
        let Some(topic) = self.topics.get_mut(&key) else {
            return;
        };
        topic.refusals = topic.refusals.saturating_add(1);
        topic.entered = false;
        let doubled = config.pause.saturating_mul(1 << (topic.refusals - 1).min(16));
        let again = (topic.refusals < config.tries).then(|| now + doubled);
        self.deadline = earliest(self.deadline, again);
        self.set(&key, State::Refused { again });
        self.pump(now);
    }

    /// The connection ended.
    pub fn handle_down(&mut self) {
        self.link = Link::Down;
        self.joins.clear();
        self.queue.clear();
        self.effects.retain(|effect| matches!(effect, TopicEffect::Status { .. }));
        self.deadline = None;
        for key in self.keys() {
            self.set(&key, State::Idle);
        }
    }

    /// The user is another: nothing of the server's session counts.
    pub fn forget_session(&mut self) {
        self.handle_down();
        self.topics.retain(|_, topic| topic.retains > 0);
        for topic in self.topics.values_mut() {
            topic.entered = false;
            topic.confirmed = false;
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        for key in self.keys() {
            let state = self.topics.get(&key).map_or(State::Idle, |topic| topic.state);
            match state {
                State::Joining { until, .. } if until <= now => {
                    self.set(&key, State::Silent);
                    if defects::is(Defect::JoinTwice) {
                        self.enlist(&key);
                    }
                }
                State::Refused { again: Some(again) } if again <= now => self.enlist(&key),
                State::Idle
                | State::Queued
                | State::Joining { .. }
                | State::Live { .. }
                | State::Refused { .. }
                | State::Silent => self.deadline = earliest(self.deadline, state.deadline()),
            }
        }
        self.pump(now);
    }

    pub fn poll_effect(&mut self) -> Option<TopicEffect<T>> {
        self.effects.pop_front()
    }

    fn keys(&self) -> Vec<Rc<str>> {
        self.topics.keys().cloned().collect()
    }

    fn on_confirmed(&mut self, key: &Rc<str>, now: Instant) {
        self.joins.retain(|_, joined| joined != key);
        if let Some(topic) = self.topics.get_mut(key) {
            topic.confirmed = true;
        }
        self.set(key, State::Live { assumed: false });
        self.pump(now);
    }

    fn enlist_where(&mut self, matches: impl Fn(State) -> bool, now: Instant) {
        let wanted = |topic: &Topic<T>| topic.retains > 0 && matches(topic.state);
        let found = self.topics.iter().filter(|(_, topic)| wanted(topic));
        for key in found.map(|(key, _)| Rc::clone(key)).collect::<Vec<_>>() {
            self.enlist(&key);
        }
        self.pump(now);
    }

    fn enlist(&mut self, key: &Rc<str>) {
        self.set(key, State::Queued);
        self.queue.push_back(Rc::clone(key));
    }

    /// Joins what is next in the queue, as long as not too many are in flight.
    fn pump(&mut self, now: Instant) {
        while self.in_flight < self.config.in_flight {
            let Some(key) = self.queue.pop_front() else {
                return;
            };
            // It may have been left since.
            if self.topics.get(&key).is_some_and(|topic| topic.state == State::Queued) {
                self.join(&key, now);
            }
        }
    }

    fn join(&mut self, key: &Rc<str>, now: Instant) {
        let ticket = JoinTicket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        let until = now + self.config.limit;
        self.deadline = earliest(self.deadline, Some(until));
        self.joins.insert(ticket, Rc::clone(key));
        if let Some(topic) = self.topics.get_mut(key) {
            topic.entered = true;
            let acknowledged = topic.confirm == Confirm::Ack;
            let (topic, body) = (Rc::clone(key), Rc::clone(&topic.join));
            self.effects.push_back(TopicEffect::Join { topic, ticket, body, acknowledged });
        }
        self.set(key, State::Joining { ticket, until });
    }

    /// The only place in which a state changes: it counts the joins in flight and tells the status.
    fn set(&mut self, key: &Rc<str>, state: State) {
        let Some(topic) = self.topics.get_mut(key) else {
            return;
        };
        let before = std::mem::replace(&mut topic.state, state);
        self.in_flight -= usize::from(matches!(before, State::Joining { .. }));
        self.in_flight += usize::from(matches!(state, State::Joining { .. }));
        if before.status() != state.status() {
            let topic = Rc::clone(key);
            self.effects.push_back(TopicEffect::Status { topic, status: state.status() });
        }
    }
}
