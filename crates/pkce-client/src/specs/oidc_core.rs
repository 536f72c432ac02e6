//! OpenID Connect Core 1.0, §3.1.2.1 and §5.5: what an authentication request asks of the login and of its claims.

use oauth_types::Params;
use serde_json::{Map, Value};

use crate::discover::Server;
use crate::error::ConfigError;
use crate::login::LoginRequest;
use crate::specs::rfc9470_step_up::is_acr;

/// The most languages, and the most claims, that may be asked for.
const MOST: usize = 64;

/// How deeply a value in the claims parameter may be nested.
const DEEPEST: usize = 16;

/// What the server shall do before it answers (§3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Prompt {
    /// Show no page: answer at once, or say with an error that a page is needed. It cannot be combined.
    None,
    /// Have the user enter credentials again. Whether they did shows
    /// [`LoginRequest::max_age`](crate::LoginRequest::max_age) with zero alone.
    Login,
    /// Ask the user to agree again.
    Consent,
    /// Let the user choose among accounts.
    SelectAccount,
    /// Let the user make an account (OpenID Connect Prompt Create §4).
    Create,
}

impl Prompt {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }
}

/// What is asked of a login.
#[derive(Default)]
pub(crate) struct Wishes {
    prompt: Vec<Prompt>,
    ui_locales: Vec<String>,
    claims: Option<Value>,
    pub(crate) acr_values: Vec<String>,
    /// Of each list, the login has to be of one class.
    pub(crate) required_acr: Vec<Vec<String>>,
}

impl LoginRequest<'_> {
    /// Says what the server shall do before it answers (`prompt`).
    ///
    /// [`LoginRequest::begin`] fails if `none` is combined with another, or if the server lists what it does, in
    /// `prompt_values_supported`, and one of these is not among it.
    pub fn prompt(mut self, prompts: impl IntoIterator<Item = Prompt>) -> Self {
        for prompt in prompts {
            if !self.wishes.prompt.contains(&prompt) {
                self.wishes.prompt.push(prompt);
            }
        }
        self
    }

    /// Says in which languages the server's pages are wished for, best first (`ui_locales`, BCP 47 tags).
    pub fn ui_locales<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.wishes.ui_locales.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Asks for single claims (`claims`, §5.5): an object with the members `userinfo` and `id_token`.
    ///
    /// If it asks for `acr` as an essential claim of the ID token, with `value` or `values` or without, that is checked
    /// (§5.5.1.1), and so is the user if it asks for the `sub` of the ID token with a `value` (§3.1.2.2). Other essential claims may be missing all the same: "it is not an error" (§5.5.1).
    ///
    /// It needs the scope `openid`. [`LoginRequest::begin`] fails if it has not this shape, or if the server does not say
    /// that it reads it (`claims_parameter_supported`).
    pub fn claims(mut self, claims: Value) -> Self {
        self.wishes.claims = Some(claims);
        self
    }
}

impl Wishes {
    /// Holds the wishes against their own rules and against what the server offers.
    pub(crate) fn check(&self, server: &Server, openid: bool) -> Result<(), ConfigError> {
        if self.prompt.contains(&Prompt::None) && self.prompt.len() > 1 {
            return Err(ConfigError::PromptNone);
        }
        for prompt in self.prompt.iter().map(|prompt| prompt.as_str()) {
            must_be_offered(server, "prompt_values_supported", &[prompt])?;
        }
        let tag = |tag: &String| {
            (1..=64).contains(&tag.len()) && tag.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        };
        if self.ui_locales.len() > MOST || !self.ui_locales.iter().all(tag) {
            return Err(ConfigError::Locale);
        }
        self.check_acr(server, openid)?;
        match &self.claims {
            None => Ok(()),
            Some(_) if !openid => Err(ConfigError::NeedsOpenid("claims")),
            Some(_) if !server.says("claims_parameter_supported") => {
                Err(ConfigError::NotOffered { value: "claims".to_owned(), member: "claims_parameter_supported" })
            }
            Some(claims) => self.check_claims(claims),
        }
    }

    fn check_acr(&self, server: &Server, openid: bool) -> Result<(), ConfigError> {
        let mut every = self.required_acr.iter().flatten().chain(&self.acr_values);
        if self.required_acr.iter().any(Vec::is_empty) || !every.all(|value| is_acr(value)) {
            return Err(ConfigError::Acr);
        }
        if !openid && !self.required_acr.is_empty() {
            return Err(ConfigError::NeedsOpenid("acr"));
        }
        for list in &self.required_acr {
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            must_be_offered(server, "acr_values_supported", &list)?;
        }
        Ok(())
    }

