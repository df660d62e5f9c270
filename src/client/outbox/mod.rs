//! Actions that are kept until the server has answered them.
//!
//! # From `enqueue` to the answer
//!
//! 1. [`Outbox::enqueue`] checks an action and hands it to the [store](crate::client::store). It is accepted
//!    when the store has committed it ([`ActionStatus::Queued`]).
//! 2. The one client that leads sends it when it is its turn in its lane. Before the first sending the store
//!    notes it, so that "never sent" stays true over a crash; the payload comes from the store.
//! 3. The server's answer ends it. The application is told, then the store removes it.
//!
//! An action is sent again, with the same key, when the connection ends, when its time limit is over and when
//! the server asks for it; there is no limit on how often. A late answer counts as long as its connection
//! lives. Nothing is sent for a key after its end, unless the application [retries](Outbox::retry) it.
//!
//! # What is uncertain
//!
//! A transmission without an answer may have been applied, unless the server has said that it certainly was
//! not. An action with such a transmission is *uncertain*. It is sent again where that does no harm: where a
//! helper on the server knows its key, or where the application allows it ([`NewAction::resend`], the
//! default) and there never was a helper. Elsewhere it ends as [unknown](ActionStatus::Unknown): when the
//! helper's memory is another one than at its sending or does not reach back that far, when it must not be
//! sent twice, and when its time to live is over. Only what is certain can expire.
//!
//! # Order
//!
//! The store's order is the order of a lane; no clock has a part in it. With a helper several actions of a lane are
//! under way at the same time: each carries a number, contiguous per lane and epoch, and the server applies
//! none before the one with the number before it. When the numbers of the client and of the server do not
//! fit (after a store went back in time, or when an action between two was given up), the client takes a new
//! epoch, in which every lane counts from 1. A lane begins to count in an epoch only when nothing of it is
//! under way, and with one action, until its answer shows that the server counts with it. Epochs are raised
//! at random, so that copies of one store do not count in the same. So each round ends at least one action: the server applies number 1 of an epoch that is new to it, and knows the
//! keys that it has applied. Lanes do not wait for each other.

mod action;
mod answers;
mod commands;
mod config;
mod drain;
mod effect;
mod ending;
mod entry;
mod flush;
mod lanes;
mod link;
mod merging;
mod past;
mod stored;
mod storing;
mod timers;
mod transmit;

pub use action::{
    ActionStatus, CancelCause, EnqueueError, Item, ItemState, NewAction, QuarantineCause,
    Rejection, UnknownCause,
};
pub use commands::Clear;
pub use config::{Drain, OutboxConfig};
pub use effect::{Answer, Effect, Envelope, FlushTicket, ServerMemory, Transmission, Verdict};
pub use link::MAX_KILLS;

use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::client::store::{ActionKey, Outcome, Payload, StoreAnswer, StoreTicket};
use crate::host::Host;
use crate::random::Random;
use crate::sorted::{SortedMap, SortedSet, sorted_by_key};
use crate::time::Instant;

use entry::{Entry, Stage};
use lanes::Lanes;
use link::{Flight, Link};
use merging::rank_of;
use past::Past;
use storing::{Asked, Hold, Role};
use timers::{Timer, Timers};

/// What a message may have on the wire as long as no server has said anything else.
pub const DEFAULT_MAX_PAYLOAD: u64 = 1_000_000;

/// The most attachments that servers take.
pub const MAX_ATTACHMENTS: u32 = 10;

