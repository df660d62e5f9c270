//! `primes`: a dashboard of batches, jobs and solutions on the namespace `/`.

mod batches;
mod events;
mod rest;
mod simulator;
mod summary_log;
mod watcher;

use std::future::ready;

use axum::Router;
use socketioxide::extract::{Event, SocketRef, TryData};

use super::{Context, Contract, Cors, InstallError};
use crate::args::Args;
use crate::emitter::Emitter;
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
    install,
};

/// The rooms, which are also the types that a client subscribes to.
const ROOMS: [&str; 3] = ["batches", "jobs", "solutions"];

fn install(context: &Context) -> Result<Router, InstallError> {
    let emitter = context.emitter.clone();
    let greeter = context.emitter.clone();
    context.on_connect(
        move |socket| register(socket, &emitter),
        move |socket| greeter.to_socket(socket, "welcome", Welcome::new(socket.id.to_string())),
    );

    let simulator = Simulator::new(context.clone());
    if let Some(path) = &context.config.summary_log {
        watcher::watch(path, context)?;
    }
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_job(None);
    });
    Ok(rest::routes(context.clone(), simulator))
}

fn register(socket: &SocketRef, emitter: &Emitter) {
    for room in ROOMS {
        let confirm = emitter.clone();
        socket.on(format!("subscribe:{room}"), move |socket: SocketRef| {
            socket.join(room);
            confirm.to_socket(&socket, CONFIRMED, SubscriptionConfirmed::new(room, true));
            ready(())
        });
        let confirm = emitter.clone();
        socket.on(format!("unsubscribe:{room}"), move |socket: SocketRef| {
            socket.leave(room);
            confirm.to_socket(&socket, CONFIRMED, SubscriptionConfirmed::new(room, false));
            ready(())
        });
    }
    refuse_unknown_types(socket, emitter.clone());
}

/// Answers `subscribe:<anything else>` with `error`; other unknown events are ignored, as `socket.io` does.
fn refuse_unknown_types(socket: &SocketRef, emitter: Emitter) {
    socket.on_fallback(move |socket: SocketRef, Event(event): Event, _: TryData<Args>| {
        if event.starts_with("subscribe:") || event.starts_with("unsubscribe:") {
            let message = format!("{event}: the types are {}", ROOMS.join(", "));
            emitter.to_socket(&socket, "error", ErrorMessage::new(message, "unknown_type"));
        }
        ready(())
    });
}

const CONFIRMED: &str = "subscription:confirmed";
