//! The control API: what a test does to the server and its connections.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::cors::CorsLayer;

use crate::contracts::Contract;
use crate::front::{CutTarget, Listing, Registry};
use crate::rest::{JsonBody, RestError, wrong_method};

/// The control API's routes, for the index.
pub const ENDPOINTS: &[&str] = &["GET /control/connections", "POST /control/cut"];

/// Builds the control routes; `served` are the contracts that can be named.
pub fn routes(registry: Registry, served: Vec<&'static Contract>) -> Router {
    Router::new()
        .route("/control/connections", get(connections))
        .route("/control/cut", post(cut))
        .method_not_allowed_fallback(wrong_method)
        .with_state(Control { registry, served })
        .layer(CorsLayer::permissive())
}

#[derive(Clone, Debug)]
struct Control {
    registry: Registry,
    served: Vec<&'static Contract>,
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
    if let Some(name) = &cut.contract
        && !control.served.iter().any(|contract| contract.name == name)
    {
        return Err(RestError::bad_request(format!("contract {name} is not served")));
    }
    let target = CutTarget { client_id: cut.client_id, contract: cut.contract };
    let cut = control.registry.cut(&target);
    tracing::info!(cut, ?target, "cut");
    Ok(Json(json!({ "cut": cut })))
}
