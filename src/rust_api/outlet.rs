//! Where the client's outputs go: to Rust.

use core::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::JsString;
use js_sys::futures::{JsFuture, spawn_local};
use wasm_bindgen::JsValue;

use crate::client::store::Outcome;
use crate::client::{Client as Core, Event, Output};
use crate::manager::{self, Cause, SocketId, Verdict};
use crate::rust_api::action::Actions;
use crate::rust_api::auth::{Answer, Auth, AuthRequest};
use crate::rust_api::channel::Channels;
use crate::rust_api::error::Error;
use crate::rust_api::glue;
use crate::rust_api::listeners::Listeners;
use crate::rust_api::request::Requests;
use crate::rust_api::status::Status;
use crate::rust_api::store::MemoryStore;
use crate::socketio::{AuthTicket, Excess};
use crate::web::host::JsHost;
use crate::web::incoming::ClientPerform;
use crate::web::run_loop::{Perform, RunLoop, now};
use crate::web::transports::Transports;

/// The client with its transports and its application.
pub type Driver = RunLoop<Core<JsHost>, Outlet>;

/// All that the client tells somebody of.
pub struct Outlet {
    pub transports: Transports,
    pub options: JsValue,
    pub listeners: Listeners,
    pub requests: Requests,
    pub actions: Actions,
    pub store: RefCell<MemoryStore>,
    pub status: RefCell<Status>,
    pub states: Channels<Status>,
    pub errors: Channels<Error>,
    pub auth: Auth,
    /// Itself, for what it is told later.
    pub driver: OnceCell<Weak<Driver>>,
    /// The server's id for the client, and whether the connection was recovered.
    pub sid: RefCell<Option<String>>,
    pub recovered: Cell<bool>,
    /// What the last errors are about, which the core does not know.
    pub refusal: RefCell<JsValue>,
    pub auth_failure: RefCell<Option<Error>>,
    /// How many diagnoses were asked for: only the last one counts.
    pub diagnoses: Cell<u32>,
}

impl Perform<Output<JsHost>> for Outlet {
    fn perform(&self, output: Output<JsHost>) {
        match output {
            Output::Event(event) => self.tell(event),
            Output::Transport(action) => self.transports.perform(action),
            Output::Store { socket, ticket, command } => {
                let answer = self.store.borrow_mut().perform(command, now());
                if let (Some(answer), Some(driver)) = (answer, self.driver()) {
                    driver.turn_at(|core, now| core.handle_store(socket, ticket, answer, now));
                }
            }
            Output::Diagnose => self.diagnose(),
            Output::Timeout(_) => {}
        }
    }
}

impl ClientPerform for Outlet {
    fn transports(&self) -> &Transports {
        &self.transports
    }
}

impl Outlet {
    fn driver(&self) -> Option<Rc<Driver>> {
        self.driver.get()?.upgrade()
    }

    fn tell(&self, event: Event<JsHost>) {
        match event {
            Event::Delivered { event, arguments, .. } => self.listeners.deliver(event, &arguments),
            Event::Socket(event) => self.tell_of_socket(event),
            Event::Action { socket, key, status, attempts } => {
                let is_parked =
                    matches!(status.outcome(), Some(Outcome::Quarantined | Outcome::Unknown));
                self.actions.tell(&key, status, attempts);
                if is_parked {
                    // Nobody can ask for it again.
                    self.turn_at(|core, now| core.forget_action(socket, &key, now));
                }
            }
            // Nothing of the application takes part in these.
            Event::CancelRefused { .. }
            | Event::Forgotten { .. }
            | Event::FlushAsked { .. }
            | Event::HookNeeded { .. }
            | Event::HookLate { .. }
            | Event::Continuity { .. }
            | Event::Missed { .. }
            | Event::Live { .. }
            | Event::Confirming { .. }
            | Event::Topic { .. } => {}
        }
    }

