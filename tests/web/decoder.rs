//! The decoder that is exported: packets of frames, errors in the words of the official parser.

use js_sys::JSON;
use sockeye::web::JsDecoder;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::engine_bench::{blob_of, count_up};

#[wasm_bindgen(module = "/tests/web/decoder.js")]
extern "C" {
    /// JSON in which bytes are written as `<1 2 3>`.
    fn write(value: &JsValue) -> String;
    /// Whether no prototype was touched.
    #[wasm_bindgen(js_name = hasCleanPrototypes)]
    fn has_clean_prototypes() -> bool;
}

fn decoder() -> JsDecoder {
    JsDecoder::new(64)
}

fn add(decoder: &JsDecoder, frame: &str) -> String {
    write(&decoder.add(JsValue::from(frame)))
}

/// What a new decoder says of a frame.
fn read(frame: &str) -> String {
    add(&decoder(), frame)
}

#[test]
fn reads_each_type_of_packet() {
    let cases = [
        ("0", r#"{"type":0,"nsp":"/"}"#),
        (r#"0/a,{"sid":"x"}"#, r#"{"type":0,"nsp":"/a","data":{"sid":"x"}}"#),
        ("1", r#"{"type":1,"nsp":"/"}"#),
        ("1/a,", r#"{"type":1,"nsp":"/a"}"#),
        (r#"2["a",1]"#, r#"{"type":2,"nsp":"/","data":["a",1]}"#),
        (r#"2["a",1] "#, r#"{"type":2,"nsp":"/","data":["a",1]}"#),
        ("2[7]", r#"{"type":2,"nsp":"/","data":[7]}"#),
        (r#"2/a,["a"]"#, r#"{"type":2,"nsp":"/a","data":["a"]}"#),
        (r#"2/a,17["a"]"#, r#"{"type":2,"nsp":"/a","id":17,"data":["a"]}"#),
        (r#"20["a"]"#, r#"{"type":2,"nsp":"/","id":0,"data":["a"]}"#),
        ("39007199254740991[]", r#"{"type":3,"nsp":"/","id":9007199254740991,"data":[]}"#),
        ("4", r#"{"type":4,"nsp":"/"}"#),
        (r#"4/a,{"message":"no"}"#, r#"{"type":4,"nsp":"/a","data":{"message":"no"}}"#),
        (r#"4"no""#, r#"{"type":4,"nsp":"/","data":"no"}"#),
    ];
    for (frame, packet) in cases {
        assert_eq!(read(frame), packet, "{frame}");
    }
}

#[test]
fn says_what_the_official_parser_says() {
    let cases = [
        ("", "unknown packet type NaN"),
        ("9", "unknown packet type 9"),
        ("x", "unknown packet type NaN"),
        ("2", "invalid payload"),
        ("2{}", "invalid payload"),
        ("2[]", "invalid payload"),
        ("2[null]", "invalid payload"),
        (r#"2["a""#, "invalid payload"),
        (r#"2["a"]x"#, "invalid payload"),
        (r#"2["connect"]"#, "invalid payload"),
        (r#"2["disconnecting",1]"#, "invalid payload"),
        (r#"2["\u0063onnect"]"#, "invalid payload"),
        ("0[]", "invalid payload"),
        ("1{}", "invalid payload"),
        ("4null", "invalid payload"),
        ("31{}", "invalid payload"),
        ("5-[]", "Illegal attachments"),
        ("50-[]", "Illegal attachments"),
        ("51e0-[]", "Illegal attachments"),
    ];
    for (frame, message) in cases {
        assert_eq!(read(frame), format!("\"{message}\""), "{frame}");
    }
}

#[test]
fn agrees_with_itself_on_the_short_and_the_long_way() {
    // A namespace that is written out takes the long way.
    for rest in [
        r#"["a"]"#,
        r#"["a",{"b":[1,2]}]"#,
        r#"["connect"]"#,
        r#"["a""#,
        r#"["a"],"#,
        r#"["a\"b"]"#,
        r#"["\u0061"]"#,
        r#"["",1]"#,
        r#"["__proto__",{"__proto__":1}]"#,
        r#"["a" , 1 ]"#,
        r#"["a"]x"#,
    ] {
        assert_eq!(read(&format!("2{rest}")), read(&format!("2/,{rest}")), "{rest}");
    }
}

#[test]
fn puts_attachments_in_their_places() {
    let decoder = decoder();
    let frame =
        r#"52-/a,3["e",{"_placeholder":true,"num":1},{"deep":[{"_placeholder":true,"num":0}]}]"#;
    assert_eq!(add(&decoder, frame), "undefined");
    assert_eq!(write(&decoder.add(count_up(3).into())), "undefined");
    let packet = r#"{"type":2,"nsp":"/a","id":3,"data":["e","<0 1>",{"deep":["<0 1 2>"]}]}"#;
    assert_eq!(write(&decoder.add(count_up(2).into())), packet);
    assert_eq!(add(&decoder, r#"61-7[{"_placeholder":true,"num":0}]"#), "undefined");
    let packet = r#"{"type":3,"nsp":"/","id":7,"data":["Blob(4)"]}"#;
    assert_eq!(write(&decoder.add(blob_of(&count_up(4)))), packet);
    assert_eq!(add(&decoder, r#"2["after"]"#), r#"{"type":2,"nsp":"/","data":["after"]}"#);
}

#[test]
fn refuses_frames_in_the_wrong_order() {
    let text = r#""got plaintext data when reconstructing a packet""#;
    let bytes = r#""got binary data when not reconstructing a packet""#;
    let waiting = decoder();
    add(&waiting, r#"51-["e",{"_placeholder":true,"num":0}]"#);
    assert_eq!(add(&waiting, r#"2["short"]"#), text);
    assert_eq!(add(&waiting, r#"21["long"]"#), text);
    assert_eq!(write(&decoder().add(count_up(1).into())), bytes);
    for odd in [JsValue::NULL, JsValue::UNDEFINED, JsValue::from(7), JsValue::TRUE] {
        assert_eq!(write(&decoder().add(odd)), "\"Unknown type\"");
    }
}

#[test]
fn refuses_placeholders_that_name_no_attachment() {
    for num in [r#""splice""#, r#""__proto__""#, r#""0""#, "-1", "1", "1e400", "null", "[0]", "0.5"]
    {
        let decoder = decoder();
        add(&decoder, &format!(r#"51-["e",{{"_placeholder":true,"num":{num}}}]"#));
        let message = write(&decoder.add(count_up(1).into()));
        assert_eq!(message, "\"illegal attachments\"", "{num}");
    }
    let decoder = decoder();
    add(&decoder, r#"51-["e",{"__proto__":{"_placeholder":true,"num":0}}]"#);
    let packet = decoder.add(count_up(1).into());
    let written = String::from(JSON::stringify(&packet).unwrap());
    assert_eq!(written, r#"{"type":2,"nsp":"/","data":["e",{"__proto__":{}}]}"#);
    assert!(has_clean_prototypes());
}

#[test]
fn drops_what_is_over_a_limit_and_reads_on() {
    let decoder = JsDecoder::new(2);
    let dropped = r#"{"dropped":"too many","nsp":"/a"}"#;
    assert_eq!(add(&decoder, r#"53-/a,["e"]"#), dropped);
    for _ in 0..3 {
        assert_eq!(write(&decoder.add(count_up(1).into())), "undefined");
    }
    let dropped = r#"{"dropped":"too many","nsp":"/","id":5}"#;
    assert_eq!(add(&decoder, "63-5[]"), dropped);
    for _ in 0..3 {
        decoder.add(count_up(1).into());
    }
    assert_eq!(add(&decoder, r#"2["after"]"#), r#"{"type":2,"nsp":"/","data":["after"]}"#);
}
