//! The verdict: what a connection continues, and from where each stream goes on.

use crate::client::continuity::{Continuity, Gap, GapCause, Named, Place, StreamGap};
use crate::client::defects::{self, Defect};
use crate::client::positions::Step;
use crate::client::readiness::replay::{Asked, Found};
use crate::client::readiness::{Effect, Readiness};
use crate::sorted::{SortedMap, SortedSet};
use crate::time::Instant;

/// What the events that wait say of one stream.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    epoch: u64,
    seq: u64,
    /// The first that was not delivered before.
    first: Option<Place>,
    broken: Option<Broken>,
}

/// Numbers that are missing among the events that wait, or before them.
#[derive(Clone, Copy, Debug)]
struct Broken {
    cause: GapCause,
    from: Option<u64>,
    to: u64,
}

impl Waiting {
    fn behind(epoch: u64, seq: u64) -> Self {
        Self { epoch, seq, first: None, broken: None }
    }

    /// Returns whether everything up to here was received although the log no longer has it.
    fn reaches(&self, epoch: &Named, seq: u64) -> bool {
        self.broken.is_none() && self.epoch == epoch.fingerprint && self.seq >= seq
    }

    /// Returns the last number that may be missing of a stream that stands at this place.
    fn last_missing(&self, end: Place) -> u64 {
        match (self.broken, self.first) {
            (Some(broken), _) if self.seq >= end.seq => broken.to,
            (None, Some(first)) if self.seq >= end.seq => first.seq.saturating_sub(1),
            _ => end.seq,
        }
    }

    fn add(&mut self, place: Place) {
        let same_epoch = place.epoch == self.epoch;
        if same_epoch && place.seq <= self.seq {
            return;
        }
        self.first = self.first.or(Some(place));
        let next = self.seq.saturating_add(1);
        if !same_epoch || place.seq != next {
            let cause = if same_epoch { GapCause::Hole } else { GapCause::NewEpoch };
            let from = same_epoch.then_some(next);
            let to = place.seq.saturating_sub(1);
            let first = self.broken.unwrap_or(Broken { cause, from, to });
            self.broken = Some(Broken { to, ..first });
        }
        (self.epoch, self.seq) = (place.epoch, place.seq);
    }
}

/// What is to be told of a stream.
enum Finding {
    /// Everything that was missed will be delivered.
    Whole,
    /// Numbers are left out by what waits; the rest will be delivered.
    Broken(Broken),
    /// It goes on from somewhere else.
    Missing(GapCause, Option<(Named, u64)>),
}

impl<E, T> Readiness<E, T> {
    /// Tells the verdict, or what else was missed, and takes the next step.
    pub(super) fn judge(&mut self, now: Instant) {
        let unproved = self.is_unproved();
        let waiting = self.look_at_held();
        let mut streams = Vec::new();
        for stream in std::mem::take(&mut self.run.scope) {
            let found = waiting.get(&stream);
            streams.extend(self.judge_stream(stream, found));
            self.run.scope.push(stream);
        }
        self.held.set_judged();
        let forgotten = !self.run.mending && self.positions.take_forgotten();
        let lost = self.held.take_lost().then_some(GapCause::Overflow);
        let cause = streams.first().map(|gap: &StreamGap| gap.cause).or(lost);
        let cause = cause.or(forgotten.then_some(GapCause::Forgotten));
        let cause = cause.or(unproved.then_some(GapCause::NoProof));
        self.tell(cause.map(|cause| Gap { cause, streams }), now);
    }

    fn tell(&mut self, gap: Option<Gap>, now: Instant) {
        let connection = self.run.connection;
        self.run.is_gap = gap.is_some();
        if self.run.mending {
            if let Some(gap) = gap {
                self.push(Effect::Missed { connection, gap });
            }
            return self.begin_gap_hook(now);
        }
        let otherwise = if self.has_past { Continuity::Resumed } else { Continuity::Fresh };
        let continuity = gap.map_or(otherwise, Continuity::Gap);
        self.has_past = true;
        self.is_broken_off = false;
        self.push(Effect::Verdict { connection, continuity });
        if self.run.recovered && self.run.is_gap {
            self.begin_rejoin(now);
        } else {
            self.begin_gap_hook(now);
        }
    }

    /// Returns whether neither the server's logs nor its word prove anything.
    fn is_unproved(&self) -> bool {
        !self.run.mending && self.has_past && self.run.asked.is_empty() && !self.is_trusted()
    }

