use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use socketioxide::extract::TryData;
use socketioxide::handler::ConnectHandler;
use socketioxide::socket::DisconnectReason;

use super::farewells::Farewells;
use super::rate::Rate;
use super::{Clients, Contract};
use crate::bus::Bus;
use crate::config::Config;
use crate::dice::Dice;
use crate::emitter::{Emitter, Namespace};
use crate::front::{ConnectionHandle, Registry};
use crate::gate::Gate;
use crate::helper::{Helper, Repeats};
use crate::listeners::Listeners;
use crate::monitor::Monitor;
use crate::sockets::{Openings, SocketIo, SocketRef};
use crate::tasks::Tasks;
use crate::user::User;

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
    /// Who is told what happens to the contract's clients.
    pub monitor: Monitor,
    /// Reaches other processes.
    pub bus: Bus,
    /// What must be open before clients may come.
    pub openings: Openings,
    /// What is still to be done when clients go.
    pub farewells: Farewells,
    /// What is said so often in a second.
    pub rate: Rate,
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
        bus: Bus,
        registry: Registry,
        tasks: Tasks,
        monitor: Monitor,
    ) -> Self {
        let dice = Dice::new(config.seed, contract.name);
        // A sequence of its own: other ids must not depend on whether there are event ids.
        let event_dice = Dice::new(config.seed, &format!("{}/events", contract.name));
        let event_ids = (config.event_ids && !contract.identifies_events).then_some(&event_dice);
        let gate = Gate::new(monitor.clone());
        let helper = helper(&config, contract, &gate);
        let is_shared = bus.is_shared();
        let clients = Namespace { io: io.clone(), name: contract.namespace, is_shared };
        let emitter =
            Emitter::new(clients, event_ids, gate.clone(), helper.clone(), monitor.clone());
        let openings = Openings::default();
        let rate = Rate::new(config.rate);
        Self {
            config,
            emitter,
            dice,
            tasks,
            helper,
            monitor,
            bus,
            openings,
            farewells: Farewells::default(),
            rate,
            contract,
            io,
            registry,
            gate,
        }
    }

    /// Registers the contract's namespace, whose clients are served by `clients`.
    pub fn serve(&self, clients: impl Clients) {
        let (context, greeter) = (self.clone(), clients.clone());
        let connected = move |socket: SocketRef| {
            let user = socket.extensions.get::<User>().unwrap_or_default();
            context.track(&socket, &greeter, &user);
            context.emitter.greet(&socket);
            greeter.greet(&socket, &user);
            // The client knows that it is connected before this runs, and may be gone again.
            if !socket.connected() && context.farewells.take(socket.id) {
                context.forget(&socket, &greeter, &user, None);
            }
            ready(())
        };
        let (helper, monitor) = (self.helper.clone(), self.monitor.clone());
        let before = move |socket: SocketRef, TryData(auth): TryData<Value>| {
            let admitted = clients.admit(&socket, auth.ok().as_ref());
            if admitted.is_err() {
                monitor.refused();
            }
            ready(admitted.map(|user| {
                let listeners = Listeners::new(&socket, helper.as_ref(), &user, &monitor);
                clients.register(&listeners, &user);
                socket.extensions.insert(user);
            }))
        };
        self.openings.add_namespace(self.io.ns(self.contract.namespace, connected.with(before)));
    }

    /// Does `work` at the configured rate per minute, until the server stops.
    pub fn at_rate<F: Future<Output = ()> + Send + 'static>(
        &self,
        mut work: impl FnMut() -> F + Send + 'static,
    ) {
        if self.config.rate == 0 {
            return;
        }
        let period = Duration::from_secs(60) / self.config.rate;
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(period).await;
                work().await;
            }
        });
    }

    /// Does `work` at the contract's [`Rate`] per second, until the server stops.
    pub fn at_rate_per_second<F: Future<Output = ()> + Send + 'static>(
        &self,
        work: impl FnMut() -> F + Send + 'static,
    ) {
        self.tasks.spawn(self.rate.follow(work));
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

    fn track(&self, socket: &SocketRef, clients: &impl Clients, user: &User) {
        self.monitor.connected(socket, user);
        self.farewells.add(socket.id, {
            let (context, socket) = (self.clone(), socket.clone());
            let (clients, user) = (clients.clone(), user.clone());
            move || context.forget(&socket, &clients, &user, None)
        });
        let (context, clients, user) = (self.clone(), clients.clone(), user.clone());
        socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
            if context.farewells.take(socket.id) {
                context.forget(&socket, &clients, &user, Some(reason));
            }
            let contract = context.contract.name;
            tracing::info!(contract, client = %socket.id, ?reason, "disconnected");
            ready(())
        });

        let handle = socket.req_parts().extensions.get::<ConnectionHandle>();
        let id = socket.id.to_string();
        self.registry.client_connected(self.contract.name, id, socket.ns(), handle);
        tracing::info!(contract = self.contract.name, client = %socket.id, "connected");
    }

    fn forget(
        &self,
        socket: &SocketRef,
        clients: &impl Clients,
        user: &User,
        reason: Option<DisconnectReason>,
    ) {
        self.monitor.disconnected(socket, reason);
        self.gate.close(socket);
        self.registry.client_disconnected(socket.id.to_string(), socket.ns());
        clients.leave(socket, user);
    }
}

fn helper(config: &Config, contract: &Contract, gate: &Gate) -> Option<Helper> {
    let repeats = (config.repeat_events > 0.0).then(|| Repeats {
        dice: Dice::new(config.seed, &format!("{}/repeats", contract.name)),
        share: config.repeat_events,
    });
    config.helper.then(|| Helper::new(gate.clone(), repeats))
}
