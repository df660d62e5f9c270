//! The client.

use core::cell::Cell;
use core::time::Duration;
use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::backoff::MAX_TIMER;
use crate::client::outbox::NewAction;
use crate::client::store::{ActionKey, Payload};
use crate::manager::SocketId;
use crate::rust_api::action::{Action, ActionOptions};
use crate::rust_api::arguments::{Arguments, to_payload};
use crate::rust_api::builder::{ClientBuilder, introduce};
use crate::rust_api::error::Error;
use crate::rust_api::glue;
use crate::rust_api::outlet::{Driver, Outlet};
use crate::rust_api::owner::Owner;
use crate::rust_api::request::Request;
use crate::rust_api::status::Status;
use crate::rust_api::streams::{Errors, Events, States};
use crate::web::base64;
use crate::web::host::JsHost;

/// A client of one namespace. Clones are the same client; it ends with the last one.
///
/// ```no_run
/// use sockeye::rust_api::{Client, Error};
///
/// async fn watch() -> Result<(), Error> {
///     let client = Client::builder("https://example.com/jobs").connect()?;
///     let mut progress = client.on::<(String, f64)>("progress");
///     while let Some(event) = progress.next().await {
///         let (job, percent) = event?;
///         println!("{job}: {percent} %");
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

/// What the builder tells the client.
pub struct Settings {
    pub namespace: String,
    pub has_auth: bool,
    pub request_timeout: Duration,
    pub lifecycle: bool,
}

struct Inner {
    driver: Rc<Driver>,
    socket: SocketId,
    request_timeout: Duration,
    has_outbox: Cell<bool>,
    /// Ends the watching of the page.
    unwatch: Cell<Option<Function>>,
}

impl Client {
    /// Begins to make a client of the server at this address.
    pub fn builder(url: &str) -> ClientBuilder {
        ClientBuilder::new(url)
    }

    pub(super) fn new(driver: Rc<Driver>, settings: Settings) -> Self {
        introduce(&driver);
        let owner = JsValue::from(Owner::new(&driver));
        let unwatch = settings.lifecycle.then(|| glue::watch_page(&owner));
        driver.outlet().transports.report_to(owner);
        let Settings { namespace, has_auth, request_timeout, .. } = settings;
        let socket = driver.turn(|core| core.socket(&namespace, has_auth));
        let (has_outbox, unwatch) = (Cell::new(false), Cell::new(unwatch));
        let inner = Inner { driver, socket, request_timeout, has_outbox, unwatch };
        Self { inner: Rc::new(inner) }
    }

    /// Connects, and stays connected until [`disconnect`](Self::disconnect), a refusal or a disconnection by
    /// the server.
    pub fn connect(&self) {
        let socket = self.inner.socket;
        self.inner.driver.turn_at(|core, now| core.at(now).connect(socket, now));
    }

    /// Disconnects. What waits to be sent stays for the next connection.
    pub fn disconnect(&self) {
        let socket = self.inner.socket;
        self.inner.driver.turn_at(|core, now| core.at(now).disconnect(socket, now));
    }

    /// Ends a wait for the next attempt.
    pub fn reconnect_now(&self) {
        self.inner.driver.turn_at(|core, now| core.at(now).reconnect_now(now));
    }

    /// Has a fresh auth payload used: asks for it, and connects anew with it.
    pub fn refresh_auth(&self) {
        let socket = self.inner.socket;
        self.inner.driver.turn_at(|core, now| core.at(now).refresh_auth(socket, now));
    }

    /// Ends the client, all its clones included.
    pub fn destroy(&self) {
        self.inner.destroy();
    }

    /// Returns the present status.
    #[must_use]
    pub fn current_status(&self) -> Status {
        self.outlet().status.borrow().clone()
    }

    /// Returns the present status, and each new one.
    pub fn status(&self) -> States<Status> {
        let states = States::of_client(&self.inner.driver, |driver| &driver.outlet().states);
        let status = self.current_status();
        let is_closed = status == Status::Closed;
        states.channel().send(status);
        if is_closed {
            states.channel().close();
        }
        states
    }

