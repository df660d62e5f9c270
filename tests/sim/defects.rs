//! Mistakes that are made on purpose, to see that the simulator notices each.
//!
//! Those of the server and of the store are made here; those of the client are in the core itself, behind
//! the feature `defects`.

#[cfg(feature = "defects")]
use sockeye::client::defects::{self, Defect as Client};

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The server does the work, and stores later that it did.
    ServerNotAtomic,
    /// The server remembers only the last two keys.
    ServerSmallWindow,
    /// The server takes an old number for an old action, without looking at the key.
    ServerBareSequence,
    /// A known key with the next number does not advance the sequence.
    ServerKnownKeyStays,
    /// The server acknowledges before it has committed.
    ServerAcksBeforeCommit,
    /// The store tells success when a request succeeds, not when its transaction is complete.
    StoreTellsEarly,
    /// The store lets everybody write, whoever leads.
    StoreWithoutFence,
    /// The store looks whether an action was sent in one transaction, and removes it in another.
    StoreRemovesUnchecked,
    /// The store forgets under which number an action was sent.
    StoreForgetsMark,
    /// The store lets two tabs lead at once under one epoch.
    StoreTwoLeaders,
    /// A mistake of the client.
    #[cfg(feature = "defects")]
    Client(Client),
}

const AROUND: [(&str, Defect); 10] = [
    ("server-not-atomic", Defect::ServerNotAtomic),
    ("server-small-window", Defect::ServerSmallWindow),
    ("server-bare-sequence", Defect::ServerBareSequence),
    ("server-known-key-stays", Defect::ServerKnownKeyStays),
    ("server-acks-before-commit", Defect::ServerAcksBeforeCommit),
    ("store-tells-early", Defect::StoreTellsEarly),
    ("store-without-fence", Defect::StoreWithoutFence),
    ("store-removes-unchecked", Defect::StoreRemovesUnchecked),
    ("store-forgets-mark", Defect::StoreForgetsMark),
    ("store-two-leaders", Defect::StoreTwoLeaders),
];

#[cfg(feature = "defects")]
const CLIENT: &[(&str, Client)] = &[
    ("delete-before-send", Client::DeleteBeforeSend),
    ("new-key-per-sending", Client::NewKeyPerSending),
    ("accept-before-commit", Client::AcceptBeforeCommit),
    ("clock-order", Client::ClockOrder),
    ("no-resend", Client::NoResend),
    ("sequence-not-stored", Client::SequenceNotStored),
    ("drop-on-refusal", Client::DropOnRefusal),
    ("bare-sequence", Client::BareSequence),
    ("answer-without-key", Client::AnswerWithoutKey),
    ("retry-limit", Client::RetryLimit),
    ("keep-number", Client::KeepNumber),
    ("drain-without-lock", Client::DrainWithoutLock),
    ("settle-without-fence", Client::SettleWithoutFence),
    ("merge-sent", Client::MergeSent),
    ("cancel-without-store", Client::CancelWithoutStore),
    ("expire-uncertain", Client::ExpireUncertain),
    ("resend-after-memory-loss", Client::ResendAfterMemoryLoss),
    ("overtake-on-gap", Client::OvertakeOnGap),
    ("no-quarantine", Client::NoQuarantine),
    ("ignore-late-answers", Client::IgnoreLateAnswers),
];

impl Defect {
    /// Every mistake and its name.
    pub fn all() -> Vec<(&'static str, Self)> {
        #[cfg(feature = "defects")]
        let of_client = CLIENT.iter().map(|(name, defect)| (*name, Self::Client(*defect)));
        #[cfg(not(feature = "defects"))]
        let of_client = std::iter::empty();
        AROUND.into_iter().chain(of_client).collect()
    }

    pub fn name(self) -> &'static str {
        let found = Self::all().into_iter().find(|(_, defect)| *defect == self);
        found.map_or("", |(name, _)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Some(Self::all().into_iter().find(|(known, _)| *known == name)?.1)
    }
}

/// Turns a mistake of the client on for this thread, or all off.
#[cfg(feature = "defects")]
pub fn choose(defect: Option<Defect>) {
    defects::choose(match defect {
        Some(Defect::Client(client)) => Some(client),
        _ => None,
    });
}

/// Without the feature the client makes no mistakes.
#[cfg(not(feature = "defects"))]
pub fn choose(_: Option<Defect>) {}
