//! Who is to be told when something can go on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

/// Reading and writing are often different tasks, and each may have
/// to do something for the other.
#[derive(Debug, Default)]
pub struct Wakers {
    reader: Mutex<Option<Waker>>,
    writer: Mutex<Option<Waker>>,
}

impl Wakers {
    pub(super) fn reading(self: &Arc<Self>, cx: &Context<'_>) -> Arc<Self> {
        keep(&self.reader, cx);
        Arc::clone(self)
    }

    pub(super) fn writing(self: &Arc<Self>, cx: &Context<'_>) -> Arc<Self> {
        keep(&self.writer, cx);
        Arc::clone(self)
    }

    pub(super) fn wake_reader(&self) {
        wake(&self.reader);
    }

    pub(super) fn wake_both(&self) {
        wake(&self.reader);
        wake(&self.writer);
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_both();
    }
}

fn keep(slot: &Mutex<Option<Waker>>, cx: &Context<'_>) {
    let mut slot = lock(slot);
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

fn wake(slot: &Mutex<Option<Waker>>) {
    // Not while it is locked: waking may drop or poll what keeps it.
    let waker = lock(slot).clone();
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock(slot: &Mutex<Option<Waker>>) -> MutexGuard<'_, Option<Waker>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
