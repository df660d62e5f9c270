//! The options of JavaScript as the core's configuration.

use core::time::Duration;

use crate::backoff::BackoffConfig;
use crate::client::ClientConfig;
use crate::client::dedup::DedupConfig;
use crate::client::outbox::OutboxConfig;
use crate::client::readiness::ReadinessConfig;
use crate::engineio::{EngineConfig, TransportKind};
use crate::manager::{Config, Policy};
use crate::socketio::DecoderLimits;
use crate::web::shim::JsOptions;
use crate::web::timer::to_duration;

pub fn to_config(options: &JsOptions) -> ClientConfig {
    let seed = options.seed() as u64;
    let trust_recovery = options.trust_recovery() == Some(true);
    ClientConfig {
        manager: to_manager_config(options),
        // Any other number than that of the manager will do.
        outbox: OutboxConfig { seed: !seed, ..OutboxConfig::default() },
        readiness: ReadinessConfig { trust_recovery, ..ReadinessConfig::default() },
        dedup: to_dedup_config(options),
    }
}

/// What is no number, because it is not set, leaves the default.
fn to_dedup_config(options: &JsOptions) -> DedupConfig {
    let DedupConfig { window, ttl, streams } = DedupConfig::default();
    let or = |count: f64, default| if count.is_nan() { default } else { count as usize };
    DedupConfig {
        window: or(options.dedup_window(), window),
        ttl: to_duration_or(options.dedup_ttl_ms(), ttl),
        streams: or(options.dedup_streams(), streams),
    }
}

fn to_manager_config(options: &JsOptions) -> Config {
    let Config { auth_timeout, slow_after, slow_cap, .. } = Config::default();
    Config {
        auth_timeout: to_duration_or(options.auth_timeout_ms(), auth_timeout),
        slow_after: to_duration_or(options.slow_after_ms(), slow_after),
        slow_cap: to_duration_or(options.slow_cap_ms(), slow_cap),
        address_on_demand: options.address_on_demand() == Some(true),
        server_disconnect: to_policy(options.on_server_disconnect()),
        refused: to_policy(options.on_refused()),
        connect_timeout: to_duration(options.connect_timeout_ms()),
        backoff: BackoffConfig {
            min: to_duration(options.min_ms()),
            base: to_duration(options.base_ms()),
            cap: to_duration(options.cap_ms()),
        },
        engine: to_engine_config(options),
        decoder_limits: to_decoder_limits(options),
        seed: options.seed() as u64,
        ..Config::default()
    }
}

/// What is no number, because it is not set, leaves the default.
fn to_duration_or(millis: f64, default: Duration) -> Duration {
    if millis.is_nan() { default } else { to_duration(millis) }
}

fn to_policy(name: Option<String>) -> Policy {
    match name.as_deref() {
        Some("always") => Policy::Always,
        Some("ask") => Policy::Ask,
        _ => Policy::Never,
    }
}

fn to_engine_config(options: &JsOptions) -> EngineConfig {
    let names = options.transports();
    EngineConfig {
        transports: names.iter().filter_map(|name| TransportKind::from_name(name)).collect(),
        upgrade: options.upgrade(),
        remember_upgrade: options.remember_upgrade(),
        ..EngineConfig::default()
    }
}

/// What is no number, because it is not set, leaves the default.
fn to_decoder_limits(options: &JsOptions) -> DecoderLimits {
    let DecoderLimits { attachments, bytes, time } = DecoderLimits::default();
    let set = |number: f64| (!number.is_nan()).then_some(number);
    DecoderLimits {
        attachments: set(options.max_attachments()).map_or(attachments, |count| count as u32),
        bytes: set(options.max_attachment_bytes()).map_or(bytes, |bytes| bytes as usize),
        time: to_duration_or(options.attachment_timeout_ms(), time),
    }
}
