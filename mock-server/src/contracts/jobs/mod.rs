//! `jobs`: job updates with history on the namespace `/jobs`.

mod events;
mod history;
mod rest;
mod rooms;
mod simulator;

use std::future::ready;

use axum::Router;
use serde_json::json;
use socketioxide::extract::{AckSender, SocketRef, TryData};

use super::{Context, Contract, Cors, InstallError};
use crate::args::Args;
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
    context.on_connect(register, |_| ());
    let simulator = Simulator::new(context.clone());
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_random_job();
    });
    Ok(rest::routes(context.clone(), simulator))
}

fn register(socket: &SocketRef) {
    socket.on("subscribe:jobs", |socket: SocketRef, args: TryData<Args>, ack: AckSender| {
        let join = |room: &str| socket.join(room.to_owned());
        answer(ack, change(args, "Subscribed to", join));
        ready(())
    });
    socket.on("unsubscribe:jobs", |socket: SocketRef, args: TryData<Args>, ack: AckSender| {
        let leave = |room: &str| socket.leave(room.to_owned());
        answer(ack, change(args, "Unsubscribed from", leave));
        ready(())
    });
}

/// Applies `change` to the room that the arguments name; returns the room, and a message in any case.
fn change(
    TryData(args): TryData<Args>,
    verb: &str,
    change: impl FnOnce(&str),
) -> Result<(String, String), String> {
    let args = args.map_err(|_| "the payload is not readable".to_owned())?;
    let room = Subscription::parse(args.payload())?.room();
    change(&room);
    let message = format!("{verb} {room}");
    Ok((room, message))
}

fn answer(ack: AckSender, outcome: Result<(String, String), String>) {
    let reply = match outcome {
        Ok((room, message)) => json!({ "success": true, "room": room, "message": message }),
        Err(message) => json!({ "success": false, "room": null, "message": message }),
    };
    if let Err(error) = ack.send(&reply) {
        tracing::debug!(%error, "acknowledgement not delivered");
    }
}
