//! The control API: what a test does to connections, and how it waits.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower_http::cors::CorsLayer;

use super::Shared;
use super::connection::BOTH;
use super::rule::{Direction, End, Rule};
use crate::rest::{JsonBody, Params, RestError, wrong_method};

type Answer = Result<Json<Value>, RestError>;

/// Builds the routes.
pub fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/rules", post(add))
        .route("/rules/{id}", delete(remove))
        .route("/cut", post(cut))
        .route("/stall", post(stall))
        .route("/release", post(release))
        .route("/log", get(log))
        .method_not_allowed_fallback(wrong_method)
        .with_state(shared)
        .layer(CorsLayer::permissive())
}

async fn add(State(shared): State<Arc<Shared>>, JsonBody(rule): JsonBody<Rule>) -> Answer {
    let id = shared.add_rule(rule).map_err(RestError::bad_request)?;
    Ok(Json(json!({ "id": id })))
}

async fn remove(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    if !shared.book().remove(&id) {
        return Err(no_rule(&id));
    }
    Ok(Json(json!({ "id": id })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutAll {
    #[serde(default)]
    with: End,
}

async fn cut(State(shared): State<Arc<Shared>>, JsonBody(cut): JsonBody<CutAll>) -> Json<Value> {
    Json(json!({ "cut": shared.connections.cut_all(cut.with) }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StallAll {
    direction: Option<Direction>,
}

async fn stall(
    State(shared): State<Arc<Shared>>,
    JsonBody(StallAll { direction }): JsonBody<StallAll>,
) -> Json<Value> {
    shared.stalls.stall_all(direction.as_ref().map_or(&BOTH, std::slice::from_ref));
    Json(json!({}))
}

async fn release(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.stalls.release();
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogQuery {
    /// The rule to wait for.
    wait: Option<String>,
    /// Which of its hits.
    hit: Option<u32>,
    timeout_ms: Option<u64>,
}

async fn log(State(shared): State<Arc<Shared>>, Params(query): Params<LogQuery>) -> Answer {
    if let Some(rule) = query.wait {
        if !shared.book().knows(&rule) {
            return Err(no_rule(&rule));
        }
        let hit = query.hit.unwrap_or(1);
        let limit = Duration::from_millis(query.timeout_ms.unwrap_or(WAIT_MS).min(MAX_WAIT_MS));
        timeout(limit, shared.log.applied(&rule, hit)).await.map_err(|_| {
            RestError::timeout(format!("hit {hit} of {rule} did not come in {limit:?}"))
        })?;
    }
    Ok(Json(json!({ "entries": shared.log.entries() })))
}

fn no_rule(id: &str) -> RestError {
    RestError::not_found(format!("there is no rule {id}"))
}

const WAIT_MS: u64 = 10_000;
const MAX_WAIT_MS: u64 = 600_000;
