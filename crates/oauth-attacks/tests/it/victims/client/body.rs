//! Bodies: how much of one is read, and what is taken for JSON.

use std::fmt;

use oauth_attacks::Rejected;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{Defence, Victim};

/// How long a body may be, in octets.
const LIMIT: usize = 1 << 20;

impl Victim {
    pub(super) async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, Rejected> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| Rejected::new("no answer"))? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT && self.on(Defence::AnswersBounded) {
                return Err(Rejected::new("an answer that is too long"));
            }
        }
        Ok(body)
    }

    /// A body as JSON, or null.
    pub(super) fn parse(&self, body: &[u8]) -> Value {
        if !self.on(Defence::JsonReadWhole) {
            let mut values = serde_json::Deserializer::from_slice(body).into_iter();
            return values
                .next()
                .and_then(Result::ok)
                .map_or(Value::Null, |Distinct(members)| Value::Object(members));
        }
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        match value.is_object() && self.on(Defence::MembersRepeatedRefused) {
            true => serde_json::from_slice(body).map_or(Value::Null, |Distinct(members)| Value::Object(members)),
            false => value,
        }
    }
}

/// The members of an object that has no two of one name.
struct Distinct(Map<String, Value>);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Distinct;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Distinct, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = source.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("two members of one name"));
                    }
                }
                Ok(Distinct(members))
            }
        }
        source.deserialize_map(Members)
    }
}
