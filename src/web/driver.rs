//! The [run loop](crate::manager#run-loop), in the one place where it is kept.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use js_sys::JsString;
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

use crate::host::OutgoingFrame;
use crate::manager::{Cause, Config, Event, Manager, Output, Status, TransportId};
use crate::socketio::Settlement;
use crate::time::Instant;
use crate::web::host::JsHost;
use crate::web::shim::{self, JsEvents, JsOptions};
use crate::web::timer::Timer;

/// Gives the core its inputs and performs its outputs.
///
/// The core is borrowed only while it takes an input. Outputs are performed afterwards, by the
/// outermost turn: an input that comes while they are performed, because a listener called the client,
/// only adds to them.
pub struct Driver {
    core: RefCell<Manager<JsHost>>,
    outputs: RefCell<VecDeque<Output<JsHost>>>,
    performing: Cell<bool>,
    deadline: Cell<Option<Instant>>,
    timer: Timer,
    transport: RefCell<Option<(TransportId, WebSocket)>>,
    options: JsOptions,
    events: JsEvents,
    /// The JavaScript object that transports report to.
    manager: RefCell<JsValue>,
}

impl Driver {
    pub fn new(config: Config, options: JsOptions, events: JsEvents) -> Rc<Self> {
        let core = Manager::new(JsHost { names: options.names() }, config);
        Rc::new(Self {
            core: RefCell::new(core),
            outputs: RefCell::default(),
            performing: Cell::default(),
            deadline: Cell::default(),
            timer: Timer::default(),
            transport: RefCell::default(),
            options,
            events,
            manager: RefCell::new(JsValue::UNDEFINED),
        })
    }

    pub fn report_to(&self, manager: JsValue) {
        self.manager.replace(manager);
    }

    fn now() -> Instant {
        Instant::from_millis(shim::now())
    }

    /// One turn of the run loop with one input.
    pub fn turn<R>(self: &Rc<Self>, input: impl FnOnce(&mut Manager<JsHost>) -> R) -> R {
        let result = {
            let mut core = self.core.borrow_mut();
            let result = input(&mut core);
            self.drain(&mut core);
            result
        };
        if !self.performing.replace(true) {
            self.perform_all();
            self.performing.set(false);
            self.rearm();
        }
        result
    }

    /// One turn with one input that needs to know the time. The clock is read before the core is
    /// borrowed, like everything that is JavaScript's.
    pub fn turn_at<R>(
        self: &Rc<Self>,
        input: impl FnOnce(&mut Manager<JsHost>, Instant) -> R,
    ) -> R {
        let now = Self::now();
        self.turn(|core| input(core, now))
    }

    fn drain(&self, core: &mut Manager<JsHost>) {
        let mut outputs = self.outputs.borrow_mut();
        loop {
            let output = core.poll_output();
            if let Output::Timeout(deadline) = output {
                return self.deadline.set(deadline);
            }
            outputs.push_back(output);
        }
    }

    fn perform_all(self: &Rc<Self>) {
        loop {
            // The borrow ends with this statement: performing may add outputs.
            let next = self.outputs.borrow_mut().pop_front();
            match next {
                Some(output) => self.perform(output),
                None => return,
            }
        }
    }

    fn perform(self: &Rc<Self>, output: Output<JsHost>) {
        match output {
            Output::Event(event) => self.tell(event),
            Output::Send { transport, frame } => self.send(transport, frame),
            Output::Open { transport } => self.open(transport),
            Output::Close { transport } => self.close(transport),
            Output::Diagnose => self.events.diagnose(),
            Output::Timeout(_) => {}
        }
    }

    fn rearm(self: &Rc<Self>) {
        let deadline = self.deadline.get();
        if self.timer.is_armed_for(deadline) {
            return;
        }
        let Some(deadline) = deadline else {
            return self.timer.disarm();
        };
        let driver = Rc::downgrade(self);
        self.timer.arm(deadline, Self::now(), move || {
            if let Some(driver) = driver.upgrade() {
                driver.timer.disarm();
                driver.turn_at(|core, now| core.handle_timeout(now));
            }
        });
    }

