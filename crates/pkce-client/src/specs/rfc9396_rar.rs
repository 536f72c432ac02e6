//! RFC 9396, Rich Authorization Requests: what is asked for is said in objects, and so is what was granted.

use oauth_types::Params;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::discover::Server;
use crate::error::{ConfigError, Error};
use crate::login::LoginRequest;
use crate::session::Session;
use crate::specs::oidc_core::depth;

const DETAILS: &str = "authorization_details";

/// The member of the metadata that lists the types (§10).
const TYPES: &str = "authorization_details_types_supported";

/// The most objects, and how deeply each may be nested.
const MOST: usize = 64;
const DEEPEST: usize = 16;

/// The members that all types share and that are arrays of strings (§2.2). `identifier` is a string.
const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];

impl LoginRequest<'_> {
    /// Says in detail what is asked for (`authorization_details`, §2): an array of objects, each with a `type`.
    ///
    /// What was granted is told by [`Session::authorization_details`]; a server that does not say it is not believed, since
    /// it must (§7).
    ///
    /// [`LoginRequest::begin`] fails if it has not the shape of §2, or if a type is not listed in the server's
    /// `authorization_details_types_supported`.
    pub fn authorization_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl Session {
    /// What the access token is good for in detail, as the server says (§7); nothing if it does not say.
    ///
    /// It may be less than was asked for, or more exact: the user may have chosen an account (§7.1).
    pub async fn authorization_details(&self) -> Vec<Value> {
        self.details().await.granted
    }

    /// What was granted and not asked for in these words: details that the server has added, or has changed, be it to say
    /// more exactly what was granted (§7.1). Compare them with what the user wanted before relying on them.
    pub async fn authorization_details_not_asked_for(&self) -> Vec<Value> {
        let Details { asked, granted, .. } = self.details().await;
        granted.into_iter().filter(|detail| !asked.contains(detail)).collect()
    }

    /// Replaces the tokens with ones that are good for these details alone (§6), which have to be among what was granted.
    /// They are named again whenever this session is refreshed, until others are.
    ///
    /// Without this, a refresh names no details, and the server grants what it granted at the login.
    ///
    /// # Errors
    /// [`Error::Config`] if they have not the shape of §2; otherwise as [`Session::refresh`].
    pub async fn refresh_for(&self, details: Value) -> Result<(), Error> {
        let details = judge(&self.client.inner.server, details)?;
        self.refresh_naming(details).await
    }
}

/// The details of a session.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Details {
    asked: Vec<Value>,
    granted: Vec<Value>,
    /// They are named when the tokens are refreshed.
    repeated: bool,
}

impl Details {
    pub(crate) fn of_login(asked: Option<Vec<Value>>, granted: Option<Vec<Value>>) -> Self {
        let (asked, granted) = (asked.unwrap_or_default(), granted.unwrap_or_default());
        Self { asked, granted, repeated: false }
    }

    /// Whether nobody has said anything in detail.
    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.granted.is_empty()
    }

    /// Names in a refresh request what has to be named, `wanted` if anything is, and returns it.
    pub(crate) fn ask(&self, params: &mut Params, wanted: Option<Vec<Value>>) -> Option<Vec<Value>> {
        let named = wanted.or_else(|| self.repeated.then(|| self.asked.clone()));
        name(params, named.as_ref());
        named
    }

    /// Remembers what a refresh has named and brought. A server that says nothing of it has changed nothing.
    pub(crate) fn heard(&mut self, named: Option<Vec<Value>>, granted: Option<Vec<Value>>) {
        if let Some(named) = named {
            (self.asked, self.repeated) = (named, true);
        }
        if let Some(granted) = granted {
            self.granted = granted;
        }
    }
}

/// Names the details in a request.
pub(crate) fn name(params: &mut Params, details: Option<&Vec<Value>>) {
    if let Some(details) = details {
        params.push(DETAILS, Value::Array(details.clone()).to_string());
    }
}

/// Judges what is asked for (§2, §5).
pub(crate) fn judge(server: &Server, details: Value) -> Result<Vec<Value>, ConfigError> {
    let Value::Array(details) = details else { return Err(ConfigError::AuthorizationDetails) };
    if !(1..=MOST).contains(&details.len()) || !details.iter().all(is_detail) {
        return Err(ConfigError::AuthorizationDetails);
    }
    for name in details.iter().filter_map(|detail| detail["type"].as_str()) {
        if !server.offers(TYPES, name) {
            return Err(ConfigError::NotOffered { value: name.to_owned(), member: TYPES });
        }
    }
    Ok(details)
}

/// What a token response says was granted; `None` if it is not of the shape of §2.
pub(crate) fn read(value: Value) -> Option<Vec<Value>> {
    let Value::Array(details) = value else { return None };
    let typed = |detail: &Value| detail.get("type").is_some_and(Value::is_string);
    (details.len() <= MOST && details.iter().all(typed)).then_some(details)
}

/// §2, §2.2.
fn is_detail(detail: &Value) -> bool {
    let Some(members) = detail.as_object() else { return false };
    let strings = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    members.get("type").and_then(Value::as_str).is_some_and(|name| !name.is_empty())
        && LISTS.iter().all(|list| members.get(*list).is_none_or(strings))
        && members.get("identifier").is_none_or(Value::is_string)
        && depth(detail) <= DEEPEST
}
