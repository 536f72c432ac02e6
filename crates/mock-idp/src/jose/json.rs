//! JSON as a stranger sends it: an object, and no name in it twice.
//!
//! RFC 7515 §4 and RFC 7519 §4 let a reader either refuse repeated names or take the last. Whoever wrote the token may
//! have meant the first, so they are refused at every level.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    Malformed,
    NotAnObject,
    Repeated,
}

/// The members of the one object that `text` is.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>, Defect> {
    let mut source = serde_json::Deserializer::from_slice(text);
    // Only what this file reports itself is an error of the data; everything else is one of the syntax.
    let defect = |error: serde_json::Error| if error.is_data() { Defect::Repeated } else { Defect::Malformed };
    let value = Unrepeated.deserialize(&mut source).map_err(defect)?;
    source.end().map_err(defect)?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(Defect::NotAnObject),
    }
}

/// Builds a value in which no object has two members of one name.
struct Unrepeated;

impl<'de> DeserializeSeed<'de> for Unrepeated {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unrepeated {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = source.next_key::<String>()? {
            let value = source.next_value_seed(Self)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is repeated"));
            }
        }
        Ok(members.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,null,true,{"b":"c"}],"d":"\u0065"}"#;
        let members = object(text.as_bytes()).expect("an object");
        assert_eq!(Value::Object(members), serde_json::from_str::<Value>(text).expect("JSON"));
    }

    #[test]
    fn a_repeated_name_is_found_at_every_level() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"a":2}}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(object(text.as_bytes()), Err(Defect::Repeated), "{text}");
        }
    }

    #[test]
    fn anything_but_one_object_is_refused() {
        for text in ["", "{", "{}{}", "{'a':1}", "{\"a\":1e999}", &"[".repeat(1000), "{\"a\":\"\u{1}\"}"] {
            assert_eq!(object(text.as_bytes()), Err(Defect::Malformed), "{text}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(Defect::Malformed));
        for text in ["[]", "1", "null", "\"{}\""] {
            assert_eq!(object(text.as_bytes()), Err(Defect::NotAnObject), "{text}");
        }
    }
}
