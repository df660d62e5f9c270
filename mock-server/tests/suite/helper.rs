//! The contract of the server helper, seen by a client that speaks it by hand.

use serde_json::{Value, json};
use sockeye_mock::{Config, Server};

use crate::client::Client;
use crate::http::post;
use crate::{quiet, start};

async fn start_helper() -> Server {
    start(Config { helper: true, ..quiet() }).await
}

/// A client of `primes`, and the greeting.
async fn primes(server: &Server) -> (Client, Value) {
    greeted(Client::primes(&server.url()).await).await
}

/// A client of `jobs`, and the greeting.
async fn jobs(server: &Server) -> (Client, Value) {
    greeted(Client::jobs(&server.url()).await).await
}

async fn greeted(mut client: Client) -> (Client, Value) {
    let hello = client.expect("sockeye:hello").await;
    (client, hello)
}

/// An action as the last argument; `hello` knows the memory.
fn envelope(hello: &Value, key: &str, number: u64) -> String {
    let members =
        json!({"k": key, "c": "c", "e": 1, "n": number, "lane": "l", "m": hello["memory"]});
    json!({ "$sockeye": members }).to_string()
}

/// Subscribes to all jobs; returns where their stream stands.
async fn all_jobs(client: &mut Client) -> Value {
    client.emit("subscribe:jobs", "").await;
    client.expect("sockeye:position").await
}

async fn control(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    post(&format!("{}/control/{path}", server.url()), &body.to_string()).await
}

async fn job(server: &Server, body: &Value) {
    let answer = post(&format!("{}/jobs/api/jobs", server.url()), &body.to_string()).await;
    assert_eq!(answer.0, 201);
}

async fn say_to_all(server: &Server, number: u64) {
    let body = json!({ "event": "said", "data": { "number": number } });
    let answer = post(&format!("{}/jobs/api/broadcast", server.url()), &body.to_string()).await;
    assert_eq!(answer.0, 200);
}

async fn since(client: &mut Client, positions: &Value) -> Value {
    let request = json!({ "streams": positions }).to_string();
    client.request("sockeye:since", &request).await["streams"].clone()
}

#[tokio::test]
async fn greets_before_anything_else() {
    let server = start_helper().await;
    for _ in 0..20 {
        let mut client = Client::primes(&server.url()).await;
        client.emit("subscribe:jobs", "").await;
        client.expect("sockeye:hello").await;
        client.until("sockeye:position").await;
        client.until("subscription:confirmed").await;
    }
    let (mut client, hello) = primes(&server).await;
    client.expect("welcome").await;
    let (_, other) = primes(&server).await;
    assert_eq!(hello["memory"], other["memory"]);
    assert_eq!(hello["memory"].as_str().unwrap().len(), 32);
    assert_eq!((&hello["v"], &hello["since"]), (&json!(1), &json!(true)));
    assert_eq!(hello["retentionMs"], 1_209_600_000);
    assert!(hello["time"].as_u64() > Some(1_700_000_000_000));
    let [position] = &hello["positions"].as_array().unwrap()[..] else { panic!("{hello}") };
    assert_eq!((&position[0], &position[2]), (&json!("*"), &json!(0)));
}

#[tokio::test]
async fn says_nothing_of_it_without_the_flag() {
    let server = start(quiet()).await;
    let mut client = Client::jobs(&server.url()).await;
    let envelope = envelope(&json!({ "memory": "m" }), "a", 1);
    let ack = client.exchange("subscribe:jobs", &format!("null,{envelope}")).await;
    assert_eq!((ack.as_array().unwrap().len(), &ack[0]["room"]), (1, &json!("all-jobs")));
    say_to_all(&server, 1).await;
    assert_eq!(client.whole_event().await, json!(["said", { "number": 1 }]));
    for path in ["forget", "retry"] {
        let (status, answer) = control(&server, path, &json!({ "afterMs": 1 })).await;
        assert_eq!(status, 400, "{answer}");
    }
    let (status, answer) = control(&server, "forget", &json!({})).await;
    assert!(status == 400 && answer["error"].as_str().unwrap().contains("--helper"), "{answer}");
}

#[tokio::test]
async fn does_an_action_once_however_often_it_comes() {
    let server = start_helper().await;
    let (mut client, hello) = primes(&server).await;
    client.expect("welcome").await;
    let first = envelope(&hello, "a", 1);
    let answer = json!([{ "$sockeye": { "k": "a", "s": "applied" } }]);
    assert_eq!(client.exchange("unsubscribe:jobs", &first).await, answer);
    assert_eq!(client.exchange("unsubscribe:jobs", &first).await, answer);
    let (mut other, _) = primes(&server).await;
    assert_eq!(other.exchange("unsubscribe:jobs", &first).await, answer);

    let second = envelope(&hello, "b", 2);
    client.emit("unsubscribe:batches", &second).await;
    client.emit("unsubscribe:jobs", &first).await;
    client.emit("unsubscribe:solutions", "").await;
    assert_eq!(client.expect("subscription:confirmed").await["type"], "batches");
    assert_eq!(client.expect("subscription:confirmed").await["type"], "solutions");
}

