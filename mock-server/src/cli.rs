use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, DEVELOPMENT_SECRET, development_projects};
use crate::contracts;
use crate::dice::random_seed;
use crate::proxy::{ProxyConfig, RulesError, read_rules};

/// A mock Socket.IO server for front-end development and tests.
///
/// It plays back ends ("contracts"): their events, acknowledgements, REST endpoints and simulated jobs.
/// All contracts are served under prefixes (/primes/socket.io, /primes/api/..., ...), or one alone at
/// the root. When it is ready it prints one line on stdout, "listening on http://HOST:PORT"; the log
/// goes to stderr (level: RUST_LOG, e.g. RUST_LOG=debug).
#[derive(Clone, Debug, Parser)]
#[command(name = "sockeye-mock", version, after_help = EXAMPLES, allow_negative_numbers = true)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    mock: MockArgs,
}

/// What the program is to be instead of the mock server.
#[derive(Clone, Debug, Subcommand)]
enum Command {
    Proxy(ProxyArgs),
}

/// A TCP proxy that makes faults by rule between a client and a server.
///
/// It understands HTTP and WebSocket. What no rule speaks of goes through untouched and at once. When it is ready it prints one line on stdout,
/// "listening on http://HOST:PORT, control on http://HOST:PORT"; the log goes to stderr.
#[derive(Clone, Debug, Args)]
#[command(after_help = PROXY_EXAMPLES)]
struct ProxyArgs {
    /// Where clients connect; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,

    /// The server that it stands in front of
    #[arg(long, value_name = "HOST:PORT", value_parser = parse_upstream)]
    upstream: String,

    /// Rules from the start, as TOML (*.toml) or JSON: a list "rules"
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// Where the control API listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    control: SocketAddr,
}

#[derive(Clone, Debug, Args)]
struct MockArgs {
    /// TCP port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 4000, value_name = "N")]
    port: u16,

    /// Address or host name to listen on
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// Serve this contract alone at the root, or all under prefixes
    #[arg(long, default_value = ALL_CONTRACTS, value_name = "NAME", value_parser = contract_names())]
    contract: String,

    /// Where all ids and data come from: the same seed gives the same [default: random, see the log]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// What happens by itself: N simulated jobs per minute in each contract, N quotes per second in craft; 0: nothing
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    rate: u32,

    /// How many times faster than usual simulated jobs run (0.01 to 1000)
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = parse_speed)]
    speed: f64,

    /// primes: watch this file; an appended line becomes batch:added, a changed one batch:updated
    ///
    /// One batch per line, its id first. Words like key=value become fields of the batch, all other words
    /// together the field "line". A line counts when its newline is written; empty lines and lines that
    /// begin with # are skipped. Lines that are there at the start count as known. The file may be created, truncated, renamed or replaced at any time; its
    /// folder must exist. Without this option the batches are simulated.
    #[arg(long, value_name = "FILE")]
    summary_log: Option<PathBuf>,

    /// Give every object payload of an event a unique _eventId; realtime has ids of its own
    #[arg(long)]
    event_ids: bool,

    /// Speak the contract of sockeye-client/server: enqueued actions are done once, events can be asked for again
    ///
    /// Clients are greeted with sockeye:hello, actions in an envelope are answered with what became of
    /// them, events to rooms and to all have a stamp as last argument, and sockeye:since replays them.
    /// What is known is in memory: a restart, or POST /control/forget, loses it.
    #[arg(long)]
    helper: bool,

    /// With --helper: send this share of the events twice (0 to 1), as the seed draws them
    #[arg(long, value_name = "SHARE", requires = "helper", default_value_t = 0.0, value_parser = parse_share)]
    repeat_events: f64,

    /// Serve this folder at /
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,

    /// Engine.IO's pingInterval in milliseconds
    #[arg(long, default_value_t = 25_000, value_name = "MS", value_parser = millis())]
    ping_interval_ms: u64,

    /// Engine.IO's pingTimeout in milliseconds [default: 20000, agents: 60000]
    #[arg(long, value_name = "MS", value_parser = millis())]
    ping_timeout_ms: Option<u64>,

    /// realtime, craft, jobs: accept this origin alone, e.g. http://localhost:5173 [default: any]
    #[arg(long, value_name = "ORIGIN", value_parser = parse_origin)]
    cors_origin: Option<HeaderValue>,

    /// realtime, agents: what tokens are signed with; tokens that work are in the log
    #[arg(long, default_value = DEVELOPMENT_SECRET, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    secret: String,

    /// agents: a project and its members; repeat it for more [default: apollo=ada,bela borealis=chen]
    #[arg(long, value_name = "NAME=USER,...", value_parser = parse_project)]
    project: Vec<(String, BTreeSet<String>)>,

    /// agents: a job tells at most one progress in this time
    #[arg(long, default_value_t = 5_000, value_name = "MS", value_parser = millis())]
    progress_interval_ms: u64,

    /// realtime: how many searches a user may begin in ten seconds
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    search_limit: u16,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Program {
    /// The mock server.
    Mock(Config),
    /// The proxy.
    Proxy(ProxyConfig),
}

