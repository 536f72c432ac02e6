//! The three segments of a token (RFC 7515 section 7.1), and how carelessly they can be read.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use oauth_attacks::Rejected;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::victims::client::{Defence, Victim};

/// A token taken apart.
pub(in crate::victims::client) struct Segments<'a> {
    pub(in crate::victims::client) header: &'a str,
    pub(in crate::victims::client) payload: &'a str,
    pub(super) message: &'a str,
    pub(super) signature: String,
}

impl Victim {
    pub(in crate::victims::client) fn segments<'a>(&self, token: &'a str) -> Result<Segments<'a>, Rejected> {
        let segments: Vec<&str> = token.split('.').collect();
        let (header, payload, signature) = match segments[..] {
            [header, payload, signature] => (header, payload, signature),
            [header, payload] if !self.on(Defence::EmptySignatureWrong) => (header, payload, ""),
            [header, payload, signature, ..] if !self.on(Defence::CompactOnly) => (header, payload, signature),
            _ => return Err(Rejected::new("no JWT")),
        };
        let message = &token[..header.len() + 1 + payload.len()];
        let signature = if self.on(Defence::Base64Strict) { signature.to_owned() } else { respelt(signature) };
        Ok(Segments { header, payload, message, signature })
    }

    /// The JSON of a segment.
    pub(in crate::victims::client) fn part(&self, part: &str) -> Result<Value, Rejected> {
        if !self.on(Defence::LastMemberCounts) {
            let octets = URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejected::new("no JWT"))?;
            let FirstCounts(members) = serde_json::from_slice(&octets).map_err(|_| Rejected::new("no JWT"))?;
            return Ok(members.into());
        }
        if self.on(Defence::Base64Strict) { json(part) } else { json(&respelt(part)) }
    }
}

pub(super) fn json(part: &str) -> Result<Value, Rejected> {
    let octets = URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejected::new("no JWT"))?;
    serde_json::from_slice(&octets).map_err(|_| Rejected::new("no JWT"))
}

/// A token in flattened JSON (RFC 7515 section 7.2.2), as three segments.
pub(super) fn compact(members: &Map<String, Value>) -> String {
    let parts = ["protected", "payload", "signature"].map(|name| members.get(name).and_then(Value::as_str));
    parts.map(Option::unwrap_or_default).join(".")
}

/// A segment as it would have to be written, whatever else it is.
fn respelt(segment: &str) -> String {
    let plain = segment.replace("%3D", "").replace(['=', '\n', ' '], "").replace('+', "-").replace('/', "_");
    let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_encode_padding(false);
    let lenient = lenient.with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
    let octets = GeneralPurpose::new(&alphabet::URL_SAFE, lenient).decode(plain).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(octets)
}

/// An object of which the first member of each name counts.
struct FirstCounts(Map<String, Value>);

impl<'de> Deserialize<'de> for FirstCounts {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = FirstCounts;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<FirstCounts, A::Error> {
                let mut first = Map::new();
                while let Some((name, value)) = members.next_entry::<String, Value>()? {
                    first.entry(name).or_insert(value);
                }
                Ok(FirstCounts(first))
            }
        }
        source.deserialize_map(Members)
    }
}
