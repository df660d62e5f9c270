//! `jobs`: job updates with history on the namespace `/jobs`.

mod events;
mod history;
mod rest;
mod rooms;
mod simulator;

use axum::Router;
use serde_json::json;

use super::{Context, Contract, Cors, InstallError};
use crate::args::Args;
use crate::emitter::Emitter;
use crate::listeners::{Listeners, Reply, Request};
use rooms::Subscription;
use simulator::Simulator;

pub(super) const CONTRACT: Contract = Contract {
    name: "jobs",
    summary: "job updates with history, for a job, a user, or all",
    namespace: "/jobs",
    endpoints: &[
        "POST /api/jobs",
        "GET /api/jobs/:id/history?limit=",
        "POST /api/users/:id/emit",
        "POST /api/broadcast",
    ],
    cors: Cors::Configured,
    install,
};

fn install(context: &Context) -> Result<Router, InstallError> {
    let emitter = context.emitter.clone();
    context.on_connect(move |listeners| register(listeners, &emitter), |_| ());
    let simulator = Simulator::new(context.clone());
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_random_job();
    });
    Ok(rest::routes(context.clone(), simulator))
}

fn register(listeners: &Listeners, emitter: &Emitter) {
    let emitter = emitter.clone();
    listeners.on("subscribe:jobs", move |Request { socket, args, .. }| {
        reply(change(args, "Subscribed to", |room| emitter.join(socket, room)))
    });
    listeners.on("unsubscribe:jobs", |Request { socket, args, .. }| {
        reply(change(args, "Unsubscribed from", |room| socket.leave(room.to_owned())))
    });
}

/// Applies `change` to the room that the arguments name; returns the room, and a message in any case.
fn change(
    args: Option<Args>,
    verb: &str,
    change: impl FnOnce(&str),
) -> Result<(String, String), String> {
    let args = args.ok_or_else(|| "the payload is not readable".to_owned())?;
    let room = Subscription::parse(args.payload())?.room();
    change(&room);
    let message = format!("{verb} {room}");
    Ok((room, message))
}

fn reply(outcome: Result<(String, String), String>) -> Reply {
    Reply::Acknowledge(match outcome {
        Ok((room, message)) => json!({ "success": true, "room": room, "message": message }),
        Err(message) => json!({ "success": false, "room": null, "message": message }),
    })
}
