//! Values on their way to JavaScript and back.

use js_sys::{Array, JsString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};

use crate::client::store::Payload;
use crate::host::RESERVED_EVENTS;
use crate::rust_api::error::Error;
use crate::rust_api::glue;
use crate::web::host::JsHost;

/// What can be sent with an event: one value, or [`Args`] of several. `()` is nothing.
///
/// ```no_run
/// # use sockeye::rust_api::{Args, Client, Error};
/// # fn emit(client: &Client) -> Result<(), Error> {
/// client.emit("say", "hello")?;
/// client.emit("join", Args(("room 7", 42)))?;
/// client.emit("ping", ())?;
/// # Ok(())
/// # }
/// ```
pub trait Arguments: sealed::ToArray {}

/// Several arguments: those of a tuple.
///
/// ```no_run
/// # use sockeye::rust_api::{Args, Client, Error};
/// # fn emit(client: &Client) -> Result<(), Error> {
/// client.emit("move", Args((3, 4)))?; // emit("move", 3, 4)
/// client.emit("move", (3, 4))?;       // emit("move", [3, 4])
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Args<T>(pub T);

mod sealed {
    use super::{Array, Error};

    pub trait ToArray {
        fn to_array(&self) -> Result<Array, Error>;
    }
}

impl<T: Serialize> Arguments for T {}

impl<T: Serialize> sealed::ToArray for T {
    fn to_array(&self) -> Result<Array, Error> {
        let value = to_js(self)?;
        let is_unit = size_of::<T>() == 0 && value.is_null();
        Ok(if is_unit { Array::new() } else { Array::of1(&value) })
    }
}

impl<T: Serialize> Arguments for Args<T> {}

impl<T: Serialize> sealed::ToArray for Args<T> {
    fn to_array(&self) -> Result<Array, Error> {
        let value = to_js(&self.0)?;
        value.dyn_into().or_else(|value| Ok(Array::of1(&value)))
    }
}

/// Writes a value. What is missing is null, as in JSON; bytes stay bytes.
fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, Error> {
    let serializer =
        Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(|error| not_serializable(&error.into()))
}

/// Reads a value.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Error> {
    if glue::is_too_deep(&value) {
        return Err(Error::with_detail("invalid_event", "it is nested too deep"));
    }
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| Error::with_detail("invalid_event", glue::message_of(&error.into())))
}

/// Reads the arguments behind the first `from` items of an array.
pub fn from_arguments<T: DeserializeOwned>(items: &JsValue, from: u32) -> Result<T, Error> {
    from_js(to_value(items, from))
}

/// One value stands for itself, several are a tuple, none is `undefined`.
pub fn to_value(items: &JsValue, from: u32) -> JsValue {
    let items = items.dyn_ref::<Array>();
    let arguments = items.map_or_else(Array::new, |items| items.slice(from, items.length()));
    if arguments.length() > 1 { arguments.into() } else { arguments.get(0) }
}

/// Writes an event.
pub fn to_payload(event: &str, arguments: &impl Arguments) -> Result<Payload<JsHost>, Error> {
    if RESERVED_EVENTS.contains(&event) {
        return Err(Error::with_detail("reserved_event", event.to_owned()));
    }
    let attachments = Array::new();
    let body = glue::encode(event, &arguments.to_array()?, &attachments);
    let body = body.map_err(|error| not_serializable(&error))?;
    Ok(Payload { body, attachments: attachments.to_vec() })
}

/// Writes an auth payload, which has no place for attachments.
pub fn to_auth<T: Serialize + ?Sized>(auth: &T) -> Result<JsString, Error> {
    let value = to_js(auth)?;
    if !value.is_object() || Array::is_array(&value) {
        return Err(Error::with_detail("invalid_option", "`auth` is no object"));
    }
    let attachments = Array::new();
    let body = glue::encode_value(&value, &attachments);
    let body = body.map_err(|error| not_serializable(&error))?;
    if attachments.length() > 0 { Err(Error::new("binary_unsupported")) } else { Ok(body) }
}

fn not_serializable(thrown: &JsValue) -> Error {
    Error::with_detail("not_serializable", glue::message_of(thrown))
}
