//! The events of ours that wait for the server's answer.

use std::collections::VecDeque;

use crate::time::{Instant, earliest};

/// The application's number for an event that it wants answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u32);

/// A queue ordered by acknowledgement id, oldest first.
///
/// Ids only grow, so answers in order are found and removed at the front without a search.
#[derive(Debug, Default)]
pub struct PendingAcks {
    entries: VecDeque<PendingAck>,
    /// No deadline is earlier. It may lie before all of them: an answer does not move it, so that the
    /// timer is not set anew for each request.
    next_deadline: Option<Instant>,
}

#[derive(Debug)]
struct PendingAck {
    ack_id: u64,
    request: RequestId,
    deadline: Option<Instant>,
    sent: bool,
}

impl PendingAcks {
    /// Returns how many answers are waited for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether no answer is waited for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the moment at which [`expire`](Self::expire) is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.next_deadline
    }

    /// Waits for the answer to `ack_id`, which must be larger than all before.
    pub fn insert(
        &mut self,
        ack_id: u64,
        request: RequestId,
        deadline: Option<Instant>,
        sent: bool,
    ) {
        debug_assert!(self.entries.back().is_none_or(|last| last.ack_id < ack_id));
        self.next_deadline = earliest(self.next_deadline, deadline);
        self.entries.push_back(PendingAck { ack_id, request, deadline, sent });
    }

    /// Takes out the request that the answer `ack_id` belongs to, if it is still waited for.
    ///
    /// What has not been sent cannot be answered.
    pub fn acknowledge(&mut self, ack_id: u64) -> Option<RequestId> {
        let index = self.entries.binary_search_by_key(&ack_id, |entry| entry.ack_id).ok()?;
        self.entries.get(index).filter(|entry| entry.sent)?;
        self.entries.remove(index).map(|entry| entry.request)
    }

    /// Takes out the request that carries `ack_id`, whether or not it has been sent.
    pub fn take(&mut self, ack_id: u64) -> Option<RequestId> {
        let index = self.entries.binary_search_by_key(&ack_id, |entry| entry.ack_id).ok()?;
        self.entries.remove(index).map(|entry| entry.request)
    }

    /// Takes out a request that the application has given up, and returns its acknowledgement id.
    pub fn cancel(&mut self, request: RequestId) -> Option<u64> {
        let index = self.entries.iter().position(|entry| entry.request == request)?;
        self.entries.remove(index).map(|entry| entry.ack_id)
    }

    /// Remembers that everything that waited has been handed to the transport.
    pub fn mark_sent(&mut self) {
        for entry in &mut self.entries {
            entry.sent = true;
        }
    }

    /// Takes out what has been sent: on a new connection nobody answers it.
    pub fn drain_sent(&mut self) -> Vec<RequestId> {
        self.drain_if(|entry| entry.sent).into_iter().map(|entry| entry.request).collect()
    }

    /// Takes out what has not been sent.
    pub fn drain_unsent(&mut self) -> Vec<RequestId> {
        self.drain_if(|entry| !entry.sent).into_iter().map(|entry| entry.request).collect()
    }

    /// Takes out everything.
    pub fn drain(&mut self) -> Vec<RequestId> {
        self.drain_if(|_| true).into_iter().map(|entry| entry.request).collect()
    }

    /// Takes out what has waited too long, with the ids that those events carry.
    pub fn expire(&mut self, now: Instant) -> Vec<(RequestId, u64)> {
        if self.next_deadline.is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        let expired = self.drain_if(|entry| entry.deadline.is_some_and(|deadline| deadline <= now));
        expired.into_iter().map(|entry| (entry.request, entry.ack_id)).collect()
    }

    fn drain_if(&mut self, matches: impl Fn(&PendingAck) -> bool) -> Vec<PendingAck> {
        let mut taken = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            if matches(&entry) {
                taken.push(entry);
            } else {
                self.entries.push_back(entry);
            }
        }
        let deadlines = self.entries.iter().map(|entry| entry.deadline);
        self.next_deadline = deadlines.fold(None, earliest);
        taken
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    fn at(millis: f64) -> Instant {
        Instant::from_millis(millis)
    }

    fn three() -> PendingAcks {
        let mut pending = PendingAcks::default();
        pending.insert(0, RequestId(10), Some(at(30.0)), true);
        pending.insert(1, RequestId(11), Some(at(10.0)), true);
        pending.insert(5, RequestId(12), None, false);
        pending
    }

    #[test]
    fn finds_each_answer_once_in_any_order() {
        let mut pending = three();
        assert_eq!(pending.acknowledge(5), None, "not sent yet");
        pending.mark_sent();
        assert_eq!(pending.acknowledge(5), Some(RequestId(12)));
        assert_eq!(pending.acknowledge(0), Some(RequestId(10)));
        assert_eq!(pending.acknowledge(0), None);
        assert_eq!(pending.acknowledge(4), None);
        assert_eq!(pending.acknowledge(1), Some(RequestId(11)));
        assert!(pending.is_empty());
    }

    #[test]
    fn expires_what_is_due_and_then_waits_for_the_next() {
        let mut pending = three();
        assert_eq!(pending.deadline(), Some(at(10.0)));
        assert_eq!(pending.expire(at(9.0)), []);
        assert_eq!(pending.expire(at(10.0)), [(RequestId(11), 1)]);
        assert_eq!(pending.deadline(), Some(at(30.0)));
        assert_eq!(pending.expire(at(99.0)), [(RequestId(10), 0)]);
        assert_eq!((pending.deadline(), pending.len()), (None, 1));
    }

    #[test]
    fn does_not_move_the_deadline_for_an_answer() {
        let mut pending = three();
        pending.acknowledge(1);
        assert_eq!(pending.deadline(), Some(at(10.0)));
        assert_eq!(pending.expire(at(10.0)), []);
        assert_eq!(pending.deadline(), Some(at(30.0)));
    }

    #[test]
    fn keeps_what_was_never_sent_when_the_connection_is_lost() {
        let mut pending = three();
        assert_eq!(pending.drain_sent(), [RequestId(10), RequestId(11)]);
        assert_eq!(pending.cancel(RequestId(12)), Some(5));
        assert_eq!(pending.cancel(RequestId(12)), None);
    }
}
