//! The server half of the Socket.IO Admin UI (<https://github.com/socketio/socket.io-admin-ui>).
//!
//! It shows all contracts on one page: a Socket.IO server of its own at `/admin/socket.io` has the namespace
//! `/admin`, with the events of the package `@socket.io/admin-ui`; the page itself is served at `/admin/`.
//! From the bottom:
//!
//! - [`Feed`]: what happens, in its order, on its way to the page;
//! - `ledger`: who is connected and in which rooms, as far as the page was told;
//! - `history`: how much has gone through in each second;
//! - `herald`: the task that takes the feed, keeps the ledger and tells the page;
//! - `namespace`: who may look, and what the page does to clients;
//! - `pages`: the files of the page.
//!
//! A namespace goes by its own name if its contract is served alone, otherwise by `<contract>:<namespace>`.

mod account;
mod feed;
mod flags;
mod herald;
mod history;
mod ledger;
mod namespace;
mod pages;
mod watched;

use crate::bus::Bus;
use crate::sockets::{Adapter, Openings, SocketIo, adapter};
use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

pub use account::AdminAccount;
pub use feed::{Entry, Feed, Name};
pub use flags::AdminArgs;
pub use ledger::Client;
pub use watched::Watched;

use crate::app::parameter;
use crate::front::Traffic;
use crate::tasks::Tasks;
use herald::Herald;
use namespace::Desk;

/// What the Admin UI is served with.
#[derive(Debug)]
pub struct Admin {
    /// Everything below `/admin`.
    pub router: Router,
    /// The Socket.IO server that the page connects to.
    pub io: SocketIo,
}

impl Admin {
    /// Starts to tell the page of the namespaces `watched`, which `feed` knows.
    #[must_use]
    pub fn start(
        account: AdminAccount,
        feed: (Feed, feed::Entries),
        watched: Vec<Watched>,
        traffic: Traffic,
        tasks: &Tasks,
        openings: &Openings,
    ) -> Self {
        let (socket_layer, io) = socketioxide::SocketIo::builder()
            .req_path(SOCKET_PATH)
            .with_adapter::<Adapter>(adapter(&Bus::default(), "admin"))
            .build_layer();
        let (feed, entries) = feed;
        let herald = Herald::new(io.clone(), &watched, traffic);
        tasks.spawn(herald.run(entries));
        Desk::new(account, feed.clone(), watched, &io).serve(&io, openings);
        let pages = Router::new()
            .route("/admin", get(pages::redirect))
            .route("/admin/", get(pages::index))
            .route("/admin/{*file}", get(pages::file));
        // Not through `Router::layer`, as in `app`.
        let service = ServiceBuilder::new()
            .layer(any_origin())
            .layer(from_fn(move |request, next| note_upgrade(feed.clone(), request, next)))
            .layer(socket_layer)
            .service(pages);
        Self { router: Router::new().fallback_service(service), io }
    }

    /// Returns whether a path belongs to it.
    #[must_use]
    pub fn owns(path: &str) -> bool {
        path.strip_prefix("/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The page may be served by another program, such as the one at <https://admin.socket.io>.
fn any_origin() -> CorsLayer {
    CorsLayer::new()
        .allow_credentials(true)
        .allow_origin(AllowOrigin::mirror_request())
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
}

/// The page itself begins with polling, too.
async fn note_upgrade(feed: Feed, request: Request, next: Next) -> Response {
    let session = parameter(request.uri(), "sid=");
    let response = next.run(request).await;
    if let Some(id) = session.filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS) {
        feed.tell(Entry::Upgraded { id });
    }
    response
}

/// The namespace that the page connects to.
const NAMESPACE: &str = "/admin";

const SOCKET_PATH: &str = "/admin/socket.io";