#[tokio::test]
async fn runs_the_handler_of_a_new_action_alone() {
    let server = start_helper().await;
    let (mut client, hello) = primes(&server).await;
    client.expect("welcome").await;
    for _ in 0..3 {
        client.emit("unsubscribe:jobs", &envelope(&hello, "a", 1)).await;
    }
    client.emit("unsubscribe:batches", "").await;
    assert_eq!(client.expect("subscription:confirmed").await["type"], "jobs");
    assert_eq!(client.expect("subscription:confirmed").await["type"], "batches");
}

#[tokio::test]
async fn answers_with_the_contracts_own_acknowledgement() {
    let server = start_helper().await;
    let (mut client, hello) = jobs(&server).await;
    let payload = format!("{{\"jobId\":\"x\"}},{}", envelope(&hello, "a", 1));
    let ack = client.exchange("subscribe:jobs", &payload).await;
    assert_eq!(ack[0], json!({ "$sockeye": { "k": "a", "s": "applied" } }));
    assert_eq!((&ack[1]["success"], &ack[1]["room"]), (&json!(true), &json!("job:x")));

    let without_payload = envelope(&hello, "b", 2);
    let ack = client.exchange("subscribe:jobs", &without_payload).await;
    assert_eq!(ack[1]["room"], "all-jobs", "the envelope is no payload");
    let ack = client.exchange("subscribe:jobs", "").await;
    assert_eq!((ack.as_array().unwrap().len(), &ack[0]["success"]), (1, &json!(true)));
}

#[tokio::test]
async fn keeps_the_order_of_a_lane() {
    let server = start_helper().await;
    let (mut client, hello) = jobs(&server).await;
    let status = |ack: Value| ack[0]["$sockeye"].clone();
    let early = client.exchange("subscribe:jobs", &envelope(&hello, "b", 2)).await;
    assert_eq!(status(early), json!({ "k": "b", "s": "gap", "e": 1, "n": 0 }));
    client.exchange("subscribe:jobs", &envelope(&hello, "a", 1)).await;
    let used = client.exchange("subscribe:jobs", &envelope(&hello, "c", 1)).await;
    assert_eq!(status(used), json!({ "k": "c", "s": "renumber", "e": 1, "n": 1 }));
    let other = client.exchange("unsubscribe:jobs", &envelope(&hello, "a", 1)).await;
    assert_eq!(status(other), json!({ "k": "a", "s": "conflict" }));
    let now = client.exchange("subscribe:jobs", &envelope(&hello, "b", 2)).await;
    assert_eq!(status(now), json!({ "k": "b", "s": "applied" }));
}

#[tokio::test]
async fn refuses_what_the_contract_does_not_know_or_cannot_read() {
    let server = start_helper().await;
    let (mut client, hello) = primes(&server).await;
    let ack = client.exchange("subscribe:apples", &envelope(&hello, "a", 1)).await;
    assert_eq!(ack[0], json!({ "$sockeye": { "k": "a", "s": "rejected" } }));
    assert_eq!(ack[1]["code"], "unknown_type");
    let ack = client.exchange("grow", &envelope(&hello, "b", 2)).await;
    assert_eq!(ack[0], json!({ "$sockeye": { "k": "b", "s": "rejected" } }));
    let malformed = "{\"$sockeye\":{\"k\":\"c\",\"n\":\"3\"}}";
    let ack = client.exchange("subscribe:jobs", malformed).await;
    assert_eq!(ack[0], json!({ "$sockeye": { "k": "c", "s": "rejected" } }));
    assert_eq!(ack[1]["code"], "invalid_envelope");

    let (mut client, hello) = jobs(&server).await;
    let ack = client.exchange("grow", &envelope(&hello, "b", 1)).await;
    assert_eq!(ack[0], json!({ "$sockeye": { "k": "b", "s": "rejected" } }));
}

#[tokio::test]
async fn keeps_the_keys_of_users_apart() {
    let server = start_helper().await;
    let mut rooms = Vec::new();
    for (user, room) in [("ann", "1"), ("bob", "2"), ("ann", "3")] {
        let auth = json!({ "userId": user }).to_string();
        let client = Client::connect_with(&server.url(), "/jobs/socket.io", "/jobs", &auth).await;
        let (mut client, hello) = greeted(client).await;
        let args = format!("{{\"jobId\":\"{room}\"}},{}", envelope(&hello, "a", 1));
        let ack = client.exchange("subscribe:jobs", &args).await;
        rooms.push((ack[0]["$sockeye"]["s"].clone(), ack[1]["room"].clone()));
    }
    assert_eq!(rooms[0], (json!("applied"), json!("job:1")));
    assert_eq!(rooms[1], (json!("applied"), json!("job:2")));
    assert_eq!(rooms[2].0, "conflict");
}