impl Cli {
    /// Returns what to run; a missing seed is drawn here, a file of rules is read.
    ///
    /// # Errors
    ///
    /// [`RulesError`] when the file cannot be used.
    pub fn into_program(self) -> Result<Program, RulesError> {
        match self.command {
            None => Ok(Program::Mock(self.mock.into_config())),
            Some(Command::Proxy(proxy)) => proxy.into_config().map(Program::Proxy),
        }
    }
}

impl ProxyArgs {
    fn into_config(self) -> Result<ProxyConfig, RulesError> {
        let rules = self.rules.as_deref().map(read_rules).transpose()?.unwrap_or_default();
        let Self { listen, upstream, control, .. } = self;
        Ok(ProxyConfig { listen, upstream, control, rules })
    }
}

impl MockArgs {
    fn into_config(self) -> Config {
        Config {
            host: self.host,
            port: self.port,
            contract: (self.contract != ALL_CONTRACTS).then_some(self.contract),
            seed: self.seed.unwrap_or_else(random_seed),
            rate: self.rate,
            speed: self.speed,
            summary_log: self.summary_log,
            event_ids: self.event_ids,
            helper: self.helper,
            repeat_events: self.repeat_events,
            www: self.www,
            ping_interval: Duration::from_millis(self.ping_interval_ms),
            ping_timeout: self.ping_timeout_ms.map(Duration::from_millis),
            cors_origin: self.cors_origin,
            secret: self.secret,
            projects: projects(self.project),
            progress_interval: Duration::from_millis(self.progress_interval_ms),
            search_limit: self.search_limit.into(),
        }
    }
}

/// Whoever names projects has no others.
fn projects(named: Vec<(String, BTreeSet<String>)>) -> BTreeMap<String, BTreeSet<String>> {
    if named.is_empty() {
        return development_projects();
    }
    let mut projects = BTreeMap::<_, BTreeSet<_>>::new();
    for (name, mut members) in named {
        projects.entry(name).or_default().append(&mut members);
    }
    projects
}

fn contract_names() -> PossibleValuesParser {
    let names = contracts::ALL.iter().map(|contract| contract.name);
    PossibleValuesParser::new(names.chain([ALL_CONTRACTS]))
}

fn millis() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=3_600_000)
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.01..=1000.0).contains(&speed) { Ok(speed) } else { Err("not in 0.01 to 1000".to_owned()) }
}

fn parse_share(text: &str) -> Result<f64, String> {
    let share = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("not in 0 to 1".to_owned()) }
}

fn parse_project(text: &str) -> Result<(String, BTreeSet<String>), String> {
    let shape = || "not NAME=USER,USER, such as apollo=ada,bela".to_owned();
    let (name, members) = text.split_once('=').ok_or_else(shape)?;
    let members: BTreeSet<_> = members.split(',').map(str::to_owned).collect();
    if name.is_empty() || members.contains("") {
        Err(shape())
    } else {
        Ok((name.to_owned(), members))
    }
}

fn parse_upstream(text: &str) -> Result<String, String> {
    let shape = || "not HOST:PORT, such as 127.0.0.1:4000".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(shape)?;
    match port.parse::<u16>() {
        Ok(1..) if !host.is_empty() && !host.contains('/') => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(shape()),
    }
}

