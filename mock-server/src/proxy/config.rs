use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::rule::Rule;

/// What a proxy is started with.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// Where clients connect; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The server: host and port.
    pub upstream: String,
    /// Where the control API listens; port 0 takes a free one.
    pub control: SocketAddr,
    /// The rules from the start.
    pub rules: Vec<Rule>,
}

/// Why a file of rules cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file holds something else than rules.
    #[error("{path}: {reason}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<Rule>,
}

/// Reads rules from a file: TOML if it is called `*.toml`, otherwise JSON. Both have a list `rules`.
///
/// # Errors
///
/// [`RulesError`] with the place of the mistake.
pub fn read_rules(path: &Path) -> Result<Vec<Rule>, RulesError> {
    let text = fs::read_to_string(path)
        .map_err(|source| RulesError::Read { path: path.to_owned(), source })?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    parse(&text, is_toml).map_err(|reason| RulesError::Parse { path: path.to_owned(), reason })
}

fn parse(text: &str, is_toml: bool) -> Result<Vec<Rule>, String> {
    let Rules { rules } = if is_toml {
        toml::from_str(text).map_err(|error| error.to_string())?
    } else {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    };
    for (index, rule) in rules.iter().enumerate() {
        rule.check().map_err(|reason| format!("rule {}: {reason}", index + 1))?;
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = r#"
            [[rules]]
            id = "lost-ack"
            direction = "serverToClient"
            on = { frame = { prefix = "43", nth = 2 } }
            do = { cut = { when = "before" } }
            times = 1

            [[rules]]
            on = "connection"
            connection = 3
            do = "refuse"
        "#;
        let json = r#"{"rules": [
            {"id": "lost-ack", "direction": "serverToClient", "times": 1,
             "on": {"frame": {"prefix": "43", "nth": 2}}, "do": {"cut": {"when": "before"}}},
            {"on": "connection", "connection": 3, "do": "refuse"}
        ]}"#;
        let rules = parse(toml, true).unwrap();
        assert_eq!(rules.len(), 2);
        assert_eq!(Ok(rules), parse(json, false));
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        for (text, is_toml, place) in [
            ("{\"rules\": [\n{}]}", false, "line 2"),
            ("[[rules]]\non = \"conection\"\ndo = \"pass\"", true, "conection"),
            ("{\"rules\": [{\"on\": \"connection\", \"do\": \"drop\"}]}", false, "rule 1: on:"),
            ("{\"rule\": []}", false, "unknown field `rule`"),
        ] {
            let reason = parse(text, is_toml).unwrap_err();
            assert!(reason.contains(place), "{reason}");
        }
    }
}
