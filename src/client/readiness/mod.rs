//! What happens between CONNECT and the first delivered event, and what connects it with what was
//! delivered before.
//!
//! # Steps
//!
//! On each accepted connection, in this order, without a round trip for what is not wanted:
//!
//! | step | waits for | at most |
//! |---|---|---|
//! | prologue | what the application says first | 10 s, then it is told and things go on |
//! | topics | the confirmation of each wanted topic, unless the server has taken up the session | 30 s, then the rest joins while events flow |
//! | server | the hello of a server helper, or the answer to a probe; only if a position is to be asked for | 20 s, 60 s while anything comes, then the connection is dead |
//! | since | what came since the positions, page by page | 10 s for each page, then it is a gap |
//! | verdict | nothing; after a gap on a session that the server claims to have taken up, the topics are joined | 30 s |
//! | gap hook | what the application does about a gap | 30 s, then it is told and things go on |
//! | live | nothing: first what the server replayed, then what was received meanwhile | |
//!
//! Until then received events are held, up to a number and a length. While live, an event costs one
//! comparison of its number, if it has one. A number that is left out stops the delivery until the
//! server was asked for it, or the application told.
//!
//! Sans-IO: its owner gives it inputs with `now`, and does what [`Readiness::poll_effect`] returns until
//! that is `None`, after each input.

mod config;
mod effect;
mod held;
mod judgement;
mod replay;
mod steps;
mod topics;

use std::collections::VecDeque;

pub use config::{Hooks, ReadinessConfig};
pub use effect::{Effect, Hook, HookTicket, SinceTicket};

use crate::client::continuity::{Place, Position, Since};
use crate::client::defects::{self, Defect};
use crate::client::positions::{Positions, Step};
use crate::client::topics::Topics;
use crate::time::{Instant, earliest};
use held::Held;
use steps::{Phase, Run, Server};

/// What became of a received event.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<E> {
    /// It is to be delivered now.
    Deliver(E),
    /// It waits, and is delivered as an effect.
    Held,
    /// It was delivered before, and is dropped.
    Repeated,
}

/// The machine of one namespace: `E` is a received event as its owner keeps it, `T` the body of a packet.
///
/// ```
/// use sockeye::client::continuity::Continuity;
/// use sockeye::client::readiness::{Effect, Readiness, ReadinessConfig, Received};
/// use sockeye::time::Instant;
///
/// let mut readiness = Readiness::<&str, String>::new(ReadinessConfig::default());
/// readiness.handle_accepted(1, false);
/// readiness.handle_early_over(Instant::ORIGIN);
/// let verdict = readiness.poll_effect();
/// assert!(matches!(verdict, Some(Effect::Verdict { continuity: Continuity::Fresh, .. })));
/// assert!(matches!(readiness.poll_effect(), Some(Effect::Live)));
/// let received = readiness.receive("news", None, 4, Instant::ORIGIN);
/// assert_eq!(received, Received::Deliver("news"));
/// ```
#[derive(Debug)]
pub struct Readiness<E, T> {
    config: ReadinessConfig,
    hooks: Hooks,
    topics: Topics<T>,
    positions: Positions,
    held: Held<E>,
    phase: Phase,
    run: Run<E>,
    server: Server,
    /// Whether somebody else wants to know what the server is.
    server_wanted: bool,
    /// Whether there is something that a connection could continue.
    has_past: bool,
    /// Whether a session began since the last verdict: one that is taken up now may be that.
    is_broken_off: bool,
    /// Whether this connection was told to be live, and to drain.
    is_live: bool,
    is_draining: bool,
    /// The gap hooks that have not ended, and until when they are waited for.
    gap_hooks: Vec<(HookTicket, Instant)>,
    next_ticket: u32,
    repeated: u64,
    effects: VecDeque<Effect<E, T>>,
}

impl<E, T> Readiness<E, T> {
    /// Makes one without a connection, topics and positions.
    #[must_use]
    pub fn new(config: ReadinessConfig) -> Self {
        Self {
            hooks: Hooks::default(),
            topics: Topics::new(config.topics),
            positions: Positions::new(config.streams),
            held: Held::new(config.held_events, config.held_length),
            phase: Phase::Down,
            run: Run::default(),
            server: Server::Unknown,
            server_wanted: false,
            has_past: false,
            is_broken_off: false,
            is_live: false,
            is_draining: false,
            gap_hooks: Vec::new(),
            next_ticket: 0,
            repeated: 0,
            effects: VecDeque::new(),
            config,
        }
    }

