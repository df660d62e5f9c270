//! What the application is told, in one line each.

use std::time::Duration;

use sockeye::client::Event;
use sockeye::client::continuity::{Continuity, Gap};
use sockeye::client::outbox::{ActionStatus, Rejection};
use sockeye::client::readiness::Hook;
use sockeye::client::topics::TopicStatus;
use sockeye::manager::{self, Status};
use sockeye::native::NativeHost;
use sockeye::socketio::Settlement;

/// Returns the event in one line: `event 0 ["news"]`, `continuity 0 resumed`, `action 0 a applied []`.
pub fn describe(event: &Event<NativeHost>) -> String {
    match event {
        Event::Delivered { socket, arguments, .. } => format!("event {} {arguments}", socket.0),
        Event::Socket(event) => describe_socket(event),
        Event::Action { socket, key, status, .. } => {
            format!("action {} {} {}", socket.0, key.0, describe_action(status))
        }
        Event::Forgotten { socket, key } => format!("forgotten {} {}", socket.0, key.0),
        Event::CancelRefused { socket, key } => format!("cancel refused {} {}", socket.0, key.0),
        Event::FlushAsked { socket, ticket, keys } => {
            let keys: Vec<_> = keys.iter().map(|key| &*key.0).collect();
            format!("flush {} {} {}", socket.0, ticket.0, keys.join(","))
        }
        Event::HookNeeded { socket, hook, ticket } => {
            format!("hook {} {} {}", socket.0, describe_hook(*hook), ticket.0)
        }
        Event::HookLate { socket, hook } => format!("late {} {}", socket.0, describe_hook(*hook)),
        Event::Continuity { socket, continuity, .. } => {
            format!("continuity {} {}", socket.0, describe_continuity(continuity))
        }
        Event::Missed { socket, gap, .. } => format!("missed {} {}", socket.0, describe_gap(gap)),
        Event::Live { socket } => format!("live {}", socket.0),
        Event::Confirming { socket, arguments, .. } => {
            format!("confirming {} {arguments}", socket.0)
        }
        Event::Topic { socket, topic, status, answer } => {
            let answer = answer.as_ref().map(|answer| format!(" {answer}")).unwrap_or_default();
            format!("topic {} {topic} {}{answer}", socket.0, describe_topic(*status))
        }
    }
}

fn describe_socket(event: &manager::Event<NativeHost>) -> String {
    use manager::Event;
    match event {
        Event::Delivered { .. } | Event::Probed => panic!("{event:?} is not for the application"),
        Event::Settled { request, settlement } => {
            format!("settled {} {}", request.0, describe_settlement(settlement))
        }
        Event::AuthNeeded { socket, ticket, .. } => format!("auth {} {}", socket.0, ticket.0),
        Event::AddressNeeded { ticket, .. } => format!("address {}", ticket.0),
        Event::VerdictNeeded { socket, ticket, .. } => format!("verdict {} {}", socket.0, ticket.0),
        Event::Accepted { socket, recovered, .. } => {
            format!("accepted {}{}", socket.0, if *recovered { " recovered" } else { "" })
        }
        Event::Refused { socket, .. } => format!("refused {}", socket.0),
        Event::Dropped { socket, .. } => format!("dropped {}", socket.0),
        Event::Failed { cause, .. } => format!("failed {}", cause.code()),
        Event::Status { socket, status } => format!("status {} {}", socket.0, status_code(*status)),
    }
}

pub fn status_code(status: Status) -> &'static str {
    match status {
        Status::Idle => "idle",
        Status::Connecting { .. } => "connecting",
        Status::Connected => "connected",
        Status::Waiting { .. } => "waiting",
        Status::Disconnected { .. } => "disconnected",
    }
}

fn describe_settlement(settlement: &Settlement<serde_json::Value>) -> String {
    match settlement {
        Settlement::Acknowledged(answer) => answer.to_string(),
        Settlement::TimedOut => "timed out".into(),
        Settlement::Dropped(_) => "dropped".into(),
        Settlement::Disconnected => "disconnected".into(),
        Settlement::IdentityChanged => "identity changed".into(),
        Settlement::Destroyed => "destroyed".into(),
    }
}

fn describe_action(status: &ActionStatus<NativeHost>) -> String {
    match status {
        ActionStatus::Queued => "queued".into(),
        ActionStatus::Sending => "sending".into(),
        ActionStatus::Sent => "sent".into(),
        ActionStatus::Applied(Some(answer)) => format!("applied {answer}"),
        ActionStatus::Applied(None) => "applied".into(),
        ActionStatus::Rejected(Rejection::Server(Some(data))) => format!("rejected {data}"),
        ActionStatus::Rejected(Rejection::IdentityChanged) => "rejected identity_changed".into(),
        ActionStatus::Rejected(_) => "rejected".into(),
        ActionStatus::Expired => "expired".into(),
        ActionStatus::Cancelled(_) => "cancelled".into(),
        ActionStatus::Conflict => "conflict".into(),
        ActionStatus::Quarantined(_) => "quarantined".into(),
        ActionStatus::Unknown(cause) => format!("unknown {cause:?}"),
        ActionStatus::NotStored(error) => format!("not stored {}", error.code()),
    }
}

fn describe_hook(hook: Hook) -> &'static str {
    match hook {
        Hook::Prologue => "prologue",
        Hook::Gap => "gap",
    }
}

fn describe_continuity(continuity: &Continuity) -> String {
    match continuity {
        Continuity::Fresh => "fresh".into(),
        Continuity::Resumed => "resumed".into(),
        Continuity::Gap(gap) => format!("gap {}", describe_gap(gap)),
    }
}

fn describe_gap(gap: &Gap) -> String {
    let streams: Vec<String> = gap
        .streams
        .iter()
        .map(|it| format!("{}:{:?}-{:?}", it.name.as_deref().unwrap_or("?"), it.from, it.to))
        .collect();
    format!("{} {}", gap.cause.code(), streams.join(","))
}

fn describe_topic(status: TopicStatus) -> String {
    match status {
        TopicStatus::Idle => "idle".into(),
        TopicStatus::Joining => "joining".into(),
        TopicStatus::Live => "live".into(),
        TopicStatus::Failed(why) => format!("failed {why:?}"),
    }
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
