//! The program: its flags, its one line of output, its end.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use clap::CommandFactory;
use serde_json::{Value, json};
use sockeye_mock::Cli;
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
pub async fn listening(args: &[&str]) -> (Child, String) {
    let mut child = command(&[&["--port", "0"], args].concat()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
    child.stdout = Some(stdout.into_inner());
    let url = line.trim_end().strip_prefix("listening on ").expect("the one line");
    (child, url.to_owned())
}

pub async fn output(args: &[&str]) -> Output {
    timeout(PATIENCE, command(args).output()).await.unwrap().unwrap()
}

/// Tells a process to end.
#[cfg(unix)]
pub async fn terminate(child: &Child) {
    signal(child, "-TERM").await;
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
    assert!(log.contains("a token that works contract=\"agents\" token=\"ada:"), "{log}");
    assert!(log.contains("a token that works contract=\"realtime\" token=\"eyJ"), "{log}");
    let served = format!("contract=\"primes\" url=\"{url}/primes/socket.io/\"");
    assert!(log.contains("--seed ") && log.contains(&served), "{log}");
}

#[tokio::test]
async fn json_log_has_one_object_on_each_line() {
    let (mut child, url) = listening(&["--log-format", "json", "--seed", "7"]).await;
    let client = Client::primes(&url).await;
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut entries = Vec::<Value>::new();
    while !entries.iter().any(|entry| entry["message"] == "connected") {
        let line = timeout(PATIENCE, log.next_line()).await.unwrap().unwrap().unwrap();
        entries.push(serde_json::from_str(&line).unwrap());
    }
    let connected = entries.last().unwrap();
    assert_eq!((&connected["contract"], &connected["level"]), (&json!("primes"), &json!("INFO")));
    assert_eq!(connected["client"], client.id);
    assert!(connected["timestamp"].is_string() && entries[0]["seed"] == 7, "{entries:?}");
}

/// Starts the program, ends it when it listens, and returns its log.
async fn log_of(args: &[&str], password: Option<&str>) -> String {
    let mut command = command(&[&["--port", "0"], args].concat());
    if let Some(password) = password {
        command.env("SOCKEYE_MOCK_ADMIN_PASSWORD", password);
    }
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
    child.start_kill().unwrap();
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    log
}

#[tokio::test]
async fn passwords_are_told_only_if_they_were_made_up() {
    let told = "the admin UI's password in this run is ";
    let log = log_of(&["--admin"], None).await;
    let (_, password) = log.split_once(told).expect("it is told");
    assert_eq!(password.trim_end().len(), 20, "{log}");
    assert!(log.contains("/admin/"), "{log}");
    for (args, environment) in
        [(&["--admin", "--admin-password", "geheim"][..], None), (&["--admin"], Some("geheim"))]
    {
        let log = log_of(args, environment).await;
        assert!(log.contains("admin UI") && !log.contains(told), "{log}");
        assert!(!log.contains("geheim"), "{log}");
    }
    // It is no secret that there is a password for what is not asked for.
    assert!(!log_of(&[], Some("geheim")).await.contains("admin UI"));
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
        ["--log-format", "xml"],
        ["--admin-password", "x"],
        ["--redis", "localhost:6379"],
        ["--redis", "rediss://localhost"],
        ["--record", "a.jsonl"],
        ["--patience-ms", "x"],
        // Only with --record, --replay, --helper.
        ["--upstream", "http://localhost:3000"],
        ["--patience-ms", "5"],
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
    let command = Cli::command();
    let flags: Vec<_> = command.get_arguments().filter_map(|flag| flag.get_long()).collect();
    assert!(flags.contains(&"replay") && flags.len() > 20, "{flags:?}");
    for flag in flags {
        assert!(help.contains(&format!("--{flag}")), "{flag}");
    }
    assert!(help.contains("Examples:"));
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

#[tokio::test]
async fn records_and_replays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.jsonl");
    let file = file.to_str().unwrap();
    let (_server, upstream) = listening(&["--contract", "primes", "--rate", "0"]).await;
    let (recorder, url) = listening(&["--record", file, "--upstream", &upstream]).await;
    let mut client = Client::connect(&url, "/socket.io", "").await;
    let welcome = client.expect("welcome").await;
    drop(recorder);
    let (_replay, url) = listening(&["--replay", file, "--speed", "max"]).await;
    let mut client = Client::connect(&url, "/socket.io", "").await;
    assert_eq!(client.expect("welcome").await["timestamp"], welcome["timestamp"]);

    std::fs::write(file, "{}\n").unwrap();
    let output = output(&["--replay", file]).await;
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("recording.jsonl: line 1: not a recording"), "{words}");
}

#[tokio::test]
async fn a_script_is_in_force_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("faults.toml");
    std::fs::write(&script, "[[rules]]\nid = \"a\"\non = \"connection\"\ndo = \"pass\"\n").unwrap();
    let (_child, url) = listening(&["--script", script.to_str().unwrap()]).await;
    let _client = Client::craft(&url).await;
    let (status, log) = get(&format!("{url}/control/log?wait=a&only=hit")).await;
    assert_eq!((status, &log["entries"][0]["rule"]), (200, &"a".into()));
}

#[tokio::test]
async fn a_bad_script_is_refused_with_its_line_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    for (text, line, reason) in [
        (
            "[[rules]]\non = \"connection\"\ndo = \"drop\"\n",
            "line 1, rule 1",
            "can do pass, refuse",
        ),
        (
            "[[rules]]\non = \"connection\"\ndo = \"explode\"\n",
            "line 3",
            "unknown variant `explode`",
        ),
        (
            "[[rules]]\non = {event = {nmae = \"a\"}}\ndo = \"drop\"\n",
            "line 2",
            "unknown field `nmae`",
        ),
        ("\n[[rules]\n", "line 2", "TOML parse error"),
        ("[[rule]]\n", "line 1", "unknown field `rule`"),
    ] {
        let script = folder.path().join("faults.toml");
        std::fs::write(&script, text).unwrap();
        let output = output(&["--port", "0", "--script", script.to_str().unwrap()]).await;
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{words}");
        assert!(words.contains("faults.toml: ") && words.contains(line), "{text}: {words}");
        assert!(words.contains(reason), "{text}: {words}");
    }
    let output = output(&["--script", "/nowhere/faults.toml"]).await;
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && words.contains("cannot read /nowhere"), "{words}");
}
