//! `primes`: a dashboard of batches, jobs and solutions on the namespace `/`.

mod batches;
mod events;
mod rest;
mod simulator;
mod summary_log;
mod watcher;

use std::future::ready;

use axum::Router;
use serde_json::json;

use super::{Clients, Context, Contract, Cors, InstallError, USUAL_PING_TIMEOUT};
use crate::emitter::Emitter;
use crate::listeners::{Listeners, Reply, Request};
use crate::sockets::SocketRef;
use crate::user::User;
use events::{ErrorMessage, SubscriptionConfirmed, Welcome};
use simulator::Simulator;

pub(super) const CONTRACT: Contract = Contract {
    name: "primes",
    summary: "batch and job dashboard: batches, jobs, solutions",
    namespace: "/",
    endpoints: &[
        "GET /api/subscribe",
        "GET /api/subscribe/stats",
        "POST /api/subscribe/test",
        "POST /api/job/next",
    ],
    cors: Cors::Any,
    ping_timeout: USUAL_PING_TIMEOUT,
    token: None,
    identifies_events: false,
    codes_refusals: false,
    install,
};

/// The rooms, which are also the types that a client subscribes to.
const ROOMS: [&str; 3] = ["batches", "jobs", "solutions"];

fn install(context: &Context) -> Result<Router, InstallError> {
    context.serve(PrimesClients(context.emitter.clone()));

    let simulator = Simulator::new(context.clone());
    if let Some(path) = &context.config.summary_log {
        watcher::watch(path, context)?;
    }
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_job(None);
        ready(())
    });
    Ok(rest::routes(context.clone(), simulator))
}

#[derive(Clone, Debug)]
struct PrimesClients(Emitter);

impl Clients for PrimesClients {
    fn register(&self, listeners: &Listeners, _: &User) {
        register(listeners, &self.0);
    }

    fn greet(&self, socket: &SocketRef, _: &User) {
        self.0.to_socket(socket, "welcome", Welcome::new(socket.id.to_string()));
    }
}

fn register(listeners: &Listeners, emitter: &Emitter) {
    for room in ROOMS {
        let confirm = emitter.clone();
        listeners.on(format!("subscribe:{room}"), move |Request { socket, .. }| {
            confirm.join(socket, room);
            confirm.to_socket(socket, CONFIRMED, SubscriptionConfirmed::new(room, true));
            Reply::Done
        });
        let confirm = emitter.clone();
        listeners.on(format!("unsubscribe:{room}"), move |Request { socket, .. }| {
            confirm.leave(socket, room);
            confirm.to_socket(socket, CONFIRMED, SubscriptionConfirmed::new(room, false));
            Reply::Done
        });
    }
    let emitter = emitter.clone();
    listeners.on_unknown(move |request| refuse(&request, &emitter));
}

/// Answers `subscribe:<anything else>` with `error`; other unknown events are ignored, as `socket.io` does.
fn refuse(Request { socket, event, .. }: &Request<'_>, emitter: &Emitter) -> Reply {
    if !event.starts_with("subscribe:") && !event.starts_with("unsubscribe:") {
        return Reply::unknown(event);
    }
    let message = format!("{event}: the types are {}", ROOMS.join(", "));
    let refusal = json!({ "message": message, "code": UNKNOWN_TYPE });
    emitter.to_socket(socket, "error", ErrorMessage::new(message, UNKNOWN_TYPE));
    Reply::Refuse(refusal)
}

const CONFIRMED: &str = "subscription:confirmed";
const UNKNOWN_TYPE: &str = "unknown_type";
