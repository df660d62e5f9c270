//! JSON texts, written piece by piece.

use core::time::Duration;

use crate::decimal::decimal;
use crate::time::whole_micros;

/// A JSON text that grows. Commas come by themselves.
///
/// ```
/// use sockeye::client::json::Json;
///
/// let mut json = Json::default();
/// json.object(|json| {
///     json.field("name").string("a \"b\"");
///     json.field("items").array(|json| {
///         json.number(1).number(2);
///     });
/// });
/// assert_eq!(json.into_text(), r#"{"name":"a \"b\"","items":[1,2]}"#);
/// ```
#[derive(Debug, Default)]
pub struct Json {
    text: String,
    /// Whether a comma has to come before the next value.
    follows: bool,
}

impl Json {
    /// Returns what was written.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Writes an object, whose fields `write` writes.
    pub fn object(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.nested('{', write, '}')
    }

    /// Writes an array, whose items `write` writes.
    pub fn array(&mut self, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.nested('[', write, ']')
    }

    /// Writes the name of a field, whose value comes next.
    pub fn field(&mut self, name: &str) -> &mut Self {
        self.string(name);
        self.text.push(':');
        self.follows = false;
        self
    }

    /// Writes a string.
    pub fn string(&mut self, string: &str) -> &mut Self {
        self.separate();
        self.text.push('"');
        for character in string.chars() {
            self.push_escaped(character);
        }
        self.text.push('"');
        self
    }

    /// Writes a whole number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.raw(&decimal(number))
    }

    /// Writes a time in whole milliseconds.
    pub fn millis(&mut self, time: Duration) -> &mut Self {
        self.number(whole_micros(time) / 1_000)
    }

    /// Writes `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    /// Writes what is JSON already.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.separate();
        self.text.push_str(json);
        self
    }

    fn nested(&mut self, open: char, write: impl FnOnce(&mut Self), close: char) -> &mut Self {
        self.separate();
        self.text.push(open);
        self.follows = false;
        write(self);
        self.text.push(close);
        self.follows = true;
        self
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.follows, true) {
            self.text.push(',');
        }
    }

    fn push_escaped(&mut self, character: char) {
        match character {
            '"' | '\\' => self.text.extend(['\\', character]),
            '\0'..='\x1f' => {
                self.text.push_str("\\u00");
                let code = character as u32;
                let digit = |digit| char::from_digit(digit, 16).unwrap_or('0');
                self.text.extend([code >> 4, code & 15].map(digit));
            }
            _ => self.text.push(character),
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn separates_items_and_fields() {
        let mut json = Json::default();
        json.array(|json| {
            json.object(|_| {}).array(|_| {}).bool(true).raw("null");
            json.object(|json| {
                json.field("a").number(u64::MAX);
                json.field("b").millis(Duration::from_micros(1_999));
            });
        });
        assert_eq!(json.into_text(), r#"[{},[],true,null,{"a":18446744073709551615,"b":1}]"#);
    }

    proptest! {
        #[test]
        fn writes_strings_that_read_back(string: String) {
            let mut json = Json::default();
            json.string(&string);
            let read: String = serde_json::from_str(&json.into_text()).unwrap();
            prop_assert_eq!(read, string);
        }
    }
}
