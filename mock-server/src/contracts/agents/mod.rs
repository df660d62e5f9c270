//! `agents`: jobs of AI agents, for the members of a project, on the namespace `/`.

mod access;
mod events;
mod rest;
mod simulator;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use serde_json::{Value, json};

use super::{Clients, Context, Contract, Cors, InstallError};
use crate::args::Args;
use crate::config::Config;
use crate::emitter::Emitter;
use crate::listeners::{Listeners, Reply, Request};
use crate::sockets::SocketRef;
use crate::user::{Refusal, User};
use simulator::Simulator;

pub(super) const CONTRACT: Contract = Contract {
    name: "agents",
    summary: "jobs of AI agents, for the members of a project",
    namespace: "/",
    endpoints: &["POST /api/agents/jobs", "GET /api/agents/projects", "POST /api/agents/tokens"],
    cors: Cors::Any,
    ping_timeout: Duration::from_secs(60),
    token: Some(|config, user| access::token(&config.secret, user)),
    identifies_events: false,
    codes_refusals: false,
    install,
};

fn install(context: &Context) -> Result<Router, InstallError> {
    let clients = AgentClients { emitter: context.emitter.clone(), config: context.config.clone() };
    context.serve(clients);
    let simulator = Simulator::new(context.clone());
    let scheduled = simulator.clone();
    context.at_rate(move || {
        scheduled.start_random_job();
        ready(())
    });
    Ok(rest::routes(context.config.clone(), simulator))
}

#[derive(Clone, Debug)]
struct AgentClients {
    emitter: Emitter,
    config: Arc<Config>,
}

impl Clients for AgentClients {
    fn admit(&self, socket: &SocketRef, _: Option<&Value>) -> Result<User, Refusal> {
        access::user_of(&socket.req_parts().uri, &self.config.secret).ok_or(Refusal::Unauthorized)
    }

    fn register(&self, listeners: &Listeners, user: &User) {
        let (clients, member) = (self.clone(), user.clone());
        listeners.on("subscribe_project", move |Request { socket, args, .. }| {
            let project = project_id(args.map(Args::payload));
            match project.and_then(|project| clients.check_member(&member, project)) {
                Ok(project) => clients.emitter.join(socket, &room(&project)),
                Err(message) => return clients.refuse(socket, message),
            }
            Reply::Done
        });
        let clients = self.clone();
        listeners.on("unsubscribe_project", move |Request { socket, args, .. }| {
            match project_id(args.map(Args::payload)) {
                Ok(project) => clients.emitter.leave(socket, &room(&project)),
                Err(message) => return clients.refuse(socket, message),
            }
            Reply::Done
        });
    }
}

impl AgentClients {
    /// Says the same of a project that there is not: whoever is no member learns nothing of it.
    fn check_member(&self, User(user): &User, project: String) -> Result<String, String> {
        let members = self.config.projects.get(&project);
        if members.is_some_and(|members| members.contains(user)) {
            return Ok(project);
        }
        Err(format!("{user} is not a member of the project {project}"))
    }

    fn refuse(&self, socket: &SocketRef, message: String) -> Reply {
        let refusal = json!({ "message": message });
        self.emitter.to_socket(socket, "error", &refusal);
        Reply::Refuse(refusal)
    }
}

fn project_id(payload: Option<Value>) -> Result<String, String> {
    match payload.as_ref().and_then(|payload| payload.get("project_id")) {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        Some(_) | None => Err("the payload must be {project_id}, a non-empty string".to_owned()),
    }
}

fn room(project: &str) -> String {
    format!("project:{project}")
}
