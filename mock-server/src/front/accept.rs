use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt;

use super::{ConnectionHandle, FrontStream, Registry, accept};
use crate::faults::{FaultStream, Faults, Scope};
use crate::tasks::Tasks;

/// What every connection is served with.
#[derive(Clone, Debug)]
pub struct Front {
    /// What answers requests, which a restart exchanges.
    pub app: watch::Receiver<Router>,
    /// Where connections are listed.
    pub registry: Registry,
    /// What rules do to connections.
    pub faults: Arc<Faults>,
    /// Connections end with these.
    pub tasks: Tasks,
}

impl Front {
    /// One app to the end, and no rules.
    #[must_use]
    pub fn without_faults(app: Router, registry: Registry, tasks: Tasks) -> Self {
        let (_, app) = watch::channel(app);
        Self { app, registry, faults: Arc::new(Faults::new(Scope::SocketIo, 0)), tasks }
    }
}

/// Accepts connections and serves the app on them until the tasks are stopped.
///
/// Every request carries the [`ConnectionHandle`] of its connection in its extensions, and where it comes from.
pub async fn serve(listener: TcpListener, front: Front) {
    while let Some((stream, peer)) = front.tasks.unless_stopped(accept(&listener)).await {
        front.tasks.spawn_to_end(serve_connection(stream, ConnectInfo(peer), front.clone()));
    }
}

async fn serve_connection(stream: TcpStream, peer: ConnectInfo<SocketAddr>, front: Front) {
    let Front { app, registry, faults, tasks } = front;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let guard = registry.open();
    let handle = guard.handle();
    let service = service_fn(move |request| respond(app.clone(), peer, handle.clone(), request));
    let stream = FaultStream::new(stream, faults, None, guard.cut_token());
    let io = TokioIo::new(FrontStream::new(stream, guard));
    let mut connection =
        std::pin::pin!(http1::Builder::new().serve_connection(io, service).with_upgrades());
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tasks.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn respond(
    app: watch::Receiver<Router>,
    peer: ConnectInfo<SocketAddr>,
    handle: ConnectionHandle,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(handle);
    let app = app.borrow().clone();
    app.oneshot(request).await
}