    /// Returns the server's id for this client, as long as it is connected.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        self.outlet().sid.borrow().clone()
    }

    /// Returns what goes wrong without a call that could tell: failed attempts, dropped packets.
    pub fn errors(&self) -> Errors {
        let errors = States::of_client(&self.inner.driver, |driver| &driver.outlet().errors);
        if self.current_status() == Status::Closed {
            errors.channel().close();
        }
        errors
    }

    /// Listens to an event until the stream is dropped. Its values are its one argument, or the tuple of all.
    ///
    /// ```no_run
    /// # fn listen(client: &sockeye::rust_api::Client) {
    /// let news = client.on::<String>("news");
    /// let moves = client.on::<(f64, f64)>("move");
    /// # }
    /// ```
    pub fn on<T: serde::de::DeserializeOwned>(&self, event: &str) -> Events<T> {
        let (number, channel) = self.outlet().listeners.add(event);
        if self.current_status() == Status::Closed {
            channel.close();
        }
        Events::new(Rc::downgrade(&self.inner.driver), number, channel)
    }

    /// Sends an event, or keeps it until there is a connection.
    ///
    /// # Errors
    ///
    /// `reserved_event`, `not_serializable`, `too_many_attachments`, `payload_too_large`, `buffer_full`,
    /// `client_destroyed`: it is not sent.
    ///
    /// ```no_run
    /// # fn emit(client: &sockeye::rust_api::Client) -> Result<(), sockeye::rust_api::Error> {
    /// client.emit("say", "hello")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn emit(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        self.send(event, &arguments, false)
    }

    /// The same for an event that is of no use later: without a connection it is dropped.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    pub fn emit_volatile(&self, event: &str, arguments: impl Arguments) -> Result<(), Error> {
        self.send(event, &arguments, true)
    }

    fn send(&self, event: &str, arguments: &impl Arguments, volatile: bool) -> Result<(), Error> {
        let Payload { body, attachments } = to_payload(event, arguments)?;
        let Inner { driver, socket, .. } = &*self.inner;
        let sent = driver.turn_at(|core, now| core.emit(*socket, body, attachments, volatile, now));
        sent.map_err(|error| Error::new(error.code()))
    }

    /// Sends an event that the server is to answer. The future always ends.
    ///
    /// Its errors are those of [`emit`](Self::emit), `too_many_requests`, `ack_timeout`, `disconnected`, and
    /// `invalid_event` if the answer is no `A`.
    ///
    /// ```no_run
    /// # async fn ask(client: &sockeye::rust_api::Client) -> Result<(), sockeye::rust_api::Error> {
    /// let answer = client.request::<u32>("double", 21).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn request<A>(&self, event: &str, arguments: impl Arguments) -> Request<A> {
        let payload = to_payload(event, &arguments);
        let Inner { driver, socket, request_timeout, .. } = &*self.inner;
        Request::new(driver, *socket, payload, *request_timeout)
    }

    /// Takes an event that is sent until the server has answered it, over all connections of this client. It
    /// is kept in memory.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit), and `outbox_full`: it is not kept.
    ///
    /// ```no_run
    /// # use sockeye::rust_api::{Args, Client, Error};
    /// # async fn order(client: &Client) -> Result<(), Error> {
    /// let action = client.enqueue("order", Args(("salmon", 2)))?;
    /// let receipt: String = action.result().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn enqueue(&self, event: &str, arguments: impl Arguments) -> Result<Action, Error> {
        self.enqueue_with(event, arguments, ActionOptions::default())
    }

    /// The same with a lane, a time limit, or what else can be said of an action.
    ///
    /// # Errors
    ///
    /// As [`enqueue`](Self::enqueue).
    pub fn enqueue_with(
        &self,
        event: &str,
        arguments: impl Arguments,
        options: ActionOptions,
    ) -> Result<Action, Error> {
        let payload = to_payload(event, &arguments)?;
        let Inner { driver, socket, .. } = &*self.inner;
        if !self.inner.has_outbox.replace(true) {
            driver.turn_at(|core, now| core.open_outbox(*socket, now));
        }
        let new = self.inner.new_action(event, &payload, options);
        let key = new.key.clone();
        let action = driver.outlet().actions.add(driver, *socket, key.clone());
        let taken = driver.turn_at(|core, now| core.enqueue(*socket, new, payload, now));
        if let Err(error) = taken {
            driver.outlet().actions.remove(&key);
            return Err(Error::new(error.code()));
        }
        Ok(action)
    }

    fn outlet(&self) -> &Outlet {
        self.inner.driver.outlet()
    }
}

impl Inner {
    fn new_action(
        &self,
        event: &str,
        payload: &Payload<JsHost>,
        options: ActionOptions,
    ) -> NewAction {
        let ActionOptions { lane, ttl, ack_timeout, coalesce_key, resend } = options;
        let attached: f64 = payload.attachments.iter().map(base64::bytes_length).sum();
        NewAction {
            key: ActionKey::new(&glue::random_id()),
            name: event.into(),
            lane,
            ttl,
            ack_timeout: ack_timeout.unwrap_or(self.request_timeout).min(MAX_TIMER),
            coalesce_key,
            bytes: (base64::byte_length(&payload.body) + attached) as u64,
            attachments: payload.attachments.len() as u32,
            resend,
        }
    }

    fn destroy(&self) {
        if let Some(unwatch) = self.unwatch.take() {
            // It does not throw.
            let _ = unwatch.call0(&JsValue::UNDEFINED);
        }
        self.driver.turn_at(|core, now| core.destroy(now));
        self.driver.outlet().close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.destroy();
    }
}
