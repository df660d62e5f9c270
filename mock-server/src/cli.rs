use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderValue, Uri};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::admin::AdminArgs;
use crate::bus::{BusError, check_url};
use crate::config::{Config, DEVELOPMENT_SECRET, development_projects};
use crate::contracts::{self, Rate};
use crate::dice::random_seed;
use crate::faults::{Rule, ScriptError, read_script};
use crate::proxy::ProxyConfig;
use crate::recording::{RecordConfig, RecordingArgs, RecordingError, ReplayConfig};

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

    /// How the log is written: for people, or one JSON object on each line
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, global = true)]
    log_format: LogFormat,

    #[command(flatten)]
    mock: MockArgs,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object on each line.
    Json,
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
    #[arg(long, value_name = "FILE", visible_alias = "rules")]
    script: Option<PathBuf>,

    /// What rules with a share or a jitter draw comes from it [default: random, see the log]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

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
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=i64::from(Rate::MOST)))]
    rate: u32,

    /// How many times faster than usual simulated jobs run, or a recording is replayed (0.01 to 1000, or max)
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

    /// Rules of faults from the start, as TOML (*.toml) or JSON: a list "rules"; more by /control/rules
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// Share the clients with other processes, through this Redis, e.g. redis://127.0.0.1:6379
    ///
    /// What one process tells everybody, or a room, reaches the clients of all processes that play the same
    /// contracts on the same Redis. realtime: events that workers publish on realtime:events, too. jobs: the
    /// history is in Redis. Not with --helper, whose memory is each process's own.
    #[arg(long, value_name = "URL", value_parser = parse_redis, conflicts_with = "helper")]
    redis: Option<String>,

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

    #[command(flatten)]
    recording: RecordingArgs,

    #[command(flatten)]
    admin: AdminArgs,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Program {
    /// The mock server.
    Mock(Box<Config>),
    /// The proxy.
    Proxy(ProxyConfig),
    /// The recorder.
    Record(RecordConfig),
    /// The replay of a recording.
    Replay(ReplayConfig),
}

/// Why the command line cannot be followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// The file of rules.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// The recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

impl Cli {
    /// Returns how the log is to be written.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        self.log_format
    }

    /// Returns what to run; a missing seed is drawn here, files are read.
    ///
    /// # Errors
    ///
    /// [`CliError`] when a file cannot be used.
    pub fn into_program(self) -> Result<Program, CliError> {
        match self.command {
            None => self.mock.into_program(),
            Some(Command::Proxy(proxy)) => Ok(Program::Proxy(proxy.into_config()?)),
        }
    }
}

impl ProxyArgs {
    fn into_config(self) -> Result<ProxyConfig, ScriptError> {
        let rules = rules_of(self.script)?;
        let seed = self.seed.unwrap_or_else(random_seed);
        let Self { listen, upstream, control, .. } = self;
        Ok(ProxyConfig { listen, upstream, control, rules, seed })
    }
}

impl MockArgs {
    fn into_program(self) -> Result<Program, CliError> {
        let Self { host, port, speed, .. } = &self;
        if let Some(record) = self.recording.record(host, *port) {
            return Ok(Program::Record(record));
        }
        let replay = self.recording.replay(host, *port, *speed)?;
        match replay {
            Some(replay) => Ok(Program::Replay(replay)),
            None => Ok(Program::Mock(Box::new(self.into_config()?))),
        }
    }

    fn into_config(self) -> Result<Config, ScriptError> {
        Ok(Config {
            script: rules_of(self.script)?,
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
            redis: self.redis,
            www: self.www,
            ping_interval: Duration::from_millis(self.ping_interval_ms),
            ping_timeout: self.ping_timeout_ms.map(Duration::from_millis),
            cors_origin: self.cors_origin,
            secret: self.secret,
            projects: projects(self.project),
            progress_interval: Duration::from_millis(self.progress_interval_ms),
            search_limit: self.search_limit.into(),
            admin: self.admin.into_account(),
        })
    }
}

