//! What the application and the store say to the client's parts.

use core::time::Duration;
use std::rc::Rc;

use crate::client::defects::{self, Defect};
use crate::client::helper;
use crate::client::latest::LatestFull;
use crate::client::namespace::Namespace;
use crate::client::outbox::{
    Clear, Drain, EnqueueError, FlushTicket, Item, NewAction, OutboxConfig,
};
use crate::client::readiness::{Hook, HookTicket, Hooks};
use crate::client::requests::Requests;
use crate::client::store::{ActionKey, Change, Payload, StoreAnswer, StoreTicket};
use crate::client::topics::Confirm;
use crate::client::{Client, Stir};
use crate::host::{EventId, EventIdentity, Host};
use crate::manager::SocketId;
use crate::socketio::{EmitError, RequestId};
use crate::time::Instant;

impl<H: Host> Client<H> {
    /// Takes the news that the deadline of [`Output::Timeout`](super::Output::Timeout) has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.at(now).handle_timeout(now);
        let heard = self.manager.heard();
        let has_heard = std::mem::replace(&mut self.heard, heard) != heard;
        for namespace in &mut self.namespaces {
            if has_heard {
                namespace.readiness.handle_heard(now);
            }
            namespace.handle_timeout(now);
        }
    }

    /// Opens the store of a namespace. Comes before the first action.
    pub fn open_outbox(&mut self, socket: SocketId, now: Instant) {
        let identity = Rc::clone(&self.identity);
        if let Some(namespace) = self.stir(socket, now) {
            namespace.has_outbox = true;
            namespace.outbox.open(identity, now);
        }
    }

    /// Takes an action to be kept until the server has answered it: see
    /// [`Outbox::enqueue`](super::outbox::Outbox::enqueue).
    ///
    /// # Errors
    ///
    /// [`EnqueueError`]: nothing is kept of it.
    pub fn enqueue(
        &mut self,
        socket: SocketId,
        action: NewAction,
        payload: Payload<H>,
        now: Instant,
    ) -> Result<(), EnqueueError> {
        let namespace = self.stir(socket, now).ok_or(EnqueueError::UnknownSocket)?;
        namespace.outbox.enqueue(action, payload, now)
    }

    /// Cancels an action that was never sent.
    pub fn cancel_action(&mut self, socket: SocketId, key: &ActionKey, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.cancel(key, now);
        }
    }

    /// Queues an action again that is quarantined or unknown. Returns whether it is.
    pub fn retry_action(&mut self, socket: SocketId, key: &ActionKey, now: Instant) -> bool {
        self.stir(socket, now).is_some_and(|namespace| namespace.outbox.retry(key, now))
    }

    /// Throws away an action that is quarantined or unknown.
    pub fn forget_action(&mut self, socket: SocketId, key: &ActionKey, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.discard(key);
        }
    }

    /// Takes the news that the server has rejected an action by something else than its answer.
    pub fn nack_action(
        &mut self,
        socket: SocketId,
        key: &ActionKey,
        data: Option<H::Value>,
        now: Instant,
    ) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.nack(key, data, now);
        }
    }

    /// Sends no action until [`resume_outbox`](Self::resume_outbox).
    pub fn pause_outbox(&mut self, socket: SocketId, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.pause();
        }
    }

    /// Sends actions again.
    pub fn resume_outbox(&mut self, socket: SocketId, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.resume(now);
        }
    }

    /// Throws actions away.
    pub fn clear_outbox(&mut self, socket: SocketId, what: Clear, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.clear(what, now);
        }
    }

    /// Changes how much the outbox of a namespace takes and how it sends. What it holds stays.
    pub fn configure_outbox(
        &mut self,
        socket: SocketId,
        max_items: usize,
        max_bytes: u64,
        drain: Drain,
        now: Instant,
    ) {
        let config = OutboxConfig { max_items, max_bytes, drain, ..self.config.outbox };
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.configure(config, now);
        }
    }

    /// Takes the application's plan for what waited.
    pub fn handle_flush_plan(
        &mut self,
        socket: SocketId,
        ticket: FlushTicket,
        keep: &[ActionKey],
        drop: &[ActionKey],
        now: Instant,
    ) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.handle_flush_plan(ticket, keep, drop, now);
        }
    }

    /// Takes an answer of the store.
    pub fn handle_store(
        &mut self,
        socket: SocketId,
        ticket: StoreTicket,
        answer: StoreAnswer<H>,
        now: Instant,
    ) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.handle_store(ticket, answer, now);
        }
    }

    /// Learns what other clients did to the store.
    pub fn handle_changes(&mut self, socket: SocketId, changes: Vec<Change<H>>, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.handle_changes(changes, now);
        }
    }

    /// Reads the store of a namespace again: after the program was suspended, when it may have missed what
    /// other clients did to it.
    pub fn refresh_outbox(&mut self, socket: SocketId, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.outbox.refresh(now);
        }
    }

    /// Returns what the outbox of a namespace holds, in the order of the store.
    #[must_use]
    pub fn items(&self, socket: SocketId, now: Instant) -> Vec<Item> {
        let namespace = self.namespaces.get(socket.0 as usize);
        namespace.map(|namespace| namespace.outbox.items(now)).unwrap_or_default()
    }

    /// Sends an event once the connection is live, unless the next of its key comes before that.
    ///
    /// # Errors
    ///
    /// As for [`Manager::emit`](crate::manager::Manager::emit), and [`EmitError::BufferFull`] if too
    /// many keys wait.
    pub fn emit_latest(
        &mut self,
        socket: SocketId,
        key: &str,
        payload: Payload<H>,
        now: Instant,
    ) -> Result<(), EmitError> {
        let namespace = self.stir(socket, now).ok_or(EmitError::UnknownSocket)?;
        match namespace.latest.put(key, payload) {
            Ok(Some(Payload { body, attachments })) => {
                self.manager.emit(socket, body, attachments, true, now)
            }
            Ok(None) => Ok(()),
            Err(LatestFull) => Err(EmitError::BufferFull),
        }
    }

    /// Says which hooks of the application are waited for on each connection.
    pub fn set_hooks(&mut self, socket: SocketId, hooks: Hooks, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.readiness.set_hooks(hooks);
            self.manager.set_holding(socket, hooks.prologue);
        }
    }

    /// Takes the news that a hook of the application has ended.
    pub fn hook_done(&mut self, socket: SocketId, hook: Hook, ticket: HookTicket, now: Instant) {
        let Some(namespace) = self.stir(socket, now) else {
            return;
        };
        match hook {
            Hook::Gap => namespace.readiness.gap_done(ticket, now),
            Hook::Prologue => {
                let is_current = namespace.prologue.take_if(|current| *current == ticket).is_some();
                namespace.readiness.prologue_done(ticket, now);
                if is_current {
                    self.manager.release(socket, now);
                }
            }
        }
    }

    /// Sends an event before everything that waits, as part of the prologue with this ticket. When that
    /// has ended, nothing is sent.
    ///
    /// # Errors
    ///
    /// As for [`Manager::emit`](crate::manager::Manager::emit).
    pub fn emit_first(
        &mut self,
        socket: SocketId,
        ticket: HookTicket,
        payload: Payload<H>,
        now: Instant,
    ) -> Result<(), EmitError> {
        match self.stir(socket, now).is_some_and(|it| it.prologue == Some(ticket)) {
            true => self.manager.emit_first(socket, payload.body, payload.attachments, now),
            false => Ok(()),
        }
    }

    /// Sends, like [`emit_first`](Self::emit_first), an event that the server is to answer. When the
    /// prologue has ended, it is a request like any other.
    ///
    /// # Errors
    ///
    /// As for [`Manager::request`](crate::manager::Manager::request).
    pub fn request_first(
        &mut self,
        socket: SocketId,
        ticket: HookTicket,
        request: RequestId,
        payload: Payload<H>,
        timeout: Option<Duration>,
        now: Instant,
    ) -> Result<(), EmitError> {
        let Payload { body, attachments } = payload;
        let is_first = self.stir(socket, now).is_some_and(|it| it.prologue == Some(ticket));
        if is_first {
            self.manager.request_first(socket, request, body, attachments, timeout, now)
        } else {
            self.manager.request(socket, request, body, attachments, timeout, now)
        }
    }

    /// Counts one more that wants a topic: see
    /// [`Readiness::retain_topic`](super::readiness::Readiness::retain_topic). With `confirm` it is this
    /// event that shows that it is joined.
    pub fn retain_topic(
        &mut self,
        socket: SocketId,
        topic: &str,
        bodies: TopicBodies<H>,
        confirm: Option<EventId>,
        now: Instant,
    ) {
        let Some(namespace) = self.stir(socket, now) else {
            return;
        };
        let how = if confirm.is_some() { Confirm::Event } else { Confirm::Ack };
        namespace.confirming.retain(topic, confirm);
        namespace.readiness.retain_topic(topic, bodies.join, bodies.leave, how, now);
    }

    /// Counts one less that wants a topic; after the last it is left.
    pub fn release_topic(&mut self, socket: SocketId, topic: &str, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.confirming.release(topic);
            namespace.readiness.release_topic(topic, now);
        }
    }

    /// Takes the news that an event has confirmed a topic.
    pub fn topic_confirmed(&mut self, socket: SocketId, topic: &str, now: Instant) {
        if let Some(namespace) = self.stir(socket, now) {
            namespace.readiness.topic_confirmed(topic, now);
        }
    }

    /// A listener failed to handle an event: if it comes again, it is delivered again.
    pub fn handle_failure(&mut self, socket: SocketId, identity: &EventIdentity) {
        let Some(namespace) = self.namespace(socket) else {
            return;
        };
        if let Some(place) = helper::place(identity) {
            namespace.readiness.handle_failure(place);
        }
        if let Some(id) = identity.id {
            namespace.dedup.forget(identity.stream, id);
        }
    }

    /// Throws away everything that waits for the user: stored actions, and events that were kept for a
    /// connection.
    pub fn discard_queue(&mut self, now: Instant) {
        for index in 0..self.namespaces.len() {
            self.clear_outbox(SocketId(index as u32), Clear::All, now);
        }
        self.sockets().discard_unsent();
    }

    /// Takes the news that the user is another: nothing of the old one is sent or known any more. Its
    /// actions stay in the store.
    pub fn set_identity(&mut self, identity: &str, now: Instant) {
        self.identity = Rc::from(identity);
        for namespace in &mut self.namespaces {
            namespace.handle_down(true, now);
            if defects::is(Defect::KeepQueue) {
                continue;
            }
            namespace.reset(&self.config);
            if namespace.has_outbox {
                namespace.outbox.open(Rc::clone(&self.identity), now);
            }
        }
        self.at(now).change_identity(now);
    }

    /// Ends everything: see [`Manager::destroy`](crate::manager::Manager::destroy). Stored actions stay
    /// stored, for whoever opens the store next.
    pub fn destroy(&mut self, now: Instant) {
        for index in 0..self.namespaces.len() {
            let socket = SocketId(index as u32);
            if let Some(namespace) = self.namespace(socket).filter(|it| it.has_outbox) {
                namespace.outbox.park();
                self.perform_effects_of(socket);
            }
        }
        // Nothing of them happens any more, neither by itself nor by a call.
        self.namespaces.clear();
        self.requests = Requests::default();
        self.at(now).destroy(now);
    }

    pub(super) fn stir(&mut self, socket: SocketId, now: Instant) -> Option<&mut Namespace<H>> {
        self.now = now;
        self.stir = Stir::Any;
        self.namespace(socket)
    }
}

/// What joins a topic, and what leaves it.
#[derive(Debug)]
pub struct TopicBodies<H: Host> {
    /// The array of the name and the arguments of the event that joins it.
    pub join: H::Text,
    /// The same of the one that leaves it, if there is one.
    pub leave: Option<H::Text>,
}
