//! The OpenAPI 3.1 document, and the JSON schemas of what calls are given and answer.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::call::{Call, Content, Parameter, ROOT, of};
use super::problem::{self, Said};
use super::{GROUPS, PREFIX, markdown};

/// Where the document has its schemas.
const SCHEMAS: &str = "#/components/schemas/";
const PROBLEM: &str = "application/problem+json";

/// The OpenAPI 3.1 document of the control API, as a server serves it at `/_control/openapi.json`.
pub fn openapi() -> Value {
    document().clone()
}

/// The document, made once: it is the same for every server.
pub(super) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut generator = generator();
        let mut paths: Map<String, Value> = Map::new();
        for group in GROUPS {
            for call in group.calls {
                let path = paths.entry(format!("{PREFIX}{}", call.path)).or_insert_with(|| json!({}));
                if let Some(path) = path.as_object_mut() {
                    let verb = call.verb.as_str().to_ascii_lowercase();
                    path.insert(verb, operation(call, group.name, &mut generator));
                }
            }
        }
        let tags: Vec<Value> =
            GROUPS.iter().map(|group| json!({ "name": group.name, "description": group.says })).collect();
        json!({
            "openapi": "3.1.1",
            "info": {
                "title": "mock-idp control API",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Everything that a test says to the mock authorization server: tenants, faults, barriers, \
                                clocks, people, keys, tokens, and what the journal has.",
                "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            },
            "servers": [{ "url": "/" }],
            "tags": tags,
            // Without a control token none is needed.
            "security": [{}, { "token": [] }],
            "paths": paths,
            "components": {
                "schemas": generator.take_definitions(true),
                "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            },
        })
    })
}

/// The name of every schema, in small letters with hyphens.
pub(super) fn schema_names() -> Vec<String> {
    schemas().keys().map(|name| hyphened(name)).collect()
}

/// The schema of this name, with all that it refers to.
pub(super) fn schema(name: &str) -> Option<Value> {
    let all = schemas();
    let (own, _) = all.iter().find(|(own, _)| own.as_str() == name || hyphened(own) == name)?;
    let mut needed = BTreeSet::from([own.as_str()]);
    let mut next = vec![own.as_str()];
    while let Some(name) = next.pop() {
        for further in all.get(name).into_iter().flat_map(references) {
            if needed.insert(further) {
                next.push(further);
            }
        }
    }
    let defs: Map<String, Value> =
        needed.iter().filter_map(|name| Some(((*name).to_owned(), moved(all.get(*name)?)))).collect();
    Some(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/$defs/{own}"),
        "$defs": defs,
    }))
}

fn schemas() -> &'static Map<String, Value> {
    static NONE: OnceLock<Map<String, Value>> = OnceLock::new();
    let schemas = document().pointer("/components/schemas").and_then(Value::as_object);
    schemas.unwrap_or_else(|| NONE.get_or_init(Map::new))
}

/// The names of the schemas that a schema refers to.
fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(SCHEMAS));
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// The schema, referring to others beside it.
fn moved(schema: &Value) -> Value {
    match schema {
        Value::String(text) => match text.strip_prefix(SCHEMAS) {
            Some(name) => format!("#/$defs/{name}").into(),
            None => schema.clone(),
        },
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), moved(value))).collect(),
        Value::Array(items) => items.iter().map(moved).collect(),
        other => other.clone(),
    }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator()
}

fn operation(call: &Call, tag: &str, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": call.id,
        "summary": call.says,
        "tags": [tag],
        "responses": responses(call, generator),
        "x-codeSamples": [{ "lang": "Shell", "source": markdown::shell(call) }],
    });
    let Some(members) = operation.as_object_mut() else { return operation };
    if !call.more.is_empty() {
        members.insert("description".to_owned(), call.more.into());
    }
    let named = call.names().map(named).chain(call.query.iter().map(|own| asked(own, generator)));
    let parameters: Vec<Value> = named.collect();
    if !parameters.is_empty() {
        members.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(shape) = call.body {
        let mut content = json!({ "schema": shape(generator) });
        let example = call.example.body.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let (Some(content), Some(example)) = (content.as_object_mut(), example) {
            content.insert("example".to_owned(), example);
        }
        members.insert(
            "requestBody".to_owned(),
            json!({ "required": true, "content": { "application/json": content } }),
        );
    }
    operation
}

