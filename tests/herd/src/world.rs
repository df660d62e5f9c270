//! Servers, and when they are away.

use std::time::Duration;

use sockeye::random::Random;
use sockeye::time::Instant;

/// How long it takes until a client knows that it is connected, or refused.
pub const LATENCY: Duration = Duration::from_millis(20);

/// A time in which a server is away: who is connected is cut off at its begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// From when on.
    pub from: Instant,
    /// Until when.
    pub until: Instant,
}

/// All servers; whoever connects is given to any of those that are there.
#[derive(Clone, Debug)]
pub struct World {
    /// When each of them is away.
    pub servers: Vec<Vec<Outage>>,
    /// What a server asks for when it goes away: nobody is to try again before this has passed.
    pub hint: Option<Duration>,
}

impl World {
    /// Returns a server that is there, as `random` has it, or `None` if all are away.
    pub fn choose(&self, random: &mut Random, now: Instant) -> Option<usize> {
        let is_there = |outages: &&Vec<Outage>| !outages.iter().any(|outage| outage.covers(now));
        let there = self.servers.iter().filter(is_there).count();
        let mut place = draw_below(random, there)?;
        self.servers.iter().position(|outages| {
            let is_chosen = is_there(&outages) && place == 0;
            place = place.saturating_sub(usize::from(is_there(&outages)));
            is_chosen
        })
    }

    /// Returns when `server` goes away for the first time after `now`.
    #[must_use]
    pub fn next_cut(&self, server: usize, now: Instant) -> Option<Instant> {
        let outages = self.servers.get(server)?.iter();
        outages.map(|outage| outage.from).filter(|from| *from > now).min()
    }

    /// When a server goes away for the first time.
    #[must_use]
    pub fn begin(&self) -> Instant {
        let outages = self.servers.iter().flatten().map(|outage| outage.from);
        outages.min().unwrap_or(Instant::ORIGIN)
    }
}

impl Outage {
    fn covers(self, now: Instant) -> bool {
        self.from <= now && now < self.until
    }
}

/// Draws a number from zero to below `end`.
fn draw_below(random: &mut Random, end: usize) -> Option<usize> {
    let last = end.checked_sub(1)?;
    let drawn = random.duration_up_to(Duration::from_micros(last as u64)).as_micros();
    usize::try_from(drawn).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64) -> Instant {
        Instant::ORIGIN + Duration::from_secs(second)
    }

    fn away(from: u64, until: u64) -> Vec<Outage> {
        vec![Outage { from: second(from), until: second(until) }]
    }

    #[test]
    fn gives_everybody_a_server_that_is_there_and_each_its_share() {
        let servers = vec![away(10, 20), away(5, 15), Vec::new(), away(30, 40)];
        let world = World { servers, hint: None };
        assert_eq!(world.begin(), second(5));
        let mut random = Random::new(7);
        let mut counts = [0; 4];
        for _ in 0..1_000 {
            let server = world.choose(&mut random, second(12)).unwrap_or_default();
            counts.iter_mut().skip(server).take(1).for_each(|count| *count += 1);
        }
        assert!(matches!(counts, [0, 0, 450..550, 450..550]), "{counts:?}");
        assert_eq!(world.next_cut(3, second(12)), Some(second(30)));
        assert_eq!(world.next_cut(3, second(30)), None);
    }

    #[test]
    fn has_no_server_when_all_are_away() {
        let world = World { servers: vec![away(0, 10)], hint: None };
        assert_eq!(world.choose(&mut Random::new(7), second(5)), None);
        assert_eq!(world.choose(&mut Random::new(7), second(10)), Some(0));
    }
}
