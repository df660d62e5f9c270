//! The REST endpoints.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access;
use super::simulator::{Plan, Simulator};
use crate::config::Config;
use crate::rest::{JsonBody, RestError};

/// Builds the routes.
pub fn routes(config: Arc<Config>, simulator: Simulator) -> Router {
    let jobs = Router::new()
        .route("/api/agents/jobs", post(start))
        .with_state((config.clone(), simulator));
    let access = Router::new()
        .route("/api/agents/projects", get(projects))
        .route("/api/agents/tokens", post(token))
        .with_state(config);
    jobs.merge(access)
}

#[derive(Debug, Deserialize)]
struct NewJob {
    #[serde(default)]
    project_id: String,
    #[serde(default)]
    kind: String,
    steps: Option<u64>,
    fail: Option<bool>,
}

async fn start(
    State((config, simulator)): State<(Arc<Config>, Simulator)>,
    JsonBody(job): JsonBody<NewJob>,
) -> Result<(StatusCode, Json<Value>), RestError> {
    check_text("project_id", &job.project_id)?;
    check_text("kind", &job.kind)?;
    if job.steps.is_some_and(|steps| !(1..=MAX_STEPS).contains(&steps)) {
        return Err(RestError::bad_request(format!("steps must be from 1 to {MAX_STEPS}")));
    }
    if !config.projects.contains_key(&job.project_id) {
        return Err(RestError::not_found(format!("no project {}", job.project_id)));
    }
    let NewJob { project_id: project, kind, steps, fail } = job;
    let job_id = simulator.start_job(Plan { project, kind, steps, fail });
    Ok((StatusCode::CREATED, Json(json!({ "job_id": job_id }))))
}

async fn projects(State(config): State<Arc<Config>>) -> Json<Value> {
    Json(json!({ "projects": config.projects }))
}

#[derive(Debug, Deserialize)]
struct NewToken {
    #[serde(default)]
    user: String,
}

async fn token(
    State(config): State<Arc<Config>>,
    JsonBody(NewToken { user }): JsonBody<NewToken>,
) -> Result<(StatusCode, Json<Value>), RestError> {
    check_text("user", &user)?;
    let token = access::token(&config.secret, &user);
    Ok((StatusCode::CREATED, Json(json!({ "token": token }))))
}

fn check_text(field: &str, value: &str) -> Result<(), RestError> {
    if value.is_empty() {
        return Err(RestError::bad_request(format!("{field} must be a non-empty string")));
    }
    Ok(())
}

const MAX_STEPS: u64 = 1_000;
