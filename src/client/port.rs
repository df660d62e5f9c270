//! The store's commands and answers as plain data, for a store on the other side of a border.
//!
//! Commands are written as JSON, answers are read from the host's values. What is already the host's
//! goes beside them: payloads, and what servers answered.

use std::rc::Rc;

use crate::client::fields::{is_true, items, millis, number, text};
use crate::client::json::Json;
use crate::client::outbox::NewAction;
use crate::client::store::{
    ActionKey, Change, Contents, Mark, Outcome, Parked, Payload, Record, Sent, StoreAnswer,
    StoreCommand, StoreError, Unreadable,
};
use crate::host::Host;

/// A command in pieces.
#[derive(Debug)]
pub struct PlainCommand<H: Host> {
    /// The command as JSON, an object whose `type` names it.
    pub json: String,
    /// What belongs to a `put`.
    pub payload: Option<Payload<H>>,
    /// What servers answered, one for each settlement of a `settle`.
    pub answers: Vec<Option<Rc<H::Value>>>,
}

/// Writes a command.
#[must_use]
pub fn write_command<H: Host>(command: StoreCommand<H>) -> PlainCommand<H> {
    let mut json = Json::default();
    json.object(|json| write_fields(json, &command));
    let (payload, answers) = match command {
        StoreCommand::Put { payload, .. } => (Some(payload), Vec::new()),
        StoreCommand::Settle { settlements, .. } => {
            (None, settlements.into_iter().map(|settlement| settlement.arguments).collect())
        }
        StoreCommand::Open { .. }
        | StoreCommand::Read
        | StoreCommand::Lead
        | StoreCommand::Resign
        | StoreCommand::RaiseEpoch { .. }
        | StoreCommand::Load { .. }
        | StoreCommand::Mark { .. }
        | StoreCommand::Park { .. }
        | StoreCommand::Unpark { .. }
        | StoreCommand::Remove { .. } => (None, Vec::new()),
    };
    PlainCommand { json: json.into_text(), payload, answers }
}

fn write_fields<H: Host>(json: &mut Json, command: &StoreCommand<H>) {
    json.field("type").string(name_of(command));
    match command {
        StoreCommand::Read | StoreCommand::Lead | StoreCommand::Resign => {}
        StoreCommand::Open { identity } => {
            json.field("identity").string(identity);
        }
        StoreCommand::RaiseEpoch { epoch, at_least } => {
            json.field("epoch").number(*epoch);
            json.field("atLeast").number(*at_least);
        }
        StoreCommand::Put { record, replaces, .. } => {
            json.field("action").object(|json| write_record(json, record));
            if let Some(key) = replaces {
                json.field("replaces").string(&key.0);
            }
        }
        StoreCommand::Load { key } | StoreCommand::Unpark { key } => {
            json.field("key").string(&key.0);
        }
        StoreCommand::Mark { epoch, marks } => {
            json.field("epoch").number(*epoch);
            json.field("marks").array(|json| {
                for mark in marks {
                    json.object(|json| write_mark(json, mark));
                }
            });
        }
        StoreCommand::Settle { epoch, settlements } => {
            json.field("epoch").number(*epoch);
            json.field("settlements").array(|json| {
                for settlement in settlements {
                    json.object(|json| {
                        json.field("key").string(&settlement.key.0);
                        json.field("outcome").string(outcome_code(settlement.outcome));
                    });
                }
            });
        }
        StoreCommand::Park { epoch, key, parked } => {
            json.field("epoch").number(*epoch);
            json.field("key").string(&key.0);
            json.field("parked").string(parked_code(*parked));
        }
        StoreCommand::Remove { key, only_unsent } => {
            json.field("key").string(&key.0);
            json.field("onlyUnsent").bool(*only_unsent);
        }
    }
}

fn name_of<H: Host>(command: &StoreCommand<H>) -> &'static str {
    match command {
        StoreCommand::Open { .. } => "open",
        StoreCommand::Read => "read",
        StoreCommand::Lead => "lead",
        StoreCommand::Resign => "resign",
        StoreCommand::RaiseEpoch { .. } => "raiseEpoch",
        StoreCommand::Put { .. } => "put",
        StoreCommand::Load { .. } => "load",
        StoreCommand::Mark { .. } => "mark",
        StoreCommand::Settle { .. } => "settle",
        StoreCommand::Park { .. } => "park",
        StoreCommand::Unpark { .. } => "unpark",
        StoreCommand::Remove { .. } => "remove",
    }
}

