//! A tab: a client that can crash, freeze and wake, and the application around it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;
use sockeye::client::outbox::{FlushTicket, NewAction};
use sockeye::client::store::{ActionKey, Change, Payload, StoreAnswer, StoreTicket};
use sockeye::native::NativeHost;
use sockeye::time::Instant;

use crate::core::{Core, Hook, Out, shared};
use crate::ledger::{Facts, Life, Told};
use crate::listening::Listening;
use crate::network::{Connection, ConnectionId, Frame};
use crate::schedule::{Action, Kind, Millis, TABS, Way};
use crate::world::{Due, World, ms};

/// The users.
const USERS: [&str; 2] = ["ann", "bob"];
/// A tab that does nothing for so long loses its lock to another.
const PATIENCE_WITH_FROZEN: Millis = 15_000;

/// Something that comes to a tab from outside.
#[derive(Debug)]
enum Input {
    Opened(u32),
    Frame(u32, Frame),
    Closed(u32),
    Store(StoreTicket, StoreAnswer<NativeHost>),
    Changes(Vec<Change<NativeHost>>),
    Timer(u64),
    Chore(Chore),
}

/// What the application does some time after it was told something.
#[derive(Debug)]
pub enum Chore {
    /// It says what of the queue is to be sent.
    Plan { ticket: FlushTicket, keep: Vec<ActionKey>, drop: Vec<ActionKey> },
    /// It has done what it was asked to.
    Done(Hook),
    /// Another tab takes the lock of one that is frozen.
    Steal,
}

pub struct Tab {
    number: usize,
    seed: u64,
    life: u32,
    core: Option<Core>,
    user: usize,
    is_frozen_until: Option<u64>,
    inbox: VecDeque<Input>,
    /// Counts how often the timer was set, so that an old one is known.
    timer: u64,
    deadline: Option<Instant>,
    /// How much later it is than the tab's monotonic clock says.
    lost_time: u64,
    /// How long that clock stands still until the tab wakes.
    stands_still: u64,
    /// By how much its wall clock is wrong, in microseconds.
    wall_error: i64,
    pub store_busy_until: u64,
    transports: BTreeMap<u32, ConnectionId>,
    /// The actions that this life has enqueued.
    mine: Vec<usize>,
    /// How often each topic is retained.
    retained: [u32; 3],
    pub listening: Listening,
    /// The newest value of each slot of which only the newest counts.
    latest: u64,
}

impl Tab {
    pub fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            seed,
            life: 0,
            core: None,
            user: 0,
            is_frozen_until: None,
            inbox: VecDeque::new(),
            timer: 0,
            deadline: None,
            lost_time: 0,
            stands_still: 0,
            wall_error: 0,
            store_busy_until: 0,
            transports: BTreeMap::new(),
            mine: Vec::new(),
            retained: [0; 3],
            listening: Listening::default(),
            latest: 0,
        }
    }

    /// The rooms that the application wants, in order.
    pub fn wanted(&self) -> Vec<usize> {
        (0..self.retained.len()).filter(|topic| self.retained[*topic] > 0).collect()
    }

    pub fn life(&self) -> Life {
        (self.number, self.life)
    }

    pub fn user(&self) -> &'static str {
        USERS[self.user]
    }

    pub fn is_alive_as(&self, life: Life) -> bool {
        self.life() == life && self.core.is_some()
    }

    fn does_something(&self) -> bool {
        self.core.is_some() && self.is_frozen_until.is_none()
    }

    /// The wall clock, in microseconds; it never shows less than nothing.
    pub fn wall(&self, now: u64) -> u64 {
        (now + ms(1_700_000_000_000)).saturating_add_signed(self.wall_error)
    }

    pub fn jump(&mut self, hours: i64) {
        self.wall_error = hours * 3_600_000_000;
    }

    /// What the tab's monotonic clock shows.
    fn clock(&self, now: u64) -> Instant {
        Instant::ORIGIN + Duration::from_micros(now - self.lost_time)
    }
}

