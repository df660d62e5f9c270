//! Requests: events that the server answers.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::rc::{Rc, Weak};

use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::client::store::Payload;
use crate::manager::SocketId;
use crate::rust_api::arguments::from_arguments;
use crate::rust_api::channel::Channel;
use crate::rust_api::error::Error;
use crate::rust_api::outlet::Driver;
use crate::socketio::{RequestId, Settlement};
use crate::sorted::SortedMap;
use crate::web::host::JsHost;

/// The client itself numbers its requests from here on.
const END: u32 = 0x8000_0000;

/// The array of an answer, or why there is none.
type Answer = Result<JsValue, Error>;

/// The requests that wait for their answers.
#[derive(Default)]
pub struct Requests {
    next: Cell<u32>,
    open: RefCell<SortedMap<RequestId, Channel<Answer>>>,
}

impl Requests {
    fn add(&self) -> (RequestId, Channel<Answer>) {
        let request = RequestId(self.next.get());
        self.next.set((request.0 + 1) % END);
        let channel = Channel::new();
        self.open.borrow_mut().insert(request, channel.clone());
        (request, channel)
    }

    fn remove(&self, request: RequestId) -> Option<Channel<Answer>> {
        self.open.borrow_mut().remove(&request)
    }

    /// Takes the end of a request.
    pub fn settle(&self, request: RequestId, settlement: Settlement<JsValue>) {
        if let Some(channel) = self.remove(request) {
            channel.send(to_answer(settlement));
        }
    }
}

fn to_answer(settlement: Settlement<JsValue>) -> Answer {
    match settlement {
        Settlement::Acknowledged(arguments) => Ok(arguments),
        Settlement::Dropped(excess) => Err(Error::with_detail(excess.code(), excess.detail())),
        Settlement::TimedOut => Err(Error::new("ack_timeout")),
        Settlement::Disconnected => Err(Error::new("disconnected")),
        Settlement::IdentityChanged => Err(Error::new("identity_changed")),
        Settlement::Destroyed => Err(Error::new("client_destroyed")),
    }
}

/// An event that the server is to answer, from [`Client::request`](crate::rust_api::Client::request).
///
/// It is sent when it is first polled, and always ends: with the answer, or with an error after
/// [its time](Self::timeout). Dropping it cancels it: if it waits for the connection it is not sent.
///
/// ```no_run
/// # async fn ask(client: &sockeye::rust_api::Client) -> Result<(), sockeye::rust_api::Error> {
/// use core::time::Duration;
/// use sockeye::rust_api::Args;
///
/// let sum: u32 = client.request("add", Args((1, 2))).timeout(Duration::from_secs(3)).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request is sent when it is awaited"]
pub struct Request<A> {
    driver: Weak<Driver>,
    socket: SocketId,
    timeout: Duration,
    step: Step,
    answer: PhantomData<fn() -> A>,
}

enum Step {
    New(Result<Payload<JsHost>, Error>),
    Open(RequestId, Channel<Answer>),
    Over,
}

impl<A> Request<A> {
    pub(super) fn new(
        driver: &Rc<Driver>,
        socket: SocketId,
        payload: Result<Payload<JsHost>, Error>,
        timeout: Duration,
    ) -> Self {
        let (driver, step) = (Rc::downgrade(driver), Step::New(payload));
        Self { driver, socket, timeout, step, answer: PhantomData }
    }

    /// Says how long the answer may take, from the first poll on.
    pub fn timeout(self, timeout: Duration) -> Self {
        // Fields cannot be moved out of what has a destructor.
        let mut this = self;
        this.timeout = timeout;
        this
    }

    fn send(&self, payload: Payload<JsHost>) -> Result<Step, Error> {
        let driver = self.driver.upgrade().ok_or_else(|| Error::new("client_destroyed"))?;
        let (request, channel) = driver.outlet().requests.add();
        let (socket, timeout) = (self.socket, Some(self.timeout));
        let Payload { body, attachments } = payload;
        let sent = driver
            .turn_at(|core, now| core.request(socket, request, body, attachments, timeout, now));
        match sent {
            Ok(()) => Ok(Step::Open(request, channel)),
            Err(error) => {
                driver.outlet().requests.remove(request);
                Err(Error::new(error.code()))
            }
        }
    }

    fn poll_answer(&mut self, context: &Context<'_>) -> Poll<Answer> {
        self.step = match core::mem::replace(&mut self.step, Step::Over) {
            Step::New(payload) => match payload.and_then(|payload| self.send(payload)) {
                Ok(step) => step,
                Err(error) => return Poll::Ready(Err(error)),
            },
            step @ (Step::Open(..) | Step::Over) => step,
        };
        match &self.step {
            Step::Open(_, channel) => channel
                .poll_next(context)
                .map(|answer| answer.unwrap_or_else(|| Err(Error::new("client_destroyed")))),
            Step::New(_) | Step::Over => Poll::Pending,
        }
    }
}

impl<A: DeserializeOwned> Future for Request<A> {
    type Output = Result<A, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.poll_answer(context);
        if polled.is_ready() {
            self.step = Step::Over;
        }
        polled.map(|answer| answer.and_then(|arguments| from_arguments(&arguments, 0)))
    }
}

impl<A> Drop for Request<A> {
    fn drop(&mut self) {
        let Step::Open(request, _) = self.step else {
            return;
        };
        if let Some(driver) = self.driver.upgrade() {
            driver.outlet().requests.remove(request);
            driver.turn(|core| core.sockets().cancel(self.socket, request));
        }
    }
}
