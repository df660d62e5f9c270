//! Whatever happens to two clients, their store, their connections and the server: nothing is lost, nothing is
//! applied twice where the server has the helper, and each lane keeps its order.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod outbox_support;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use outbox_support::server::{Server, retry};
use outbox_support::store::{Kind, Store};
use outbox_support::{Frame, Tab, action, key, seconds};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sockeye::client::outbox::{NewAction, OutboxConfig};
use sockeye::client::store::StoreError;
use sockeye::time::Instant;

#[derive(Clone, Debug)]
enum Step {
    Enqueue {
        tab: usize,
        lane: u8,
        ttl: bool,
        coalesce: bool,
    },
    Cancel {
        tab: usize,
        which: usize,
    },
    Retry {
        tab: usize,
        which: usize,
    },
    Live {
        tab: usize,
    },
    Down {
        tab: usize,
    },
    Pause {
        tab: usize,
    },
    Resume {
        tab: usize,
    },
    Store {
        tab: usize,
        steps: u8,
    },
    StoreSilently {
        tab: usize,
    },
    FailStore {
        kind: Kind,
        error: StoreError,
    },
    MendStore,
    /// The server gets the next frame of a connection, and answers.
    Serve {
        tab: usize,
    },
    /// The same, but the answer is lost.
    ServeSilently {
        tab: usize,
    },
    /// The server gets a frame of a connection that has ended, out of its order.
    ServeLate {
        which: usize,
    },
    /// The server asks for another try.
    Refuse {
        tab: usize,
    },
    Forget,
    /// The server has counted on in a lane, for another copy of the store.
    Advance {
        lane: u8,
        epochs: u8,
        last: u8,
    },
    Pass {
        millis: u32,
    },
    Hear {
        tab: usize,
    },
    LoseNews {
        tab: usize,
    },
    Refresh {
        tab: usize,
    },
    Crash {
        tab: usize,
    },
    Steal,
}

fn step() -> impl Strategy<Value = Step> {
    let tab = || 0_usize..2;
    let kinds = [Kind::Put, Kind::Load, Kind::Mark, Kind::Settle, Kind::Park, Kind::Remove];
    let errors = [StoreError::Full, StoreError::Failed];
    prop_oneof![
        8 => (tab(), 0_u8..3, prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(tab, lane, ttl, coalesce)| Step::Enqueue { tab, lane, ttl, coalesce }),
        2 => (tab(), 0_usize..40).prop_map(|(tab, which)| Step::Cancel { tab, which }),
        1 => (tab(), 0_usize..40).prop_map(|(tab, which)| Step::Retry { tab, which }),
        4 => tab().prop_map(|tab| Step::Live { tab }),
        3 => tab().prop_map(|tab| Step::Down { tab }),
        1 => tab().prop_map(|tab| Step::Pause { tab }),
        2 => tab().prop_map(|tab| Step::Resume { tab }),
        14 => (tab(), 1_u8..12).prop_map(|(tab, steps)| Step::Store { tab, steps }),
        2 => tab().prop_map(|tab| Step::StoreSilently { tab }),
        1 => (prop::sample::select(kinds.to_vec()), prop::sample::select(errors.to_vec()))
            .prop_map(|(kind, error)| Step::FailStore { kind, error }),
        2 => Just(Step::MendStore),
        14 => tab().prop_map(|tab| Step::Serve { tab }),
        4 => tab().prop_map(|tab| Step::ServeSilently { tab }),
        3 => (0_usize..20).prop_map(|which| Step::ServeLate { which }),
        1 => tab().prop_map(|tab| Step::Refuse { tab }),
        1 => Just(Step::Forget),
        1 => (0_u8..3, 1_u8..5, 0_u8..4)
            .prop_map(|(lane, epochs, last)| Step::Advance { lane, epochs, last }),
        6 => (1_u32..20_000).prop_map(|millis| Step::Pass { millis }),
        4 => tab().prop_map(|tab| Step::Hear { tab }),
        1 => tab().prop_map(|tab| Step::LoseNews { tab }),
        1 => tab().prop_map(|tab| Step::Refresh { tab }),
        1 => tab().prop_map(|tab| Step::Crash { tab }),
        1 => Just(Step::Steal),
    ]
}

