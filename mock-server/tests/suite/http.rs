//! REST calls.

use serde_json::Value;

/// The status and the JSON body of an answer.
pub type Answer = (u16, Value);

pub async fn get(url: &str) -> Answer {
    answer(reqwest::get(url).await.expect("an answer")).await
}

pub async fn post(url: &str, body: &str) -> Answer {
    let request = reqwest::Client::new().post(url).body(body.to_owned());
    answer(request.send().await.expect("an answer")).await
}

pub async fn patch(url: &str, body: &str) -> Answer {
    let request = reqwest::Client::new().patch(url).body(body.to_owned());
    answer(request.send().await.expect("an answer")).await
}

async fn answer(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    (status, response.json().await.expect("a JSON body"))
}
