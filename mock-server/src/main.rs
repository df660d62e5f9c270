//! The program `sockeye-mock`; see `--help`.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use sockeye_mock::{
    AdminAccount, Cli, Config, LogFormat, Program, Proxy, ProxyConfig, RecordConfig, Recorder,
    Replay, ReplayConfig, Server,
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.log_format());
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

async fn run(cli: Cli) -> Outcome {
    match cli.into_program()? {
        Program::Mock(config) => run_mock(*config).await,
        Program::Proxy(config) => run_proxy(config).await,
        Program::Record(config) => run_recorder(config).await,
        Program::Replay(config) => run_replay(config).await,
    }
}

async fn run_proxy(config: ProxyConfig) -> Outcome {
    let stop = stop_signal()?;
    let seed = config.seed;
    let proxy = Proxy::start(config).await?;
    tracing::info!("seed {seed} (--seed {seed} repeats this run)");
    say(&format!("listening on {}, control on {}", proxy.url(), proxy.control_url()))?;
    stop.await;
    proxy.shutdown().await;
    Ok(())
}

async fn run_recorder(config: RecordConfig) -> Outcome {
    let stop = stop_signal()?;
    tracing::info!("recording {} in {}", config.upstream, config.file.display());
    let recorder = Recorder::start(config).await?;
    say(&format!("listening on {}", recorder.url()))?;
    stop.await;
    recorder.shutdown().await;
    Ok(())
}

async fn run_replay(config: ReplayConfig) -> Outcome {
    let stop = stop_signal()?;
    let replay = Replay::start(config).await?;
    say(&format!("listening on {}", replay.url()))?;
    stop.await;
    replay.shutdown().await;
    Ok(())
}

async fn run_mock(config: Config) -> Outcome {
    let (seed, account) = (config.seed, config.admin.clone());
    // Before the port opens: whoever reads the line on stdout may signal at once.
    let stop = stop_signal()?;
    let server = Server::start(config).await?;
    announce(&server, seed);
    if let Some((account, url)) = account.zip(server.admin_url()) {
        announce_admin(&account, &url);
    }
    say(&format!("listening on {}", server.url()))?;
    stop.await;
    tracing::info!("shutting down");
    server.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

fn announce(server: &Server, seed: u64) {
    tracing::info!(seed, "--seed {seed} repeats this run");
    for (contract, url) in server.contract_urls() {
        tracing::info!(contract, url, "served");
    }
    for (contract, token) in server.tokens() {
        tracing::info!(contract, token, "a token that works");
    }
}

/// A password that was made up is told here and nowhere else; it is no entry of the log.
fn announce_admin(account: &AdminAccount, url: &str) {
    tracing::info!(url, user = account.user(), "admin UI");
    if let Some(password) = account.random_password() {
        eprintln!("the admin UI's password in this run is {password}");
    }
}

/// Prints the one line.
fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).init(),
    }
}

fn report(error: &dyn std::error::Error) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
}

/// Listens for SIGINT and SIGTERM from now on; the future completes at the first.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "cannot listen for Ctrl-C");
            std::future::pending::<()>().await;
        }
    })
}
