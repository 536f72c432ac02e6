//! What a user does on a page: whose form it is, what goes into which field, and which button is pressed.

use super::form::{Button, Field, Form, Submission};
use super::page::Page;
use super::{Forms, User};

/// What a field for the name of a user is called.
const NAMES: &[&str] = &["user", "login", "mail", "identifier", "account", "name", "subject"];
/// What else a field may be called that has one of these in its name.
const NO_NAMES: &[&str] = &["given", "family", "first", "last", "full", "display", "search", "otp", "code"];
/// What a button says that somebody agrees with, or goes on.
const AGREEING: &[&str] = &[
    "allow",
    "accept",
    "agree",
    "authorize",
    "authorise",
    "approve",
    "yes",
    "grant",
    "consent",
    "permit",
    "confirm",
    "continue",
    "proceed",
    "next",
    "ok",
    "okay",
    "submit",
    "go",
    "log in",
    "login",
    "sign in",
    "signin",
];
/// What a button says that is not pressed.
const DENYING: &[&str] = &[
    "no", "not", "don't", "deny", "cancel", "decline", "reject", "refuse", "disagree", "disallow", "abort", "back",
    "forgot", "reset", "register", "sign up", "skip", "revoke", "switch",
];
/// What a button says that is pressed only to log out.
const LEAVING: &[&str] = &["logout", "log out", "signout", "sign out"];
/// What a button says behind which somebody else can log in.
const OTHER: &[&str] = &["another", "other", "different", "else", "add"];

/// What a button means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Agrees,
    Denies,
    Unknown,
}

impl Forms {
    /// What this user sends from this page, or why nothing can be.
    pub(super) fn filled(&self, page: &Page, user: Option<&User>) -> Result<Submission, String> {
        let Chosen { form, button, filled } = self.choose(page, user)?;
        let mut form = form.clone();
        for field in &mut form.fields {
            if let Some((_, value)) = filled.iter().find(|(at, _)| *at == field.at) {
                value.clone_into(&mut field.value);
            }
            field.ticked |= field.required && field.kind == "checkbox";
            if let Some(user) = user
                && let Some((value, _)) = field.options.iter().find(|option| names(&[&option.0, &option.1], user))
            {
                value.clone_into(&mut field.value);
            }
        }
        if form.posted && !matches!(form.encoding.as_str(), "" | "application/x-www-form-urlencoded") {
            return Err(format!("sends its form as {}", form.encoding));
        }
        Ok(form.pressed(button, (page.url(), page.route.clone())))
    }

    /// What this user sends from this page to say no.
    pub(super) fn declined(&self, page: &Page, user: Option<&User>) -> Result<Submission, String> {
        let form = self.choose(page, user)?.form;
        let button = form.buttons.iter().find(|button| meaning(button) == Meaning::Denies);
        let button = button.ok_or("has no button that is known to decline")?;
        Ok(form.pressed(Some(button), (page.url(), page.route.clone())))
    }

    /// What this user sends from a page that asks whether to log out: the button that says so, or else the one that
    /// agrees.
    pub(super) fn leaving(&self, page: &Page, user: Option<&User>) -> Result<Submission, String> {
        let mut buttons = page.forms().iter().flat_map(|form| form.buttons.iter().map(move |button| (form, button)));
        let leaves = |(_, button): &(&Form, &Button)| says(&button.label, LEAVING) && !says(&button.label, DENYING);
        match buttons.find(leaves).filter(|_| !self.presses(page)) {
            Some((form, button)) => Ok(form.pressed(Some(button), (page.url(), page.route.clone()))),
            None => self.filled(page, user),
        }
    }

    fn choose<'p>(&self, page: &'p Page, user: Option<&User>) -> Result<Chosen<'p>, String> {
        let told = self.told(page)?;
        if told.name.is_some() || told.password.is_some() {
            return told.logged_in(page, user);
        }
        if let Some((form, button)) = told.press {
            return Ok(Chosen { form, button: Some(button), filled: Vec::new() });
        }
        if let Some(form) = page.forms().iter().find(|form| form.password().is_some()) {
            return log_in(form, [name_field(form).or_else(|| before_password(form)), form.password()], None, user);
        }
        if let Some(form) = page.forms().iter().find(|form| name_field(form).is_some()) {
            return log_in(form, [name_field(form), None], None, user);
        }
        let buttons = || page.forms().iter().flat_map(|form| form.buttons.iter().map(move |button| (form, button)));
        let own = user.and_then(|user| buttons().find(|(_, button)| names(&[&button.label, &button.value], user)));
        let best = || {
            let agreeing = |wanted: usize| {
                buttons().find(|(_, button)| meaning(button) == Meaning::Agrees && rank(button) == wanted)
            };
            (0..=AGREEING.len()).find_map(agreeing)
        };
        let other = || buttons().find(|(_, button)| says(&button.label, OTHER));
        let only = || {
            let mut left = buttons().filter(|(_, button)| meaning(button) != Meaning::Denies);
            left.next().filter(|_| left.next().is_none())
        };
        let found = own.or_else(best).or_else(other).or_else(only);
        let (form, button) = found.ok_or("has no button that is known to agree")?;
        Ok(Chosen { form, button: Some(button), filled: Vec::new() })
    }

    /// Whether there is something on a page that one of the selectors says to press.
    pub(super) fn presses(&self, page: &Page) -> bool {
        self.told(page).is_ok_and(|told| told.press.is_some())
    }

    /// What the selectors match on a page.
    fn told<'p>(&self, page: &'p Page) -> Result<Told<'p>, String> {
        let fields = || page.forms().iter().flat_map(|form| form.fields.iter().map(move |field| (form, field)));
        let buttons = || page.forms().iter().flat_map(|form| form.buttons.iter().map(move |button| (form, button)));
        let matched = |css: Option<&str>| css.map_or_else(|| Ok(Vec::new()), |css| page.matched(css));
        let (names, passwords) = (matched(self.name_field.as_deref())?, matched(self.password_field.as_deref())?);
        let mut told = Told {
            name: fields().find(|(_, field)| names.contains(&field.at)),
            password: fields().find(|(_, field)| passwords.contains(&field.at)),
            press: None,
        };
        for css in &self.press {
            let at = page.matched(css)?;
            let links = || page.links.iter().flat_map(|link| link.buttons.iter().map(move |button| (link, button)));
            told.press = told.press.or_else(|| buttons().chain(links()).find(|(_, button)| at.contains(&button.at)));
        }
        Ok(told)
    }
}