fn write_record(json: &mut Json, record: &Record) {
    json.field("key").string(&record.key.0);
    json.field("event").string(&record.name);
    json.field("lane").string(&record.lane);
    if let Some(key) = &record.coalesce_key {
        json.field("coalesceKey").string(key);
    }
    json.field("bytes").number(record.bytes);
    json.field("attachmentCount").number(u64::from(record.attachments));
    if let Some(ttl) = record.ttl {
        json.field("ttlMs").millis(ttl);
    }
    json.field("ackTimeoutMs").millis(record.ack_timeout);
    json.field("resend").bool(record.resend);
    write_sent(json, record.sent.as_ref(), record.kills);
    if let Some(parked) = record.parked {
        json.field("parked").string(parked_code(parked));
    }
}

fn write_mark(json: &mut Json, mark: &Mark) {
    json.field("key").string(&mark.key.0);
    write_sent(json, mark.sent.as_ref(), mark.kills);
}

fn write_sent(json: &mut Json, sent: Option<&Sent>, kills: u32) {
    if let Some(sent) = sent {
        json.field("sent").object(|json| {
            json.field("epoch").number(sent.epoch);
            json.field("sequence").number(sent.sequence);
            if let Some(memory) = &sent.memory {
                json.field("memory").string(memory);
            }
            if let Some(time) = sent.server_time_ms {
                json.field("serverTimeMs").number(time);
            }
            json.field("attempts").number(u64::from(sent.attempts));
        });
    }
    json.field("kills").number(u64::from(kills));
}

/// Reads an action that the application enqueues.
pub fn read_action<H: Host>(host: &H, action: &H::Value) -> Option<NewAction> {
    Some(NewAction {
        key: read_key(host, action)?,
        name: text(host, action, "name")?,
        lane: text(host, action, "lane")?,
        ttl: millis(host, action, "ttlMs"),
        ack_timeout: millis(host, action, "ackTimeoutMs")?,
        coalesce_key: text(host, action, "coalesceKey"),
        bytes: number(host, action, "bytes")?,
        attachments: number(host, action, "attachmentCount")? as u32,
        resend: is_true(host, action, "resend"),
    })
}

/// Reads an answer of the store, an object whose `type` names it. What is none counts as a failure of
/// the store. A payload that was loaded comes beside it.
pub fn read_answer<H: Host>(
    host: &H,
    answer: &H::Value,
    payload: Option<Payload<H>>,
) -> StoreAnswer<H> {
    match payload {
        Some(payload) => StoreAnswer::Loaded(payload),
        None => read_plain(host, answer).unwrap_or(StoreAnswer::Failed(StoreError::Failed)),
    }
}

fn read_plain<H: Host>(host: &H, answer: &H::Value) -> Option<StoreAnswer<H>> {
    let epoch = || number(host, answer, "epoch");
    match host.string_field(answer, "type")?.as_str() {
        "opened" => Some(StoreAnswer::Opened {
            client: text(host, answer, "clientId")?,
            contents: read_contents(host, answer),
        }),
        "contents" => Some(StoreAnswer::Contents(read_contents(host, answer))),
        "leading" => {
            let contents = read_contents(host, answer);
            Some(StoreAnswer::Leading { epoch: epoch()?, contents })
        }
        "raised" => Some(StoreAnswer::Raised { epoch: epoch()? }),
        "stored" => Some(StoreAnswer::Stored {
            order: number(host, answer, "order")?,
            replaced: is_true(host, answer, "replaced"),
        }),
        "marked" => {
            let missing = items(host, answer, "missing", usize::MAX);
            let missing = missing.iter().filter_map(|key| Some(ActionKey::new(&host.string(key)?)));
            let earlier = items(host, answer, "earlier", usize::MAX);
            Some(StoreAnswer::Marked {
                missing: missing.collect(),
                earlier: earlier.iter().filter_map(|record| read_record(host, record)).collect(),
            })
        }
        "done" => Some(StoreAnswer::Done),
        "removed" => Some(StoreAnswer::Removed),
        "wasSent" => Some(StoreAnswer::WasSent),
        "missing" => Some(StoreAnswer::Missing),
        "fenced" => Some(StoreAnswer::Fenced),
        "failed" => Some(StoreAnswer::Failed(read_error(&host.string_field(answer, "code")?))),
        _ => None,
    }
}

fn read_error(code: &str) -> StoreError {
    let known = [StoreError::Full, StoreError::Version, StoreError::Damaged];
    known.into_iter().find(|error| error.code() == code).unwrap_or(StoreError::Failed)
}

