//! Who listens to which events. The names stand in the table in which frames are looked up.

use core::cell::RefCell;
use std::rc::Rc;

use js_sys::Map;
use wasm_bindgen::JsValue;

use crate::host::EventId;
use crate::rust_api::channel::{Channel, Channels};

/// The listeners of all events. An event keeps its number for as long as the client lives.
pub struct Listeners {
    names: Map,
    events: RefCell<Vec<Event>>,
}

struct Event {
    name: String,
    channels: Rc<Channels<JsValue>>,
}

impl Event {
    fn channels(&self) -> Rc<Channels<JsValue>> {
        Rc::clone(&self.channels)
    }
}

impl Listeners {
    pub fn new(names: Map) -> Self {
        Self { names, events: RefCell::default() }
    }

    /// Adds a listener. Returns the number of the event with its queue of arrays of name and arguments.
    pub fn add(&self, name: &str) -> (EventId, Channel<JsValue>) {
        let mut events = self.events.borrow_mut();
        let index = events.iter().position(|event| event.name == name);
        let index = index.unwrap_or_else(|| {
            events.push(Event { name: name.to_owned(), channels: Rc::default() });
            events.len() - 1
        });
        self.names.set(&JsValue::from_str(name), &JsValue::from(index as u32));
        let channel = events.get(index).map(|event| event.channels.add());
        (EventId(index as u32), channel.unwrap_or_else(Channel::new))
    }

    /// Removes a listener. What nobody listens to any more is not parsed.
    pub fn remove(&self, event: EventId, channel: &Channel<JsValue>) {
        let events = self.events.borrow();
        if let Some(Event { name, channels }) = events.get(event.0 as usize) {
            if !channels.remove(channel) {
                self.names.delete(&JsValue::from_str(name));
            }
        }
    }

    /// Tells an event to all that listen to it.
    pub fn deliver(&self, event: EventId, arguments: &JsValue) {
        let channels = self.events.borrow().get(event.0 as usize).map(Event::channels);
        if let Some(channels) = channels {
            channels.send(arguments);
        }
    }

    /// Ends all queues.
    pub fn close(&self) {
        for Event { channels, .. } in self.events.take() {
            channels.close();
        }
    }
}
