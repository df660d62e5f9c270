//! What the core asks of the program it runs in.
//!
//! Texts, values and binary frames are opaque to the core: in a browser they are JavaScript objects
//! that never enter wasm memory, natively ordinary Rust types. The core reads a frame's header unit by
//! unit and moves the rest as it is.

use core::fmt::Debug;
use std::rc::Rc;

/// The number that stands for the name of an event that somebody listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u32);

/// What can be said of an event's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    /// Somebody listens to it.
    Heard(EventId),
    /// Nobody listens to it.
    Unheard,
    /// It is one of the [`RESERVED_EVENTS`], which no server may send.
    Reserved,
}

/// The names of what the client itself tells an application.
///
/// Source: socket.io-parser 4.2.4, `RESERVED_EVENTS`.
pub const RESERVED_EVENTS: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// What kind of JSON a value is, as far as the protocol cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// An array.
    Array,
    /// An object, not null.
    Object,
    /// A string.
    String,
    /// Anything else.
    Other,
}

/// What stands for an event's id: a seeded hash of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

/// The place of an event in a stream whose events are numbered without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What stands for the epoch of the stream: with another one the numbers start anew.
    pub epoch: u64,
    /// The number, from 1 on.
    pub seq: u64,
}

/// What an event can be known by when it comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventIdentity {
    /// What stands for the stream.
    pub stream: u64,
    /// What stands for the id, if it has one.
    pub id: Option<Fingerprint>,
    /// Its number, if it has one.
    pub order: Option<Order>,
}

/// An end of an array of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its first item, which for an event is the one behind the name.
    First,
    /// Its last item.
    Last,
}

/// The one key of the objects that a server helper and the client put beside an application's
/// arguments.
pub const MARK: &str = "$sockeye";

/// The types and the few functions that the core needs from its surroundings.
///
/// Positions are code units of the host's choice (UTF-16 in JavaScript, bytes natively); an ASCII
/// character is one unit with its ASCII value in both.
pub trait Host: Clone {
    /// A text frame, or a piece of one.
    type Text: Debug + Clone;
    /// A parsed JSON value.
    type Value: Debug + Clone;
    /// A binary frame.
    type Bytes: Debug;

    /// Makes a host text of one of ours.
    fn text(&self, text: &str) -> Self::Text;

    /// Returns the number of units.
    fn length(&self, text: &Self::Text) -> usize;

    /// Returns the unit at `index`, or `None` behind the end.
    fn unit(&self, text: &Self::Text, index: usize) -> Option<u16>;

    /// Copies the units from `start` to `end` (not included), or `None` if that is no valid text.
    fn slice(&self, text: &Self::Text, start: usize, end: usize) -> Option<String>;

    /// Parses everything from the unit `from` on as one JSON value, or returns `None`.
    fn parse(&self, text: &Self::Text, from: usize) -> Option<Self::Value>;

    /// Looks at the name of the event array that starts at `from`, without parsing it.
    ///
    /// Returns `None` when that cannot be told for certain; then the core parses the array.
    fn peek_event_name(&self, text: &Self::Text, from: usize) -> Option<EventName>;

    /// Returns the name of a parsed event array, or `None` if its first item cannot name an event.
    fn event_name(&self, arguments: &Self::Value) -> Option<EventName>;

    /// Tells what kind of JSON `value` is.
    fn kind(&self, value: &Self::Value) -> ValueKind;

    /// Puts attachments in the places of their placeholders, or returns `None` if a placeholder names
    /// none of them.
    ///
    /// A placeholder is an object whose `_placeholder` is `true`; its `num` is the attachment's index.
    fn fill(&self, value: Self::Value, attachments: Vec<Self::Bytes>) -> Option<Self::Value>;

    /// Copies the recovery offset at the end of the event array in which `text` ends, without parsing
    /// it. Returns `None` if its last argument is none.
    fn peek_offset(&self, text: &Self::Text, from: usize) -> Option<Self::Text>;

