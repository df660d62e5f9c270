//! The REST endpoints.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::history::KEPT_UPDATES;
use super::rooms::Subscription;
use super::simulator::{Plan, Simulator};
use super::store::Store;
use crate::contracts::Context;
use crate::contracts::message::Message;
use crate::rest::{JsonBody, Params, PathParam, RestError};

/// Builds the routes.
pub fn routes(context: Context, store: Store, simulator: Simulator) -> Router {
    let jobs = Router::new()
        .route("/api/jobs", post(start))
        .with_state(simulator)
        .route("/api/jobs/{id}/history", get(history))
        .with_state(store);
    let messages = Router::new()
        .route("/api/users/{id}/emit", post(emit_to_user))
        .route("/api/broadcast", post(broadcast))
        .with_state(context);
    jobs.merge(messages)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewJob {
    user_id: Option<String>,
    steps: Option<u64>,
    fail: Option<bool>,
}

async fn start(
    State(simulator): State<Simulator>,
    JsonBody(job): JsonBody<NewJob>,
) -> Result<(StatusCode, Json<Value>), RestError> {
    if job.user_id.as_deref() == Some("") {
        return Err(RestError::bad_request("userId must not be empty"));
    }
    if job.steps.is_some_and(|steps| !(1..=MAX_STEPS).contains(&steps)) {
        return Err(RestError::bad_request(format!("steps must be from 1 to {MAX_STEPS}")));
    }
    let plan = Plan { user_id: job.user_id, steps: job.steps, fail: job.fail };
    let job_id = simulator.start_job(plan);
    Ok((StatusCode::CREATED, Json(json!({ "jobId": job_id }))))
}

#[derive(Debug, Deserialize)]
struct HistoryParams {
    limit: Option<usize>,
}

async fn history(
    State(store): State<Store>,
    PathParam(job_id): PathParam<String>,
    Params(HistoryParams { limit }): Params<HistoryParams>,
) -> Result<Json<Value>, RestError> {
    let limit = limit.unwrap_or(KEPT_UPDATES);
    if !(1..=KEPT_UPDATES).contains(&limit) {
        return Err(RestError::bad_request(format!("limit must be from 1 to {KEPT_UPDATES}")));
    }
    let updates = store.history(&job_id, limit).await;
    let updates = updates.ok_or_else(|| RestError::not_found(format!("no job {job_id}")))?;
    Ok(Json(json!({ "jobId": job_id, "updates": updates })))
}

async fn emit_to_user(
    State(context): State<Context>,
    PathParam(user_id): PathParam<String>,
    JsonBody(message): JsonBody<Message>,
) -> Result<Json<Value>, RestError> {
    let Message { event, data } = message.checked()?;
    context.emitter.to_rooms(vec![Subscription::User(user_id).room()], &event, data).await;
    Ok(Json(json!({ "event": event })))
}

async fn broadcast(
    State(context): State<Context>,
    JsonBody(message): JsonBody<Message>,
) -> Result<Json<Value>, RestError> {
    let Message { event, data } = message.checked()?;
    context.emitter.to_all(&event, data).await;
    Ok(Json(json!({ "event": event })))
}

const MAX_STEPS: u64 = 1_000;
