//! The browser half in a browser.
//!
//! `wasm-pack test --headless --chrome . --test web`, with a mock server running on its default port
//! or at `SOCKEYE_MOCK_URL`; `npm run test:browser -- wasm` does both.
#![cfg(target_family = "wasm")]
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "web/bench.rs"]
mod bench;
#[path = "web/binary.rs"]
mod binary;
#[path = "web/by_host.rs"]
mod by_host;
#[path = "web/decoder.rs"]
mod decoder;
#[path = "web/engine.rs"]
mod engine;
#[path = "web/engine_bench.rs"]
mod engine_bench;
#[path = "web/live.rs"]
mod live;
#[path = "web/parts.rs"]
mod parts;
#[path = "web/polling.rs"]
mod polling;
#[path = "web/recovery.rs"]
mod recovery;
#[path = "web/reentrancy.rs"]
mod reentrancy;
#[path = "web/run_loop.rs"]
mod run_loop;
#[path = "web/short_way.rs"]
mod short_way;
#[path = "web/transports.rs"]
mod transports;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