    fn is_trusted(&self) -> bool {
        let is_lost = self.is_broken_off && !defects::is(Defect::TrustBrokenChain);
        !self.run.mending && self.run.recovered && !is_lost && self.config.trust_recovery
    }

    /// Follows the numbers of the events that wait, from where each stream in scope will be.
    fn look_at_held(&self) -> SortedMap<u64, Waiting> {
        // Pages are delivered only if all of them came.
        let is_whole = |asked: &&Asked| !matches!(asked.found, Found::Missing(..));
        let asked = self.run.asked.iter().filter(is_whole);
        let cursors: SortedMap<u64, (u64, u64)> =
            asked.map(|asked| (asked.stream, (asked.epoch, asked.cursor))).collect();
        let mut waiting = SortedMap::new();
        for stream in &self.run.scope {
            let start = cursors.get(stream).copied().or_else(|| self.positions.get(*stream));
            if let Some((epoch, seq)) = start {
                waiting.insert(*stream, Waiting::behind(epoch, seq));
            }
        }
        for place in self.held.places() {
            if let Some(found) = waiting.get_mut(&place.stream) {
                found.add(place);
            }
        }
        waiting
    }

    fn judge_stream(&mut self, stream: u64, waiting: Option<&Waiting>) -> Option<StreamGap> {
        // One that is no longer known was forgotten, which is told of all streams together.
        let waiting = waiting?;
        let name = self.positions.name(stream);
        match self.find(stream, waiting) {
            Finding::Whole => None,
            Finding::Broken(Broken { cause, from, to }) => {
                Some(StreamGap { stream, name, from, to: Some(to), cause })
            }
            Finding::Missing(cause, target) => {
                self.run.replay.retain(|(place, _)| place.stream != stream);
                let before = self.positions.get(stream);
                let to = self.skip(stream, cause, target, waiting);
                let after = self.positions.get(stream);
                // The numbers of two epochs cannot be compared.
                let is_other = cause == GapCause::NewEpoch
                    || after.is_some_and(|(epoch, _)| before.is_some_and(|(old, _)| old != epoch));
                let from = before.filter(|_| !is_other).map(|(_, seq)| seq.saturating_add(1));
                let to = to.filter(|to| from.is_none_or(|from| from <= *to));
                Some(StreamGap { stream, name, from, to, cause })
            }
        }
    }

    fn find(&mut self, stream: u64, waiting: &Waiting) -> Finding {
        if self.run.recovered && defects::is(Defect::TrustRecovery) {
            return Finding::Whole;
        }
        let announced = self.take_announced_if_last_word(stream);
        let index = self.run.asked.iter().position(|asked| asked.stream == stream);
        match index.and_then(|index| self.run.asked.get_mut(index)) {
            Some(asked) => find_in_answer(asked, announced, waiting),
            None => self.find_without_answer(announced, waiting),
        }
    }

    fn find_without_answer(&self, announced: Option<(Named, u64)>, waiting: &Waiting) -> Finding {
        let mending = self.run.mending;
        let is_refuted = announced
            .as_ref()
            .is_some_and(|(epoch, seq)| is_behind((waiting.epoch, waiting.seq), epoch, *seq));
        match (waiting.broken, announced) {
            (None, announced) if self.is_trusted() && is_refuted => {
                Finding::Missing(GapCause::Hole, announced)
            }
            (None, _) if self.is_trusted() => Finding::Whole,
            (Some(broken), _) if mending || self.is_trusted() => Finding::Broken(broken),
            (_, Some(announced)) if mending => Finding::Missing(GapCause::Hole, Some(announced)),
            (_, None) if mending => Finding::Missing(GapCause::Overflow, None),
            (_, announced) => Finding::Missing(GapCause::NoProof, announced),
        }
    }

    /// What the server announced counts when nobody is asked any more. After the server was asked for
    /// the first time an announcement may still be ahead of the answer, and is followed up.
    fn take_announced_if_last_word(&mut self, stream: u64) -> Option<(Named, u64)> {
        let asked = self.run.asked.iter().find(|asked| asked.stream == stream);
        let is_whole = asked.is_some_and(|asked| matches!(asked.found, Found::Complete));
        if is_whole && !self.run.mending {
            return None;
        }
        self.positions.take_announced(stream)
    }

