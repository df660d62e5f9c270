//! What the server keeps in memory, from one restart to the next.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::sync::{mpsc, watch};

use crate::app::{self, App, Served};
use crate::bus::Bus;
use crate::config::Config;
use crate::contracts::InstallError;
use crate::faults::{Event, Faults, RestartOrder};
use crate::front::Registry;
use crate::sockets::SocketIo;
use crate::tasks::Tasks;

/// The contracts with all of their state, and what runs for them.
#[derive(Clone, Debug)]
pub struct Life {
    served: Vec<Served>,
    admin: Option<SocketIo>,
    tasks: Tasks,
    bus: Bus,
}

impl Life {
    /// Begins one, with nothing in memory; returns what answers requests in it.
    ///
    /// # Errors
    ///
    /// [`InstallError`] when a contract cannot be served with this configuration.
    pub async fn begin(
        config: &Config,
        registry: &Registry,
        faults: &Arc<Faults>,
    ) -> Result<(Self, Router), InstallError> {
        let tasks = Tasks::default();
        let bus = match &config.redis {
            Some(url) => Bus::connect(url).await?,
            None => Bus::default(),
        };
        let config = Arc::new(config.clone());
        let App { router, served, admin, openings } =
            app::build(&config, &bus, registry, faults, &tasks)?;
        openings.done().await?;
        for contract in &served {
            contract.openings.done().await?;
        }
        Ok((Self { served, admin, tasks, bus }, router))
    }

    /// Closes all clients.
    async fn close(&self) {
        for io in self.served.iter().map(|served| &served.io).chain(&self.admin) {
            io.close().await;
        }
    }

    /// Ends what runs, after the farewells of the clients that were closed: Redis is told of them, too.
    async fn end(&self) {
        self.served.iter().for_each(|served| served.farewells.say_all());
        self.tasks.stop();
        self.tasks.ended().await;
        self.bus.end().await;
    }
}

/// One life after the other.
#[derive(Debug)]
pub struct Lives {
    config: Config,
    registry: Registry,
    faults: Arc<Faults>,
    life: Mutex<Life>,
}

impl Lives {
    /// Starts with `life`.
    #[must_use]
    pub fn new(config: Config, registry: Registry, faults: Arc<Faults>, life: Life) -> Self {
        Self { config, registry, faults, life: Mutex::new(life) }
    }

    /// Restarts whenever that is ordered.
    pub async fn restart_on(
        self: Arc<Self>,
        mut orders: mpsc::UnboundedReceiver<RestartOrder>,
        app: watch::Sender<Router>,
    ) {
        let mut config = self.config.clone();
        while let Some(RestartOrder { restart, done }) = orders.recv().await {
            // It may be back after an order before this one.
            self.faults.set_down(true);
            // A server that restarts does not say again what it has said.
            config.seed = config.seed.wrapping_add(1);
            let pause = Duration::from_millis(restart.down_ms);
            let restarted = self.restart(&config, pause, &app).await;
            match &restarted {
                Ok(()) => self.faults.set_down(false),
                Err(error) => tracing::error!(%error, "not restarted: nobody can connect"),
            }
            // A rule does not wait for it.
            let _ = done.send(restarted.map_err(|error| error.to_string()));
        }
    }

    async fn restart(
        &self,
        config: &Config,
        pause: Duration,
        app: &watch::Sender<Router>,
    ) -> Result<(), InstallError> {
        let cut = self.registry.cut_clients();
        let last = self.current();
        last.close().await;
        last.end().await;
        tokio::time::sleep(pause).await;
        let (life, next) = Life::begin(config, &self.registry, &self.faults).await?;
        *self.life.lock().unwrap_or_else(PoisonError::into_inner) = life;
        drop(app.send_replace(next));
        self.faults.log.record(None, Event::Restarted);
        tracing::info!(cut, "restarted");
        Ok(())
    }

    /// The contracts that are served now.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        self.current().served
    }

    /// Whether the Admin UI is served.
    #[must_use]
    pub fn has_admin(&self) -> bool {
        self.current().admin.is_some()
    }

    /// Closes all clients.
    pub async fn close(&self) {
        self.current().close().await;
    }

    /// Completes when nothing runs any more, once all clients are closed.
    pub async fn end(&self) {
        self.current().end().await;
    }

    fn current(&self) -> Life {
        self.life.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
