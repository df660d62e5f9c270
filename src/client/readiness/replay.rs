//! Asking the server what came since, and whether its answer is complete.

use crate::client::continuity::{GapCause, Named, Place, Position, Since};
use crate::client::defects::{self, Defect};
use crate::client::readiness::steps::Phase;
use crate::client::readiness::{Effect, Readiness, SinceTicket};
use crate::sorted::SortedSet;
use crate::time::Instant;

/// A stream that the server was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub stream: u64,
    pub epoch: u64,
    /// The number up to which the answers reach.
    pub cursor: u64,
    pub found: Found,
}

/// What the answers say.
#[derive(Debug)]
pub(super) enum Found {
    /// There may be more.
    Open,
    /// Everything up to the cursor.
    Complete,
    /// That something is missing, and where the stream stands if the server said that.
    Missing(GapCause, Option<(Named, u64)>),
}

impl Asked {
    /// Takes the answer for this stream, and adds its events to `replay`.
    fn take<E>(&mut self, answer: Since<E>, replay: &mut Vec<(Place, E)>) {
        let Some((epoch, seq)) = answer.position else {
            let cause = if answer.gap { GapCause::Unreadable } else { GapCause::NoProof };
            self.found = Found::Missing(cause, None);
            return;
        };
        if epoch.fingerprint != self.epoch {
            self.found = Found::Missing(GapCause::NewEpoch, Some((epoch, seq)));
            return;
        }
        if answer.gap {
            self.found = Found::Missing(GapCause::LogTrimmed, Some((epoch, seq)));
            return;
        }
        let is_contiguous = self.append(answer.events, replay) && self.cursor == seq;
        self.found = match (is_contiguous, answer.more) {
            (true, true) => Found::Open,
            (true, false) => Found::Complete,
            (false, _) => Found::Missing(GapCause::Hole, Some((epoch, seq))),
        };
    }

    /// Returns whether each event was the next.
    fn append<E>(&mut self, events: Vec<(Place, E)>, replay: &mut Vec<(Place, E)>) -> bool {
        let Self { stream, epoch, .. } = *self;
        for (place, event) in events {
            let next = Place { stream, epoch, seq: self.cursor.saturating_add(1) };
            if place != next && !defects::is(Defect::TrustReplay) {
                return false;
            }
            self.cursor = place.seq;
            replay.push((place, event));
        }
        true
    }
}

impl<E, T> Readiness<E, T> {
    /// Notes the streams in scope that the server can be asked for.
    pub(super) fn ask_for_scope(&mut self) {
        let positions = self.run.scope.iter().filter_map(|stream| self.positions.position(*stream));
        let asked = positions.map(|position| Asked {
            stream: position.stream.fingerprint,
            epoch: position.epoch.fingerprint,
            cursor: position.seq,
            found: Found::Open,
        });
        self.run.asked = asked.collect();
    }

    /// Asks for what is open; judges if nothing is.
    pub(super) fn ask_since(&mut self, now: Instant) {
        let open = self.run.asked.iter().filter(|asked| matches!(asked.found, Found::Open));
        let positions = open.filter_map(|asked| {
            let position = self.positions.position(asked.stream)?;
            Some(Position { seq: asked.cursor, ..position })
        });
        let positions: Vec<Position> = positions.collect();
        if positions.is_empty() {
            return self.judge(now);
        }
        let ticket = SinceTicket(self.take_ticket());
        self.phase = Phase::Since { ticket, until: now + self.config.since_limit };
        self.push(Effect::Since { ticket, positions });
    }

    /// Takes an answer, or that there is none that makes sense.
    pub(super) fn on_since(&mut self, answer: Option<Vec<Since<E>>>, now: Instant) {
        let mut answered = SortedSet::new();
        let before = self.progress();
        for since in answer.unwrap_or_default() {
            let is_open = |asked: &&mut Asked| {
                asked.stream == since.stream && matches!(asked.found, Found::Open)
            };
            if let Some(asked) = self.run.asked.iter_mut().find(is_open) {
                if answered.insert(since.stream) {
                    asked.take(since, &mut self.run.replay);
                }
            }
        }
        self.close(|asked| !answered.contains(&asked.stream), GapCause::NoProof);
        if self.progress() == before {
            // A server that promises more and gives nothing would be asked for ever.
            self.close(|_| true, GapCause::NoProof);
        }
        if self.run.replay.len() > self.config.replayed_events {
            self.close(|_| true, GapCause::Overflow);
        }
        self.ask_since(now);
    }

    /// Returns how much was replayed, and for how many streams there may be more.
    fn progress(&self) -> (usize, usize) {
        let open = self.run.asked.iter().filter(|asked| matches!(asked.found, Found::Open));
        (self.run.replay.len(), open.count())
    }

    /// Asks no more for the open streams that match.
    fn close(&mut self, matches: impl Fn(&Asked) -> bool, cause: GapCause) {
        for asked in &mut self.run.asked {
            if matches!(asked.found, Found::Open) && matches(asked) {
                asked.found = Found::Missing(cause, None);
            }
        }
    }
}