/// The longest pause that a server may ask for.
const MAX_PAUSE: Duration = Duration::from_secs(3_600);
/// The bounds of the outbox's own pauses; the upper one doubles from [`FIRST_PAUSE`] on.
const MIN_PAUSE: Duration = Duration::from_millis(100);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// The actions of one namespace and one identity.
///
/// Give it every input with `now`, then do what [`poll_effect`](Self::poll_effect) returns until that is
/// nothing, and call [`handle_timeout`](Self::handle_timeout) at the [`deadline`](Self::deadline).
///
/// ```
/// use sockeye::client::outbox::{Effect, Outbox, OutboxConfig};
/// use sockeye::client::store::StoreCommand;
/// use sockeye::native::NativeHost;
/// use sockeye::time::Instant;
///
/// let mut outbox = Outbox::<NativeHost>::new(OutboxConfig::default());
/// outbox.open("alice".into(), Instant::ORIGIN);
/// let Some(Effect::Store { command, .. }) = outbox.poll_effect() else { unreachable!() };
/// assert!(matches!(command, StoreCommand::Open { .. }));
/// ```
#[derive(Debug)]
pub struct Outbox<H: Host> {
    config: OutboxConfig,
    max_payload: u64,
    random: Random,
    /// The latest reading of the clock.
    now: Instant,
    identity: Rc<str>,
    /// The random id of the store.
    client: Rc<str>,
    role: Role,
    /// The first question of the present epoch.
    epoch_since: u32,
    /// The question on which the role depends.
    role_job: Option<u32>,
    /// Whether the epoch was raised at random since this client leads.
    has_own_epoch: bool,
    /// A new epoch is wanted, and not lower than this.
    raise_to: Option<u64>,
    /// What was enqueued before the store was open: its number, what it sends, and which it replaces.
    early: Vec<(u32, Payload<H>, Option<u32>)>,
    entries: SortedMap<u32, Entry<H>>,
    ids: SortedMap<ActionKey, u32>,
    next_id: u32,
    /// The bytes of all entries.
    bytes: u64,
    lanes: Lanes,
    /// How many entries are active.
    active: u32,
    /// Those for which the store has done its part.
    ready: Vec<u32>,
    /// Those that may end connections.
    suspects: SortedSet<u32>,
    /// A suspect that is being sent; nothing else is until it has survived.
    alone: Option<u32>,
    /// Those whose end the store does not know.
    ending: Vec<u32>,
    /// Those whose end the store has to agree to.
    confirming: Vec<u32>,
    /// Those of which the store does not know that they are parked.
    parking: Vec<u32>,
    past: Past,
    /// The keys of records that cannot be read, as the application was told.
    unreadable: SortedSet<ActionKey>,
    jobs: SortedMap<u32, Asked>,
    next_job: u32,
    settle_job: Option<u32>,
    /// Whether the store was to be read again, and was not.
    has_to_read: bool,
    /// Pauses after failures of the store: of what needs room in it, and of everything else.
    needs_room: Hold,
    other: Hold,
    link: Option<Link>,
    flights: SortedMap<u32, Flight>,
    next_transmission: u32,
    next_plan: u32,
    /// The actions that the last question about a flush named.
    asked_about: SortedSet<u32>,
    /// With a drain rate: when the next action may be sent.
    next_slot: Instant,
    is_paused: bool,
    /// Whether the program stands still: another client is to drain.
    is_suspended: bool,
    timers: Timers,
    effects: VecDeque<Effect<H>>,
}

impl<H: Host> Outbox<H> {
    /// Makes an outbox that is not open: it asks no store and sends nothing.
    #[must_use]
    pub fn new(config: OutboxConfig) -> Self {
        Self {
            random: Random::new(config.seed),
            config,
            max_payload: DEFAULT_MAX_PAYLOAD,
            now: Instant::ORIGIN,
            identity: "".into(),
            client: "".into(),
            role: Role::Closed,
            epoch_since: 0,
            role_job: None,
            has_own_epoch: false,
            raise_to: None,
            early: Vec::new(),
            entries: SortedMap::new(),
            ids: SortedMap::new(),
            next_id: 0,
            bytes: 0,
            lanes: Lanes::default(),
            active: 0,
            ready: Vec::new(),
            suspects: SortedSet::new(),
            alone: None,
            ending: Vec::new(),
            confirming: Vec::new(),
            parking: Vec::new(),
            past: Past::default(),
            unreadable: SortedSet::new(),
            jobs: SortedMap::new(),
            next_job: 0,
            settle_job: None,
            has_to_read: false,
            needs_room: Hold::default(),
            other: Hold::default(),
            link: None,
            flights: SortedMap::new(),
            next_transmission: 0,
            next_plan: 0,
            asked_about: SortedSet::new(),
            next_slot: Instant::ORIGIN,
            is_paused: false,
            is_suspended: false,
            timers: Timers::default(),
            effects: VecDeque::new(),
        }
    }

