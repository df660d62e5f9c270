//! What happens in one run: the setting, the application's actions and the faults, all drawn from a
//! seed before the run. A step draws nothing while it runs, so leaving one out leaves the others as
//! they are: that is how a failing schedule shrinks.

use crate::random::Random;

/// Milliseconds of virtual time.
pub type Millis = u64;

/// How many tabs share the store.
pub const TABS: usize = 2;

/// What holds for a whole run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whether the server keeps the contract of the helper.
    pub helper: bool,
    /// Whether the server keeps logs of its streams.
    pub logs: bool,
    /// How many events a stream's log holds.
    pub log_size: usize,
    /// Whether the work is outside of the decision's transaction: a lease covers it.
    pub leases: bool,
    /// How long the server keeps keys.
    pub retention: Millis,
    /// How often the server pings, and how long it waits for the answer.
    pub ping_interval: Millis,
    pub ping_timeout: Millis,
    /// The longest latency of one direction.
    pub latency: Millis,
    /// The longest time the server works on one action.
    pub work: Millis,
    /// The longest time a commit of the store takes.
    pub commit: Millis,
    /// How many of a lane's actions may be under way.
    pub window: u32,
    /// Whether the tabs' users change.
    pub users: bool,
    /// Whether the application asks to see the queue before it is sent.
    pub before_flush: bool,
    /// Whether the application says something first on each connection.
    pub prologue: bool,
    /// Whether the application trusts what the server says of recovery.
    pub trust_recovery: bool,
    /// Whether the server restores sessions.
    pub recovery: bool,
    /// Whether a restart of the server loses its memory.
    pub volatile_memory: bool,
    /// How many lanes there are.
    pub lanes: u64,
}

/// One thing that happens at its time.
#[derive(Clone, Debug)]
pub struct Step {
    pub at: Millis,
    pub what: What,
}

#[derive(Clone, Debug)]
pub enum What {
    Action(Action),
    Fault(Fault),
}

/// What the server does with an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Plain,
    /// With an attachment: more than one frame.
    Binary,
    /// The application's handler refuses it for good.
    Refused,
    /// The connection ends whenever it arrives.
    Poison,
    /// Larger than the server takes.
    Huge,
}

/// What the application does.
#[derive(Clone, Debug)]
pub enum Action {
    Enqueue {
        tab: usize,
        lane: u64,
        ttl: Option<Millis>,
        ack_timeout: Millis,
        coalesce: Option<u64>,
        resend: bool,
        kind: Kind,
    },
    /// Cancels the `nth` newest action of the tab.
    Cancel {
        tab: usize,
        nth: u64,
    },
    Pause {
        tab: usize,
    },
    Resume {
        tab: usize,
    },
    /// Retries all that is parked.
    Retry {
        tab: usize,
    },
    Retain {
        tab: usize,
        topic: u64,
    },
    Release {
        tab: usize,
        topic: u64,
    },
    /// The server's application sends an event to a stream.
    Publish {
        topic: u64,
    },
    Latest {
        tab: usize,
        slot: u64,
    },
    /// The tab's user changes.
    Identity {
        tab: usize,
        user: u64,
    },
}

