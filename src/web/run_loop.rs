//! The [run loop](crate::manager#run-loop), in the one place where it is kept.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use crate::time::Instant;
use crate::web::shim;
use crate::web::timer::Timer;

/// What takes inputs and says what is to be done.
pub trait Core: 'static {
    /// One thing to be done.
    type Output;

    /// Moves everything that is to be done behind `outputs`, and returns the next deadline.
    fn drain(&mut self, outputs: &mut VecDeque<Self::Output>) -> Option<Instant>;

    /// Takes the news that the deadline has passed.
    fn handle_timeout(&mut self, now: Instant);
}

/// What does things for a core. JavaScript may call the core meanwhile.
pub trait Perform<Output>: 'static {
    /// Does one thing.
    fn perform(&self, output: Output);
}

/// Reads the clock.
pub fn now() -> Instant {
    Instant::from_millis(shim::now())
}

/// Gives a core its inputs and has its outputs performed.
///
/// The core is borrowed only while it takes an input. Outputs are performed afterwards, by the
/// outermost turn: an input that comes while they are performed, because a listener called the client,
/// only adds to them.
pub struct RunLoop<C: Core, P> {
    core: RefCell<C>,
    outputs: RefCell<VecDeque<C::Output>>,
    performing: Cell<bool>,
    deadline: Cell<Option<Instant>>,
    timer: Timer,
    outlet: P,
}

impl<C: Core, P: Perform<C::Output>> RunLoop<C, P> {
    pub fn new(core: C, outlet: P) -> Rc<Self> {
        Rc::new(Self {
            core: RefCell::new(core),
            outputs: RefCell::default(),
            performing: Cell::default(),
            deadline: Cell::default(),
            timer: Timer::default(),
            outlet,
        })
    }

    pub fn outlet(&self) -> &P {
        &self.outlet
    }

    /// One turn with one input.
    pub fn turn<R>(self: &Rc<Self>, input: impl FnOnce(&mut C) -> R) -> R {
        let result = input(&mut self.core.borrow_mut());
        self.settle();
        result
    }

    /// Whether everything is done that the core has wanted done so far.
    pub fn has_performed(&self) -> bool {
        self.outputs.borrow().is_empty()
    }

    /// What follows every input. Inlined into each export it would be a fifth of the module.
    #[inline(never)]
    fn settle(self: &Rc<Self>) {
        self.deadline.set(self.core.borrow_mut().drain(&mut self.outputs.borrow_mut()));
        if !self.performing.replace(true) {
            self.perform_all();
            self.performing.set(false);
            self.rearm();
        }
    }

    /// One turn with one input that needs to know the time. The clock is read before the core is
    /// borrowed, like everything that is JavaScript's.
    pub fn turn_at<R>(self: &Rc<Self>, input: impl FnOnce(&mut C, Instant) -> R) -> R {
        let now = now();
        self.turn(|core| input(core, now))
    }

    fn perform_all(&self) {
        loop {
            // The borrow ends with this statement: performing may add outputs.
            let next = self.outputs.borrow_mut().pop_front();
            match next {
                Some(output) => self.outlet.perform(output),
                None => return,
            }
        }
    }

    fn rearm(self: &Rc<Self>) {
        let deadline = self.deadline.get();
        if self.timer.is_armed_for(deadline) {
            return;
        }
        let Some(deadline) = deadline else {
            return self.timer.disarm();
        };
        let this = Rc::downgrade(self);
        self.timer.arm(deadline, now(), move || {
            if let Some(this) = this.upgrade() {
                this.timer.disarm();
                this.turn_at(C::handle_timeout);
            }
        });
    }
}
