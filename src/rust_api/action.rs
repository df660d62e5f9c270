//! Actions: events that are sent until the server has answered them.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::rc::{Rc, Weak};

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::client::outbox::ActionStatus as CoreStatus;
use crate::client::store::ActionKey;
use crate::manager::SocketId;
use crate::rust_api::action_status::ActionStatus;
use crate::rust_api::arguments::{from_arguments, to_value};
use crate::rust_api::channel::Channels;
use crate::rust_api::error::Error;
use crate::rust_api::outlet::Driver;
use crate::rust_api::streams::States;
use crate::sorted::SortedMap;
use crate::web::host::JsHost;

/// How an action is sent.
///
/// ```
/// use core::time::Duration;
/// use sockeye::rust_api::ActionOptions;
///
/// let options = ActionOptions::default().lane("orders").ttl(Duration::from_secs(3_600));
/// ```
#[derive(Clone, Debug)]
pub struct ActionOptions {
    pub(super) lane: Rc<str>,
    pub(super) ttl: Option<Duration>,
    pub(super) ack_timeout: Option<Duration>,
    pub(super) coalesce_key: Option<Rc<str>>,
    pub(super) resend: bool,
}

impl Default for ActionOptions {
    fn default() -> Self {
        let lane = "default".into();
        Self { lane, ttl: None, ack_timeout: None, coalesce_key: None, resend: true }
    }
}

impl ActionOptions {
    /// Actions of one lane are sent one after the other, lanes beside each other. Default `default`.
    #[must_use]
    pub fn lane(self, lane: &str) -> Self {
        Self { lane: lane.into(), ..self }
    }

    /// How long it may wait to be sent, from now on. Then it is expired. Default: for ever.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// How long its answer may take from each sending on, before it is sent again. Default: the time of
    /// requests.
    #[must_use]
    pub fn ack_timeout(self, timeout: Duration) -> Self {
        Self { ack_timeout: Some(timeout), ..self }
    }

    /// It replaces the action of the same key and lane that was never sent, if there is one.
    #[must_use]
    pub fn coalesce_key(self, key: &str) -> Self {
        Self { coalesce_key: Some(key.into()), ..self }
    }

    /// Whether it is sent again where no server can tell that it knows it. Default true.
    #[must_use]
    pub fn resend(self, resend: bool) -> Self {
        Self { resend, ..self }
    }
}

/// One action, from accepted to answered; from [`Client::enqueue`](crate::rust_api::Client::enqueue).
///
/// It goes on when this is dropped.
///
/// ```no_run
/// # use sockeye::rust_api::{Args, Client, Error};
/// # async fn order(client: &Client) -> Result<(), Error> {
/// let action = client.enqueue("order", Args(("salmon", 2)))?;
/// let receipt: String = action.result().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Action {
    driver: Weak<Driver>,
    socket: SocketId,
    key: ActionKey,
    shared: Rc<Shared>,
}

/// What is known of an action.
struct Shared {
    status: RefCell<ActionStatus>,
    /// The arguments of the answer.
    answer: RefCell<JsValue>,
    states: Channels<ActionStatus>,
    /// Whether nothing more will be told of it.
    is_over: Cell<bool>,
}

impl Shared {
    fn close(&self) {
        self.is_over.set(true);
        self.states.close();
    }
}

impl Action {
    /// Returns its id, unlike that of any other action.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.key.0
    }

    /// Returns where it stands.
    #[must_use]
    pub fn current_status(&self) -> ActionStatus {
        self.shared.status.borrow().clone()
    }

    /// Returns where it stands, and each change; ends with the action.
    pub fn status(&self) -> States<ActionStatus> {
        let channel = self.shared.states.add();
        channel.send(self.current_status());
        if self.shared.is_over.get() {
            channel.close();
        }
        let shared = Rc::clone(&self.shared);
        States::new(channel, move |channel| {
            shared.states.remove(channel);
        })
    }

    /// Waits for the answer of the server.
    ///
    /// # Errors
    ///
    /// Why it was not applied; `client_destroyed` if the client ended before; `invalid_event` if the
    /// answer is no such value.
    pub async fn result<A: DeserializeOwned>(&self) -> Result<A, Error> {
        let mut states = self.status();
        while let Some(status) = states.next().await {
            if let Some(error) = status.error {
                return Err(error);
            }
            if status.state.is_ending() {
                return from_arguments(&self.shared.answer.borrow(), 0);
            }
        }
        Err(Error::new("client_destroyed"))
    }

    /// Cancels it if it was never sent. What became of it is told by [`result`](Self::result).
    pub fn cancel(&self) {
        if let Some(driver) = self.driver.upgrade() {
            driver.turn_at(|core, now| core.cancel_action(self.socket, &self.key, now));
        }
    }
}

/// The actions that have not ended.
#[derive(Default)]
pub struct Actions(RefCell<SortedMap<ActionKey, Rc<Shared>>>);

impl Actions {
    /// Adds one.
    pub fn add(&self, driver: &Rc<Driver>, socket: SocketId, key: ActionKey) -> Action {
        let shared = Rc::new(Shared {
            status: RefCell::new(ActionStatus::STORING),
            answer: RefCell::new(JsValue::UNDEFINED),
            states: Channels::default(),
            is_over: Cell::default(),
        });
        self.0.borrow_mut().insert(key.clone(), Rc::clone(&shared));
        Action { driver: Rc::downgrade(driver), socket, key, shared }
    }

    /// Forgets one that was not taken.
    pub fn remove(&self, key: &ActionKey) {
        self.0.borrow_mut().remove(key);
    }

    /// Takes where an action stands.
    pub fn tell(&self, key: &ActionKey, status: CoreStatus<JsHost>, attempts: u32) {
        let known = self.0.borrow().get(key).cloned();
        let Some(shared) = known else {
            return;
        };
        let (mut status, answer) = ActionStatus::of(status, attempts);
        let answer = answer.unwrap_or(JsValue::UNDEFINED);
        status.error = status.error.map(|error| error.with_data(to_value(&answer, 0)));
        shared.answer.replace(answer);
        shared.status.replace(status.clone());
        shared.states.send(&status);
        if status.state.is_ending() {
            self.remove(key);
            shared.close();
        }
    }

    /// The client has ended.
    pub fn close(&self) {
        for shared in self.0.take().into_values() {
            shared.close();
        }
    }
}
