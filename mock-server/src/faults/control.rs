//! The HTTP API of rules and the log: what a test does to connections, and how it waits.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::Faults;
use super::hostile::{ALL, Hostile};
use super::log::{Entry, Only};
use super::rule::{Direction, Rule};
use super::stalls::BOTH;
use crate::rest::{JsonBody, Params, PathParam, RestError};

type Answer<T> = Result<Json<T>, RestError>;

/// Builds the routes.
pub fn routes<S: Clone + Send + Sync + 'static>(faults: Arc<Faults>) -> Router<S> {
    Router::new()
        .route("/rules", get(rules).post(add).delete(clear))
        .route("/rules/{id}", delete(remove))
        .route("/stall", post(stall))
        .route("/release", post(release))
        .route("/log", get(log))
        .route("/malformed", get(malformed))
        .with_state(faults)
}

/// A rule by its name.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    id: String,
}

/// A rule in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed {
    #[serde(flatten)]
    rule: Rule,
    /// How often it has applied.
    hits: u32,
}

/// The rules in force, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rules {
    rules: Vec<Listed>,
}

/// Lists the rules in force.
#[utoipa::path(get, path = "/rules", responses((status = 200, body = Rules)))]
pub async fn rules(State(faults): State<Arc<Faults>>) -> Json<Rules> {
    let book = faults.book();
    let rules = book.rules().map(|(rule, hits)| Listed { rule: rule.clone(), hits }).collect();
    Json(Rules { rules })
}

/// Adds a rule; the first that fits a moment decides it.
#[utoipa::path(post, path = "/rules", request_body = Rule, responses(
    (status = 200, body = Named),
    (status = 400, body = Mistake, description = "the rule cannot be read, or makes no sense")
))]
pub async fn add(
    State(faults): State<Arc<Faults>>,
    JsonBody(rule): JsonBody<Rule>,
) -> Answer<Named> {
    let id = faults.add_rule(rule).map_err(RestError::bad_request)?;
    Ok(Json(Named { id }))
}

/// How many rules have been removed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Removed {
    removed: usize,
}

/// Removes all rules.
#[utoipa::path(delete, path = "/rules", responses((status = 200, body = Removed)))]
pub async fn clear(State(faults): State<Arc<Faults>>) -> Json<Removed> {
    Json(Removed { removed: faults.book().clear() })
}

/// Removes a rule.
#[utoipa::path(delete, path = "/rules/{id}", params(("id" = String, Path)), responses(
    (status = 200, body = Named),
    (status = 404, body = Mistake, description = "there is no such rule")
))]
pub async fn remove(
    State(faults): State<Arc<Faults>>,
    PathParam(id): PathParam<String>,
) -> Answer<Named> {
    if !faults.book().remove(&id) {
        return Err(no_rule(&id));
    }
    Ok(Json(Named { id }))
}

/// What is to stand still.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StallAll {
    /// Only this direction; without it both.
    direction: Option<Direction>,
}

/// Stalls all connections, and those that come: nothing goes through, and nothing is closed.
#[utoipa::path(post, path = "/stall", request_body = StallAll, responses((status = 200)))]
pub async fn stall(
    State(faults): State<Arc<Faults>>,
    JsonBody(StallAll { direction }): JsonBody<StallAll>,
) -> Json<Value> {
    faults.arm();
    faults.stalls.stall_all(direction.as_ref().map_or(&BOTH, std::slice::from_ref));
    Json(json!({}))
}

/// Lets everything go on that stands still, also by rule.
#[utoipa::path(post, path = "/release", responses((status = 200)))]
pub async fn release(State(faults): State<Arc<Faults>>) -> Json<Value> {
    faults.stalls.release();
    Json(json!({}))
}

/// What of the log is wanted, and what it is to wait for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// The rule to wait for.
    wait: Option<String>,
    /// Which of its hits; without it the first.
    hit: Option<u32>,
    /// For how long it waits for that, in milliseconds: 10000 without it, 600000 at most; then 504.
    timeout_ms: Option<u64>,
    /// Only what comes after the entry with this number.
    after: Option<u64>,
    /// How long it waits for something to come, in milliseconds; then the list is empty.
    wait_ms: Option<u64>,
    /// Only entries of this kind.
    only: Option<Only>,
    /// Without numbers and times, by connection and direction: the same seed, rules and clients give the same.
    #[serde(default)]
    comparable: bool,
}

/// What has happened, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entries {
    #[schema(value_type = Vec<Entry>)]
    entries: Vec<Value>,
}

/// Tells what has happened: the last 10,000 connections, first lines, frames and hits of rules.
#[utoipa::path(get, path = "/log", params(LogQuery), responses(
    (status = 200, body = Entries),
    (status = 400, body = Mistake, description = "the query makes no sense"),
    (status = 404, body = Mistake, description = "there is no such rule"),
    (status = 504, body = Mistake, description = "the rule has not applied so often in time")
))]
pub async fn log(
    State(faults): State<Arc<Faults>>,
    Params(query): Params<LogQuery>,
) -> Answer<Entries> {
    let after = query.after.unwrap_or_default();
    if let Some(rule) = &query.wait {
        wait_for_hit(&faults, rule, &query).await?;
    }
    if let Some(wait_ms) = query.wait_ms {
        let limit = Duration::from_millis(wait_ms.min(MAX_WAIT_MS));
        // Nothing new is an answer, too.
        let _ = timeout(limit, faults.log.goes_on(after, query.only)).await;
    }
    let entries = faults.log.entries(after, query.only);
    let entries = if query.comparable { comparable(entries) } else { as_json(&entries) };
    Ok(Json(Entries { entries }))
}

async fn wait_for_hit(faults: &Faults, rule: &str, query: &LogQuery) -> Result<(), RestError> {
    if !faults.log.counts(rule) {
        return Err(no_rule(rule));
    }
    let hit = query.hit.unwrap_or(1);
    let limit = Duration::from_millis(query.timeout_ms.unwrap_or(WAIT_MS).min(MAX_WAIT_MS));
    timeout(limit, faults.log.applied(rule, hit))
        .await
        .map_err(|_| RestError::timeout(format!("hit {hit} of {rule} did not come in {limit:?}")))
}

fn as_json(entries: &[Entry]) -> Vec<Value> {
    entries.iter().map(|entry| json!(entry)).collect()
}

/// Which direction is ahead of the other is chance; what each of them says is not.
fn comparable(mut entries: Vec<Entry>) -> Vec<Value> {
    entries.sort_by_key(|entry| (entry.connection, entry.event.direction()));
    let mut entries = as_json(&entries);
    for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
        entry.remove("n");
        entry.remove("atMs");
    }
    entries
}

/// What clients must survive.
#[derive(Debug, Serialize, ToSchema)]
pub struct MalformedList {
    malformed: &'static [Hostile],
}

/// Lists the malformed frames that rules can send by name.
#[utoipa::path(get, path = "/malformed", responses((status = 200, body = MalformedList)))]
pub async fn malformed() -> Json<MalformedList> {
    Json(MalformedList { malformed: ALL })
}

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mistake {
    /// A sentence for people.
    error: String,
}

fn no_rule(id: &str) -> RestError {
    RestError::not_found(format!("there is no rule {id}"))
}

const WAIT_MS: u64 = 10_000;
const MAX_WAIT_MS: u64 = 600_000;