    fn open(self: &Rc<Self>, transport: TransportId) {
        let options = &self.options;
        let socket = shim::open_web_socket(
            &options.web_socket(),
            &options.web_socket_url(),
            transport.0,
            &options.names(),
            &self.manager.borrow(),
        );
        match socket {
            Ok(socket) => {
                self.transport.replace(Some((transport, socket)));
            }
            Err(_) => self.turn_at(|core, now| core.handle_unavailable(transport, now)),
        }
    }

    fn send(self: &Rc<Self>, transport: TransportId, frame: OutgoingFrame<JsString>) {
        let ack_id = frame.ack_id.map_or(-1.0, |id| id as f64);
        let sent = match &*self.transport.borrow() {
            Some((current, socket)) if *current == transport => {
                shim::send_frame(socket, &frame.head, ack_id, frame.body).is_ok()
            }
            _ => true,
        };
        // What a transport refuses is lost, and so is the transport.
        if !sent {
            self.turn_at(|core, now| core.handle_closed(transport, true, now));
        }
    }

    fn close(&self, transport: TransportId) {
        let closed = self.transport.borrow_mut().take_if(|(current, _)| *current == transport);
        if let Some((_, socket)) = closed {
            shim::close_web_socket(&socket);
        }
    }

    fn tell(&self, event: Event<JsHost>) {
        let events = &self.events;
        match event {
            Event::Delivered { socket, event, arguments, ack } => {
                let (connection, ack_id) =
                    ack.map_or((0, -1.0), |ack| (ack.connection, ack.ack_id as f64));
                events.delivered(socket.0, event.0, arguments, connection, ack_id);
            }
            Event::Settled { request, settlement } => {
                let (kind, arguments) = settlement_to_js(settlement);
                events.settled(request.0, kind, arguments);
            }
            Event::AuthNeeded { socket, ticket } => events.auth_needed(socket.0, ticket.0),
            Event::Accepted { socket, sid } => events.accepted(socket.0, &sid),
            Event::Refused { socket, data } => {
                events.refused(socket.0, data.unwrap_or(JsValue::UNDEFINED));
            }
            Event::BinaryDropped { socket } => events.binary_dropped(socket.0),
            Event::Failed { socket, cause } => {
                let socket = socket.map_or(-1, |socket| socket.0 as i32);
                events.failed(socket, cause.code(), cause.detail());
            }
            Event::Status { socket, status } => self.tell_status(socket.0, status),
        }
    }

    fn tell_status(&self, socket: u32, status: Status) {
        let (state, attempt, retry_in_ms, cause) = match status {
            Status::Idle => ("idle", 0, 0.0, None),
            Status::Connecting { attempt, cause } => ("connecting", attempt, 0.0, cause),
            Status::Connected => ("connected", 0, 0.0, None),
            Status::Waiting { attempt, retry_at, cause } => {
                let delay = retry_at.since(Self::now()).as_micros() as f64 / 1_000.0;
                ("waiting", attempt, delay, cause)
            }
            Status::Disconnected { cause } => ("disconnected", 0, 0.0, Some(cause)),
        };
        let code = cause.map_or("", Cause::code);
        let detail = cause.map_or("", Cause::detail);
        self.events.status(socket, state, attempt, retry_in_ms, code, detail);
    }
}

fn settlement_to_js(settlement: Settlement<JsValue>) -> (&'static str, JsValue) {
    match settlement {
        Settlement::Acknowledged(arguments) => ("", arguments),
        Settlement::Binary => ("binary_unsupported", JsValue::UNDEFINED),
        Settlement::TimedOut => ("ack_timeout", JsValue::UNDEFINED),
        Settlement::Disconnected => ("disconnected", JsValue::UNDEFINED),
        Settlement::Destroyed => ("client_destroyed", JsValue::UNDEFINED),
    }
}
