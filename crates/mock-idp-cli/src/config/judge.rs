//! Judges a configuration as a whole, before anything starts: what one member says of another.

use mock_idp::{Builder, ClientFlaw, StartError};

use super::Source;
use super::node::{Node, Path, Step, Value};
use super::problem::{ConfigError, Problem, one_of};

impl Source {
    /// Judges what was described, of which this file said a part.
    ///
    /// # Errors
    /// What is wrong, each in a line. Where it was the file that said it, the line begins with the place.
    pub(crate) fn judge(&self, builder: &Builder) -> Result<(), String> {
        let flaws = match builder.flaws() {
            Ok(flaws) => flaws,
            Err(error) => return Err(self.explain(&error)),
        };
        let lines: Vec<String> = flaws.iter().map(|flaw| self.flaw(flaw)).collect();
        if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
    }

    /// An error of the start, with the place in the file that it is about.
    fn explain(&self, error: &StartError) -> String {
        let told = error.to_string();
        let Some((_, root)) = &self.0 else { return told };
        let (path, remedy) = match error {
            StartError::Choice { name, .. } => (chosen(root, name), OTHER_PROFILE),
            StartError::Without { name, .. } => (item(root, "without", name), OTHER_PROFILE),
            StartError::RedirectUri { client_id, .. } => (
                one(root, "client", "client_id", client_id, 0).map(|path| path.then(member("redirect_uris"))),
                ABSOLUTE,
            ),
            StartError::ClientTwice(client_id) => (one(root, "client", "client_id", client_id, 1), ANOTHER_NAME),
            StartError::UserTwice(sub) => (one(root, "user", "sub", sub, 1), ANOTHER_NAME),
            StartError::Nameless(what) if what.contains("client") => {
                (one(root, "client", "client_id", "", 0), A_NAME)
            }
            StartError::Nameless(_) => (one(root, "user", "sub", "", 0), A_NAME),
            StartError::Issuer(_) => (there(root, "issuer"), URL),
            StartError::Address(base) => {
                let front = said(root, "front_channel", base);
                (there(root, if front { "front_channel" } else { "back_channel" }), URL)
            }
            _ => (None, ""),
        };
        // Values that are named here are names and addresses, which are no secrets; a file tells them itself.
        let told = match error {
            StartError::RedirectUri { .. } => "one of these cannot be a redirect URI".to_owned(),
            StartError::Issuer(_) => "this is no issuer".to_owned(),
            StartError::Address(_) => "this is no address of endpoints".to_owned(),
            _ => told,
        };
        match path {
            Some(path) => self.line(path, told, remedy.to_owned()),
            None => error.to_string(),
        }
    }

    /// A line about a client.
    fn flaw(&self, flaw: &ClientFlaw) -> String {
        let remedy = match flaw.known.as_slice() {
            [] => String::new(),
            known => match self.word(flaw) {
                Some(word) => one_of(&word, known),
                None => format!("known are {}", known.join(", ")),
            },
        };
        let says = format!("client {}: {}", flaw.client_id, flaw.says);
        match self.place(flaw) {
            Some(path) => self.line(path, says, remedy),
            None if remedy.is_empty() => says,
            None => format!("{says}; {remedy}"),
        }
    }

    /// Where a flaw is.
    fn place(&self, flaw: &ClientFlaw) -> Option<Path> {
        let (_, root) = self.0.as_ref()?;
        let client = one(root, "client", "client_id", &flaw.client_id, 0)?;
        let Some(name) = &flaw.member else { return Some(client) };
        let direct = client.clone().then(member(name));
        Some(match find(root, &direct) {
            Some(_) => direct,
            None => client.then(member("metadata")).then(member(name)),
        })
    }

    /// The word that is not known, so that one like it can be named.
    fn word(&self, flaw: &ClientFlaw) -> Option<String> {
        let (_, root) = self.0.as_ref()?;
        let texts = match &find(root, &self.place(flaw)?)?.value {
            Value::Text(text) => vec![text.clone()],
            Value::List(items) => items.iter().filter_map(text).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        texts.into_iter().find(|text| !flaw.known.contains(&text.as_str()))
    }

    fn line(&self, path: Path, says: String, remedy: String) -> String {
        let Some((file, root)) = &self.0 else { return says };
        let at = Some(root.position(&path));
        ConfigError::new(file, vec![Problem { at, path, says, remedy }]).to_string()
    }
}

const OTHER_PROFILE: &str = "take it out, or choose a profile that has it";
const ABSOLUTE: &str = "write absolute URIs without a fragment, such as https://app.example/callback";
const ANOTHER_NAME: &str = "call one of them otherwise";
const A_NAME: &str = "give it one";
const URL: &str = "write http:// or https://, the host and the port, without query, fragment and slash at the end";

fn member(name: &str) -> Step {
    Step::Member(name.to_owned())
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn find<'a>(root: &'a Node, path: &Path) -> Option<&'a Node> {
    path.0.iter().try_fold(root, |node, step| match (step, &node.value) {
        (Step::Member(name), Value::Table(members)) => {
            members.iter().find(|(own, _)| own.text == *name).map(|(_, value)| value)
        }
        (Step::Item(number), Value::List(items)) => items.get(*number),
        _ => None,
    })
}

fn there(root: &Node, name: &str) -> Option<Path> {
    let path = Path::member(name);
    find(root, &path).map(|_| path)
}

fn said(root: &Node, name: &str, value: &str) -> bool {
    find(root, &Path::member(name)).and_then(text) == Some(value)
}

/// The items of a list of the file.
fn items<'a>(root: &'a Node, list: &str) -> &'a [Node] {
    match find(root, &Path::member(list)).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// A text in a list.
fn item(root: &Node, list: &str, word: &str) -> Option<Path> {
    let at = items(root, list).iter().position(|item| text(item) == Some(word))?;
    Some(Path::member(list).then(Step::Item(at)))
}

/// The name of a choice, wherever it is made.
fn chosen(root: &Node, name: &str) -> Option<Path> {
    let amount = Path::member("amount").then(member(name));
    item(root, "on", name).or_else(|| find(root, &amount).map(|_| amount))
}

/// A table in a list whose member has this value; the first such one, or one after it.
fn one(root: &Node, list: &str, name: &str, value: &str, later: usize) -> Option<Path> {
    let is = |item: &Node| find(item, &Path::member(name)).and_then(text) == Some(value);
    let found = items(root, list).iter().enumerate().filter(|(_, item)| is(item)).nth(later);
    found.map(|(at, _)| Path::member(list).then(Step::Item(at)))
}
