//! The export for programs that speak Socket.IO themselves: the grammar of its packets.

use std::cell::RefCell;

use js_sys::{JsString, Map, Reflect};
use wasm_bindgen::prelude::*;

use crate::host::Host;
use crate::socketio::{DecodeError, Decoded, Decoder, DecoderLimits, Dropped, Packet, PacketType};
use crate::time::Instant;
use crate::web::host::JsHost;
use crate::web::run_loop::now;

#[wasm_bindgen(module = "/src/web/shim.js")]
extern "C" {
    #[wasm_bindgen(js_name = readEvent)]
    fn read_event(frame: &JsString) -> JsValue;

    #[wasm_bindgen(js_name = toPacket)]
    fn to_packet(packet_type: u8, namespace: &str, id: Option<f64>, data: JsValue) -> JsValue;

    #[wasm_bindgen(js_name = toDropped)]
    fn to_dropped(reason: &str, namespace: &str, id: Option<f64>) -> JsValue;
}

/// Puts packets and their attachments together, as JavaScript sees it.
#[wasm_bindgen(js_name = Decoder)]
pub struct JsDecoder {
    decoder: RefCell<Decoder<JsHost>>,
    host: JsHost,
}

#[wasm_bindgen(js_class = Decoder)]
impl JsDecoder {
    /// Makes a decoder that takes packets with at most so many attachments.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(max_attachments: u32) -> Self {
        let limits = DecoderLimits { attachments: max_attachments, ..DecoderLimits::default() };
        Self { decoder: RefCell::new(Decoder::new(limits)), host: JsHost { names: any_name() } }
    }

    /// Takes a frame. Returns the packet that it completes, one that it makes too large and so drops,
    /// the message of an error, or nothing.
    pub fn add(&self, frame: JsValue) -> JsValue {
        match frame.dyn_into::<JsString>() {
            Ok(text) => self.add_text(&text),
            Err(bytes) if bytes.is_object() => self.add_bytes(bytes),
            Err(_) => JsValue::from("Unknown type"),
        }
    }
}

impl JsDecoder {
    fn add_text(&self, text: &JsString) -> JsValue {
        let mut decoder = self.decoder.borrow_mut();
        if decoder.expect_text().is_ok() {
            let event = read_event(text);
            if !event.is_undefined() {
                return event;
            }
        }
        match decoder.decode(&self.host, text, 0, now()) {
            Ok(decoded) => to_js(decoded),
            Err(error) => JsValue::from(self.message_of(error, text)),
        }
    }

    fn add_bytes(&self, bytes: JsValue) -> JsValue {
        let mut decoder = self.decoder.borrow_mut();
        let expired = self.expire(&mut decoder, now());
        match decoder.attach(&self.host, bytes) {
            Ok(Decoded::Incomplete) => expired.unwrap_or(JsValue::UNDEFINED),
            Ok(decoded) => to_js(decoded),
            Err(error) => JsValue::from(message_of(error)),
        }
    }

    /// There is no timer here: an attachment that comes too late tells that time is over.
    fn expire(&self, decoder: &mut Decoder<JsHost>, now: Instant) -> Option<JsValue> {
        decoder.expire(&self.host, now).map(dropped_to_js)
    }

    /// The type that nobody knows is part of the message, as a number.
    fn message_of(&self, error: DecodeError, text: &JsString) -> String {
        let mut message = message_of(error).to_owned();
        if error == DecodeError::PacketType {
            let digit = self.host.slice(text, 0, 1).filter(|first| first.parse::<u8>().is_ok());
            message += digit.as_deref().unwrap_or("NaN");
        }
        message
    }
}

/// The table of names of somebody who listens to every event.
fn any_name() -> Map {
    let names = Map::new();
    // A new object takes every field.
    let _ = Reflect::set(&names, &JsValue::from("any"), &JsValue::from(0));
    names
}

fn to_js(decoded: Decoded<JsHost>) -> JsValue {
    match decoded {
        Decoded::Packet { namespace, packet, .. } => packet_to_js(&namespace, packet),
        Decoded::Incomplete => JsValue::UNDEFINED,
        Decoded::Dropped(dropped) => dropped_to_js(dropped),
    }
}

fn packet_to_js(namespace: &str, packet: Packet<JsHost>) -> JsValue {
    let data_of = |data: Option<JsValue>| data.unwrap_or(JsValue::UNDEFINED);
    let (packet_type, id, data) = match packet {
        Packet::Connect { data } => (PacketType::Connect, None, data_of(data)),
        Packet::Disconnect => (PacketType::Disconnect, None, JsValue::UNDEFINED),
        Packet::Event { arguments, ack_id, .. } => (PacketType::Event, ack_id, arguments),
        Packet::Ack { ack_id, arguments } => (PacketType::Ack, Some(ack_id), arguments),
        Packet::ConnectError { data } => (PacketType::ConnectError, None, data_of(data)),
        // Every event has a listener here.
        Packet::Unheard { .. } => return JsValue::UNDEFINED,
    };
    let number = packet_type.encode() as u8 - b'0';
    to_packet(number, namespace, id.map(|id| id as f64), data)
}

fn dropped_to_js(Dropped { namespace, excess, answers, .. }: Dropped<JsHost>) -> JsValue {
    to_dropped(excess.detail(), &namespace, answers.map(|id| id as f64))
}

/// What socket.io-parser says of the same, where it says something.
fn message_of(error: DecodeError) -> &'static str {
    match error {
        DecodeError::PacketType => "unknown packet type ",
        DecodeError::AttachmentCount => "Illegal attachments",
        DecodeError::Namespace => "illegal namespace",
        DecodeError::AckId => "illegal id",
        DecodeError::Payload | DecodeError::ReservedEvent => "invalid payload",
        DecodeError::Placeholder => "illegal attachments",
        DecodeError::UnexpectedText => "got plaintext data when reconstructing a packet",
        DecodeError::UnexpectedBinary => "got binary data when not reconstructing a packet",
    }
}
