//! The streams that a client gives. Dropping one ends the subscription.

use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::rc::{Rc, Weak};

use futures_core::Stream;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::host::EventId;
use crate::rust_api::arguments::from_arguments;
use crate::rust_api::channel::{Channel, Channels};
use crate::rust_api::error::Error;
use crate::rust_api::outlet::Driver;

/// The values of an event, from [`Client::on`](crate::rust_api::Client::on).
///
/// What comes before it is read is kept, all of it. It ends with the client.
///
/// ```no_run
/// # async fn listen(client: &sockeye::rust_api::Client) {
/// let mut news = client.on::<String>("news");
/// while let Some(Ok(text)) = news.next().await {
///     println!("{text}");
/// }
/// # }
/// ```
#[must_use = "a stream that is dropped is unsubscribed"]
pub struct Events<T> {
    driver: Weak<Driver>,
    event: EventId,
    channel: Channel<JsValue>,
    value: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Events<T> {
    pub(super) fn new(driver: Weak<Driver>, event: EventId, channel: Channel<JsValue>) -> Self {
        Self { driver, event, channel, value: PhantomData }
    }

    /// Waits for the next value; `None` when the client has ended.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: DeserializeOwned> Stream for Events<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.channel.poll_next(context);
        next.map(|items| items.map(|items| from_arguments(&items, 1)))
    }
}

impl<T> Drop for Events<T> {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.upgrade() {
            driver.outlet().listeners.remove(self.event, &self.channel);
        }
    }
}

/// Where streams of one kind are kept.
type Place<T> = fn(&Driver) -> &Channels<T>;

/// The states of something: the present one, then each new one. It ends with what it is about.
///
/// ```no_run
/// # async fn show(client: &sockeye::rust_api::Client) {
/// let mut states = client.status();
/// while let Some(status) = states.next().await {
///     println!("{}", status.name());
/// }
/// # }
/// ```
#[must_use = "a stream that is dropped is unsubscribed"]
pub struct States<T: Clone> {
    channel: Channel<T>,
    leave: Option<Leave<T>>,
}

/// Takes a channel away from where it is kept.
type Leave<T> = Box<dyn FnOnce(&Channel<T>)>;

/// What went wrong without a call that could have told, from [`Client::errors`](crate::rust_api::Client::errors).
pub type Errors = States<Error>;

impl<T: Clone + 'static> States<T> {
    /// `leave` takes it away from where its channel is kept.
    pub(super) fn new(channel: Channel<T>, leave: impl FnOnce(&Channel<T>) + 'static) -> Self {
        Self { channel, leave: Some(Box::new(leave)) }
    }

    /// One of those of a client.
    pub(super) fn of_client(driver: &Rc<Driver>, place: Place<T>) -> Self {
        let channel = place(driver).add();
        let driver = Rc::downgrade(driver);
        Self::new(channel, move |channel| {
            if let Some(driver) = driver.upgrade() {
                place(&driver).remove(channel);
            }
        })
    }

    pub(super) fn channel(&self) -> &Channel<T> {
        &self.channel
    }

    /// Waits for the next one; `None` when there will be none.
    pub async fn next(&mut self) -> Option<T> {
        poll_fn(|context| self.channel.poll_next(context)).await
    }
}

impl<T: Clone + 'static> Stream for States<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.channel.poll_next(context)
    }
}

impl<T: Clone> Drop for States<T> {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            leave(&self.channel);
        }
    }
}
