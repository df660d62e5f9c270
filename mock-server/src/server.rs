use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::config::Config;
use crate::contracts::InstallError;
use crate::faults::{Faults, Scope};
use crate::front::{self, Front, Registry};
use crate::lives::{Life, Lives};
use crate::tasks::Tasks;

/// A running mock server.
///
/// It runs on the runtime that started it, until [`Server::shutdown`] or the end of the runtime.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    lives: Arc<Lives>,
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
    /// A rule of faults makes no sense.
    #[error("rule {number}: {reason}")]
    Rule {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Server {
    /// Starts a server; it accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the port is taken, or the configuration cannot be served.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let listening = front::bind((config.host.as_str(), config.port)).await;
        let (listener, address) = listening.map_err(|error| listen_error(&config, error))?;
        let (registry, tasks) = (Registry::default(), Tasks::default());
        let mut faults = Faults::new(Scope::SocketIo, config.seed);
        let restarts = faults.restarts();
        faults
            .add_rules(config.script.clone())
            .map_err(|(number, reason)| StartError::Rule { number, reason })?;
        let faults = Arc::new(faults);
        let (life, app) = Life::begin(&config, &registry, &faults).await?;
        let (change_app, app) = watch::channel(app);
        let front = Front {
            app,
            registry: registry.clone(),
            faults: Arc::clone(&faults),
            tasks: tasks.clone(),
        };
        let lives = Arc::new(Lives::new(config, registry.clone(), faults, life));
        tasks.spawn(Arc::clone(&lives).restart_on(restarts, change_app));
        tasks.spawn_to_end(front::serve(listener, front));
        Ok(Self { address, lives, registry, tasks })
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
        let served = self.lives.served();
        let contracts = served.iter();
        contracts.map(|s| (s.contract.name, format!("{url}{}/socket.io/", s.prefix))).collect()
    }

    /// Returns a token of the user `ada` for every contract whose clients need one.
    #[must_use]
    pub fn tokens(&self) -> Vec<(&'static str, String)> {
        let served = self.lives.served();
        let contracts = served.iter();
        contracts.filter_map(|s| Some((s.contract.name, s.token.clone()?))).collect()
    }

    /// Returns the address of the Admin UI's page, if it is served.
    #[must_use]
    pub fn admin_url(&self) -> Option<String> {
        self.lives.has_admin().then(|| format!("{}/admin/", self.url()))
    }

    /// Stops accepting, closes all clients, and breaks the connections that do not end by themselves.
    ///
    /// It takes at most two seconds, and as a rule much less.
    pub async fn shutdown(self) {
        self.tasks.stop();
        within(GRACE, async {
            self.lives.close().await;
            self.all_closed().await;
        })
        .await;
        self.registry.cut_everything();
        within(GRACE, async {
            self.all_closed().await;
            self.tasks.ended().await;
        })
        .await;
        within(LAST_WORDS, self.lives.end()).await;
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

fn listen_error(config: &Config, source: io::Error) -> StartError {
    if source.kind() == io::ErrorKind::AddrInUse {
        return StartError::PortTaken { port: config.port };
    }
    StartError::Listen { host: config.host.clone(), port: config.port, source }
}

/// How long clients have to answer a closing handshake.
const GRACE: Duration = Duration::from_millis(400);
/// How long other processes may take to be told of it.
const LAST_WORDS: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(5);
