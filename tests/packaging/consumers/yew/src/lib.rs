//! A page in Yew: whether it is connected, the news, a question, an order.

use futures_core::Stream;
use sockeye::rust_api::{Client, Error};
use std::future::poll_fn;
use std::pin::pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

/// Shows the page; without a server it connects to nothing.
#[wasm_bindgen]
pub fn start(server: Option<String>) {
    yew::Renderer::<App>::with_props(AppProps { server }).render();
}

#[derive(Properties, PartialEq)]
struct AppProps {
    server: Option<String>,
}

#[function_component]
fn App(AppProps { server }: &AppProps) -> Html {
    let has_left = use_state(|| false);
    let leave = {
        let has_left = has_left.clone();
        move |_| has_left.set(true)
    };
    let server = server.clone().filter(|_| !*has_left);
    html! {
        <main>
            if let Some(server) = server { <Desk {server} /> }
            <button data-testid="leave" onclick={leave}>{ "Leave" }</button>
        </main>
    }
}

#[derive(Properties, PartialEq)]
struct DeskProps {
    server: String,
}

/// The client lives as long as this is shown.
#[function_component]
fn Desk(DeskProps { server }: &DeskProps) -> Html {
    let client = use_memo(server.clone(), |server| Client::builder(server).connect());
    match &*client {
        Ok(client) => html! { <Orders client={Shared(client.clone())} /> },
        Err(error) => html! { <p>{ error.to_string() }</p> },
    }
}

/// Properties are compared; a client never changes.
#[derive(Clone)]
struct Shared(Client);

impl PartialEq for Shared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Properties, PartialEq)]
struct OrdersProps {
    client: Shared,
}

#[function_component]
fn Orders(OrdersProps { client: Shared(client) }: &OrdersProps) -> Html {
    let status = use_newest(client, |client| client.status());
    let news = use_newest(client, |client| client.on::<String>("news"));
    let answer = use_state(String::new);
    let order_state = use_state(|| "");
    let double = {
        let (client, answer) = (client.clone(), answer.clone());
        move |_| {
            let (client, answer) = (client.clone(), answer.clone());
            spawn_local(async move { answer.set(double(&client).await) });
        }
    };
    let order = {
        let (client, order_state) = (client.clone(), order_state.clone());
        move |_| {
            let (client, order_state) = (client.clone(), order_state.clone());
            spawn_local(async move {
                let Ok(action) = client.enqueue("order", "salmon") else { return };
                let mut states = action.status();
                while let Some(status) = states.next().await {
                    order_state.set(status.state.name());
                }
            });
        }
    };
    html! {
        <>
            <p data-testid="status">{ status.map_or("idle", |status| status.name()) }</p>
            <p data-testid="news">{ news.and_then(Result::ok) }</p>
            <button data-testid="double" onclick={double}>{ "Double" }</button>
            <p data-testid="answer">{ (*answer).clone() }</p>
            <button data-testid="order" onclick={order}>{ "Order" }</button>
            <p data-testid="order-state">{ *order_state }</p>
        </>
    }
}

async fn double(client: &Client) -> String {
    let doubled: Result<u32, Error> = client.request("double", 21).await;
    doubled.map_or_else(|error| error.to_string(), |number| number.to_string())
}

/// Shows the newest item of a stream of a client; the stream ends with the client.
#[hook]
fn use_newest<S>(client: &Client, open: fn(&Client) -> S) -> Option<S::Item>
where
    S: Stream + 'static,
    S::Item: Clone + 'static,
{
    let newest = use_state(|| None);
    {
        let (client, newest) = (client.clone(), newest.clone());
        use_effect_with((), move |()| {
            let stream = open(&client);
            spawn_local(async move {
                let mut stream = pin!(stream);
                while let Some(item) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
                    newest.set(Some(item));
                }
            });
        });
    }
    (*newest).clone()
}
