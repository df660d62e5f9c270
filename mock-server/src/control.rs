//! The control API: what a test does to the server and its connections.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_http::cors::CorsLayer;
use utoipa::openapi::OpenApi;
use utoipa::{OpenApi as _, ToSchema};

use crate::app::Served;
use crate::contracts::Rate;
use crate::faults::control::Mistake;
use crate::faults::{self, Faults, Restart};
use crate::front::{CutTarget, Listing, Registry};
use crate::helper::Helper;
use crate::openapi::ControlDocument;
use crate::rest::{JsonBody, RestError, wrong_method};

/// The control API's routes, for the index.
pub const ENDPOINTS: &[&str] = &[
    "GET /control/connections",
    "POST /control/cut",
    "GET /control/rate",
    "POST /control/rate",
    "POST /control/forget",
    "POST /control/retry",
    "POST /control/restart",
    "GET /control/rules",
    "POST /control/rules",
    "DELETE /control/rules",
    "DELETE /control/rules/{id}",
    "POST /control/stall",
    "POST /control/release",
    "GET /control/log",
    "GET /control/malformed",
    "GET /control/openapi.json",
];

/// Builds the control routes; `served` are the contracts that can be named.
pub fn routes(registry: Registry, faults: Arc<Faults>, served: Vec<Served>) -> Router {
    Router::new()
        .route("/control/connections", get(connections))
        .route("/control/cut", post(cut))
        .route("/control/rate", get(rates).post(set_rate))
        .route("/control/forget", post(forget))
        .route("/control/retry", post(retry))
        .route("/control/restart", post(restart))
        .route("/control/openapi.json", get(async || Json(document())))
        .nest("/control", faults::control::routes(Arc::clone(&faults)))
        .method_not_allowed_fallback(wrong_method)
        .with_state(Control { registry, faults, served })
        .layer(CorsLayer::permissive())
}

/// What the control API works on.
#[derive(Clone, Debug)]
pub struct Control {
    registry: Registry,
    faults: Arc<Faults>,
    served: Vec<Served>,
}

impl Control {
    /// Returns the served contracts of this name, or all.
    fn chosen(&self, name: Option<&str>) -> Result<Vec<&Served>, RestError> {
        let matches = |entry: &&Served| name.is_none_or(|name| name == entry.contract.name);
        let chosen: Vec<_> = self.served.iter().filter(matches).collect();
        match name {
            Some(name) if chosen.is_empty() => {
                Err(RestError::bad_request(format!("contract {name} is not served")))
            }
            Some(_) | None => Ok(chosen),
        }
    }

    /// The same, with their helpers.
    fn helped(&self, name: Option<&str>) -> Result<Vec<(&Served, &Helper)>, RestError> {
        let chosen = self.chosen(name)?.into_iter();
        let helped: Option<Vec<_>> =
            chosen.map(|entry| Some((entry, entry.helper.as_ref()?))).collect();
        helped.ok_or_else(|| RestError::bad_request("the server was started without --helper"))
    }

    /// Returns the served contracts that say something by the second.
    fn paced(&self) -> impl Iterator<Item = &Served> {
        self.served.iter().filter(|entry| entry.rate.is_followed())
    }

    fn rates(&self) -> Rates {
        let rate = |entry: &Served| ContractRate {
            contract: entry.contract.name,
            per_second: entry.rate.get(),
        };
        Rates { rates: self.paced().map(rate).collect() }
    }
}

fn document() -> OpenApi {
    ControlDocument::openapi()
}

/// Lists the connected clients.
#[utoipa::path(get, path = "/control/connections", responses((status = 200, body = Listing)))]
pub async fn connections(State(control): State<Control>) -> Json<Listing> {
    Json(control.registry.listing())
}

/// Whose WebSockets are to be cut; without both all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cut {
    /// The `socket.id` of one client.
    client_id: Option<String>,
    /// One contract.
    contract: Option<String>,
}

/// How many connections have been cut.
#[derive(Debug, Serialize, ToSchema)]
pub struct HasCut {
    cut: usize,
}

/// Breaks the TCP connections of WebSocket clients, without a close frame.
#[utoipa::path(post, path = "/control/cut", request_body = Cut, responses(
    (status = 200, body = HasCut),
    (status = 400, body = Mistake, description = "there is no such contract"),
    (status = 404, body = Mistake, description = "there is no such client")
))]
pub async fn cut(
    State(control): State<Control>,
    JsonBody(cut): JsonBody<Cut>,
) -> Result<Json<HasCut>, RestError> {
    if let Some(client_id) = &cut.client_id
        && !control.registry.knows_client(client_id)
    {
        return Err(RestError::not_found(format!("no client {client_id} is connected")));
    }
    control.chosen(cut.contract.as_deref())?;
    let target = CutTarget { client_id: cut.client_id, contract: cut.contract };
    let cut = control.registry.cut(&target);
    tracing::info!(cut, ?target, "cut");
    Ok(Json(HasCut { cut }))
}