    fn check_claims(&self, claims: &Value) -> Result<(), ConfigError> {
        let claims = claims.as_object().ok_or(ConfigError::Claims)?;
        for of in ["userinfo", "id_token"].into_iter().filter_map(|name| claims.get(name)) {
            let wanted = of.as_object().filter(|wanted| wanted.len() <= MOST).ok_or(ConfigError::Claims)?;
            if !wanted.values().all(is_wish) {
                return Err(ConfigError::Claims);
            }
        }
        let sub = claims.get("id_token").and_then(|of| of.get("sub")).and_then(|sub| sub.get("value"));
        if sub.is_some_and(|sub| !sub.is_string()) {
            return Err(ConfigError::Claims);
        }
        let Some(acr) = id_token_acr(claims) else { return Ok(()) };
        // §5.5.1.1: with both, nobody knows which of them counts.
        if !self.acr_values.is_empty() || !self.required_acr.is_empty() {
            return Err(ConfigError::Claims);
        }
        match acr_wanted(acr).iter().flatten().all(|value| value.as_str().is_some_and(is_acr)) {
            true => Ok(()),
            false => Err(ConfigError::Acr),
        }
    }

    /// What the `acr` of the ID token has to be: one of each list, and of an empty one, whichever.
    pub(crate) fn acr(&self) -> Vec<Vec<String>> {
        let mut acr = self.required_acr.clone();
        let claims = self.claims.as_ref().and_then(Value::as_object);
        if let Some(wish) = claims.and_then(id_token_acr)
            && wish.get("essential") == Some(&Value::Bool(true))
        {
            let values = acr_wanted(wish).unwrap_or_default();
            acr.push(values.into_iter().filter_map(Value::as_str).map(str::to_owned).collect());
        }
        acr
    }

    /// Who has to be logged in (§5.5.1).
    pub(crate) fn subject(&self) -> Option<String> {
        let sub = self.claims.as_ref()?.get("id_token")?.get("sub")?.get("value")?;
        sub.as_str().map(str::to_owned)
    }

    /// Names the wishes in the request.
    pub(crate) fn name(&self, params: &mut Params) {
        let mut list = |name: &str, values: Vec<&str>| {
            if !values.is_empty() {
                params.push(name, values.join(" "));
            }
        };
        list("prompt", self.prompt.iter().map(|prompt| prompt.as_str()).collect());
        list("ui_locales", self.ui_locales.iter().map(String::as_str).collect());
        let mut acr: Vec<&str> = Vec::new();
        for value in self.required_acr.iter().flatten().chain(&self.acr_values) {
            if !acr.contains(&value.as_str()) {
                acr.push(value);
            }
        }
        list("acr_values", acr);
        if let Some(claims) = &self.claims {
            params.push("claims", claims.to_string());
        }
    }
}

/// One of `values`, if the server lists anything there. These lists are optional.
fn must_be_offered(server: &Server, member: &'static str, values: &[&str]) -> Result<(), ConfigError> {
    let listed = server.metadata.other.contains_key(member);
    match listed && !values.iter().any(|value| server.offers(member, value)) {
        true => Err(ConfigError::NotOffered { value: values.join(" "), member }),
        false => Ok(()),
    }
}

/// §5.5.1: nothing, or what is asked of the claim.
fn is_wish(wish: &Value) -> bool {
    let members = match wish {
        Value::Null => return true,
        Value::Object(members) => members,
        _ => return false,
    };
    members.get("essential").is_none_or(Value::is_boolean)
        && members.get("values").is_none_or(Value::is_array)
        && !(members.contains_key("value") && members.contains_key("values"))
        && depth(wish) <= DEEPEST
}

fn id_token_acr(claims: &Map<String, Value>) -> Option<&Value> {
    claims.get("id_token")?.get("acr").filter(|wish| wish.is_object())
}

/// The values that are asked for, if any are.
fn acr_wanted(wish: &Value) -> Option<Vec<&Value>> {
    match (wish.get("value"), wish.get("values").and_then(Value::as_array)) {
        (Some(value), _) => Some(vec![value]),
        (None, values) => values.map(|values| values.iter().collect()),
    }
}

/// How deeply a value is nested.
pub(crate) fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}
