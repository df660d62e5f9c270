//! What the client does with what the manager tells.

use std::rc::Rc;

use crate::client::continuity::{NO_EPOCH, Place, Since};
use crate::client::helper::{self, HELLO, MissedEvent, POSITION, RETRY, Taken, UNHEARD};
use crate::client::namespace::Incoming;
use crate::client::outbox::{Answer, Transmission};
use crate::client::readiness::Received;
use crate::client::readiness::SinceTicket;
use crate::client::requests::{Purpose, Requests};
use crate::client::store::ActionKey;
use crate::client::topics::JoinTicket;
use crate::client::{Client, Event, Output, Stir};
use crate::engineio::TransportId;
use crate::host::{EventId, EventIdentity, EventName, Host};
use crate::manager::{self, AckTicket, Cause, SocketId, Status};
use crate::socketio::{RequestId, Settlement};

impl<H: Host> Client<H> {
    pub(super) fn on_event(&mut self, event: manager::Event<H>) {
        if is_news(&event) {
            self.stir = Stir::Any;
        }
        match event {
            manager::Event::Delivered { socket, event, arguments, ack, length } => {
                self.on_delivered(socket, event, arguments, ack, length);
            }
            manager::Event::Settled { request, settlement } if Requests::is_own(request) => {
                self.on_settled(request, settlement);
            }
            manager::Event::Accepted { socket, recovered, .. } => {
                self.on_accepted(socket, recovered);
                self.tell(Event::Socket(event));
            }
            manager::Event::Status { socket, status } => {
                self.on_status(socket, status);
                self.tell(Event::Socket(event));
            }
            manager::Event::VerdictNeeded { socket, cause, .. } => {
                self.on_down(socket, cause.is_own());
                self.tell(Event::Socket(event));
            }
            manager::Event::Probed => self.on_probed(),
            manager::Event::Settled { .. }
            | manager::Event::AuthNeeded { .. }
            | manager::Event::AddressNeeded { .. }
            | manager::Event::Refused { .. }
            | manager::Event::Dropped { .. }
            | manager::Event::Failed { .. } => self.tell(Event::Socket(event)),
        }
    }

    fn on_accepted(&mut self, socket: SocketId, recovered: bool) {
        let connection = self.manager.connection_number(socket);
        let max_payload = self.manager.max_payload_bytes();
        if recovered {
            // What was missed comes before the greeting, which the connection before may not have had.
            self.host.expect_stamps(UNHEARD);
        }
        if let Some(namespace) = self.namespace(socket) {
            namespace.hello = None;
            namespace.is_connected = true;
            namespace.outbox.set_max_payload(max_payload);
            namespace.readiness.handle_accepted(connection, recovered);
            self.accepted.push(socket);
        }
    }

    fn on_status(&mut self, socket: SocketId, status: Status) {
        if status != Status::Connected {
            self.on_down(socket, is_own_end(status));
        }
    }

    /// A connection has ended, if there was one; `is_own` if this side has ended it, or given it up.
    fn on_down(&mut self, socket: SocketId, is_own: bool) {
        if !self.namespace(socket).is_some_and(|it| it.is_connected) {
            return;
        }
        // What belongs to the connection is told before its end is.
        self.perform_effects_of(socket);
        self.accepted.retain(|accepted| *accepted != socket);
        let now = self.now;
        if let Some(namespace) = self.namespace(socket) {
            namespace.handle_down(is_own, now);
        }
    }

    fn on_probed(&mut self) {
        let now = self.now;
        self.signs = self.signs.wrapping_add(1);
        if let Some(probed_at) = self.probed_at.take() {
            self.probe_round_trip = Some(now.since(probed_at));
        }
        for namespace in &mut self.namespaces {
            namespace.readiness.handle_probed(now);
        }
    }

    fn on_delivered(
        &mut self,
        socket: SocketId,
        event: EventId,
        mut arguments: H::Value,
        ack: Option<AckTicket>,
        length: usize,
    ) {
        match event {
            HELLO => self.on_hello(socket, &arguments),
            POSITION => self.on_position(socket, &arguments),
            RETRY => self.on_retry(&arguments),
            event => {
                let identity = self.host.identify(&mut arguments);
                if !self.is_next(socket, &identity) {
                    self.stir = Stir::Any;
                }
                self.receive(socket, Incoming { event, arguments, ack, identity }, length);
            }
        }
    }

