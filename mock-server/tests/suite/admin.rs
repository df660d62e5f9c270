//! The Admin UI's server half: who may look, what is shown, what may be done to clients.

use serde_json::{Value, json};
use sockeye_mock::{AdminAccount, Config, Server};

use crate::client::{Client, End, Polling};
use crate::http::{get, post};
use crate::{quiet, start};

const SIGN_IN: &str = r#"{"username":"ada","password":"secret"}"#;

async fn start_with_admin(config: Config) -> Server {
    let admin = Some(AdminAccount::new("ada".to_owned(), "secret".to_owned()));
    start(Config { admin, ..config }).await
}

/// Signs in, and reads what whoever looks is told first.
async fn look(server: &Server) -> (Client, Vec<Value>) {
    let mut page = sign_in(server, SIGN_IN).await.expect("it is admitted");
    let session = page.whole_event().await;
    let expected = ["config", "server_stats", "all_sockets"];
    let mut told = vec![session];
    for name in expected {
        told.push(page.whole_event().await);
        assert_eq!(told.last().unwrap()[0], name);
    }
    (page, told)
}

async fn sign_in(server: &Server, auth: &str) -> Result<Client, Value> {
    Client::attempt(&server.url(), "/admin/socket.io", "", "/admin", auth).await
}

/// Waits for an event of this name, passing over the regular news of the server.
async fn next(page: &mut Client, name: &str) -> Value {
    loop {
        let event = page.whole_event().await;
        if event[0] != "server_stats" {
            assert_eq!(event[0], name, "{event}");
            return event;
        }
    }
}

#[tokio::test]
async fn shows_a_client_from_its_coming_to_its_going() {
    let server = start_with_admin(quiet()).await;
    let (mut page, _) = look(&server).await;
    let mut client = Client::primes(&server.url()).await;

    let connected = next(&mut page, "socket_connected").await;
    let socket = &connected[1];
    assert_eq!(socket["id"], client.id);
    assert_eq!((&socket["nsp"], &socket["transport"]), (&json!("primes:/"), &json!("websocket")));
    assert_eq!(socket["rooms"], json!([client.id]));
    assert_eq!(socket["handshake"]["address"], "127.0.0.1");
    assert_eq!(socket["handshake"]["query"]["EIO"], "4");
    assert!(socket["handshake"]["issued"].is_number() && connected[2].is_string(), "{connected}");

    let welcome = client.expect("welcome").await;
    let sent = next(&mut page, "event_sent").await;
    assert_eq!(
        (&sent[1], &sent[2], &sent[3]),
        (&json!("primes:/"), &json!(client.id), &json!(["welcome", welcome]))
    );

    let id = client.id.clone();
    let received = json!(["event_received", "primes:/", id, ["subscribe:jobs"]]);
    client.emit("subscribe:jobs", "").await;
    let told = next(&mut page, "event_received").await;
    assert_eq!(told.as_array().unwrap()[..4], received.as_array().unwrap()[..]);
    let joined = next(&mut page, "room_joined").await;
    assert_eq!(
        (&joined[1], &joined[2], &joined[3]),
        (&json!("primes:/"), &json!("jobs"), &json!(id))
    );
    assert_eq!(next(&mut page, "event_sent").await[3][0], "subscription:confirmed");

    client.emit("unsubscribe:jobs", "").await;
    next(&mut page, "event_received").await;
    assert_eq!(next(&mut page, "room_left").await[2], "jobs");
    next(&mut page, "event_sent").await;

    drop(client);
    let gone = next(&mut page, "socket_disconnected").await;
    assert_eq!((&gone[1], &gone[2]), (&json!("primes:/"), &json!(id)));
    assert!(["transport close", "transport error"].contains(&gone[3].as_str().unwrap()), "{gone}");
    assert_eq!(next(&mut page, "room_left").await[2], json!(id));
}

#[tokio::test]
async fn tells_whoever_comes_later_how_things_are() {
    let server = start_with_admin(quiet()).await;
    let mut member = Client::primes(&server.url()).await;
    member.emit("subscribe:jobs", "").await;
    member.until("subscription:confirmed").await;
    let user = r#"{"userId":"ada"}"#;
    let other = Client::connect_with(&server.url(), "/jobs/socket.io", "/jobs", user).await;

    let (page, told) = look(&server).await;
    let [session, config, stats, sockets] = &told[..] else { panic!("{told:?}") };
    assert_eq!(session[0], "session");
    assert!(config[1]["supportedFeatures"].as_array().unwrap().contains(&json!("ALL_EVENTS")));
    assert_eq!(
        (&stats[1]["clientsCount"], &stats[1]["pollingClientsCount"]),
        (&json!(3), &json!(0))
    );
    let namespaces = stats[1]["namespaces"].as_array().unwrap();
    assert!(namespaces.contains(&json!({ "name": "jobs:/jobs", "socketsCount": 1 })), "{stats}");
    assert!(namespaces.contains(&json!({ "name": "craft:/", "socketsCount": 0 })), "{stats}");

    let sockets = sockets[1].as_array().unwrap();
    let socket = |id: &str| sockets.iter().find(|socket| socket["id"] == id).expect("it is shown");
    let mut rooms = json!([member.id, "jobs"]);
    rooms.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    assert_eq!(socket(&member.id)["rooms"], rooms);
    assert_eq!(socket(&other.id)["data"], json!({ "userId": "ada" }));
    assert_eq!(sockets.last().unwrap()["id"], page.id, "who looks comes last");
}

