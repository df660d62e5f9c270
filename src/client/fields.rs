//! Fields of the host's objects, read as what they are to be.

use core::time::Duration;
use std::rc::Rc;

use crate::host::Host;

/// What is longer than a century is for ever; no duration overflows by it.
const MAX_MILLIS: f64 = 3.2e12;

pub fn text<H: Host>(host: &H, object: &H::Value, name: &str) -> Option<Rc<str>> {
    host.string_field(object, name).map(Rc::from)
}

/// What is no whole number is rounded towards zero, and never negative.
pub fn number<H: Host>(host: &H, object: &H::Value, name: &str) -> Option<u64> {
    host.number_field(object, name).map(|number| number as u64)
}

pub fn millis<H: Host>(host: &H, object: &H::Value, name: &str) -> Option<Duration> {
    let millis = host.number_field(object, name)?;
    // A cast from `f64` saturates and maps NaN to zero, so this is total.
    Some(Duration::from_millis(millis.min(MAX_MILLIS) as u64))
}

/// The first `limit` items of a list; none if there is no list.
pub fn items<H: Host>(host: &H, object: &H::Value, name: &str, limit: usize) -> Vec<H::Value> {
    let list = host.field(object, name);
    list.map(|list| host.items(&list, limit)).unwrap_or_default()
}

pub fn is_true<H: Host>(host: &H, object: &H::Value, name: &str) -> bool {
    host.field(object, name).is_some_and(|value| host.is_true(&value))
}
