//! Ports that are listened on, and what serves an app on one to the end.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};

use super::{Front, Registry, serve};
use crate::tasks::Tasks;

/// Listens on an address; returns which one it is, whose port may have been chosen by the system.
pub async fn bind(address: impl ToSocketAddrs) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Waits for the next connection that can be accepted, and says where it comes from.
pub async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Usually no file descriptors are left; a short rest lets some be closed.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

/// One app that is served without rules.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    registry: Registry,
    tasks: Tasks,
}

impl Running {
    /// Serves `app` on what [`bind`] has returned, until the tasks are stopped.
    #[must_use]
    pub fn start(
        (listener, address): (TcpListener, SocketAddr),
        app: Router,
        tasks: Tasks,
    ) -> Self {
        let registry = Registry::default();
        let front = Front::without_faults(app, registry.clone(), tasks.clone());
        tasks.spawn_to_end(serve(listener, front));
        Self { address, registry, tasks }
    }

    /// Returns the URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops accepting and drops all connections.
    pub async fn shutdown(self) {
        self.tasks.stop();
        self.registry.cut_everything();
        self.tasks.ended().await;
    }
}

const ACCEPT_REST: Duration = Duration::from_millis(50);
