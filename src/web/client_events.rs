//! What the client's parts tell JavaScript: outbox, store, continuity, topics.

use std::rc::Rc;

use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::client::Event;
use crate::client::continuity::{Continuity, Gap};
use crate::client::json::Json;
use crate::client::outbox::{ActionStatus, CancelCause, Rejection, UnknownCause};
use crate::client::port::{PlainCommand, outcome_code, write_command};
use crate::client::readiness::Hook;
use crate::client::store::{StoreCommand, StoreTicket};
use crate::client::topics::{JoinFailure, TopicStatus};
use crate::manager::SocketId;
use crate::web::driver::ClientOutlet;
use crate::web::host::JsHost;

impl ClientOutlet {
    /// Hands a command to the store.
    pub fn store(&self, socket: SocketId, ticket: StoreTicket, command: StoreCommand<JsHost>) {
        let PlainCommand { json, payload, answers } = write_command(command);
        let (body, attachments) = match payload {
            Some(payload) => (Some(payload.body), to_array(payload.attachments)),
            None => (None, Array::new()),
        };
        let answers = answers.into_iter().map(to_value).collect();
        self.events.store(socket.0, ticket.0, &json, body, attachments, answers);
    }

    /// Tells what is not about sockets.
    pub fn tell_of_parts(&self, event: Event<JsHost>) {
        let events = &self.events;
        match event {
            Event::Action { socket, key, status, attempts } => {
                self.tell_action(socket, &key.0, status, attempts);
            }
            Event::Forgotten { socket, key } => events.forgotten(socket.0, &key.0),
            Event::CancelRefused { socket, key } => events.cancel_refused(socket.0, &key.0),
            Event::FlushAsked { socket, ticket, keys } => {
                let keys = keys.iter().map(|key| JsValue::from_str(&key.0)).collect();
                events.flush_asked(socket.0, ticket.0, keys);
            }
            Event::HookNeeded { socket, hook: Hook::Prologue, ticket } => {
                events.prologue_needed(socket.0, ticket.0);
            }
            Event::HookNeeded { socket, hook: Hook::Gap, ticket } => {
                events.gap_hook_needed(socket.0, ticket.0);
            }
            Event::HookLate { socket, hook } => {
                events.hook_late(socket.0, hook == Hook::Prologue);
            }
            Event::Continuity { socket, connection, continuity } => {
                events.continuity(socket.0, &write_continuity(connection, &continuity, false));
            }
            Event::Missed { socket, connection, gap } => {
                let gap = Continuity::Gap(gap);
                events.continuity(socket.0, &write_continuity(connection, &gap, true));
            }
            Event::Confirming { socket, event, arguments } => {
                events.confirming(socket.0, event.0, arguments);
            }
            Event::Topic { socket, topic, status, answer } => {
                let (state, code) = topic_codes(status);
                let answer = answer.unwrap_or(JsValue::UNDEFINED);
                events.topic(socket.0, &topic, state, code, answer);
            }
            Event::Live { .. } | Event::Delivered { .. } | Event::Socket(_) => {}
        }
    }

    #[allow(clippy::wildcard_enum_match_arm)] // What has nothing more to say needs no word here.
    fn tell_action(
        &self,
        socket: SocketId,
        key: &str,
        status: ActionStatus<JsHost>,
        attempts: u32,
    ) {
        let (state, code) = (state_code(&status), error_code(&status));
        let detail = match &status {
            ActionStatus::Cancelled(CancelCause::Superseded(by)) => by.0.as_ref(),
            ActionStatus::Unknown(cause) => unknown_detail(*cause),
            _ => "",
        };
        let answer = match &status {
            ActionStatus::Applied(answer) | ActionStatus::Rejected(Rejection::Server(answer)) => {
                to_value(answer.clone())
            }
            _ => JsValue::UNDEFINED,
        };
        self.events.action(socket.0, key, state, attempts, code, detail, answer);
    }
}

