//! Values of a file into what they mean. An error says where it is, what is asked for and what to do, and quotes nothing.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::node::{Name, Node, Path, Step, Value};
use super::problem::{Problem, one_of};

/// How many mistakes of one file are told.
const MOST: usize = 20;

/// What is said of a member that has to be there and is not, behind its name.
const MISSING: &str = " is missing";

/// Something that is wrong within a value. The way to it is known once the value is left.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The way to it, from its end to its beginning.
    way: Vec<Step>,
    says: String,
    remedy: String,
}

/// Reads a whole file. If something is wrong, the rest is read without it, so that every mistake is found at once.
///
/// # Errors
/// Each mistake, in the order they are written.
pub(super) fn read<T: for<'de> Deserialize<'de>>(whole: &Node) -> Result<T, Vec<Problem>> {
    let mut rest = whole.clone();
    let mut problems: Vec<Problem> = Vec::new();
    loop {
        let wrong = match T::deserialize(&rest) {
            Ok(read) if problems.is_empty() => return Ok(read),
            Ok(_) => break,
            Err(wrong) => wrong,
        };
        let mut path = wrong.way;
        path.reverse();
        let path = Path(path);
        let at = Some(rest.position(&path));
        // What was there and wrong is not missing.
        let taken = wrong.says.strip_suffix(MISSING).map(|name| path.clone().then(Step::Member(name.to_owned())));
        if !taken.is_some_and(|taken| problems.iter().any(|problem| problem.path == taken)) {
            problems.push(Problem { at, path: path.clone(), says: wrong.says, remedy: wrong.remedy });
        }
        if problems.len() == MOST || !rest.remove(&path.0) {
            break;
        }
    }
    problems.sort_by_key(|problem| problem.at.map(|at| (at.line, at.column)));
    Err(problems)
}

impl Wrong {
    fn new(says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { way: Vec::new(), says: says.into(), remedy: remedy.into() }
    }

    fn within(mut self, step: Step) -> Self {
        self.way.push(step);
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.says, self.remedy)
    }
}

impl std::error::Error for Wrong {}

/// What a value is. Nothing of it is told.
fn kind(found: &de::Unexpected<'_>) -> &'static str {
    match found {
        de::Unexpected::Bool(_) => "true or false",
        de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "a whole number",
        de::Unexpected::Float(_) => "a number",
        de::Unexpected::Str(_) | de::Unexpected::Char(_) => "a text",
        de::Unexpected::Unit | de::Unexpected::Option => "nothing",
        de::Unexpected::Seq => "a list",
        de::Unexpected::Map => "a table",
        _ => "something else",
    }
}

/// What is asked for, in words of a configuration and not of Rust.
fn wanted(expected: &dyn de::Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "a string" | "string or table" => "a text".to_owned(),
        "path string" => "the path of a file".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u64" => "a whole number, 0 or more".to_owned(),
        "a nonzero u64" => "a whole number, 1 or more".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "socket address" => "an address to listen on".to_owned(),
        text if text.starts_with("struct ") => "a table".to_owned(),
        _ => expected,
    }
}

