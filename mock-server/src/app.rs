//! Puts everything that the server answers into one router.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};
use tower_http::services::ServeDir;

use crate::admin::{Admin, Feed, Name, Watched};
use crate::bus::Bus;
use crate::config::{Config, DEVELOPMENT_USER};
use crate::contracts::{ALL, Context, Contract, Cors, Farewells, InstallError, Rate, by_name};
use crate::emitter::Namespace;
use crate::faults::Faults;
use crate::front::refusals::coded_payload;
use crate::front::{ConnectionHandle, Direction, Registry, Traffic};
use crate::helper::Helper;
use crate::monitor::Monitor;
use crate::rest::{RestError, wrong_method};
use crate::sockets::{Adapter, BroadcastOperators, Openings, SocketIo, adapter};
use crate::tasks::Tasks;
use crate::{control, index, metrics};

/// A contract that is being served.
#[derive(Clone, Debug)]
pub struct Served {
    /// Which one.
    pub contract: &'static Contract,
    /// What its paths begin with: empty at the root, otherwise `/` and its name.
    pub prefix: String,
    /// Its Socket.IO server.
    pub io: SocketIo,
    /// What must be open before clients may come.
    pub openings: Openings,
    /// What the server helper does for it, if it is asked for.
    pub helper: Option<Helper>,
    /// What is told of its clients.
    pub monitor: Monitor,
    /// What is still to be done when they go.
    pub farewells: Farewells,
    /// What it says so often in a second.
    pub rate: Rate,
    /// A token that its clients can connect with, if they need one.
    pub token: Option<String>,
}

impl Served {
    /// The clients of its namespace; absent as soon as the server is shutting down.
    #[must_use]
    pub fn clients(&self) -> Option<BroadcastOperators> {
        self.io.of(self.contract.namespace)
    }

    fn watched(&self, config: &Config) -> Watched {
        let namespace = Namespace {
            io: self.io.clone(),
            name: self.contract.namespace,
            is_shared: config.redis.is_some(),
        };
        let name = shown_name(self.contract, config);
        Watched { name, namespace, monitor: self.monitor.clone() }
    }
}

/// All that is served.
#[derive(Debug)]
pub struct App {
    /// What requests are answered by.
    pub router: Router,
    /// The contracts.
    pub served: Vec<Served>,
    /// The Socket.IO server of the Admin UI, if it is asked for.
    pub admin: Option<SocketIo>,
    /// What the Admin UI needs before anybody may look.
    pub openings: Openings,
}

/// Builds the router and installs the configured contracts.
///
/// # Errors
///
/// [`InstallError`] when a contract cannot be served with this configuration.
pub fn build(
    config: &Arc<Config>,
    bus: &Bus,
    registry: &Registry,
    faults: &Arc<Faults>,
    tasks: &Tasks,
) -> Result<App, InstallError> {
    let feed = config.admin.is_some().then(Feed::new);
    let mut served = Vec::new();
    let mut mounted = Vec::new();
    for contract in chosen(config)? {
        let name = shown_name(contract, config);
        let monitor = Monitor::new(feed.as_ref().map(|(feed, _)| (feed.clone(), name)));
        let (mount, entry) = install(contract, config, bus, registry, tasks, monitor)?;
        mounted.push(mount);
        served.push(entry);
    }
    let openings = Openings::default();
    let admin = config.admin.clone().zip(feed);
    let admin = admin.map(|(account, feed)| {
        let watched = served.iter().map(|served| served.watched(config)).collect();
        let traffic = registry.traffic().clone();
        Admin::start(account, feed, watched, traffic, tasks, &openings)
    });
    let (admin, admin_io) = admin.map(|Admin { router, io }| (router, io)).unzip();
    let front_page = front_page(config, &served);
    let by_path = move |request: Request| {
        let path = request.uri().path();
        if let Some(admin) = admin.as_ref().filter(|_| Admin::owns(path)) {
            return admin.clone().oneshot(request);
        }
        let mount = mounted.iter().find(|mount| mount.owns(path));
        mount.map_or(&front_page, |mount| &mount.router).clone().oneshot(request)
    };
    let router = Router::new()
        .route("/healthz", get(async || "ok"))
        .merge(control::routes(registry.clone(), Arc::clone(faults), served.clone()))
        .merge(metrics::routes(registry.clone(), Arc::clone(faults), served.clone()))
        .fallback(by_path);
    Ok(App { router, served, admin: admin_io, openings })
}

/// A contract's service, and the paths that belong to it.
///
/// It is reached by comparing paths and not through the outer router's patterns, because their wildcards
/// would turn up among the path parameters of the contract's own routes.
#[derive(Clone)]
struct Mount {
    prefix: String,
    router: Router,
}

impl Mount {
    fn owns(&self, path: &str) -> bool {
        let parts = path.strip_prefix(&self.prefix).map(|path| path.split('/'));
        parts.is_some_and(|mut parts| {
            parts.next() == Some("") && matches!(parts.next(), Some("socket.io" | "api"))
        })
    }
}

/// The name that a contract's namespace goes by in the Admin UI, where there may be several `/`.
fn shown_name(contract: &Contract, config: &Config) -> Name {
    let Contract { name, namespace, .. } = contract;
    if config.contract.is_some() {
        (*namespace).into()
    } else {
        format!("{name}:{namespace}").into()
    }
}

fn chosen(config: &Config) -> Result<Vec<&'static Contract>, InstallError> {
    match &config.contract {
        Some(name) => match by_name(name) {
            Some(contract) => Ok(vec![contract]),
            None => Err(InstallError::UnknownContract { name: name.clone() }),
        },
        None => Ok(ALL.iter().collect()),
    }
}