struct World {
    store: Rc<RefCell<Store>>,
    server: Server,
    has_helper: bool,
    tabs: Vec<Tab>,
    is_live: [bool; 2],
    /// How many frames of each client the server has got, or never will in order.
    served: [usize; 2],
    /// Frames of connections that have ended.
    late: Vec<(Frame, String)>,
    names: Vec<String>,
    retried: BTreeSet<String>,
    /// What anybody was told to be unknown, and what has a time to live, about whose end clients may not agree to
    /// the millisecond: the others of its lane go on without it.
    unbound: BTreeSet<String>,
    /// The statuses and frames of clients that have crashed.
    cancelled: BTreeSet<String>,
    sent: BTreeSet<String>,
    /// What each client was told to be accepted, and has not crashed since.
    accepted: [BTreeSet<String>; 2],
    seed: u64,
}

impl World {
    fn new(has_helper: bool, seed: u64) -> Self {
        let store: Rc<RefCell<Store>> = Rc::default();
        let tabs = (0..2).map(|number| open(Instant::ORIGIN, number, &store, seed)).collect();
        Self {
            store,
            server: Server::default(),
            has_helper,
            tabs,
            is_live: [false; 2],
            served: [0; 2],
            late: Vec::new(),
            names: Vec::new(),
            retried: BTreeSet::new(),
            unbound: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            sent: BTreeSet::new(),
            accepted: [BTreeSet::new(), BTreeSet::new()],
            seed,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Enqueue { tab, lane, ttl, coalesce } => self.enqueue(tab, lane, ttl, coalesce),
            Step::Cancel { tab, which } => {
                if let Some(name) = self.names.get(which) {
                    self.tabs[tab].cancel(name);
                }
            }
            Step::Retry { tab, which } => self.retry(tab, which),
            Step::Live { tab } => self.live(tab),
            Step::Down { tab } => self.down(tab),
            Step::Pause { tab } => self.tabs[tab].outbox.pause(),
            Step::Resume { tab } => self.resume(tab),
            Step::Store { tab, steps } => {
                for _ in 0..steps {
                    self.tabs[tab].step_store();
                    self.tabs[tab].run();
                }
            }
            Step::StoreSilently { tab } => self.tabs[tab].step_store_silently(),
            Step::FailStore { kind, error } => {
                self.store.borrow_mut().fail.insert(kind, error);
            }
            Step::MendStore => self.store.borrow_mut().fail.clear(),
            Step::Serve { tab } => self.serve(tab, true),
            Step::ServeSilently { tab } => self.serve(tab, false),
            Step::ServeLate { which } => self.serve_late(which),
            Step::Refuse { tab } => self.refuse(tab),
            Step::Forget => self.server.forget(),
            Step::Advance { lane, epochs, last } => {
                self.server.advance(&format!("lane-{lane}"), epochs.into(), last.into());
            }
            Step::Pass { millis } => {
                self.tabs.iter_mut().for_each(|tab| tab.pass(Duration::from_millis(millis.into())));
            }
            Step::Hear { tab } => self.tabs[tab].hear(),
            Step::LoseNews { tab } => {
                self.store.borrow_mut().news.insert(tab, Vec::new());
            }
            Step::Refresh { tab } => self.refresh(tab),
            Step::Crash { tab } => self.crash(tab),
            Step::Steal => {
                let leader = self.store.borrow().leader;
                if let Some(leader) = leader {
                    self.store.borrow_mut().leave(leader);
                }
            }
        }
        self.check();
    }

