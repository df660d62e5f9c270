use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;

use super::Contract;
use crate::config::Config;
use crate::dice::Dice;
use crate::emitter::Emitter;
use crate::front::{ConnectionHandle, Registry};
use crate::gate::Gate;
use crate::helper::{Helper, Repeats};
use crate::listeners::Listeners;
use crate::tasks::Tasks;

/// What a contract works with.
#[derive(Clone, Debug)]
pub struct Context {
    /// The server's settings.
    pub config: Arc<Config>,
    /// Sends events to the contract's clients.
    pub emitter: Emitter,
    /// The contract's randomness.
    pub dice: Dice,
    /// Where simulators run.
    pub tasks: Tasks,
    /// What the server helper does for the contract's clients, if it is asked for.
    pub helper: Option<Helper>,
    contract: &'static Contract,
    io: SocketIo,
    registry: Registry,
    gate: Gate,
}

impl Context {
    /// Creates the context of `contract`, whose Socket.IO server is `io`.
    #[must_use]
    pub fn new(
        contract: &'static Contract,
        io: SocketIo,
        config: Arc<Config>,
        registry: Registry,
        tasks: Tasks,
    ) -> Self {
        let dice = Dice::new(config.seed, contract.name);
        // A sequence of its own: other ids must not depend on whether there are event ids.
        let event_dice = Dice::new(config.seed, &format!("{}/events", contract.name));
        let event_ids = config.event_ids.then_some(&event_dice);
        let gate = Gate::default();
        let helper = helper(&config, contract, &gate);
        let emitter =
            Emitter::new(io.clone(), contract.namespace, event_ids, gate.clone(), helper.clone());
        Self { config, emitter, dice, tasks, helper, contract, io, registry, gate }
    }

    /// Registers the contract's namespace.
    ///
    /// `register` adds event listeners, and runs before the client learns that it is connected, so that no
    /// event of an eager client is missed; `greet` runs right after.
    pub fn on_connect(
        &self,
        register: impl Fn(&Listeners) + Clone + Send + Sync + 'static,
        greet: impl Fn(&SocketRef) + Clone + Send + Sync + 'static,
    ) {
        let context = self.clone();
        let connected = move |socket: SocketRef| {
            context.track(&socket);
            context.let_in(&socket);
            greet(&socket);
            ready(())
        };
        let helper = self.helper.clone();
        let before = move |socket: SocketRef, TryData(auth): TryData<Value>| {
            register(&Listeners::new(&socket, helper.as_ref(), auth.ok().as_ref()));
            ready(Ok::<(), std::convert::Infallible>(()))
        };
        self.io.ns(self.contract.namespace, connected.with(before));
    }

    /// Starts `job` at the configured rate per minute, until the server stops.
    pub fn at_rate(&self, job: impl Fn() + Send + 'static) {
        if self.config.rate == 0 {
            return;
        }
        let period = Duration::from_secs(60) / self.config.rate;
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                job();
            }
        });
    }

    /// Lets simulated work take `millis`, scaled by the configured speed.
    pub async fn work(&self, millis: u64) {
        let seconds = Duration::from_millis(millis).as_secs_f64() / self.config.speed;
        tokio::time::sleep(Duration::try_from_secs_f64(seconds).unwrap_or_default()).await;
    }

    /// Returns the path that clients connect to.
    #[must_use]
    pub fn socket_path(&self) -> String {
        format!("{}/socket.io/", self.config.prefix(self.contract.name))
    }

    fn track(&self, socket: &SocketRef) {
        let (registry, contract) = (self.registry.clone(), self.contract.name);
        let gate = self.gate.clone();
        socket.on_disconnect(move |socket: SocketRef| {
            gate.close(&socket);
            registry.client_disconnected(socket.id.to_string(), socket.ns());
            tracing::info!(contract, client = %socket.id, "disconnected");
            ready(())
        });

        let handle = socket.req_parts().extensions.get::<ConnectionHandle>();
        let id = socket.id.to_string();
        self.registry.client_connected(self.contract.name, id, socket.ns(), handle);
        tracing::info!(contract = self.contract.name, client = %socket.id, "connected");

        // The client knows that it is connected before this runs, and may be gone again.
        if !socket.connected() {
            self.registry.client_disconnected(socket.id.to_string(), socket.ns());
        }
    }

    /// Sends what the client gets first, unless it is gone again.
    fn let_in(&self, socket: &SocketRef) {
        self.emitter.greet(socket);
        if !socket.connected() {
            self.gate.close(socket);
        }
    }
}

fn helper(config: &Config, contract: &Contract, gate: &Gate) -> Option<Helper> {
    let repeats = (config.repeat_events > 0.0).then(|| Repeats {
        dice: Dice::new(config.seed, &format!("{}/repeats", contract.name)),
        share: config.repeat_events,
    });
    config.helper.then(|| Helper::new(gate.clone(), repeats))
}
