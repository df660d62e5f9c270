//! What a summary log says, and how it differs from what it said before.
//!
//! One batch per line, its id first. Of the rest, words of the form `key=value` become fields of the batch
//! (numbers, `true` and `false` as such, as long as JavaScript can hold the number exactly); all other
//! words together become the field `line`. Empty lines and lines that begin with `#` are skipped.
//!
//! ```text
//! batch-17 status=running jobs=4 solutions=2
//! batch-18 waiting for a worker
//! ```
//!
//! A line counts when its newline has been written. When an id stands on several lines the last one holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::events::Broadcast;

/// The batches of a summary log, by id.
///
/// Batches are never forgotten: a log that is truncated or rotated and then written again announces only
/// what is new or different.
#[derive(Clone, Debug, Default)]
pub struct SummaryLog {
    lines: BTreeMap<String, String>,
}

impl SummaryLog {
    /// Reads the whole text of the log and returns what was added or changed, in the order of the lines.
    pub fn read(&mut self, text: &str) -> Vec<Broadcast> {
        let complete = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        let mut last: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for (number, line) in complete.lines().enumerate() {
            if let Some((id, rest)) = split(line) {
                last.insert(id, (number, rest));
            }
        }
        let mut current: Vec<_> = last.into_iter().collect();
        current.sort_by_key(|(_, (number, _))| *number);
        current.into_iter().filter_map(|(id, (_, rest))| self.note(id, rest)).collect()
    }

    fn note(&mut self, id: &str, rest: &str) -> Option<Broadcast> {
        let before = self.lines.insert(id.to_owned(), rest.to_owned());
        match before {
            None => Some(Broadcast::BatchAdded(batch(id, rest))),
            Some(before) if before != rest => Some(Broadcast::BatchUpdated(batch(id, rest))),
            Some(_) => None,
        }
    }
}

fn split(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (id, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (!id.is_empty() && !id.starts_with('#')).then_some((id, rest.trim()))
}

fn batch(id: &str, rest: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut words = Vec::new();
    for word in rest.split_whitespace() {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() && key != "id" => {
                fields.insert(key.to_owned(), scalar(value));
            }
            _ => words.push(word),
        }
    }
    if !words.is_empty() {
        fields.insert("line".to_owned(), words.join(" ").into());
    }
    fields.insert("id".to_owned(), id.into());
    fields
}

fn scalar(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Bool(flag)) => flag.into(),
        Ok(Value::Number(number)) if is_exact_in_javascript(&number) => number.into(),
        _ => text.into(),
    }
}

fn is_exact_in_javascript(number: &serde_json::Number) -> bool {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => integer.unsigned_abs() <= MAX_SAFE_INTEGER,
        (None, Some(float)) => float.abs() <= MAX_SAFE_INTEGER as f64,
        (None, None) => false,
    }
}

/// JavaScript's `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changes(log: &mut SummaryLog, text: &str) -> Vec<String> {
        log.read(text)
            .into_iter()
            .map(|change| {
                let sign = if change.address().1 == "batch:added" { '+' } else { '~' };
                format!("{sign}{}", change.payload()["batch"]["id"].as_str().unwrap())
            })
            .collect()
    }

    #[test]
    fn tells_added_from_changed_lines() {
        let mut log = SummaryLog::default();
        assert_eq!(changes(&mut log, "b1 x=1\nb2 x=1\n"), ["+b1", "+b2"]);
        assert_eq!(changes(&mut log, "b1 x=1\nb2 x=2\nb3\n"), ["~b2", "+b3"]);
        assert!(changes(&mut log, "b1 x=1\nb2 x=2\nb3\n").is_empty());
    }

    #[test]
    fn waits_for_the_newline() {
        let mut log = SummaryLog::default();
        assert!(changes(&mut log, "b1 sta").is_empty());
        assert_eq!(changes(&mut log, "b1 status=ok\r\nb2"), ["+b1"]);
    }

    #[test]
    fn truncation_and_rotation_announce_only_what_differs() {
        let mut log = SummaryLog::default();
        changes(&mut log, "b1 x=1\nb2 x=1\n");
        assert!(changes(&mut log, "").is_empty());
        assert_eq!(changes(&mut log, "b1 x=1\nb2 x=9\nb3 x=1\n"), ["~b2", "+b3"]);
    }

    #[test]
    fn last_line_of_an_id_holds() {
        let mut log = SummaryLog::default();
        assert_eq!(changes(&mut log, "b1 x=1\nb2\nb1 x=2\n"), ["+b2", "+b1"]);
        assert!(changes(&mut log, "b1 x=1\nb2\nb1 x=2\n").is_empty());
    }

    #[test]
    fn reads_fields_and_free_words() {
        let fields = |line| Value::from(batch("b1", line));
        assert_eq!(
            fields("jobs=4 ok=true ratio=0.5 name=a=b"),
            json!({"id": "b1", "jobs": 4, "ok": true, "ratio": 0.5, "name": "a=b"})
        );
        assert_eq!(
            fields("waiting for =x id=2"),
            json!({"id": "b1", "line": "waiting for =x id=2"})
        );
        assert_eq!(fields(""), json!({"id": "b1"}));
        assert_eq!(
            fields("big=9007199254740993 zero=007"),
            json!({"id": "b1", "big": "9007199254740993", "zero": "007"})
        );
    }

    #[test]
    fn skips_comments_and_empty_lines() {
        let mut log = SummaryLog::default();
        assert_eq!(changes(&mut log, "# head\n\n  \nb1\n"), ["+b1"]);
    }
}
