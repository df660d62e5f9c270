//! The REST endpoints.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::resources::{Fields, Resources};
use crate::contracts::Context;
use crate::contracts::message::Message;
use crate::rest::{JsonBody, PathParam, RestError};

/// Builds the routes.
pub fn routes(context: Context, resources: Resources) -> Router {
    let state =
        Router::new().route("/api/resource/{name}", get(read).patch(change)).with_state(resources);
    let messages = Router::new()
        .route("/api/clients", get(count))
        .route("/api/clients/{id}/emit", post(emit_to_client))
        .route("/api/broadcast", post(broadcast))
        .with_state(context);
    state.merge(messages)
}

async fn read(
    State(resources): State<Resources>,
    PathParam(name): PathParam<String>,
) -> Result<Json<Fields>, RestError> {
    let resource = resources.read(&name).await;
    resource.map(Json).ok_or_else(|| RestError::not_found(format!("no resource {name}")))
}

async fn change(
    State(resources): State<Resources>,
    PathParam(name): PathParam<String>,
    JsonBody(fields): JsonBody<Fields>,
) -> Json<Fields> {
    Json(resources.change(&name, fields).await)
}

async fn count(State(context): State<Context>) -> Json<Value> {
    Json(json!({ "count": context.emitter.count(None) }))
}

async fn emit_to_client(
    State(context): State<Context>,
    PathParam(id): PathParam<String>,
    JsonBody(message): JsonBody<Message>,
) -> Result<Json<Value>, RestError> {
    let Message { event, data } = message.checked()?;
    if !context.emitter.to_client(&id, &event, data) {
        return Err(RestError::not_found(format!("no client {id} is connected")));
    }
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
