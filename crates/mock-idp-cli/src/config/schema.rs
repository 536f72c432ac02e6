//! The JSON Schema of the configuration file, for editors and for whoever writes files.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Config;

/// The schema (JSON Schema 2020-12).
fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Config>().to_value()
}

/// The JSON Schema (2020-12) of the configuration file, as text.
pub fn text() -> String {
    format!("{:#}\n", schema())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::super::ConfigError;
    use super::super::formats::Format;
    use super::super::node::{Path, Step};
    use super::*;

    /// A member of the configuration, and what the schema says of it.
    struct Field {
        way: Vec<Step>,
        schema: Value,
    }

    fn resolved(schema: &Value, root: &Value) -> Value {
        let mut schema = schema.clone();
        if let Some(any) = schema["anyOf"].as_array() {
            schema = any.iter().find(|one| one["type"] != "null").expect("something but null").clone();
        }
        match schema["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            Some(name) => resolved(&root["$defs"][name], root),
            None => schema,
        }
    }

    /// Every field, those in the first item of lists and in tables included.
    fn fields(schema: &Value, root: &Value, way: &[Step]) -> Vec<Field> {
        let mut found = Vec::new();
        for (name, of) in schema["properties"].as_object().into_iter().flatten() {
            let of = resolved(of, root);
            let way = [way, &[Step::Member(name.clone())]].concat();
            let items = resolved(&of["items"], root);
            found.extend(fields(&of, root, &way));
            if !items.is_null() {
                let way = [way.as_slice(), &[Step::Item(0)]].concat();
                found.extend(fields(&items, root, &way));
                found.push(Field { way, schema: items });
            }
            found.push(Field { way, schema: of });
        }
        found
    }

    fn all() -> Vec<Field> {
        let root = schema();
        fields(&root, &root, &[])
    }

    fn is(schema: &Value, kind: &str) -> bool {
        schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&kind.into()))
    }

    /// What it can not be, each for a reason.
    fn wrong(schema: &Value) -> Vec<(&'static str, Value)> {
        let mut wrong =
            vec![if is(schema, "string") { ("type", json!(4711)) } else { ("type", json!("4711-canary")) }];
        if schema["enum"].is_array() || schema["oneOf"].is_array() {
            wrong.push(("word", json!("canary-4711")));
        }
        if is(schema, "object") {
            // By place they could be taken for members.
            wrong.extend([("list", json!([4711, 4711])), ("empty list", json!([]))]);
        }
        if let Some(least) = schema["minimum"].as_i64() {
            wrong.push(("range", json!(least - 1)));
        }
        wrong
    }

    /// What has to be there beside a field.
    fn needed(list: &str) -> Value {
        match list {
            "client" => json!({"client_id": "a"}),
            "user" => json!({"sub": "a"}),
            _ => json!({}),
        }
    }

    /// A configuration in which nothing but the value at the end of the way is said.
    fn saying(way: &[Step], value: Value, list: &str) -> Value {
        match way {
            [] => value,
            [Step::Item(_), rest @ ..] => json!([saying(rest, value, list)]),
            [Step::Member(name), rest @ ..] => {
                let within = if list.is_empty() { name } else { list };
                let mut members = if list.is_empty() { json!({}) } else { needed(list) };
                members[name] = saying(rest, value, within);
                members
            }
        }
    }

    /// The same in each format.
    fn written(config: &Value) -> [(Format, String); 3] {
        let json = format!("{config:#}");
        [(Format::Toml, toml::to_string(config).expect("TOML")), (Format::Yaml, json.clone()), (Format::Json, json)]
    }

    /// Reads a configuration in each format; there has to be one mistake, with a place and a remedy.
    fn refused(config: &Value, path: &Path, why: &str) {
        for (format, text) in written(config) {
            let problems = Config::parse(format, &text).expect_err(&text);
            let [problem] = problems.as_slice() else { panic!("{path} {why}: {text}: {problems:?}") };
            let file = std::path::Path::new("mock.file");
            let line = ConfigError::new(file, problems.clone()).to_string();
            let Some(Step::Member(name)) = path.0.iter().rfind(|step| matches!(step, Step::Member(_))) else {
                panic!("{path} has no name")
            };
            let at = problem.at.expect("a place").line;
            let there = text.lines().nth(at - 1).expect("a line");
            let on = there.contains(name.as_str()) || there.contains("4711") || there.trim().starts_with('[');
            assert!(on, "{path} {why}: line {at} is {there:?} of {text}");
            assert!(
                line.starts_with(&format!("mock.file:{at}:")) && line.contains(&path.to_string()),
                "{why}: {line}"
            );
            assert!(
                !problem.remedy.is_empty() && !line.contains("canary") && !line.contains("4711"),
                "{why}: {line}"
            );
        }
    }

    #[test]
    fn each_field_wrong_in_turn_is_told_with_its_line_and_a_remedy() {
        let (mut fields, mut told) = (0, 0);
        for Field { way, schema } in all() {
            fields += 1;
            for (why, value) in wrong(&schema) {
                refused(&saying(&way, value, ""), &Path(way.clone()), why);
                told += 1;
            }
        }
        assert!(fields > 60 && told > fields, "{fields} fields, {told} mistakes");
    }

    #[test]
    fn a_list_in_place_of_a_table_is_told_as_what_it_is() {
        let (mut tables, list) = (0, "this is a list, and has to be a table; write its members by name");
        for Field { way, .. } in all().into_iter().filter(|field| is(&field.schema, "object")) {
            let config = saying(&way, json!([31, 601, 701]), "");
            for (format, text) in written(&config) {
                let line = ConfigError::new("f".as_ref(), Config::parse(format, &text).expect_err(&text)).to_string();
                assert!(line.ends_with(&format!(" {}: {list}", Path(way.clone()))), "{line}");
            }
            tables += 1;
        }
        assert!(tables >= 6, "{tables}");
        for (format, text) in
            [(Format::Yaml, "- x\n"), (Format::Yaml, "[]\n"), (Format::Json, "[]"), (Format::Json, "[\"x\", 1]")]
        {
            let line = ConfigError::new("f".as_ref(), Config::parse(format, text).expect_err(text)).to_string();
            assert_eq!(line, format!("f:1:1: {list}"));
        }
    }

    #[test]
    fn each_misspelt_name_is_told_with_the_one_that_was_meant() {
        for Field { way, .. } in all() {
            let Some((Step::Member(name), before)) = way.split_last() else { continue };
            let misspelt = format!("{name}x");
            let path = [before, &[Step::Member(misspelt.clone())]].concat();
            let config = saying(&path, json!(1), "");
            let problems = Config::parse(Format::Json, &format!("{config:#}")).expect_err(&misspelt);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].remedy, format!("did you mean {name}?"), "{problems:?}");
            assert_eq!(problems[0].path, Path(path));
        }
    }

    #[test]
    fn what_has_to_be_there_is_missed() {
        for (list, name) in [("client", "client_id"), ("user", "sub")] {
            let config = json!({list: [{}]});
            let way = Path::member(list).then(Step::Item(0));
            for (format, text) in written(&config) {
                let problems = Config::parse(format, &text).expect_err(&text);
                assert_eq!((problems.len(), &problems[0].path), (1, &way));
                assert_eq!(problems[0].remedy, format!("add {name}"));
            }
        }
    }

    #[test]
    fn every_field_is_described() {
        for Field { way, schema } in all() {
            let root = super::schema();
            let mut described = resolved(&root, &root);
            for step in &way {
                described = match step {
                    Step::Member(name) => described["properties"][name].clone(),
                    Step::Item(_) => continue,
                };
                assert!(described["description"].is_string(), "{}", Path(way.clone()));
                let next = resolved(&described, &root);
                described = if next["items"].is_object() { resolved(&next["items"], &root) } else { next };
            }
            assert!(schema.is_object() || schema.is_boolean());
        }
        assert!(schema()["properties"].as_object().map(Map::len) > Some(15));
    }
}
