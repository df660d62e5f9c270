//! What client and server helper say to each other, beside the application's events.
//!
//! A server with the helper greets each connection (`sockeye:hello`), says where its streams stand
//! (`sockeye:position`), may ask for time (`sockeye:retry`), and answers which events were missed
//! (`sockeye:since`). Enqueued actions go to it in an envelope. Source: `docs/server.md`.

use core::time::Duration;
use std::rc::Rc;

use crate::client::continuity::{Named, Place, Position, Since};
use crate::client::fields::{is_true, items, millis, number, text};
use crate::client::json::Json;
use crate::client::outbox::{Envelope, Verdict};
use crate::host::{End, EventId, EventIdentity, Host, MARK};

/// The number under which the host delivers `sockeye:hello`.
pub const HELLO: EventId = EventId(0x7FFF_FFF0);
/// The number under which the host delivers `sockeye:position`.
pub const POSITION: EventId = EventId(0x7FFF_FFF1);
/// The number under which the host delivers `sockeye:retry`.
pub const RETRY: EventId = EventId(0x7FFF_FFF2);
/// The number of the events that nobody listens to, where they count.
pub const UNHEARD: EventId = EventId(0x7FFF_FFF3);

const NAMES: [(&str, EventId); 3] =
    [("sockeye:hello", HELLO), ("sockeye:position", POSITION), ("sockeye:retry", RETRY)];

/// The version of what is said here.
const VERSION: f64 = 1.0;
/// No name of a memory is longer: it goes into each envelope.
const MAX_MEMORY: usize = 256;
/// No list of streams is longer.
const MAX_STREAMS: usize = 1_000;
/// The largest whole number up to which JavaScript has all.
const MAX_SEQ: f64 = 9_007_199_254_740_991.0;
/// No page of missed events is longer.
const MAX_EVENTS: usize = 100_000;

/// What a server with the helper says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Which memory of actions it has.
    pub memory: Rc<str>,
    /// How long it remembers an action.
    pub retention: Duration,
    /// Its clock, in milliseconds since 1970.
    pub time_ms: u64,
    /// Whether it can say what was missed.
    pub since: bool,
    /// Where the streams stand that this connection gets from the start.
    pub positions: Vec<Position>,
}

/// An event that was missed: the array of its name and arguments.
#[derive(Debug)]
pub struct MissedEvent<V> {
    /// The array, without the stamp.
    pub arguments: V,
    /// What the stamp said.
    pub identity: EventIdentity,
}

/// What stood before the arguments of an answer.
#[derive(Debug)]
pub enum Taken {
    /// What the helper says of the action.
    Verdict(Verdict),
    /// Nothing: the server has no helper.
    Nothing,
    /// Something about another action, or that makes no sense.
    Foreign,
}

/// Has the host deliver what the helper says.
pub fn listen<H: Host>(host: &H) {
    for (name, event) in NAMES {
        host.listen(name, event);
    }
}

/// Returns where an event stands in its stream, if it is numbered.
#[must_use]
pub fn place(identity: &EventIdentity) -> Option<Place> {
    let order = identity.order?;
    Some(Place { stream: identity.stream, epoch: order.epoch, seq: order.seq })
}

/// Returns where the stream of the event that was identified last stood before it.
pub fn position_before<H: Host>(host: &H, place: Place) -> Option<Position> {
    let (stream, epoch) = host.identified_names()?;
    Some(Position {
        stream: Named { fingerprint: place.stream, text: stream.into() },
        epoch: Named { fingerprint: place.epoch, text: epoch.into() },
        seq: place.seq.saturating_sub(1),
    })
}

/// Reads the arguments of `sockeye:hello`; what is no hello of this version is none.
pub fn read_hello<H: Host>(host: &H, arguments: &H::Value) -> Option<Hello> {
    let hello = argument(host, arguments)?;
    if host.number_field(&hello, "v") != Some(VERSION) {
        return None;
    }
    let positions = items(host, &hello, "positions", MAX_STREAMS);
    Some(Hello {
        memory: memory(host, &hello, "memory")?,
        retention: millis(host, &hello, "retentionMs")?,
        time_ms: number(host, &hello, "time")?,
        since: is_true(host, &hello, "since"),
        positions: positions.iter().filter_map(|item| read_position(host, item)).collect(),
    })
}

/// Reads the arguments of `sockeye:position`.
pub fn read_position_event<H: Host>(host: &H, arguments: &H::Value) -> Option<Position> {
    read_position(host, &argument(host, arguments)?)
}

/// Reads a list of positions; what is none is left out.
pub fn read_positions<H: Host>(host: &H, list: &H::Value) -> Vec<Position> {
    host.items(list, MAX_STREAMS).iter().filter_map(|item| read_position(host, item)).collect()
}

/// Reads how long `sockeye:retry` asks to wait.
pub fn read_retry<H: Host>(host: &H, arguments: &H::Value) -> Option<Duration> {
    millis(host, &argument(host, arguments)?, "afterMs")
}