    /// Lets a stream go on behind a gap: where the server said that it stands. What waits is delivered
    /// all the same. Returns the last number that may be missing.
    fn skip(
        &mut self,
        stream: u64,
        cause: GapCause,
        target: Option<(Named, u64)>,
        waiting: &Waiting,
    ) -> Option<u64> {
        if let Some((epoch, seq)) = target {
            return Some(self.skip_to(Place { stream, epoch: epoch.fingerprint, seq }, epoch));
        }
        if let Some(first) = waiting.first {
            let seq = first.seq.saturating_sub(1);
            let before = self.positions.get(stream).map_or(first.epoch, |(before, _)| before);
            self.held.drop_epochs(stream, before, first.epoch);
            self.positions.advance(Place { seq, ..first });
            return Some(waiting.broken.map_or(seq, |broken| broken.to));
        }
        // Where epochs tell an old number from a new one, the position is still worth asking for.
        let is_kept = cause == GapCause::NoProof && self.positions.position(stream).is_some();
        if !is_kept {
            // What waits was delivered before, and nobody would know that any more.
            self.held.drop_stream(stream);
            self.positions.remove(stream);
        }
        None
    }

    fn skip_to(&mut self, target: Place, epoch: Named) -> u64 {
        let Place { stream, seq, .. } = target;
        let (before, delivered) = self.positions.get(stream).unwrap_or_default();
        self.held.drop_epochs(stream, before, target.epoch);
        let start = if before == target.epoch { delivered } else { 0 };
        let mut waiting = Waiting::behind(target.epoch, start);
        let in_epoch = |place: &Place| place.stream == stream && place.epoch == target.epoch;
        self.held.places().filter(in_epoch).for_each(|place| waiting.add(place));
        let first = waiting.first.map_or(seq, |first| seq.min(first.seq.saturating_sub(1)));
        self.positions.reset(stream, epoch, first);
        self.run.targets.push(target);
        waiting.last_missing(target)
    }

    /// Delivers what was replayed and what waited, and goes live; or finds that more is missing.
    pub(super) fn release(&mut self, now: Instant) {
        for (place, event) in std::mem::take(&mut self.run.replay) {
            self.hand_over(Some(place), event);
        }
        while let Some(held) = self.held.pop() {
            if let Some(stream) = self.stream_to_mend(held.place, held.is_judged) {
                self.held.put_back(held);
                return self.mend(vec![stream], now);
            }
            self.hand_over(held.place, held.event);
        }
        for target in std::mem::take(&mut self.run.targets) {
            self.positions.reach(target);
        }
        let mut behind: SortedSet<u64> = self.positions.behind().into_iter().collect();
        behind.extend(self.held.take_cut_streams());
        let behind: Vec<u64> = behind.iter().copied().collect();
        if behind.is_empty() && !self.held.has_lost() {
            self.begin_live();
        } else {
            self.mend(behind, now);
        }
    }

    /// Returns the stream of an event before which others are missing, unless that has been told.
    fn stream_to_mend(&self, place: Option<Place>, is_judged: bool) -> Option<u64> {
        let place = place?;
        let is_told = is_judged && self.run.scope.contains(&place.stream);
        match self.positions.look(place) {
            Step::Hole | Step::NewEpoch if !is_told => Some(place.stream),
            Step::Next | Step::Repeated | Step::Hole | Step::NewEpoch => None,
        }
    }

    fn hand_over(&mut self, place: Option<Place>, event: E) {
        if let Some(place) = place {
            if self.positions.look(place) == Step::Repeated {
                self.repeated += 1;
                return;
            }
            self.positions.advance(place);
        }
        self.push(Effect::Deliver(event));
    }
}

fn find_in_answer(
    asked: &mut Asked,
    announced: Option<(Named, u64)>,
    waiting: &Waiting,
) -> Finding {
    let end = (asked.epoch, asked.cursor);
    match (std::mem::replace(&mut asked.found, Found::Complete), announced) {
        (Found::Missing(GapCause::LogTrimmed, Some((epoch, seq))), _)
            if waiting.reaches(&epoch, seq) =>
        {
            Finding::Whole
        }
        (Found::Missing(cause, target), announced) => Finding::Missing(cause, target.or(announced)),
        (Found::Open | Found::Complete, Some((epoch, seq))) if is_behind(end, &epoch, seq) => {
            Finding::Missing(GapCause::Hole, Some((epoch, seq)))
        }
        (Found::Open | Found::Complete, _) => {
            waiting.broken.map_or(Finding::Whole, Finding::Broken)
        }
    }
}

fn is_behind((known_epoch, known_seq): (u64, u64), epoch: &Named, seq: u64) -> bool {
    epoch.fingerprint != known_epoch || seq > known_seq
}
