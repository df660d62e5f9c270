//! What can be set about a client.

use core::cell::{Cell, OnceCell, RefCell};
use core::future::Future;
use core::time::Duration;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use crate::client::Client as Core;
use crate::engineio::TransportKind;
use crate::rust_api::action::Actions;
use crate::rust_api::arguments::to_auth;
use crate::rust_api::auth::{Auth, AuthRequest};
use crate::rust_api::channel::Channels;
use crate::rust_api::client::{Client, Settings};
use crate::rust_api::error::Error;
use crate::rust_api::glue;
use crate::rust_api::listeners::Listeners;
use crate::rust_api::outlet::{Driver, Outlet};
use crate::rust_api::request::Requests;
use crate::rust_api::status::Status;
use crate::rust_api::store::MemoryStore;
use crate::web::config::to_config;
use crate::web::host::JsHost;
use crate::web::run_loop::RunLoop;
use crate::web::transports::Transports;

/// How long a request waits for its answer unless told otherwise.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The options of a client, from [`Client::builder`]. Their names and defaults are those of the npm package.
///
/// ```no_run
/// use core::time::Duration;
/// use sockeye::rust_api::{Client, Error};
///
/// #[derive(serde::Serialize)]
/// struct Auth { token: String }
///
/// fn connect(token: String) -> Result<Client, Error> {
///     Client::builder("https://example.com")
///         .namespace("/jobs")
///         .auth(&Auth { token })
///         .request_timeout(Duration::from_secs(5))
///         .connect()
/// }
/// ```
#[must_use = "nothing happens before `connect` or `build`"]
pub struct ClientBuilder {
    url: String,
    options: Object,
    query: Object,
    auth: Result<Auth, Error>,
    request_timeout: Duration,
    lifecycle: bool,
}

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            options: Object::new(),
            query: Object::new(),
            auth: Ok(Auth::None),
            request_timeout: REQUEST_TIMEOUT,
            lifecycle: true,
        }
    }

    /// The namespace. Default: the path of the address.
    pub fn namespace(self, namespace: &str) -> Self {
        self.set("namespace", JsValue::from_str(namespace))
    }

    /// The HTTP path of the server. Default `/socket.io`.
    pub fn path(self, path: &str) -> Self {
        self.set("path", JsValue::from_str(path))
    }

    /// Adds to the query of every request. It may show up in logs: put tokens in [`auth`](Self::auth).
    pub fn query(self, name: &str, value: &str) -> Self {
        put(&self.query, name, &JsValue::from_str(value));
        self
    }

    /// What is sent with CONNECT: an object.
    pub fn auth<T: Serialize + ?Sized>(self, auth: &T) -> Self {
        Self { auth: to_auth(auth).map(Auth::Fixed), ..self }
    }

    /// Asks before each CONNECT, so that a token can be fresh. When it fails, the attempt fails with
    /// `auth_failed` and is made again; after a refusal because the token had expired it is asked at once.
    ///
    /// ```no_run
    /// # use sockeye::rust_api::{Client, Error};
    /// # async fn fetch_token() -> Result<String, String> { Ok(String::new()) }
    /// # fn connect() -> Result<Client, Error> {
    /// #[derive(serde::Serialize)]
    /// struct Auth { token: String }
    ///
    /// Client::builder("https://example.com")
    ///     .auth_with(|_request| async { fetch_token().await.map(|token| Auth { token }) })
    ///     .connect()
    /// # }
    /// ```
    pub fn auth_with<F, T, E>(self, ask: impl Fn(AuthRequest) -> F + 'static) -> Self
    where
        F: Future<Output = Result<T, E>> + 'static,
        T: Serialize,
        E: core::fmt::Display,
    {
        let asked = Self { auth: Ok(Auth::asked(ask)), ..self };
        asked.set("onRefused", JsValue::from_str("ask"))
    }

    /// What the connection may run over, the first one first. Default: a WebSocket, then polling.
    pub fn transports(self, transports: &[TransportKind]) -> Self {
        let names: Array = transports.iter().map(|kind| JsValue::from_str(kind.name())).collect();
        self.set("transports", names.into())
    }

    /// Send cookies to other origins, too, over polling. Default false.
    pub fn with_credentials(self, with_credentials: bool) -> Self {
        self.set("withCredentials", JsValue::from_bool(with_credentials))
    }

    /// How long an attempt may take. Default 20 s.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.set_time("connectTimeoutMs", timeout)
    }

    /// How long [`auth_with`](Self::auth_with) may take, within the attempt. Default 10 s.
    pub fn auth_timeout(self, timeout: Duration) -> Self {
        self.set_time("authTimeoutMs", timeout)
    }

    /// How long a request waits for its answer unless told otherwise. Default 10 s.
    pub fn request_timeout(self, timeout: Duration) -> Self {
        Self { request_timeout: timeout, ..self }
    }

    /// How long to wait between attempts: `min + random(0, min(cap, base · 2ⁿ) − min)`. Default 0.1 s, 1 s
    /// and 30 s.
    pub fn reconnect(self, min: Duration, base: Duration, cap: Duration) -> Self {
        self.set_time("minMs", min).set_time("baseMs", base).set_time("capMs", cap)
    }

    /// Whether to close when the page is frozen or left and to come back with it, and to look after the
    /// connection when the page is seen again or the network changes. Default true.
    pub fn lifecycle(self, lifecycle: bool) -> Self {
        Self { lifecycle, ..self }
    }

    /// Makes the client, and connects it.
    ///
    /// # Errors
    ///
    /// `invalid_url`, `invalid_option`; `not_serializable` or `binary_unsupported` for the auth payload.
    pub fn connect(self) -> Result<Client, Error> {
        let client = self.build()?;
        client.connect();
        Ok(client)
    }

    /// Makes the client without connecting it.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub fn build(self) -> Result<Client, Error> {
        let auth = self.auth?;
        put(&self.options, "query", &self.query);
        let options = glue::make_options(&self.url, &self.options)
            .map_err(|thrown| Error::with_detail("invalid_url", glue::message_of(&thrown)))?;
        let namespace = glue::namespace_of(&options);
        if namespace.contains(',') {
            return Err(Error::with_detail("invalid_option", "the namespace has a comma"));
        }
        let names = options.names();
        let core = Core::new(JsHost { names: names.clone() }, to_config(&options));
        let has_auth = !matches!(auth, Auth::None);
        let driver = RunLoop::new(core, new_outlet(options.into(), Listeners::new(names), auth));
        let settings = Settings {
            namespace,
            has_auth,
            request_timeout: self.request_timeout,
            lifecycle: self.lifecycle,
        };
        Ok(Client::new(driver, settings))
    }

    fn set(self, name: &str, value: JsValue) -> Self {
        put(&self.options, name, &value);
        self
    }

    fn set_time(self, name: &str, time: Duration) -> Self {
        let millis = time.as_secs_f64() * 1_000.0;
        self.set(name, JsValue::from_f64(millis))
    }
}

/// A plain object takes everything.
fn put(object: &Object, name: &str, value: &JsValue) {
    let _ = Reflect::set(object.unchecked_ref(), &JsValue::from_str(name), value);
}

fn new_outlet(options: JsValue, listeners: Listeners, auth: Auth) -> Outlet {
    Outlet {
        transports: Transports::new(options.clone()),
        options,
        listeners,
        requests: Requests::default(),
        actions: Actions::default(),
        store: RefCell::new(MemoryStore::default()),
        status: RefCell::new(Status::Idle),
        states: Channels::default(),
        errors: Channels::default(),
        auth,
        driver: OnceCell::<std::rc::Weak<Driver>>::new(),
        sid: RefCell::default(),
        recovered: Cell::default(),
        refusal: RefCell::new(JsValue::UNDEFINED),
        auth_failure: RefCell::default(),
        diagnoses: Cell::default(),
    }
}

/// The loop knows itself, for what it is told later.
pub fn introduce(driver: &Rc<Driver>) {
    let _ = driver.outlet().driver.set(Rc::downgrade(driver));
}