/// Which way frames go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The connection breaks now; both sides notice.
    Cut { tab: usize },
    /// The connection breaks before so many more bytes have gone.
    CutAtByte { tab: usize, way: Way, bytes: u64 },
    /// Nothing arrives for a time, and nobody notices.
    Stall { tab: usize, way: Way, lasts: Millis },
    /// The client's side breaks; what it sent arrives so much later, and the server notices then.
    HalfOpenServer { tab: usize, late: Millis },
    /// The server's side breaks; the client notices nothing.
    HalfOpenClient { tab: usize },
    /// New connections fail.
    Unreachable { lasts: Millis },
    /// The next so many commits fail.
    StoreAborts { count: u32 },
    /// Nothing can be added to the store; at worst nothing can be noted in it either.
    StoreFull { lasts: Millis, is_brimful: bool },
    /// Every operation fails.
    StoreLost { lasts: Millis },
    /// No operation ends.
    StoreHangs { lasts: Millis },
    /// The store is emptied, with all tabs gone.
    StoreWiped,
    /// All tabs are gone, and so are the last commits.
    StoreRolledBack { commits: usize },
    /// A record cannot be read any more, or not yet: it is of a version to come.
    RecordDamaged { nth: u64, is_future: bool },
    /// The tab's memory is gone; it starts again after a time.
    Crash { tab: usize, down: Millis },
    /// The tab does nothing for a time.
    Freeze { tab: usize, lasts: Millis },
    /// The machine sleeps: no tab does anything, and the monotonic clock may stand still.
    Sleep { lasts: Millis, clock_stops: bool },
    /// Another tab takes the lock that this one holds, as if it were dead.
    Steal { from: usize },
    /// The wall clock jumps.
    WallClock { tab: usize, by_hours: i64 },
    /// The server restarts; its clients notice at once or by their time-outs.
    ServerRestart { down: Millis, silent: bool },
    /// The server dies after the next action is applied, before it is acknowledged.
    ServerDiesBeforeAck { down: Millis },
    /// The server loses its memory of keys and its logs.
    ServerForgets,
    /// The server refuses everybody.
    AuthRefused { lasts: Millis },
    /// The server says when to come again, and closes.
    TryLater { lasts: Millis },
    /// The server sends something that is no packet.
    Garbage { tab: usize },
    /// The server sends an acknowledgement that nobody asked for.
    StrayAck { tab: usize, id: u64 },
    /// The server answers no action for a time, though it applies them.
    Silent { lasts: Millis },
    /// The next so many actions fail in the server, which does nothing of them.
    WorkFails { count: u32 },
    /// The server says at the next connection that the session goes on, and skips what was missed.
    LieOfRecovery { tab: usize },
    /// The logs lose what is old.
    TrimLogs,
    /// The next event of a stream is lost between server and client.
    LoseEvent { topic: u64 },
    /// The next event of a stream is sent twice.
    RepeatEvent { topic: u64 },
}

/// One run.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub seed: u64,
    pub setting: Setting,
    pub steps: Vec<Step>,
}

impl Schedule {
    /// Draws the schedule of `seed`: at least 20 actions and 5 faults.
    pub fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed, 1);
        let setting = draw_setting(&mut random);
        let span = random.between(5_000, 60_000);
        let mut steps = draw_actions(&mut random, &setting, span);
        steps.extend(draw_faults(&mut random, span));
        steps.sort_by_key(|step| step.at);
        Self { seed, setting, steps }
    }

    pub fn actions(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.what, What::Action(_))).count()
    }

    pub fn faults(&self) -> usize {
        self.steps.len() - self.actions()
    }
}

fn draw_setting(random: &mut Random) -> Setting {
    let helper = random.chance(750);
    let short_retention = random.chance(150);
    let (ping_interval, ping_timeout) =
        (random.between(2_000, 25_000), random.between(1_000, 20_000));
    // A connection may sleep for so long before the server gives it up: with a clock that stands still the
    // client knows nothing of it, and what it sends then has to be known still.
    let asleep = 2 * (ping_interval + ping_timeout);
    Setting {
        helper,
        logs: helper && random.chance(800),
        log_size: if random.chance(300) { 3 } else { 100 },
        leases: random.chance(300),
        retention: if short_retention { asleep + random.below(40_000) } else { 1_209_600_000 },
        ping_interval,
        ping_timeout,
        latency: random.between(1, 400),
        work: random.between(1, 300),
        commit: random.between(1, 50),
        window: random.between(1, 12) as u32,
        users: random.chance(150),
        before_flush: random.chance(100),
        prologue: random.chance(150),
        trust_recovery: random.chance(150),
        recovery: random.chance(400),
        volatile_memory: random.chance(200),
        lanes: random.between(1, 3),
    }
}

fn draw_actions(random: &mut Random, setting: &Setting, span: Millis) -> Vec<Step> {
    // Most enqueue. The weights differ from seed to seed, so that each mix of them is seen often.
    let rare = |random: &mut Random| if random.chance(400) { random.between(1, 6) } else { 0 };
    let users = if setting.users { 3 } else { 0 };
    let weights = [
        40,
        rare(random),
        rare(random),
        rare(random),
        rare(random),
        3 + rare(random),
        rare(random),
        6 + rare(random),
        rare(random),
        users,
    ];
    let count = random.between(20, 36);
    let kinds = [60, rare(random), rare(random), rare(random) / 2, rare(random) / 3];
    let burst = random.chance(300);
    let mut steps = Vec::with_capacity(count as usize + 8);
    for _ in 0..count {
        let at = if burst { random.below(span / 8 + 1) } else { random.below(span) };
        let action = draw_action(random, setting, &weights, &kinds);
        steps.push(Step { at, what: What::Action(action) });
    }
    steps
}

