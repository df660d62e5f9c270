//! The front: the server's own accept loop, between the TCP sockets and everything that speaks HTTP.
//!
//! Every TCP connection is wrapped in a [`FrontStream`] and known to the [`Registry`], so that the control
//! API can list connections and break them the way a network does. What the bytes mean is not known here,
//! except that a connection has become a WebSocket, and that a contract's refusals get a code ([`refusals`]).
//! What goes through is counted ([`Traffic`]).

mod accept;
mod listening;
pub mod refusals;
mod registry;
mod stream;
mod traffic;

pub use accept::{Front, serve};
pub use listening::{Running, accept, bind};
pub use registry::{ConnectionGuard, ConnectionHandle, CutTarget, Listing, Registry};
pub use stream::FrontStream;
pub use traffic::{Direction, Traffic};
