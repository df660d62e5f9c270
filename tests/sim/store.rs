//! The store that the tabs share: one partition for each user, transactions that take time and may
//! abort, one lock, and a past to which it can go back.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use sockeye::client::store::{
    ActionKey, Change, Contents, Mark, Parked, Payload, Record, Settlement, StoreAnswer,
    StoreCommand, StoreError, StoreTicket, Unreadable,
};
use sockeye::native::NativeHost;

use crate::defects::Defect;
use crate::ledger::Life;
use crate::world::{Due, World, ms};

type Command = StoreCommand<NativeHost>;
type Answer = StoreAnswer<NativeHost>;

/// How many commits can be undone.
const PAST: usize = 20;

/// Something that the store is to do.
#[derive(Debug)]
pub enum StoreTask {
    /// The next command of a tab.
    Do {
        life: Life,
    },
    Answer {
        life: Life,
        ticket: StoreTicket,
        answer: Answer,
    },
    /// What another tab did.
    Tell {
        life: Life,
        identity: Rc<str>,
        changes: Vec<Change<NativeHost>>,
    },
    /// The second half of a removal that is not one transaction.
    RemoveAnyhow {
        life: Life,
        ticket: StoreTicket,
        key: ActionKey,
    },
}

/// One stored action.
#[derive(Clone, Debug)]
struct Stored {
    record: Record,
    body: String,
    attachments: Vec<Vec<u8>>,
    /// When it was put there, by the wall clock of the tab.
    written: u64,
    is_damaged: bool,
    is_future: bool,
}

/// The actions of one user.
#[derive(Debug, Default)]
struct Partition {
    client: Rc<str>,
    epoch: u64,
    order: u64,
    records: BTreeMap<ActionKey, Rc<Stored>>,
    leader: Option<Life>,
    waiting: VecDeque<(Life, StoreTicket)>,
}

/// What a commit changed, to go back to.
#[derive(Debug)]
struct Undo {
    identity: Rc<str>,
    epoch: u64,
    order: u64,
    records: Vec<(ActionKey, Option<Rc<Stored>>)>,
}

#[derive(Debug)]
pub struct Store {
    partitions: BTreeMap<Rc<str>, Partition>,
    /// Which partition each life of a tab has opened.
    opened: BTreeMap<Life, Rc<str>>,
    past: VecDeque<Undo>,
    pub aborts: u32,
    pub full_until: u64,
    /// Whether there is no room for a note either while it is full.
    pub is_brimful: bool,
    pub lost_until: u64,
    pub hangs_until: u64,
    /// Whether there ever was a record of a version to come: clients refuse such a store until they start
    /// again.
    pub was_future: bool,
    /// Whether what one tab tells the others may get lost.
    pub loses_news: bool,
    /// What each life of a tab has asked, in order. For each there is a [`StoreTask::Do`].
    asked: BTreeMap<Life, VecDeque<(StoreTicket, Command)>>,
    made: u64,
    defect: Option<Defect>,
}

impl Store {
    pub fn new(defect: Option<Defect>) -> Self {
        Self {
            partitions: BTreeMap::new(),
            opened: BTreeMap::new(),
            past: VecDeque::new(),
            aborts: 0,
            full_until: 0,
            is_brimful: false,
            lost_until: 0,
            hangs_until: 0,
            was_future: false,
            loses_news: true,
            asked: BTreeMap::new(),
            made: 0,
            defect,
        }
    }

    pub fn end_faults(&mut self) {
        (self.aborts, self.full_until, self.lost_until, self.hangs_until) = (0, 0, 0, 0);
        self.loses_news = false;
        for partition in self.partitions.values_mut() {
            for stored in partition.records.values_mut().filter(|stored| stored.is_future) {
                Rc::make_mut(stored).is_future = false;
            }
        }
    }

    /// Makes the partition at its first use.
    fn open(&mut self, life: Life, identity: &Rc<str>) {
        self.opened.insert(life, identity.clone());
        if !self.partitions.contains_key(identity) {
            self.made += 1;
            let client = format!("c{}", self.made).into();
            let partition = Partition { client, ..Partition::default() };
            self.partitions.insert(identity.clone(), partition);
        }
    }

