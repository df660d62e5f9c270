//! What can be set about an outbox.

/// How an outbox sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// How many actions may wait for their answers at the same time. Default 32.
    pub in_flight: u32,
    /// How many of them in one lane. Default 8. Without a helper on the server it is 1 whatever is set here,
    /// because nothing else could keep the order.
    pub per_lane: u32,
    /// How many are sent per second. Default none: as many as there are.
    pub per_second: Option<u32>,
    /// Whether [`Effect::FlushAsked`](super::Effect::FlushAsked) comes before what waited is sent. Default
    /// no.
    pub ask_before_flush: bool,
}

impl Default for Drain {
    fn default() -> Self {
        Self { in_flight: 32, per_lane: 8, per_second: None, ask_before_flush: false }
    }
}

/// What can be set about an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxConfig {
    /// How many actions it holds, those that are put aside included. Default 10,000.
    pub max_items: usize,
    /// How many bytes they have together. Default 50,000,000.
    pub max_bytes: u64,
    /// How it sends.
    pub drain: Drain,
    /// Where the jitter of its delays starts.
    pub seed: u64,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self { max_items: 10_000, max_bytes: 50_000_000, drain: Drain::default(), seed: 0 }
    }
}
