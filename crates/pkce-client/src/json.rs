//! JSON as it arrives from a server: no duplicate members, bounded depth, nothing after the end.
//!
//! RFC 8259 §4 leaves the meaning of duplicate member names open, so whoever signed, logged or checked the text
//! may have read another value than we would. They are refused at every level.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deeply arrays and objects may be nested.
const MAX_DEPTH: usize = 32;

/// Why a text is not acceptable JSON. The text itself is never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// It is not JSON (RFC 8259).
    #[error("it is not JSON")]
    Malformed,
    /// It is JSON, but not an object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// An object has two members of the same name.
    #[error("an object has two members of the same name")]
    DuplicateMember,
    /// Arrays or objects are nested deeper than 32 levels.
    #[error("it is nested too deeply")]
    TooDeep,
}

/// Reads one JSON object.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let defect = Cell::new(JsonError::Malformed);
    let mut source = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: 0, defect: &defect }.deserialize(&mut source).map_err(|_| defect.get())?;
    source.end().map_err(|_| JsonError::Malformed)?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Builds a value and remembers what was wrong with it.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    defect: &'a Cell<JsonError>,
}

impl Strict<'_> {
    /// The same, one level deeper.
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail(JsonError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn fail<E: serde::de::Error>(self, defect: JsonError) -> E {
        self.defect.set(defect);
        E::custom(defect)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom(JsonError::Malformed))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(inside)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut members = Map::new();
        while let Some(name) = source.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(self.fail(JsonError::DuplicateMember));
            }
            let value = source.next_value_seed(inside)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = br#"{"a":[1,-2,1.5,"x",null,true,{"b":{}}]}"#;
        let members = object(text).expect("an object");
        assert_eq!(Value::Object(members), json!({"a": [1, -2, 1.5, "x", null, true, {"b": {}}]}));
    }

    #[test]
    fn duplicate_members_are_refused_at_every_level() {
        assert_eq!(object(br#"{"a":1,"a":1}"#), Err(JsonError::DuplicateMember));
        assert_eq!(object(br#"{"a":1,"\u0061":1}"#), Err(JsonError::DuplicateMember));
        assert_eq!(object(br#"{"x":[{"a":1,"a":2}]}"#), Err(JsonError::DuplicateMember));
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(object(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
        assert_eq!(object(nested(MAX_DEPTH).as_bytes()), Err(JsonError::TooDeep));
        assert_eq!(object(nested(100_000).as_bytes()), Err(JsonError::TooDeep));
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        for text in ["", "{", "{}x", "{} {}", "\u{feff}{}", "{\"a\":NaN}", "{\"a\":1e400}", "{'a':1}"] {
            assert_eq!(object(text.as_bytes()), Err(JsonError::Malformed), "{text}");
        }
        assert_eq!(object(b"[]"), Err(JsonError::NotAnObject));
        assert_eq!(object(b"\"a\""), Err(JsonError::NotAnObject));
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(JsonError::Malformed));
    }

    proptest! {
        #[test]
        fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = object(&octets);
        }
    }
}
