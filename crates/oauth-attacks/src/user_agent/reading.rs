//! What is noticed when the elements of a page go by: title, labels, forms with their fields, and links.

use std::borrow::Cow;
use std::collections::HashMap;

use scraper::{ElementRef, Html};
use url::Url;

use super::form::{Button, Field, Form};

/// The longest title and label that are kept, in characters.
const LONGEST_TEXT: usize = 120;

/// What is collected while the elements of a page go by.
#[derive(Default)]
pub(super) struct Reader<'a> {
    pub(super) base: Option<Url>,
    pub(super) title: String,
    pub(super) forms: Vec<Form>,
    pub(super) links: Vec<Form>,
    /// The elements of the forms, and their ids.
    pub(super) elements: Vec<(ElementRef<'a>, String)>,
    /// What the browser fetches for the page.
    pub(super) fetched: Vec<String>,
    /// Labels by the id of what they label.
    pub(super) labels: HashMap<String, String>,
    pub(super) refresh: Option<String>,
    pub(super) submits: bool,
    pub(super) has_scripts: bool,
    pub(super) has_heading: bool,
}

impl<'a> Reader<'a> {
    /// Takes notice of an element.
    pub(super) fn take(&mut self, at: usize, element: ElementRef<'a>) {
        let attribute = |name: &str| element.attr(name).unwrap_or_default();
        match element.value().name() {
            "title" if self.title.is_empty() => self.title = text_of(element),
            "meta" if attribute("http-equiv").eq_ignore_ascii_case("refresh") => {
                self.refresh = refresh_to(attribute("content")).and_then(|to| self.absolute(to));
            }
            "body" => self.submits |= attribute("onload").contains("submit"),
            "script" if element.attr("src").is_none() => {
                self.has_scripts = true;
                self.submits |= element.text().any(|text| text.contains("submit()"));
            }
            "h1" | "h2" | "h3" => self.has_heading |= !text_of(element).is_empty(),
            "label" => {
                self.labels.insert(attribute("for").to_owned(), text_of(element));
            }
            "form" => self.begin(element),
            "script" => {
                self.has_scripts = true;
                self.fetch(element.attr("src"));
            }
            "img" | "iframe" | "embed" | "source" => self.fetch(element.attr("src")),
            "link" => self.fetch(element.attr("href")),
            "a" => self.links.extend(element.attr("href").and_then(|to| self.absolute(to)).map(|to| link(at, to))),
            "input" | "select" | "textarea" | "button" if element.attr("disabled").is_none() => {
                self.control(at, element);
            }
            _ => {}
        }
    }

    /// Takes notice of what the browser fetches for the page.
    fn fetch(&mut self, reference: Option<&str>) {
        self.fetched.extend(reference.and_then(|reference| self.absolute(reference)));
    }

    fn begin(&mut self, element: ElementRef<'a>) {
        let attribute = |name: &str| element.attr(name).unwrap_or_default().trim();
        let here = || self.base.as_ref().map(Url::to_string);
        let action = match attribute("action") {
            "" => here(),
            action => self.absolute(action),
        };
        self.elements.push((element, attribute("id").to_owned()));
        self.forms.push(Form {
            action: action.unwrap_or_default(),
            posted: attribute("method").eq_ignore_ascii_case("post"),
            encoding: attribute("enctype").to_ascii_lowercase(),
            fields: Vec::new(),
            buttons: Vec::new(),
        });
    }

    /// A field or a button goes to the form it names, or else to the one around it.
    fn control(&mut self, at: usize, element: ElementRef<'_>) {
        let named = element.attr("form");
        let around = || element.ancestors().filter_map(ElementRef::wrap).find(|outer| outer.value().name() == "form");
        let owner = match named {
            Some(id) => self.elements.iter().position(|(_, known)| known == id && !id.is_empty()),
            None => around().and_then(|form| self.elements.iter().position(|(known, _)| *known == form)),
        };
        let kind = element.attr("type").unwrap_or_default().to_ascii_lowercase();
        let is_button = match element.value().name() {
            "button" => !matches!(kind.as_str(), "button" | "reset"),
            "input" => matches!(kind.as_str(), "submit" | "image"),
            _ => false,
        };
        let is_field = element.value().name() != "button" && !matches!(kind.as_str(), "button" | "reset");
        let (button, field) = (self.button(at, element), field(at, element, &kind));
        let Some(form) = owner.and_then(|owner| self.forms.get_mut(owner)) else { return };
        if is_button {
            form.buttons.push(button);
        } else if is_field {
            form.fields.push(field);
        }
    }

