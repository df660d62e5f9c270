use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::app::{self, Served};
use crate::config::Config;
use crate::contracts::InstallError;
use crate::front::{self, Registry};
use crate::tasks::Tasks;

/// A running mock server.
///
/// It runs on the runtime that started it, until [`Server::shutdown`] or the end of the runtime.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    served: Vec<Served>,
    registry: Registry,
    tasks: Tasks,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on the port.
    #[error("port {port} is already in use; choose another one with --port N (0 takes a free one)")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {host}:{port}")]
    Listen {
        /// The host, as configured.
        host: String,
        /// The port.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// A contract cannot be served with this configuration.
    #[error(transparent)]
    Install(#[from] InstallError),
}

impl Server {
    /// Starts a server; it accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the port is taken, or the configuration cannot be served.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listener = listen(&config).await?;
        let address = listener.local_addr().map_err(|error| listen_error(&config, error))?;
        let (registry, tasks) = (Registry::default(), Tasks::default());
        let (app, served) = app::build(&Arc::new(config), &registry, &tasks)?;
        tasks.spawn_to_end(front::serve(listener, app, registry.clone(), tasks.clone()));
        Ok(Self { address, served, registry, tasks })
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the server's URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the name and the Socket.IO URL (without namespace) of every contract that is served.
    #[must_use]
    pub fn contract_urls(&self) -> Vec<(&'static str, String)> {
        let url = self.url();
        let contracts = self.served.iter();
        contracts.map(|s| (s.contract.name, format!("{url}{}/socket.io/", s.prefix))).collect()
    }

    /// Returns a token of the user `ada` for every contract whose clients need one.
    #[must_use]
    pub fn tokens(&self) -> Vec<(&'static str, String)> {
        let contracts = self.served.iter();
        contracts.filter_map(|s| Some((s.contract.name, s.token.clone()?))).collect()
    }

    /// Stops accepting, closes all clients, and breaks the connections that do not end by themselves.
    ///
    /// It takes at most a second.
    pub async fn shutdown(self) {
        self.tasks.stop();
        within(GRACE, async {
            for served in &self.served {
                served.io.close().await;
            }
            self.all_closed().await;
        })
        .await;
        self.registry.cut_everything();
        within(GRACE, async {
            self.all_closed().await;
            self.tasks.ended().await;
        })
        .await;
    }

    async fn all_closed(&self) {
        while self.registry.open_connections() > 0 {
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn within(limit: Duration, work: impl Future<Output = ()>) {
    if tokio::time::timeout(limit, work).await.is_err() {
        tracing::debug!("not everything ended in time");
    }
}

async fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let address = (config.host.as_str(), config.port);
    TcpListener::bind(address).await.map_err(|error| listen_error(config, error))
}

fn listen_error(config: &Config, source: io::Error) -> StartError {
    if source.kind() == io::ErrorKind::AddrInUse {
        return StartError::PortTaken { port: config.port };
    }
    StartError::Listen { host: config.host.clone(), port: config.port, source }
}

/// How long clients have to answer a closing handshake.
const GRACE: Duration = Duration::from_millis(400);
const POLL: Duration = Duration::from_millis(5);
