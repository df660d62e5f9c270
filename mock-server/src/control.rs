//! The control API: what a test does to the server and its connections.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::cors::CorsLayer;

use crate::app::Served;
use crate::front::{CutTarget, Listing, Registry};
use crate::helper::Helper;
use crate::rest::{JsonBody, RestError, wrong_method};

/// The control API's routes, for the index.
pub const ENDPOINTS: &[&str] = &[
    "GET /control/connections",
    "POST /control/cut",
    "POST /control/forget",
    "POST /control/retry",
];

/// Builds the control routes; `served` are the contracts that can be named.
pub fn routes(registry: Registry, served: Vec<Served>) -> Router {
    Router::new()
        .route("/control/connections", get(connections))
        .route("/control/cut", post(cut))
        .route("/control/forget", post(forget))
        .route("/control/retry", post(retry))
        .method_not_allowed_fallback(wrong_method)
        .with_state(Control { registry, served })
        .layer(CorsLayer::permissive())
}

#[derive(Clone, Debug)]
struct Control {
    registry: Registry,
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
}

async fn connections(State(control): State<Control>) -> Json<Listing> {
    Json(control.registry.listing())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cut {
    client_id: Option<String>,
    contract: Option<String>,
}

async fn cut(
    State(control): State<Control>,
    JsonBody(cut): JsonBody<Cut>,
) -> Result<Json<Value>, RestError> {
    if let Some(client_id) = &cut.client_id
        && !control.registry.knows_client(client_id)
    {
        return Err(RestError::not_found(format!("no client {client_id} is connected")));
    }
    control.chosen(cut.contract.as_deref())?;
    let target = CutTarget { client_id: cut.client_id, contract: cut.contract };
    let cut = control.registry.cut(&target);
    tracing::info!(cut, ?target, "cut");
    Ok(Json(json!({ "cut": cut })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forget {
    contract: Option<String>,
}

async fn forget(
    State(control): State<Control>,
    JsonBody(forget): JsonBody<Forget>,
) -> Result<Json<Value>, RestError> {
    let helped = control.helped(forget.contract.as_deref())?;
    helped.iter().for_each(|(_, helper)| helper.forget());
    let forgotten: Vec<_> = helped.iter().map(|(entry, _)| entry.contract.name).collect();
    tracing::info!(?forgotten, "forgotten");
    Ok(Json(json!({ "forgotten": forgotten })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Retry {
    after_ms: u64,
    contract: Option<String>,
}

async fn retry(
    State(control): State<Control>,
    JsonBody(retry): JsonBody<Retry>,
) -> Result<Json<Value>, RestError> {
    let helped = control.helped(retry.contract.as_deref())?;
    let told = helped.iter().filter_map(|(entry, helper)| {
        entry.clients().map(|clients| helper.ask_to_wait(&clients, retry.after_ms))
    });
    Ok(Json(json!({ "told": told.sum::<usize>() })))
}
