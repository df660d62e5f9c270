//! What the client does for its parts.

use std::rc::Rc;

use crate::client::continuity::Position;
use crate::client::helper;
use crate::client::namespace::Incoming;
use crate::client::outbox::{Answer, Effect as OutboxEffect, Envelope, Transmission};
use crate::client::readiness::{Effect, Hook, SinceTicket};
use crate::client::requests::{Purpose, Same};
use crate::client::store::{ActionKey, Payload};
use crate::client::topics::{JoinTicket, TopicStatus};
use crate::client::{Client, Event, Output};
use crate::host::Host;
use crate::manager::SocketId;
use crate::socketio::EmitError;

impl<H: Host> Client<H> {
    /// Does what the parts want. Returns whether there was anything.
    pub(super) fn perform_effects(&mut self) -> bool {
        let mut is_busy = false;
        for index in 0..self.namespaces.len() {
            let socket = SocketId(index as u32);
            // This gives readiness something to do, so it comes before that.
            self.ask_for_server(socket);
            is_busy |= self.perform_effects_of(socket);
        }
        is_busy
    }

    /// Does what the parts of one namespace want. Returns whether there was anything.
    pub(super) fn perform_effects_of(&mut self, socket: SocketId) -> bool {
        let mut is_busy = false;
        while let Some(effect) = self.next_readiness_effect(socket) {
            self.perform(socket, effect);
            is_busy = true;
        }
        while let Some(effect) = self.next_outbox_effect(socket) {
            self.perform_of_outbox(socket, effect);
            is_busy = true;
        }
        if let Some(namespace) = self.namespace(socket) {
            // If its topic was left meanwhile, nothing was told of it.
            namespace.answer = None;
        }
        is_busy
    }

    fn next_readiness_effect(&mut self, socket: SocketId) -> Option<Effect<Incoming<H>, H::Text>> {
        self.namespace(socket)?.readiness.poll_effect()
    }

    fn next_outbox_effect(&mut self, socket: SocketId) -> Option<OutboxEffect<H>> {
        self.namespace(socket)?.outbox.poll_effect()
    }

    /// What waits in the outbox is sent when it is known what the server is.
    fn ask_for_server(&mut self, socket: SocketId) {
        let now = self.now;
        let namespace = self.namespace(socket);
        let waiting = namespace.filter(|it| it.is_connected && it.outbox.wants_server());
        if let Some(namespace) = waiting {
            namespace.readiness.want_server(now);
        }
    }

    fn perform(&mut self, socket: SocketId, effect: Effect<Incoming<H>, H::Text>) {
        // What is sent after the end of a connection would go out first on the next.
        if is_for_connection(&effect) && !self.manager.is_alive(socket, self.now) {
            return;
        }
        match effect {
            Effect::Prologue(ticket) => {
                if let Some(namespace) = self.namespace(socket) {
                    namespace.prologue = Some(ticket);
                }
                self.tell(Event::HookNeeded { socket, hook: Hook::Prologue, ticket });
            }
            Effect::GapHook(ticket) => {
                self.tell(Event::HookNeeded { socket, hook: Hook::Gap, ticket });
            }
            Effect::HookLate(hook) => {
                self.tell(Event::HookLate { socket, hook });
                if let (Hook::Prologue, Some(namespace)) = (hook, self.namespace(socket)) {
                    namespace.prologue = None;
                    self.manager.release(socket, self.now);
                }
            }
            Effect::Join { topic, ticket, body, acknowledged } => {
                self.join(socket, topic, ticket, &body, acknowledged);
            }
            Effect::Leave { body, .. } => self.send_first(socket, &body),
            Effect::Topic { topic, status } => self.tell_topic(socket, topic, status),
            Effect::Probe => self.probe(),
            Effect::LinkDead => self.manager.declare_dead(self.now),
            Effect::Since { ticket, positions } => self.ask_since(socket, ticket, &positions),
            Effect::Verdict { connection, continuity } => {
                self.tell(Event::Continuity { socket, connection, continuity });
            }
            Effect::Missed { connection, gap } => {
                self.tell(Event::Missed { socket, connection, gap });
            }
            Effect::Deliver(incoming) => self.deliver(socket, incoming),
            Effect::Live => self.go_live(socket),
            Effect::Drain => self.drain(socket),
        }
    }

    fn join(
        &mut self,
        socket: SocketId,
        topic: Rc<str>,
        ticket: JoinTicket,
        body: &H::Text,
        acknowledged: bool,
    ) {
        if !acknowledged {
            return self.send_first(socket, body);
        }
        self.give_up(socket, &Same::Join(Rc::clone(&topic)));
        let request = self.requests.add(socket, Purpose::Join { ticket, topic });
        let (body, now) = (body.clone(), self.now);
        let sent = self.manager.request_first(socket, request, body, Vec::new(), None, now);
        if sent.is_err() {
            self.requests.take(request);
            if let Some(namespace) = self.namespace(socket) {
                namespace.readiness.join_refused(ticket, now);
            }
        }
    }