/// How often contracts say what they say by the second: `craft` its quotes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rates {
    rates: Vec<ContractRate>,
}

/// How often one of them does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractRate {
    #[schema(value_type = String)]
    contract: &'static str,
    per_second: u32,
}

/// Lists how often contracts say what they say by the second.
#[utoipa::path(get, path = "/control/rate", responses((status = 200, body = Rates)))]
pub async fn rates(State(control): State<Control>) -> Json<Rates> {
    Json(control.rates())
}

/// How often it is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WantedRate {
    /// So often in a second; with 0 not at all.
    #[schema(maximum = 10_000)]
    per_second: u32,
}

/// Changes it at once; a restart goes back to `--rate`.
#[utoipa::path(post, path = "/control/rate", request_body = WantedRate, responses(
    (status = 200, body = Rates),
    (status = 400, body = Mistake, description = "it is too much, or nothing is said by the second")
))]
pub async fn set_rate(
    State(control): State<Control>,
    JsonBody(WantedRate { per_second }): JsonBody<WantedRate>,
) -> Result<Json<Rates>, RestError> {
    if per_second > Rate::MOST {
        return Err(RestError::bad_request(format!("perSecond is at most {}", Rate::MOST)));
    }
    if control.paced().count() == 0 {
        return Err(RestError::bad_request("no contract that is served has a rate per second"));
    }
    control.paced().for_each(|entry| entry.rate.set(per_second));
    tracing::info!(per_second, "rate");
    Ok(Json(control.rates()))
}

/// Whose memory is to be lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// One contract; without it all.
    contract: Option<String>,
}

/// Which contracts have lost their memory.
#[derive(Debug, Serialize, ToSchema)]
pub struct Forgotten {
    #[schema(value_type = Vec<String>)]
    forgotten: Vec<&'static str>,
}

/// Loses the memory of the server helper.
#[utoipa::path(post, path = "/control/forget", request_body = Forget, responses(
    (status = 200, body = Forgotten),
    (status = 400, body = Mistake, description = "no such contract, or no --helper")
))]
pub async fn forget(
    State(control): State<Control>,
    JsonBody(forget): JsonBody<Forget>,
) -> Result<Json<Forgotten>, RestError> {
    let helped = control.helped(forget.contract.as_deref())?;
    helped.iter().for_each(|(_, helper)| helper.forget());
    let forgotten: Vec<_> = helped.iter().map(|(entry, _)| entry.contract.name).collect();
    tracing::info!(?forgotten, "forgotten");
    Ok(Json(Forgotten { forgotten }))
}

/// When clients are to come again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// In so many milliseconds.
    after_ms: u64,
    /// Only the clients of one contract.
    contract: Option<String>,
}

/// How many clients have been told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    told: usize,
}

/// Asks clients by `sockeye:retry` to come again later.
#[utoipa::path(post, path = "/control/retry", request_body = Retry, responses(
    (status = 200, body = Told),
    (status = 400, body = Mistake, description = "no such contract, or no --helper")
))]
pub async fn retry(
    State(control): State<Control>,
    JsonBody(retry): JsonBody<Retry>,
) -> Result<Json<Told>, RestError> {
    let helped = control.helped(retry.contract.as_deref())?;
    let told = helped.iter().filter_map(|(entry, helper)| {
        entry.clients().map(|clients| helper.ask_to_wait(&clients, retry.after_ms))
    });
    Ok(Json(Told { told: told.sum() }))
}

/// Starts anew: all clients are cut, and everything in memory is lost. Answers when that is done.
#[utoipa::path(post, path = "/control/restart", request_body = Restart, responses(
    (status = 200),
    (status = 400, body = Mistake, description = "it would be down for too long"),
    (status = 500, body = Mistake, description = "it could not start again, and is down until a restart works")
))]
pub async fn restart(
    State(control): State<Control>,
    JsonBody(restart): JsonBody<Restart>,
) -> Result<Json<Value>, RestError> {
    restart.check().map_err(RestError::bad_request)?;
    match control.faults.restart(restart).await {
        Ok(Ok(())) => Ok(Json(json!({}))),
        Ok(Err(reason)) => Err(RestError::internal(format!("not restarted: {reason}"))),
        Err(_) => Err(RestError::internal("not restarted: the server is stopping")),
    }
}
