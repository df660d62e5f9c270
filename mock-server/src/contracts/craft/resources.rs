//! Resources: read over HTTP, and their changes are pushed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use crate::emitter::Emitter;

/// What a resource is: named fields.
pub type Fields = Map<String, Value>;

/// All resources; clones share them.
#[derive(Clone, Debug)]
pub struct Resources {
    emitter: Emitter,
    resources: Arc<Mutex<BTreeMap<String, Fields>>>,
}

impl Resources {
    /// Creates the resources that are there from the start.
    pub fn new(emitter: Emitter) -> Self {
        let start = BTreeMap::from([
            ("dashboard".to_owned(), fields(json!({ "views": 0, "clicks": 0, "purchases": 0 }))),
            ("records".to_owned(), fields(json!({ "status": "idle", "done": 0, "total": 1_000 }))),
            ("orders".to_owned(), fields(json!({ "rows": {} }))),
        ]);
        Self { emitter, resources: Arc::new(Mutex::new(start)) }
    }

    /// Returns a resource, if there is one of this name.
    pub async fn read(&self, name: &str) -> Option<Fields> {
        self.resources.lock().await.get(name).cloned()
    }

    /// Sets fields of a resource, which is created if need be; returns the whole of it.
    ///
    /// Everyone is told the fields that have another value than before, if there are any.
    pub async fn change(&self, name: &str, change: Fields) -> Fields {
        // Held until all is said, so that clients get the changes in the order in which they were made.
        let mut resources = self.resources.lock().await;
        let resource = resources.entry(name.to_owned()).or_default();
        let changed = apply(resource, change);
        if !changed.is_empty() {
            self.emitter.to_all(&format!("resource:{name}"), changed).await;
        }
        resource.clone()
    }
}

/// Sets the fields; returns those that had another value.
fn apply(resource: &mut Fields, change: Fields) -> Fields {
    let differs = |(field, value): &(String, Value)| resource.get(field) != Some(value);
    let changed: Fields = change.into_iter().filter(differs).collect();
    resource.extend(changed.clone());
    changed
}

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Fields::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_has_changed() {
        let mut resource = fields(json!({ "a": 1, "b": { "c": 2 } }));
        let changed = apply(&mut resource, fields(json!({ "a": 1, "b": { "c": 3 }, "d": null })));
        assert_eq!(changed, fields(json!({ "b": { "c": 3 }, "d": null })));
        assert_eq!(resource, fields(json!({ "a": 1, "b": { "c": 3 }, "d": null })));
        assert!(apply(&mut resource, Fields::new()).is_empty());
    }
}
