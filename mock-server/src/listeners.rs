//! How a contract listens to its clients.

use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};
use socketioxide::extract::{Event, TryData};

use crate::args::Args;
use crate::helper::{Envelope, Helper, Outcome, SINCE, payload_hash};
use crate::monitor::Monitor;
use crate::sockets::{AckSender, SocketRef};
use crate::user::User;

/// Registers what a contract does when a client emits something.
///
/// Handlers run one after the other, in the order in which the client emitted. With the helper an enqueued
/// action is done once however often it comes, and handlers do not see what accompanies it.
#[derive(Clone, Debug)]
pub struct Listeners {
    socket: SocketRef,
    helper: Option<Identified>,
    monitor: Monitor,
}

/// What a client emitted.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The client.
    pub socket: &'a SocketRef,
    /// The event's name.
    pub event: &'a str,
    /// The arguments; `None` when they cannot be read.
    pub args: Option<Args>,
}

/// What a contract answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It is done, and the contract has no acknowledgement for it.
    Done,
    /// It is done; this is the acknowledgement.
    Acknowledge(Value),
    /// It is not done, and will not be; only who enqueued it is told.
    Refuse(Value),
}

impl Reply {
    /// Refuses an event that the contract does not have.
    #[must_use]
    pub fn unknown(event: &str) -> Self {
        Self::Refuse(json!({ "message": format!("there is no event {event}") }))
    }
}

/// The helper, and whose actions it does.
#[derive(Clone, Debug)]
struct Identified {
    helper: Helper,
    identity: String,
}

impl Listeners {
    /// Creates the listeners of a client of `user`.
    #[must_use]
    pub fn new(
        socket: &SocketRef,
        helper: Option<&Helper>,
        user: &User,
        monitor: &Monitor,
    ) -> Self {
        let identified =
            |helper: &Helper| Identified { helper: helper.clone(), identity: user.0.clone() };
        let (socket, monitor) = (socket.clone(), monitor.clone());
        let listeners = Self { socket, helper: helper.map(identified), monitor };
        listeners.on_unknown(|request| Reply::unknown(request.event));
        if let Some(helper) = helper {
            listeners.answer_since(helper.clone());
        }
        listeners
    }

    /// Calls `handler` whenever the client emits `event`.
    pub fn on(
        &self,
        event: impl Into<String>,
        handler: impl Fn(Request<'_>) -> Reply + Clone + Send + Sync + 'static,
    ) {
        self.socket.on(event.into(), self.listener(handler));
    }

    /// Calls `handler` whenever the client emits an event that nothing else is registered for.
    ///
    /// Without it such events are ignored, as by `socket.io`, and refused if they are enqueued.
    pub fn on_unknown(
        &self,
        handler: impl Fn(Request<'_>) -> Reply + Clone + Send + Sync + 'static,
    ) {
        self.socket.on_fallback(self.listener(handler));
    }

    /// What the library is to call, which tells the monitor and answers.
    fn listener(
        &self,
        handler: impl Fn(Request<'_>) -> Reply + Clone + Send + Sync + 'static,
    ) -> impl FnOnce(SocketRef, Event, TryData<Args>, AckSender) -> Ready<()>
    + Clone
    + Send
    + Sync
    + 'static {
        let (helper, monitor) = (self.helper.clone(), self.monitor.clone());
        move |socket, event, args, ack| {
            let args = args.0.ok();
            monitor.received(&socket, &event.0, args.as_ref());
            let request = Request { socket: &socket, event: &event.0, args };
            listen(helper.as_ref(), request, ack, handler);
            ready(())
        }
    }

    fn answer_since(&self, helper: Helper) {
        let monitor = self.monitor.clone();
        self.socket.on(SINCE, move |socket: SocketRef, args: TryData<Args>, ack: AckSender| {
            let args = args.0.ok();
            monitor.received(&socket, SINCE, args.as_ref());
            acknowledge(ack, &helper.since(&socket, args));
            ready(())
        });
    }
}

fn listen(
    helper: Option<&Identified>,
    mut request: Request<'_>,
    ack: AckSender,
    handler: impl Fn(Request<'_>) -> Reply,
) {
    let envelope = helper.zip(request.args.as_mut().and_then(Envelope::take_from));
    let answer = match envelope {
        Some((helper, Ok(envelope))) => Some(helper.perform(&envelope, request, handler)),
        Some((_, Err(malformed))) => Some(malformed.into_args()),
        None => match handler(request) {
            Reply::Acknowledge(value) => Some(Args(vec![value])),
            Reply::Done | Reply::Refuse(_) => None,
        },
    };
    if let Some(answer) = answer {
        acknowledge(ack, &answer);
    }
}

impl Identified {
    fn perform(
        &self,
        envelope: &Envelope,
        request: Request<'_>,
        handler: impl Fn(Request<'_>) -> Reply,
    ) -> Args {
        let args = request.args.as_ref().map_or(&[][..], |args| &args.0);
        let hash = payload_hash(request.event, args);
        self.helper.perform(&self.identity, envelope, hash, || attempt(|| handler(request)))
    }
}

/// Does the work of an action; what panics fails, so that nothing of it is stored.
fn attempt(work: impl FnOnce() -> Reply) -> Option<Outcome> {
    catch_unwind(AssertUnwindSafe(work)).ok().map(Outcome::from)
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Done => Self::Applied(Vec::new()),
            Reply::Acknowledge(value) => Self::Applied(vec![value]),
            Reply::Refuse(data) => Self::Rejected(vec![data]),
        }
    }
}

fn acknowledge(ack: AckSender, args: &Args) {
    if let Err(error) = ack.send(args) {
        tracing::debug!(%error, "acknowledgement not delivered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_panics_has_no_outcome() {
        assert_eq!(attempt(|| panic!("as a bug would")), None);
        assert_eq!(attempt(|| Reply::Done), Some(Outcome::Applied(Vec::new())));
    }
}
