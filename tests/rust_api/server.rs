//! Clients of a server in the page.

use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use futures_core::Stream;
use sockeye::engineio::TransportKind;
use sockeye::rust_api::{Client, ClientBuilder, Status};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/rust_api/server.js")]
extern "C" {
    pub type Server;

    #[wasm_bindgen(js_name = makeServer)]
    fn make_server() -> Server;
    #[wasm_bindgen(method, getter)]
    pub fn url(this: &Server) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn connections(this: &Server) -> u32;
    #[wasm_bindgen(method)]
    pub fn open(this: &Server);
    #[wasm_bindgen(method)]
    pub fn accept(this: &Server);
    #[wasm_bindgen(method, js_name = acceptAsHelper)]
    pub fn accept_as_helper(this: &Server);
    #[wasm_bindgen(method)]
    pub fn receive(this: &Server, frame: &str);
    #[wasm_bindgen(method, js_name = receiveBytes)]
    pub fn receive_bytes(this: &Server, bytes: &[u8]);
    #[wasm_bindgen(method)]
    pub fn cut(this: &Server);
    #[wasm_bindgen(method, js_name = takeSent)]
    pub fn take_sent(this: &Server) -> Vec<String>;
    #[wasm_bindgen(method)]
    fn remove(this: &Server);

    pub type Counted;

    #[wasm_bindgen(js_name = countListeners)]
    pub fn count_listeners() -> Counted;
    #[wasm_bindgen(method, getter)]
    pub fn listeners(this: &Counted) -> i32;
    #[wasm_bindgen(method)]
    pub fn restore(this: &Counted);
}

/// The page's server, until it is dropped.
pub struct Page(pub Server);

impl Page {
    pub fn new() -> Self {
        Self(make_server())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.0.remove();
    }
}

pub fn builder() -> ClientBuilder {
    Client::builder("https://server.test").transports(&[TransportKind::WebSocket])
}

/// A client that is connected to the page's server.
pub fn connected(page: &Page) -> Client {
    let client = builder().connect().unwrap();
    page.0.accept();
    assert_eq!(client.current_status(), Status::Connected { recovered: false });
    client
}

/// What a stream has at once.
pub fn ready<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
}

/// The next item, which has to be there.
pub fn take<S: Stream + Unpin>(stream: &mut S) -> S::Item {
    match ready(stream) {
        Poll::Ready(Some(item)) => item,
        Poll::Ready(None) => panic!("the stream has ended"),
        Poll::Pending => panic!("nothing is there"),
    }
}