#[tokio::test]
async fn tells_of_an_event_for_each_client_that_gets_it() {
    for helper in [false, true] {
        let server = start_with_admin(Config { helper, ..quiet() }).await;
        let url = server.url();
        let mut members = [Client::jobs(&url).await, Client::jobs(&url).await];
        for member in &mut members {
            member.request("subscribe:jobs", "").await;
        }
        let (mut page, _) = look(&server).await;
        let news = r#"{"event":"news","data":{"n":1}}"#;
        assert_eq!(post(&format!("{url}/jobs/api/broadcast"), news).await.0, 200);
        let mut receivers = Vec::new();
        for _ in &members {
            let sent = next(&mut page, "event_sent").await;
            assert_eq!((&sent[3][0], &sent[3][1]), (&json!("news"), &json!({ "n": 1 })));
            assert_eq!(sent[3].as_array().unwrap().len(), if helper { 3 } else { 2 }, "the stamp");
            receivers.push(sent[2].clone());
        }
        receivers.sort_by_key(ToString::to_string);
        let mut ids = members.map(|member| json!(member.id));
        ids.sort_by_key(ToString::to_string);
        assert_eq!(receivers, ids);
    }
}

#[tokio::test]
async fn refuses_everybody_else() {
    let server = start_with_admin(quiet()).await;
    for (auth, message) in [
        ("", "sign in with user name and password"),
        ("{}", "sign in with user name and password"),
        (r#"{"sessionId":null}"#, "sign in with user name and password"),
        (r#"{"username":"ada"}"#, "invalid credentials"),
        (r#"{"username":"ada","password":"Secret"}"#, "invalid credentials"),
        (r#"{"username":"bob","password":"secret"}"#, "invalid credentials"),
        (r#"{"sessionId":"0123456789abcdef"}"#, "invalid credentials"),
    ] {
        let Err(refusal) = sign_in(&server, auth).await else { panic!("{auth} is admitted") };
        assert_eq!(refusal, json!({ "message": message }), "{auth}");
    }
}

#[tokio::test]
async fn a_session_is_enough_to_come_back() {
    let server = start_with_admin(quiet()).await;
    let (page, told) = look(&server).await;
    drop(page);
    let auth = json!({ "sessionId": told[0][1] }).to_string();
    let mut again = sign_in(&server, &auth).await.expect("it is admitted");
    assert_eq!(again.whole_event().await[0], "config", "it needs no other session");
}

#[tokio::test]
async fn does_to_clients_what_the_page_orders() {
    let server = start_with_admin(quiet()).await;
    let mut first = Client::primes(&server.url()).await;
    let mut second = Client::primes(&server.url()).await;
    for client in [&mut first, &mut second] {
        client.expect("welcome").await;
    }
    let (mut page, _) = look(&server).await;
    let order = |rest: Value| rest.to_string().trim_matches(['[', ']']).to_owned();

    page.emit("emit", &order(json!(["primes:/", first.id, "hello", { "n": 1 }, 2]))).await;
    assert_eq!(first.whole_event().await, json!(["hello", { "n": 1 }, 2]));
    assert_eq!(next(&mut page, "event_sent").await[3], json!(["hello", { "n": 1 }, 2]));

    page.emit("join", &order(json!(["primes:/", "few", second.id]))).await;
    assert_eq!(next(&mut page, "room_joined").await[2], "few");
    page.emit("emit", &order(json!(["primes:/", "few", "to-few"]))).await;
    page.emit("emit", &order(json!(["primes:/", null, "to-all"]))).await;
    assert_eq!(second.whole_event().await, json!(["to-few"]));
    assert_eq!(second.whole_event().await, json!(["to-all"]));
    assert_eq!(first.whole_event().await, json!(["to-all"]));
    for _ in 0..3 {
        next(&mut page, "event_sent").await;
    }

    page.emit("leave", &order(json!(["primes:/", "few"]))).await;
    assert_eq!(next(&mut page, "room_left").await[3], second.id);

    page.emit("_disconnect", &order(json!(["primes:/", false, first.id]))).await;
    let gone = next(&mut page, "socket_disconnected").await;
    let reason = "server namespace disconnect";
    assert_eq!((&gone[2], &gone[3]), (&json!(first.id), &json!(reason)));
    next(&mut page, "room_left").await;
    assert_eq!(first.packet().await, "41", "DISCONNECT");
}

#[tokio::test]
async fn orders_that_cannot_be_read_do_nothing() {
    let server = start_with_admin(quiet()).await;
    let mut client = Client::primes(&server.url()).await;
    client.expect("welcome").await;
    let (mut page, _) = look(&server).await;
    for (event, args) in [
        ("emit", ""),
        ("emit", r#""primes:/""#),
        ("emit", r#""/nowhere",null,"x""#),
        ("emit", r#""primes:/",null,7"#),
        ("emit", r#""primes:/",{},"x""#),
        ("emit", r#""primes:/",null,"connect""#),
        ("join", r#""primes:/","""#),
        ("leave", r#""primes:/",1"#),
        ("_disconnect", r#""primes:/""#),
        ("_disconnect", r#""primes:/","yes",null"#),
        ("shutdown", ""),
    ] {
        page.emit(event, args).await;
    }
    page.emit("emit", r#""primes:/",null,"the end""#).await;
    assert_eq!(client.whole_event().await, json!(["the end"]));
    assert_eq!(next(&mut page, "event_sent").await[3], json!(["the end"]));
}

#[tokio::test]
async fn notices_that_a_session_moves_to_a_websocket() {
    let config = Config { contract: Some("primes".to_owned()), ..quiet() };
    let server = start_with_admin(config).await;
    let (mut page, _) = look(&server).await;
    let polling = Polling::connect(&server.url(), "/socket.io", "").await;
    let connected = next(&mut page, "socket_connected").await;
    assert_eq!(
        (&connected[1]["transport"], &connected[1]["nsp"]),
        (&json!("polling"), &json!("/"))
    );
    assert_eq!(next(&mut page, "event_sent").await[3][0], "welcome");
    let client = polling.upgrade().await;
    let update = json!({ "id": client.id, "nsp": "/", "transport": "websocket" });
    assert_eq!(next(&mut page, "socket_updated").await[1], update);
}

#[tokio::test]
async fn serves_the_page_only_if_asked() {
    let server = start_with_admin(quiet()).await;
    let url = server.admin_url().expect("it is served");
    for (path, media_type) in [
        ("", "text/html; charset=utf-8"),
        ("js/app.0d7d7845.js", "text/javascript; charset=utf-8"),
        ("img/logo-light.73342c25.svg", "image/svg+xml"),
    ] {
        let page = reqwest::get(format!("{url}{path}")).await.unwrap();
        assert_eq!(
            (page.status().as_u16(), &page.headers()["content-type"]),
            (200, &media_type.parse().unwrap())
        );
        assert_eq!(page.headers()["content-encoding"], "gzip", "{path}");
        assert!(page.bytes().await.unwrap().starts_with(&[0x1f, 0x8b]), "{path}");
    }
    let redirected = reqwest::get(format!("{}/admin", server.url())).await.unwrap();
    assert_eq!(redirected.url().path(), "/admin/");
    assert_eq!(get(&format!("{url}nothing.js")).await.0, 404);

    let plain = start(quiet()).await;
    assert_eq!(plain.admin_url(), None);
    assert_eq!(get(&format!("{}/admin/", plain.url())).await.0, 404);
}

#[tokio::test]
async fn faults_do_not_disturb_the_page() {
    let server = start_with_admin(quiet()).await;
    let control = |path: &str| format!("{}/control/{path}", server.url());
    let rule = r#"{"id":"nothing","direction":"serverToClient","on":{"frame":{"prefix":"42"}},"do":"drop"}"#;
    assert_eq!(post(&control("rules"), rule).await.0, 200);
    let (mut page, _) = look(&server).await;
    let client = Client::primes(&server.url()).await;
    assert_eq!(next(&mut page, "socket_connected").await[1]["id"], client.id);
    assert_eq!(post(&control("cut"), "{}").await, (200, json!({ "cut": 1 })));
    next(&mut page, "event_sent").await;
    assert_eq!(next(&mut page, "socket_disconnected").await[2], client.id);
}

#[tokio::test]
async fn shutting_down_closes_the_page_as_well() {
    let server = start_with_admin(quiet()).await;
    let (mut page, _) = look(&server).await;
    server.shutdown().await;
    assert_eq!(page.ended().await, End::CloseFrame);
}