fn draw_action(
    random: &mut Random,
    setting: &Setting,
    weights: &[u64],
    kinds: &[u64; 5],
) -> Action {
    let tab = random.below(TABS as u64) as usize;
    match random.weighted(weights) {
        0 => Action::Enqueue {
            tab,
            lane: random.below(setting.lanes),
            ttl: random.chance(100).then(|| random.between(500, 30_000)),
            ack_timeout: if random.chance(300) { random.between(100, 2_000) } else { 10_000 },
            coalesce: random.chance(120).then(|| random.below(2)),
            resend: !random.chance(150),
            kind: [Kind::Plain, Kind::Binary, Kind::Refused, Kind::Poison, Kind::Huge]
                [random.weighted(kinds)],
        },
        1 => Action::Cancel { tab, nth: random.below(4) },
        2 => Action::Pause { tab },
        3 => Action::Resume { tab },
        4 => Action::Retry { tab },
        5 => Action::Retain { tab, topic: random.below(3) },
        6 => Action::Release { tab, topic: random.below(3) },
        7 => Action::Publish { topic: random.below(3) },
        8 => Action::Latest { tab, slot: random.below(2) },
        _ => Action::Identity { tab, user: random.below(2) },
    }
}

const FAULTS: usize = 32;

fn draw_faults(random: &mut Random, span: Millis) -> Vec<Step> {
    // Some kinds of faults only, each seed others: what hides behind a more frequent fault is seen.
    let mut weights = [0_u64; FAULTS];
    let kinds = random.between(2, 10);
    for _ in 0..kinds {
        weights[random.below(FAULTS as u64) as usize] += random.between(1, 5);
    }
    weights[0] += random.below(2);
    let count = random.between(5, 14);
    let mut steps = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let at = random.below(span);
        let kind = random.weighted(&weights);
        steps.push(Step { at, what: What::Fault(draw_fault(random, kind)) });
    }
    steps
}

fn draw_fault(random: &mut Random, kind: usize) -> Fault {
    let tab = random.below(TABS as u64) as usize;
    let way = if random.chance(500) { Way::Up } else { Way::Down };
    let short = random.between(50, 5_000);
    let long = random.between(1_000, 60_000);
    let topic = random.below(3);
    match kind {
        0 => Fault::Cut { tab },
        1 => Fault::CutAtByte { tab, way, bytes: random.below(600) },
        2 => Fault::Stall { tab, way, lasts: short },
        3 => Fault::Stall { tab, way, lasts: long },
        4 => Fault::HalfOpenServer { tab, late: random.between(10, 20_000) },
        5 => Fault::HalfOpenClient { tab },
        6 => Fault::Unreachable { lasts: long },
        7 => Fault::StoreAborts { count: random.between(1, 4) as u32 },
        8 => Fault::StoreFull { lasts: long, is_brimful: random.chance(500) },
        9 => Fault::StoreLost { lasts: short },
        10 => Fault::StoreHangs { lasts: long },
        11 => Fault::StoreWiped,
        12 => Fault::StoreRolledBack { commits: random.between(1, 20) as usize },
        13 => Fault::RecordDamaged { nth: random.below(8), is_future: random.chance(200) },
        14 => Fault::Crash { tab, down: short },
        15 => Fault::Crash { tab, down: long },
        16 => Fault::Freeze { tab, lasts: short },
        17 => Fault::Freeze { tab, lasts: long },
        18 => Fault::Sleep { lasts: long, clock_stops: random.chance(500) },
        19 => Fault::Steal { from: tab },
        20 => Fault::WallClock { tab, by_hours: random.below(175_200) as i64 - 87_600 },
        21 => Fault::ServerRestart { down: short, silent: random.chance(300) },
        22 => Fault::ServerDiesBeforeAck { down: short },
        23 => Fault::ServerForgets,
        24 => Fault::AuthRefused { lasts: long },
        25 => Fault::TryLater { lasts: short },
        26 => match random.below(2) {
            0 => Fault::Garbage { tab },
            _ => Fault::StrayAck { tab, id: random.below(30) },
        },
        27 => Fault::Silent { lasts: short },
        28 => Fault::LieOfRecovery { tab },
        29 => Fault::TrimLogs,
        30 => Fault::WorkFails { count: random.between(1, 5) as u32 },
        _ if random.chance(500) => Fault::LoseEvent { topic },
        _ => Fault::RepeatEvent { topic },
    }
}
