//! The rooms, and the subscriptions that lead to them.

use serde_json::{Map, Value};

/// What a client subscribes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscription {
    /// The updates of one job.
    Job(String),
    /// The updates of all jobs of one user.
    User(String),
    /// The updates of all jobs.
    All,
}

impl Subscription {
    /// Reads `{jobId?, userId?}`; no payload means all jobs, and a job goes before a user.
    ///
    /// # Errors
    ///
    /// What is wrong with the payload, in words for the acknowledgement.
    pub fn parse(payload: Value) -> Result<Self, String> {
        let fields = match payload {
            Value::Null => Map::new(),
            Value::Object(fields) => fields,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err("the payload must be an object {jobId?, userId?}".to_owned());
            }
        };
        let (job, user) = (id(&fields, "jobId")?, id(&fields, "userId")?);
        Ok(job.map(Self::Job).or(user.map(Self::User)).unwrap_or(Self::All))
    }

    /// Returns the room's name.
    #[must_use]
    pub fn room(&self) -> String {
        match self {
            Self::Job(id) => format!("job:{id}"),
            Self::User(id) => format!("user:{id}"),
            Self::All => "all-jobs".to_owned(),
        }
    }
}

fn id(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(id)) if !id.is_empty() => Ok(Some(id.clone())),
        Some(_) => Err(format!("{name} must be a non-empty string")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_room() {
        for (payload, room) in [
            (json!(null), "all-jobs"),
            (json!({}), "all-jobs"),
            (json!({"jobId": "a"}), "job:a"),
            (json!({"userId": "u"}), "user:u"),
            (json!({"jobId": "a", "userId": "u"}), "job:a"),
        ] {
            assert_eq!(Subscription::parse(payload).unwrap().room(), room);
        }
    }

    #[test]
    fn refuses_what_is_no_subscription() {
        for payload in [
            json!("a"),
            json!([]),
            json!(1),
            json!({"jobId": 1}),
            json!({"jobId": ""}),
            json!({"jobId": null}),
            json!({"jobId": "a", "userId": {}}),
        ] {
            assert!(Subscription::parse(payload.clone()).is_err(), "{payload}");
        }
    }
}
