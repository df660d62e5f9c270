//! Mistakes that are made on purpose, to see that the simulator notices each.
//!
//! Those of the server and of the store are made here; those of the client are in the core itself, behind
//! the feature `defects`. What else can be wrong in how streams go on, `tests/continuity` notices.

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

/// A mistake, its name and the checks of which one has to notice it: those of what it breaks. That another
/// one notices it as well says little.
type Entry<Mistake> = (&'static str, Mistake, &'static [&'static str]);

const AROUND: [Entry<Defect>; 10] = [
    ("server-not-atomic", Defect::ServerNotAtomic, &[TRUTH, ONCE]),
    ("server-small-window", Defect::ServerSmallWindow, &[ONCE]),
    ("server-bare-sequence", Defect::ServerBareSequence, &[TRUTH, LOSS]),
    ("server-known-key-stays", Defect::ServerKnownKeyStays, &[END]),
    ("server-acks-before-commit", Defect::ServerAcksBeforeCommit, &[TRUTH]),
    ("store-tells-early", Defect::StoreTellsEarly, &[ACCEPTED]),
    ("store-without-fence", Defect::StoreWithoutFence, &[TRUTH, ORDER, ONCE]),
    ("store-removes-unchecked", Defect::StoreRemovesUnchecked, &[CANCELLED, TRUTH]),
    ("store-forgets-mark", Defect::StoreForgetsMark, &[ONCE, CANCELLED, TRUTH]),
    ("store-two-leaders", Defect::StoreTwoLeaders, &[ONCE, ORDER]),
];

#[cfg(feature = "defects")]
const CLIENT: &[Entry<Client>] = &[
    ("delete-before-send", Client::DeleteBeforeSend, &[TAKEN_BACK, LOSS]),
    ("new-key-per-sending", Client::NewKeyPerSending, &[ONCE]),
    ("accept-before-commit", Client::AcceptBeforeCommit, &[ACCEPTED]),
    ("clock-order", Client::ClockOrder, &[ORDER]),
    ("no-resend", Client::NoResend, &[TRUTH]),
    ("sequence-not-stored", Client::SequenceNotStored, &[ORDER, ONCE]),
    ("drop-on-refusal", Client::DropOnRefusal, &[TAKEN_BACK]),
    ("bare-sequence", Client::BareSequence, &[TRUTH]),
    ("answer-without-key", Client::AnswerWithoutKey, &[TRUTH]),
    ("retry-limit", Client::RetryLimit, &[EXPIRED]),
    ("keep-number", Client::KeepNumber, &[END]),
    ("wait-on-gap", Client::WaitOnGap, &[END]),
    ("drain-without-lock", Client::DrainWithoutLock, &[ONCE, ORDER]),
    ("settle-without-fence", Client::SettleWithoutFence, &[TRUTH]),
    ("merge-sent", Client::MergeSent, &[CANCELLED]),
    ("cancel-without-store", Client::CancelWithoutStore, &[CANCELLED, TRUTH]),
    ("expire-uncertain", Client::ExpireUncertain, &[TRUTH]),
    ("resend-after-memory-loss", Client::ResendAfterMemoryLoss, &[ONCE]),
    ("overtake-on-gap", Client::OvertakeOnGap, &[ORDER]),
    ("no-quarantine", Client::NoQuarantine, &[KILLS]),
    ("ignore-late-answers", Client::IgnoreLateAnswers, &[END, ONCE]),
    ("keep-queue", Client::KeepQueue, &[USER]),
    ("trust-recovery", Client::TrustRecovery, &[GAP]),
    ("advance-on-receipt", Client::AdvanceOnReceipt, &[GAP]),
    ("join-twice", Client::JoinTwice, &[JOINED]),
    ("lose-leave", Client::LoseLeave, &[END]),
];

const ACCEPTED: &str = "accepts only what is stored";
const CANCELLED: &str = "cancels only what was never sent";
const END: &str = "comes to an end";
#[cfg(feature = "defects")]
const EXPIRED: &str = "expires only what has a time to live";
#[cfg(feature = "defects")]
const GAP: &str = "tells of each gap";
#[cfg(feature = "defects")]
const JOINED: &str = "joins each topic once per connection";
#[cfg(feature = "defects")]
const KILLS: &str = "gives up what ends connections";
const LOSS: &str = "loses nothing";
const ONCE: &str = "has each effect at most once";
const ORDER: &str = "keeps the order of a lane";
#[cfg(feature = "defects")]
const TAKEN_BACK: &str = "cancels only what is taken back";
const TRUTH: &str = "tells the truth";
#[cfg(feature = "defects")]
const USER: &str = "sends each action as its own user";

impl Defect {
    fn entries() -> Vec<Entry<Self>> {
        #[cfg(feature = "defects")]
        let of_client = CLIENT.iter().map(|(name, it, checks)| (*name, Self::Client(*it), *checks));
        #[cfg(not(feature = "defects"))]
        let of_client = std::iter::empty();
        AROUND.into_iter().chain(of_client).collect()
    }

    /// Every mistake.
    pub fn all() -> Vec<Self> {
        Self::entries().into_iter().map(|(_, defect, _)| defect).collect()
    }

    pub fn name(self) -> &'static str {
        let found = Self::entries().into_iter().find(|(_, defect, _)| *defect == self);
        found.map_or("", |(name, ..)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        Some(Self::entries().into_iter().find(|(known, ..)| *known == name)?.1)
    }

    /// Whether it is this check's to notice the mistake.
    pub fn is_noticed_by(self, check: &str) -> bool {
        let found = Self::entries().into_iter().find(|(_, defect, _)| *defect == self);
        found.is_some_and(|(.., checks)| checks.contains(&check))
    }

    /// What is wrong, too, where the mistake is looked for. The real client gets by with two mistakes of a
    /// server: it counts in epochs that it draws, and a hole in its numbers makes it count anew. So they are
    /// looked for with a client that does not, and counts what fails with them and not without them.
    #[cfg(feature = "defects")]
    pub fn background(self) -> Option<Self> {
        match self {
            Self::ServerBareSequence => Some(Self::Client(Client::CountEpochs)),
            Self::ServerKnownKeyStays => Some(Self::Client(Client::WaitOnGap)),
            _ => None,
        }
    }

    #[cfg(not(feature = "defects"))]
    pub fn background(self) -> Option<Self> {
        None
    }
}

/// Turns a mistake of the client on for this thread, or all off.
#[cfg(feature = "defects")]
pub fn choose(defect: Option<Defect>) {
    defects::choose(match defect {
        Some(Defect::Client(client)) => Some(client),
        Some(other) => return choose(other.background()),
        None => None,
    });
}

/// Without the feature the client makes no mistakes.
#[cfg(not(feature = "defects"))]
pub fn choose(_: Option<Defect>) {}
