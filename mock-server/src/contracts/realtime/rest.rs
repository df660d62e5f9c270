//! The REST endpoints, which a test or a worker uses; clients speak Socket.IO.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::hub::Hub;
use super::simulator::Simulator;
use super::token;
use super::workers::WorkerEvent;
use crate::clock::milliseconds;
use crate::contracts::message::check_event;
use crate::rest::{JsonBody, PathParam, RestError};
use crate::user::User;

type Created = Result<(StatusCode, Json<Value>), RestError>;

/// Builds the routes.
pub fn routes(hub: Hub, simulator: Simulator) -> Router {
    let users = Router::new()
        .route("/api/tokens", post(new_token))
        .route("/api/events", post(publish))
        .route("/api/users", get(everyone))
        .route("/api/users/{id}/presence", post(set_presence))
        .with_state(hub);
    let work = Router::new()
        .route("/api/tasks", post(start_task))
        .route("/api/downloads", post(start_download))
        .with_state(simulator);
    users.merge(work)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewToken {
    #[serde(default)]
    user_id: String,
    expires_in_ms: Option<i64>,
}

async fn new_token(State(hub): State<Hub>, JsonBody(new): JsonBody<NewToken>) -> Created {
    let user = checked_user(new.user_id)?;
    let ends = |expires_in| milliseconds().saturating_add(expires_in) as f64 / 1_000.0;
    let token = token(&hub.context().config, &user.0, new.expires_in_ms.map(ends));
    created("token", token)
}

/// What a worker publishes on `realtime:events`.
async fn publish(
    State(hub): State<Hub>,
    JsonBody(WorkerEvent { event, user_id, payload, .. }): JsonBody<WorkerEvent>,
) -> Result<Json<Value>, RestError> {
    check_event(&event)?;
    hub.publish(&checked_user(user_id)?, &event, payload).await;
    Ok(Json(json!({ "event": event })))
}

async fn everyone(State(hub): State<Hub>) -> Json<Value> {
    let everyone = hub.everyone().into_iter();
    let users = everyone.map(|(user, status)| json!({ "userId": user.0, "status": status }));
    Json(json!({ "users": users.collect::<Vec<_>>() }))
}

#[derive(Debug, Deserialize)]
struct NewPresence {
    #[serde(default)]
    status: String,
}

async fn set_presence(
    State(hub): State<Hub>,
    PathParam(id): PathParam<String>,
    JsonBody(NewPresence { status }): JsonBody<NewPresence>,
) -> Result<Json<Value>, RestError> {
    let away = match status.as_str() {
        "away" => true,
        "online" => false,
        _ => return Err(RestError::bad_request("status must be online or away")),
    };
    let user = User(id);
    if hub.everyone().iter().all(|(other, _)| *other != user) {
        return Err(RestError::not_found(format!("no client of {} is connected", user.0)));
    }
    hub.set_away(&user, away);
    Ok(Json(json!({ "userId": user.0, "status": status })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewTask {
    #[serde(default)]
    user_id: String,
    steps: Option<u64>,
}

async fn start_task(
    State(simulator): State<Simulator>,
    JsonBody(new): JsonBody<NewTask>,
) -> Created {
    check_range("steps", new.steps, MAX_STEPS)?;
    created("taskId", simulator.start_task(&checked_user(new.user_id)?, new.steps))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewDownload {
    #[serde(default)]
    user_id: String,
    total: Option<u64>,
}

async fn start_download(
    State(simulator): State<Simulator>,
    JsonBody(new): JsonBody<NewDownload>,
) -> Created {
    check_range("total", new.total, MAX_BYTES)?;
    created("downloadId", simulator.start_download(&checked_user(new.user_id)?, new.total))
}

fn created(field: &str, value: String) -> Created {
    Ok((StatusCode::CREATED, Json(json!({ field: value }))))
}

fn checked_user(id: String) -> Result<User, RestError> {
    if id.is_empty() {
        return Err(RestError::bad_request("userId must be a non-empty string"));
    }
    Ok(User(id))
}

fn check_range(field: &str, value: Option<u64>, most: u64) -> Result<(), RestError> {
    if value.is_some_and(|value| !(1..=most).contains(&value)) {
        return Err(RestError::bad_request(format!("{field} must be from 1 to {most}")));
    }
    Ok(())
}

const MAX_STEPS: u64 = 1_000;

/// What JavaScript can hold exactly.
const MAX_BYTES: u64 = (1 << 53) - 1;
