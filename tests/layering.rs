//! Each floor imports only floors below it, and the pure floors know no platform.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors, and which others each may import. A module that is not listed is refused, so that it
/// gets its place here.
const FLOORS: [(&str, &[&str]); 13] = [
    ("time", &[]),
    ("random", &[]),
    ("host", &[]),
    ("sorted", &[]),
    ("decimal", &[]),
    ("backoff", &["random"]),
    ("native", &["host"]),
    ("engineio", &["host", "time", "backoff"]),
    ("socketio", &["host", "time", "decimal"]),
    ("manager", &["engineio", "socketio", "host", "time", "backoff", "decimal"]),
    (
        "client",
        &[
            "manager", "engineio", "socketio", "host", "time", "backoff", "random", "sorted",
            "decimal",
        ],
    ),
    (
        "web",
        &[
            "client", "manager", "engineio", "socketio", "host", "time", "backoff", "random",
            "decimal",
        ],
    ),
    (
        "rust_api",
        &["web", "client", "manager", "engineio", "socketio", "host", "time", "backoff", "sorted"],
    ),
];

/// The floors that know JavaScript.
const OF_PLATFORM: [&str; 2] = ["web", "rust_api"];

/// The floors that know serde.
const OF_SERDE: [&str; 2] = ["native", "rust_api"];

const PLATFORM: [&str; 7] =
    ["wasm_bindgen", "js_sys", "web_sys", "gloo", "console_error", "serde_wasm", "getrandom"];

/// What would read a clock, draw a random number, or do I/O.
const IMPURE: [&str; 13] = [
    "std::time::Instant",
    "std::time::SystemTime",
    "SystemTime",
    "UNIX_EPOCH",
    "rand::",
    "std::net",
    "std::fs",
    "std::io",
    "std::thread",
    "std::env",
    "std::process",
    "println!",
    "RandomState",
];

const MAX_LINES: usize = 400;

struct Source {
    path: PathBuf,
    floor: String,
    /// The lines in front of the test module.
    lines: Vec<String>,
}

impl Source {
    /// The code without its comments.
    fn code(&self) -> String {
        self.lines.iter().map(|line| without_comment(line)).collect::<Vec<_>>().join("\n")
    }

    fn is_in(&self, floors: &[&str]) -> bool {
        floors.contains(&self.floor.as_str())
    }
}

/// Every source file but `lib.rs`, which only lists the floors.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let sources = files.into_iter().filter(|path| !path.ends_with("lib.rs"));
    sources.map(|path| read(&root, path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).unwrap();
    let path = path.strip_prefix(root).unwrap().to_owned();
    let first = path.iter().next().unwrap().to_string_lossy();
    let floor = first.trim_end_matches(".rs").to_owned();
    Source { path, floor, lines: before_tests(&text) }
}

fn before_tests(text: &str) -> Vec<String> {
    let is_cfg_test = |line: &str| line.starts_with("#[cfg(") && line.contains("test");
    let lines = text.lines().take_while(|line| !is_cfg_test(line));
    lines.map(str::to_owned).collect()
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// The modules of this crate that `code` names with a path from its root.
fn imports(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for (position, _) in code.match_indices("crate::") {
        let path = &code[position + "crate::".len()..];
        match path.strip_prefix('{') {
            Some(group) => modules.extend(heads_of_group(group)),
            None => modules.extend(head(path)),
        }
    }
    modules
}

/// The first segments of the paths in a group, whose opening brace is gone.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let (mut depth, mut start) = (0_u32, 0);
    for (position, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                heads.extend(head(group[start..position].trim_start()));
                start = position + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    heads
}

fn head(path: &str) -> Option<String> {
    let name: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// What `source` imports and may not.
fn illegal_imports(source: &Source) -> Vec<String> {
    let floor = FLOORS.iter().find(|(name, _)| *name == source.floor);
    let (_, allowed) = floor.unwrap_or_else(|| panic!("{} has no floor", source.path.display()));
    let is_legal = |module: &String| *module == source.floor || allowed.contains(&module.as_str());
    imports(&source.code()).into_iter().filter(|module| !is_legal(module)).collect()
}

#[test]
fn imports_nothing_from_above_when_a_floor_imports() {
    for source in sources() {
        let illegal = illegal_imports(&source);
        assert!(illegal.is_empty(), "{} imports {illegal:?}", source.path.display());
    }
}

#[test]
fn climbs_no_further_than_its_own_floor_when_a_path_starts_with_super() {
    for source in sources() {
        let depth = source.path.components().count();
        let is_root_of_floor = source.path.ends_with("mod.rs");
        let steps = depth - usize::from(is_root_of_floor);
        let outside = "super::".repeat(steps);
        assert!(!source.code().contains(&outside), "{}", source.path.display());
    }
}

#[test]
fn names_the_platform_only_when_it_is_in_web() {
    for source in sources().iter().filter(|source| !source.is_in(&OF_PLATFORM)) {
        for name in PLATFORM {
            assert!(!source.code().contains(name), "{} names {name}", source.path.display());
        }
    }
}

#[test]
fn reads_no_clock_and_does_no_io_when_it_is_pure() {
    for source in sources().iter().filter(|source| !source.is_in(&OF_PLATFORM)) {
        for name in IMPURE {
            assert!(!source.code().contains(name), "{} names {name}", source.path.display());
        }
    }
}

#[test]
fn names_serde_only_when_it_is_the_native_host() {
    for source in sources().iter().filter(|source| !source.is_in(&OF_SERDE)) {
        assert!(!source.code().contains("serde"), "{}", source.path.display());
    }
}

#[test]
fn stays_short_when_its_tests_are_left_out() {
    for source in sources() {
        let lines = source.lines.len();
        assert!(lines <= MAX_LINES, "{}: {lines} lines", source.path.display());
    }
}

#[test]
fn finds_every_floor_when_it_reads_the_sources() {
    let found: BTreeSet<_> = sources().into_iter().map(|source| source.floor).collect();
    let listed: BTreeSet<_> = FLOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed);
}

#[test]
fn finds_an_import_when_it_is_written_in_any_form() {
    let code = "use crate::a::B;\nuse crate::{b, c::{D, e::F}, g};\nfn f(x: &crate::h::I) {}\n\
        pub(in crate::i) struct J;\nuse crate::{\n    k::L,\n    m,\n};";
    let found: Vec<_> = imports(code).into_iter().collect();
    assert_eq!(found, ["a", "b", "c", "g", "h", "i", "k", "m"]);
    let source = |floor: &str, line: &str| Source {
        path: PathBuf::from("sample.rs"),
        floor: floor.to_owned(),
        lines: vec![line.to_owned()],
    };
    assert_eq!(illegal_imports(&source("engineio", "use crate::socketio::Packet;")), ["socketio"]);
    assert_eq!(illegal_imports(&source("host", "use crate::time::Instant;")), ["time"]);
    assert!(illegal_imports(&source("host", "//! See [`crate::manager`].")).is_empty());
}
