//! What can be said of the API for front ends in Rust without a browser.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The codes that stand between quotes in front of what follows.
fn codes(source: &str, before: &str) -> BTreeSet<String> {
    let parts: Vec<_> = source.split(before).collect();
    let (_, parts) = parts.split_last().unwrap();
    let quoted = parts.iter().filter_map(|part| part.strip_suffix('"')?.rsplit('"').next());
    quoted.filter(|code| is_code(code)).map(str::to_owned).collect()
}

fn is_code(text: &str) -> bool {
    text.contains('_') && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        || text == "disconnected"
        || text == "forbidden"
        || text == "suspended"
}

#[test]
fn describes_each_code_that_is_documented_under_the_same_name() {
    let described = codes(&read("src/rust_api/error.rs"), " =>");
    assert!(described.len() > 40, "{described:?}");
    let documented = read("docs/errors.md");
    for code in &described {
        assert!(documented.contains(&format!("| `{code}`")), "docs/errors.md lacks {code}");
    }
}

#[test]
fn describes_each_code_of_the_core() {
    let described = codes(&read("src/rust_api/error.rs"), " =>");
    // Nothing asks for these: the address is fixed, no hook is set, the store is memory.
    let unused = ["auth_stopped", "address_failed"];
    for path in ["src/manager/cause.rs", "src/socketio/excess.rs", "src/socketio/outgoing.rs"] {
        let source = read(path);
        for code in codes(&source, ",\n").union(&codes(&source, "\n            }")) {
            let is_known = described.contains(code) || unused.contains(&code.as_str());
            assert!(is_known, "{path} has {code}");
        }
    }
}
