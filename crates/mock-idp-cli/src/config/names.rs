//! Words of a configuration that are one of a few: profiles, algorithms, switches, amounts and documents.

use mock_idp::Profile;
use oauth_types::Algorithm;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::problem::one_of;

/// The name of a switch of a document.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SwitchName(String);

/// The name of a document that can be left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct DocumentName(String);

/// The name of an amount of a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct AmountName(String);

fn switches() -> Vec<&'static str> {
    mock_idp::switches().iter().map(|switch| switch.name).collect()
}

fn amounts() -> Vec<&'static str> {
    mock_idp::amounts().iter().map(|amount| amount.name).collect()
}

/// A word, if it is known. What was said is not repeated.
fn known(word: String, what: &str, known: &[&str]) -> Result<String, String> {
    match known.contains(&word.as_str()) {
        true => Ok(word),
        false => Err(format!("there is no such {what}; {}", one_of(&word, known))),
    }
}

impl TryFrom<String> for SwitchName {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        known(word, "switch", &switches()).map(Self)
    }
}

impl TryFrom<String> for DocumentName {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        known(word, "document that can be left out", &mock_idp::optional_documents()).map(Self)
    }
}

impl TryFrom<String> for AmountName {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        known(word, "amount", &amounts()).map(Self)
    }
}

impl From<&'static str> for SwitchName {
    /// A switch that is known to be there.
    fn from(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

impl From<SwitchName> for String {
    fn from(name: SwitchName) -> Self {
        name.0
    }
}

impl From<DocumentName> for String {
    fn from(name: DocumentName) -> Self {
        name.0
    }
}

impl From<AmountName> for String {
    fn from(name: AmountName) -> Self {
        name.0
    }
}

impl JsonSchema for SwitchName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SwitchName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        words(&switches())
    }
}

impl JsonSchema for DocumentName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DocumentName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        words(&mock_idp::optional_documents())
    }
}

fn words(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

fn optional(words: &[&str]) -> Schema {
    let words: Vec<Value> = words.iter().map(|word| Value::from(*word)).chain([Value::Null]).collect();
    json_schema!({ "type": ["string", "null"], "enum": words })
}

pub(super) fn amounts_schema(_: &mut SchemaGenerator) -> Schema {
    let of = |amount: &mock_idp::Amount| {
        let schema = json_schema!({
            "type": "integer", "minimum": 0, "description": amount.says, "default": amount.default,
        });
        (amount.name.to_owned(), schema.to_value())
    };
    let members: Map<String, Value> = mock_idp::amounts().into_iter().map(of).collect();
    json_schema!({ "type": "object", "properties": members, "additionalProperties": false })
}

fn profile_names() -> Vec<&'static str> {
    Profile::ALL.iter().map(|profile| profile.name()).collect()
}

pub(super) fn profile_schema(_: &mut SchemaGenerator) -> Schema {
    optional(&profile_names())
}

fn algorithms() -> Vec<&'static str> {
    Algorithm::SIGNING.iter().map(|known| known.as_str()).collect()
}

pub(super) fn signing_schema(_: &mut SchemaGenerator) -> Schema {
    optional(&algorithms())
}

/// A profile by its name.
pub(crate) fn profile(name: &str) -> Result<Profile, String> {
    Profile::named(name).ok_or_else(|| format!("there is no such profile; {}", one_of(name, &profile_names())))
}

/// An algorithm that this server has a key for.
pub(crate) fn signing(name: &str) -> Result<Algorithm, String> {
    match Algorithm::from_wire(name) {
        Some(known) if Algorithm::SIGNING.contains(&known) => Ok(known),
        Some(known) => {
            Err(format!("{known} has no private key to sign with; say one of {}", algorithms().join(", ")))
        }
        None => Err(format!("there is no such algorithm; {}", one_of(name, &algorithms()))),
    }
}

pub(super) fn read_profile<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Profile>, D::Error> {
    let name = Option::<String>::deserialize(source)?;
    name.map(|name| profile(&name).map_err(D::Error::custom)).transpose()
}

pub(super) fn read_signing<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Algorithm>, D::Error> {
    let name = Option::<String>::deserialize(source)?;
    name.map(|name| signing(&name).map_err(D::Error::custom)).transpose()
}