    fn partition(&mut self, life: Life) -> Option<(Rc<str>, &mut Partition)> {
        let identity = self.opened.get(&life)?.clone();
        let partition = self.partitions.get_mut(&identity)?;
        Some((identity, partition))
    }

    /// Why a command cannot be done now.
    fn obstacle(&mut self, command: &Command, now: u64) -> Option<StoreError> {
        // The lock is no part of what is lost.
        if now < self.lost_until && !matches!(command, Command::Resign) {
            return Some(StoreError::Failed);
        }
        let (is_write, adds) = match command {
            Command::Open { .. } | Command::Read | Command::Load { .. } | Command::Resign => {
                (false, false)
            }
            Command::Put { .. } => (true, true),
            Command::Mark { .. } | Command::Park { .. } | Command::Unpark { .. } => {
                (true, self.is_brimful)
            }
            Command::Lead
            | Command::RaiseEpoch { .. }
            | Command::Settle { .. }
            | Command::Remove { .. } => (true, false),
        };
        if adds && now < self.full_until {
            return Some(StoreError::Full);
        }
        let aborts = is_write && self.aborts > 0;
        self.aborts -= u32::from(aborts);
        aborts.then_some(StoreError::Failed)
    }

    fn remember(&mut self, undo: Undo) {
        self.past.push_back(undo);
        if self.past.len() > PAST {
            self.past.pop_front();
        }
    }

    /// Actions that are not parked, of one user.
    pub fn unfinished(&self, identity: &str) -> impl Iterator<Item = &ActionKey> {
        let records = self.partitions.get(identity).map(|partition| partition.records.iter());
        let is_open = |(_, stored): &(_, &Rc<Stored>)| {
            stored.record.parked.is_none() && !stored.is_damaged && !stored.is_future
        };
        records.into_iter().flatten().filter(is_open).map(|(key, _)| key)
    }
}

impl Partition {
    fn contents(&self, wall: u64) -> Contents {
        let mut contents = Contents::default();
        for (key, stored) in &self.records {
            if stored.is_damaged || stored.is_future {
                let unreadable = Unreadable { key: key.clone(), is_future: stored.is_future };
                contents.unreadable.push(unreadable);
            } else {
                let age = Duration::from_micros(wall.saturating_sub(stored.written));
                contents.records.push(Record { age, ..stored.record.clone() });
            }
        }
        contents
    }

    fn undo(&self, identity: &Rc<str>, keys: &[&ActionKey]) -> Undo {
        let before = |key: &&ActionKey| ((*key).clone(), self.records.get(*key).cloned());
        let records = keys.iter().map(before).collect();
        Undo { identity: identity.clone(), epoch: self.epoch, order: self.order, records }
    }

    /// Records of the lanes of `marks` that should have gone before them.
    fn earlier(&self, marks: &[Mark]) -> Vec<Record> {
        let is_marked = |record: &Record| marks.iter().any(|mark| mark.key == record.key);
        let marked: Vec<&Record> =
            marks.iter().filter_map(|mark| Some(&self.records.get(&mark.key)?.record)).collect();
        let is_earlier = |record: &Record| {
            marked.iter().any(|other| other.lane == record.lane && other.order > record.order)
        };
        let readable =
            self.records.values().filter(|stored| !stored.is_damaged && !stored.is_future);
        let records = readable.map(|stored| &stored.record);
        let unsent = records.filter(|record| record.sent.is_none() && record.parked.is_none());
        unsent.filter(|record| !is_marked(record) && is_earlier(record)).cloned().collect()
    }
}