    /// Waits no longer for the answer to a request: only so many can be open at the same time, and the
    /// application has a use for them.
    fn give_up(&mut self, socket: SocketId, which: &Same) {
        if let Some(request) = self.requests.take_same(socket, which) {
            self.manager.cancel(socket, request);
        }
    }

    /// What cannot be sent was checked when it was taken; only a connection that ends can be the reason.
    fn send_first(&mut self, socket: SocketId, body: &H::Text) {
        let _ = self.manager.emit_first(socket, body.clone(), Vec::new(), self.now);
    }

    fn tell_topic(&mut self, socket: SocketId, topic: Rc<str>, status: TopicStatus) {
        let namespace = self.namespace(socket);
        let answer = namespace.and_then(|it| it.answer.take_if(|(about, _)| *about == topic));
        let answer = answer.map(|(_, answer)| answer);
        self.tell(Event::Topic { socket, topic, status, answer });
    }

    fn ask_since(&mut self, socket: SocketId, ticket: SinceTicket, positions: &[Position]) {
        self.give_up(socket, &Same::Since);
        let request = self.requests.add(socket, Purpose::Since(ticket));
        let (body, now) = (self.host.text(&helper::write_since(positions)), self.now);
        let sent = self.manager.request_first(socket, request, body, Vec::new(), None, now);
        if sent.is_err() {
            self.requests.take(request);
            if let Some(namespace) = self.namespace(socket) {
                namespace.readiness.handle_since(ticket, None, now);
            }
        }
    }

    fn go_live(&mut self, socket: SocketId) {
        self.manager.release(socket, self.now);
        let latest = self.namespace(socket).map(|namespace| namespace.latest.handle_live());
        for Payload { body, attachments } in latest.unwrap_or_default() {
            // It was checked when it was taken.
            let _ = self.manager.emit(socket, body, attachments, true, self.now);
        }
        self.tell(Event::Live { socket });
    }

    fn drain(&mut self, socket: SocketId) {
        let now = self.now;
        if let Some(namespace) = self.namespace(socket) {
            let memory = namespace.memory(now);
            namespace.outbox.handle_live(memory, now);
        }
    }

    fn perform_of_outbox(&mut self, socket: SocketId, effect: OutboxEffect<H>) {
        match effect {
            OutboxEffect::Store { ticket, command } => {
                self.outputs.push_back(Output::Store { socket, ticket, command });
            }
            OutboxEffect::Transmit { transmission, key, payload, envelope } => {
                self.transmit(socket, transmission, key, payload, envelope.as_ref());
            }
            OutboxEffect::Abandon { transmission } => {
                self.give_up(socket, &Same::Transmission(transmission));
            }
            OutboxEffect::Status { key, status, attempts } => {
                self.tell(Event::Action { socket, key, status, attempts });
            }
            OutboxEffect::Forgotten { key } => self.tell(Event::Forgotten { socket, key }),
            OutboxEffect::CancelRefused { key } => self.tell(Event::CancelRefused { socket, key }),
            OutboxEffect::FlushAsked { ticket, keys } => {
                self.tell(Event::FlushAsked { socket, ticket, keys });
            }
        }
    }

    fn transmit(
        &mut self,
        socket: SocketId,
        transmission: Transmission,
        key: ActionKey,
        payload: Payload<H>,
        envelope: Option<&Envelope>,
    ) {
        let Payload { body, attachments } = payload;
        let body = match envelope {
            Some(envelope) => self.host.append(&body, &helper::write_envelope(envelope)),
            None => body,
        };
        let request = self.requests.add(socket, Purpose::Transmission { transmission, key });
        let now = self.now;
        // On a link that may be dead it would only become uncertain.
        let can_send = self.manager.is_alive(socket, now) && !self.manager.is_doubted();
        let sent = match can_send {
            true => self.manager.request(socket, request, body, attachments, None, now),
            false => Err(EmitError::BufferFull),
        };
        if let Err(error) = sent {
            self.requests.take(request);
            if let Some(namespace) = self.namespace(socket) {
                namespace.outbox.handle_answer(transmission, Answer::Unsent(error), now);
            }
        }
    }
}

/// Whether an effect makes sense only on the connection for which it was meant.
fn is_for_connection<E, T>(effect: &Effect<E, T>) -> bool {
    match effect {
        Effect::Prologue(_)
        | Effect::Join { .. }
        | Effect::Leave { .. }
        | Effect::Probe
        | Effect::LinkDead
        | Effect::Since { .. }
        | Effect::Live
        | Effect::Drain => true,
        Effect::GapHook(_)
        | Effect::HookLate(_)
        | Effect::Topic { .. }
        | Effect::Verdict { .. }
        | Effect::Missed { .. }
        | Effect::Deliver(_) => false,
    }
}
