//! Fields that may be of any JSON type: what is of the wrong type is named, not refused, so that one bad field makes one finding.

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A value as it was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Lenient<T> {
    /// The key is not there.
    #[default]
    Missing,
    /// The key is there with null.
    Null,
    /// As expected.
    Is(T),
    /// Of another type, which is named: "a number".
    Wrong(&'static str),
}

impl<T> Lenient<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// Which of the JSON types a Rust type is read from.
pub(crate) trait Shape {
    const OBJECT: bool = false;
    const ARRAY: bool = false;
    const NUMBER: bool = false;
    const BOOLEAN: bool = false;
}
impl Shape for f64 {
    const NUMBER: bool = true;
}
impl Shape for bool {
    const BOOLEAN: bool = true;
}
impl<T> Shape for Vec<T> {
    const ARRAY: bool = true;
}
impl<T: Shape> Shape for Box<T> {
    const OBJECT: bool = T::OBJECT;
    const ARRAY: bool = T::ARRAY;
    const NUMBER: bool = T::NUMBER;
    const BOOLEAN: bool = T::BOOLEAN;
}

struct LenientVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Shape> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + Shape> Visitor<'de> for LenientVisitor<T> {
    type Value = Lenient<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient::Null)
    }
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
        if T::BOOLEAN {
            T::deserialize(serde::de::value::BoolDeserializer::new(value)).map(Lenient::Is)
        } else {
            Ok(Lenient::Wrong("a boolean"))
        }
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        if T::NUMBER {
            T::deserialize(serde::de::value::F64Deserializer::new(value)).map(Lenient::Is)
        } else {
            Ok(Lenient::Wrong("a number"))
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "scores, weights and turn numbers are small")]
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "scores, weights and turn numbers are small")]
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        self.visit_f64(value as f64)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Lenient::Wrong("a string"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        if T::ARRAY {
            return T::deserialize(SeqAccessDeserializer::new(seq)).map(Lenient::Is);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::Wrong("an array"))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        if T::OBJECT {
            return T::deserialize(MapAccessDeserializer::new(map)).map(Lenient::Is);
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient::Wrong("an object"))
    }
}

/// Text, read from a string, from `{"content": text}` as early drafts wrote it, or from an array of `{"type": "text", "text": …}` parts.
pub(crate) type Text<'a> = Lenient<Cow<'a, str>>;

/// The name of the wrong type where a message has a part that is not text, such as an image.
pub(crate) const NOT_TEXT_PART: &str = "a part that is not text";

/// For `#[serde(deserialize_with)]`: [`Lenient`] cannot be implemented for borrowed text itself.
pub(crate) fn text<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
    deserializer.deserialize_any(TextVisitor { part: false })
}

struct TextVisitor {
    /// A part of a content list, whose text is under `text`; otherwise a text, or an object with it under `content`.
    part: bool,
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient::Null)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Lenient::Wrong("a boolean"))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Lenient::Wrong("a number"))
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Lenient::Wrong("a number"))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Lenient::Wrong("a number"))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(if self.part { Lenient::Wrong("a string") } else { Lenient::Is(Cow::Borrowed(value)) })
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
        self.visit_string(value.to_owned())
    }
    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(if self.part { Lenient::Wrong("a string") } else { Lenient::Is(Cow::Owned(value)) })
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let text_key = if self.part { "text" } else { "content" };
        let mut found = Lenient::Wrong("an object");
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == text_key {
                if let Plain(Some(value)) = map.next_value()? {
                    found = Lenient::Is(value);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut joined: Option<String> = None;
        let mut wrong = None;
        while let Some(Part(part)) = seq.next_element()? {
            match part {
                Lenient::Is(value) => joined.get_or_insert_default().push_str(&value),
                Lenient::Wrong("an object") => wrong = Some(NOT_TEXT_PART),
                _ => wrong = Some("an array"),
            }
        }
        Ok(match (wrong, joined) {
            (Some(wrong), _) => Lenient::Wrong(wrong),
            (None, Some(joined)) => Lenient::Is(Cow::Owned(joined)),
            (None, None) => Lenient::Wrong("an array"),
        })
    }
}

/// A string, or anything else without looking at it.
struct Plain<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Plain<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Plain(match text(deserializer)? {
            Lenient::Is(value) => Some(value),
            _ => None,
        }))
    }
}

/// One part of a message's content.
struct Part<'a>(Text<'a>);

impl<'de> Deserialize<'de> for Part<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor { part: true }).map(Part)
    }
}

/// What a text field holds when one only wants it where it is there and not blank.
pub(crate) fn filled<'t>(text: &'t Text<'_>) -> Option<&'t str> {
    text.get().map(|value| value.trim()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Row<'a> {
        #[serde(borrow, default, deserialize_with = "text")]
        t: Text<'a>,
        #[serde(default)]
        n: Lenient<f64>,
        #[serde(default)]
        v: Lenient<Vec<u8>>,
    }

    fn row(json: &str) -> Row<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn names_what_it_finds() {
        assert_eq!(row(r#"{"t":"plain"}"#).t, Lenient::Is(Cow::Borrowed("plain")));
        assert!(matches!(row(r#"{"t":"plain"}"#).t, Lenient::Is(Cow::Borrowed(_))), "not copied");
        assert_eq!(row(r#"{"t":"a\nb"}"#).t, Lenient::Is("a\nb".into()));
        assert_eq!(row(r#"{"t":null}"#).t, Lenient::Null);
        assert_eq!(row("{}").t, Lenient::Missing);
        assert_eq!(row(r#"{"t":-1}"#).t, Lenient::Wrong("a number"));
        assert_eq!(row(r#"{"t":{"x":[1]}}"#).t, Lenient::Wrong("an object"));
        assert_eq!(row(r#"{"t":{"x":[1],"content":"c"}}"#).t, Lenient::Is("c".into()));
        assert_eq!(row(r#"{"t":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#).t, Lenient::Is("ab".into()));
        assert_eq!(row(r#"{"t":[{"type":"image_url","image_url":{"url":"x"}}]}"#).t, Lenient::Wrong(NOT_TEXT_PART));
        assert_eq!(row(r#"{"t":["a"]}"#).t, Lenient::Wrong("an array"));
        assert_eq!(row(r#"{"t":[]}"#).t, Lenient::Wrong("an array"));
        assert_eq!(row(r#"{"n":3}"#).n, Lenient::Is(3.0));
        assert_eq!(row(r#"{"n":"3"}"#).n, Lenient::Wrong("a string"));
        assert_eq!(row(r#"{"v":[1,2]}"#).v, Lenient::Is(vec![1, 2]));
        assert_eq!(row(r#"{"v":{"a":{}}}"#).v, Lenient::Wrong("an object"));
    }
}