impl World<'_> {
    pub fn start_tab(&mut self, number: usize) {
        let now = self.now;
        let tab = &mut self.tabs[number];
        if tab.core.is_some() {
            return;
        }
        tab.life += 1;
        let seed = tab.seed.wrapping_mul(31) + u64::from(tab.life) * 2 + number as u64;
        let clock = tab.clock(now);
        tab.core = Some(Core::new(&self.setting, seed, USERS[tab.user], clock));
        tab.store_busy_until = now;
        tab.deadline = None;
        self.say(|| format!("tab {number} starts"));
        self.drain(number);
    }

    pub fn crash(&mut self, number: usize, down: Millis) {
        let tab = &mut self.tabs[number];
        if tab.core.take().is_none() {
            return;
        }
        let life = tab.life();
        tab.inbox.clear();
        tab.is_frozen_until = None;
        tab.mine.clear();
        tab.retained = [0; 3];
        tab.listening = Listening::default();
        self.ledger.disruptions += 1;
        for id in std::mem::take(&mut tab.transports).into_values() {
            self.close_from_client(id);
        }
        self.leave_store(life);
        self.schedule(self.now + ms(down), Due::Start { tab: number });
    }

    pub fn crash_all(&mut self, down: Millis) {
        for tab in 0..TABS {
            self.crash(tab, down);
        }
    }

    pub fn freeze(&mut self, number: usize, lasts: Millis, clock_stops: bool) {
        let now = self.now;
        let tab = &mut self.tabs[number];
        if tab.core.is_none() || tab.is_frozen_until.is_some() {
            return;
        }
        let until = now + ms(lasts);
        tab.is_frozen_until = Some(until);
        tab.stands_still = if clock_stops { ms(lasts) } else { 0 };
        let life = tab.life;
        self.ledger.disruptions += 1;
        self.schedule(until, Due::Thaw { tab: number });
        let late = now + ms(PATIENCE_WITH_FROZEN);
        if late < until && !clock_stops {
            self.schedule(late, Due::Application { tab: number, life, chore: Chore::Steal });
        }
    }

    pub fn thaw(&mut self, number: usize) {
        let now = self.now;
        let tab = &mut self.tabs[number];
        if tab.is_frozen_until.is_none_or(|until| until > now) {
            return;
        }
        tab.is_frozen_until = None;
        tab.lost_time += std::mem::take(&mut tab.stands_still);
        self.say(|| format!("tab {number} goes on"));
        while let Some(input) = self.tabs[number].inbox.pop_front() {
            self.give(number, input);
        }
        let tab = &mut self.tabs[number];
        let clock = tab.clock(now);
        if let Some(core) = &mut tab.core {
            core.wake(clock);
        }
        self.drain(number);
    }

    fn give(&mut self, number: usize, input: Input) {
        let now = self.now;
        if let Input::Frame(transport, Frame::Text(text)) = &input {
            self.hear_if_taken(number, *transport, text);
        }
        let tab = &mut self.tabs[number];
        if tab.is_frozen_until.is_some() {
            tab.inbox.push_back(input);
            return;
        }
        let clock = tab.clock(now);
        let Some(core) = &mut tab.core else {
            return;
        };
        match input {
            Input::Opened(transport) => core.opened(transport, clock),
            Input::Frame(transport, frame) => core.frame(transport, frame, clock),
            Input::Closed(transport) => core.closed(transport, clock),
            Input::Store(ticket, answer) => core.stored(ticket, answer, clock),
            Input::Changes(changes) => core.changed(changes, clock),
            Input::Timer(timer) if timer == tab.timer => {
                // Its clock may have stood still since the timer was set.
                if tab.deadline.take().is_some_and(|deadline| deadline <= clock) {
                    core.timeout(clock);
                }
            }
            Input::Timer(_) => return,
            Input::Chore(Chore::Plan { ticket, keep, drop }) => {
                core.flush(ticket, &keep, &drop, clock);
            }
            Input::Chore(Chore::Done(hook)) => core.hook_done(hook, clock),
            Input::Chore(Chore::Steal) => return,
        }
        self.drain(number);
    }

    /// Positions count that the client takes: not in its sleep, nor what comes of a connection that it has
    /// left, nor behind what is no packet.
    fn hear_if_taken(&mut self, number: usize, transport: u32, text: &str) {
        let tab = &self.tabs[number];
        let id = tab.transports.get(&transport);
        let is_garbled = id.is_none_or(|id| self.connections[*id].is_garbled);
        if tab.does_something() && !is_garbled {
            self.hear_frame(number, text);
        }
    }

    /// Does what the client wants done, until it wants to wait.
    fn drain(&mut self, number: usize) {
        loop {
            let tab = &mut self.tabs[number];
            let clock = tab.clock(self.now);
            let Some(core) = &mut tab.core else {
                return;
            };
            match core.poll(clock) {
                Out::Timer(deadline) => return self.set_timer(number, deadline),
                out => self.perform_out(number, out),
            }
        }
    }

    fn set_timer(&mut self, number: usize, deadline: Option<Instant>) {
        let tab = &mut self.tabs[number];
        if tab.deadline == deadline {
            return;
        }
        tab.deadline = deadline;
        tab.timer += 1;
        let setting = tab.timer;
        if let Some(deadline) = deadline {
            let micros = deadline.since(Instant::ORIGIN).as_micros() as u64;
            let at = micros.saturating_add(tab.lost_time);
            self.schedule(at, Due::Timer { tab: number, setting });
        }
    }

    pub fn on_timer(&mut self, tab: usize, setting: u64) {
        self.give(tab, Input::Timer(setting));
    }

    fn perform_out(&mut self, tab: usize, out: Out) {
        self.say(|| format!("tab {tab}   -> {}", brief(&out)));
        let life = self.tabs[tab].life();
        match out {
            Out::Open { transport } => self.connect(tab, transport),
            Out::Send { transport, frame } => self.send_from_client(tab, transport, frame),
            Out::Close { transport } => {
                if let Some(id) = self.tabs[tab].transports.remove(&transport) {
                    self.close_from_client(id);
                }
            }
            Out::Store { ticket, command } => self.ask_store(life, ticket, command),
            Out::Told { key, told } => self.ledger.note_told(life, &key.0, told),
            Out::CancelRefused => {}
            Out::Accepted => self.tabs[tab].listening.begin(),
            Out::FlushAsked { ticket, keys } => self.plan(tab, ticket, keys),
            Out::Refused { action } => {
                let now = self.tabs[tab].clock(self.now);
                let key = self.ledger.actions[action as usize].key.clone();
                if let Some(core) = &mut self.tabs[tab].core {
                    core.nack(&ActionKey::new(&key), now);
                }
            }
            Out::Delivered { stream, epoch, number, arguments } => {
                self.hear_event(tab, stream, &epoch, number);
                if arguments != 2 {
                    let text = format!("an event has {arguments} arguments");
                    self.ledger.fail("hides what is not the application's", text);
                }
            }
            Out::Verdict(verdict) => self.hear_verdict(tab, &verdict),
            Out::Missed(streams) => self.hear_missed(tab, &streams),
            Out::Live => self.hear_live(tab),
            Out::Hook(hook) => {
                let life = self.tabs[tab].life;
                let at = self.now + ms(self.random.below(1_500));
                let chore = Chore::Done(hook);
                self.schedule(at, Due::Application { tab, life, chore });
            }
            Out::PrologueLate => {
                if let Some(id) = self.connection_of(tab) {
                    self.connections[id].is_prologue_late = true;
                }
            }
            Out::Timer(_) => {}
        }
    }

    /// The application looks at what waits, and answers some time later; now and then never.
    fn plan(&mut self, number: usize, ticket: FlushTicket, keys: Vec<ActionKey>) {
        let life = self.tabs[number].life;
        let (keep, drop) = if self.random.chance(200) {
            let drop: Vec<ActionKey> = keys.last().cloned().into_iter().collect();
            drop.iter().for_each(|key| self.ledger.note_taken_back(&key.0));
            (keys[..keys.len().saturating_sub(1)].to_vec(), drop)
        } else {
            (keys, Vec::new())
        };
        let delay = ms(self.random.below(3_000));
        if !self.random.chance(100) {
            let chore = Chore::Plan { ticket, keep, drop };
            self.schedule(self.now + delay, Due::Application { tab: number, life, chore });
        }
    }

    pub fn do_chore(&mut self, tab: usize, life: u32, chore: Chore) {
        if self.tabs[tab].life != life {
            return;
        }
        match chore {
            Chore::Steal if self.tabs[tab].is_frozen_until.is_some() => self.steal_lock(tab),
            Chore::Steal => {}
            chore => self.give(tab, Input::Chore(chore)),
        }
    }

    fn connect(&mut self, number: usize, transport: u32) {
        let life = self.tabs[number].life;
        let latency = self.random.below(ms(self.setting.latency)) + 500;
        let id = self.connections.len();
        let mut connection = Connection::new(number, life, transport, latency);
        connection.client_open = true;
        self.connections.push(connection);
        self.tabs[number].transports.insert(transport, id);
        self.schedule(self.now + 2 * latency, Due::Opened { connection: id });
    }

    fn send_from_client(&mut self, number: usize, transport: u32, frame: Frame) {
        let Some(id) = self.tabs[number].transports.get(&transport).copied() else {
            return;
        };
        if let Frame::Text(text) = &frame {
            if let Some(action) = action_in(text) {
                let life = self.tabs[number].life();
                self.ledger.note_frame(life, action);
            }
        }
        if self.connections[id].client_open {
            self.send(id, Way::Up, frame);
        }
    }

    /// The client's end is closed, by the client or because its tab is gone.
    fn close_from_client(&mut self, id: ConnectionId) {
        if std::mem::take(&mut self.connections[id].client_open) {
            self.send(id, Way::Up, Frame::Close);
        }
    }

    fn client_of(&self, id: ConnectionId) -> Option<(usize, u32)> {
        let Connection { tab, life, transport, .. } = self.connections[id];
        let is_known = self.tabs[tab].life == life && self.tabs[tab].core.is_some();
        is_known.then_some((tab, transport))
    }

    pub fn tell_opened(&mut self, id: ConnectionId) {
        if let Some((tab, transport)) = self.client_of(id) {
            self.give(tab, Input::Opened(transport));
        }
    }

    pub fn tell_failed(&mut self, id: ConnectionId) {
        self.tell_closed(id);
    }

    pub fn tell_closed(&mut self, id: ConnectionId) {
        if let Some((tab, transport)) = self.client_of(id) {
            self.tabs[tab].transports.remove(&transport);
            self.give(tab, Input::Closed(transport));
        }
    }

    /// A frame has come to the client's end.
    pub fn on_client(&mut self, id: ConnectionId, frame: Frame) {
        if !self.connections[id].client_open {
            return;
        }
        if let Frame::Close = frame {
            return self.lose_at_client(id);
        }
        if let Some((tab, transport)) = self.client_of(id) {
            self.say(|| format!("tab {tab}   <- {id} {frame:?}"));
            self.give(tab, Input::Frame(transport, frame));
        }
    }

    pub fn tell_store(&mut self, life: Life, ticket: StoreTicket, answer: StoreAnswer<NativeHost>) {
        if self.tabs[life.0].is_alive_as(life) {
            self.say(|| format!("tab {}   <- store {ticket:?} {answer:?}", life.0));
            self.give(life.0, Input::Store(ticket, answer));
        }
    }

    pub fn tell_changes(&mut self, life: Life, changes: Vec<Change<NativeHost>>) {
        if self.tabs[life.0].is_alive_as(life) {
            self.give(life.0, Input::Changes(changes));
        }
    }

    /// The application does something.
    pub fn act(&mut self, action: &Action) {
        match *action {
            Action::Enqueue { tab, lane, ttl, ack_timeout, coalesce, resend, kind } => {
                self.enqueue(tab, lane, ttl, ack_timeout, coalesce, resend, kind);
            }
            Action::Cancel { tab, nth } => {
                let mine = &self.tabs[tab].mine;
                let position = mine.len().checked_sub(1 + nth as usize);
                if let Some(number) = position.map(|position| mine[position]) {
                    let key = ActionKey::new(&self.ledger.actions[number].key);
                    self.ledger.note_taken_back(&key.0);
                    self.call(tab, |core, now| core.cancel(&key, now));
                }
            }
            Action::Pause { tab } => self.call(tab, Core::pause),
            Action::Resume { tab } => self.call(tab, Core::resume),
            Action::Retry { tab } => self.retry_parked(tab),
            Action::Retain { tab, topic } => self.retain(tab, topic as usize),
            Action::Release { tab, topic } => self.release(tab, topic as usize),
            Action::Publish { topic } => self.publish(topic as usize + usize::from(topic == 2)),
            Action::Latest { tab, slot } => {
                self.tabs[tab].latest += 1;
                let value = self.tabs[tab].latest;
                self.call(tab, |core, now| core.latest(slot, value, now));
            }
            Action::Identity { tab, user } => self.change_user(tab, user as usize),
        }
    }

    /// The application of a tab calls its client, unless the tab does nothing at the moment.
    fn call(&mut self, number: usize, call: impl FnOnce(&mut Core, Instant)) {
        let tab = &mut self.tabs[number];
        let clock = tab.clock(self.now);
        if tab.is_frozen_until.is_some() {
            return;
        }
        if let Some(core) = &mut tab.core {
            call(core, clock);
            self.drain(number);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of one step")]
    fn enqueue(
        &mut self,
        tab: usize,
        lane: u64,
        ttl: Option<Millis>,
        ack_timeout: Millis,
        coalesce: Option<u64>,
        resend: bool,
        kind: Kind,
    ) {
        let number = self.ledger.actions.len();
        let owner = self.tabs[tab].life();
        let user = USERS[self.tabs[tab].user];
        let key = format!("k{number}");
        let (body, attachments) = body_of(number, kind);
        let action = NewAction {
            key: ActionKey::new(&key),
            name: shared("act"),
            lane: shared(&format!("lane{lane}")),
            ttl: ttl.map(Duration::from_millis),
            ack_timeout: Duration::from_millis(ack_timeout),
            coalesce_key: coalesce.map(|key| shared(&format!("same{key}"))),
            bytes: body.len() as u64 + 8 * attachments.len() as u64,
            attachments: attachments.len() as u32,
            resend,
        };
        let mut taken = false;
        let mut facts = Facts::new(key, owner, user.to_owned(), lane, kind);
        (facts.resend, facts.expires, facts.coalesce) = (resend, ttl.is_some(), coalesce);
        if !self.tabs[tab].does_something() {
            return;
        }
        self.ledger.note_enqueued(facts);
        self.call(tab, |core, now| {
            taken = core.enqueue(action, Payload { body, attachments }, now).is_ok();
        });
        if taken {
            self.tabs[tab].mine.push(number);
        } else {
            self.ledger.note_told(owner, &format!("k{number}"), Told::Failed);
        }
    }

    /// The application lets everything be sent again that was set aside, whatever may have become of it.
    fn retry_parked(&mut self, tab: usize) {
        let is_parked =
            |number: &&usize| self.ledger.actions[**number].outcome.is_some_and(Told::is_parked);
        let parked: Vec<usize> = self.tabs[tab].mine.iter().filter(is_parked).copied().collect();
        for number in parked {
            let key = ActionKey::new(&self.ledger.actions[number].key);
            self.ledger.actions[number].retried = true;
            self.call(tab, |core, now| {
                core.retry(&key, now);
            });
        }
    }

    fn retain(&mut self, tab: usize, topic: usize) {
        if !self.tabs[tab].does_something() {
            return;
        }
        self.tabs[tab].retained[topic] += 1;
        if self.tabs[tab].retained[topic] == 1 {
            self.call(tab, |core, now| core.retain(topic, now));
        }
    }

    fn change_user(&mut self, number: usize, user: usize) {
        let tab = &mut self.tabs[number];
        if tab.user == user || tab.is_frozen_until.is_some() {
            return;
        }
        tab.user = user;
        let life = tab.life();
        self.ledger.disruptions += 1;
        self.ledger.forget_told(life);
        self.tabs[number].listening = Listening::default();
        self.call(number, |core, now| core.set_user(USERS[user], now));
    }

    fn release(&mut self, tab: usize, topic: usize) {
        if self.tabs[tab].retained[topic] > 0 && self.tabs[tab].does_something() {
            self.tabs[tab].retained[topic] -= 1;
            if self.tabs[tab].retained[topic] == 0 {
                self.tabs[tab].listening.interrupt(topic);
                self.call(tab, |core, now| core.release(topic, now));
            }
        }
    }

    pub fn end_faults_of(&mut self, tab: usize) {
        self.tabs[tab].wall_error = 0;
        if self.tabs[tab].is_frozen_until.is_some() {
            self.tabs[tab].stands_still = 0;
            self.tabs[tab].is_frozen_until = Some(self.now);
            self.thaw(tab);
        }
        // What each user has left behind has somebody to send it.
        if self.setting.users {
            self.change_user(tab, tab);
        }
        self.start_tab(tab);
        self.call(tab, |core, now| {
            core.wake(now);
            core.resume(now);
        });
    }

    /// What is not at its end yet.
    pub fn what_is_open(&self) -> Option<String> {
        for tab in &self.tabs {
            if !tab.core.as_ref().is_some_and(Core::is_live) {
                return Some(format!("tab {} is not live", tab.number));
            }
            let user = USERS[tab.user];
            if let Some(key) = self.store.unfinished(user).next() {
                return Some(format!("{} of {user} is still in the store", key.0));
            }
            if let Some(difference) = self.rooms_differ(tab.number) {
                return Some(difference);
            }
        }
        let lives: Vec<_> = self.tabs.iter().map(|tab| (tab.life(), tab.user())).collect();
        self.ledger.untold(&lives)
    }

    pub fn note_first(&mut self, id: ConnectionId, is_first: bool, name: &str) {
        let is_late = self.connections[id].is_prologue_late;
        if is_first && self.setting.prologue && name != "first" && !is_late {
            let text = format!("{name} was the first event of connection {id}");
            self.ledger.fail("says first what is to be said first", text);
        }
    }

    pub fn note_latest(&mut self, id: ConnectionId, slot: &Value, value: u64) {
        let slot = slot.as_u64().unwrap();
        let before = self.newest_value.insert((id, slot), value);
        if before.is_some_and(|before| before >= value) {
            let text = format!("value {value} came after {before:?} on connection {id}");
            self.ledger.fail("sends only what is newest", text);
        }
    }

    pub fn note_join(&mut self, id: ConnectionId, room: usize, joins: u32) {
        if joins > 1 {
            let text = format!("room {room} was joined {joins} times on connection {id}");
            self.ledger.fail("joins each topic once per connection", text);
        }
    }
}

/// The frames of an action: it carries its number.
fn body_of(number: usize, kind: Kind) -> (String, Vec<Vec<u8>>) {
    match kind {
        Kind::Plain | Kind::Refused | Kind::Poison => {
            (format!("[\"act\",{{\"a\":{number}}}]"), vec![])
        }
        Kind::Binary => {
            let placeholder = "{\"_placeholder\":true,\"num\":0}";
            (format!("[\"act\",{{\"a\":{number},\"b\":{placeholder}}}]"), vec![vec![7; 8]])
        }
        Kind::Huge => {
            let filling = "x".repeat(1_500);
            (format!("[\"act\",{{\"a\":{number},\"x\":\"{filling}\"}}]"), vec![])
        }
    }
}

/// The number of the action whose frame this is.
fn action_in(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("[\"act\",{\"a\":")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}

fn brief(out: &Out) -> String {
    match out {
        Out::Store { ticket, .. } => format!("store {ticket:?}"),
        other => format!("{other:?}"),
    }
}
