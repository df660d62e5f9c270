//! The proxy's control API: the rules', and what ends connections.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tower_http::cors::CorsLayer;
use utoipa::{OpenApi, ToSchema, openapi};

use crate::faults::{End, Faults, FaultsDocument, control};
use crate::rest::{JsonBody, wrong_method};

/// Builds the routes.
pub fn routes(faults: Arc<Faults>) -> Router {
    Router::new()
        .route("/cut", post(cut))
        .route("/openapi.json", get(async || Json(document())))
        .with_state(Arc::clone(&faults))
        .merge(control::routes(faults))
        .method_not_allowed_fallback(wrong_method)
        .layer(CorsLayer::permissive())
}

/// How connections are to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CutAll {
    #[serde(default)]
    with: End,
}

/// How many connections have been cut.
#[derive(Debug, Serialize, ToSchema)]
struct HasCut {
    cut: usize,
}

/// Ends all connections.
#[utoipa::path(post, path = "/cut", request_body = CutAll, responses((status = 200, body = HasCut)))]
async fn cut(State(faults): State<Arc<Faults>>, JsonBody(cut): JsonBody<CutAll>) -> Json<HasCut> {
    Json(HasCut { cut: faults.connections.cut_all(cut.with) })
}

/// Everything that the proxy's control API has.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "sockeye-mock proxy: control",
        description = "What a test does to connections: faults by rule, and the log that it can wait for."
    ),
    paths(cut)
)]
struct ProxyDocument;

fn document() -> openapi::OpenApi {
    ProxyDocument::openapi().merge_from(FaultsDocument::openapi())
}