fn state_code(status: &ActionStatus<JsHost>) -> &'static str {
    match status.outcome() {
        Some(outcome) => outcome_code(outcome),
        None => match status {
            ActionStatus::Queued => "queued",
            ActionStatus::Sending => "sending",
            ActionStatus::Sent => "sent",
            ActionStatus::NotStored(_)
            | ActionStatus::Applied(_)
            | ActionStatus::Rejected(_)
            | ActionStatus::Expired
            | ActionStatus::Cancelled(_)
            | ActionStatus::Conflict
            | ActionStatus::Quarantined(_)
            | ActionStatus::Unknown(_) => "rejected",
        },
    }
}

/// The code of the error with which an action ends, or nothing.
fn error_code(status: &ActionStatus<JsHost>) -> &'static str {
    match status {
        ActionStatus::Queued
        | ActionStatus::Sending
        | ActionStatus::Sent
        | ActionStatus::Applied(_) => "",
        ActionStatus::NotStored(error) => error.code(),
        ActionStatus::Rejected(Rejection::Server(_)) => "action_rejected",
        ActionStatus::Rejected(Rejection::PayloadTooLarge) => "payload_too_large",
        ActionStatus::Rejected(Rejection::TooManyAttachments) => "too_many_attachments",
        ActionStatus::Rejected(Rejection::IdentityChanged) => "identity_changed",
        ActionStatus::Expired => "action_expired",
        ActionStatus::Cancelled(_) => "action_cancelled",
        ActionStatus::Conflict => "action_conflict",
        ActionStatus::Quarantined(_) => "action_quarantined",
        ActionStatus::Unknown(_) => "action_unknown",
    }
}

fn unknown_detail(cause: UnknownCause) -> &'static str {
    match cause {
        UnknownCause::MemoryLost => "the server remembers nothing of that time",
        UnknownCause::RetentionOver => "it was sent longer ago than the server remembers",
        UnknownCause::NotResent => "it was sent, and is not to be sent again",
        UnknownCause::Expired => "its time is over",
        UnknownCause::Unseen => "nobody told this client how it ended",
        UnknownCause::Discarded => "it was thrown away",
        UnknownCause::Earlier => "it was so in the store",
    }
}

/// The state of a topic, and why it is not joined.
fn topic_codes(status: TopicStatus) -> (&'static str, &'static str) {
    match status {
        TopicStatus::Idle => ("idle", ""),
        TopicStatus::Joining => ("joining", ""),
        TopicStatus::Live => ("live", ""),
        TopicStatus::Failed(JoinFailure::Refused) => ("failed", "topic_failed"),
        TopicStatus::Failed(JoinFailure::TimedOut) => ("failed", "ack_timeout"),
    }
}

fn write_continuity(connection: u32, continuity: &Continuity, is_late: bool) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.field("connection").number(u64::from(connection));
        json.field("isLate").bool(is_late);
        let kind = match continuity {
            Continuity::Fresh => "fresh",
            Continuity::Resumed => "resumed",
            Continuity::Gap(_) => "gap",
        };
        json.field("kind").string(kind);
        if let Continuity::Gap(gap) = continuity {
            write_gap(json, gap);
        }
    });
    json.into_text()
}

fn write_gap(json: &mut Json, gap: &Gap) {
    json.field("cause").string(gap.cause.code());
    json.field("streams").array(|json| {
        for stream in &gap.streams {
            json.object(|json| {
                json.field("stream").string(stream.name.as_deref().unwrap_or_default());
                json.field("cause").string(stream.cause.code());
                if let Some(from) = stream.from {
                    json.field("from").number(from);
                }
                if let Some(to) = stream.to {
                    json.field("to").number(to);
                }
            });
        }
    });
}

fn to_array(values: Vec<JsValue>) -> Array {
    values.into_iter().collect()
}

fn to_value(value: Option<Rc<JsValue>>) -> JsValue {
    value.map_or(JsValue::UNDEFINED, Rc::unwrap_or_clone)
}