/// An origin is a scheme and an authority, as a browser writes it: no path, no slash at the end.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    let shape = || "not an origin such as http://localhost:5173".to_owned();
    let uri: Uri = text.parse().map_err(|_| shape())?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) if text == format!("{scheme}://{authority}") => {
            HeaderValue::from_str(text).map_err(|_| shape())
        }
        _ => Err(shape()),
    }
}

const ALL_CONTRACTS: &str = "all";

const EXAMPLES: &str = "Examples:
  sockeye-mock                                  all contracts on http://127.0.0.1:4000
  sockeye-mock --contract primes --port 0       one contract at the root, on a free port
  sockeye-mock --seed 7 --rate 60 --speed 5     the same busy data at every start
  sockeye-mock --contract realtime              its log has a token to connect with
  sockeye-mock --contract craft --rate 10000    10,000 quotes per second
  sockeye-mock --summary-log ./summary.log      batches from a file
  sockeye-mock --helper --repeat-events 0.3     for clients that enqueue, de-duplicate and catch up
  curl -X POST localhost:4000/control/cut       break every WebSocket
  sockeye-mock proxy --upstream localhost:4000  make faults between a client and any server";

const PROXY_EXAMPLES: &str = r#"Examples:
  sockeye-mock proxy --listen 127.0.0.1:4001 --control 127.0.0.1:4002 --upstream localhost:4000
  curl localhost:4002/rules -d '{"on": {"frame": {"prefix": "42"}}, "do": "drop", "times": 1}'
  curl -X POST localhost:4002/cut               reset every connection
  curl -X POST localhost:4002/stall             let nothing through any more, until /release
  curl localhost:4002/log                       what has happened

Rules:
  {"id"?, "connection"? | "next"?, "direction"?, "on", "do", "times"?}
  connection: the nth since the start; next: the nth since the rule was added
  direction:  "clientToServer" | "serverToClient", otherwise both
  on:         "connection" | {"byte": K} | {"frame": {"prefix"?, "nth"?}}
  do:         "pass" | {"cut": {"when"?, "with"?}} | {"stall": {"when"?, "both"?}} | {"delay": {"ms"}}
              | "duplicate" | {"replace": {"text"}} | "drop" | "refuse" | {"halfClose": {"when"?}}
  when:       "before" (as without it) | "after" the frame; with: "reset" (as without it) | "finish"
  times:      how often it applies at most; without it every time"#;

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn origins_are_checked() {
        assert!(parse_origin("http://localhost:5173").is_ok());
        for wrong in ["localhost:5173", "http://localhost/", "*", "http://a/b", ""] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn projects_are_added_up_and_checked() {
        let args = ["sockeye-mock", "--project", "a=x,y", "--project", "b=y", "--project", "a=z"];
        let program = Cli::parse_from(args).into_program().unwrap();
        let Program::Mock(config) = program else { panic!("no subcommand") };
        let members = |name: &str| config.projects[name].iter().cloned().collect::<String>();
        assert_eq!((members("a"), members("b")), ("xyz".to_owned(), "y".to_owned()));
        for wrong in ["a", "a=", "=x", "a=x,", ""] {
            assert!(parse_project(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_contracts_are_the_default() {
        let program = Cli::parse_from(["sockeye-mock", "--seed", "3"]).into_program().unwrap();
        let Program::Mock(config) = program else { panic!("no subcommand") };
        assert_eq!((config.contract, config.seed, config.rate), (None, 3, 12));
    }

    #[test]
    fn the_proxy_needs_to_know_the_server() {
        assert!(Cli::try_parse_from(["sockeye-mock", "proxy"]).is_err());
        let args = ["sockeye-mock", "proxy", "--upstream", "localhost:4000"];
        let program = Cli::parse_from(args).into_program().unwrap();
        let Program::Proxy(config) = program else { panic!("it is the proxy") };
        assert_eq!((config.upstream.as_str(), config.listen.port()), ("localhost:4000", 0));
        for wrong in ["http://localhost:4000", "localhost", "localhost:0", ":4000", "a:b"] {
            assert!(parse_upstream(wrong).is_err(), "{wrong}");
        }
    }
}
