//! Where the auth payload comes from.

use core::future::Future;
use core::pin::Pin;

use js_sys::JsString;
use serde::Serialize;

use crate::manager;
use crate::rust_api::arguments::to_auth;

/// Why the auth payload is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthReason {
    /// The client connects, for the first time or again.
    Connect,
    /// The server has refused the last payload because it had expired.
    Expired,
    /// [`refresh_auth`](crate::rust_api::Client::refresh_auth) was called.
    Refresh,
}

impl From<manager::AuthReason> for AuthReason {
    fn from(reason: manager::AuthReason) -> Self {
        match reason {
            manager::AuthReason::Connect => Self::Connect,
            manager::AuthReason::Expired => Self::Expired,
            manager::AuthReason::Refresh => Self::Refresh,
        }
    }
}

/// What is told with the question for the auth payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthRequest {
    /// The number of the attempt, counted from 1 since the last connection.
    pub attempt: u32,
    /// Why it is asked.
    pub reason: AuthReason,
}

/// What was answered, as JSON; or why there is nothing.
pub type Answer = Result<JsString, String>;
pub type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// The auth payload of a client.
pub enum Auth {
    None,
    Fixed(JsString),
    Asked(Box<dyn Fn(AuthRequest) -> Answering>),
}

impl Auth {
    /// A function that is asked before each CONNECT.
    pub fn asked<F, T, E>(ask: impl Fn(AuthRequest) -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: Serialize,
        E: core::fmt::Display,
    {
        let answer = move |request| -> Answering {
            let asking = ask(request);
            Box::pin(async move { to_answer(asking.await) })
        };
        Self::Asked(Box::new(answer))
    }
}

fn to_answer<T: Serialize, E: core::fmt::Display>(result: Result<T, E>) -> Answer {
    let auth = result.map_err(|error| error.to_string())?;
    to_auth(&auth).map_err(|error| error.to_string())
}
