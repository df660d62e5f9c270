//! The virtual clock, and what is due when.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::defects::Defect;
use crate::ledger::{Counts, Failure, Ledger};
use crate::network::{Connection, ConnectionId, Frame};
use crate::random::Random;
use crate::schedule::{Fault, Millis, Schedule, Setting, Step, TABS, Way, What};
use crate::server::{Request, Server};
use crate::store::{Store, StoreTask};
use crate::tab::Tab;

/// Something that is to happen.
#[derive(Debug)]
pub enum Due {
    Step(usize),
    /// A frame comes out of a pipe.
    Arrive {
        connection: ConnectionId,
        way: Way,
    },
    /// A WebSocket has been opened, or could not be.
    Opened {
        connection: ConnectionId,
    },
    Ping {
        connection: ConnectionId,
    },
    PingTimeout {
        connection: ConnectionId,
        round: u64,
    },
    Decide {
        request: Request,
    },
    Finish {
        request: Request,
        life: u64,
    },
    ServerUp,
    /// The store does what it was asked.
    Store(StoreTask),
    /// The timer of a tab.
    Timer {
        tab: usize,
        setting: u64,
    },
    Thaw {
        tab: usize,
    },
    Start {
        tab: usize,
    },
    /// The application of a tab does what it does from time to time.
    Application {
        tab: usize,
        life: u32,
        chore: crate::tab::Chore,
    },
}

/// What is to happen, by time; at the same time in the order in which it was scheduled. What it is stands
/// apart, so that sorting moves little.
#[derive(Debug, Default)]
struct Agenda {
    /// The times, with how much was scheduled before and the place of what is to happen.
    times: BinaryHeap<Reverse<(u64, u64, usize)>>,
    scheduled: u64,
    places: Vec<Option<Due>>,
    free: Vec<usize>,
}

impl Agenda {
    fn add(&mut self, at: u64, due: Due) {
        self.scheduled += 1;
        let place = self.free.pop().unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(None);
        }
        self.places[place] = Some(due);
        self.times.push(Reverse((at, self.scheduled, place)));
    }

    /// Returns what is next until `end`, and when.
    fn next(&mut self, end: u64) -> Option<(u64, Due)> {
        let Reverse((at, _, place)) = self.times.peek().copied().filter(|next| next.0.0 <= end)?;
        self.times.pop();
        self.free.push(place);
        Some((at, self.places[place].take()?))
    }
}

/// Everything there is in one run. Times are in microseconds.
pub struct World<'a> {
    pub now: u64,
    agenda: Agenda,
    pub random: Random,
    pub setting: Setting,
    steps: &'a [Step],
    pub defect: Option<Defect>,
    pub connections: Vec<Connection>,
    pub unreachable_until: u64,
    pub server: Server,
    pub store: Store,
    pub tabs: [Tab; TABS],
    pub ledger: Ledger,
    /// The newest value of each slot that came on each connection.
    pub newest_value: BTreeMap<(ConnectionId, u64), u64>,
    /// Whether what happens is printed.
    pub loud: bool,
}

/// In microseconds.
pub const fn ms(millis: Millis) -> u64 {
    millis * 1_000
}

/// Within so much virtual time after the last fault everything has come to its end.
const PATIENCE: u64 = ms(1_800_000);
/// How often it is looked at then.
const LOOK: u64 = ms(1_000);

/// Runs a schedule and says what was wrong, and what happened.
pub fn run(schedule: &Schedule, defect: Option<Defect>, loud: bool) -> (Option<Failure>, Counts) {
    let mut world = World::new(schedule, defect, loud);
    world.play();
    if world.ledger.failure.is_none() {
        world.quiet();
    }
    (world.ledger.failure, world.ledger.counts)
}

impl<'a> World<'a> {
    fn new(schedule: &'a Schedule, defect: Option<Defect>, loud: bool) -> Self {
        let setting = schedule.setting.clone();
        let server = Server::new(&setting, defect);
        Self {
            now: ms(1_000),
            agenda: Agenda::default(),
            random: Random::new(schedule.seed, 2),
            steps: &schedule.steps,
            defect,
            connections: Vec::new(),
            unreachable_until: 0,
            server,
            store: Store::new(defect),
            tabs: std::array::from_fn(|number| Tab::new(number, schedule.seed)),
            ledger: Ledger::new(setting.helper, setting.retention < 1_000_000),
            setting,
            newest_value: BTreeMap::new(),
            loud,
        }
    }

