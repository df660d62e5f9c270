//! The store of actions, in memory, for one client.

use std::rc::Rc;

use crate::client::store::{ActionKey, Contents, Mark, Payload, Record, StoreAnswer, StoreCommand};
use crate::rust_api::glue;
use crate::sorted::SortedMap;
use crate::time::Instant;
use crate::web::host::JsHost;

type Answer = StoreAnswer<JsHost>;

/// What is lost with the page.
#[derive(Default)]
pub struct MemoryStore {
    actions: SortedMap<ActionKey, Stored>,
    epoch: u64,
    order: u64,
}

struct Stored {
    record: Record,
    payload: Payload<JsHost>,
    at: Instant,
}

impl MemoryStore {
    /// Performs a command. It is committed at once, and its one client always leads.
    pub fn perform(&mut self, command: StoreCommand<JsHost>, now: Instant) -> Option<Answer> {
        Some(match command {
            StoreCommand::Open { .. } => self.open(now),
            StoreCommand::Read => StoreAnswer::Contents(self.contents(now)),
            StoreCommand::Lead => self.lead(now),
            StoreCommand::Resign => return None,
            StoreCommand::RaiseEpoch { at_least, .. } => {
                self.epoch = at_least.max(self.epoch + 1);
                StoreAnswer::Raised { epoch: self.epoch }
            }
            StoreCommand::Put { record, payload, replaces } => {
                self.put(*record, payload, replaces.as_ref(), now)
            }
            StoreCommand::Load { key } => self.load(&key),
            StoreCommand::Mark { marks, .. } => self.mark(marks),
            StoreCommand::Settle { settlements, .. } => {
                for settlement in settlements {
                    self.actions.remove(&settlement.key);
                }
                StoreAnswer::Done
            }
            StoreCommand::Park { key, parked, .. } => {
                if let Some(stored) = self.actions.get_mut(&key) {
                    stored.record.parked = Some(parked);
                }
                StoreAnswer::Done
            }
            StoreCommand::Unpark { key } => self.unpark(&key, now),
            StoreCommand::Remove { key, only_unsent } => self.remove(&key, only_unsent),
        })
    }

    fn open(&self, now: Instant) -> Answer {
        let client = Rc::from(glue::random_id());
        StoreAnswer::Opened { client, contents: self.contents(now) }
    }

    fn lead(&mut self, now: Instant) -> Answer {
        self.epoch += 1;
        StoreAnswer::Leading { epoch: self.epoch, contents: self.contents(now) }
    }

    fn contents(&self, now: Instant) -> Contents {
        let read = |stored: &Stored| Record { age: now.since(stored.at), ..stored.record.clone() };
        Contents { records: self.actions.values().map(read).collect(), unreadable: Vec::new() }
    }

    fn put(
        &mut self,
        mut record: Record,
        payload: Payload<JsHost>,
        replaces: Option<&ActionKey>,
        now: Instant,
    ) -> Answer {
        let removed = replaces.map(|key| self.remove(key, true));
        let replaced = matches!(removed, Some(StoreAnswer::Removed));
        self.order += 1;
        record.order = self.order;
        self.actions.insert(record.key.clone(), Stored { record, payload, at: now });
        StoreAnswer::Stored { order: self.order, replaced }
    }

    fn load(&self, key: &ActionKey) -> Answer {
        let stored = self.actions.get(key);
        stored.map_or(StoreAnswer::Missing, |Stored { payload, .. }| {
            let Payload { body, attachments } = payload;
            let (body, attachments) = (body.clone(), attachments.clone());
            StoreAnswer::Loaded(Payload { body, attachments })
        })
    }

    fn mark(&mut self, marks: Vec<Mark>) -> Answer {
        let mut missing = Vec::new();
        for Mark { key, sent, kills } in marks {
            match self.actions.get_mut(&key) {
                Some(stored) => {
                    stored.record.sent = sent;
                    stored.record.kills = kills;
                }
                None => missing.push(key),
            }
        }
        StoreAnswer::Marked { missing, earlier: Vec::new() }
    }

    fn unpark(&mut self, key: &ActionKey, now: Instant) -> Answer {
        let is_parked = |stored: &&mut Stored| stored.record.parked.is_some();
        let Some(stored) = self.actions.get_mut(key).filter(is_parked) else {
            return StoreAnswer::Missing;
        };
        self.order += 1;
        stored.record.unpark(self.order);
        stored.at = now;
        StoreAnswer::Stored { order: self.order, replaced: false }
    }

    fn remove(&mut self, key: &ActionKey, only_unsent: bool) -> Answer {
        match self.actions.get(key) {
            None => StoreAnswer::Missing,
            Some(stored) if only_unsent && stored.record.sent.is_some() => StoreAnswer::WasSent,
            Some(_) => {
                self.actions.remove(key);
                StoreAnswer::Removed
            }
        }
    }
}
