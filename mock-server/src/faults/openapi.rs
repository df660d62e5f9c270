//! The OpenAPI document of what rules and the log are asked for.

use utoipa::OpenApi;

use super::control::{__path_add, __path_clear, __path_log, __path_malformed, __path_release};
use super::control::{__path_remove, __path_rules, __path_stall};

/// The part that the mock server and the proxy have in common.
#[derive(Debug, OpenApi)]
#[openapi(paths(rules, add, clear, remove, stall, release, log, malformed))]
pub struct FaultsDocument;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::faults::rule::every_action_name;

    /// The names of a type's variants, as the document has them.
    fn variants(document: &Value, name: &str) -> BTreeSet<String> {
        let one_of = document["components"]["schemas"][name]["oneOf"].as_array().unwrap();
        let names = one_of.iter().map(|variant| {
            let name = variant["enum"][0].as_str().or(variant["required"][0].as_str());
            name.unwrap().to_owned()
        });
        names.collect()
    }

    #[test]
    fn every_action_and_every_moment_is_described() {
        let document = serde_json::to_value(FaultsDocument::openapi()).unwrap();
        let expected: BTreeSet<_> = every_action_name().map(str::to_owned).collect();
        assert_eq!(variants(&document, "Action"), expected);
        let moments = ["byte", "connection", "event", "frame", "packet", "request"];
        assert_eq!(variants(&document, "Trigger"), BTreeSet::from(moments.map(str::to_owned)));
    }

    #[test]
    fn what_the_document_calls_a_rule_is_what_is_read() {
        let document = serde_json::to_value(FaultsDocument::openapi()).unwrap();
        let rule = &document["components"]["schemas"]["Rule"];
        let fields: BTreeSet<_> = rule["properties"].as_object().unwrap().keys().collect();
        let read = serde_json::json!({"id": null, "connection": null, "next": null, "direction": null,
            "on": "connection", "do": "pass", "times": null, "share": null});
        assert_eq!(fields, read.as_object().unwrap().keys().collect());
        serde_json::from_value::<crate::faults::Rule>(read.clone()).unwrap();
        assert_eq!(rule["required"], serde_json::json!(["on", "do"]));
        assert_eq!(rule["additionalProperties"], false, "unknown fields are refused");
    }
}