impl World<'_> {
    /// A tab asks the store. Commands of one tab take effect in their order.
    pub fn ask_store(&mut self, life: Life, ticket: StoreTicket, command: Command) {
        let delay = self.random.below(ms(self.setting.commit)) + 1;
        let tab = &mut self.tabs[life.0];
        let at = (self.now + delay).max(tab.store_busy_until).max(self.store.hangs_until);
        tab.store_busy_until = at;
        self.store.asked.entry(life).or_default().push_back((ticket, command));
        self.schedule(at, Due::Store(StoreTask::Do { life }));
    }

    pub fn run_store(&mut self, task: StoreTask) {
        match task {
            StoreTask::Do { life } => self.do_next(life),
            StoreTask::Answer { life, ticket, answer } => self.tell_store(life, ticket, answer),
            StoreTask::Tell { life, identity, changes } => {
                // Another user hears nothing of it.
                if self.store.opened.get(&life) == Some(&identity) {
                    self.tell_changes(life, changes);
                }
            }
            StoreTask::RemoveAnyhow { life, ticket, key } => {
                let answer = self.remove(life, &key, false);
                self.answer_store(life, ticket, answer);
            }
        }
    }

    fn do_next(&mut self, life: Life) {
        if self.now < self.store.hangs_until {
            return self.schedule(self.store.hangs_until, Due::Store(StoreTask::Do { life }));
        }
        let asked = self.store.asked.get_mut(&life).and_then(VecDeque::pop_front);
        // What was asked before a crash may or may not have come to the disk; here it has not.
        if let Some((ticket, command)) = asked.filter(|_| self.tabs[life.0].is_alive_as(life)) {
            self.do_command(life, ticket, command);
        }
    }

    fn do_command(&mut self, life: Life, ticket: StoreTicket, command: Command) {
        self.say(|| format!("store   <- {life:?} {ticket:?} {}", brief(&command)));
        if let Some(error) = self.store.obstacle(&command, self.now) {
            let tells_early = self.store.defect == Some(Defect::StoreTellsEarly);
            let is_put = matches!(command, Command::Put { .. });
            let answer = if tells_early && is_put {
                StoreAnswer::Stored { order: u64::MAX / 2, replaced: false }
            } else {
                StoreAnswer::Failed(error)
            };
            return self.answer_store(life, ticket, answer);
        }
        if let Some(answer) = self.commit(life, ticket, command) {
            self.answer_store(life, ticket, answer);
        }
    }

    fn answer_store(&mut self, life: Life, ticket: StoreTicket, answer: Answer) {
        let delay = self.random.below(ms(self.setting.commit)) / 4;
        self.schedule(self.now + delay, Due::Store(StoreTask::Answer { life, ticket, answer }));
    }

    /// Does one transaction. Returns its answer, unless that comes later.
    fn commit(&mut self, life: Life, ticket: StoreTicket, command: Command) -> Option<Answer> {
        if let Command::Open { identity } = &command {
            self.store.open(life, identity);
        }
        let wall = self.tabs[life.0].wall(self.now);
        let Some((_, partition)) = self.store.partition(life) else {
            return Some(StoreAnswer::Failed(StoreError::Failed));
        };
        match command {
            Command::Open { .. } => {
                let client = partition.client.clone();
                Some(StoreAnswer::Opened { client, contents: partition.contents(wall) })
            }
            Command::Read => Some(StoreAnswer::Contents(partition.contents(wall))),
            Command::Lead => {
                partition.waiting.push_back((life, ticket));
                self.grant_lock(life);
                None
            }
            Command::Resign => {
                self.release_lock(life);
                None
            }
            Command::RaiseEpoch { epoch, at_least } => {
                Some(self.raise_epoch(life, epoch, at_least))
            }
            Command::Put { record, payload, replaces } => {
                Some(self.put(life, *record, payload, replaces))
            }
            Command::Load { key } => Some(match partition.records.get(&key) {
                None => StoreAnswer::Missing,
                Some(stored) if stored.is_damaged || stored.is_future => {
                    StoreAnswer::Failed(StoreError::Damaged)
                }
                Some(stored) => StoreAnswer::Loaded(Payload {
                    body: stored.body.clone(),
                    attachments: stored.attachments.clone(),
                }),
            }),
            Command::Mark { epoch, marks } => Some(self.mark(life, epoch, marks)),
            Command::Settle { epoch, settlements } => Some(self.settle(life, epoch, settlements)),
            Command::Park { epoch, key, parked } => Some(self.park(life, epoch, &key, parked)),
            Command::Unpark { key } => Some(self.unpark(life, &key)),
            Command::Remove { key, only_unsent } => {
                if only_unsent && self.store.defect == Some(Defect::StoreRemovesUnchecked) {
                    return self.remove_in_two_halves(life, ticket, key);
                }
                Some(self.remove(life, &key, only_unsent))
            }
        }
    }

    fn raise_epoch(&mut self, life: Life, epoch: u64, at_least: u64) -> Answer {
        if self.is_fenced(life, epoch) {
            return StoreAnswer::Fenced;
        }
        let (identity, partition) = self.store.partition(life).unwrap();
        let undo = partition.undo(&identity, &[]);
        partition.epoch = (partition.epoch + 1).max(at_least);
        let epoch = partition.epoch;
        self.store.remember(undo);
        StoreAnswer::Raised { epoch }
    }

    fn put(
        &mut self,
        life: Life,
        record: Record,
        payload: Payload<NativeHost>,
        replaces: Option<ActionKey>,
    ) -> Answer {
        let written = self.tabs[life.0].wall(self.now);
        let (identity, partition) = self.store.partition(life).unwrap();
        let is_unsent = |key: &&ActionKey| {
            let stored = partition.records.get(*key);
            stored.is_some_and(|stored| stored.record.sent.is_none())
        };
        let replaced = replaces.as_ref().filter(is_unsent);
        let mut keys = vec![&record.key];
        keys.extend(replaced);
        let undo = partition.undo(&identity, &keys);
        if let Some(replaced) = replaced {
            partition.records.remove(replaced);
        }
        partition.order += 1;
        let order = partition.order;
        let record = Record { order, ..record };
        let Payload { body, attachments } = payload;
        let (is_damaged, is_future) = (false, false);
        let stored =
            Stored { record: record.clone(), body, attachments, written, is_damaged, is_future };
        partition.records.insert(record.key.clone(), Rc::new(stored));
        self.store.remember(undo);
        self.ledger.note_stored(&record.key.0);
        let mut changes = vec![Change::Put(record)];
        if let Some(key) = replaced {
            self.note_withdrawn(key);
            changes.insert(0, Change::Removed { key: key.clone() });
        }
        let replaced = replaced.is_some();
        self.broadcast(life, changes);
        StoreAnswer::Stored { order, replaced }
    }

    fn mark(&mut self, life: Life, epoch: u64, marks: Vec<Mark>) -> Answer {
        if self.is_fenced(life, epoch) {
            return StoreAnswer::Fenced;
        }
        let forgets = self.store.defect == Some(Defect::StoreForgetsMark);
        let (identity, partition) = self.store.partition(life).unwrap();
        let keys: Vec<&ActionKey> = marks.iter().map(|mark| &mark.key).collect();
        let undo = partition.undo(&identity, &keys);
        let mut missing = Vec::new();
        for mark in &marks {
            match partition.records.get_mut(&mark.key) {
                None => missing.push(mark.key.clone()),
                Some(_) if forgets => {}
                Some(stored) => {
                    let record = &mut Rc::make_mut(stored).record;
                    record.sent = mark.sent.clone();
                    record.kills = mark.kills;
                }
            }
        }
        let earlier = partition.earlier(&marks);
        self.store.remember(undo);
        for mark in &marks {
            if let Some(facts) = self.ledger.facts_of(&mark.key.0) {
                facts.marked |= mark.sent.is_some();
            }
        }
        let is_there = |mark: &Mark| !missing.contains(&mark.key);
        let changes = marks.into_iter().filter(is_there).map(Change::Marked).collect();
        self.broadcast(life, changes);
        StoreAnswer::Marked { missing, earlier }
    }

    fn settle(
        &mut self,
        life: Life,
        epoch: u64,
        settlements: Vec<Settlement<NativeHost>>,
    ) -> Answer {
        if self.is_fenced(life, epoch) {
            return StoreAnswer::Fenced;
        }
        let (identity, partition) = self.store.partition(life).unwrap();
        let keys: Vec<&ActionKey> = settlements.iter().map(|settled| &settled.key).collect();
        let undo = partition.undo(&identity, &keys);
        for key in &keys {
            partition.records.remove(*key);
        }
        self.store.remember(undo);
        let mut changes = Vec::new();
        for Settlement { key, outcome, arguments } in settlements {
            self.ledger.note_settled(&key.0, outcome);
            let arguments = arguments.as_deref().cloned();
            changes.push(Change::Settled { key, outcome, arguments });
        }
        self.broadcast(life, changes);
        StoreAnswer::Done
    }

    fn park(&mut self, life: Life, epoch: u64, key: &ActionKey, parked: Parked) -> Answer {
        if self.is_fenced(life, epoch) {
            return StoreAnswer::Fenced;
        }
        let (identity, partition) = self.store.partition(life).unwrap();
        let undo = partition.undo(&identity, &[key]);
        if let Some(stored) = partition.records.get_mut(key) {
            Rc::make_mut(stored).record.parked = Some(parked);
        }
        self.store.remember(undo);
        self.broadcast(life, vec![Change::Parked { key: key.clone(), parked }]);
        StoreAnswer::Done
    }

    fn unpark(&mut self, life: Life, key: &ActionKey) -> Answer {
        let (identity, partition) = self.store.partition(life).unwrap();
        let undo = partition.undo(&identity, &[key]);
        let order = partition.order + 1;
        let is_parked = |stored: &&mut Rc<Stored>| stored.record.parked.is_some();
        let Some(stored) = partition.records.get_mut(key).filter(is_parked) else {
            return StoreAnswer::Missing;
        };
        let record = &mut Rc::make_mut(stored).record;
        (record.sent, record.kills, record.parked, record.order) = (None, 0, None, order);
        let record = record.clone();
        partition.order = order;
        self.store.remember(undo);
        self.broadcast(life, vec![Change::Put(record)]);
        StoreAnswer::Stored { order, replaced: false }
    }

    fn remove(&mut self, life: Life, key: &ActionKey, only_unsent: bool) -> Answer {
        let Some((identity, partition)) = self.store.partition(life) else {
            return StoreAnswer::Missing;
        };
        let Some(stored) = partition.records.get(key) else {
            return StoreAnswer::Missing;
        };
        if only_unsent && stored.record.sent.is_some() {
            return StoreAnswer::WasSent;
        }
        let undo = partition.undo(&identity, &[key]);
        partition.records.remove(key);
        self.store.remember(undo);
        self.note_withdrawn(key);
        self.broadcast(life, vec![Change::Removed { key: key.clone() }]);
        StoreAnswer::Removed
    }

    fn remove_in_two_halves(
        &mut self,
        life: Life,
        ticket: StoreTicket,
        key: ActionKey,
    ) -> Option<Answer> {
        let (_, partition) = self.store.partition(life)?;
        match partition.records.get(&key) {
            None => Some(StoreAnswer::Missing),
            Some(stored) if stored.record.sent.is_some() => Some(StoreAnswer::WasSent),
            Some(_) => {
                let at = self.now + ms(self.setting.commit);
                self.schedule(at, Due::Store(StoreTask::RemoveAnyhow { life, ticket, key }));
                None
            }
        }
    }

    /// It is gone, and nobody says how it ended: then the application does not want it any more.
    fn note_withdrawn(&mut self, key: &ActionKey) {
        if let Some(facts) = self.ledger.facts_of(&key.0) {
            facts.removed = true;
            facts.withdrawn |= facts.taken_back;
        }
    }

    /// Whether the epoch of the one who asks is over.
    fn is_fenced(&mut self, life: Life, epoch: u64) -> bool {
        let has_fence = self.store.defect != Some(Defect::StoreWithoutFence);
        let Some((_, partition)) = self.store.partition(life) else {
            return true;
        };
        has_fence && partition.epoch != epoch
    }

    /// Gives the lock of the partition that `life` has opened to who waits for it, if it is free.
    fn grant_lock(&mut self, life: Life) {
        let shares = self.store.defect == Some(Defect::StoreTwoLeaders);
        let Some((identity, partition)) = self.store.partition(life) else {
            return;
        };
        let is_taken = |leader: Life, next: Life| leader != next && !shares;
        let next = partition.waiting.front().copied();
        let Some((next, ticket)) = next else {
            return;
        };
        if partition.leader.is_some_and(|leader| is_taken(leader, next)) {
            return;
        }
        partition.waiting.pop_front();
        let undo = partition.undo(&identity, &[]);
        if !(shares && partition.leader.is_some()) {
            partition.epoch += 1;
        }
        partition.leader = Some(next);
        let epoch = partition.epoch;
        self.store.remember(undo);
        let wall = self.tabs[next.0].wall(self.now);
        let contents = self.store.partitions[&identity].contents(wall);
        self.say(|| format!("store   lets {next:?} lead, epoch {epoch}"));
        self.answer_store(next, ticket, StoreAnswer::Leading { epoch, contents });
    }

    /// A tab that is gone, or leads no longer.
    pub fn release_lock(&mut self, life: Life) {
        let Some((_, partition)) = self.store.partition(life) else {
            return;
        };
        partition.waiting.retain(|(waiting, _)| *waiting != life);
        if partition.leader == Some(life) {
            partition.leader = None;
            self.grant_lock(life);
        }
    }

    /// Takes the lock from a tab that may still be there.
    pub fn steal_lock(&mut self, from: usize) {
        let life = self.tabs[from].life();
        let Some((_, partition)) = self.store.partition(life) else {
            return;
        };
        if partition.leader == Some(life) && !partition.waiting.is_empty() {
            partition.leader = None;
            self.ledger.disruptions += 1;
            self.grant_lock(life);
        }
    }

    /// Tells the other tabs, unless the message is lost.
    fn broadcast(&mut self, from: Life, changes: Vec<Change<NativeHost>>) {
        let identity = self.store.opened.get(&from).cloned();
        let lost = self.random.chance(100) && self.store.loses_news;
        let delay = self.random.below(ms(20));
        let others = self.tabs.iter().map(|tab| tab.life());
        let mut others = others.filter(|life| life.0 != from.0);
        let other = others.find(|life| self.store.opened.get(life) == identity.as_ref());
        if let (Some(life), Some(identity), false) = (other, identity, lost) {
            let task = StoreTask::Tell { life, identity, changes };
            self.schedule(self.now + delay, Due::Store(task));
        }
    }

    /// A tab has gone: its lock is free.
    pub fn leave_store(&mut self, life: Life) {
        self.release_lock(life);
        self.store.opened.remove(&life);
    }

    pub fn wipe_store(&mut self) {
        for partition in self.store.partitions.values() {
            for key in partition.records.keys() {
                if let Some(facts) = self.ledger.facts_of(&key.0) {
                    facts.excuse = Some("the store was wiped");
                }
            }
        }
        self.store.partitions.clear();
        self.store.opened.clear();
        self.store.past.clear();
    }

    pub fn roll_store_back(&mut self, commits: usize) {
        for _ in 0..commits {
            let Some(undo) = self.store.past.pop_back() else {
                return;
            };
            self.undo(undo);
        }
    }

    fn undo(&mut self, undo: Undo) {
        let Some(partition) = self.store.partitions.get_mut(&undo.identity) else {
            return;
        };
        partition.epoch = undo.epoch;
        partition.order = undo.order;
        for (key, before) in undo.records {
            let after = partition.records.remove(&key);
            if let Some(facts) = self.ledger.facts_of(&key.0) {
                facts.note_undone(before.is_some(), after.is_some());
            }
            if let Some(before) = before {
                partition.records.insert(key, before);
            }
        }
    }

    /// Damages a record, or makes it one of a version to come.
    pub fn damage_record(&mut self, nth: u64, is_future: bool) {
        let records = self.store.partitions.values_mut().flat_map(|one| one.records.iter_mut());
        let mut records: Vec<_> = records.collect();
        let count = records.len() as u64;
        if count == 0 {
            return;
        }
        let (key, stored) = &mut records[(nth % count) as usize];
        let stored = Rc::make_mut(stored);
        if is_future {
            stored.is_future = true;
            self.store.was_future = true;
        } else {
            stored.is_damaged = true;
        }
        if let Some(facts) = self.ledger.facts_of(&key.0) {
            facts.excuse = Some("its record was damaged");
        }
    }
}

/// A command without payloads.
fn brief(command: &Command) -> String {
    match command {
        Command::Put { record, replaces, .. } => {
            format!("Put {} {replaces:?}", record.key.0)
        }
        other => format!("{other:?}"),
    }
}
