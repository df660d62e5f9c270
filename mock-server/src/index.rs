//! The page at `/` that says what is served.

use std::fmt::Write;

use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::Served;
use crate::control;

/// The list of contracts and endpoints, as HTML for people and as JSON for programs.
#[derive(Clone, Debug)]
pub struct Index {
    contracts: Vec<Entry>,
}

impl Index {
    /// Describes what is being served.
    #[must_use]
    pub fn new(served: &[Served]) -> Self {
        Self { contracts: served.iter().map(Entry::new).collect() }
    }

    /// Answers in the form that the `Accept` header asks for.
    #[must_use]
    pub fn page(&self, accept: &str) -> Response {
        if accept.contains("text/html") {
            Html(self.html()).into_response()
        } else {
            Json(self.json()).into_response()
        }
    }

    fn json(&self) -> Value {
        let contracts: Vec<Value> = self
            .contracts
            .iter()
            .map(|entry| {
                json!({
                    "name": entry.name,
                    "summary": entry.summary,
                    "namespace": entry.namespace,
                    "path": entry.path,
                    "endpoints": entry.endpoints,
                    "token": entry.token,
                })
            })
            .collect();
        json!({ "contracts": contracts, "control": control::ENDPOINTS, "health": "GET /healthz" })
    }

    fn html(&self) -> String {
        let mut page = String::from(HEAD);
        for entry in &self.contracts {
            let Entry { name, summary, namespace, path, endpoints, token } = entry;
            let token = token.as_ref().map_or_else(String::new, |token| {
                format!("<p>A token that works: <code>{token}</code></p>")
            });
            // Writing to a string cannot fail.
            let _ = write!(
                page,
                "<h2>{name}</h2><p>{summary}</p><p>Socket.IO path <code>{path}</code>, \
                 namespace <code>{namespace}</code></p>{token}{}",
                list(endpoints)
            );
        }
        let _ = write!(page, "<h2>Control</h2>{}", list(control::ENDPOINTS));
        page
    }
}

#[derive(Clone, Debug)]
struct Entry {
    name: &'static str,
    summary: &'static str,
    namespace: &'static str,
    path: String,
    endpoints: Vec<String>,
    token: Option<String>,
}

impl Entry {
    fn new(served: &Served) -> Self {
        let Served { contract, prefix, token, .. } = served;
        let endpoints = contract.endpoints.iter();
        Self {
            name: contract.name,
            summary: contract.summary,
            namespace: contract.namespace,
            path: format!("{prefix}/socket.io/"),
            endpoints: endpoints.map(|line| line.replacen(' ', &format!(" {prefix}"), 1)).collect(),
            token: token.clone(),
        }
    }
}

fn list(lines: &[impl AsRef<str>]) -> String {
    let items = lines.iter().map(|line| format!("<li><code>{}</code></li>", line.as_ref()));
    format!("<ul>{}</ul>", items.collect::<String>())
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>sockeye-mock</title>\
                    <h1>sockeye-mock</h1><p>A mock Socket.IO server. These contracts are served:</p>";