fn rules_of(script: Option<PathBuf>) -> Result<Vec<Rule>, ScriptError> {
    script.as_deref().map(read_script).transpose().map(Option::unwrap_or_default)
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
    if text == "max" {
        return Ok(f64::INFINITY);
    }
    let speed = text.parse().map_err(|_| "not a number, nor max".to_owned())?;
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

fn parse_redis(text: &str) -> Result<String, BusError> {
    check_url(text).map(|()| text.to_owned())
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
  sockeye-mock --admin                          who is connected, in a browser: /admin/
  sockeye-mock --log-format json 2> mock.log    the log for programs
  sockeye-mock --helper --repeat-events 0.3     for clients that enqueue, de-duplicate and catch up
  sockeye-mock --seed 7 --script faults.toml    faults by rule, the same at every start
  curl -X POST localhost:4000/control/cut       break every WebSocket
  sockeye-mock proxy --upstream localhost:4000  make faults between a client and any server
  sockeye-mock --record chat.jsonl --upstream http://localhost:3000   write down what a real server says
  sockeye-mock --replay chat.jsonl --speed 10   say it again, ten times faster";

const PROXY_EXAMPLES: &str = r#"Examples:
  sockeye-mock proxy --listen 127.0.0.1:4001 --control 127.0.0.1:4002 --upstream localhost:4000
  curl localhost:4002/rules -d '{"on": {"frame": {"prefix": "42"}}, "do": "drop", "times": 1}'
  curl -X POST localhost:4002/cut               reset every connection
  curl -X POST localhost:4002/stall             let nothing through any more, until /release
  curl localhost:4002/log                       what has happened

Rules (GET /openapi.json has every field):
  {"id"?, "connection"? | "next"?, "direction"?, "on", "do", "times"?, "share"?}
  connection: the nth since the start; next: the nth since the rule was added
  direction:  "clientToServer" | "serverToClient", otherwise both
  on:         "connection" | {"byte": K} | {"request": {"path"?, "transport"?, "method"?, "nth"?}}
              | {"frame": {"prefix"?, "nth"?}} | {"event": {"name"?, "namespace"?, "nth"?}}
              | {"packet": {"type"?, "namespace"?, "nth"?}}
  do:         "pass" | "drop" | "duplicate" | {"reorder": {"by"?}} | {"replace": {"text" | "args"}}
              | {"delay": {"ms", "jitterMs"?}} | {"stall": {"when"?, "both"?}} | {"cut": {"when"?, "with"?}}
              | {"halfClose": {"when"?}} | "refuse" | {"respond": {"status", "retryAfter"?, "body"?}}
              | {"connectError": {"message", "data"?}} | "expiredToken" | {"disconnect": {"when"?, "close"?}}
              | {"malformed": {"name", "when"?}}
  when:       "before" (as without it) | "after" the message; with: "reset" (as without it) | "finish"
  times:      how often it applies at most; share: at which share of the moments, as the seed draws"#;

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_is_well_formed() {
        Cli::command().debug_assert();
    }

    /// The flags that cannot be given together with this one.
    fn conflicts(flag: &str) -> BTreeSet<String> {
        let command = Cli::command();
        let of_flag = command.get_arguments().find(|argument| argument.get_id() == flag).unwrap();
        let conflicts = command.get_arg_conflicts_with(of_flag);
        conflicts.iter().map(|argument| argument.get_id().to_string()).collect()
    }

    #[test]
    fn what_would_be_ignored_with_a_recording_is_refused() {
        const NEED_ANOTHER_FLAG: [&str; 6] =
            ["upstream", "redact", "patience_ms", "repeat_events", "admin_user", "admin_password"];
        for (flag, used) in [
            // --replay says itself that it does not go with it.
            ("record", ["port", "host", "log_format", "replay"]),
            ("replay", ["port", "host", "log_format", "speed"]),
        ] {
            let conflicts = conflicts(flag);
            for argument in Cli::command().get_arguments() {
                let id = argument.get_id().as_str();
                let is_fine = id == flag || used.contains(&id) || NEED_ANOTHER_FLAG.contains(&id);
                assert!(is_fine || conflicts.contains(id), "{flag} and {id}");
            }
        }
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
