//! Passes HTTP on to the server, and its answers back; polling goes on the tape.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use super::entry::Side;
use super::recorder::Upstream;
use super::tape::{self, Tape};
use super::tunnel::{self, Line};
use crate::tasks::Tasks;

/// What passes on; clones share the tape.
#[derive(Clone, Debug)]
pub struct Forward {
    upstream: Arc<Upstream>,
    tape: Arc<Tape>,
    tasks: Tasks,
}

/// What an Engine.IO request says in its address.
struct Address {
    request: tape::Request,
    session: Option<String>,
}

impl Forward {
    /// Passes on to `upstream`.
    #[must_use]
    pub fn new(upstream: Upstream, tape: Arc<Tape>, tasks: Tasks) -> Self {
        Self { upstream: Arc::new(upstream), tape, tasks }
    }

    /// Answers a request as the server does.
    pub async fn respond(&self, mut request: Request) -> Response {
        self.readdress(&mut request);
        let outcome = match Address::of(request.uri()) {
            Some(Address { request: of, session }) if of.transport == WEBSOCKET => {
                let line = Line::new(Arc::clone(&self.tape), of, session);
                self.websocket(request, Some(line)).await
            }
            Some(address) => self.polling(request, &address).await,
            None => self.websocket(request, None).await,
        };
        outcome.unwrap_or_else(|error| self.unreachable(error.as_ref()))
    }

    async fn polling(&self, request: Request, address: &Address) -> Outcome {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_PAYLOAD).await?;
        if parts.method == Method::POST {
            self.note(Side::Client, address, &body);
        }
        let polls = parts.method == Method::GET;
        let answer = self.pass(Request::from_parts(parts, body.into())).await?;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, MAX_PAYLOAD).await?;
        if polls && parts.status == StatusCode::OK {
            self.note(Side::Server, address, &body);
        }
        if let (StatusCode::BAD_REQUEST, Some(session)) = (parts.status, &address.session) {
            // The server does not know it any more.
            self.tape.close(Side::Server, session);
        }
        Ok(Response::from_parts(parts, body.into()))
    }

    fn note(&self, from: Side, Address { request, session }: &Address, payload: &Bytes) {
        let payload = String::from_utf8_lossy(payload);
        self.tape.payload(from, session.as_deref(), request, &payload);
    }

    /// Passes a request on, and what is said afterwards if the answer is a WebSocket; one with a line is recorded.
    async fn websocket(&self, mut request: Request, line: Option<Line>) -> Outcome {
        let client = hyper::upgrade::on(&mut request);
        let mut answer = self.pass(request).await?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let server = hyper::upgrade::on(&mut answer);
            self.tasks.spawn(async move {
                match tokio::try_join!(client, server) {
                    Ok((client, server)) => match line {
                        Some(line) => tunnel::join(client, server, line).await,
                        None => tunnel::join_unheard(client, server).await,
                    },
                    Err(error) => tracing::debug!(%error, "no WebSocket came of it"),
                }
            });
        }
        Ok(answer)
    }

    async fn pass(&self, request: Request) -> Outcome {
        let mut server = self.connect().await?;
        Ok(server.send_request(request).await?.map(Body::new))
    }

    /// Opens a connection; it ends with what is asked on it.
    async fn connect(&self) -> Result<SendRequest<Body>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect((self.upstream.host.as_str(), self.upstream.port)).await?;
        stream.set_nodelay(true)?;
        let (server, connection) = handshake(TokioIo::new(stream)).await?;
        self.tasks.spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "connection to the server ended");
            }
        });
        Ok(server)
    }

    /// Makes the request one to the server whose answer can be read: nothing is compressed.
    fn readdress(&self, request: &mut Request) {
        let headers = request.headers_mut();
        headers.remove(header::ACCEPT_ENCODING);
        headers.remove(header::SEC_WEBSOCKET_EXTENSIONS);
        if let Ok(host) = HeaderValue::from_str(&self.upstream.authority) {
            headers.insert(header::HOST, host);
        }
    }

    fn unreachable(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Response {
        let upstream = self.upstream.to_string();
        tracing::warn!(%error, upstream, "the server does not answer");
        let mut words = format!("{upstream} does not answer: {error}");
        if error.downcast_ref::<io::Error>().is_some() {
            words += " (is it running?)";
        }
        (StatusCode::BAD_GATEWAY, axum::Json(json!({ "error": words }))).into_response()
    }
}

impl Address {
    /// Reads the address; `None` if it is none of Engine.IO 4.
    fn of(uri: &Uri) -> Option<Self> {
        let query = uri.query()?;
        let parameter = |name: &str| {
            let mut parameters = query.split('&').filter_map(|parameter| parameter.split_once('='));
            parameters.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let transport = match (parameter("EIO")?, parameter("transport")?) {
            ("4", "polling") => POLLING,
            ("4", WEBSOCKET) => WEBSOCKET,
            _ => return None,
        };
        let (path, query) = (uri.path().to_owned(), query.to_owned());
        let request = tape::Request { path, query, transport };
        Some(Self { request, session: parameter("sid").map(str::to_owned) })
    }
}

type Outcome = Result<Response, Box<dyn std::error::Error + Send + Sync>>;

const POLLING: &str = "polling";
const WEBSOCKET: &str = "websocket";

/// In bytes. Servers send less in one answer, unless they are told otherwise.
const MAX_PAYLOAD: usize = 256 << 20;
