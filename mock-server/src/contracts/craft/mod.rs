//! `craft`: activity, finance, notifications and logs, pushed to everyone, on the namespace `/`.

mod everyday;
mod market;
mod resources;
mod rest;

use axum::Router;

use super::{Clients, Context, Contract, Cors, InstallError, USUAL_PING_TIMEOUT};
use crate::dice::Dice;
use crate::listeners::Listeners;
use crate::user::User;
use everyday::Everyday;
use market::Market;
use resources::Resources;

pub(super) const CONTRACT: Contract = Contract {
    name: "craft",
    summary: "activity, finance, notifications and logs for everyone; resources that change",
    namespace: "/",
    endpoints: &[
        "GET /api/resource/:name",
        "PATCH /api/resource/:name",
        "GET /api/clients",
        "POST /api/clients/:id/emit",
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
    context.serve(Audience);
    let resources = Resources::new(context.emitter.clone());
    open_market(context);
    begin_everyday(context, &resources);
    Ok(rest::routes(context.clone(), resources))
}

/// Clients that only listen.
#[derive(Clone, Copy, Debug)]
struct Audience;

impl Clients for Audience {
    fn register(&self, _: &Listeners, _: &User) {}
}

/// Says `finance:quote` at the rate per second.
fn open_market(context: &Context) {
    let mut market = Market::new(own_dice(context, "market"));
    let emitter = context.emitter.clone();
    context.at_rate_per_second(move || {
        let (emitter, quote) = (emitter.clone(), market.next_quote());
        async move { emitter.to_all("finance:quote", quote).await }
    });
}

/// Says all the rest at the rate per minute.
fn begin_everyday(context: &Context, resources: &Resources) {
    let mut everyday = Everyday::new(own_dice(context, "everyday"));
    let (emitter, resources) = (context.emitter.clone(), resources.clone());
    context.at_rate(move || {
        let moment = everyday.next_moment();
        let (emitter, resources) = (emitter.clone(), resources.clone());
        async move {
            for (event, payload) in moment.events {
                emitter.to_all(event, payload).await;
            }
            resources.change("dashboard", moment.dashboard).await;
        }
    });
}

/// Dice of its own: what one generator says does not depend on when the other one draws.
fn own_dice(context: &Context, generator: &str) -> Dice {
    Dice::new(context.config.seed, &format!("craft/{generator}"))
}
