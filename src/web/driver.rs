//! The client in its [run loop](crate::manager#run-loop).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use wasm_bindgen::JsValue;

use crate::client::{Client, Event, Output};
use crate::manager::{self, Cause, Status};
use crate::socketio::Settlement;
use crate::time::Instant;
use crate::web::delivered::{Delivery, KeptDeliveries};
use crate::web::host::JsHost;
use crate::web::incoming::ClientPerform;
use crate::web::run_loop::{Core, Perform, RunLoop, now};
use crate::web::shim::JsEvents;
use crate::web::timer::to_millis;
use crate::web::transports::Transports;

/// The client with its transports and its application.
pub type Driver = RunLoop<Client<JsHost>, ClientOutlet>;

impl Core for Client<JsHost> {
    type Output = Output<JsHost>;

    fn drain(&mut self, outputs: &mut VecDeque<Self::Output>) -> Option<Instant> {
        loop {
            let output = self.poll_output();
            if let Output::Timeout(deadline) = output {
                return deadline;
            }
            outputs.push_back(output);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        Self::handle_timeout(self, now);
    }
}

/// Where the client's outputs go.
pub struct ClientOutlet {
    pub transports: Transports,
    pub events: JsEvents,
    /// The event that is being delivered, so that its listeners can say that they failed.
    pub delivering: Cell<Option<Delivery>>,
    /// Those of which that is said later.
    pub kept: RefCell<KeptDeliveries>,
}

impl Perform<Output<JsHost>> for ClientOutlet {
    fn perform(&self, output: Output<JsHost>) {
        match output {
            Output::Event(event) => self.tell(event),
            Output::Transport(action) => self.transports.perform(action),
            Output::Store { socket, ticket, command } => self.store(socket, ticket, command),
            Output::Diagnose => self.events.diagnose(),
            Output::Timeout(_) => {}
        }
    }
}

impl ClientPerform for ClientOutlet {
    fn transports(&self) -> &Transports {
        &self.transports
    }
}

impl ClientOutlet {
    fn tell(&self, event: Event<JsHost>) {
        match event {
            Event::Delivered { socket, event, arguments, ack, identity } => {
                let (connection, ack_id) =
                    ack.map_or((0, -1.0), |ack| (ack.connection, ack.ack_id as f64));
                self.delivering.set(Some((socket, identity)));
                self.events.delivered(socket.0, event.0, arguments, connection, ack_id);
            }
            Event::Socket(event) => self.tell_of_socket(event),
            event @ (Event::Action { .. }
            | Event::CancelRefused { .. }
            | Event::Forgotten { .. }
            | Event::FlushAsked { .. }
            | Event::HookNeeded { .. }
            | Event::HookLate { .. }
            | Event::Continuity { .. }
            | Event::Missed { .. }
            | Event::Live { .. }
            | Event::Confirming { .. }
            | Event::Topic { .. }) => self.tell_of_parts(event),
        }
    }

    fn tell_of_socket(&self, event: manager::Event<JsHost>) {
        use manager::Event;
        let events = &self.events;
        match event {
            Event::Delivered { .. } | Event::Probed => {}
            Event::Settled { request, settlement: Settlement::Acknowledged(arguments) } => {
                events.answered(request.0, arguments);
            }
            Event::Settled { request, settlement } => {
                let (kind, arguments) = settlement_to_js(settlement);
                events.settled(request.0, kind, arguments);
            }
            Event::AuthNeeded { socket, ticket, attempt, reason } => {
                events.auth_needed(socket.0, ticket.0, attempt, reason.name());
            }
            Event::AddressNeeded { ticket, attempt } => events.address_needed(ticket.0, attempt),
            Event::VerdictNeeded { socket, ticket, cause } => {
                events.verdict_needed(socket.0, ticket.0, cause.code());
            }
            Event::Accepted { socket, sid, recovered } => {
                events.accepted(socket.0, &sid, recovered);
            }
            Event::Refused { socket, data } => {
                events.refused(socket.0, data.unwrap_or(JsValue::UNDEFINED));
            }
            Event::Dropped { socket, excess } => {
                events.dropped(socket.0, excess.code(), excess.detail());
            }
            Event::Failed { socket, cause } => {
                let socket = socket.map_or(-1, |socket| socket.0 as i32);
                events.failed(socket, cause.code(), &cause.detail());
            }
            Event::Status { socket, status } => self.tell_status(socket.0, status),
        }
    }

    fn tell_status(&self, socket: u32, status: Status) {
        let is_slow = matches!(status, Status::Waiting { slow: true, .. });
        let (state, attempt, retry_in_ms, cause) = match status {
            Status::Idle => ("idle", 0, 0.0, None),
            Status::Connecting { attempt, cause } => ("connecting", attempt, 0.0, cause),
            Status::Connected => ("connected", 0, 0.0, None),
            Status::Waiting { attempt, retry_at, cause, .. } => {
                let delay = to_millis(retry_at.since(now()));
                ("waiting", attempt, delay, cause)
            }
            Status::Disconnected { cause } => ("disconnected", 0, 0.0, Some(cause)),
        };
        let code = cause.map_or("", Cause::code);
        let detail = cause.map_or("".into(), Cause::detail);
        self.events.status(socket, state, attempt, retry_in_ms, code, &detail, is_slow);
    }
}

fn settlement_to_js(settlement: Settlement<JsValue>) -> (&'static str, JsValue) {
    match settlement {
        Settlement::Acknowledged(arguments) => ("", arguments),
        Settlement::Dropped(excess) => (excess.code(), JsValue::UNDEFINED),
        Settlement::TimedOut => ("ack_timeout", JsValue::UNDEFINED),
        Settlement::Disconnected => ("disconnected", JsValue::UNDEFINED),
        Settlement::IdentityChanged => ("identity_changed", JsValue::UNDEFINED),
        Settlement::Destroyed => ("client_destroyed", JsValue::UNDEFINED),
    }
}
