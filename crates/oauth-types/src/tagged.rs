//! Reads what is one of several things, by the word in its member `do`.
//!
//! serde lets further members pass beside a word that stands for something without members of its own, also where it is
//! told to deny what is not known.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The members as they are, if there is none beside one of these words.
pub(crate) fn read<'de, D: Deserializer<'de>>(source: D, alone: &[&str]) -> Result<Value, D::Error> {
    let members = Map::deserialize(source)?;
    let word = members.get("do").and_then(Value::as_str);
    match members.keys().find(|name| *name != "do") {
        Some(further) if word.is_some_and(|word| alone.contains(&word)) => {
            Err(D::Error::custom(format!("unknown field `{further}`, expected `do`")))
        }
        _ => Ok(members.into()),
    }
}
