//! What is still to be done when clients go: once for each, whoever notices it first.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use socketioxide::socket::Sid;

/// Of all clients of a contract that are there; clones share it.
#[derive(Clone, Default)]
pub struct Farewells(Arc<Mutex<BTreeMap<Sid, Farewell>>>);

type Farewell = Box<dyn FnOnce() + Send>;

impl Farewells {
    /// A client has come; `farewell` is done if it is there until the server ends.
    pub fn add(&self, client: Sid, farewell: impl FnOnce() + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(client, Box::new(farewell));
    }

    /// A client has gone; returns whether nobody has noticed it before.
    #[must_use]
    pub fn take(&self, client: Sid) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&client).is_some()
    }

    /// Says farewell to all: the library does not tell of clients that it closes with the server.
    pub fn say_all(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_values().for_each(|farewell| farewell());
    }
}

impl fmt::Debug for Farewells {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Farewells").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_client_goes_once() {
        let (farewells, said) = (Farewells::default(), Arc::new(AtomicUsize::new(0)));
        let (gone, there) = (Sid::new(), Sid::new());
        for client in [gone, there] {
            let said = Arc::clone(&said);
            farewells.add(client, move || {
                said.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert!(farewells.take(gone) && !farewells.take(gone));
        farewells.say_all();
        farewells.say_all();
        assert_eq!((said.load(Ordering::Relaxed), farewells.take(there)), (1, false));
    }
}
