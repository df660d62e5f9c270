//! What is known of each action from outside, and what must never happen.
//!
//! The ledger sees both ends: what the application was told, what went over the wire, what the store
//! committed, what the server did.

use std::collections::BTreeMap;

use sockeye::client::store::Outcome;

use crate::network::ConnectionId;
use crate::schedule::Kind;

/// Something that must not happen has happened.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The name of the check.
    pub check: &'static str,
    /// What was seen.
    pub text: String,
}

/// What the application is told of an action, without what goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Storing,
    Queued,
    Sending,
    Sent,
    Applied,
    Rejected,
    Expired,
    Cancelled,
    Conflict,
    Quarantined,
    Unknown,
    /// Another tab has ended it, and the news of how was lost.
    Unseen,
    /// The store did not take it.
    Failed,
}

impl Told {
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Storing | Self::Queued | Self::Sending | Self::Sent)
    }

    /// Whether the record stays, and the application may have the action sent again.
    pub fn is_parked(self) -> bool {
        matches!(self, Self::Quarantined | Self::Unknown)
    }
}

/// One life of one tab.
pub type Life = (usize, u32);

/// One enqueued action.
#[derive(Debug)]
pub struct Facts {
    pub key: String,
    pub owner: Life,
    pub identity: String,
    pub lane: u64,
    pub kind: Kind,
    pub resend: bool,
    /// Whether it has a time to live.
    pub expires: bool,
    /// Which actions of its lane it replaces, if they were not sent.
    pub coalesce: Option<u64>,
    /// The application has asked for its end: cancelled it, left it out of a flush, or enqueued what replaces it.
    pub taken_back: bool,
    /// Its place among everything that was ever committed, once it is.
    pub stored: Option<u64>,
    /// Whether its record is gone for good reasons.
    pub removed: bool,
    /// Whether the store let it go for another reason than that it was applied: the application took it
    /// back, or the drainer said how it ended.
    pub withdrawn: bool,
    /// Why it may be lost: the store itself was lost, or damaged.
    pub excuse: Option<&'static str>,
    /// What each life of a tab was told last.
    pub told: BTreeMap<Life, Told>,
    /// The last final thing that anybody was told.
    pub outcome: Option<Told>,
    /// The store has noted that it is about to be sent: after a crash nobody knows whether it was.
    pub marked: bool,
    /// How often its frame went out, and who sent the last one.
    pub frames: u32,
    sender: Option<Life>,
    pub effects: u32,
    first_effect: Option<ConnectionId>,
    /// Connections that ended because of it.
    pub kills: u32,
    /// The application let it be sent again though nobody knows what became of it.
    pub retried: bool,
    /// It was set aside once, so that later ones overtook it.
    pub parked: bool,
    /// The store went back to before it was sent.
    pub mark_lost: bool,
}

/// What happened how often: a run in which nothing happened would show nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Frames of actions that had been sent before.
    pub repeated: u64,
    /// Actions whose effect was told by an answer that came after its time limit.
    pub late: u64,
    /// Actions that were told as cancelled.
    pub cancelled: u64,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.repeated += other.repeated;
        self.late += other.late;
        self.cancelled += other.cancelled;
    }
}

#[derive(Debug, Default)]
pub struct Ledger {
    pub counts: Counts,
    pub actions: Vec<Facts>,
    by_key: BTreeMap<String, usize>,
    /// The newest action of each lane that had an effect.
    newest: BTreeMap<(String, u64), usize>,
    commits: u64,
    pub forgotten: u64,
    /// Crashes, freezes and other things that make a tab forget what it was about.
    pub disruptions: u32,
    /// Something was on its way for long: longer than a server that forgets soon remembers.
    pub delays: bool,
    pub failure: Option<Failure>,
    pub helper: bool,
    /// Whether the server forgets keys while the run lasts.
    pub forgets_soon: bool,
}