    fn tell_of_socket(&self, event: manager::Event<JsHost>) {
        use manager::Event;
        match event {
            Event::Settled { request, settlement } => self.requests.settle(request, settlement),
            Event::AuthNeeded { socket, ticket, attempt, reason } => {
                let reason = reason.into();
                self.ask_for_auth(socket, ticket, AuthRequest { attempt, reason });
            }
            Event::VerdictNeeded { socket, ticket, .. } => {
                let is_expired = glue::is_expired(&self.refusal.borrow());
                let verdict = if is_expired { Verdict::Refresh } else { Verdict::Stop };
                self.turn_at(|core, now| core.at(now).judge(socket, ticket, verdict, now));
            }
            Event::Accepted { sid, recovered, .. } => {
                self.sid.replace(Some(sid));
                self.recovered.set(recovered);
            }
            Event::Refused { data, .. } => {
                self.refusal.replace(data.unwrap_or(JsValue::UNDEFINED));
            }
            Event::Dropped { excess, .. } => self.errors.send(&of_excess(excess)),
            Event::Failed { cause, .. } => self.errors.send(&self.to_error(cause)),
            Event::Status { status, .. } => self.tell_status(status),
            // The address is known; events come another way.
            Event::AddressNeeded { .. } | Event::Delivered { .. } | Event::Probed => {}
        }
    }

    fn tell_status(&self, status: manager::Status) {
        let to_error = |cause| self.to_error(cause);
        let status = Status::of(status, now(), self.recovered.get(), to_error);
        if !status.is_connected() {
            self.sid.replace(None);
        }
        self.status.replace(status.clone());
        self.states.send(&status);
    }

    /// Adds what the core does not know.
    fn to_error(&self, cause: Cause) -> Error {
        let error = Error::from(cause);
        if cause == Cause::ConnectRefused {
            return error.with_data(self.refusal.borrow().clone());
        }
        if cause != Cause::AuthFailed {
            return error;
        }
        let failure = self.auth_failure.borrow().clone();
        failure.unwrap_or_else(|| Error::with_detail(error.code(), "it took too long"))
    }

    fn ask_for_auth(&self, socket: SocketId, ticket: AuthTicket, request: AuthRequest) {
        self.auth_failure.replace(None);
        match &self.auth {
            Auth::None => self.authenticate(socket, ticket, None),
            Auth::Fixed(payload) => self.authenticate(socket, ticket, Some(payload.clone())),
            Auth::Asked(ask) => {
                let (answering, driver) = (ask(request), self.driver.get().cloned());
                spawn_local(async move {
                    let answer = answering.await;
                    if let Some(driver) = driver.and_then(|driver| driver.upgrade()) {
                        driver.outlet().take_auth(socket, ticket, answer);
                    }
                });
            }
        }
    }

    fn take_auth(&self, socket: SocketId, ticket: AuthTicket, answer: Answer) {
        match answer {
            Ok(payload) => self.authenticate(socket, ticket, Some(payload)),
            Err(detail) => {
                self.auth_failure.replace(Some(Error::with_detail("auth_failed", detail)));
                self.turn_at(|core, now| core.at(now).fail_authentication(socket, ticket, now));
            }
        }
    }

    fn authenticate(&self, socket: SocketId, ticket: AuthTicket, payload: Option<JsString>) {
        self.turn_at(|core, _| core.sockets().authenticate(socket, ticket, payload));
    }

    fn diagnose(&self) {
        let number = self.diagnoses.get().wrapping_add(1);
        self.diagnoses.set(number);
        let (diagnosis, driver) = (glue::diagnose(&self.options), self.driver.get().cloned());
        spawn_local(async move {
            let code = JsFuture::from(diagnosis).await.ok().and_then(|code| code.as_string());
            let cause = Cause::from_diagnosis(&code.unwrap_or_default());
            let driver = driver.and_then(|driver| driver.upgrade());
            let is_last = |driver: &Rc<Driver>| driver.outlet().diagnoses.get() == number;
            if let Some(driver) = driver.filter(is_last) {
                driver.turn_at(|core, now| core.at(now).handle_diagnosis(cause, now));
            }
        });
    }

    fn turn_at(&self, input: impl FnOnce(&mut Core<JsHost>, crate::time::Instant)) {
        if let Some(driver) = self.driver() {
            driver.turn_at(input);
        }
    }

    /// Ends everything that waits for the client, which was destroyed.
    pub fn close(&self) {
        self.transports.report_to(JsValue::UNDEFINED);
        self.diagnoses.set(self.diagnoses.get().wrapping_add(1));
        self.status.replace(Status::Closed);
        self.states.send(&Status::Closed);
        self.states.close();
        self.errors.close();
        self.listeners.close();
        self.actions.close();
    }
}

fn of_excess(excess: Excess) -> Error {
    Error::with_detail(excess.code(), excess.detail())
}