fn install(
    contract: &'static Contract,
    config: &Arc<Config>,
    bus: &Bus,
    registry: &Registry,
    tasks: &Tasks,
    monitor: Monitor,
) -> Result<(Mount, Served), InstallError> {
    let prefix = config.prefix(contract.name);
    let (socket_layer, io) = socketioxide::SocketIo::builder()
        .req_path(format!("{prefix}/socket.io"))
        .ping_interval(config.ping_interval)
        .ping_timeout(config.ping_timeout.unwrap_or(contract.ping_timeout))
        .max_payload(MAX_PAYLOAD)
        .ws_max_message_size(MAX_MESSAGE)
        .ws_max_frame_size(MAX_MESSAGE)
        .max_buffer_size(MAX_BUFFERED_PACKETS)
        .with_adapter::<Adapter>(adapter(bus, contract.name))
        .build_layer();
    let (registry, tasks) = (registry.clone(), tasks.clone());
    let witness = monitor.clone();
    let context = Context::new(
        contract,
        io.clone(),
        config.clone(),
        bus.clone(),
        registry.clone(),
        tasks,
        monitor,
    );
    let api = (contract.install)(&context)?;
    let api = if prefix.is_empty() { api } else { Router::new().nest(&prefix, api) };
    // Not through `Router::layer`: the socket layer keeps its sessions in the service that it makes, and
    // that would make several.
    let traffic = registry.traffic().clone();
    let service = ServiceBuilder::new()
        .layer(cors(contract.cors, config))
        .layer(from_fn(move |request, next| count_packets(traffic.clone(), request, next)))
        .layer(from_fn(move |request, next| note_upgrade(contract, witness.clone(), request, next)))
        .layer(socket_layer)
        .service(api.fallback(not_found).method_not_allowed_fallback(wrong_method));

    let mount = Mount { prefix: prefix.clone(), router: Router::new().fallback_service(service) };
    let token = contract.token.map(|token| token(config, DEVELOPMENT_USER));
    let Context { helper, monitor, openings, farewells, rate, .. } = context;
    Ok((mount, Served { contract, prefix, io, openings, helper, monitor, farewells, rate, token }))
}

fn cors(rule: Cors, config: &Config) -> CorsLayer {
    let with_credentials = CorsLayer::new()
        .allow_credentials(true)
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request());
    match (rule, &config.cors_origin) {
        (Cors::Any, _) => CorsLayer::permissive(),
        (Cors::Configured, None) => with_credentials.allow_origin(AllowOrigin::mirror_request()),
        (Cors::Configured, Some(origin)) => with_credentials.allow_origin(origin.clone()),
    }
}

/// Counts the packets of HTTP long-polling; those of WebSockets are counted by the front.
async fn count_packets(traffic: Traffic, request: Request, next: Next) -> Response {
    let polls = parameter(request.uri(), "transport=").as_deref() == Some("polling");
    if !polls {
        return next.run(request).await;
    }
    let asks = request.method() == Method::GET;
    let request = request.map(|body| traffic.metered(Direction::In, body));
    let response = next.run(request).await;
    if asks && response.status().is_success() {
        return response.map(|body| traffic.metered(Direction::Out, body));
    }
    response
}

/// Tells the front when a connection has become a WebSocket; the refusals of the others get their codes here.
async fn note_upgrade(
    contract: &'static Contract,
    monitor: Monitor,
    request: Request,
    next: Next,
) -> Response {
    let handle = request.extensions().get::<ConnectionHandle>().cloned();
    let session = parameter(request.uri(), "sid=");
    let polls = request.uri().path().contains("/socket.io");
    if let (Some(handle), true) = (&handle, polls) {
        handle.polls();
    }
    let response = next.run(request).await;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return if contract.codes_refusals && polls {
            with_codes(response).await
        } else {
            response
        };
    }
    if let Some(session) = &session {
        monitor.upgraded(session);
    }
    if let Some(handle) = handle {
        handle.upgraded(contract.name, session);
        if contract.codes_refusals {
            handle.code_refusals();
        }
    }
    response
}

/// Adds codes to the refusals in an answer to polling.
async fn with_codes(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match str::from_utf8(&body).ok().and_then(coded_payload) {
        Some(coded) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, coded.into())
        }
        None => Response::from_parts(parts, body.into()),
    }
}

/// Returns a parameter of the query, such as `sid=`, which a request has unless it begins a session.
pub fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let parameters = uri.query()?.split('&');
    parameters.filter_map(|parameter| parameter.strip_prefix(name)).next().map(str::to_owned)
}

fn front_page(config: &Config, served: &[Served]) -> Router {
    if let Some(folder) = existing_folder(config.www.as_deref()) {
        return Router::new().fallback_service(ServeDir::new(folder));
    }
    let index = index::Index::new(served);
    let page = async move |headers: HeaderMap| {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        index.page(accept.unwrap_or_default())
    };
    Router::new().route("/", get(page)).fallback(not_found)
}

fn existing_folder(folder: Option<&Path>) -> Option<&Path> {
    let folder = folder?;
    if !folder.is_dir() {
        tracing::warn!(folder = %folder.display(), "--www: no such folder, serving the index instead");
        return None;
    }
    Some(folder)
}

async fn not_found(uri: Uri) -> RestError {
    RestError::not_found(format!("nothing at {}, see / for what there is", uri.path()))
}

/// What `socket.io` accepts by default.
const MAX_PAYLOAD: u64 = 1_000_000;

/// The same for a WebSocket, which ends when more comes.
const MAX_MESSAGE: usize = 1_000_000;

/// The library drops what a slow client has no room for; the reference server has no limit at all.
const MAX_BUFFERED_PACKETS: usize = 65_536;
