//! Rules in a file, in the words of the API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;
use serde_json::value::RawValue;
use toml::Spanned;

use super::rule::Rule;

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
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
        /// What is wrong, and in which line.
        reason: String,
    },
}

/// Reads rules from a file: TOML if it is called `*.toml`, otherwise JSON. Both have a list `rules`.
///
/// # Errors
///
/// [`ScriptError`] with the line of the mistake.
pub fn read_script(path: &Path) -> Result<Vec<Rule>, ScriptError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ScriptError::Read { path: path.to_owned(), source })?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let rules = if is_toml { from_toml(&text) } else { from_json(&text) };
    rules.map_err(|reason| ScriptError::Parse { path: path.to_owned(), reason })
}

fn from_toml(text: &str) -> Result<Vec<Rule>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Script {
        rules: Vec<Spanned<Rule>>,
    }
    let Script { rules } = toml::from_str(text).map_err(|error| error.to_string())?;
    checked(rules.into_iter().map(|rule| (line(text, rule.span().start), rule.into_inner())))
}

fn from_json(text: &str) -> Result<Vec<Rule>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Script {
        rules: Vec<Rule>,
    }
    #[derive(Deserialize)]
    struct Places<'a> {
        #[serde(borrow)]
        rules: Vec<&'a RawValue>,
    }
    let Script { rules } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Places { rules: places } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    // They are parts of the text.
    let offset =
        |place: &RawValue| (place.get().as_ptr().addr()).saturating_sub(text.as_ptr().addr());
    checked(places.into_iter().map(|place| line(text, offset(place))).zip(rules))
}

/// Checks rules that can be read, each with its line.
fn checked(rules: impl Iterator<Item = (usize, Rule)>) -> Result<Vec<Rule>, String> {
    let (mut names, mut good) = (BTreeSet::new(), Vec::new());
    for (index, (line, rule)) in rules.enumerate() {
        let at = |reason: &str| format!("line {line}, rule {}: {reason}", index + 1);
        rule.check().map_err(|reason| at(&reason))?;
        if let Some(name) = &rule.id
            && !names.insert(name.clone())
        {
            return Err(at(&format!("there is a rule {name} already")));
        }
        good.push(rule);
    }
    Ok(good)
}

/// The number of the line that an offset is in, from 1.
fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, is_toml: bool) -> Result<Vec<Rule>, String> {
        if is_toml { from_toml(text) } else { from_json(text) }
    }

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
            ("[[rules]]\non = \"conection\"\ndo = \"pass\"", true, "line 2"),
            ("[[rules]]\non = \"conection\"\ndo = \"pass\"", true, "unknown variant `conection`"),
            ("[[rules]]\non = \"connection\"", true, "missing field `do`"),
            ("# a\n\n[[rules]]\non = \"connection\"\ndo = \"drop\"", true, "line 3, rule 1: on:"),
            (
                "{\"rules\": [\n\n{\"on\": \"connection\", \"do\": \"drop\"}]}",
                false,
                "line 3, rule 1: on:",
            ),
            ("{\"rule\": []}", false, "unknown field `rule`"),
            (
                "[[rules]]\nid = \"a\"\non = \"connection\"\ndo = \"pass\"\n\n\
                 [[rules]]\nid = \"a\"\non = \"connection\"\ndo = \"pass\"",
                true,
                "line 6, rule 2: there is a rule a already",
            ),
        ] {
            let reason = parse(text, is_toml).unwrap_err();
            assert!(reason.contains(place), "{reason}");
        }
    }

    const README: &str = include_str!("../../README.md");

    #[test]
    fn the_script_of_the_readme_is_one() {
        let (_, rest) = README.split_once("```toml\n[[rules]]").unwrap();
        let (script, _) = rest.split_once("```").unwrap();
        assert_eq!(parse(&format!("[[rules]]{script}"), true).unwrap().len(), 3);
    }

    #[test]
    fn what_the_readme_says_to_write_makes_rules() {
        let (_, rest) = README.split_once("| to have ").unwrap();
        let (table, _) = rest.split_once("\n\n").unwrap();
        let rows: Vec<_> = table.lines().skip(2).collect();
        assert_eq!(rows.len(), 7);
        for row in rows {
            let code = row.split('`').skip(1).step_by(2);
            let lines: Vec<_> = code.filter(|code| code.contains(" = ")).collect();
            let on = if row.contains("`on = ") { "" } else { "on = { event = {} }\n" };
            let script = format!("[[rules]]\n{on}{}\n", lines.join("\n"));
            assert_eq!(parse(&script, true).map(|rules| rules.len()), Ok(1), "{script}");
        }
    }
}