/// What is done on a page.
struct Chosen<'p> {
    form: &'p Form,
    button: Option<&'p Button>,
    /// What goes into which field.
    filled: Vec<(usize, String)>,
}

/// What the selectors say.
struct Told<'p> {
    name: Option<(&'p Form, &'p Field)>,
    password: Option<(&'p Form, &'p Field)>,
    press: Option<(&'p Form, &'p Button)>,
}

impl<'p> Told<'p> {
    fn logged_in(self, page: &'p Page, user: Option<&User>) -> Result<Chosen<'p>, String> {
        let form = self.name.or(self.password).map(|(form, _)| form).or_else(|| page.forms().first());
        let form = form.ok_or("has no forms")?;
        let name = self.name.map(|(_, field)| field).or_else(|| name_field(form));
        let password = self.password.map(|(_, field)| field).or_else(|| form.password());
        log_in(form, [name, password], self.press.map(|(_, button)| button), user)
    }
}

/// Enters name and password.
fn log_in<'p>(
    form: &'p Form,
    [name, password]: [Option<&Field>; 2],
    button: Option<&'p Button>,
    user: Option<&User>,
) -> Result<Chosen<'p>, String> {
    let user = user.ok_or("asks who logs in, and no user is known")?;
    let mut filled = Vec::new();
    filled.extend(name.map(|field| (field.at, user.name.clone())));
    filled.extend(password.map(|field| (field.at, user.password.expose().to_owned())));
    let usable = || form.buttons.iter().filter(|button| meaning(button) != Meaning::Denies);
    let agreeing = || usable().find(|button| meaning(button) == Meaning::Agrees);
    Ok(Chosen { form, button: button.or_else(agreeing).or_else(|| usable().next()), filled })
}

/// The field that a user enters their name into, as far as it says so.
pub(super) fn name_field(form: &Form) -> Option<&Field> {
    let texts = || form.fields.iter().filter(|field| is_text(field));
    let filled = |field: &&Field| field.autocomplete.contains("username") || field.autocomplete.contains("email");
    let called = |field: &&Field| {
        let words = format!("{} {} {}", field.name, field.id, field.label).to_lowercase();
        let has = |words: &str, any: &[&str]| any.iter().any(|word| words.contains(word));
        field.kind == "email" || has(&words, NAMES) && !has(&words, NO_NAMES)
    };
    texts().find(filled).or_else(|| texts().find(called))
}

/// The last text before the password, whatever it is called.
fn before_password(form: &Form) -> Option<&Field> {
    let password = form.password()?.at;
    form.fields.iter().rfind(|field| is_text(field) && field.at < password)
}

fn is_text(field: &Field) -> bool {
    matches!(field.kind.as_str(), "text" | "email" | "tel")
}

/// What a button means by what it says, or else by what it is called.
fn meaning(button: &Button) -> Meaning {
    for text in [&button.label, &button.value, &button.name, &button.id] {
        if says(text, DENYING) || says(text, LEAVING) {
            return Meaning::Denies;
        }
        if says(text, AGREEING) {
            return Meaning::Agrees;
        }
    }
    Meaning::Unknown
}

/// How early the word of a button is in the list.
fn rank(button: &Button) -> usize {
    let place = |text: &String| AGREEING.iter().position(|word| says(text, &[word]));
    [&button.label, &button.value, &button.name, &button.id].into_iter().find_map(place).unwrap_or(AGREEING.len())
}

/// Whether one of these is among the words of a text.
fn says(text: &str, any: &[&str]) -> bool {
    let words = words(text);
    any.iter().any(|phrase| words.contains(&format!(" {phrase} ")))
}

/// Whether the user is named by one of these texts.
fn names(texts: &[&str], user: &User) -> bool {
    let name = words(&user.name);
    texts.iter().any(|text| words(text).contains(&name))
}

/// A text in small letters with single blanks between its words and around them.
fn words(text: &str) -> String {
    let kept = |character: char| character.is_alphanumeric() || matches!(character, '\'' | '@' | '.');
    let mut spaced = String::from(" ");
    for character in text.chars().map(|character| if character == '’' { '\'' } else { character }) {
        match kept(character) {
            true => spaced.extend(character.to_lowercase()),
            false if !spaced.ends_with(' ') => spaced.push(' '),
            false => {}
        }
    }
    if !spaced.ends_with(' ') {
        spaced.push(' ');
    }
    spaced
}
