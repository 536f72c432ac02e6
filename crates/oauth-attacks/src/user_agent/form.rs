//! HTML forms: what they hold, and what a browser makes of them when a button is pressed.

use std::fmt;

use oauth_types::Params;
use url::Url;

use crate::browser::Visit;

/// A form of a page.
#[derive(Clone)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Whether it is posted.
    pub posted: bool,
    /// How its fields are written.
    pub encoding: String,
    /// Its fields, in order, whether they are shown or not.
    pub fields: Vec<Field>,
    /// Its buttons that send it, in order.
    pub buttons: Vec<Button>,
}

/// A field of a form.
#[derive(Clone, Default)]
pub struct Field {
    /// The name it is sent under; without one it is not sent.
    pub name: String,
    /// What it holds.
    pub value: String,
    /// `text`, `password`, `hidden`, `checkbox`, `select` and so on.
    pub kind: String,
    /// Whether it is sent as it stands, if it is a box to be ticked.
    pub ticked: bool,
    /// Whether the page insists on it.
    pub required: bool,
    /// What it is said to be: label, placeholder and title.
    pub label: String,
    /// What browsers fill it with.
    pub autocomplete: String,
    /// Its id.
    pub id: String,
    /// The values that can be chosen, each with its words.
    pub options: Vec<(String, String)>,
    /// Which element of the page it is.
    pub(super) at: usize,
}

/// A button that sends a form.
#[derive(Clone, Default)]
pub struct Button {
    /// What it says.
    pub label: String,
    /// What it adds to the form, if it is named.
    pub name: String,
    /// The value it adds.
    pub value: String,
    /// Its id.
    pub id: String,
    /// Where it sends the form, if elsewhere than the form says.
    pub(super) action: Option<String>,
    /// How it sends the form, if otherwise than the form says.
    pub(super) posted: Option<bool>,
    /// Which element of the page it is.
    pub(super) at: usize,
}

/// A form that is filled in and not sent yet: an attack may change it.
#[must_use = "nothing is sent until it is sent"]
#[derive(Clone)]
pub struct Submission {
    pub(super) url: String,
    pub(super) posted: bool,
    pub(super) params: Params,
    /// The page it is on.
    pub(super) page: String,
    pub(super) route: super::page::Route,
    /// The fields that a page of somebody else would not know: they are not shown, or the user's own.
    pub(super) hidden: Vec<String>,
    pub(super) with_password: bool,
}

impl Form {
    /// Whether the user sees none of its fields.
    pub fn is_hidden(&self) -> bool {
        self.fields.iter().all(|field| field.kind == "hidden")
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
    }

    /// The field for the password of somebody who is known, if there is one.
    pub(super) fn password(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.kind == "password" && !field.autocomplete.contains("new-password"))
    }

    /// What a browser sends when a button is pressed.
    pub(super) fn pressed(&self, button: Option<&Button>, page: (&str, super::page::Route)) -> Submission {
        let sent = |field: &&Field| match field.kind.as_str() {
            _ if field.name.is_empty() => false,
            "checkbox" | "radio" => field.ticked,
            "file" => false,
            _ => true,
        };
        let mut params: Params =
            self.fields.iter().filter(sent).map(|field| (field.name.as_str(), field.value.as_str())).collect();
        if let Some(button) = button.filter(|button| !button.name.is_empty()) {
            params.push(&button.name, &button.value);
        }
        let hidden = self.fields.iter().filter(|field| field.kind == "hidden" && !field.name.is_empty());
        Submission {
            url: button.and_then(|button| button.action.clone()).unwrap_or_else(|| self.action.clone()),
            posted: button.and_then(|button| button.posted).unwrap_or(self.posted),
            params,
            page: page.0.to_owned(),
            route: page.1,
            hidden: hidden.map(|field| field.name.clone()).collect(),
            with_password: self.fields.iter().any(|field| field.kind == "password" && !field.value.is_empty()),
        }
    }
}

impl Submission {
    /// With this value instead of every one of its name.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.set(name, value);
        self
    }

    /// With one more field.
    pub fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push(name, value);
        self
    }

    /// Without a field.
    pub fn without(mut self, name: &str) -> Self {
        self.params.remove(name);
        self
    }

    /// As if it came from this page.
    pub fn from_page(mut self, page: &str) -> Self {
        page.clone_into(&mut self.page);
        self
    }

    /// The fields.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The names of the fields that the user does not see.
    pub fn hidden(&self) -> &[String] {
        &self.hidden
    }

    /// Where it is sent, and what is.
    pub fn visit(&self) -> Visit {
        if self.posted {
            return Visit { url: self.url.clone(), form: Some(self.params.clone()) };
        }
        // A GET replaces the query of the address.
        let bare = Url::parse(&self.url).map(|mut url| {
            url.set_query(None);
            url.to_string()
        });
        let bare = bare.unwrap_or_else(|_| self.url.clone());
        Visit { url: if self.params.is_empty() { bare } else { self.params.append_to_query(&bare) }, form: None }
    }
}

/// The names, and none of the values.
impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.params.iter().map(|(name, _)| name).collect();
        f.debug_struct("Submission").field("fields", &names).finish_non_exhaustive()
    }
}

/// What it asks for, without any value.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 20;
        let path = Url::parse(&self.action).map_or_else(|_| "?".to_owned(), |url| url.path().to_owned());
        let fields: Vec<_> =
            self.fields.iter().take(MOST).map(|field| format!("{} ({})", field.name, field.kind)).collect();
        let buttons: Vec<_> = self.buttons.iter().take(MOST).map(|button| format!("“{}”", button.label)).collect();
        write!(f, "{} {path} with ", if self.posted { "POST" } else { "GET" })?;
        f.write_str(&if fields.is_empty() { "no fields".to_owned() } else { fields.join(", ") })?;
        f.write_str(" and ")?;
        f.write_str(&if buttons.is_empty() { "no buttons".to_owned() } else { buttons.join(", ") })
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({self})")
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({} {})", self.name, self.kind)
    }
}

impl fmt::Debug for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Button({})", self.label)
    }
}