    /// Takes an answer of the store. One that nobody waits for any more does nothing.
    pub fn handle_store(&mut self, ticket: StoreTicket, answer: StoreAnswer<H>, now: Instant) {
        self.observe(now);
        self.on_store_answer(ticket.0, answer);
        self.work();
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.observe(now);
        while let Some(timer) = self.timers.pop_due(self.now) {
            match timer {
                Timer::Answer(transmission) => self.on_answer_overdue(transmission),
                Timer::Expiry(id) => self.expire(id),
                Timer::News { id, left } => self.on_no_news(id, left),
                Timer::Store(job) => self.on_store_silent(job),
                Timer::Lane(name) => self.lanes.touch(&name),
                Timer::Plan(plan) => self.on_no_plan(plan),
                Timer::Work => self.lanes.touch_all(),
            }
        }
        self.work();
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Returns the next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect<H>> {
        self.effects.pop_front()
    }

    /// Returns whether something waits, or may in a store that has failed, so that it matters what the server is.
    #[must_use]
    pub fn wants_server(&self) -> bool {
        let is_unknown = self.role == Role::Opening && self.other.failures > 0;
        !self.is_paused && (is_unknown || self.entries.values().any(|entry| !entry.is_over()))
    }

    /// Returns what the outbox holds, in the order of the store; what is not stored yet comes last.
    #[must_use]
    pub fn items(&self, now: Instant) -> Vec<Item> {
        let place = |entry: &&Entry<H>| match entry.record.order {
            0 => u64::MAX,
            order => order,
        };
        let entries = sorted_by_key(self.entries.values(), place);
        entries.into_iter().filter_map(|entry| entry.item(now)).collect()
    }

    /// Notes the time. A monotonic clock does not go back; if it does, it stands still here.
    fn observe(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    /// Does everything that can be done.
    fn work(&mut self) {
        self.work_on_role();
        self.work_on_endings();
        self.transmit_ready();
        self.drain();
        // What is not fit to be sent has ended.
        self.work_on_endings();
    }

    /// Draws a pause that doubles with the number of failures before.
    fn pause_after(&mut self, failures: u32) -> Duration {
        let ceiling = FIRST_PAUSE.saturating_mul(1 << failures.min(6)).min(LAST_PAUSE);
        MIN_PAUSE + self.random.duration_up_to(ceiling - MIN_PAUSE)
    }

    fn tell(&mut self, id: u32, status: ActionStatus<H>) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let (key, attempts) = (entry.record.key.clone(), entry.attempts);
        self.effects.push_back(Effect::Status { key, status, attempts });
    }

    fn entry_of(&self, key: &ActionKey) -> Option<(u32, &Entry<H>)> {
        let id = *self.ids.get(key)?;
        Some((id, self.entries.get(&id)?))
    }

    fn touch_lane_of(&mut self, id: u32) {
        if let Some(entry) = self.entries.get(&id) {
            self.lanes.touch(&entry.record.lane);
        }
    }

    /// Puts an action into the books.
    fn insert(&mut self, entry: Entry<H>) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.ids.insert(entry.record.key.clone(), id);
        self.bytes = self.bytes.saturating_add(entry.record.bytes);
        if entry.is_suspect {
            self.suspects.insert(id);
        }
        self.entries.insert(id, entry);
        id
    }

    /// Strikes an action from the books; the application knows, and the store does too.
    fn forget(&mut self, id: u32) {
        self.leave_lane(id);
        self.abandon(id);
        if let Some(entry) = self.entries.remove(&id) {
            if let Stage::Ended(outcome, _) = entry.stage {
                self.past.add(&entry.record.key, outcome);
            }
            self.ids.remove(&entry.record.key);
            self.bytes = self.bytes.saturating_sub(entry.record.bytes);
            self.timers.remove(entry.expires_at, Timer::Expiry(id));
        }
        self.suspects.remove(&id);
    }

    /// Tells the end of an action that the store has removed, and strikes it from the books.
    fn tell_last(&mut self, id: u32, status: ActionStatus<H>) {
        if let (Some(entry), Some(outcome)) = (self.entries.get(&id), status.outcome())
            && outcome != Outcome::Unknown
        {
            self.past.add(&entry.record.key, outcome);
        }
        self.tell(id, status);
        self.forget(id);
    }

    /// Lets an action wait in its lane, at the place that the store gave it.
    fn join_lane(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.stage = Stage::Queued;
        if let Some(at) = entry.expires_at {
            self.timers.set(at, Timer::Expiry(id));
        }
        let name = Rc::clone(&entry.record.lane);
        let rank = |id: &u32| rank_of(self.entries.get(id), self.now);
        let Some(lane) = self.lanes.lane(&name) else {
            return;
        };
        let behind = lane.list.iter().rev().take_while(|other| rank(other) > rank(&id));
        let place = lane.list.len() - behind.count();
        lane.list.insert(place, id);
        self.lanes.touch(&name);
    }

    /// Takes an action out of its lane: it is not sent any more.
    fn leave_lane(&mut self, id: u32) {
        self.deactivate(id);
        if let Some(entry) = self.entries.get(&id) {
            let name = Rc::clone(&entry.record.lane);
            self.lanes.remove(&name, id);
            self.lanes.touch(&name);
        }
    }

    /// Gives back the slot of an action, if it has one; it waits in its lane again.
    fn deactivate(&mut self, id: u32) {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.is_active()) else {
            return;
        };
        entry.stage = Stage::Queued;
        self.active = self.active.saturating_sub(1);
        if let Some(lane) = self.lanes.get_mut(&entry.record.lane) {
            lane.active = lane.active.saturating_sub(1);
        }
        self.lanes.touch(&entry.record.lane);
    }
}