    /// Says which hooks are waited for from now on.
    pub fn set_hooks(&mut self, hooks: Hooks) {
        self.hooks = hooks;
    }

    /// Takes an event that was received, its place if it has one, and its length.
    ///
    /// Any unit of length will do, the same for all.
    pub fn receive(
        &mut self,
        event: E,
        place: Option<Place>,
        length: usize,
        now: Instant,
    ) -> Received<E> {
        if self.phase != Phase::Live || !self.effects.is_empty() {
            if let Some(place) = place.filter(|_| defects::is(Defect::AdvanceOnReceipt)) {
                self.positions.advance(place);
            }
            self.held.push(event, place, length);
            if self.phase == Phase::Live {
                self.release(now);
            }
            return Received::Held;
        }
        let Some(place) = place else {
            return Received::Deliver(event);
        };
        match self.positions.look(place) {
            Step::Next => {
                self.positions.advance(place);
                Received::Deliver(event)
            }
            Step::Repeated => {
                self.repeated += 1;
                Received::Repeated
            }
            Step::Hole | Step::NewEpoch => {
                self.held.push(event, Some(place), length);
                self.mend(vec![place.stream], now);
                Received::Held
            }
        }
    }

    /// Returns whether an event at this place, if it has one, would be delivered at once.
    #[must_use]
    pub fn is_next(&self, place: Option<Place>) -> bool {
        self.phase == Phase::Live
            && self.effects.is_empty()
            && place.is_none_or(|place| self.positions.look(place) == Step::Next)
    }

    /// Returns whether the position of the event's stream is known in its epoch. If not, the owner gives
    /// [`handle_position`](Self::handle_position) the number before it, with the names.
    #[must_use]
    pub fn knows(&self, place: Place) -> bool {
        self.positions.knows(place)
    }

    /// A listener failed to handle the event at this place: [`snapshot`](Self::snapshot) stays before it.
    pub fn handle_failure(&mut self, place: Place) {
        self.positions.fail(place);
    }

    /// The server has accepted the namespace. `connection` is the number of the connection, `recovered`
    /// what the server says of the session before.
    ///
    /// What the server sent before it accepted is to be given next, then
    /// [`handle_early_over`](Self::handle_early_over).
    pub fn handle_accepted(&mut self, connection: u32, recovered: bool) {
        self.handle_down();
        if !self.has_past {
            // A connection without a verdict is none that another continues.
            self.positions.clear();
            self.held.clear();
        }
        self.held.set_old();
        self.is_broken_off |= !recovered;
        if !recovered {
            self.held.forget_bare_numbers();
        }
        let scope = self.positions.streams();
        let provable = scope.iter().any(|stream| self.positions.position(*stream).is_some());
        let believed = recovered && self.has_past && (provable || self.config.trust_recovery);
        self.topics.handle_accepted(recovered, believed);
        self.run = Run::on_connection(connection, recovered, scope);
        self.phase = Phase::Early;
    }

    /// What the server sent before it accepted has been given: the steps begin.
    pub fn handle_early_over(&mut self, now: Instant) {
        if self.phase == Phase::Early {
            if self.run.recovered {
                // What the server claims to have missed may be the first of a stream.
                self.run.scope = self.positions.streams();
            }
            if self.server_wanted || self.wants_proof() {
                self.ask_server(now);
            }
            self.begin_prologue(now);
        }
    }

    /// The connection ended. What was received stays, and is delivered after the next verdict.
    pub fn handle_down(&mut self) {
        if self.phase == Phase::Down {
            return;
        }
        self.phase = Phase::Down;
        self.run = Run::default();
        self.server = Server::Unknown;
        self.server_wanted = false;
        self.is_live = false;
        self.is_draining = false;
        self.topics.handle_down();
        self.effects.retain(|effect| !effect.is_of_connection());
        if defects::is(Defect::ForgetHeld) {
            self.held.clear();
        }
    }

    /// The user is another: topics stay wanted, everything else is forgotten.
    pub fn reset(&mut self) {
        self.handle_down();
        self.topics.forget_session();
        self.positions.clear();
        self.held.clear();
        self.gap_hooks.clear();
        self.has_past = false;
        self.is_broken_off = false;
        self.effects.retain(|effect| matches!(effect, Effect::Topic { .. }));
    }

    /// Continues what was delivered before a reload: positions that [`snapshot`](Self::snapshot) gave.
    /// To be called before the first connection.
    pub fn restore(&mut self, positions: Vec<Position>) {
        self.has_past |= !positions.is_empty();
        for position in positions {
            self.positions.announce(position);
        }
    }

