//! Defects that a simulation can turn on, to prove that it would notice them.
//!
//! Without the feature `defects`, which only tests turn on, [`is`] is always `false` and nothing of this is
//! left in what is compiled.

#[cfg(all(feature = "defects", target_family = "wasm"))]
compile_error!("defects are for simulations only");

/// A mistake that the client could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The record of an action is removed when it is sent, not when it is answered.
    DeleteBeforeSend,
    /// Each sending carries another key.
    NewKeyPerSending,
    /// An action counts as accepted as soon as the store is asked.
    AcceptBeforeCommit,
    /// Lanes are ordered by the age of their actions, which stands on the wall clock, not by the store.
    ClockOrder,
    /// What was sent when a connection ended is not sent again, but counts as applied.
    NoResend,
    /// The number of an action in its lane is not stored before it is sent.
    SequenceNotStored,
    /// A connection that does not come about drops what waits.
    DropOnRefusal,
    /// The answer "renumber" is taken for "applied", as if numbers alone named actions.
    BareSequence,
    /// An answer counts by its number alone, whatever key it has: also one of another connection.
    AnswerWithoutKey,
    /// After five sendings an action is given up.
    RetryLimit,
    /// The answer "renumber" leaves the number as it is.
    KeepNumber,
    /// A client drains without waiting for the right to.
    DrainWithoutLock,
    /// A drainer that lost the right to ends actions all the same, and removes their records.
    SettleWithoutFence,
    /// An action that was sent is replaced by the next of its coalescing key.
    MergeSent,
    /// An action counts as cancelled without asking the store whether somebody sent it.
    CancelWithoutStore,
    /// An action that may have been applied counts as expired.
    ExpireUncertain,
    /// An action that may have been applied is sent again to a server that lost its memory.
    ResendAfterMemoryLoss,
    /// The answer "gap" lets the next action of the lane go first.
    OvertakeOnGap,
    /// After the answer "gap" a client waits for the server, whatever hole there is in its numbers.
    WaitOnGap,
    /// Epochs are those that the store counts, so that a store that went back in time gives one again.
    CountEpochs,
    /// An action that ends connections is never put aside.
    NoQuarantine,
    /// An answer that comes after its time limit does not count.
    IgnoreLateAnswers,
    /// The queue of one user goes on as that of the next.
    KeepQueue,
    /// A session that the server claims to have taken up counts as resumed, whatever the numbers say.
    TrustRecovery,
    /// An answer about what was missed counts as complete, whatever its numbers say.
    TrustReplay,
    /// The position of a stream moves when an event is received, not when it is delivered.
    AdvanceOnReceipt,
    /// What was received and not delivered is forgotten when the connection ends.
    ForgetHeld,
    /// A recovery of a session is trusted although the one before it was lost.
    TrustBrokenChain,
    /// Events are delivered while the application still mends a gap.
    LiveBeforeGapHook,
    /// A topic is joined again when its confirmation is late.
    JoinTwice,
    /// A topic that is left while there is no connection is joined on the next one.
    LoseLeave,
}

#[cfg(all(feature = "defects", not(target_family = "wasm")))]
mod chosen {
    use super::Defect;
    use core::cell::Cell;

    thread_local! {
        static CHOSEN: Cell<Option<Defect>> = const { Cell::new(None) };
    }

    /// Turns one defect on, or all off, for this thread.
    pub fn choose(defect: Option<Defect>) {
        CHOSEN.set(defect);
    }

    pub(super) fn is(defect: Defect) -> bool {
        CHOSEN.get() == Some(defect)
    }
}

#[cfg(all(feature = "defects", not(target_family = "wasm")))]
pub use chosen::choose;

/// Returns whether `defect` is turned on.
#[cfg(all(feature = "defects", not(target_family = "wasm")))]
pub fn is(defect: Defect) -> bool {
    chosen::is(defect)
}

/// Returns `false`: there are no defects.
#[cfg(not(all(feature = "defects", not(target_family = "wasm"))))]
pub const fn is(_: Defect) -> bool {
    false
}
