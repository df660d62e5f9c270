//! The program: its flags, its one line of output, its end.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::PATIENCE;
use crate::client::{Client, End};
use crate::http::get;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye-mock"));
    command.args(args).env_remove("RUST_LOG").kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts the program on a free port, and returns it with its URL once it listens.
async fn listening(args: &[&str]) -> (Child, String) {
    let mut child = command(&[&["--port", "0"], args].concat()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
    child.stdout = Some(stdout.into_inner());
    let url = line.trim_end().strip_prefix("listening on ").expect("the one line");
    (child, url.to_owned())
}

async fn output(args: &[&str]) -> Output {
    timeout(PATIENCE, command(args).output()).await.unwrap().unwrap()
}

#[cfg(unix)]
async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([name, &id]).status().await.unwrap().success());
}

#[tokio::test]
async fn prints_one_line_and_logs_the_rest() {
    let (mut child, url) = listening(&["--secret", "s"]).await;
    assert_eq!(get(&url).await.0, 200);
    child.start_kill().unwrap();
    let (mut rest, mut log) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut rest).await.unwrap();
    child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    assert_eq!(rest, "");
    assert!(log.contains("agents: a token that works: ada:"), "{log}");
    assert!(log.contains("realtime: a token that works: eyJ"), "{log}");
    assert!(log.contains("--seed ") && log.contains(&format!("primes: {url}/primes/socket.io/")));
}

#[tokio::test]
async fn taken_port_is_named_with_the_cure() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = output(&["--port", &port]).await;
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(words.contains(&port) && words.contains("--port N"), "{words}");
}

#[tokio::test]
async fn bad_flags_are_refused() {
    for args in [
        ["--contract", "apples"],
        ["--rate", "-1"],
        ["--rate", "1.5"],
        ["--seed", "x"],
        ["--port", "70000"],
        ["--speed", "0"],
        ["--speed", "nan"],
        ["--ping-interval-ms", "0"],
        ["--cors-origin", "localhost"],
        ["--repeat-events", "1.1"],
        ["--rate", "10001"],
        ["--secret", ""],
        ["--project", "apollo"],
        ["--progress-interval-ms", "0"],
        ["--search-limit", "0"],
        // Only with --helper.
        ["--repeat-events", "0.5"],
    ] {
        let output = output(&args).await;
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(words.contains(args[0]), "{args:?}: {words}");
    }
}

#[tokio::test]
async fn help_has_every_flag_and_examples() {
    let help = String::from_utf8(output(&["--help"]).await.stdout).unwrap();
    for flag in [
        "--summary-log",
        "--event-ids",
        "--helper",
        "--repeat-events",
        "--ping-timeout-ms",
        "--www",
        "--secret",
        "--project",
        "--progress-interval-ms",
        "--search-limit",
        "Examples:",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
}

#[tokio::test]
async fn flags_reach_the_handshake() {
    let flags = ["--ping-interval-ms", "1234", "--ping-timeout-ms", "567", "--contract", "jobs"];
    let (_child, url) = listening(&flags).await;
    let url = format!("{url}/socket.io/?EIO=4&transport=polling");
    let open = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(open.contains("\"pingInterval\":1234,\"pingTimeout\":567"), "{open}");
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_it_in_time_and_close_clients() {
    for name in ["-INT", "-TERM"] {
        let (mut child, url) = listening(&[]).await;
        let mut client = Client::primes(&url).await;
        client.expect("welcome").await;
        let before = Instant::now();
        signal(&child, name).await;
        let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0), "{name}");
        assert!(before.elapsed() < Duration::from_secs(2), "{name}: {:?}", before.elapsed());
        assert_eq!(client.ended().await, End::CloseFrame, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn idle_http_connection_does_not_delay_the_end() {
    let (mut child, url) = listening(&[]).await;
    let address = url.strip_prefix("http://").unwrap();
    let _idle = tokio::net::TcpStream::connect(address).await.unwrap();
    get(&url).await;
    let before = Instant::now();
    signal(&child, "-TERM").await;
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    assert!(before.elapsed() < Duration::from_secs(2));
}
