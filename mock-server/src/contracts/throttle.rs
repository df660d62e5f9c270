//! Says at most one thing per interval, and the last one in any case.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Lets values through, one per interval; of those that come between, the newest waits.
#[derive(Clone, Debug)]
pub struct Throttle<T> {
    interval: Duration,
    next: Option<Instant>,
    waiting: Option<T>,
}

impl<T> Throttle<T> {
    /// Lets the first value through at once.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { interval, next: None, waiting: None }
    }

    /// Takes a value; returns it if it may go out now.
    pub fn offer(&mut self, now: Instant, value: T) -> Option<T> {
        self.waiting = Some(value);
        if self.next.is_some_and(|next| now < next) { None } else { self.release(now) }
    }

    /// Returns when the waiting value may go out, if one waits.
    #[must_use]
    pub fn due(&self) -> Option<Instant> {
        self.next.filter(|_| self.waiting.is_some())
    }

    /// Lets the waiting value out; the next interval begins.
    pub fn release(&mut self, now: Instant) -> Option<T> {
        let value = self.waiting.take()?;
        self.next = Some(now + self.interval);
        Some(value)
    }

    /// Does `work`; meanwhile the value that waits is told when it is due.
    pub async fn during<F: Future<Output = ()>>(
        &mut self,
        work: impl Future<Output = ()>,
        mut tell: impl FnMut(T) -> F,
    ) {
        let mut work = std::pin::pin!(work);
        while let Some(due) = self.due() {
            tokio::select! {
                () = work.as_mut() => return,
                () = sleep_until(due) => {}
            }
            if let Some(value) = self.release(Instant::now()) {
                tell(value).await;
            }
        }
        work.await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    #[test]
    fn lets_one_out_per_interval_and_keeps_the_newest() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut throttle = Throttle::new(5 * second);
        assert_eq!(throttle.offer(start, 1), Some(1));
        assert_eq!(throttle.due(), None);
        assert_eq!(throttle.offer(start + second, 2), None);
        assert_eq!(throttle.offer(start + 2 * second, 3), None);
        assert_eq!(throttle.due(), Some(start + 5 * second));
        assert_eq!(throttle.release(start + 5 * second), Some(3));
        assert_eq!(throttle.release(start + 5 * second), None);
        assert_eq!(throttle.offer(start + 9 * second, 4), None);
        assert_eq!(throttle.offer(start + 10 * second, 5), Some(5));
        assert_eq!(throttle.due(), None, "what is older than the newest is left out");
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_is_told_while_work_goes_on() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut throttle = Throttle::new(5 * second);
        throttle.offer(start, 1);
        throttle.offer(start, 2);
        let mut told = Vec::new();
        let mut tell = |value| {
            told.push((value, start.elapsed()));
            std::future::ready(())
        };
        throttle.during(sleep(3 * second), &mut tell).await;
        assert_eq!(start.elapsed(), 3 * second);
        throttle.during(sleep(30 * second), &mut tell).await;
        assert_eq!(start.elapsed(), 33 * second);
        assert_eq!(told, [(2, 5 * second)]);
    }
}
