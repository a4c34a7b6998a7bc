//! The entries of an object and the elements of an array as they stand in the file, so that what is not touched stays byte for byte.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A text, borrowed where it has no escapes.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(Visit)
    }
}

/// The entries of an object in their order, values as they stand.
pub(crate) struct Fields<'a>(pub(crate) Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl<'de> Visitor<'de> for Visit {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(key), value)) = map.next_entry::<Text, &RawValue>()? {
                    fields.push((key, Cow::Borrowed(value.get())));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visit)
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn of(raw: &'a str) -> Option<Self> {
        serde_json::from_str(raw).ok()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_ref())
    }

    /// Sets the value of a key that is there, or adds it at the end.
    pub(crate) fn set(&mut self, key: &'static str, value: String) {
        match self.0.iter_mut().find(|(own, _)| own == key) {
            Some((_, old)) => *old = Cow::Owned(value),
            None => self.0.push((Cow::Borrowed(key), Cow::Owned(value))),
        }
    }

    pub(crate) fn write(&self) -> String {
        let entry = |(key, value): &(Cow<str>, Cow<str>)| format!("{}:{value}", serde_json::Value::from(key.as_ref()));
        format!("{{{}}}", self.0.iter().map(entry).collect::<Vec<_>>().join(","))
    }
}

/// The elements of an array as they stand.
pub(crate) fn elements(raw: &str) -> Option<Vec<&str>> {
    let list: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
    Some(list.into_iter().map(RawValue::get).collect())
}

/// Valid JSON without the blanks between its parts, so that it fits on one line.
pub(crate) fn compact(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut line = String::with_capacity(raw.len());
    let (mut kept, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = (crate::depth::text_end(bytes, at + 1) + 1).min(bytes.len()),
            byte if byte.is_ascii_whitespace() => {
                line.push_str(&raw[kept..at]);
                at += 1;
                kept = at;
            }
            _ => at += 1,
        }
    }
    line.push_str(&raw[kept..]);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order() {
        let mut fields = Fields::of(r#"{"b": [1, 2], "a\"": {"x": null}}"#).unwrap();
        assert_eq!(elements(fields.get("b").unwrap()).unwrap(), ["1", "2"]);
        fields.set("b", "[3]".to_owned());
        fields.set("c", "4".to_owned());
        assert_eq!(fields.write(), r#"{"b":[3],"a\"":{"x": null},"c":4}"#);
    }

    #[test]
    fn compact_json_has_the_same_texts() {
        assert_eq!(compact("{ \"a b\" :\n [ 1 , \"x \\\" y\" ]\r\n}"), r#"{"a b":[1,"x \" y"]}"#);
    }
}
