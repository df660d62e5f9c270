//! What more than one module must know of the texts of Engine.IO 4 and Socket.IO 5.

/// Splits what follows a packet's type into its namespace, `/` for the main one, and the rest.
#[must_use]
pub fn split_namespace(text: &str) -> (&str, &str) {
    match text.split_once(',') {
        Some((namespace, rest)) if namespace.starts_with('/') => (namespace, rest),
        Some(_) | None if text.starts_with('/') => (text, ""),
        Some(_) | None => (MAIN, text),
    }
}

/// Splits what follows a packet's namespace into the digits of its id and its data.
#[must_use]
pub fn split_id(text: &str) -> (&str, &str) {
    let data = text.trim_start_matches(|character: char| character.is_ascii_digit());
    text.split_at(text.len() - data.len())
}

/// A namespace without the query that clients may write behind it.
#[must_use]
pub fn without_query(namespace: &str) -> &str {
    namespace.split_once('?').map_or(namespace, |(name, _)| name)
}

/// The main namespace, which packets do not name.
pub const MAIN: &str = "/";
/// Between the packets of a payload of HTTP long-polling.
pub const SEPARATOR: &str = "\u{1e}";
/// More attachments of one packet are never waited for.
pub const MAX_ATTACHMENTS: usize = 1_000;