    fn enqueue(&mut self, tab: usize, lane: u8, ttl: bool, coalesce: bool) {
        let name = format!("action-{}", self.names.len());
        let lane = format!("lane-{lane}");
        self.names.push(name.clone());
        if ttl {
            self.unbound.insert(name.clone());
        }
        let action = NewAction {
            ttl: ttl.then(|| seconds(20)),
            coalesce_key: coalesce.then(|| "same".into()),
            ack_timeout: seconds(3),
            ..action(&name, &lane)
        };
        for tab in &mut self.tabs {
            tab.lanes.insert(name.clone(), lane.clone());
        }
        self.tabs[tab].enqueue(action);
    }

    fn retry(&mut self, tab: usize, which: usize) {
        let Some(name) = self.names.get(which).cloned() else {
            return;
        };
        let tab = &mut self.tabs[tab];
        if tab.outbox.retry(&key(&name), tab.now) {
            self.retried.insert(name);
        }
        tab.run();
    }

    fn live(&mut self, tab: usize) {
        self.down(tab);
        self.is_live[tab] = true;
        if self.has_helper {
            self.tabs[tab].live_with(&self.server);
        } else {
            self.tabs[tab].live();
        }
    }

    fn down(&mut self, tab: usize) {
        if !self.is_live[tab] {
            return;
        }
        self.is_live[tab] = false;
        self.lose_frames(tab);
        self.tabs[tab].down();
    }

    /// What the server has not got yet may still come, in any order, and is answered to nobody.
    fn lose_frames(&mut self, tab: usize) {
        for frame in &self.tabs[tab].frames[self.served[tab]..] {
            let lane = self.tabs[tab].lanes[&frame.key].clone();
            self.late.push((frame.clone(), lane));
        }
        self.served[tab] = self.tabs[tab].frames.len();
    }

    fn resume(&mut self, tab: usize) {
        let now = self.tabs[tab].now;
        self.tabs[tab].outbox.resume(now);
        self.tabs[tab].run();
    }

    fn refresh(&mut self, tab: usize) {
        let now = self.tabs[tab].now;
        self.tabs[tab].outbox.refresh(now);
        self.tabs[tab].run();
    }

    fn next_frame(&mut self, tab: usize) -> Option<Frame> {
        let frame = self.tabs[tab].frames.get(self.served[tab])?.clone();
        self.served[tab] += 1;
        Some(frame)
    }

    fn serve(&mut self, tab: usize, is_heard: bool) {
        let Some(frame) = self.next_frame(tab) else {
            return;
        };
        let answer = match &frame.envelope {
            Some(envelope) => self.server.apply(envelope),
            None => self.server.apply_plain(&self.tabs[tab].lanes[&frame.key], &frame.key),
        };
        if is_heard {
            self.tabs[tab].answer(frame.transmission, answer);
        }
    }

    fn serve_late(&mut self, which: usize) {
        if which < self.late.len() {
            let (frame, lane) = self.late.remove(which);
            match &frame.envelope {
                Some(envelope) => self.server.apply(envelope),
                None => self.server.apply_plain(&lane, &frame.key),
            };
        }
    }

    fn refuse(&mut self, tab: usize) {
        if self.has_helper
            && let Some(frame) = self.next_frame(tab)
        {
            self.tabs[tab].answer(frame.transmission, retry(seconds(1)));
        }
    }

    fn crash(&mut self, tab: usize) {
        self.lose_frames(tab);
        self.store.borrow_mut().leave(tab);
        self.is_live[tab] = false;
        self.served[tab] = 0;
        self.accepted[tab].clear();
        let now = self.tabs[tab].now;
        let lanes = self.tabs[tab].lanes.clone();
        self.seed += 2;
        self.tabs[tab] = open(now, tab, &self.store, self.seed);
        self.tabs[tab].lanes = lanes;
    }

