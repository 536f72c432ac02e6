//! TOML, YAML and JSON, each by the library that knows it, into values that know where they stand.

use std::borrow::Cow;
use std::fmt;
use std::path::Path as FilePath;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Name, Node, Position, Value};

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// TOML 1.1.
    Toml,
    /// YAML 1.2.
    Yaml,
    /// JSON (RFC 8259).
    Json,
}

/// Text that is not what its format asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// Where, as far as that is known.
    pub(super) at: Option<Position>,
    /// What is asked for. It quotes nothing of the file.
    pub(super) says: String,
}

/// How deep values may be in others.
const DEEPEST: usize = 64;

impl Format {
    /// The format of a file, by the end of its name. TOML has been here first: it is what a file without one is in.
    pub(super) fn of(path: &FilePath) -> Option<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            None | Some("toml") => Some(Self::Toml),
            Some("yaml" | "yml") => Some(Self::Yaml),
            Some("json") => Some(Self::Json),
            Some(_) => None,
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
            Self::Json => "JSON",
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`Unreadable`] if it is not of this format.
    pub(super) fn read(self, text: &str) -> Result<Node, Unreadable> {
        match self {
            Self::Toml => toml(text),
            Self::Yaml => yaml(text),
            Self::Json => json(text),
        }
    }
}

fn unreadable(at: Position, says: impl Into<String>) -> Unreadable {
    Unreadable { at: Some(at), says: says.into() }
}

fn too_deep(at: Position) -> Unreadable {
    unreadable(at, format!("values are more than {DEEPEST} deep in others"))
}

fn toml(text: &str) -> Result<Node, Unreadable> {
    let failed = |error: toml::de::Error| Unreadable {
        at: error.span().map(|span| Position::of(text, span.start)),
        says: error.message().lines().next().unwrap_or_default().to_owned(),
    };
    let table = DeTable::parse(text).map_err(failed)?;
    let span = table.span();
    let value = toml_table(text, table.into_inner(), DEEPEST)?;
    Ok(Node { at: Position::of(text, span.start), value })
}

fn toml_table(text: &str, table: DeTable<'_>, deep: usize) -> Result<Value, Unreadable> {
    let member = |(name, value): (Spanned<Cow<'_, str>>, _)| {
        let at = Position::of(text, name.span().start);
        Ok((Name { at, text: name.into_inner().into_owned() }, toml_value(text, value, deep)?))
    };
    let mut members = table.into_iter().map(member).collect::<Result<Vec<_>, _>>()?;
    members.sort_by_key(|(name, _)| (name.at.line, name.at.column));
    Ok(Value::Table(members))
}

fn toml_value(text: &str, value: Spanned<DeValue<'_>>, deep: usize) -> Result<Node, Unreadable> {
    let at = Position::of(text, value.span().start);
    let Some(deeper) = deep.checked_sub(1) else { return Err(too_deep(at)) };
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Integer(number) => {
            let read = i128::from_str_radix(number.as_str(), number.radix());
            Value::Integer(read.map_err(|_| unreadable(at, "this number is too large"))?)
        }
        DeValue::Float(number) => {
            let read = number.as_str().parse();
            Value::Float(read.map_err(|_| unreadable(at, "this is no number"))?)
        }
        DeValue::Datetime(when) => Value::Text(when.to_string()),
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(|item| toml_value(text, item, deeper)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => toml_table(text, table, deeper)?,
    };
    Ok(Node { at, value })
}

fn yaml(text: &str) -> Result<Node, Unreadable> {
    let first = Position { line: 1, column: 1 };
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let at = Position { line: error.marker().line().max(1), column: error.marker().col() + 1 };
        unreadable(at, error.info())
    })?;
    match documents.as_slice() {
        [] => Ok(Node { at: first, value: Value::Table(Vec::new()) }),
        [document] => yaml_value(document, DEEPEST),
        [_, second, ..] => Err(unreadable(yaml_position(second), "there is a second document in the file")),
    }
}

fn yaml_position(node: &MarkedYaml<'_>) -> Position {
    Position { line: node.span.start.line().max(1), column: node.span.start.col() + 1 }
}

