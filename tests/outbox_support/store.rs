//! A store in memory for several clients, whose faults are chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sockeye::client::store::{
    ActionKey, Change, Contents, Mark, Payload, Record, Settlement, StoreAnswer, StoreCommand,
    StoreError, Unreadable,
};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

pub type Answer = StoreAnswer<NativeHost>;
pub type Command = StoreCommand<NativeHost>;

/// The kinds of commands that can be made to fail or to stay without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Open,
    Lead,
    Put,
    Load,
    Mark,
    Settle,
    Park,
    Remove,
    Other,
}

pub fn kind(command: &Command) -> Kind {
    match command {
        StoreCommand::Open { .. } => Kind::Open,
        StoreCommand::Lead => Kind::Lead,
        StoreCommand::Put { .. } => Kind::Put,
        StoreCommand::Load { .. } => Kind::Load,
        StoreCommand::Mark { .. } => Kind::Mark,
        StoreCommand::Settle { .. } => Kind::Settle,
        StoreCommand::Park { .. } => Kind::Park,
        StoreCommand::Remove { .. } => Kind::Remove,
        StoreCommand::Read
        | StoreCommand::Resign
        | StoreCommand::RaiseEpoch { .. }
        | StoreCommand::Unpark { .. } => Kind::Other,
    }
}

#[derive(Clone)]
struct Stored {
    record: Record,
    body: String,
    at: Instant,
}

/// What all clients of one store share.
#[derive(Default)]
pub struct Store {
    actions: BTreeMap<ActionKey, Stored>,
    pub epoch: u64,
    order: u64,
    /// The client that leads, and those that wait with their tickets.
    pub leader: Option<usize>,
    pub waiting: Vec<(usize, u32)>,
    /// What each client has not been told yet.
    pub news: BTreeMap<usize, Vec<Change<NativeHost>>>,
    pub fail: BTreeMap<Kind, StoreError>,
    pub silent: BTreeSet<Kind>,
    pub unreadable: Vec<Unreadable>,
    pub damaged: BTreeSet<ActionKey>,
    /// The order in which actions were stored, also of those that are gone.
    pub history: Vec<String>,
    /// How many commands of each kind were performed.
    pub count: BTreeMap<Kind, usize>,
}

impl Store {
    pub fn keys(&self) -> Vec<String> {
        let mut stored: Vec<_> = self.actions.values().map(|stored| &stored.record).collect();
        stored.sort_by_key(|record| record.order);
        stored.into_iter().map(|record| record.key.0.to_string()).collect()
    }

    pub fn record(&self, key: &str) -> Option<&Record> {
        Some(&self.actions.get(&ActionKey::new(key))?.record)
    }

    pub fn change(&mut self, key: &str, change: impl FnOnce(&mut Record)) {
        change(&mut self.actions.get_mut(&ActionKey::new(key)).unwrap().record);
    }