    fn check(&mut self) {
        for (number, tab) in self.tabs.iter_mut().enumerate() {
            self.sent.extend(tab.frames.iter().map(|frame| frame.key.clone()));
            for (name, status) in &tab.told {
                match status.as_str() {
                    "applied" => assert!(self.server.count(name) > 0, "{name} was not applied"),
                    "expired" => assert_eq!(self.server.count(name), 0, "{name} was applied"),
                    "queued" => {
                        self.accepted[number].insert(name.clone());
                    }
                    status if status.starts_with("unknown") => {
                        self.unbound.insert(name.clone());
                    }
                    status if status.starts_with("cancelled") => {
                        self.cancelled.insert(name.clone());
                    }
                    _ => {}
                }
            }
        }
        let lie = self.cancelled.intersection(&self.sent).next();
        assert_eq!(lie, None, "it was sent, and told to be cancelled");
        if self.has_helper {
            self.check_effects();
        }
    }

    fn check_effects(&self) {
        for name in self.names.iter().filter(|name| !self.retried.contains(*name)) {
            assert!(self.server.count(name) <= 1, "{name} was applied twice");
        }
        for lane in ["lane-0", "lane-1", "lane-2"] {
            let effects = self.server.effects_of(lane);
            let is_bound =
                |name: &&str| !self.retried.contains(*name) && !self.unbound.contains(*name);
            let effects: Vec<_> = effects.into_iter().filter(is_bound).collect();
            let store = self.store.borrow();
            let stored = store.history.iter().map(String::as_str);
            let expected: Vec<_> = stored.filter(|name| effects.contains(name)).collect();
            assert_eq!(effects, expected, "in the order of the store");
        }
    }

    /// Nothing goes wrong any more: everything has to end.
    fn settle(&mut self) {
        self.store.borrow_mut().fail.clear();
        for round in 0..200 {
            for tab in 0..2 {
                self.tabs[tab].is_slow = false;
                self.tabs[tab].run();
                self.tabs[tab].hear();
                if round == 0 {
                    self.resume(tab);
                    self.live(tab);
                }
                if round % 20 == 0 {
                    self.refresh(tab);
                }
                while self.served[tab] < self.tabs[tab].frames.len() {
                    self.serve(tab, true);
                }
                self.tabs[tab].pass(seconds(5));
            }
            self.check();
            if self.is_over() {
                break;
            }
        }
        let left = self.store.borrow().keys();
        let statuses = |name: &String| self.tabs.iter().map(|tab| tab.status(name)).collect();
        let left: Vec<Vec<&str>> =
            left.iter().filter(|name| !self.is_parked(name)).map(statuses).collect();
        assert!(left.is_empty(), "they are still there: {left:?}");
        for (tab, accepted) in self.tabs.iter().zip(&self.accepted) {
            for name in accepted {
                assert!(tab.over.contains_key(name), "{name}: {:?}", tab.statuses(name));
            }
        }
    }

    fn is_parked(&self, name: &str) -> bool {
        self.store.borrow().record(name).is_some_and(|record| record.parked.is_some())
    }

    fn is_over(&self) -> bool {
        let mut accepted = self.tabs.iter().zip(&self.accepted);
        self.store.borrow().keys().iter().all(|name| self.is_parked(name))
            && accepted.all(|(tab, names)| names.iter().all(|name| tab.over.contains_key(name)))
    }
}

fn open(now: Instant, number: usize, store: &Rc<RefCell<Store>>, seed: u64) -> Tab {
    let seed = seed + number as u64;
    let mut tab = Tab::at(now, number, store, OutboxConfig { seed, ..OutboxConfig::default() });
    tab.is_slow = true;
    tab
}

fn run(steps: &[Step], has_helper: bool, seed: u64) {
    let mut world = World::new(has_helper, seed);
    steps.iter().for_each(|step| world.take(step));
    world.settle();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        rng_seed: RngSeed::Fixed(20),
        ..ProptestConfig::default()
    })]

    #[test]
    fn loses_nothing_and_applies_nothing_twice_when_the_server_has_the_helper(
        steps in prop::collection::vec(step(), 1..200), seed in 0_u64..1_000_000,
    ) {
        run(&steps, true, seed);
    }

    #[test]
    fn loses_nothing_when_the_server_has_no_helper(
        steps in prop::collection::vec(step(), 1..200), seed in 0_u64..1_000_000,
    ) {
        run(&steps, false, seed);
    }
}