fn yaml_value(node: &MarkedYaml<'_>, deep: usize) -> Result<Node, Unreadable> {
    let at = yaml_position(node);
    let Some(deeper) = deep.checked_sub(1) else { return Err(too_deep(at)) };
    let value = match &node.data {
        YamlData::Value(Scalar::Null) => Value::Null,
        YamlData::Value(Scalar::Boolean(value)) => Value::Bool(*value),
        YamlData::Value(Scalar::Integer(number)) => Value::Integer((*number).into()),
        YamlData::Value(Scalar::FloatingPoint(number)) => Value::Float(number.into_inner()),
        YamlData::Value(Scalar::String(text)) => Value::Text(text.clone().into_owned()),
        YamlData::Sequence(items) => {
            Value::List(items.iter().map(|item| yaml_value(item, deeper)).collect::<Result<_, _>>()?)
        }
        YamlData::Mapping(members) => {
            let member = |(name, value): (&MarkedYaml<'_>, _)| match &name.data {
                YamlData::Value(Scalar::String(text)) => {
                    let name = Name { at: yaml_position(name), text: text.clone().into_owned() };
                    Ok((name, yaml_value(value, deeper)?))
                }
                _ => Err(unreadable(yaml_position(name), "the name of a member has to be a text")),
            };
            Value::Table(members.iter().map(member).collect::<Result<_, _>>()?)
        }
        YamlData::Tagged(..) => return Err(unreadable(at, "tags (`!name`) are not understood here")),
        YamlData::Alias(_) | YamlData::Representation(..) | YamlData::BadValue => {
            return Err(unreadable(at, "this is no value"));
        }
    };
    Ok(Node { at, value })
}

fn json(text: &str) -> Result<Node, Unreadable> {
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| json_error(&error))?;
    json_value(text, whole, DEEPEST)
}

/// An error of the whole text. What it says ends with where it is, which is said already.
fn json_error(error: &serde_json::Error) -> Unreadable {
    let says = error.to_string();
    let says = says.rsplit_once(" at line ").map_or(says.as_str(), |(says, _)| says).to_owned();
    Unreadable { at: Some(Position { line: error.line().max(1), column: error.column().max(1) }), says }
}

/// A value within `whole`: its text is a part of it, and so it is known where it stands.
fn json_value(whole: &str, raw: &RawValue, deep: usize) -> Result<Node, Unreadable> {
    let text = raw.get();
    let at = Position::of(whole, offset(whole, text));
    let Some(deeper) = deep.checked_sub(1) else { return Err(too_deep(at)) };
    let read = |says: &'static str| move |_: serde_json::Error| unreadable(at, says);
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let members: JsonMembers<'_> = serde_json::from_str(text).map_err(read("this is no object"))?;
            let mut named: Vec<(Name, Node)> = Vec::new();
            for (name, value) in members.0 {
                let at = Position::of(whole, offset(whole, name.get()));
                let text: String = serde_json::from_str(name.get()).map_err(read("this is no text"))?;
                if named.iter().any(|(other, _)| other.text == text) {
                    return Err(unreadable(at, "duplicate key"));
                }
                named.push((Name { at, text }, json_value(whole, value, deeper)?));
            }
            Value::Table(named)
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(read("this is no array"))?;
            Value::List(items.into_iter().map(|item| json_value(whole, item, deeper)).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).map_err(read("this is no text"))?),
        Some(b't') => Value::Bool(true),
        Some(b'f') => Value::Bool(false),
        Some(b'n') => Value::Null,
        _ => match serde_json::from_str(text) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Float(serde_json::from_str(text).map_err(read("this is no number"))?),
        },
    };
    Ok(Node { at, value })
}

