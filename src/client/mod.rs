//! What makes a connection a client that loses nothing.

pub mod dedup;
