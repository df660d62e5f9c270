//! A manager with real WebSockets at the mock server, which has to run.

use js_sys::futures::JsFuture;
use js_sys::{JsString, Promise};
use sockeye::web::JsClient;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::bench::ManagerHandle;

/// Where the mock server listens, all contracts under their prefixes.
const MOCK: &str = match option_env!("SOCKEYE_MOCK_URL") {
    Some(url) => url,
    None => "http://127.0.0.1:4000",
};

#[wasm_bindgen(module = "/tests/web/live.js")]
extern "C" {
    type Live;

    #[wasm_bindgen(js_name = makeLive)]
    fn make_live(mock: &str, contract: &str) -> Live;
    #[wasm_bindgen(method)]
    fn options(this: &Live) -> JsValue;
    #[wasm_bindgen(method)]
    fn events(this: &Live) -> JsValue;
    #[wasm_bindgen(method, js_name = use)]
    fn use_manager(this: &Live, manager: &ManagerHandle);
    #[wasm_bindgen(method)]
    fn listen(this: &Live, name: &str, number: u32);
    #[wasm_bindgen(method)]
    fn next(this: &Live, start: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn post(this: &Live, path: &str, body: &str) -> Promise;
    #[wasm_bindgen(method)]
    fn connections(this: &Live) -> Promise;
    #[wasm_bindgen(method, getter)]
    fn timers(this: &Live) -> u32;
    #[wasm_bindgen(method)]
    fn restore(this: &Live);
}

/// A client of one contract; it disconnects when it is dropped.
struct Client {
    live: Live,
    manager: ManagerHandle,
}

impl Client {
    fn new(contract: &str, namespace: &str) -> Self {
        let live = make_live(MOCK, contract);
        let (options, events) = (live.options(), live.events());
        let manager = JsClient::new(options.unchecked_into(), events.unchecked_into());
        let manager: ManagerHandle = JsValue::from(manager).unchecked_into();
        live.use_manager(&manager);
        assert_eq!(manager.socket(namespace, false), 0);
        Self { live, manager }
    }

    /// Waits for the first callback whose log line starts so, and takes it.
    async fn next(&self, start: &str) -> String {
        wait(self.live.next(start)).await
    }

    async fn post(&self, path: &str, body: &str) -> String {
        wait(self.live.post(path, body)).await
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.manager.destroy();
        self.live.restore();
    }
}

async fn wait(promise: Promise) -> String {
    let value = JsFuture::from(promise).await.expect("it comes in time");
    value.unchecked_into::<JsString>().into()
}

#[test]
async fn connects_receives_the_welcome_and_subscribes() {
    let client = Client::new("primes", "/");
    client.live.listen("welcome", 1);
    client.live.listen("subscription:confirmed", 2);
    client.manager.connect(0);
    client.next("status 0 connected").await;
    let welcome = client.next("delivered 0 1").await;
    assert!(welcome.contains("Connected to the primes server"), "{welcome}");
    for kind in ["batches", "jobs", "solutions"] {
        client.manager.emit(0, &format!(r#"["subscribe:{kind}"]"#), None, false);
        let confirmed = client.next("delivered 0 2").await;
        assert!(confirmed.contains(&format!(r#""type":"{kind}""#)), "{confirmed}");
        assert!(confirmed.contains(r#""subscribed":true"#), "{confirmed}");
    }
    assert_eq!(client.live.timers(), 1);
}

#[test]
async fn gets_an_answer_in_another_namespace() {
    let client = Client::new("jobs", "/jobs");
    client.manager.connect(0);
    client.next("status 0 connected").await;
    let body = r#"["subscribe:jobs",{"jobId":"job-7"}]"#;
    assert_eq!(client.manager.request(0, 5, body, None, 5_000.0), None);
    let answer = client.next("settled 5").await;
    assert!(answer.contains(r#""room":"job:job-7""#), "{answer}");
    assert!(answer.contains(r#""success":true"#), "{answer}");
}

#[test]
async fn comes_back_after_a_cut_and_hears_events_again() {
    let client = Client::new("primes", "/");
    client.live.listen("welcome", 1);
    client.live.listen("job:started", 2);
    client.manager.connect(0);
    let welcome = client.next("delivered 0 1").await;
    let id = client_id(&welcome);
    let cut = client.post("/control/cut", &format!(r#"{{"clientId":"{id}"}}"#)).await;
    assert_eq!(cut, r#"{"cut":1}"#);
    let waiting = client.next("status 0 waiting 1").await;
    assert!(waiting.ends_with("transport_error") || waiting.ends_with("transport_close"));
    client.next("status 0 connected").await;
    let again = client.next("delivered 0 1").await;
    assert_ne!(client_id(&again), id);
    client.manager.emit(0, r#"["subscribe:jobs"]"#, None, false);
    client.manager.request(0, 1, r#"["never:answered"]"#, None, 10_000.0);
    client.live.listen("subscription:confirmed", 3);
    client.next("delivered 0 3").await;
    let trigger = r#"{"eventType":"job_started","data":{"jobId":"after the cut"}}"#;
    client.post("/primes/api/subscribe/test", trigger).await;
    assert!(client.next("delivered 0 2").await.contains("after the cut"));
    assert_eq!(client.live.timers(), 1);
}

#[test]
async fn leaves_no_connection_when_it_is_destroyed() {
    let client = Client::new("primes", "/");
    client.live.listen("welcome", 1);
    client.manager.connect(0);
    let id = client_id(&client.next("delivered 0 1").await);
    assert!(wait(client.live.connections()).await.contains(&id));
    client.manager.destroy();
    assert_eq!(client.live.timers(), 0);
    while wait(client.live.connections()).await.contains(&id) {}
}

fn client_id(welcome: &str) -> String {
    let after = welcome.split(r#""clientId":""#).nth(1).expect("a clientId");
    after.split('"').next().expect("its end").to_owned()
}