/// How far a part of a text is from its beginning.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// The members of an object, the same name twice included.
struct JsonMembers<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for JsonMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        source.deserialize_map(Members).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same in all three.
    const TOML: &str = "listen = \"a\"\n[[client]]\nclient_id = \"ä\"\nflags = [true, 1, -2.5]\n";
    const YAML: &str = "listen: a\nclient:\n  - client_id: ä\n    flags: [true, 1, -2.5]\n";
    const JSON: &str =
        "{\"listen\": \"a\",\n \"client\": [{\n\"client_id\": \"\\u00e4\", \"flags\": [true, 1, -2.5]}]}";

    fn values(node: &Node) -> String {
        match &node.value {
            Value::List(items) => format!("[{}]", items.iter().map(values).collect::<Vec<_>>().join(",")),
            Value::Table(members) => {
                let all = members.iter().map(|(name, value)| format!("{}={}", name.text, values(value)));
                format!("{{{}}}", all.collect::<Vec<_>>().join(","))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn all_formats_come_to_the_same_values() {
        let [toml, yaml, json] = [(Format::Toml, TOML), (Format::Yaml, YAML), (Format::Json, JSON)]
            .map(|(format, text)| values(&format.read(text).expect(text)));
        assert_eq!(toml, yaml);
        assert_eq!(yaml, json);
        assert!(toml.contains("client_id=Text(\"ä\")") && toml.contains("Float(-2.5)"), "{toml}");
    }

    #[test]
    fn every_value_knows_where_it_stands() {
        use super::super::node::{Path, Step};
        let flag = Path::member("client").then(Step::Item(0)).then(Step::Member("flags".to_owned()));
        for (format, text, line, column) in
            [(Format::Toml, TOML, 4, 1), (Format::Yaml, YAML, 4, 5), (Format::Json, JSON, 3, 24)]
        {
            let whole = format.read(text).expect(text);
            assert_eq!(whole.position(&flag), Position { line, column }, "{format:?}");
            let second = whole.position(&flag.clone().then(Step::Item(1)));
            assert!(second.line == line && second.column > column + 8, "{format:?} {second:?}");
        }
    }

    #[test]
    fn what_is_written_wrong_is_told_with_its_line_and_without_its_text() {
        for (format, text, line) in [
            (Format::Toml, "a = 1\nb = canary\n", 2),
            (Format::Toml, "a = 1\na = 2\n", 2),
            (Format::Yaml, "a: 1\nb: \"canary\n", 2),
            (Format::Yaml, "a: 1\na: 2\n", 2),
            (Format::Yaml, "a: 1\nb: *canary\n", 2),
            (Format::Yaml, "a: 1\nb: !canary 2\n", 2),
            (Format::Yaml, "a: 1\n---\nb: 1\n", 3),
            (Format::Yaml, "? [canary]\n: 1\n", 1),
            (Format::Json, "{\"a\": 1,\n\"b\": canary}", 2),
            (Format::Json, "{\"a\": 1,\n\"a\": 2}", 2),
            (Format::Json, "{\"a\": 1}\n canary", 2),
        ] {
            let error = format.read(text).expect_err(text);
            assert!(!error.says.contains("canary") && !error.says.is_empty(), "{text}: {error:?}");
            let found = error.at.expect("a position").line;
            assert!((line..=line + 1).contains(&found), "{text}: {error:?}");
        }
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let deep = |open: &str, close: &str| format!("{}{}", open.repeat(200), close.repeat(200));
        assert!(Format::Json.read(&format!("{{\"a\": {}}}", deep("[", "]"))).is_err());
        assert!(Format::Yaml.read(&format!("a: {}", deep("[", "]"))).is_err());
        assert!(Format::Toml.read(&format!("a = {}", deep("[", "]"))).is_err());
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..12 {
            let former = format!("*a{}, ", at - 1).repeat(10);
            laughs.push_str(&format!("a{at}: &a{at} [{}]\n", former.trim_end_matches(", ")));
        }
        assert!(Format::Yaml.read(&laughs).is_err());
    }

    #[test]
    fn the_end_of_a_name_says_what_is_in_it() {
        for (name, format) in [
            ("mock.toml", Some(Format::Toml)),
            ("mock", Some(Format::Toml)),
            ("mock.YML", Some(Format::Yaml)),
            ("mock.yaml", Some(Format::Yaml)),
            ("mock.json", Some(Format::Json)),
            ("mock.ini", None),
        ] {
            assert_eq!(Format::of(FilePath::new(name)), format, "{name}");
        }
    }
}
