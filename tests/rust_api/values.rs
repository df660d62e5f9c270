//! How values go over the wire, both ways.

use core::task::Poll;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sockeye::rust_api::Args;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::server::{Page, connected, ready, take};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    item: String,
    count: u32,
    note: Option<String>,
}

fn order() -> Order {
    Order { item: "salmon".into(), count: 2, note: None }
}

#[test]
fn sends_a_value_as_one_argument_and_args_as_several() {
    let page = Page::new();
    let client = connected(&page);
    client.emit("say", "hello").unwrap();
    client.emit("order", order()).unwrap();
    client.emit("pair", (1, 2)).unwrap();
    client.emit("move", Args((1, 2.5))).unwrap();
    client.emit("ping", ()).unwrap();
    client.emit("ping", Args([(); 0])).unwrap();
    client.emit("nothing", None::<u32>).unwrap();
    client.emit("map", BTreeMap::from([("a", 1)])).unwrap();
    let sent = page.0.take_sent();
    let wanted = [
        r#"42["say","hello"]"#,
        r#"42["order",{"item":"salmon","count":2,"note":null}]"#,
        r#"42["pair",[1,2]]"#,
        r#"42["move",1,2.5]"#,
        r#"42["ping"]"#,
        r#"42["ping"]"#,
        r#"42["nothing",null]"#,
        r#"42["map",{"a":1}]"#,
    ];
    assert_eq!(sent, wanted);
}

#[test]
fn sends_and_receives_bytes_as_attachments() {
    let page = Page::new();
    let client = connected(&page);
    let mut files = client.on::<(String, ByteBuf)>("file");
    client.emit("file", Args(("a", ByteBuf::from([1, 2, 3])))).unwrap();
    let placeholder = r#"["file","a",{"_placeholder":true,"num":0}]"#;
    let sent = page.0.take_sent();
    assert_eq!(sent, [format!("451-{placeholder}"), "bytes 1,2,3".into()]);
    page.0.receive(&format!("451-{placeholder}"));
    page.0.receive_bytes(&[4, 5]);
    assert_eq!(take(&mut files).unwrap(), ("a".into(), ByteBuf::from([4, 5])));
}

#[test]
fn refuses_what_cannot_be_sent() {
    let page = Page::new();
    let client = connected(&page);
    let code = |result: Result<(), sockeye::rust_api::Error>| result.unwrap_err().code();
    assert_eq!(code(client.emit("n", u64::MAX)), "not_serializable");
    assert_eq!(code(client.emit("n", u128::MAX)), "not_serializable");
    assert_eq!(code(client.emit("connect", ())), "reserved_event");
    let many: Vec<_> = (0..11).map(|_| ByteBuf::from([0])).collect();
    assert_eq!(code(client.emit("n", many)), "too_many_attachments");
    assert!(page.0.take_sent().is_empty());
}

#[test]
fn reads_one_argument_as_itself_several_as_a_tuple_and_none_as_unit() {
    let page = Page::new();
    let client = connected(&page);
    let mut orders = client.on::<Order>("order");
    let mut moves = client.on::<(i32, f64)>("move");
    let mut pings = client.on::<()>("ping");
    page.0.receive(r#"42["order",{"item":"salmon","count":2}]"#);
    page.0.receive(r#"42["move",1,2.5]"#);
    page.0.receive(r#"42["ping"]"#);
    assert_eq!(take(&mut orders).unwrap(), order());
    assert_eq!(take(&mut moves).unwrap(), (1, 2.5));
    assert_eq!(take(&mut pings), Ok(()));
}

#[test]
fn tells_what_is_no_such_value_and_goes_on() {
    let page = Page::new();
    let client = connected(&page);
    let mut numbers = client.on::<u32>("n");
    page.0.receive(r#"42["n","seven"]"#);
    page.0.receive(r#"42["n",-7]"#);
    page.0.receive(r#"42["n"]"#);
    page.0.receive(&format!(r#"42["n",{}{}]"#, "[".repeat(100_000), "]".repeat(100_000)));
    page.0.receive(r#"42["n",7]"#);
    for _ in 0..4 {
        let error = take(&mut numbers).unwrap_err();
        assert_eq!(error.code(), "invalid_event");
        assert!(!error.detail().is_empty());
    }
    assert_eq!(take(&mut numbers), Ok(7));
}

/// Without a bound such a value would fill the stack of the wasm.
#[test]
fn refuses_a_value_without_end_when_its_type_has_none() {
    #[derive(Debug, Deserialize)]
    struct Tree(Vec<Tree>);

    let page = Page::new();
    let client = connected(&page);
    let mut trees = client.on::<Tree>("tree");
    let nested = |depth| format!(r#"42["tree",{}{}]"#, "[".repeat(depth), "]".repeat(depth));
    page.0.receive(&nested(1_000_000));
    page.0.receive(&nested(100));
    assert_eq!(take(&mut trees).unwrap_err().code(), "invalid_event");
    let mut tree = take(&mut trees).unwrap();
    let mut depth = 1;
    while let Some(child) = tree.0.pop() {
        (tree, depth) = (child, depth + 1);
    }
    assert_eq!(depth, 100);
}

#[test]
fn delivers_to_each_listener_and_to_none_that_was_dropped() {
    let page = Page::new();
    let client = connected(&page);
    let mut first = client.on::<u32>("n");
    let second = client.on::<u32>("n");
    page.0.receive(r#"42["n",1]"#);
    drop(second);
    page.0.receive(r#"42["n",2]"#);
    assert_eq!((take(&mut first), take(&mut first)), (Ok(1), Ok(2)));
    drop(first);
    page.0.receive(r#"42["n",3]"#);
    let mut third = client.on::<u32>("n");
    assert!(ready(&mut third).is_pending());
    page.0.receive(r#"42["n",4]"#);
    assert_eq!(take(&mut third), Ok(4));
}

#[test]
fn loses_nothing_of_a_burst() {
    let page = Page::new();
    let client = connected(&page);
    let mut numbers = client.on::<u32>("n");
    for number in 0..10_000 {
        page.0.receive(&format!(r#"42["n",{number}]"#));
    }
    for number in 0..10_000 {
        assert_eq!(take(&mut numbers), Ok(number));
    }
    assert_eq!(ready(&mut numbers), Poll::Pending);
}