    fn button(&self, at: usize, element: ElementRef<'_>) -> Button {
        let attribute = |name: &str| element.attr(name).unwrap_or_default();
        let value = attribute("value");
        let written = if element.value().name() == "input" { cut(value) } else { text_of(element) };
        Button {
            label: if written.is_empty() { joined([attribute("aria-label"), attribute("title")]) } else { written },
            name: attribute("name").to_owned(),
            value: value.to_owned(),
            id: attribute("id").to_owned(),
            action: element.attr("formaction").and_then(|action| self.absolute(action)),
            posted: element.attr("formmethod").map(|method| method.eq_ignore_ascii_case("post")),
            at,
        }
    }

    fn absolute(&self, reference: &str) -> Option<String> {
        match &self.base {
            Some(base) => base.join(reference.trim()).ok().map(|url| url.to_string()),
            None => Url::parse(reference).ok().map(|url| url.to_string()),
        }
    }
}

fn field(at: usize, element: ElementRef<'_>, kind: &str) -> Field {
    let attribute = |name: &str| element.attr(name).unwrap_or_default();
    let mut field = Field {
        name: attribute("name").to_owned(),
        value: attribute("value").to_owned(),
        kind: if kind.is_empty() { "text".to_owned() } else { kind.to_owned() },
        ticked: element.attr("checked").is_some(),
        required: element.attr("required").is_some(),
        label: joined([&label_around(element), attribute("aria-label")]),
        autocomplete: attribute("autocomplete").to_ascii_lowercase(),
        id: attribute("id").to_owned(),
        options: Vec::new(),
        at,
    };
    field.label = joined([&field.label, attribute("placeholder")]);
    match element.value().name() {
        "textarea" => {
            (field.kind, field.value) = ("textarea".to_owned(), element.text().collect());
        }
        "select" => {
            field.kind = "select".to_owned();
            let options = element.descendent_elements().filter(|inner| inner.value().name() == "option");
            let mut chosen = None;
            for option in options {
                let words = text_of(option);
                let value = option.attr("value").map_or_else(|| words.clone(), str::to_owned);
                if option.attr("selected").is_some() || field.options.is_empty() {
                    chosen = Some(value.clone());
                }
                field.options.push((value, words));
            }
            field.value = chosen.unwrap_or_default();
        }
        _ if matches!(kind, "checkbox" | "radio") && element.attr("value").is_none() => {
            "on".clone_into(&mut field.value);
        }
        _ => {}
    }
    field
}

fn label_around(element: ElementRef<'_>) -> String {
    let mut outer = element.ancestors().filter_map(ElementRef::wrap);
    outer.find(|outer| outer.value().name() == "label").map(text_of).unwrap_or_default()
}

/// What is written in an element, with single blanks.
fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().take(64).collect::<Vec<_>>().join(" ");
    cut(&text)
}

fn cut(text: &str) -> String {
    let whole = text.split_whitespace().collect::<Vec<_>>().join(" ");
    whole.chars().take(LONGEST_TEXT).collect()
}

pub(super) fn joined(parts: [&str; 2]) -> String {
    cut(&parts.join(" "))
}

/// The address that relative ones are resolved against.
pub(super) fn base_of(url: &str, document: &Html) -> Option<Url> {
    let here = Url::parse(url).ok()?;
    let mut elements = document.root_element().descendent_elements();
    let base = elements.find(|element| element.value().name() == "base" && element.attr("href").is_some());
    let elsewhere = base.and_then(|base| here.join(base.attr("href")?).ok());
    Some(elsewhere.unwrap_or(here))
}

/// A link, as a form that is got.
fn link(at: usize, to: String) -> Form {
    let query = Url::parse(&to).ok();
    let query = query.iter().flat_map(Url::query_pairs);
    let hidden = |(name, value): (Cow<'_, str>, Cow<'_, str>)| Field {
        name: name.into_owned(),
        value: value.into_owned(),
        kind: "hidden".to_owned(),
        ..Field::default()
    };
    let fields = query.map(hidden).collect();
    let buttons = vec![Button { at, ..Button::default() }];
    Form { action: to, posted: false, encoding: String::new(), fields, buttons }
}

/// Where `<meta http-equiv="refresh">` leads, unless it is so late that it only reloads a page which was left open.
fn refresh_to(content: &str) -> Option<&str> {
    const LATEST_SECONDS: f64 = 30.0;
    let (delay, rest) = content.split_once([';', ','])?;
    let soon = delay.trim().parse::<f64>().is_ok_and(|seconds| seconds <= LATEST_SECONDS);
    let rest = rest.trim_start();
    let to = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url"))?;
    let to = rest[to.len()..].trim_start().strip_prefix('=')?.trim();
    Some(to.trim_matches(['\'', '"'])).filter(|_| soon)
}
