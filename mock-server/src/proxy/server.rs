use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::config::ProxyConfig;
use super::{connection, control};
use crate::faults::{Faults, Scope};
use crate::front;
use crate::tasks::Tasks;

/// A running proxy.
///
/// It runs on the runtime that started it, until [`Proxy::shutdown`] or the end of the runtime.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    control: SocketAddr,
    tasks: Tasks,
}

/// Why a proxy did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// A rule makes no sense.
    #[error("rule {number}: {reason}")]
    Rule {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl Proxy {
    /// Starts a proxy; it accepts connections when this returns.
    ///
    /// The upstream is asked for when the first client comes.
    ///
    /// # Errors
    ///
    /// [`ProxyError`] when an address cannot be listened on, or a rule makes no sense.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use sockeye_mock::{Proxy, ProxyConfig};
    ///
    /// let free = "127.0.0.1:0".parse()?;
    /// let upstream = "127.0.0.1:4000".to_owned();
    /// let rules = Vec::new();
    /// let config = ProxyConfig { listen: free, upstream, control: free, rules, seed: 1 };
    /// let proxy = Proxy::start(config).await?;
    /// println!("{} instead of the server's address", proxy.url());
    /// proxy.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(config: ProxyConfig) -> Result<Self, ProxyError> {
        let (clients, address) = listen(config.listen).await?;
        let (controllers, control) = listen(config.control).await?;
        let faults = Arc::new(Faults::new(Scope::Everything, config.seed));
        faults
            .add_rules(config.rules)
            .map_err(|(number, reason)| ProxyError::Rule { number, reason })?;
        let tasks = Tasks::default();
        let upstream = config.upstream.into();
        tasks.spawn(accept(clients, Arc::clone(&faults), upstream, tasks.clone()));
        tasks.spawn(serve_control(controllers, faults));
        Ok(Self { address, control, tasks })
    }

    /// Returns the URL that takes the server's place, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the control API's URL, without a slash at the end.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Stops accepting and drops all connections.
    pub async fn shutdown(self) {
        self.tasks.stop();
        self.tasks.ended().await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ProxyError> {
    front::bind(address).await.map_err(|source| ProxyError::Listen { address, source })
}

async fn accept(listener: TcpListener, faults: Arc<Faults>, upstream: Arc<str>, tasks: Tasks) {
    loop {
        let (client, _) = front::accept(&listener).await;
        tasks.spawn(connection::serve(Arc::clone(&faults), Arc::clone(&upstream), client));
    }
}

async fn serve_control(listener: TcpListener, faults: Arc<Faults>) {
    if let Err(error) = axum::serve(listener, control::routes(faults)).await {
        tracing::error!(%error, "the control API has ended");
    }
}
