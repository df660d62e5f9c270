//! The namespace `/admin`: who may look, and what the page does to clients.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sockets::SocketRef;
use crate::sockets::{Openings, SocketIo};
use serde_json::Value;
use socketioxide::extract::TryData;
use socketioxide::handler::ConnectHandler;
use socketioxide::socket::DisconnectReason;

use super::NAMESPACE;
use super::account::AdminAccount;
use super::feed::{Entry, Feed};
use super::watched::Watched;
use crate::args::Args;
use crate::contracts::is_reserved;
use crate::dice::unique_id;
use crate::emitter::Namespace;
use crate::monitor::Monitor;
use crate::user::User;

/// Serves those who look; clones share everything.
#[derive(Clone, Debug)]
pub struct Desk(Arc<State>);

#[derive(Debug)]
struct State {
    account: AdminAccount,
    feed: Feed,
    watched: Vec<Watched>,
    own: Monitor,
    sessions: Mutex<BTreeSet<String>>,
}

/// Why somebody may not look; the page shows the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    /// Nothing was given: the page tries so before it asks for anything.
    #[error("sign in with user name and password")]
    Anonymous,
    /// The page asks for a name and a password when it reads just these words.
    #[error("invalid credentials")]
    Invalid,
}

/// What the page has to keep, if it gave a password.
#[derive(Clone, Debug)]
struct NewSession(Option<String>);

impl Desk {
    /// Creates a desk for an account that may do things to the clients of `watched`, and to others who look.
    #[must_use]
    pub fn new(
        account: AdminAccount,
        feed: Feed,
        mut watched: Vec<Watched>,
        io: &SocketIo,
    ) -> Self {
        let own = Monitor::new(Some((feed.clone(), NAMESPACE.into())));
        let namespace = Namespace { io: io.clone(), name: NAMESPACE, is_shared: false };
        watched.push(Watched { name: NAMESPACE.into(), namespace, monitor: own.clone() });
        Self(Arc::new(State { account, feed, watched, own, sessions: Mutex::default() }))
    }

    /// Registers the namespace.
    pub fn serve(self, io: &SocketIo, openings: &Openings) {
        let desk = self.clone();
        let before = move |socket: SocketRef, TryData(auth): TryData<Value>| {
            ready(desk.admit(auth.ok().as_ref()).map(|session| {
                socket.extensions.insert(session);
                desk.take_orders(&socket);
            }))
        };
        let connected = move |socket: SocketRef| {
            self.welcome(&socket);
            ready(())
        };
        openings.add_namespace(io.ns(NAMESPACE, connected.with(before)));
    }

    fn admit(&self, auth: Option<&Value>) -> Result<NewSession, Refused> {
        let field = |name: &str| auth.and_then(|auth| auth.get(name)).and_then(Value::as_str);
        if let Some(session) = field("sessionId") {
            let is_known = self.sessions().contains(session);
            return if is_known { Ok(NewSession(None)) } else { Err(Refused::Invalid) };
        }
        let user = field("username").ok_or(Refused::Anonymous)?;
        if !self.0.account.admits(user, field("password").unwrap_or_default()) {
            tracing::warn!(user, "the admin UI was refused");
            return Err(Refused::Invalid);
        }
        let session = unique_id();
        self.sessions().insert(session.clone());
        Ok(NewSession(Some(session)))
    }

    fn welcome(&self, socket: &SocketRef) {
        let monitor = &self.0.own;
        monitor.connected(socket, &User::default());
        let witness = monitor.clone();
        socket.on_disconnect(move |socket: SocketRef, reason: DisconnectReason| {
            witness.disconnected(&socket, Some(reason));
            ready(())
        });
        let NewSession(session) = socket.extensions.get().unwrap_or(NewSession(None));
        self.0.feed.tell(Entry::Arrived { socket: socket.clone(), session });
        // As in `Context::serve`.
        if !socket.connected() {
            monitor.disconnected(socket, None);
        }
    }

    fn take_orders(&self, socket: &SocketRef) {
        for (event, obey) in ORDERS {
            let desk = self.clone();
            socket.on(event, move |TryData(args): TryData<Args>| {
                let order = args.ok().and_then(Order::read);
                if order.is_none_or(|order| obey(&desk, order).is_none()) {
                    tracing::debug!(event, "an order of the admin UI that cannot be obeyed");
                }
                ready(())
            });
        }
    }

    fn watched(&self, order: &Order) -> Option<&Watched> {
        self.0.watched.iter().find(|watched| *watched.name == *order.namespace)
    }

    /// `emit`: namespace, filter, event, …arguments.
    fn emit(&self, order: Order) -> Option<()> {
        let watched = self.watched(&order)?;
        let mut rest = order.rest.into_iter();
        let (filter, event) = (filter_of(rest.next())?, rest.next()?);
        let event = event.as_str().filter(|event| !is_reserved(event))?;
        let args = Args(rest.collect());
        for client in watched.clients(filter.as_deref()) {
            if client.emit(event, &args).is_ok() {
                watched.monitor.sent(&client, event, &args);
            }
        }
        Some(())
    }

    /// `join`: namespace, room, filter.
    fn join(&self, order: Order) -> Option<()> {
        self.each_in_room(order, |client, room, monitor| {
            client.join(room.to_owned());
            monitor.joined(client, room);
        })
    }

    /// `leave`: namespace, room, filter.
    fn leave(&self, order: Order) -> Option<()> {
        self.each_in_room(order, |client, room, monitor| {
            client.leave(room.to_owned());
            monitor.left(client, room);
        })
    }

    fn each_in_room(&self, order: Order, work: impl Fn(&SocketRef, &str, &Monitor)) -> Option<()> {
        let watched = self.watched(&order)?;
        let mut rest = order.rest.into_iter();
        let (room, filter) = (rest.next()?, filter_of(rest.next())?);
        let room = room.as_str().filter(|room| !room.is_empty())?;
        for client in watched.clients(filter.as_deref()) {
            work(&client, room, &watched.monitor);
        }
        Some(())
    }

    /// `_disconnect`: namespace, whether the whole session, filter.
    fn disconnect(&self, order: Order) -> Option<()> {
        let watched = self.watched(&order)?;
        let mut rest = order.rest.into_iter();
        let (whole_session, filter) = (rest.next()?.as_bool()?, filter_of(rest.next())?);
        for client in watched.clients(filter.as_deref()) {
            let session = if whole_session { watched.session(&client) } else { vec![client] };
            for client in session {
                if let Err(error) = client.disconnect() {
                    tracing::debug!(%error, "a client was gone already");
                }
            }
        }
        Some(())
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the page wants done in a namespace.
#[derive(Debug)]
struct Order {
    namespace: String,
    rest: Vec<Value>,
}

impl Order {
    fn read(Args(args): Args) -> Option<Self> {
        let mut args = args.into_iter();
        let namespace = args.next()?.as_str()?.to_owned();
        Some(Self { namespace, rest: args.collect() })
    }
}

/// Reads whom an order is for: one client or room, or with nothing all.
fn filter_of(arg: Option<Value>) -> Option<Option<String>> {
    match arg {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(filter)) => Some(Some(filter).filter(|filter| !filter.is_empty())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

/// Does what an order says; `None` if it cannot be read.
type Obey = fn(&Desk, Order) -> Option<()>;

const ORDERS: [(&str, Obey); 4] = [
    ("emit", Desk::emit),
    ("join", Desk::join),
    ("leave", Desk::leave),
    ("_disconnect", Desk::disconnect),
];
