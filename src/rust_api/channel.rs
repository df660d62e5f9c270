//! Queues between the client and whoever waits for something of it, all on one thread.

use core::cell::RefCell;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

/// A queue with one reader. Its clones are the same queue.
pub struct Channel<T>(Rc<RefCell<State<T>>>);

struct State<T> {
    items: VecDeque<T>,
    is_closed: bool,
    waker: Option<Waker>,
}

impl<T> Channel<T> {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State { items: VecDeque::new(), is_closed: false, waker: None })))
    }

    /// Adds an item. A closed queue takes none.
    pub fn send(&self, item: T) {
        let mut state = self.0.borrow_mut();
        if !state.is_closed {
            state.items.push_back(item);
        }
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }

    /// Ends it behind what is in it.
    pub fn close(&self) {
        let mut state = self.0.borrow_mut();
        state.is_closed = true;
        let waker = state.waker.take();
        drop(state);
        wake(waker);
    }

    /// Takes the next item; none when it has ended.
    pub fn poll_next(&self, context: &Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.borrow_mut();
        match state.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if state.is_closed => Poll::Ready(None),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Returns whether both are the same queue.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Channel<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

/// Nothing is borrowed by now: whoever is woken may read at once.
fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The queues of all who want to hear the same.
pub struct Channels<T>(RefCell<Vec<Channel<T>>>);

impl<T> Default for Channels<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: Clone> Channels<T> {
    /// Adds a reader.
    pub fn add(&self) -> Channel<T> {
        let channel = Channel::new();
        self.0.borrow_mut().push(channel.clone());
        channel
    }

    /// Removes a reader. Returns whether any is left.
    pub fn remove(&self, channel: &Channel<T>) -> bool {
        let mut channels = self.0.borrow_mut();
        channels.retain(|known| !known.is(channel));
        !channels.is_empty()
    }

    /// Tells all readers. They may come and go meanwhile.
    pub fn send(&self, item: &T) {
        let channels = self.0.borrow().clone();
        for channel in channels {
            channel.send(item.clone());
        }
    }

    /// Ends the queues of all readers.
    pub fn close(&self) {
        for channel in self.0.take() {
            channel.close();
        }
    }
}
