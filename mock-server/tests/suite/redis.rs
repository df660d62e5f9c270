//! Two processes that share their clients through a Redis of the test's own.

use std::process::Stdio;
use std::time::Duration;

use redis::{AsyncCommands, Client as RedisClient};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::PATIENCE;
use crate::client::Client;
use crate::http::{get, post};
use crate::program::{listening, output, terminate};

/// A Redis that keeps nothing, on a socket in a folder of its own.
struct Redis {
    child: Child,
    folder: TempDir,
}

impl Redis {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { child: redis_in(&folder).await, folder }
    }

    fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.path().join(SOCKET).display())
    }

    async fn stop(&mut self) {
        self.child.kill().await.unwrap();
    }

    async fn start_again(&mut self) {
        self.child = redis_in(&self.folder).await;
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = RedisClient::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    async fn publish(&self, event: &str, user: &str, payload: Value) {
        let message = json!({ "event": event, "userId": user, "payload": payload }).to_string();
        let heard: u64 = self.connection().await.publish("realtime:events", message).await.unwrap();
        assert_eq!(heard, 2, "processes");
    }
}

const SOCKET: &str = "redis.sock";

async fn redis_in(folder: &TempDir) -> Child {
    let socket = folder.path().join(SOCKET);
    let mut command = Command::new("redis-server");
    command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(socket);
    command.arg("--dir").arg(folder.path()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("redis-server is installed: these tests need it");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    until(&mut lines, "eady to accept").await;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    child
}

async fn until(lines: &mut Lines<impl tokio::io::AsyncBufRead + Unpin>, words: &str) {
    let found =
        async { while !lines.next_line().await.unwrap().expect("more lines").contains(words) {} };
    timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no line with {words}"));
}

/// A process on the Redis, and its URL.
async fn process(redis: &Redis) -> (Child, String) {
    listening(&["--rate", "0", "--speed", "max", "--redis", &redis.url()]).await
}

/// What a process writes in its log.
fn log(child: &mut Child) -> Lines<BufReader<ChildStderr>> {
    BufReader::new(child.stderr.take().unwrap()).lines()
}

async fn primes_subscriber(url: &str) -> Client {
    let mut client = Client::primes(url).await;
    client.expect("welcome").await;
    client.emit("subscribe:jobs", "").await;
    client.expect("subscription:confirmed").await;
    client
}

async fn trigger(url: &str, job: &str) {
    let body = json!({ "eventType": "job_started", "data": { "jobId": job, "pid": 1 } });
    assert_eq!(post(&format!("{url}/primes/api/subscribe/test"), &body.to_string()).await.0, 200);
}

async fn expect_job(client: &mut Client, job: &str) {
    assert_eq!(client.expect("job:started").await["jobId"], job);
    assert_eq!(client.expect("job:status_changed").await["jobId"], job);
}

async fn user(url: &str, user: &str) -> Client {
    let body = json!({ "userId": user }).to_string();
    let (_, token) = post(&format!("{url}/realtime/api/tokens"), &body).await;
    let mut client = Client::connect_with(url, "/realtime/socket.io", "", &token.to_string()).await;
    client.expect("connected").await;
    client
}

/// The next events that are not about who is there.
async fn events(client: &mut Client, count: usize) -> Vec<(String, Value)> {
    let mut events = Vec::new();
    while events.len() < count {
        let (event, payload) = client.event().await;
        if event != "user:presence:v1" {
            events.push((event, payload));
        }
    }
    events
}

#[tokio::test]
async fn what_a_room_is_told_reaches_the_clients_of_both_processes_once() {
    let redis = Redis::start().await;
    let ((_first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let mut clients = [primes_subscriber(&one).await, primes_subscriber(&two).await];
    let mut outsider = Client::primes(&two).await;
    outsider.expect("welcome").await;
    for (url, job) in [(&one, "a"), (&two, "b"), (&one, "c")] {
        trigger(url, job).await;
        for client in &mut clients {
            expect_job(client, job).await;
        }
    }
    outsider.emit("subscribe:batches", "").await;
    outsider.expect("subscription:confirmed").await;
}

#[tokio::test]
async fn what_workers_publish_reaches_each_client_of_the_user_once() {
    let redis = Redis::start().await;
    let ((_first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let mut adas = [user(&one, "ada").await, user(&two, "ada").await];
    let mut bela = user(&two, "bela").await;
    for n in 1..=3 {
        redis.publish("report:ready:v1", "ada", json!({ "n": n })).await;
    }
    redis.publish("report:ready:v1", "bela", json!({ "n": 4, "id": "own" })).await;
    redis.publish("connect", "bela", json!({})).await;
    redis.publish("report:ready:v1", "ada", json!({ "n": 5 })).await;
    for client in &mut adas {
        let told = events(client, 4).await;
        let numbers: Vec<_> = told.iter().map(|(_, payload)| payload["n"].clone()).collect();
        assert_eq!(numbers, [1, 2, 3, 5], "{told:?}");
        assert!(told.iter().all(|(_, payload)| payload["id"].is_string() && payload["v"] == 1));
    }
    let told = events(&mut bela, 1).await;
    assert_eq!((&told[0].1["n"], &told[0].1["id"]), (&json!(4), &json!("own")));
}

#[tokio::test]
async fn a_users_clients_hear_of_each_other_across_processes() {
    let redis = Redis::start().await;
    let ((_first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let (mut here, mut there) = (user(&one, "ada").await, user(&two, "ada").await);
    here.emit("tab:update:v1", "{\"tabId\":\"t\",\"state\":1}").await;
    // What clients say and what workers publish take different ways, so one has to be there before the other.
    let told = events(&mut there, 1).await;
    assert_eq!((told[0].0.as_str(), &told[0].1["tabId"]), ("tab:update:v1", &json!("t")));
    let task =
        post(&format!("{one}/realtime/api/tasks"), "{\"userId\":\"ada\",\"steps\":1}").await.1;
    let told = events(&mut there, 1).await;
    assert_eq!((told[0].0.as_str(), &told[0].1["taskId"]), ("task:progress:v1", &task["taskId"]));
    assert_eq!(events(&mut here, 1).await, told, "the same event, with one id");
}

#[tokio::test]
async fn jobs_keeps_its_history_and_its_subscriptions_in_redis() {
    let redis = Redis::start().await;
    let ((_first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let mut client = Client::jobs(&two).await;
    client.request("subscribe:jobs", "{}").await;
    client.request("subscribe:jobs", "{\"userId\":\"u\"}").await;
    client.request("unsubscribe:jobs", "{}").await;
    let body = "{\"userId\":\"u\",\"steps\":2,\"fail\":false}";
    let job = post(&format!("{one}/jobs/api/jobs"), body).await.1["jobId"].clone();
    client.until("job:completed").await;

    let job = job.as_str().unwrap();
    let history = get(&format!("{two}/jobs/api/jobs/{job}/history?limit=2")).await.1;
    let told: Vec<_> = history["updates"].as_array().unwrap().iter().map(|u| &u["event"]).collect();
    assert_eq!(told, ["job:progress", "job:completed"], "{history}");
    let mut connection = redis.connection().await;
    let kept: u64 = connection.llen(format!("job-history:{job}")).await.unwrap();
    assert_eq!(kept, 5);
    let rooms: Vec<String> =
        connection.smembers(format!("subscriptions:{}", client.id)).await.unwrap();
    assert_eq!(rooms, ["user:u"]);
    let key = format!("client:{}", client.id);
    assert!(connection.exists::<_, bool>(&key).await.unwrap());
    drop(client);
    let gone = async { while connection.exists::<_, bool>(&key).await.unwrap() {} };
    timeout(PATIENCE, gone).await.expect("it is forgotten");
    assert_eq!(get(&format!("{two}/jobs/api/jobs/none/history")).await.0, 404);
}

/// The keys of a client that is connected.
async fn keys(connection: &mut redis::aio::MultiplexedConnection, id: &str) -> u64 {
    let keys = [format!("client:{id}"), format!("subscriptions:{id}")];
    connection.exists(&keys[..]).await.unwrap()
}

#[tokio::test]
async fn a_process_that_ends_takes_its_clients_out_of_redis() {
    let redis = Redis::start().await;
    let ((mut first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let mut connection = redis.connection().await;
    let (mut here, mut there) = (Client::jobs(&one).await, Client::jobs(&two).await);
    for client in [&mut here, &mut there] {
        client.request("subscribe:jobs", "{}").await;
    }
    let known = async { while keys(&mut connection, &here.id).await < 2 {} };
    timeout(PATIENCE, known).await.expect("it is known");
    assert_eq!(post(&format!("{one}/control/restart"), "").await.0, 200);
    assert_eq!(keys(&mut connection, &here.id).await, 0, "after a restart");

    let mut here = Client::jobs(&one).await;
    here.request("subscribe:jobs", "{}").await;
    let known = async { while keys(&mut connection, &here.id).await < 2 {} };
    timeout(PATIENCE, known).await.expect("it is known");
    terminate(&first).await;
    assert!(first.wait().await.unwrap().success());
    assert_eq!(keys(&mut connection, &here.id).await, 0, "after the end");
    assert_eq!(keys(&mut connection, &there.id).await, 2, "the other process goes on");
    let mut words = String::new();
    first.stderr.take().unwrap().read_to_string(&mut words).await.unwrap();
    assert!(!words.contains("too much is told at once"), "{words}");
}

#[tokio::test]
async fn a_restart_that_fails_is_told_and_the_next_may_work() {
    let mut redis = Redis::start().await;
    let (_child, url) = process(&redis).await;
    let restart = format!("{url}/control/restart");
    redis.stop().await;
    let (status, answer) = post(&restart, "").await;
    let error = answer["error"].as_str().unwrap();
    assert!(status == 500 && error.contains("no Redis answers at "), "{status} {error}");
    assert!(reqwest::get(&url).await.is_err(), "nobody is served by half a server");
    redis.start_again().await;
    assert_eq!(post(&restart, "").await, (200, json!({})));
    primes_subscriber(&url).await;
}

#[tokio::test]
async fn rooms_are_counted_by_the_process_that_has_them() {
    let redis = Redis::start().await;
    let ((_first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let _member = primes_subscriber(&one).await;
    let sample = "sockeye_mock_rooms{contract=\"primes\",namespace=\"/\"}";
    for (url, rooms) in [(&one, 1), (&two, 0)] {
        let metrics = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
        assert!(metrics.lines().any(|line| line == format!("{sample} {rooms}")), "{metrics}");
    }
}

#[tokio::test]
async fn each_process_goes_on_alone_while_redis_is_away() {
    let mut redis = Redis::start().await;
    let ((mut first, one), (_second, two)) = (process(&redis).await, process(&redis).await);
    let mut log = log(&mut first);
    let mut near = primes_subscriber(&one).await;
    let mut far = primes_subscriber(&two).await;
    let mut ada = user(&one, "ada").await;
    redis.stop().await;
    until(&mut log, "Redis is gone").await;
    trigger(&one, "alone").await;
    expect_job(&mut near, "alone").await;
    post(&format!("{one}/realtime/api/tasks"), "{\"userId\":\"ada\",\"steps\":1}").await;
    assert_eq!(events(&mut ada, 1).await[0].0, "task:progress:v1");

    redis.start_again().await;
    until(&mut log, "Redis is back").await;
    // The other process may need a moment more to hear again.
    let both = async {
        for number in 1_u32.. {
            let job = format!("again {number}");
            trigger(&one, &job).await;
            expect_job(&mut near, &job).await;
            let heard = timeout(Duration::from_millis(100), far.expect("job:started")).await;
            if heard.is_ok_and(|heard| heard["jobId"] == job.as_str()) {
                return;
            }
        }
    };
    timeout(PATIENCE, both).await.expect("both are back");
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_told_at_the_start() {
    for url in ["redis://127.0.0.1:1", "redis+unix:///nowhere/redis.sock"] {
        let output = output(&["--port", "0", "--redis", url]).await;
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words}");
        assert!(output.stdout.is_empty());
        assert!(
            words.contains("no Redis answers at ") && words.contains("redis-server"),
            "{words}"
        );
    }
}