impl Ledger {
    pub fn new(helper: bool, forgets_soon: bool) -> Self {
        Self { helper, forgets_soon, ..Self::default() }
    }

    pub fn fail(&mut self, check: &'static str, text: String) {
        self.failure.get_or_insert(Failure { check, text });
    }

    pub fn note_enqueued(&mut self, facts: Facts) {
        let is_replaced = |other: &&mut Facts| {
            let of = |facts: &Facts| (facts.identity.clone(), facts.lane, facts.coalesce);
            facts.coalesce.is_some() && of(other) == of(&facts)
        };
        self.actions.iter_mut().filter(is_replaced).for_each(|other| other.taken_back = true);
        self.by_key.insert(facts.key.clone(), self.actions.len());
        self.actions.push(facts);
    }

    pub fn number_of(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    pub fn facts_of(&mut self, key: &str) -> Option<&mut Facts> {
        let number = self.number_of(key)?;
        self.actions.get_mut(number)
    }

    /// The store has committed a new action.
    pub fn note_stored(&mut self, key: &str) {
        self.commits += 1;
        let place = self.commits;
        if let Some(facts) = self.facts_of(key) {
            facts.stored = Some(place);
        }
    }

    pub fn note_forgotten(&mut self, _now: u64) {
        self.forgotten += 1;
    }

    /// The application was told something.
    pub fn note_told(&mut self, life: Life, key: &str, told: Told) {
        let Some(number) = self.number_of(key) else {
            return;
        };
        let facts = &mut self.actions[number];
        let before = facts.told.insert(life, told);
        if told.is_final() && (told != Told::Unseen || facts.outcome.is_none()) {
            facts.outcome = Some(told);
        }
        facts.parked |= told.is_parked();
        // It waited already to be sent again.
        let is_late = facts.sender == Some(life) && before == Some(Told::Queued);
        self.counts.late += u64::from(is_late && told == Told::Applied);
        self.counts.cancelled += u64::from(facts.owner == life && told == Told::Cancelled);
        let problem = problem_of(facts, before, told);
        if let Some((check, text)) = problem {
            let text = format!("action {number} of tab {}: {text}", life.0);
            self.fail(check, text);
        }
    }

    /// The application does not want the action any more.
    pub fn note_taken_back(&mut self, key: &str) {
        if let Some(facts) = self.facts_of(key) {
            facts.taken_back = true;
        }
    }

    /// The drainer's last word on an action, which stays true if its tab is gone before it tells.
    pub fn note_settled(&mut self, key: &str, outcome: Outcome) {
        let Some(facts) = self.facts_of(key) else {
            return;
        };
        facts.removed = true;
        facts.withdrawn |= outcome != Outcome::Applied;
        if outcome == Outcome::Applied && facts.effects == 0 {
            let text = format!("{key} was settled as applied without an effect");
            self.fail("tells the truth", text);
        }
    }

    /// The tab has another user: what it was told of the actions of the one before counts no more.
    pub fn forget_told(&mut self, life: Life) {
        for facts in &mut self.actions {
            facts.told.remove(&life);
            if facts.owner == life {
                facts.owner.1 = 0;
            }
        }
    }

    /// The client has handed the action's frame to the network.
    pub fn note_frame(&mut self, life: Life, number: usize) {
        let facts = &mut self.actions[number];
        self.counts.repeated += u64::from(facts.frames > 0);
        facts.frames += 1;
        facts.sender = Some(life);
        let told = facts.told.get(&life).copied();
        let problem = if facts.stored.is_none() {
            Some(("sends only what is stored", "sent, and not stored"))
        } else if facts.outcome == Some(Told::Cancelled) {
            Some(("sends nothing that is cancelled", "sent after it was cancelled"))
        } else if told.is_some_and(Told::is_final) {
            Some(("sends nothing that has ended", "sent after its end"))
        } else {
            None
        };
        if let Some((check, text)) = problem {
            self.fail(check, format!("action {number}: {text}"));
        }
    }

    /// The action's frame has arrived at the server, for this user.
    /// A connection that held things up does not end soon after they were sent.
    pub fn note_arrival(&mut self, identity: &str, number: usize, was_stalled: bool) {
        let poison = self.actions.iter().filter(|facts| facts.kind == Kind::Poison).count();
        // Whoever takes over may not know of the last ends; those of several may be taken for each other's.
        let limit = 4 + 2 * self.disruptions + 2 * poison.saturating_sub(1) as u32;
        let facts = &mut self.actions[number];
        if facts.identity != identity {
            let text = format!("action {number} of {} came as {identity}", facts.identity);
            return self.fail("sends each action as its own user", text);
        }
        if facts.kind == Kind::Poison && !was_stalled {
            facts.kills += 1;
            let (kills, retried) = (facts.kills, facts.retried);
            if kills > limit && !retried {
                let text = format!("action {number} ended {kills} connections");
                self.fail("gives up what ends connections", text);
            }
        }
    }

    /// The server has done what the action asks for.
    pub fn note_effect(&mut self, number: usize, connection: ConnectionId, _now: u64) {
        let facts = &mut self.actions[number];
        facts.effects += 1;
        if facts.effects == 1 && !facts.retried {
            facts.first_effect = Some(connection);
            return self.check_order(number, connection);
        }
        let has_forgotten = self.forgotten > 0 || self.forgets_soon || !self.helper;
        let is_late = self.delays && self.forgets_soon;
        let may_repeat = facts.retried || is_late || (facts.mark_lost && has_forgotten);
        let is_promised = self.helper || !facts.resend;
        if is_promised && !may_repeat {
            let text = format!("action {number} had {} effects", facts.effects);
            self.fail("has each effect at most once", text);
        }
    }

    /// With the helper the effects of a lane come in the order in which the store took the actions;
    /// without it at least those of one connection do.
    fn check_order(&mut self, number: usize, connection: ConnectionId) {
        let facts = &self.actions[number];
        let lane = (facts.identity.clone(), facts.lane);
        if facts.parked || facts.retried || facts.excuse.is_some() {
            return;
        }
        let Some(newest) = self.newest.get(&lane).copied() else {
            self.newest.insert(lane, number);
            return;
        };
        let other = &self.actions[newest];
        if other.stored < facts.stored {
            self.newest.insert(lane, number);
        } else if (self.helper || other.first_effect == Some(connection)) && !other.retried {
            let text = format!("action {number} had its effect after {newest}");
            self.fail("keeps the order of a lane", text);
        }
    }

    /// An action whose end its tab was not told. `lives` are those of the tabs that are there, with their
    /// users.
    pub fn untold(&self, lives: &[(Life, &str)]) -> Option<String> {
        for (number, facts) in self.actions.iter().enumerate() {
            let is_here = lives.contains(&(facts.owner, &facts.identity));
            let told = facts.told.get(&facts.owner).copied();
            if is_here && facts.excuse.is_none() && !told.is_some_and(Told::is_final) {
                return Some(format!("the tab of action {number} was told {told:?} at last"));
            }
        }
        None
    }

    /// What must hold of every action when all is quiet.
    pub fn check_end(&mut self) {
        let problems: Vec<_> = self.actions.iter().map(end_problem_of).collect();
        for (number, problem) in problems.into_iter().enumerate() {
            if let Some((check, text)) = problem {
                self.fail(check, format!("action {number}: {text}"));
            }
        }
    }
}

impl Facts {
    /// The store went back to before something that it had committed about the action.
    pub fn note_undone(&mut self, was_there: bool, is_there: bool) {
        match (was_there, is_there) {
            (false, _) => self.excuse = Some("the store went back to before it"),
            (true, false) => {
                // It is there again, and has its end before it again.
                self.removed = false;
                self.outcome = None;
                self.excuse = Some("the store went back to before its end");
            }
            (true, true) => {}
        }
        self.mark_lost = true;
        // With it the store may have forgotten which connections it had ended.
        self.kills = 0;
    }

