use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;

use crate::admin::AdminAccount;
use crate::faults::Rule;

/// What a server is started with; the command line fills it, tests write it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address or host name to listen on.
    pub host: String,
    /// The TCP port; 0 takes a free one.
    pub port: u16,
    /// The one contract to serve at the root, or `None`: all of them under prefixes.
    pub contract: Option<String>,
    /// The rules of faults from the start.
    pub script: Vec<Rule>,
    /// Where all ids and data come from.
    pub seed: u64,
    /// What starts by itself: simulated jobs per minute and contract, and quotes per second.
    pub rate: u32,
    /// How many times faster than usual simulated jobs run.
    pub speed: f64,
    /// The file whose lines are the batches of `primes`.
    pub summary_log: Option<PathBuf>,
    /// Whether every object payload carries a unique `_eventId`.
    pub event_ids: bool,
    /// Whether the server speaks the contract of the server helper.
    pub helper: bool,
    /// With the helper: the share of the events, from 0 to 1, that are sent twice.
    pub repeat_events: f64,
    /// The Redis through which processes share their clients, or `None`: this process is alone.
    pub redis: Option<String>,
    /// The folder served at `/`.
    pub www: Option<PathBuf>,
    /// Engine.IO's `pingInterval`.
    pub ping_interval: Duration,
    /// Engine.IO's `pingTimeout`, or `None`: each contract's own.
    pub ping_timeout: Option<Duration>,
    /// The one origin that contracts with restricted CORS accept, or `None`: any.
    pub cors_origin: Option<HeaderValue>,
    /// What tokens are signed with.
    pub secret: String,
    /// `agents`: the projects, each with the users who are its members.
    pub projects: BTreeMap<String, BTreeSet<String>>,
    /// `agents`: a job tells at most one progress in this time.
    pub progress_interval: Duration,
    /// `realtime`: how many searches a user may begin in ten seconds.
    pub search_limit: usize,
    /// Who may look at the Admin UI, or `None`: there is none.
    pub admin: Option<AdminAccount>,
}

impl Config {
    /// Returns what the paths of the contract called `name` begin with.
    #[must_use]
    pub fn prefix(&self, name: &str) -> String {
        if self.contract.is_some() { String::new() } else { format!("/{name}") }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 4000,
            contract: None,
            script: Vec::new(),
            seed: 1,
            rate: 12,
            speed: 1.0,
            summary_log: None,
            event_ids: false,
            helper: false,
            repeat_events: 0.0,
            redis: None,
            www: None,
            ping_interval: Duration::from_secs(25),
            ping_timeout: None,
            cors_origin: None,
            secret: DEVELOPMENT_SECRET.to_owned(),
            projects: development_projects(),
            progress_interval: Duration::from_secs(5),
            search_limit: 10,
            admin: None,
        }
    }
}

/// The projects that there are unless others are configured.
pub fn development_projects() -> BTreeMap<String, BTreeSet<String>> {
    let project = |name: &str, members: &[&str]| {
        (name.to_owned(), members.iter().map(|&member| member.to_owned()).collect())
    };
    BTreeMap::from([project("apollo", &[DEVELOPMENT_USER, "bela"]), project("borealis", &["chen"])])
}

/// The user whose tokens are told at the start.
pub const DEVELOPMENT_USER: &str = "ada";

/// Anybody can read it here: tokens made with it protect nothing.
pub const DEVELOPMENT_SECRET: &str = "sockeye-development-secret";
