//! `realtime`: search, model streaming, tasks and presence, for each user, on the namespace `/`.

mod hub;
mod presence;
mod protocol;
mod rest;
mod running;
mod simulator;
mod texts;
mod workers;

use std::future::ready;

use axum::Router;
use serde_json::{Value, json};

use super::jwt::{self, Claims};
use super::{Clients, Context, Contract, Cors, InstallError, USUAL_PING_TIMEOUT};
use crate::args::Args;
use crate::clock::milliseconds;
use crate::config::Config;
use crate::listeners::{Listeners, Reply, Request};
use crate::sockets::SocketRef;
use crate::user::{Refusal, User};
use hub::{Hub, room};
use protocol::{
    CANCEL_TASK, InvalidPayload, START_SEARCH, ServerEvent, StartSearch, TAB_UPDATE, tab_update,
    task_id,
};
use simulator::Simulator;

pub(super) const CONTRACT: Contract = Contract {
    name: "realtime",
    summary: "search, model streaming, tasks and presence, for each user",
    namespace: "/",
    endpoints: &[
        "POST /api/tokens",
        "POST /api/events",
        "POST /api/tasks",
        "POST /api/downloads",
        "GET /api/users",
        "POST /api/users/:id/presence",
    ],
    cors: Cors::Configured,
    ping_timeout: USUAL_PING_TIMEOUT,
    token: Some(|config, user| token(config, user, None)),
    identifies_events: true,
    codes_refusals: true,
    install,
};

fn install(context: &Context) -> Result<Router, InstallError> {
    let hub = Hub::new(context.clone());
    let simulator = Simulator::new(hub.clone());
    context.serve(RealtimeClients { hub: hub.clone(), simulator: simulator.clone() });
    context.openings.add(workers::listen(hub.clone()));
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_something();
        ready(())
    });
    Ok(rest::routes(hub, simulator))
}

/// Returns a token of a user, which ends at `exp`, in seconds since 1970.
fn token(config: &Config, user: &str, exp: Option<f64>) -> String {
    jwt::sign(&config.secret, &Claims { sub: user.to_owned(), exp })
}

#[derive(Clone, Debug)]
struct RealtimeClients {
    hub: Hub,
    simulator: Simulator,
}

impl Clients for RealtimeClients {
    fn admit(&self, _: &SocketRef, auth: Option<&Value>) -> Result<User, Refusal> {
        let token = auth.and_then(|auth| auth.get("token")).and_then(Value::as_str);
        let secret = &self.hub.context().config.secret;
        jwt::verify(secret, token.ok_or(Refusal::Unauthorized)?, milliseconds())
    }

    fn register(&self, listeners: &Listeners, user: &User) {
        let (simulator, owner) = (self.simulator.clone(), user.clone());
        listeners.on(START_SEARCH, move |Request { args, .. }| {
            let search = StartSearch::parse(&payload(args));
            let started = search.map(|search| start_search(&simulator, &owner, search));
            Reply::Acknowledge(started.unwrap_or_else(invalid_payload))
        });
        let (hub, owner) = (self.hub.clone(), user.clone());
        listeners.on(CANCEL_TASK, move |Request { args, .. }| {
            let cancelled = task_id(&payload(args)).map(|task| hub.cancel(&owner, task));
            let answer = cancelled.map(|cancelled| json!({ "cancelled": cancelled }));
            Reply::Acknowledge(answer.unwrap_or_else(invalid_payload))
        });
        let (hub, owner) = (self.hub.clone(), user.clone());
        listeners.on(TAB_UPDATE, move |Request { socket, args, .. }| {
            match tab_update(&payload(args)) {
                Ok(update) => hub.tell_others(socket, &owner, &update),
                Err(invalid) => return Reply::Acknowledge(invalid_payload(invalid)),
            }
            Reply::Done
        });
    }

    fn greet(&self, socket: &SocketRef, user: &User) {
        let emitter = &self.hub.context().emitter;
        emitter.join(socket, &room(user));
        let connected =
            ServerEvent::Connected { socket_id: socket.id.to_string(), user_id: user.0.clone() };
        self.hub.tell_client(socket, &connected);
        self.hub.arrive(socket, user);
    }

    fn leave(&self, socket: &SocketRef, user: &User) {
        self.hub.leave(socket, user);
    }
}

fn start_search(simulator: &Simulator, user: &User, search: StartSearch) -> Value {
    let job_id = search.job_id.clone();
    match simulator.start_search(user, search) {
        Ok(()) => json!({ "jobId": job_id }),
        Err(wait) => json!({
            "error": "rate_limited",
            "retryAfterMs": u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1),
        }),
    }
}

fn payload(args: Option<Args>) -> Value {
    args.map(Args::payload).unwrap_or_default()
}

fn invalid_payload(InvalidPayload(field): InvalidPayload) -> Value {
    json!({ "error": "invalid_payload", "field": field })
}
