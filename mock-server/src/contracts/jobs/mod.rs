//! `jobs`: job updates with history on the namespace `/jobs`.

mod events;
mod history;
mod rest;
mod rooms;
mod simulator;
mod store;

use std::future::ready;

use axum::Router;
use serde_json::json;

use super::{Clients, Context, Contract, Cors, InstallError, USUAL_PING_TIMEOUT};
use crate::args::Args;
use crate::emitter::Emitter;
use crate::listeners::{Listeners, Reply, Request};
use crate::sockets::SocketRef;
use crate::user::User;
use rooms::Subscription;
use simulator::Simulator;
use store::Store;

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
    ping_timeout: USUAL_PING_TIMEOUT,
    token: None,
    identifies_events: false,
    codes_refusals: false,
    install,
};

fn install(context: &Context) -> Result<Router, InstallError> {
    let store = Store::new(context.bus.clone());
    context.serve(JobClients { emitter: context.emitter.clone(), store: store.clone() });
    let simulator = Simulator::new(context.clone(), store.clone());
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_random_job();
        ready(())
    });
    Ok(rest::routes(context.clone(), store, simulator))
}

#[derive(Clone, Debug)]
struct JobClients {
    emitter: Emitter,
    store: Store,
}

impl Clients for JobClients {
    fn register(&self, listeners: &Listeners, _: &User) {
        let Self { emitter, store } = self.clone();
        listeners.on("subscribe:jobs", move |Request { socket, args, .. }| {
            reply(change(args, "Subscribed to", |room| {
                emitter.join(socket, room);
                store.subscribed(socket.id.as_str(), room);
            }))
        });
        let Self { emitter, store } = self.clone();
        listeners.on("unsubscribe:jobs", move |Request { socket, args, .. }| {
            reply(change(args, "Unsubscribed from", |room| {
                emitter.leave(socket, room);
                store.unsubscribed(socket.id.as_str(), room);
            }))
        });
    }

    fn greet(&self, socket: &SocketRef, _: &User) {
        self.store.connected(socket.id.as_str());
    }

    fn leave(&self, socket: &SocketRef, _: &User) {
        self.store.disconnected(socket.id.as_str());
    }
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