    pub fn schedule(&mut self, at: u64, due: Due) {
        self.agenda.add(at.max(self.now), due);
    }

    pub fn say(&self, text: impl FnOnce() -> String) {
        if self.loud {
            println!("{:>11.3} {}", self.now as f64 / 1_000_000.0, text());
        }
    }

    /// The part with faults.
    fn play(&mut self) {
        for tab in 0..TABS {
            self.start_tab(tab);
        }
        for (index, step) in self.steps.iter().enumerate() {
            self.schedule(ms(1_000 + step.at), Due::Step(index));
        }
        let last = self.steps.last().map_or(0, |step| step.at);
        self.run_until(ms(1_000 + last));
    }

    fn run_until(&mut self, end: u64) {
        while self.ledger.failure.is_none() {
            let Some((at, due)) = self.agenda.next(end) else {
                self.now = end;
                return;
            };
            self.now = at;
            self.perform(due);
        }
    }

    fn perform(&mut self, due: Due) {
        match due {
            Due::Step(index) => {
                let step = self.steps[index].what.clone();
                self.say(|| format!("== {step:?}"));
                match step {
                    What::Action(action) => self.act(&action),
                    What::Fault(fault) => self.strike(&fault),
                }
            }
            Due::Arrive { connection, way } => {
                if let Some(frame) = self.arrive(connection, way) {
                    match way {
                        Way::Up => self.on_server(connection, frame),
                        Way::Down => self.on_client(connection, frame),
                    }
                }
            }
            Due::Opened { connection } => self.on_opened(connection),
            Due::Ping { connection } => self.ping(connection),
            Due::PingTimeout { connection, round } => self.ping_timeout(connection, round),
            Due::Decide { request } => self.decide(request),
            Due::Finish { request, life } => self.finish(request, life),
            Due::ServerUp => self.server.is_up = true,
            Due::Store(task) => self.run_store(task),
            Due::Timer { tab, setting } => self.on_timer(tab, setting),
            Due::Thaw { tab } => self.thaw(tab),
            Due::Start { tab } => self.start_tab(tab),
            Due::Application { tab, life, chore } => self.do_chore(tab, life, chore),
        }
    }

    fn on_server(&mut self, connection: ConnectionId, frame: Frame) {
        if self.connections[connection].server_open {
            self.say(|| format!("server  <- {connection} {frame:?}"));
            self.serve(connection, frame);
        }
    }

    /// A WebSocket comes to be, or fails.
    fn on_opened(&mut self, id: ConnectionId) {
        let reachable = self.server.is_up && self.now >= self.unreachable_until;
        if !self.connections[id].client_open {
            return;
        }
        if reachable {
            self.connections[id].server_open = true;
            self.tell_opened(id);
            self.open_session(id);
        } else {
            self.connections[id].client_open = false;
            self.tell_failed(id);
        }
    }

