//! Judges a configuration as a whole, before anything starts: what one member says of another.

use std::path::Path as FilePath;

use mock_idp::{Builder, ClientFlaw, StartError};

use super::Source;
use super::node::{Node, Path, Step, Value};
use super::problem::{ConfigError, Problem, one_of};
use crate::environment::Origins;

impl Source {
    /// Judges what was described, of which this file said a part, and the command line or the environment the rest: the
    /// front channel is known whoever said it.
    ///
    /// # Errors
    /// Everything that is wrong, each in a line. Where it was the file that said it, the line begins with the place.
    pub(crate) fn judge(&self, builder: &Builder, front: Option<String>, origins: &Origins) -> Result<(), String> {
        let (mut placed, mut lines, mut front) = (Vec::new(), Vec::new(), front);
        for error in builder.errors() {
            let address = match &error {
                StartError::Issuer(base) => Some(("issuer", "this is no issuer", base)),
                StartError::Address(base) if front.take_if(|front| front == base).is_some() => {
                    Some(("front_channel", NO_ADDRESS, base))
                }
                StartError::Address(base) => Some(("back_channel", NO_ADDRESS, base)),
                _ => None,
            };
            match (address, self.explain(&error)) {
                (Some((name, says, base)), _) => match self.said(name, base) {
                    Some(path) => placed.push(self.problem(path, says.to_owned(), URL.to_owned())),
                    None => lines.push(format!("{}: {says}; {URL}", origins.name(&name.replace('_', "-")))),
                },
                (None, Some(problem)) => placed.push(problem),
                (None, None) => lines.push(error.to_string()),
            }
        }
        for flaw in builder.client_flaws() {
            match self.flaw(&flaw) {
                Ok(problem) => placed.push(problem),
                Err(line) => lines.push(line),
            }
        }
        placed.sort_by_key(|problem| problem.at.map(|at| (at.line, at.column)));
        placed.dedup();
        let file = self.0.as_ref().map(|(file, _)| file.as_path()).unwrap_or(FilePath::new(""));
        lines.splice(0..0, ConfigError::new(file, placed).lines());
        if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
    }

    /// What is wrong by an error of the start, if it is about a place in the file.
    fn explain(&self, error: &StartError) -> Option<Problem> {
        let (_, root) = self.0.as_ref()?;
        let (path, remedy) = match error {
            StartError::Choice { name, .. } => (chosen(root, name), OTHER_PROFILE),
            StartError::Without { name, .. } => (item(root, &Path::member("without"), name), OTHER_PROFILE),
            StartError::RedirectUri { client_id, uri } => (redirect(root, client_id, uri), ABSOLUTE),
            StartError::ClientTwice(client_id) => (one(root, "client", "client_id", client_id, 1), ANOTHER_NAME),
            StartError::UserTwice(sub) => (one(root, "user", "sub", sub, 1), ANOTHER_NAME),
            StartError::Nameless(what) if what.contains("client") => {
                (one(root, "client", "client_id", "", 0), A_NAME)
            }
            StartError::Nameless(_) => (one(root, "user", "sub", "", 0), A_NAME),
            _ => (None, ""),
        };
        let told = match error {
            StartError::RedirectUri { .. } => "this cannot be a redirect URI".to_owned(),
            _ => error.to_string(),
        };
        Some(self.problem(path?, told, remedy.to_owned()))
    }

    /// The way to a member of the whole file, if it says this.
    fn said(&self, name: &str, value: &str) -> Option<Path> {
        let (_, root) = self.0.as_ref()?;
        let path = Path::member(name);
        (find(root, &path).and_then(text) == Some(value)).then_some(path)
    }

    /// What is wrong with a client; if it is not in the file, in a line.
    fn flaw(&self, flaw: &ClientFlaw) -> Result<Problem, String> {
        let remedy = match flaw.known.as_slice() {
            [] => String::new(),
            known => match self.word(flaw) {
                Some(word) => one_of(&word, known),
                None => format!("known are {}", known.join(", ")),
            },
        };
        let says = format!("client {}: {}", flaw.client_id, flaw.says);
        match self.place(flaw) {
            Some(path) => Ok(self.problem(path, says, remedy)),
            None if remedy.is_empty() => Err(says),
            None => Err(format!("{says}; {remedy}")),
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

    fn problem(&self, path: Path, says: String, remedy: String) -> Problem {
        let at = self.0.as_ref().map(|(_, root)| root.position(&path));
        Problem { at, path, says, remedy }
    }
}

const OTHER_PROFILE: &str = "take it out, or choose a profile that has it";
const ABSOLUTE: &str = "write an absolute URI without a fragment, such as https://app.example/callback";
const ANOTHER_NAME: &str = "call one of them otherwise";
const A_NAME: &str = "give it one";
const NO_ADDRESS: &str = "this is no address of endpoints";
const URL: &str =
    "write http:// or https://, the host and the port, without user, query, fragment and slash at the end";

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

/// The items of a list of the file.
fn items<'a>(root: &'a Node, list: &Path) -> &'a [Node] {
    match find(root, list).map(|node| &node.value) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

/// A text in a list.
fn item(root: &Node, list: &Path, word: &str) -> Option<Path> {
    let at = items(root, list).iter().position(|item| text(item) == Some(word))?;
    Some(list.clone().then(Step::Item(at)))
}

/// A redirect URI of any client of this name.
fn redirect(root: &Node, client_id: &str, uri: &str) -> Option<Path> {
    let clients = (0..).map_while(|later| one(root, "client", "client_id", client_id, later));
    clients.map(|client| client.then(member("redirect_uris"))).find_map(|list| item(root, &list, uri))
}

/// The name of a choice, wherever it is made.
fn chosen(root: &Node, name: &str) -> Option<Path> {
    let amount = Path::member("amount").then(member(name));
    item(root, &Path::member("on"), name).or_else(|| find(root, &amount).map(|_| amount))
}

/// A table in a list whose member has this value; the first such one, or one after it.
fn one(root: &Node, list: &str, name: &str, value: &str, later: usize) -> Option<Path> {
    let is = |item: &Node| find(item, &Path::member(name)).and_then(text) == Some(value);
    let list = Path::member(list);
    let found = items(root, &list).iter().enumerate().filter(|(_, item)| is(item)).nth(later);
    found.map(|(at, _)| list.then(Step::Item(at)))
}