/// A part of the path that has a name.
fn named(name: &str) -> Value {
    let (says, example) = match name {
        "tenant" => ("The name of a tenant; the one at the root is called `_root`.", ROOT),
        "client_id" => ("The identifier of a client.", "public"),
        "sub" => ("The identifier of a user.", "alice"),
        "id" => ("The id that was answered.", "1"),
        "name" => ("The name of a schema.", "scenario"),
        "kind" => ("The kind of a problem.", "unfit"),
        _ => ("Its id.", "1"),
    };
    json!({ "name": name, "in": "path", "required": true, "description": says,
            "schema": { "type": "string", "minLength": 1 }, "example": example })
}

fn asked(parameter: &Parameter, generator: &mut SchemaGenerator) -> Value {
    json!({ "name": parameter.name, "in": "query", "required": false, "description": parameter.says,
            "schema": (parameter.shape)(generator) })
}

fn responses(call: &Call, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut responses = Map::new();
    for answer in call.answers {
        let content = content(&answer.content, generator);
        let response = match &content {
            Some(content) => json!({ "description": answer.says, "content": content }),
            None => json!({ "description": answer.says }),
        };
        // One status may have answers of several media types.
        let there = responses.entry(answer.status.to_string()).or_insert(response);
        let there = there.get_mut("content").and_then(Value::as_object_mut);
        if let (Some(there), Some(further)) = (there, content) {
            there.extend(further);
        }
    }
    for status in refusals(call) {
        let titles = problem::KINDS.iter().filter(|kind| kind.status == status).map(|kind| kind.title);
        let says = titles.collect::<Vec<_>>().join("; ");
        let response = json!({ "description": says, "content": { PROBLEM: { "schema": of::<Said>(generator) } } });
        responses.entry(status.to_string()).or_insert(response);
    }
    responses
}

/// What an answer carries, by media type.
fn content(content: &Content, generator: &mut SchemaGenerator) -> Option<Map<String, Value>> {
    let of_kind = |kind: &str, schema: Value| Map::from_iter([(kind.to_owned(), json!({ "schema": schema }))]);
    match content {
        Content::Nothing => None,
        Content::Json(shape) => Some(of_kind("application/json", shape(generator).to_value())),
        Content::Text(kind) => Some(of_kind(bare(kind), json!({ "type": "string" }))),
        Content::Problem => Some(of_kind(PROBLEM, of::<Said>(generator).to_value())),
    }
}

/// The statuses of calls that are not in order.
pub(super) fn refusals(call: &Call) -> Vec<u16> {
    let mut statuses = vec![400, 401, 403];
    if call.path.contains('{') {
        statuses.push(404);
    }
    statuses.extend([408, 413]);
    if call.body.is_some() {
        statuses.extend([415, 422]);
    }
    statuses
}

/// A media type without its parameters.
fn bare(kind: &str) -> &str {
    kind.split(';').next().unwrap_or(kind)
}

/// `NextLogin` is `next-login`.
pub(super) fn hyphened(name: &str) -> String {
    name.char_indices().fold(String::new(), |mut text, (at, letter)| {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
        text
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::calls;
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        for name in references(document()) {
            assert!(schemas().contains_key(name), "{name}");
        }
        assert!(schemas().contains_key("Scenario") && schemas().contains_key("Problem"));
    }

    #[test]
    fn a_schema_is_served_with_all_it_refers_to() {
        let scenario = schema("scenario").expect("a schema");
        assert_eq!(scenario["$ref"], "#/$defs/Scenario");
        let text = scenario.to_string();
        assert!(!text.contains(SCHEMAS) && scenario["$defs"]["Turn"].is_object(), "{text}");
        assert_eq!(schema("Scenario"), Some(scenario));
        assert_eq!(schema("surely-not"), None);
    }

    #[test]
    fn names_and_paths_of_calls_are_unique() {
        let mut seen = HashSet::new();
        for call in calls() {
            assert!(seen.insert(call.id.to_owned()), "{}", call.id);
            assert!(seen.insert(format!("{} {}", call.verb.as_str(), call.path)), "{}", call.path);
            assert!(!call.says.ends_with('.') && !call.answers.is_empty(), "{}", call.id);
            assert_eq!(call.body.is_some(), call.example.body.is_some(), "{}", call.id);
        }
    }
}