    pub fn new(key: String, owner: Life, identity: String, lane: u64, kind: Kind) -> Self {
        Self {
            key,
            owner,
            identity,
            lane,
            kind,
            resend: true,
            expires: false,
            coalesce: None,
            taken_back: false,
            stored: None,
            removed: false,
            withdrawn: false,
            excuse: None,
            told: BTreeMap::new(),
            outcome: None,
            marked: false,
            frames: 0,
            sender: None,
            effects: 0,
            first_effect: None,
            kills: 0,
            retried: false,
            parked: false,
            mark_lost: false,
        }
    }
}

type Problem = (&'static str, String);

/// What is wrong with what was told.
fn problem_of(facts: &Facts, before: Option<Told>, told: Told) -> Option<Problem> {
    if let Some(before) = before.filter(|before| !may_follow(*before, told, facts.retried)) {
        let text = format!("{told:?} after {before:?}");
        return Some(("changes status only as the table says", text));
    }
    match told {
        Told::Queued if facts.stored.is_none() => {
            Some(("accepts only what is stored", "accepted, and not stored".to_owned()))
        }
        Told::Applied if facts.effects == 0 => {
            Some(("tells the truth", "told as applied without an effect".to_owned()))
        }
        Told::Cancelled if !facts.taken_back => {
            Some(("cancels only what is taken back", "cancelled, and nobody asked".to_owned()))
        }
        Told::Expired if !facts.expires => {
            let text = "expired, and has no time to live".to_owned();
            Some(("expires only what has a time to live", text))
        }
        Told::Cancelled if facts.frames > 0 && !facts.mark_lost && !facts.retried => {
            Some(("cancels only what was never sent", "cancelled, and sent before".to_owned()))
        }
        Told::Unknown if facts.frames == 0 && !facts.marked => {
            Some(("knows what was never sent", "unknown, and never sent".to_owned()))
        }
        Told::Conflict => Some(("tells the truth", "told as a conflict".to_owned())),
        Told::Rejected if matches!(facts.kind, Kind::Plain | Kind::Binary | Kind::Poison) => {
            Some(("tells the truth", "told as rejected".to_owned()))
        }
        _ => None,
    }
}

/// The table of the statuses.
fn may_follow(before: Told, told: Told, retried: bool) -> bool {
    match before {
        Told::Storing => true,
        Told::Queued | Told::Sending | Told::Sent => told != Told::Storing && told != Told::Failed,
        Told::Quarantined | Told::Unknown => before == told || retried && told != Told::Storing,
        Told::Applied
        | Told::Rejected
        | Told::Expired
        | Told::Cancelled
        | Told::Conflict
        | Told::Unseen
        | Told::Failed => false,
    }
}

fn end_problem_of(facts: &Facts) -> Option<Problem> {
    // A store that forgot that it was sent cannot know of its effect.
    let has_effect = facts.effects > 0 && !facts.retried && !facts.mark_lost;
    match facts.outcome {
        Some(Told::Expired | Told::Cancelled | Told::Rejected) if has_effect => {
            let text = format!("told as {:?}, and it had its effect", facts.outcome);
            return Some(("tells the truth", text));
        }
        _ => {}
    }
    if facts.excuse.is_some() || facts.stored.is_none() {
        return None;
    }
    // A tab whose user has changed is told nothing of the one before.
    let has_nobody = facts.owner.1 == 0 && facts.removed;
    if facts.outcome.is_none() && facts.effects == 0 && !facts.withdrawn && !has_nobody {
        return Some(("loses nothing", "accepted, and then nothing".to_owned()));
    }
    if !facts.removed && !facts.parked {
        return Some(("comes to an end", "still in the store".to_owned()));
    }
    None
}