/// A record that is not what it should be counts as damaged; nothing of it is lost.
fn read_contents<H: Host>(host: &H, contents: &H::Value) -> Contents {
    let mut read = Contents::default();
    for action in items(host, contents, "actions", usize::MAX) {
        match (read_record(host, &action), read_key(host, &action)) {
            (Some(record), _) => read.records.push(record),
            (None, Some(key)) => read.unreadable.push(Unreadable { key, is_future: false }),
            (None, None) => {}
        }
    }
    let unreadable = items(host, contents, "unreadable", usize::MAX);
    read.unreadable.extend(unreadable.iter().filter_map(|item| {
        let key = read_key(host, item)?;
        Some(Unreadable { key, is_future: is_true(host, item, "isFuture") })
    }));
    read
}

fn read_record<H: Host>(host: &H, record: &H::Value) -> Option<Record> {
    let parked = host.string_field(record, "parked");
    Some(Record {
        key: read_key(host, record)?,
        name: text(host, record, "event")?,
        lane: text(host, record, "lane")?,
        order: number(host, record, "order")?,
        coalesce_key: text(host, record, "coalesceKey"),
        bytes: number(host, record, "bytes")?,
        attachments: number(host, record, "attachmentCount")? as u32,
        ttl: millis(host, record, "ttlMs"),
        age: millis(host, record, "ageMs").unwrap_or_default(),
        ack_timeout: millis(host, record, "ackTimeoutMs")?,
        resend: is_true(host, record, "resend"),
        sent: read_sent(host, record)?,
        kills: number(host, record, "kills")? as u32,
        parked: match parked.as_deref() {
            None => None,
            Some(code) => Some(read_parked(code)?),
        },
    })
}

/// A `sent` that cannot be read is no reason to believe that the action was never sent.
fn read_sent<H: Host>(host: &H, object: &H::Value) -> Option<Option<Sent>> {
    let Some(sent) = host.field(object, "sent") else {
        return Some(None);
    };
    Some(Some(Sent {
        epoch: number(host, &sent, "epoch")?,
        sequence: number(host, &sent, "sequence")?,
        memory: text(host, &sent, "memory"),
        server_time_ms: number(host, &sent, "serverTimeMs"),
        attempts: number(host, &sent, "attempts")? as u32,
    }))
}

/// Reads what other clients did to the store; what cannot be read is left out, because it is a hint.
pub fn read_changes<H: Host>(host: &H, changes: &H::Value) -> Vec<Change<H>> {
    let changes = host.items(changes, usize::MAX);
    changes.iter().filter_map(|change| read_change(host, change)).collect()
}

fn read_change<H: Host>(host: &H, change: &H::Value) -> Option<Change<H>> {
    match host.string_field(change, "type")?.as_str() {
        "put" => Some(Change::Put(read_record(host, &host.field(change, "action")?)?)),
        "marked" => {
            let mark = host.field(change, "mark")?;
            Some(Change::Marked(Mark {
                key: read_key(host, &mark)?,
                sent: read_sent(host, &mark)?,
                kills: number(host, &mark, "kills")? as u32,
            }))
        }
        "settled" => Some(Change::Settled {
            key: read_key(host, change)?,
            outcome: read_outcome(&host.string_field(change, "outcome")?)?,
            arguments: host.field(change, "args"),
        }),
        "parked" => Some(Change::Parked {
            key: read_key(host, change)?,
            parked: read_parked(&host.string_field(change, "parked")?)?,
        }),
        "removed" => Some(Change::Removed { key: read_key(host, change)? }),
        _ => None,
    }
}

/// Returns the stable code of an outcome.
#[must_use]
pub fn outcome_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Applied => "applied",
        Outcome::Rejected => "rejected",
        Outcome::Expired => "expired",
        Outcome::Cancelled => "cancelled",
        Outcome::Conflict => "conflict",
        Outcome::Quarantined => "quarantined",
        Outcome::Unknown => "unknown",
    }
}

fn read_outcome(code: &str) -> Option<Outcome> {
    let all = [
        Outcome::Applied,
        Outcome::Rejected,
        Outcome::Expired,
        Outcome::Cancelled,
        Outcome::Conflict,
        Outcome::Quarantined,
        Outcome::Unknown,
    ];
    all.into_iter().find(|outcome| outcome_code(*outcome) == code)
}

fn parked_code(parked: Parked) -> &'static str {
    match parked {
        Parked::Quarantined => "quarantined",
        Parked::Unknown => "unknown",
    }
}

fn read_parked(code: &str) -> Option<Parked> {
    [Parked::Quarantined, Parked::Unknown].into_iter().find(|parked| parked_code(*parked) == code)
}

fn read_key<H: Host>(host: &H, object: &H::Value) -> Option<ActionKey> {
    text(host, object, "key").map(ActionKey)
}
