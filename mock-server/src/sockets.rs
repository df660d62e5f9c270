//! The Socket.IO library's types, with the adapter of this server.
//!
//! There is one adapter for both cases: it speaks to other processes through a [`Bus`], which leads nowhere
//! when the server is alone.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use socketioxide::adapter::Emitter;
use socketioxide_redis::{CustomRedisAdapter, InitRes, RedisAdapterConfig, RedisAdapterCtr};

use crate::bus::{Bus, BusError};

/// How a namespace reaches the clients of other processes.
pub type Adapter = CustomRedisAdapter<Emitter, Bus>;

/// A Socket.IO server.
pub type SocketIo = socketioxide::SocketIo<Adapter>;

/// One client in one namespace.
pub type SocketRef = socketioxide::extract::SocketRef<Adapter>;

/// Answers one event.
pub type AckSender = socketioxide::extract::AckSender<Adapter>;

/// Chooses clients, and emits to them.
pub type BroadcastOperators = socketioxide::operators::BroadcastOperators<Adapter>;

/// Returns what makes the adapters of a contract, which knows only processes that play the same.
pub fn adapter(bus: &Bus, contract: &str) -> RedisAdapterCtr<Bus> {
    let config = RedisAdapterConfig::new().with_prefix(format!("sockeye-mock:{contract}"));
    RedisAdapterCtr::new_with_driver(bus.clone(), config.with_stream_buffer(MAX_WAITING))
}

/// What must be open before clients may come; clones share it.
#[derive(Clone, Default)]
pub struct Openings(Arc<Mutex<Vec<Opening>>>);

type Opening = Pin<Box<dyn Future<Output = Result<(), BusError>> + Send>>;

impl Openings {
    /// Takes what [`SocketIo::ns`](socketioxide::SocketIo::ns) returns.
    pub fn add_namespace(&self, opening: InitRes<Bus>) {
        self.add(async move {
            let opened = opening.await;
            opened.map_err(|error| BusError::Subscribe { reason: error.to_string() })
        });
    }

    /// Takes something else that must be done.
    pub fn add(&self, opening: impl Future<Output = Result<(), BusError>> + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(opening));
    }

    /// Completes when everything is open.
    ///
    /// # Errors
    ///
    /// [`BusError`] when something cannot hear of other processes.
    pub async fn done(&self) -> Result<(), BusError> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for opening in all {
            opening.await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Openings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Openings").finish_non_exhaustive()
    }
}

/// The library drops what of other processes finds no room.
const MAX_WAITING: usize = 65_536;
