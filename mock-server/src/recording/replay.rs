use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use engineioxide::config::EngineIoConfig;
use engineioxide::service::EngineIoService;
use serde::Deserialize;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use super::entry::Recording;
use super::mismatches::{Log, Report};
use super::player::Pace;
use super::stage::{Settings, Stage};
use crate::front::{self, Running};
use crate::rest::{Params, RestError};
use crate::tasks::Tasks;

/// What a replay is started with.
#[derive(Clone, Debug)]
pub struct ReplayConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The TCP port; 0 takes a free one.
    pub port: u16,
    /// What is replayed.
    pub recording: Recording,
    /// How many times faster than it happened; `None` for as fast as possible.
    pub speed: Option<f64>,
    /// How long a client is waited for that does not say what the recorded one has said.
    pub patience: Duration,
}

/// A running server that plays a recording to its clients.
///
/// It runs on the runtime that started it, until [`Replay::shutdown`] or the end of the runtime.
///
/// # Examples
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use sockeye_mock::{Replay, ReplayConfig, read_recording};
///
/// let recording = read_recording("session.jsonl".as_ref())?;
/// let (host, patience) = ("127.0.0.1".to_owned(), std::time::Duration::from_secs(5));
/// let config = ReplayConfig { host, port: 0, recording, speed: None, patience };
/// let replay = Replay::start(config).await?;
/// println!("{}", replay.url());
/// replay.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Replay {
    running: Running,
}

/// Why a replay did not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {host}:{port}; choose another port with --port N (0 takes a free one)")]
pub struct ReplayError {
    /// The host, as configured.
    pub host: String,
    /// The port.
    pub port: u16,
    source: io::Error,
}

impl Replay {
    /// Starts a replay; it accepts connections when this returns.
    ///
    /// # Errors
    ///
    /// [`ReplayError`] when the address cannot be listened on.
    pub async fn start(config: ReplayConfig) -> Result<Self, ReplayError> {
        let ReplayConfig { host, port, recording, speed, patience } = config;
        let listening = front::bind((host.as_str(), port)).await.map_err(|source| ReplayError {
            host,
            port,
            source,
        })?;
        let (tasks, log, count) = (Tasks::default(), Log::default(), Arc::default());
        let pace = speed.map_or(Pace::Unlimited, Pace::Times);
        let settings = Settings { pace, patience, log: log.clone(), tasks: tasks.clone(), count };
        let stages = Stage::by_path(recording.sessions, &settings);
        let app = app(stages.into_iter().map(|(path, stage)| mount(path, stage)).collect(), log);
        Ok(Self { running: Running::start(listening, app, tasks) })
    }

    /// Returns the server's URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// Stops accepting and drops all connections.
    pub async fn shutdown(self) {
        self.running.shutdown().await;
    }
}

/// A path, and what answers there.
type Mount = (String, Router);

fn mount(path: String, stage: Stage) -> Mount {
    let mut config = EngineIoConfig::builder().req_path(path.clone()).max_buffer_size(UNLIMITED);
    if let Some(session) = stage.first() {
        let handshake = session.opening.handshake;
        config = config
            .ping_interval(Duration::from_millis(handshake.ping_interval))
            .ping_timeout(Duration::from_millis(handshake.ping_timeout))
            .max_payload(handshake.max_payload);
    }
    let cors = CorsLayer::new()
        .allow_credentials(true)
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request());
    let elsewhere = Router::new().fallback(not_found);
    let engine = EngineIoService::with_config_inner(elsewhere, Arc::new(stage), config.build());
    let service = ServiceBuilder::new().layer(cors).service(engine);
    (path, Router::new().fallback_service(service))
}

fn app(mounts: Vec<Mount>, log: Log) -> Router {
    let by_path = async move |request: Request| {
        let path = request.uri().path().trim_end_matches('/');
        match mounts.iter().find(|(mounted, _)| mounted == path) {
            Some((_, router)) => router.clone().oneshot(request).await.into_response(),
            None => not_found(request.uri().clone()).await.into_response(),
        }
    };
    Router::new()
        .route("/control/replay", get(report))
        .with_state(log)
        .layer(CorsLayer::permissive())
        .fallback(by_path)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Awaited {
    mismatches: Option<u64>,
    finished: Option<usize>,
    timeout_ms: Option<u64>,
}

async fn report(
    State(log): State<Log>,
    Params(awaited): Params<Awaited>,
) -> Result<Json<Report>, RestError> {
    let Awaited { mismatches, finished, timeout_ms } = awaited;
    let limit = Duration::from_millis(timeout_ms.unwrap_or(USUAL_TIMEOUT_MS));
    let reached = log.reached(mismatches.unwrap_or_default(), finished.unwrap_or_default());
    match tokio::time::timeout(limit, reached).await {
        Ok(()) => Ok(Json(log.report())),
        Err(_) => Err(RestError::timeout("it has not come to that in time")),
    }
}

async fn not_found(uri: Uri) -> RestError {
    RestError::not_found(format!("nothing of {} is in the recording", uri.path()))
}

const USUAL_TIMEOUT_MS: u64 = 10_000;

/// What a client has not taken yet is in memory anyway, as part of the recording.
const UNLIMITED: usize = 1 << 40;