#[tokio::test]
async fn numbers_what_goes_to_a_room_from_the_position_on() {
    let server = start_helper().await;
    let (mut client, _) = jobs(&server).await;
    job(&server, &json!({ "steps": 1, "fail": false })).await;
    let (mut early, _) = jobs(&server).await;
    all_jobs(&mut early).await;
    let position = all_jobs(&mut client).await;
    assert_eq!(position[0], "all-jobs");
    job(&server, &json!({ "steps": 2, "fail": false })).await;
    let mut seq = position[2].as_u64().unwrap();
    loop {
        let event = client.whole_event().await;
        let stamp = &event[2]["$sockeye"];
        seq += 1;
        assert_eq!((&stamp["stream"], &stamp["epoch"]), (&position[0], &position[1]));
        assert_eq!(stamp["seq"], seq, "{event}");
        if event[0] == "job:completed" && event[1]["result"]["steps"] == 2 {
            break;
        }
    }
}

/// The numbers of the stamps that come until one is `last`, after what `hello` says.
async fn numbers_until(mut client: Client, hello: Value, last: u64) -> (u64, Vec<u64>) {
    let mut numbers = Vec::new();
    while numbers.last() < Some(&last) {
        let event = client.whole_event().await;
        numbers.push(event[2]["$sockeye"]["seq"].as_u64().expect("a stamp"));
    }
    (hello["positions"][0][2].as_u64().expect("a position"), numbers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_come_in_order_when_much_is_said_at_once() {
    let server = start_helper().await;
    let url = format!("{}/jobs/api/broadcast", server.url());
    let speakers = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                assert_eq!(post(&url, "{\"event\":\"said\"}").await.0, 200);
            }
        })
    });
    let speakers: Vec<_> = speakers.collect();
    let mut listeners = Vec::new();
    for _ in 0..10 {
        let (client, hello) = jobs(&server).await;
        listeners.push(tokio::spawn(numbers_until(client, hello, 401)));
    }
    for speaker in speakers {
        speaker.await.unwrap();
    }
    say_to_all(&server, 1).await;
    for listener in listeners {
        let (position, numbers) = listener.await.unwrap();
        assert_eq!(numbers, (position + 1..=401).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn answers_to_one_client_have_no_stamp() {
    let server = start_helper().await;
    let (mut client, _) = primes(&server).await;
    assert_eq!(client.whole_event().await.as_array().unwrap().len(), 2, "welcome");
    client.emit("unsubscribe:jobs", "").await;
    assert_eq!(client.whole_event().await.as_array().unwrap().len(), 2, "confirmed");
}

#[tokio::test]
async fn member_of_several_rooms_gets_one_id_from_each() {
    let server = start_helper().await;
    let (mut client, _) = jobs(&server).await;
    all_jobs(&mut client).await;
    client.emit("subscribe:jobs", "{\"userId\":\"ann\"}").await;
    client.until("sockeye:position").await;
    job(&server, &json!({ "userId": "ann", "steps": 1, "fail": false })).await;
    let mut stamps = Vec::new();
    while stamps.len() < 2 {
        stamps.push(client.whole_event().await[2]["$sockeye"].clone());
    }
    assert_eq!(stamps[0]["id"], stamps[1]["id"]);
    assert_eq!(stamps[0]["stream"], "all-jobs");
    assert_eq!((&stamps[1]["stream"], &stamps[1]["seq"]), (&json!("user:ann"), &json!(1)));
}

#[tokio::test]
async fn replays_what_a_client_missed() {
    let server = start_helper().await;
    let (mut client, hello) = jobs(&server).await;
    say_to_all(&server, 1).await;
    let first = client.whole_event().await;
    drop(client);
    for number in 2..=1_101 {
        say_to_all(&server, number).await;
    }
    let (mut client, now) = jobs(&server).await;
    assert_eq!(now["positions"][0][2], 1_101);
    let stamp = &first[2]["$sockeye"];
    let position = |seq: u64| json!([["*", stamp["epoch"], seq]]);
    assert!(hello["positions"][0][1] == stamp["epoch"] && stamp["seq"] == 1);

    let gap = since(&mut client, &position(100)).await;
    assert_eq!(
        gap,
        json!([{"stream": "*", "epoch": stamp["epoch"], "seq": 1_101, "events": [], "gap": true}])
    );
    let replay = since(&mut client, &position(101)).await;
    let events = replay[0]["events"].as_array().unwrap();
    assert_eq!((events.len(), &replay[0]["seq"]), (1_000, &json!(1_101)));
    assert_eq!((&events[0][0], &events[0][1]["number"]), (&json!("said"), &json!(102)));
    assert_eq!(events[0][2]["$sockeye"]["seq"], 102);
    assert!(replay[0].get("gap").is_none() && replay[0].get("more").is_none());
    let current = since(&mut client, &position(1_101)).await;
    assert_eq!(current[0]["events"], json!([]));
    assert!(current[0].get("gap").is_none());
}

#[tokio::test]
async fn replays_rooms_to_their_members_alone() {
    let server = start_helper().await;
    let (mut client, _) = jobs(&server).await;
    let position = all_jobs(&mut client).await;
    let (mut stranger, _) = jobs(&server).await;
    let refused = json!([{ "stream": "all-jobs", "events": [], "gap": true }]);
    assert_eq!(since(&mut stranger, &json!([position])).await, refused);
    assert_eq!(since(&mut client, &json!([position])).await[0]["seq"], 0);
    let odd = json!([["all-jobs", 1, 2], 7, ["*"], position]);
    assert_eq!(since(&mut client, &odd).await.as_array().unwrap().len(), 1);
    for question in ["", "7", "{}", "{\"streams\":{}}"] {
        assert_eq!(client.request("sockeye:since", question).await, json!({ "streams": [] }));
    }
}

#[tokio::test]
async fn loses_its_memory_on_command() {
    let server = start_helper().await;
    let (mut client, hello) = jobs(&server).await;
    let position = hello["positions"][0].clone();
    client.exchange("subscribe:jobs", &envelope(&hello, "a", 1)).await;
    say_to_all(&server, 1).await;
    let answer = control(&server, "forget", &json!({ "contract": "jobs" })).await;
    assert_eq!(answer, (200, json!({ "forgotten": ["jobs"] })));

    let ack = client.exchange("subscribe:jobs", &envelope(&hello, "a", 1)).await;
    let (_, now) = jobs(&server).await;
    assert_ne!(hello["memory"], now["memory"]);
    assert_eq!(ack[0]["$sockeye"], json!({ "k": "a", "s": "memory", "m": now["memory"] }));
    let ack = client.exchange("subscribe:jobs", &envelope(&now, "a", 1)).await;
    assert_eq!(ack[0]["$sockeye"]["s"], "applied");
    let replay = since(&mut client, &json!([position])).await;
    assert_eq!((&replay[0]["gap"], &replay[0]["seq"]), (&json!(true), &json!(0)));
    assert_ne!(replay[0]["epoch"], position[1]);

    let unknown = control(&server, "forget", &json!({ "contract": "apples" })).await;
    assert_eq!(unknown.0, 400);
    let all = control(&server, "forget", &json!({})).await;
    assert_eq!(
        all,
        (200, json!({ "forgotten": ["primes", "realtime", "craft", "agents", "jobs"] }))
    );
}

#[tokio::test]
async fn tells_clients_when_to_come_again() {
    let server = start_helper().await;
    let (mut client, _) = jobs(&server).await;
    let (mut other, _) = primes(&server).await;
    other.expect("welcome").await;
    let answer = control(&server, "retry", &json!({ "afterMs": 5_000 })).await;
    assert_eq!(answer, (200, json!({ "told": 2 })));
    for client in [&mut client, &mut other] {
        assert_eq!(client.expect("sockeye:retry").await, json!({ "afterMs": 5_000 }));
    }
    let (status, _) = control(&server, "retry", &json!({ "afterMs": -1 })).await;
    assert_eq!(status, 400);
}

/// How often each of the first events comes.
async fn repetitions(seed: u64, share: f64) -> Vec<usize> {
    let config = Config { seed, helper: true, repeat_events: share, ..quiet() };
    let server = start(config).await;
    let (mut client, _) = jobs(&server).await;
    for number in 1..=20 {
        say_to_all(&server, number).await;
    }
    client.emit("subscribe:jobs", "").await;
    let mut counts = vec![0; 20];
    loop {
        let event = client.whole_event().await;
        if event[0] == "sockeye:position" {
            return counts;
        }
        counts[event[1]["number"].as_u64().unwrap() as usize - 1] += 1;
    }
}

#[tokio::test]
async fn repeats_a_share_of_the_events() {
    assert_eq!(repetitions(1, 0.0).await, [1; 20]);
    assert_eq!(repetitions(1, 1.0).await, [2; 20]);
    let some = repetitions(1, 0.5).await;
    assert!(some.contains(&1) && some.contains(&2), "{some:?}");
    assert_eq!(some, repetitions(1, 0.5).await);
    assert_ne!(some, repetitions(2, 0.5).await);
}
