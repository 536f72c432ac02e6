//! A configuration file as it was written: values, and where each stands. All three formats come to this.

use std::fmt;

/// Where something stands in a file. Both count from 1; a column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The line.
    pub(super) line: usize,
    /// The column.
    pub(super) column: usize,
}

/// A value, and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Where it begins.
    pub(super) at: Position,
    /// What it is.
    pub(super) value: Value,
}

/// A value of any format.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing, which TOML does not know.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// Values in a row.
    List(Vec<Node>),
    /// Values by name, in the order they are written.
    Table(Vec<(Name, Node)>),
    /// An item of a list that was taken out. Those behind it keep their numbers.
    Gone,
}

/// The name of a member, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    /// Where it begins.
    pub(super) at: Position,
    /// The name.
    pub(super) text: String,
}

/// A step from a value to one within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To the member of this name.
    Member(String),
    /// To the value at this place of a list, counted from 0.
    Item(usize),
}

/// The way from the whole file to a value: `client[0].redirect_uris[1]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Step>);

/// The longest name of a member that is shown: what is longer was not meant as one.
const LONGEST_NAME: usize = 64;

impl Position {
    /// The position that is so many octets from the beginning of a text.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line, column }
    }
}

impl Path {
    /// The path of a member of the whole file.
    pub(super) fn member(name: impl Into<String>) -> Self {
        Self(vec![Step::Member(name.into())])
    }

    /// The same, one step further.
    pub(super) fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Member(name) => {
                    let dot = if at == 0 { "" } else { "." };
                    write!(f, "{dot}{}", shown(name))?;
                }
                Step::Item(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

/// A name as it can be printed on one line.
pub(super) fn shown(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        None => name.escape_debug().to_string(),
        Some((end, _)) => format!("{}…", name[..end].escape_debug()),
    }
}

impl Node {
    /// Where the value at the end of a path stands, or the last one on the way that is there. For a member it is where
    /// its name stands.
    pub(super) fn position(&self, path: &Path) -> Position {
        let (mut node, mut at) = (self, self.at);
        for step in &path.0 {
            let next = match (step, &node.value) {
                (Step::Member(name), Value::Table(members)) => {
                    members.iter().find(|(own, _)| own.text == *name).map(|(own, value)| (value, own.at))
                }
                (Step::Item(number), Value::List(items)) => items.get(*number).map(|item| (item, item.at)),
                _ => None,
            };
            let Some(found) = next else { break };
            (node, at) = found;
        }
        at
    }

    /// Takes the value at the end of a path out. Says whether it was there.
    pub(super) fn remove(&mut self, path: &[Step]) -> bool {
        match (path, &mut self.value) {
            ([Step::Member(name)], Value::Table(members)) => {
                let before = members.len();
                members.retain(|(own, _)| own.text != *name);
                members.len() < before
            }
            ([Step::Item(number)], Value::List(items)) if *number < items.len() => {
                !matches!(std::mem::replace(&mut items[*number].value, Value::Gone), Value::Gone)
            }
            ([Step::Member(name), rest @ ..], Value::Table(members)) => {
                members.iter_mut().find(|(own, _)| own.text == *name).is_some_and(|(_, value)| value.remove(rest))
            }
            ([Step::Item(number), rest @ ..], Value::List(items)) => {
                items.get_mut(*number).is_some_and(|item| item.remove(rest))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_lines_and_characters() {
        assert_eq!(Position::of("a\nöb", 0), Position { line: 1, column: 1 });
        assert_eq!(Position::of("a\nöb", 4), Position { line: 2, column: 2 });
        assert_eq!(Position::of("a\nöb", 3), Position { line: 2, column: 1 }, "in the middle of a character");
        assert_eq!(Position::of("a", 9), Position { line: 1, column: 2 });
    }

    #[test]
    fn a_path_reads_as_it_is_written() {
        let path = Path::member("client").then(Step::Item(0)).then(Step::Member("redirect_uris".to_owned()));
        assert_eq!(path.to_string(), "client[0].redirect_uris");
        assert_eq!(Path::member("a\nb").to_string(), "a\\nb");
        assert!(Path::member("x".repeat(1000)).to_string().len() < 100);
    }
}