    fn strike(&mut self, fault: &Fault) {
        let now = self.now;
        match *fault {
            Fault::Cut { tab } => {
                if let Some(id) = self.connection_of(tab) {
                    self.cut(id);
                }
            }
            Fault::CutAtByte { tab, way, bytes } => {
                if let Some(id) = self.connection_of(tab) {
                    self.connections[id].break_after(way, bytes);
                }
            }
            Fault::Stall { tab, way, lasts } => {
                if let Some(id) = self.connection_of(tab) {
                    self.connections[id].stall(way, now + ms(lasts));
                    // The news that a connection has ended may come late: then nothing is suspected.
                    self.ledger.disruptions += 1;
                }
            }
            Fault::HalfOpenServer { tab, late } => {
                if let Some(id) = self.connection_of(tab) {
                    self.connections[id].stall(Way::Up, now + ms(late));
                    self.lose_at_client(id);
                    self.send(id, Way::Up, Frame::Close);
                }
            }
            Fault::HalfOpenClient { tab } => {
                if let Some(id) = self.connection_of(tab) {
                    self.connections[id].break_pipe(Way::Down);
                    self.lose_at_server(id);
                    self.ledger.disruptions += 1;
                }
            }
            Fault::Unreachable { lasts } => self.unreachable_until = now + ms(lasts),
            Fault::StoreAborts { count } => self.store.aborts += count,
            Fault::StoreFull { lasts, is_brimful } => {
                self.store.full_until = now + ms(lasts);
                self.store.is_brimful = is_brimful;
            }
            Fault::StoreLost { lasts } => self.store.lost_until = now + ms(lasts),
            Fault::StoreHangs { lasts } => self.store.hangs_until = now + ms(lasts),
            Fault::StoreWiped => {
                self.crash_all(1_000);
                self.wipe_store();
            }
            Fault::StoreRolledBack { commits } => {
                self.crash_all(1_000);
                self.roll_store_back(commits);
            }
            Fault::RecordDamaged { nth, is_future } => self.damage_record(nth, is_future),
            Fault::Crash { tab, down } => self.crash(tab, down),
            Fault::Freeze { tab, lasts } => self.freeze(tab, lasts, false),
            Fault::Sleep { lasts, clock_stops } => {
                for tab in 0..TABS {
                    self.freeze(tab, lasts, clock_stops);
                }
            }
            Fault::Steal { from } => self.steal_lock(from),
            Fault::WallClock { tab, by_hours } => self.tabs[tab].jump(by_hours),
            Fault::ServerRestart { down, silent } => self.restart_server(down, silent),
            Fault::ServerDiesBeforeAck { down } => self.server.dies_before_ack = Some(down),
            Fault::ServerForgets => self.forget(),
            Fault::AuthRefused { lasts } => self.server.refuses_until = now + ms(lasts),
            Fault::TryLater { lasts } => self.try_later(lasts),
            Fault::Garbage { tab } => self.send_raw(tab, "4599999-[\"x".to_owned()),
            Fault::StrayAck { tab, id } => {
                // Without the helper an answer with the right number is an answer.
                let id = if self.setting.helper { id } else { id + 1_000_000 };
                self.send_raw(tab, format!("43{id}[{{\"a\":0}}]"));
            }
            Fault::Silent { lasts } => self.server.silent_until = now + ms(lasts),
            Fault::LieOfRecovery { tab } => self.server.lies[tab] = true,
            Fault::TrimLogs => self.server.streams.iter_mut().for_each(|stream| stream.trim()),
            Fault::WorkFails { count } => self.server.failing_work += count,
            Fault::LoseEvent { topic } => self.server.loses[topic as usize] = true,
            Fault::RepeatEvent { topic } => self.server.repeats[topic as usize] = true,
        }
    }

    /// The faults end; from now on everything has to come to its end.
    fn quiet(&mut self) {
        self.say(|| "== the faults end".to_owned());
        self.end_faults();
        let end = self.now + PATIENCE;
        let mut published = false;
        while self.ledger.failure.is_none() {
            self.run_until(self.now + LOOK);
            let open = self.what_is_open();
            match (open, published) {
                (None, true) => {
                    self.check_streams();
                    return self.ledger.check_end();
                }
                (None, false) => {
                    published = true;
                    (0..self.server.streams.len()).for_each(|stream| self.publish(stream));
                    // One stream after the other may have to be asked for.
                    self.run_until(self.now + ms(60_000));
                }
                (Some(open), _) if self.now >= end => {
                    self.ledger.fail("comes to an end", open);
                }
                (Some(_), _) => {}
            }
        }
    }

    fn end_faults(&mut self) {
        self.unreachable_until = 0;
        self.server.refuses_until = 0;
        self.server.silent_until = 0;
        self.server.failing_work = 0;
        self.server.dies_before_ack = None;
        self.server.lies = [false; TABS];
        self.server.loses = [false; 4];
        self.server.repeats = [false; 4];
        self.store.end_faults();
        self.mend_network();
        if self.store.was_future {
            self.crash_all(0);
        }
        for tab in 0..TABS {
            self.end_faults_of(tab);
        }
    }
}
