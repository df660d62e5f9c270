//! The lanes: what waits in which order, and which lane may send next.

use std::collections::VecDeque;
use std::rc::Rc;

use crate::sorted::SortedMap;
use crate::time::Instant;

/// As many lanes are kept whether there is something in them or not. An empty one that is forgotten costs a
/// new epoch when it is used again.
const MIN_LANES: usize = 1_024;

/// The actions of one lane that are stored, have not ended and are not parked.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Their numbers, in order.
    pub list: VecDeque<u32>,
    /// How many of them are being sent.
    pub active: u32,
    /// How many may be. One until an answer shows that the server counts as this client does; then it
    /// doubles with each, so that no numbers of another drainer can fit in between.
    pub window: u32,
    /// The epoch and the memory of the server in which `next` counts.
    pub numbering: Option<(u64, Rc<str>)>,
    /// The next number.
    pub next: u64,
    /// The highest number whose action the server has taken.
    pub confirmed: u64,
    /// Nothing of it is sent before.
    pub not_before: Option<Instant>,
    /// How many times in a row nothing came of a sending.
    pub stalls: u32,
    is_ready: bool,
}

impl Lane {
    /// Begins to count in an epoch and a memory, if it does not yet.
    pub fn number_in(&mut self, epoch: u64, memory: &Rc<str>) {
        if !self.numbers_in(epoch, memory) {
            self.numbering = Some((epoch, Rc::clone(memory)));
            self.next = 1;
            self.confirmed = 0;
            self.window = 1;
        }
    }

    /// Whether it counts in this epoch and this memory.
    pub fn numbers_in(&self, epoch: u64, memory: &Rc<str>) -> bool {
        self.numbering.as_ref().is_some_and(|(old, of)| *old == epoch && of == memory)
    }

    /// Notes that the server took an action in its turn.
    pub fn advance(&mut self) {
        self.window = self.window.max(1).saturating_mul(2).min(1 << 16);
        self.stalls = 0;
        self.not_before = None;
    }
}

/// All lanes by name.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    by_name: SortedMap<Rc<str>, Lane>,
    /// Those that may have something to send, the longest waiting first.
    ready: VecDeque<Rc<str>>,
    /// With more lanes than this, empty ones are forgotten.
    sweep_over: usize,
}

impl Lanes {
    pub fn get(&self, name: &str) -> Option<&Lane> {
        self.by_name.get(name)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Lane> {
        self.by_name.get_mut(name)
    }

    /// Returns a lane, which is made if there is none.
    pub fn lane(&mut self, name: &Rc<str>) -> Option<&mut Lane> {
        if self.by_name.len() > self.sweep_over.max(MIN_LANES) {
            self.sweep();
        }
        self.by_name.get_or_insert_with(Rc::clone(name), Lane::default)
    }

    /// Lets a lane be looked at when something can be sent.
    pub fn touch(&mut self, name: &Rc<str>) {
        if let Some(lane) = self.by_name.get_mut(name).filter(|lane| !lane.is_ready) {
            lane.is_ready = true;
            self.ready.push_back(Rc::clone(name));
        }
    }

    pub fn touch_all(&mut self) {
        for (name, lane) in self.by_name.iter_mut().filter(|(_, lane)| !lane.is_ready) {
            lane.is_ready = true;
            self.ready.push_back(Rc::clone(name));
        }
    }

    /// Takes the next lane to look at.
    pub fn next(&mut self) -> Option<Rc<str>> {
        let name = self.ready.pop_front()?;
        if let Some(lane) = self.by_name.get_mut(&name) {
            lane.is_ready = false;
        }
        Some(name)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.by_name.values_mut()
    }

    pub fn remove(&mut self, name: &str, id: u32) {
        let Some(lane) = self.by_name.get_mut(name) else {
            return;
        };
        if let Some(place) = lane.list.iter().position(|other| *other == id) {
            lane.list.remove(place);
        }
    }

    pub fn clear(&mut self) {
        self.by_name.clear();
        self.ready.clear();
    }

    /// Forgets empty lanes, so rarely that it costs next to nothing.
    fn sweep(&mut self) {
        self.by_name.retain(|_, lane| !lane.list.is_empty());
        let lanes = &self.by_name;
        self.ready.retain(|name| lanes.contains_key(name));
        self.sweep_over = 2 * self.by_name.len();
    }
}
