//! How a fault is written down: in full, or by the name it has in the catalogue.

use serde::Deserialize;

use super::{Edit, Fault, Point, When, catalogue};

/// Either of the two ways, before it is known which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    named: Option<String>,
    at: Option<Point>,
    when: Option<When>,
    edit: Option<Vec<Edit>>,
}

/// Why what was written is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unwritten {
    /// There is no fault of this name.
    #[error("there is no fault named {name:?}{}", likes(.like))]
    Unknown {
        /// The name.
        name: String,
        /// Names like it.
        like: Vec<&'static str>,
    },
    /// Both ways at once.
    #[error("a fault has either `named` or `edit`: not both")]
    Both,
    /// Neither way.
    #[error("missing field `edit`: a fault has `at` and `edit`, or `named`")]
    NoEdit,
    /// It does not say where.
    #[error("missing field `at`: a fault has `at` and `edit`, or `named`")]
    NoPoint,
}

fn likes(like: &[&str]) -> String {
    if like.is_empty() { String::new() } else { format!("; did you mean {}?", like.join(", ")) }
}

impl TryFrom<Written> for Fault {
    type Error = Unwritten;

    fn try_from(Written { named, at, when, edit }: Written) -> Result<Self, Unwritten> {
        let when = when.unwrap_or_default();
        let name = match (named, edit) {
            (Some(_), Some(_)) => return Err(Unwritten::Both),
            (None, None) => return Err(Unwritten::NoEdit),
            (None, Some(edit)) => return Ok(Self { at: at.ok_or(Unwritten::NoPoint)?, when, edit }),
            (Some(name), None) => name,
        };
        let Some(named) = catalogue::find(&name) else {
            let like = catalogue::like(&name);
            return Err(Unwritten::Unknown { name, like });
        };
        let usual = named.fault();
        Ok(Self { at: at.unwrap_or(usual.at), when: when.or(usual.when), edit: usual.edit })
    }
}

impl When {
    /// What this does not narrow down, `other` does.
    fn or(self, other: Self) -> Self {
        Self {
            skip: if self.skip == 0 { other.skip } else { self.skip },
            times: self.times.or(other.times),
            client_id: self.client_id.or(other.client_id),
            grant_type: self.grant_type.or(other.grant_type),
        }
    }
}

/// The schema of both ways.
#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::super::catalogue;
    use super::{Edit, Fault, Point, When};

    impl JsonSchema for Fault {
        fn schema_name() -> Cow<'static, str> {
            "Fault".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let names: Vec<&str> = catalogue::all().map(|named| named.name).collect();
            let at = generator.subschema_for::<Point>();
            let when = generator.subschema_for::<Option<When>>();
            let edit = generator.subschema_for::<Vec<Edit>>();
            json_schema!({
                "description": "One deliberate misbehaviour of the mock server: in full, or by its name.",
                "oneOf": [
                    {
                        "type": "object",
                        "description": "Where it acts, on which of the matching responses, and what it does there, in order.",
                        "properties": { "at": at, "when": when, "edit": edit },
                        "required": ["at", "edit"],
                        "additionalProperties": false,
                    },
                    {
                        "type": "object",
                        "description": "A fault of the catalogue; `at` moves it elsewhere.",
                        "properties": {
                            "named": { "type": "string", "enum": names },
                            "at": generator.subschema_for::<Option<Point>>(),
                            "when": generator.subschema_for::<Option<When>>(),
                        },
                        "required": ["named"],
                        "additionalProperties": false,
                    },
                ],
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Fault, String> {
        serde_json::from_str(text).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn a_name_is_enough() {
        assert_eq!(read(r#"{"named": "invalid-iss"}"#), Ok(catalogue::INVALID_ISS.fault()));
        let moved = read(r#"{"named": "invalid-iss", "at": "logout_token"}"#);
        assert_eq!(moved, Ok(catalogue::INVALID_ISS.at(Point::LogoutToken)));
        let narrowed = read(r#"{"named": "refresh-token-invalid-sub", "when": {"client_id": "web", "skip": 2}}"#);
        let mut fault = catalogue::REFRESH_TOKEN_INVALID_SUB.fault().for_client("web");
        fault.when.skip = 2;
        assert_eq!(narrowed, Ok(fault), "what the name narrows down stays so");
    }

    #[test]
    fn every_named_fault_is_written_in_full_and_read_again() {
        for named in catalogue::all() {
            let text = serde_json::to_string(&named.fault()).expect("JSON");
            assert_eq!(read(&text), Ok(named.fault()), "{}", named.name);
        }
    }

    #[cfg(feature = "schema")]
    #[test]
    fn the_schema_knows_both_ways_and_every_name() {
        let schema = schemars::schema_for!(Fault).to_value();
        let ways = schema["oneOf"].as_array().expect("two ways");
        let required: Vec<_> = ways.iter().map(|way| way["required"].clone()).collect();
        assert_eq!(required, [serde_json::json!(["at", "edit"]), serde_json::json!(["named"])]);
        let names = ways[1]["properties"]["named"]["enum"].as_array().expect("names");
        assert_eq!(names.len(), catalogue::all().count());
        assert!(ways.iter().all(|way| way["additionalProperties"] == false));
    }

    #[test]
    fn what_is_no_fault_is_said_precisely() {
        for (text, why) in [
            (
                r#"{"named": "invalid-issuer"}"#,
                r#"there is no fault named "invalid-issuer"; did you mean invalid-iss"#,
            ),
            (r#"{"named": "%"}"#, r#"there is no fault named "%""#),
            (r#"{"named": "invalid-iss", "edit": []}"#, "a fault has either `named` or `edit`: not both"),
            (r#"{"at": "jwks"}"#, "missing field `edit`"),
            (r#"{"edit": []}"#, "missing field `at`"),
            (r#"{"naked": "invalid-iss"}"#, "unknown field `naked`"),
            (r#"{"named": "invalid-iss", "at": "moon"}"#, "unknown variant `moon`"),
            (r#"{"named": 1}"#, "invalid type: integer `1`"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(why), "{error}");
        }
    }
}
