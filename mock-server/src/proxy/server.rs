use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;

use super::book::Book;
use super::config::ProxyConfig;
use super::connections::Connections;
use super::log::Log;
use super::stalls::Stalls;
use super::{Shared, connection, control};
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
    /// let config = ProxyConfig { listen: free, upstream, control: free, rules: Vec::new() };
    /// let proxy = Proxy::start(config).await?;
    /// println!("{} instead of the server's address", proxy.url());
    /// proxy.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start(config: ProxyConfig) -> Result<Self, ProxyError> {
        let (clients, address) = listen(config.listen).await?;
        let (controllers, control) = listen(config.control).await?;
        let shared = Arc::new(shared(config)?);
        let tasks = Tasks::default();
        tasks.spawn(accept(clients, Arc::clone(&shared), tasks.clone()));
        tasks.spawn(serve_control(controllers, shared));
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

fn shared(config: ProxyConfig) -> Result<Shared, ProxyError> {
    let shared = Shared {
        upstream: config.upstream,
        book: Mutex::new(Book::default()),
        connections: Connections::default(),
        stalls: Stalls::default(),
        log: Log::default(),
    };
    for (index, rule) in config.rules.into_iter().enumerate() {
        let number = index + 1;
        shared.add_rule(rule).map_err(|reason| ProxyError::Rule { number, reason })?;
    }
    Ok(shared)
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ProxyError> {
    let listening = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listening.await.map_err(|source| ProxyError::Listen { address, source })
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, tasks: Tasks) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => tasks.spawn(connection::serve(Arc::clone(&shared), client)),
            Err(error) => {
                // Usually no file descriptors are left; a short rest lets some be closed.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

async fn serve_control(listener: TcpListener, shared: Arc<Shared>) {
    if let Err(error) = axum::serve(listener, control::routes(shared)).await {
        tracing::error!(%error, "the control API has ended");
    }
}

const ACCEPT_REST: Duration = Duration::from_millis(50);