    /// Removes the recovery offset at the end of a parsed event array, and returns it.
    ///
    /// Every argument could be an offset that is made like one, so only such a string is taken:
    /// `[0-9A-Za-z_-]{7}`, possibly with a point and more such characters (the adapter in memory),
    /// digits, a hyphen and digits (Redis streams), or 24 hexadecimal digits (MongoDB).
    fn take_offset(&self, arguments: &mut Self::Value) -> Option<Self::Text>;

    /// Makes the payload of a CONNECT that asks for the recovery of the session `pid`: the fields `pid`
    /// and, if there is one, `offset`, and over them those of `auth`, a JSON object.
    fn recovery_payload(
        &self,
        pid: &str,
        offset: Option<&Self::Text>,
        auth: Option<&Self::Text>,
    ) -> Self::Text;

    /// Removes the [`MARK`]ed object at an end of an array, and returns what stands under its key.
    ///
    /// `skip` items at the front are not looked at, as the name of an event.
    fn take_mark(&self, items: &mut Self::Value, end: End, skip: usize) -> Option<Self::Value>;

    /// Adds an item, given as JSON, to the end of an array that is JSON, too.
    fn append(&self, array: &Self::Text, item: &str) -> Self::Text;

    /// Returns a field of an object.
    fn field(&self, object: &Self::Value, name: &str) -> Option<Self::Value>;

    /// Returns whether a value is `true`.
    fn is_true(&self, value: &Self::Value) -> bool;

    /// Returns the first `limit` items of an array; none of what is no array.
    fn items(&self, array: &Self::Value, limit: usize) -> Vec<Self::Value>;

    /// Reads a value that is a string.
    fn string(&self, value: &Self::Value) -> Option<String>;

    /// Reads a value that is a number.
    fn number(&self, value: &Self::Value) -> Option<f64>;

    /// Reads what the event can be known by when it comes again, and removes a helper's stamp from its
    /// arguments.
    fn identify(&self, arguments: &mut Self::Value) -> EventIdentity;

    /// Returns the names of the stream and the epoch of the event that was [identified](Self::identify)
    /// last, if it is numbered.
    fn identified_names(&self) -> Option<(String, String)>;

    /// Returns what stands for a string in identities.
    fn fingerprint(&self, string: &Self::Value) -> Option<u64>;

    /// From now on events may have a helper's stamp, and those that nobody listens to come under this
    /// number, because they count.
    fn expect_stamps(&self, unheard: EventId);

    /// From now on [`event_name`](Self::event_name) finds `event` for `name`.
    fn listen(&self, name: &str, event: EventId);

    /// Reads a field of an object that holds a string.
    fn string_field(&self, object: &Self::Value, name: &str) -> Option<String>;

    /// Reads a field of an object that holds a number.
    fn number_field(&self, object: &Self::Value, name: &str) -> Option<f64>;

    /// Reads the strings among the first `limit` items of a field that holds an array.
    fn string_items(&self, object: &Self::Value, name: &str, limit: usize) -> Vec<String>;

    /// Returns the position of the first `unit` from `from` on.
    fn find(&self, text: &Self::Text, unit: u8, from: usize) -> Option<usize>;

    /// Copies the units from `start` to `end` (not included); what is no valid text is empty.
    fn part(&self, text: &Self::Text, start: usize, end: usize) -> Self::Text;

    /// Returns how many bytes the text has in UTF-8.
    fn byte_length(&self, text: &Self::Text) -> usize;

    /// Returns how many bytes a binary frame has.
    fn bytes_length(&self, bytes: &Self::Bytes) -> usize;

    /// Decodes everything from the unit `from` on as base64, or returns `None`.
    fn decode_base64(&self, text: &Self::Text, from: usize) -> Option<Self::Bytes>;
}

/// A text frame to send: head, number and body, one after the other.
///
/// It stays in pieces because the body is the application's text and only the host can join it.
#[derive(Debug)]
pub struct OutgoingFrame<Text> {
    /// The protocols' header up to the acknowledgement id.
    pub head: Rc<Text>,
    /// The acknowledgement id, in decimal digits.
    pub ack_id: Option<u64>,
    /// The JSON payload.
    pub body: Option<Text>,
}
