use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use sockeye_mock::{Config, Server, StartError};
use tempfile::TempDir;

use crate::client::Client;
use crate::{quiet, start};

struct Watched {
    _server: Server,
    _folder: TempDir,
    path: PathBuf,
    client: Client,
}

/// Starts a server that watches a log, with a client subscribed to batches.
async fn watched(contents: Option<&str>) -> Watched {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.log");
    if let Some(contents) = contents {
        fs::write(&path, contents).unwrap();
    }
    let server = start(Config { summary_log: Some(path.clone()), ..quiet() }).await;
    let mut client = Client::primes(&server.url()).await;
    client.emit("subscribe:batches", "").await;
    client.until("subscription:confirmed").await;
    Watched { _server: server, _folder: folder, path, client }
}

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

impl Watched {
    async fn expect(&mut self, event: &str, id: &str) {
        assert_eq!(self.client.expect(event).await["batch"]["id"], id);
    }
}

#[tokio::test]
async fn appended_line_is_an_added_batch() {
    let mut log = watched(Some("old\n")).await;
    append(&log.path, "b1 status=running jobs=4 all is well\n");
    let added = log.client.expect("batch:added").await;
    let batch = json!({ "id": "b1", "status": "running", "jobs": 4, "line": "all is well" });
    assert_eq!(added["batch"], batch);
    assert!(added["timestamp"].is_string());
}

#[tokio::test]
async fn changed_line_is_an_updated_batch() {
    let mut log = watched(Some("b1 jobs=1\nb2 jobs=1\n")).await;
    fs::write(&log.path, "b1 jobs=1\nb2 jobs=2\n").unwrap();
    assert_eq!(log.client.expect("batch:updated").await["batch"], json!({ "id": "b2", "jobs": 2 }));
}

#[tokio::test]
async fn file_may_appear_later() {
    let mut log = watched(None).await;
    append(&log.path, "b1\n");
    log.expect("batch:added", "b1").await;
}

#[tokio::test]
async fn partial_line_waits_for_its_newline() {
    let mut log = watched(Some("")).await;
    append(&log.path, "b1 jobs=");
    // A complete line in front shows that the partial one was read and left alone.
    fs::write(&log.path, "b0\nb1 jobs=").unwrap();
    log.expect("batch:added", "b0").await;
    append(&log.path, "4\n");
    assert_eq!(log.client.expect("batch:added").await["batch"], json!({ "id": "b1", "jobs": 4 }));
}

#[tokio::test]
async fn file_may_be_replaced_by_rename() {
    let mut log = watched(Some("b1 jobs=1\n")).await;
    let new = log.path.with_extension("new");
    fs::write(&new, "b1 jobs=2\nb2\n").unwrap();
    fs::rename(&new, &log.path).unwrap();
    log.expect("batch:updated", "b1").await;
    log.expect("batch:added", "b2").await;
    append(&log.path, "b3\n");
    log.expect("batch:added", "b3").await;
}

#[tokio::test]
async fn file_may_be_rotated() {
    let mut log = watched(Some("b1\n")).await;
    fs::rename(&log.path, log.path.with_extension("1")).unwrap();
    append(&log.path, "b2\n");
    log.expect("batch:added", "b2").await;
}

#[tokio::test]
async fn file_may_be_truncated() {
    let mut log = watched(Some("b1 jobs=1\nb2\n")).await;
    fs::write(&log.path, "").unwrap();
    append(&log.path, "b1 jobs=1\n");
    append(&log.path, "b3\n");
    log.expect("batch:added", "b3").await;
}

#[tokio::test]
async fn jobs_make_no_batches_beside_a_log() {
    let mut log = watched(Some("")).await;
    let url = log._server.url();
    log.client.emit("subscribe:jobs", "").await;
    log.client.expect("subscription:confirmed").await;
    crate::http::post(&format!("{url}/primes/api/job/next"), "{\"fail\":false}").await;
    log.client.until("job:completed").await;
    log.client.expect("job:status_changed").await;
    append(&log.path, "b1\n");
    log.expect("batch:added", "b1").await;
}

#[tokio::test]
async fn missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let summary_log = Some(folder.path().join("none").join("summary.log"));
    let error = Server::start(Config { summary_log, ..quiet() }).await.unwrap_err();
    assert!(matches!(error, StartError::Install(_)));
    assert!(error.to_string().contains("its folder does not exist"), "{error}");
}