/// Takes the helper's verdict off the answer to an action.
pub fn take_verdict<H: Host>(host: &H, answer: &mut H::Value, key: &str) -> Taken {
    match host.take_mark(answer, End::First, 0) {
        None => Taken::Nothing,
        Some(mark) => read_verdict(host, &mark, key).map_or(Taken::Foreign, Taken::Verdict),
    }
}

fn read_verdict<H: Host>(host: &H, mark: &H::Value, key: &str) -> Option<Verdict> {
    if host.string_field(mark, "k")? != key {
        return None;
    }
    let number = |name| number(host, mark, name);
    match host.string_field(mark, "s")?.as_str() {
        "applied" => Some(Verdict::Applied),
        "rejected" => Some(Verdict::Rejected),
        "conflict" => Some(Verdict::Conflict),
        "renumber" => Some(Verdict::Renumber { epoch: number("e")?, last: number("n")? }),
        "gap" => Some(Verdict::Gap { last: number("n")? }),
        "retry" => {
            Some(Verdict::Retry { after: millis(host, mark, "afterMs").unwrap_or_default() })
        }
        "memory" => Some(Verdict::Memory { memory: memory(host, mark, "m")? }),
        _ => None,
    }
}

fn memory<H: Host>(host: &H, object: &H::Value, name: &str) -> Option<Rc<str>> {
    text(host, object, name).filter(|memory| memory.len() <= MAX_MEMORY)
}

/// Writes the envelope of an action, an argument of its event.
#[must_use]
pub fn write_envelope(envelope: &Envelope) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.field(MARK).object(|json| {
            json.field("k").string(&envelope.key.0);
            json.field("c").string(&envelope.client);
            json.field("e").number(envelope.epoch);
            json.field("n").number(envelope.sequence);
            json.field("lane").string(&envelope.lane);
            json.field("m").string(&envelope.memory);
        });
    });
    json.into_text()
}

/// Writes the event that asks what was missed since `positions`.
#[must_use]
pub fn write_since(positions: &[Position]) -> String {
    let mut json = Json::default();
    json.array(|json| {
        json.string("sockeye:since").object(|json| {
            json.field("streams").array(|json| {
                for position in positions {
                    let Position { stream, epoch, seq } = position;
                    json.array(|json| {
                        json.string(&stream.text).string(&epoch.text).number(*seq);
                    });
                }
            });
        });
    });
    json.into_text()
}

/// Reads the answer to that question; what is no answer is one without streams.
pub fn read_since<H: Host>(host: &H, answer: &H::Value) -> Vec<Since<MissedEvent<H::Value>>> {
    let Some(data) = host.items(answer, 1).pop() else {
        return Vec::new();
    };
    let streams = items(host, &data, "streams", MAX_STREAMS);
    streams.iter().filter_map(|stream| read_stream(host, stream)).collect()
}

fn read_stream<H: Host>(host: &H, stream: &H::Value) -> Option<Since<MissedEvent<H::Value>>> {
    let epoch = host.field(stream, "epoch").and_then(|epoch| read_named(host, &epoch));
    let seq = number(host, stream, "seq");
    let events = items(host, stream, "events", MAX_EVENTS);
    Some(Since {
        stream: host.fingerprint(&host.field(stream, "stream")?)?,
        position: epoch.zip(seq),
        events: events.into_iter().filter_map(|event| read_missed(host, event)).collect(),
        gap: is_true(host, stream, "gap"),
        more: is_true(host, stream, "more"),
    })
}

fn read_missed<H: Host>(
    host: &H,
    mut arguments: H::Value,
) -> Option<(Place, MissedEvent<H::Value>)> {
    let identity = host.identify(&mut arguments);
    Some((place(&identity)?, MissedEvent { arguments, identity }))
}

fn read_position<H: Host>(host: &H, item: &H::Value) -> Option<Position> {
    match host.items(item, 3).as_slice() {
        [stream, epoch, seq] => Some(Position {
            stream: read_named(host, stream)?,
            epoch: read_named(host, epoch)?,
            seq: read_seq(host.number(seq)?)?,
        }),
        _ => None,
    }
}

/// What no server can have counted to is no position: nothing would ever come behind it.
fn read_seq(number: f64) -> Option<u64> {
    let is_exact = (0.0..=MAX_SEQ).contains(&number) && number.trunc() == number;
    is_exact.then_some(number as u64)
}

fn read_named<H: Host>(host: &H, value: &H::Value) -> Option<Named> {
    let text = host.string(value)?.into();
    Some(Named { fingerprint: host.fingerprint(value)?, text })
}

/// The one argument behind the name of an event.
fn argument<H: Host>(host: &H, arguments: &H::Value) -> Option<H::Value> {
    host.items(arguments, 2).into_iter().nth(1)
}
