//! How much a contract says in a second, which can be changed while it does.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::pace::Pace;

/// What a contract says so often in a second; clones share it.
#[derive(Clone, Debug)]
pub struct Rate {
    per_second: Arc<watch::Sender<u32>>,
}

impl Rate {
    /// Begins with so much.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self { per_second: Arc::new(watch::Sender::new(per_second)) }
    }

    /// How much it is.
    #[must_use]
    pub fn get(&self) -> u32 {
        *self.per_second.borrow()
    }

    /// Changes it at once; with 0 nothing is said.
    pub fn set(&self, per_second: u32) {
        self.per_second.send_replace(per_second);
    }

    /// Whether the contract says anything at this rate.
    #[must_use]
    pub fn is_followed(&self) -> bool {
        self.per_second.receiver_count() > 0
    }

    /// Does `work` at this rate, without end.
    ///
    /// What a busy machine did not come to is made up for, as far as a second goes back.
    pub fn follow<F: Future<Output = ()> + Send + 'static>(
        &self,
        mut work: impl FnMut() -> F + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let mut rate = self.per_second.subscribe();
        async move {
            loop {
                let per_second = *rate.borrow_and_update();
                let has_changed = match Pace::new(per_second, Instant::now()) {
                    Some(pace) => keep(pace, &mut rate, &mut work).await,
                    None => rate.changed().await,
                };
                if has_changed.is_err() {
                    return; // nobody is left who could change it
                }
            }
        }
    }

    /// The most that there is on the command line and at runtime.
    pub const MOST: u32 = 10_000;
}

/// Keeps the pace until the rate changes.
async fn keep<F: Future<Output = ()>>(
    mut pace: Pace,
    rate: &mut watch::Receiver<u32>,
    work: &mut impl FnMut() -> F,
) -> Result<(), watch::error::RecvError> {
    loop {
        if let Ok(changed) = timeout(pace.tick(), rate.changed()).await {
            return changed;
        }
        for _ in 0..pace.take(Instant::now()) {
            work().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_each_change_at_once() {
        let rate = Rate::new(1);
        assert!(!rate.is_followed());
        let done = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&done);
        tokio::spawn(rate.follow(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {}
        }));
        assert!(rate.is_followed());
        let in_ten_seconds = async || {
            tokio::time::sleep(Duration::from_secs(10)).await;
            done.swap(0, Ordering::Relaxed)
        };
        assert!((9..=10).contains(&in_ten_seconds().await));
        for (per_second, expected) in [(1_000, 9_900..=10_000), (0, 0..=0), (20, 199..=200)] {
            rate.set(per_second);
            assert_eq!(rate.get(), per_second);
            let done = in_ten_seconds().await;
            assert!(expected.contains(&done), "{done} at {per_second} a second");
        }
    }
}
