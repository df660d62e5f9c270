use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::{ConnectionHandle, FrontStream, Registry};
use crate::tasks::Tasks;

/// Accepts connections and serves `app` on them until `tasks` are stopped.
///
/// Every request carries the [`ConnectionHandle`] of its connection in its extensions.
pub async fn serve(listener: TcpListener, app: Router, registry: Registry, tasks: Tasks) {
    while let Some(accepted) = tasks.unless_stopped(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let connection =
                    serve_connection(stream, app.clone(), registry.clone(), tasks.clone());
                tasks.spawn_to_end(connection);
            }
            Err(error) => {
                // Usually no file descriptors are left; a short rest lets some be closed.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, app: Router, registry: Registry, tasks: Tasks) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let guard = registry.open();
    let handle = guard.handle();
    let service = service_fn(move |request| respond(app.clone(), handle.clone(), request));
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
    app: Router,
    handle: ConnectionHandle,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(handle);
    app.oneshot(request).await
}

const ACCEPT_REST: Duration = Duration::from_millis(50);
