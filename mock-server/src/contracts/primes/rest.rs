//! The REST endpoints.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ROOMS;
use super::events::{Broadcast, JobEnded, JobStarted};
use super::simulator::Simulator;
use crate::clock::timestamp;
use crate::contracts::Context;
use crate::rest::{JsonBody, RestError};

/// Builds the routes.
pub fn routes(context: Context, simulator: Simulator) -> Router {
    let subscribe = Router::new()
        .route("/api/subscribe", get(info))
        .route("/api/subscribe/stats", get(stats))
        .route("/api/subscribe/test", post(test_event))
        .with_state(context);
    let jobs = Router::new().route("/api/job/next", post(next_job)).with_state(simulator);
    subscribe.merge(jobs)
}

async fn info(State(context): State<Context>) -> Json<Value> {
    Json(json!({
        "path": context.socket_path(),
        "namespace": "/",
        "transports": ["polling", "websocket"],
        "rooms": ROOMS,
        "events": { "clientToServer": client_events(), "serverToClient": SERVER_EVENTS },
        "testEventTypes": TEST_TYPES,
        "connectedClients": context.emitter.count(None),
    }))
}

async fn stats(State(context): State<Context>) -> Json<Value> {
    let subscriptions: Map<String, Value> = ROOMS
        .into_iter()
        .map(|room| (room.to_owned(), context.emitter.count(Some(room)).into()))
        .collect();
    Json(json!({
        "connectedClients": context.emitter.count(None),
        "subscriptions": subscriptions,
    }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestEvent {
    event_type: Option<String>,
    #[serde(default)]
    data: Map<String, Value>,
}

async fn test_event(
    State(context): State<Context>,
    JsonBody(test): JsonBody<TestEvent>,
) -> Result<Json<Value>, RestError> {
    let event_type = test.event_type.unwrap_or_default();
    let broadcast = broadcast_of(&event_type, test.data, &context)?;
    let (event, payload) = broadcast.emit(&context.emitter).await;
    Ok(Json(json!({ "eventType": event_type, "event": event, "payload": payload })))
}

/// Builds the event of that type; what `data` leaves out is made up.
fn broadcast_of(
    event_type: &str,
    mut data: Map<String, Value>,
    context: &Context,
) -> Result<Broadcast, RestError> {
    let dice = &context.dice;
    let with_id = |mut fields: Map<String, Value>, prefix| {
        fields.entry("id").or_insert_with(|| dice.id(prefix).into());
        fields
    };
    Ok(match event_type {
        "batch_added" => Broadcast::BatchAdded(with_id(data, "batch")),
        "batch_updated" => Broadcast::BatchUpdated(with_id(data, "batch")),
        "solution_found" => Broadcast::SolutionFound(with_id(data, "solution")),
        "job_started" => Broadcast::JobStarted(JobStarted {
            job_id: take_text(&mut data, "jobId")?.unwrap_or_else(|| dice.id("job")),
            pid: take_number(&mut data, "pid")?.unwrap_or_else(|| dice.within(1_000..=32_768)),
        }),
        "job_completed" => Broadcast::JobCompleted(job_ended(data, 0, dice.id("job"))?),
        "job_failed" => Broadcast::JobFailed(job_ended(data, 1, dice.id("job"))?),
        _ => return Err(unknown_type()),
    })
}

fn job_ended(
    mut data: Map<String, Value>,
    exit_code: i64,
    job_id: String,
) -> Result<JobEnded, RestError> {
    let error = take_text(&mut data, "error")?;
    Ok(JobEnded {
        job_id: take_text(&mut data, "jobId")?.unwrap_or(job_id),
        exit_code: match data.remove("exitCode") {
            None => exit_code,
            Some(code) => code.as_i64().ok_or_else(|| wrong("exitCode", "an integer"))?,
        },
        error: error.or_else(|| (exit_code != 0).then(|| "test failure".to_owned())),
    })
}

fn take_text(data: &mut Map<String, Value>, field: &str) -> Result<Option<String>, RestError> {
    match data.remove(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(field, "a string")),
    }
}

fn take_number(data: &mut Map<String, Value>, field: &str) -> Result<Option<u64>, RestError> {
    data.remove(field)
        .map(|value| value.as_u64().ok_or_else(|| wrong(field, "a non-negative integer")))
        .transpose()
}

fn wrong(field: &str, kind: &str) -> RestError {
    RestError::bad_request(format!("data.{field} must be {kind}"))
}

fn unknown_type() -> RestError {
    RestError::bad_request(format!("eventType must be one of {}", TEST_TYPES.join(", ")))
}

#[derive(Debug, Deserialize)]
struct NextJob {
    fail: Option<bool>,
}

async fn next_job(
    State(simulator): State<Simulator>,
    JsonBody(options): JsonBody<NextJob>,
) -> (StatusCode, Json<Value>) {
    let job_id = simulator.start_job(options.fail);
    (StatusCode::CREATED, Json(json!({ "jobId": job_id, "timestamp": timestamp() })))
}

fn client_events() -> Vec<String> {
    let of_type = |verb: &'static str| ROOMS.into_iter().map(move |room| format!("{verb}:{room}"));
    of_type("subscribe").chain(of_type("unsubscribe")).collect()
}

const SERVER_EVENTS: [&str; 10] = [
    "welcome",
    "subscription:confirmed",
    "batch:added",
    "batch:updated",
    "job:started",
    "job:completed",
    "job:failed",
    "job:status_changed",
    "solution:found",
    "error",
];

const TEST_TYPES: [&str; 6] = [
    "batch_added",
    "batch_updated",
    "job_started",
    "job_completed",
    "job_failed",
    "solution_found",
];