    /// Says that there was a connection before, of which nothing is known: the next one is told as a gap
    /// without proof. To be called before the first connection.
    ///
    /// ```
    /// use sockeye::client::continuity::{Continuity, GapCause};
    /// use sockeye::client::readiness::{Effect, Readiness, ReadinessConfig};
    /// use sockeye::time::Instant;
    ///
    /// let mut readiness = Readiness::<&str, String>::new(ReadinessConfig::default());
    /// readiness.expect_gap();
    /// readiness.handle_accepted(1, false);
    /// readiness.handle_early_over(Instant::ORIGIN);
    /// let Some(Effect::Verdict { continuity: Continuity::Gap(gap), .. }) = readiness.poll_effect() else {
    ///     panic!("nothing proves that nothing was missed");
    /// };
    /// assert_eq!(gap.cause, GapCause::NoProof);
    /// ```
    pub fn expect_gap(&mut self) {
        self.has_past = true;
    }

    /// Returns the positions that can be kept over a reload. Nothing behind an event that a listener
    /// failed to handle counts, and nothing at all while the application makes good what was missed: if
    /// it does not get to the end of that, nobody may take it for done.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Position> {
        if self.gap_hooks.is_empty() { self.positions.snapshot() } else { Vec::new() }
    }

    /// The server helper has said hello: whether it keeps logs, and where the streams stand.
    pub fn handle_hello(&mut self, since: bool, positions: Vec<Position>, now: Instant) {
        if matches!(self.phase, Phase::Down) {
            return;
        }
        self.server = Server::Helper { since };
        for position in positions {
            self.handle_position(position, now);
        }
        self.on_server_known(now);
    }

    /// The server has said where a stream stands that it sends from now on.
    pub fn handle_position(&mut self, position: Position, now: Instant) {
        let stream = position.stream.fingerprint;
        if self.positions.announce(position) && self.phase == Phase::Live {
            self.mend(vec![stream], now);
        }
    }

    /// The server has given a sign of life: without a hello before it, it has no helper.
    pub fn handle_probed(&mut self, now: Instant) {
        if matches!(self.server, Server::Asked { .. }) {
            self.server = Server::Plain;
            self.on_server_known(now);
        }
    }

    /// Somebody else wants to know what the server is; [`Effect::Drain`] follows when it is known.
    pub fn want_server(&mut self, now: Instant) {
        self.server_wanted = true;
        if !matches!(self.phase, Phase::Down | Phase::Early) {
            self.ask_server(now);
        }
    }

    /// The server has answered [`Effect::Since`]; `None` if the answer makes no sense.
    pub fn handle_since(
        &mut self,
        ticket: SinceTicket,
        answer: Option<Vec<Since<E>>>,
        now: Instant,
    ) {
        if matches!(self.phase, Phase::Since { ticket: asked, .. } if asked == ticket) {
            self.on_since(answer, now);
        }
    }

    /// The application has said what it wanted to say first.
    pub fn prologue_done(&mut self, ticket: HookTicket, now: Instant) {
        if matches!(self.phase, Phase::Prologue { ticket: asked, .. } if asked == ticket) {
            self.begin_topics(now);
        }
    }

    /// The application has mended a gap.
    pub fn gap_done(&mut self, ticket: HookTicket, now: Instant) {
        self.gap_hooks.retain(|(known, _)| *known != ticket);
        self.check_gap_hooks(now);
    }

    /// Returns whether the connection was told to be live.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Returns how many events were dropped because they had been delivered before.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Returns the next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect<E, T>> {
        self.effects.pop_front().or_else(|| self.topics.poll_effect().map(Effect::from))
    }

    /// Adds an effect behind those of the topics that were there before.
    fn push(&mut self, effect: Effect<E, T>) {
        while let Some(earlier) = self.topics.poll_effect() {
            self.effects.push_back(Effect::from(earlier));
        }
        self.effects.push_back(effect);
    }

    /// Returns the moment at which [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let hooks = self.gap_hooks.iter().map(|(_, until)| Some(*until));
        let deadlines = [self.phase.deadline(), self.server.deadline(), self.topics.deadline()];
        hooks.chain(deadlines).fold(None, earliest)
    }

    /// Takes the news that the deadline has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.topics.handle_timeout(now);
        self.expire_gap_hooks(now);
        self.expire_server(now);
        self.expire_phase(now);
        self.check_topics(now);
    }
}