    fn on_hello(&mut self, socket: SocketId, arguments: &H::Value) {
        let Some(hello) = helper::read_hello(&self.host, arguments) else {
            return;
        };
        // Also a server without logs numbers its events.
        self.host.expect_stamps(UNHEARD);
        let now = self.now;
        if let Some(namespace) = self.namespace(socket) {
            let (since, positions) = (hello.since, hello.positions.clone());
            namespace.hello = Some((hello, now));
            namespace.readiness.handle_hello(since, positions, now);
        }
    }

    fn on_position(&mut self, socket: SocketId, arguments: &H::Value) {
        let position = helper::read_position_event(&self.host, arguments);
        let now = self.now;
        if let Some((namespace, position)) = self.namespace(socket).zip(position) {
            namespace.readiness.handle_position(position, now);
        }
    }

    fn on_retry(&mut self, arguments: &H::Value) {
        if let Some(after) = helper::read_retry(&self.host, arguments) {
            self.manager.postpone(after, self.now);
        }
    }

    /// An event has come. It is delivered, waits for that, or was delivered before.
    pub(super) fn receive(&mut self, socket: SocketId, incoming: Incoming<H>, length: usize) {
        let now = self.now;
        let place = helper::place(&incoming.identity);
        let event = incoming.event;
        let Some(namespace) = self.namespaces.get_mut(socket.0 as usize) else {
            return;
        };
        if namespace.confirming.contains(event) {
            let arguments = incoming.arguments.clone();
            let told = Event::Confirming { socket, event, arguments };
            self.outputs.push_back(Output::Event(told));
        }
        if let Some(place) = place.filter(|place| !namespace.readiness.knows(*place)) {
            if let Some(position) = helper::position_before(&self.host, place) {
                namespace.readiness.handle_position(position, now);
            }
        }
        match namespace.readiness.receive(incoming, place, length, now) {
            Received::Deliver(incoming) => self.deliver(socket, incoming),
            Received::Held | Received::Repeated => self.stir = Stir::Any,
        }
    }

    /// Tells an event, unless it was told before or nobody listens to it.
    pub(super) fn deliver(&mut self, socket: SocketId, incoming: Incoming<H>) {
        let Incoming { event, arguments, ack, identity } = incoming;
        let now = self.now;
        let Some(namespace) = self.namespace(socket) else {
            return;
        };
        if !namespace.dedup.is_duplicate(&lasting(identity), now) && event != UNHEARD {
            self.tell(Event::Delivered { socket, event, arguments, ack, identity });
        }
    }

    /// A request of the client itself ended.
    fn on_settled(&mut self, request: RequestId, settlement: Settlement<H::Value>) {
        let Some((socket, purpose)) = self.requests.take(request) else {
            return;
        };
        let answer = match settlement {
            Settlement::Acknowledged(answer) => Some(answer),
            Settlement::TimedOut | Settlement::Dropped(_) => None,
            // The end of the connection is told, too. Until then nothing may follow from this: what is
            // sent now would wait for the next connection.
            Settlement::Disconnected | Settlement::IdentityChanged | Settlement::Destroyed => {
                return;
            }
        };
        match (purpose, answer) {
            (Purpose::Transmission { transmission, key }, Some(answer)) => {
                self.on_action_answered(socket, transmission, &key, answer);
            }
            // The time limit of the outbox will tell.
            (Purpose::Transmission { .. }, None) => {}
            (Purpose::Join { ticket, topic }, answer) => {
                self.on_join_answered(socket, ticket, topic, answer);
            }
            (Purpose::Since(ticket), answer) => self.on_since_answered(socket, ticket, answer),
        }
    }

    fn on_action_answered(
        &mut self,
        socket: SocketId,
        transmission: Transmission,
        key: &ActionKey,
        mut arguments: H::Value,
    ) {
        let answer = match helper::take_verdict(&self.host, &mut arguments, &key.0) {
            Taken::Verdict(verdict) => Answer::Helper { verdict, arguments },
            Taken::Nothing => Answer::Acknowledged(arguments),
            Taken::Foreign => return,
        };
        let now = self.now;
        self.signs = self.signs.wrapping_add(1);
        if let Some(namespace) = self.namespace(socket) {
            namespace.outbox.handle_answer(transmission, answer, now);
        }
    }

    fn on_join_answered(
        &mut self,
        socket: SocketId,
        ticket: JoinTicket,
        topic: Rc<str>,
        answer: Option<H::Value>,
    ) {
        let now = self.now;
        let Some(namespace) = self.namespace(socket) else {
            return;
        };
        match answer {
            Some(answer) => {
                namespace.answer = Some((topic, answer));
                namespace.readiness.join_acknowledged(ticket, now);
            }
            None => namespace.readiness.join_refused(ticket, now),
        }
    }