/// What to write in place of a value of the wrong kind.
fn instead(found: &de::Unexpected<'_>, wanted: &str) -> &'static str {
    match (wanted, found) {
        ("a text" | "the path of a file", de::Unexpected::Seq | de::Unexpected::Map) => "write one text, in quotes",
        ("a text" | "the path of a file", _) => "put it in quotes",
        ("true or false", _) => "write true or false, without quotes",
        ("a list", de::Unexpected::Map) => "write [[name]] for each table in TOML, a list of them in YAML and JSON",
        ("a list", _) => "put it in square brackets",
        ("a table", _) => "write its members by name",
        ("an address to listen on", _) => "write an IP address and a port in quotes, such as \"127.0.0.1:8080\"",
        (wanted, _) if wanted.starts_with("a whole number") => "write the number, without quotes and fractions",
        _ => "write that in its place",
    }
}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(says: T) -> Self {
        let says = says.to_string();
        // What our own types say may end with what to do.
        match says.split_once(": say ") {
            Some((says, remedy)) => Self::new(says, format!("say {remedy}")),
            None if says.contains("; ") => {
                let (says, remedy) = says.split_once("; ").unwrap_or((&says, ""));
                Self::new(says, remedy)
            }
            None if says.contains("socket address") => Self::new(
                "this is no address to listen on",
                "write an IP address and a port, such as 127.0.0.1:8080, or [::1]:8080; 0.0.0.0 is every address",
            ),
            None => Self::new(says, "write something else, or leave it out"),
        }
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let wanted = wanted(expected);
        Self::new(format!("this is {}, and has to be {wanted}", kind(&found)), instead(&found, &wanted))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let says = match found {
            de::Unexpected::Unsigned(_) | de::Unexpected::Signed(_) => "this number is out of range",
            _ => "this cannot be here",
        };
        Self::new(says, format!("write {}", wanted(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new("this word is not known here", one_of(variant, expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let remedy = match field {
            // Where those are put who know them from elsewhere.
            "email" | "name" | "preferred_username" | "groups" | "roles" if expected.contains(&"claims") => {
                "what is known of a user goes into claims".to_owned()
            }
            _ if expected.contains(&"metadata") && strays(field, expected) => {
                format!("known are {}; other members of RFC 7591 go into metadata", expected.join(", "))
            }
            _ => one_of(field, expected),
        };
        Self::new("there is no such member", remedy)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("{field}{MISSING}"), format!("add {field}"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("{field} is there twice"), "leave one of them out")
    }
}

/// Whether a name is like none of those that are known.
fn strays(field: &str, known: &[&str]) -> bool {
    super::problem::nearest(field, known).is_none()
}

impl<'de> Deserializer<'de> for &Node {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::Null | Value::Gone => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Integer(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => Err(Wrong::new("this number is too large", "write a smaller one")),
            },
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items, next: 0 }),
            Value::Table(members) => visitor.visit_map(Members { members, next: 0 }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::Text(text) => visitor.visit_enum(IntoDeserializer::<Wrong>::into_deserializer(text.as_str())),
            other => Err(<Wrong as de::Error>::invalid_type(other.unexpected(), &"a string")),
        }
    }

    /// What is read by name is not read by place: what serde takes for a struct may be a list, and a file may not.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.value {
            Value::List(_) => Err(<Wrong as de::Error>::invalid_type(de::Unexpected::Seq, &"a map")),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct identifier ignored_any
    }
}

impl Value {
    fn unexpected(&self) -> de::Unexpected<'_> {
        match self {
            Self::Null | Self::Gone => de::Unexpected::Unit,
            Self::Bool(value) => de::Unexpected::Bool(*value),
            Self::Integer(_) => de::Unexpected::Unsigned(0),
            Self::Float(number) => de::Unexpected::Float(*number),
            Self::Text(text) => de::Unexpected::Str(text),
            Self::List(_) => de::Unexpected::Seq,
            Self::Table(_) => de::Unexpected::Map,
        }
    }
}

/// The values of a list.
struct Items<'a> {
    items: &'a [Node],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let mut there = self.items.iter().enumerate().skip(self.next);
        let Some((at, item)) = there.find(|(_, item)| item.value != Value::Gone) else { return Ok(None) };
        let step = Step::Item(at);
        self.next = at + 1;
        seed.deserialize(item).map(Some).map_err(|wrong| wrong.within(step))
    }
}

/// The members of a table.
struct Members<'a> {
    members: &'a [(Name, Node)],
    next: usize,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, _)) = self.members.get(self.next) else { return Ok(None) };
        let text: StrDeserializer<'_, Wrong> = name.text.as_str().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|wrong| wrong.within(Step::Member(name.text.clone())))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let Some((name, value)) = self.members.get(self.next) else {
            return Err(<Wrong as de::Error>::custom("a value was asked for before its name"));
        };
        self.next += 1;
        seed.deserialize(value).map_err(|wrong| wrong.within(Step::Member(name.text.clone())))
    }
}