    /// Puts an action there as an earlier run left it.
    pub fn insert(&mut self, mut record: Record, now: Instant) {
        self.order += 1;
        record.order = self.order;
        let body = format!(r#"["{}"]"#, record.name);
        self.actions.insert(record.key.clone(), Stored { record, body, at: now });
    }

    /// Performs a command of `client`. None: not answered, or not now.
    pub fn perform(
        &mut self,
        client: usize,
        ticket: u32,
        command: Command,
        now: Instant,
    ) -> Option<Answer> {
        let kind = kind(&command);
        *self.count.entry(kind).or_default() += 1;
        if self.silent.contains(&kind) {
            return None;
        }
        if let Some(error) = self.fail.get(&kind) {
            return Some(StoreAnswer::Failed(*error));
        }
        match command {
            StoreCommand::Open { .. } => {
                let contents = self.contents(now);
                Some(StoreAnswer::Opened { client: "store".into(), contents })
            }
            StoreCommand::Read => Some(StoreAnswer::Contents(self.contents(now))),
            StoreCommand::Lead => {
                self.waiting.push((client, ticket));
                None
            }
            StoreCommand::Resign => {
                self.leave(client);
                None
            }
            StoreCommand::RaiseEpoch { epoch, at_least } => Some(self.fenced(epoch, |store| {
                store.epoch = at_least.max(store.epoch + 1);
                StoreAnswer::Raised { epoch: store.epoch }
            })),
            StoreCommand::Put { record, payload, replaces } => {
                Some(self.put(client, *record, payload, replaces, now))
            }
            StoreCommand::Load { key } => Some(self.load(&key)),
            StoreCommand::Mark { epoch, marks } => {
                Some(self.fenced(epoch, |store| store.mark(client, marks)))
            }
            StoreCommand::Settle { epoch, settlements } => {
                Some(self.fenced(epoch, |store| store.settle(client, settlements)))
            }
            StoreCommand::Park { epoch, key, parked } => Some(self.fenced(epoch, |store| {
                let Some(stored) = store.actions.get_mut(&key) else {
                    return StoreAnswer::Missing;
                };
                stored.record.parked = Some(parked);
                store.tell(client, |_| Change::Parked { key: key.clone(), parked });
                StoreAnswer::Done
            })),
            StoreCommand::Unpark { key } => Some(self.unpark(client, &key, now)),
            StoreCommand::Remove { key, only_unsent } => {
                Some(self.remove(client, &key, only_unsent))
            }
        }
    }

    /// Gives the lead to the next that waits, if nobody has it.
    pub fn grant(&mut self, now: Instant) -> Option<(usize, u32, Answer)> {
        if self.leader.is_some() || self.waiting.is_empty() {
            return None;
        }
        let (client, ticket) = self.waiting.remove(0);
        self.leader = Some(client);
        self.epoch += 1;
        let answer = StoreAnswer::Leading { epoch: self.epoch, contents: self.contents(now) };
        Some((client, ticket, answer))
    }

    /// A client is gone, or has been robbed of the lead.
    pub fn leave(&mut self, client: usize) {
        self.waiting.retain(|(waiting, _)| *waiting != client);
        if self.leader == Some(client) {
            self.leader = None;
        }
    }

    pub fn contents(&self, now: Instant) -> Contents {
        let read = |stored: &Stored| Record { age: now.since(stored.at), ..stored.record.clone() };
        let is_readable =
            |key: &ActionKey| self.unreadable.iter().all(|unreadable| unreadable.key != *key);
        let readable = self.actions.iter().filter(|(key, _)| is_readable(key));
        Contents {
            records: readable.map(|(_, stored)| read(stored)).collect(),
            unreadable: self.unreadable.clone(),
        }
    }

    fn fenced(&mut self, epoch: u64, act: impl FnOnce(&mut Self) -> Answer) -> Answer {
        if epoch == self.epoch { act(self) } else { StoreAnswer::Fenced }
    }

    fn put(
        &mut self,
        client: usize,
        mut record: Record,
        payload: Payload<NativeHost>,
        replaces: Option<ActionKey>,
        now: Instant,
    ) -> Answer {
        let replaced = replaces
            .is_some_and(|key| matches!(self.remove(client, &key, true), StoreAnswer::Removed));
        self.order += 1;
        record.order = self.order;
        let told = record.clone();
        self.tell(client, |_| Change::Put(told.clone()));
        self.history.push(record.key.0.to_string());
        let key = record.key.clone();
        self.actions.insert(key, Stored { record, body: payload.body, at: now });
        StoreAnswer::Stored { order: self.order, replaced }
    }

    fn load(&self, key: &ActionKey) -> Answer {
        match self.actions.get(key) {
            Some(_) if self.damaged.contains(key) => StoreAnswer::Failed(StoreError::Damaged),
            Some(stored) => {
                let body = stored.body.clone();
                StoreAnswer::Loaded(Payload { body, attachments: Vec::new() })
            }
            None => StoreAnswer::Missing,
        }
    }

    fn mark(&mut self, client: usize, marks: Vec<Mark>) -> Answer {
        let earlier = self.earlier(&marks);
        let mut missing = Vec::new();
        for mark in marks {
            let Some(stored) = self.actions.get_mut(&mark.key) else {
                missing.push(mark.key);
                continue;
            };
            stored.record.sent.clone_from(&mark.sent);
            stored.record.kills = mark.kills;
            self.tell(client, |_| Change::Marked(mark.clone()));
        }
        StoreAnswer::Marked { missing, earlier }
    }

    fn earlier(&self, marks: &[Mark]) -> Vec<Record> {
        let marked: Vec<&Record> =
            marks.iter().filter_map(|mark| Some(&self.actions.get(&mark.key)?.record)).collect();
        let stored = self.actions.values().map(|stored| &stored.record);
        let earlier = stored.filter(|record| {
            record.sent.is_none()
                && record.parked.is_none()
                && self.unreadable.iter().all(|unreadable| unreadable.key != record.key)
                && marked.iter().all(|marked| marked.key != record.key)
                && marked.iter().any(|it| it.lane == record.lane && it.order > record.order)
        });
        earlier.cloned().collect()
    }

    fn settle(&mut self, client: usize, settlements: Vec<Settlement<NativeHost>>) -> Answer {
        for Settlement { key, outcome, arguments } in settlements {
            self.actions.remove(&key);
            self.tell(client, |_| Change::Settled {
                key: key.clone(),
                outcome,
                arguments: arguments.as_ref().map(|it| Rc::unwrap_or_clone(Rc::clone(it))),
            });
        }
        StoreAnswer::Done
    }

    fn unpark(&mut self, client: usize, key: &ActionKey, now: Instant) -> Answer {
        let is_parked = |stored: &&mut Stored| stored.record.parked.is_some();
        let Some(stored) = self.actions.get_mut(key).filter(is_parked) else {
            return StoreAnswer::Missing;
        };
        self.order += 1;
        stored.record.unpark(self.order);
        stored.at = now;
        let told = stored.record.clone();
        self.tell(client, |_| Change::Put(told.clone()));
        StoreAnswer::Stored { order: self.order, replaced: false }
    }

    fn remove(&mut self, client: usize, key: &ActionKey, only_unsent: bool) -> Answer {
        self.unreadable.retain(|unreadable| unreadable.key != *key || only_unsent);
        match self.actions.get(key) {
            None => StoreAnswer::Missing,
            Some(stored) if only_unsent && stored.record.sent.is_some() => StoreAnswer::WasSent,
            Some(_) => {
                self.actions.remove(key);
                self.tell(client, |_| Change::Removed { key: key.clone() });
                StoreAnswer::Removed
            }
        }
    }

    fn tell(&mut self, client: usize, change: impl Fn(usize) -> Change<NativeHost>) {
        for (other, news) in self.news.iter_mut().filter(|(other, _)| **other != client) {
            news.push(change(*other));
        }
    }
}
