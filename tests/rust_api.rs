//! The API for front ends in Rust, in a browser.
//!
//! `wasm-pack test --headless --chrome . --features rust-api --test rust_api`, with a mock server as in
//! `tests/web.rs`; `npm run test:browser -- wasm` does it.
#![cfg(target_family = "wasm")]
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "rust_api/actions.rs"]
mod actions;
#[path = "rust_api/live.rs"]
mod live;
#[path = "rust_api/server.rs"]
mod server;
#[path = "rust_api/sessions.rs"]
mod sessions;
#[path = "rust_api/values.rs"]
mod values;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
