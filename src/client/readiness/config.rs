//! What can be set about readiness.

use core::time::Duration;

use crate::client::topics::TopicsConfig;

/// What can be set about readiness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadinessConfig {
    /// Whether a session that the server claims to have taken up counts as resumed where nothing proves
    /// it. Default no.
    pub trust_recovery: bool,
    /// How long the application may speak first. Default 10 s.
    pub prologue_limit: Duration,
    /// How long the topics are waited for. Default 30 s.
    pub topics_limit: Duration,
    /// How long a sign of life is waited for. The first message may be large, and the link slow. Default 20 s.
    pub probe_limit: Duration,
    /// How long if something else comes meanwhile. Default 60 s.
    pub probe_limit_while_heard: Duration,
    /// How long an answer about what came since is waited for. Default 10 s.
    pub since_limit: Duration,
    /// How long the application may mend a gap. Default 30 s.
    pub gap_limit: Duration,
    /// How many events are held. Default 1,000.
    pub held_events: usize,
    /// What length they may have together, in the units of [`receive`](super::Readiness::receive). Default 8,000,000.
    pub held_length: usize,
    /// How many events are taken from the server's logs at once. Default 10,000.
    pub replayed_events: usize,
    /// Of how many streams the position is kept. The one that was quiet for the longest time is
    /// forgotten first, which the next verdict tells as a gap. Default 1,000.
    pub streams: usize,
    /// How topics are joined.
    pub topics: TopicsConfig,
}

impl Default for ReadinessConfig {
    fn default() -> Self {
        Self {
            trust_recovery: false,
            prologue_limit: Duration::from_secs(10),
            topics_limit: Duration::from_secs(30),
            probe_limit: Duration::from_secs(20),
            probe_limit_while_heard: Duration::from_secs(60),
            since_limit: Duration::from_secs(10),
            gap_limit: Duration::from_secs(30),
            held_events: 1_000,
            held_length: 8_000_000,
            replayed_events: 10_000,
            streams: 1_000,
            topics: TopicsConfig::default(),
        }
    }
}

/// Which hooks of the application are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// On each connection, before anything else is sent.
    pub prologue: bool,
    /// After each gap, before live events.
    pub gap: bool,
}
