//! The program `sockeye-mock`; see `--help`.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use sockeye_mock::{Cli, Config, Program, Proxy, ProxyConfig, Server};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
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
        Program::Mock(config) => run_mock(config).await,
        Program::Proxy(config) => run_proxy(config).await,
    }
}

async fn run_proxy(config: ProxyConfig) -> Outcome {
    let stop = stop_signal()?;
    let proxy = Proxy::start(config).await?;
    say(&format!("listening on {}, control on {}", proxy.url(), proxy.control_url()))?;
    stop.await;
    proxy.shutdown().await;
    Ok(())
}

async fn run_mock(config: Config) -> Outcome {
    let seed = config.seed;
    // Before the port opens: whoever reads the line on stdout may signal at once.
    let stop = stop_signal()?;
    let server = Server::start(config).await?;
    announce(&server, seed)?;
    stop.await;
    tracing::info!("shutting down");
    server.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

fn announce(server: &Server, seed: u64) -> io::Result<()> {
    tracing::info!("seed {seed} (--seed {seed} repeats this run)");
    for (contract, url) in server.contract_urls() {
        tracing::info!("{contract}: {url}");
    }
    for (contract, token) in server.tokens() {
        tracing::info!("{contract}: a token that works: {token}");
    }
    say(&format!("listening on {}", server.url()))
}

/// Prints the one line.
fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
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