    fn on_since_answered(
        &mut self,
        socket: SocketId,
        ticket: SinceTicket,
        answer: Option<H::Value>,
    ) {
        let host = self.host.clone();
        let event_of = |arguments: &H::Value| match host.event_name(arguments) {
            Some(EventName::Heard(event)) => event,
            Some(EventName::Unheard | EventName::Reserved) | None => UNHEARD,
        };
        let to_incoming = |(place, missed): (Place, MissedEvent<H::Value>)| {
            (place, Incoming::missed(event_of(&missed.arguments), missed))
        };
        let to_stream = |Since { stream, position, events, gap, more }| {
            let events = Vec::into_iter(events).map(to_incoming).collect();
            Since { stream, position, events, gap, more }
        };
        let streams = answer
            .map(|answer| helper::read_since(&host, &answer).into_iter().map(to_stream).collect());
        let now = self.now;
        if let Some(namespace) = self.namespace(socket) {
            namespace.readiness.handle_since(ticket, streams, now);
        }
    }

    /// Takes an event without an acknowledgement id, read by the host: see
    /// [`Manager::handle_event`](crate::manager::Manager::handle_event). `identity` is what
    /// [`Host::identify`] reads.
    #[must_use]
    pub fn handle_event(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        event: EventId,
        mut arguments: H::Value,
        identity: EventIdentity,
        length: usize,
    ) -> bool {
        // What is said between client and helper, and what needs to know the time because it has to wait,
        // goes the long way.
        if is_for_helper(event) {
            return false;
        }
        if !self.manager.is_ready_for(transport, socket) || !self.is_next(socket, &identity) {
            return false;
        }
        self.manager.take_offset(socket, &mut arguments);
        self.receive(socket, Incoming { event, arguments, ack: None, identity }, length);
        true
    }

    /// Takes an event that nobody listens to: see
    /// [`Manager::handle_unheard_event`](crate::manager::Manager::handle_unheard_event). Nothing is told of it.
    #[must_use]
    pub fn handle_unheard_event(&mut self, transport: TransportId, socket: SocketId) -> bool {
        self.manager.handle_unheard_event(transport, socket)
    }

    /// Takes an answer to a request: see
    /// [`Manager::handle_answer`](crate::manager::Manager::handle_answer).
    #[must_use]
    pub fn handle_answer(
        &mut self,
        transport: TransportId,
        socket: SocketId,
        ack_id: u64,
        arguments: H::Value,
    ) -> bool {
        self.stir = self.stir.max(Stir::Told);
        self.manager.handle_answer(transport, socket, ack_id, arguments)
    }

    /// Returns whether an event would be delivered at once, and the parts have nothing to do for it.
    fn is_next(&mut self, socket: SocketId, identity: &EventIdentity) -> bool {
        let place = helper::place(identity);
        self.namespace(socket).is_some_and(|it| it.readiness.is_next(place))
    }
}

/// Whether the parts have to be asked what follows. Of events and answers that are the application's they
/// are told only if those are for them.
fn is_news<H: Host>(event: &manager::Event<H>) -> bool {
    match event {
        manager::Event::Delivered { event, .. } => is_for_helper(*event),
        manager::Event::Settled { request, .. } => Requests::is_own(*request),
        manager::Event::AuthNeeded { .. }
        | manager::Event::AddressNeeded { .. }
        | manager::Event::VerdictNeeded { .. }
        | manager::Event::Accepted { .. }
        | manager::Event::Refused { .. }
        | manager::Event::Probed
        | manager::Event::Dropped { .. }
        | manager::Event::Failed { .. }
        | manager::Event::Status { .. } => true,
    }
}

/// Whether an event is said between client and helper.
fn is_for_helper(event: EventId) -> bool {
    event.0 >= HELLO.0 && event != UNHEARD
}

/// Whether this side has ended a connection, or given it up.
fn is_own_end(status: Status) -> bool {
    let cause = match status {
        Status::Connecting { cause, .. } | Status::Waiting { cause, .. } => cause,
        Status::Disconnected { cause } => Some(cause),
        Status::Idle | Status::Connected => None,
    };
    // What has no cause was left, to be joined anew.
    cause.is_none_or(Cause::is_own)
}

/// A server that starts anew counts an application's numbers anew, too. Readiness knows when; a memory
/// that outlives that would drop what it does not know.
fn lasting(identity: EventIdentity) -> EventIdentity {
    let order = identity.order.filter(|order| order.epoch != NO_EPOCH);
    EventIdentity { order, ..identity }
}
