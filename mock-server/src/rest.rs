//! What all REST endpoints have in common: JSON bodies in, `{error}` with a 4xx status out.

use std::error::Error as _;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;
use serde_json::json;

/// A refused request: the status, and the words of the body `{error}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestError {
    status: StatusCode,
    message: String,
}

impl RestError {
    /// The request is malformed.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    /// The thing that the request names does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into() }
    }

    /// The body is longer than any that is meant.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, message: message.into() }
    }

    /// The server could not do it.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.into() }
    }

    /// What the request waits for has not happened.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self { status: StatusCode::GATEWAY_TIMEOUT, message: message.into() }
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

/// Refuses a method that a path does not have.
pub async fn wrong_method(method: Method, uri: Uri) -> RestError {
    let message = format!("{method} is not for {}, see / for what there is", uri.path());
    RestError { status: StatusCode::METHOD_NOT_ALLOWED, message }
}

/// A JSON body of any content type; an empty one counts as `{}`.
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = RestError;

    async fn from_request(request: Request, _: &S) -> Result<Self, RestError> {
        let body = to_bytes(request.into_body(), MAX_BODY).await.map_err(|error| unread(&error))?;
        parse(&body).map(Self)
    }
}

/// Query parameters.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, RestError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|error| RestError::bad_request(error.body_text()))
    }
}

/// What a path names; an encoding that is none is refused in words, as everything is.
#[derive(Clone, Debug)]
pub struct PathParam<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathParam<T> {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, RestError> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(named)| Self(named))
            .map_err(|error| RestError::bad_request(error.body_text()))
    }
}

/// A body that breaks off is no long one.
fn unread(error: &axum::Error) -> RestError {
    let cause = error.source();
    if cause.is_some_and(|cause| cause.is::<LengthLimitError>()) {
        return RestError::too_large(format!("body over {MAX_BODY} bytes"));
    }
    RestError::bad_request("the body breaks off")
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, RestError> {
    let body: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { body };
    // A struct may also be read from an array of its fields, which no caller means.
    match serde_json::from_slice(body) {
        Ok(value @ serde_json::Value::Object(_)) => serde_json::from_value(value),
        Ok(_) => return Err(RestError::bad_request("the body must be a JSON object")),
        Err(error) => Err(error),
    }
    .map_err(|error| RestError::bad_request(format!("invalid body: {error}")))
}

/// Plenty for every endpoint; a body is held in memory whole.
const MAX_BODY: usize = 1 << 20;
