//! What tokens are asked for, in whichever way.

use oauth_types::Params;
use serde_json::Value;

use crate::error::ConfigError;
use crate::specs::rfc8707_resource;

/// What tokens were asked for.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// In detail (RFC 9396 §2), if anything was.
    pub(crate) details: Option<Vec<Value>>,
}

impl Asked {
    /// Asks for these scopes, besides those asked for before.
    pub(crate) fn for_scopes<S: AsRef<str>>(&mut self, scopes: impl IntoIterator<Item = S>) {
        add_scopes(&mut self.scopes, scopes);
    }

    /// Whether scopes and resources are such.
    pub(crate) fn judge(&self) -> Result<(), ConfigError> {
        judge_scopes(&self.scopes)?;
        self.resources.iter().try_for_each(|resource| rfc8707_resource::judge(resource))
    }

    /// Says it in a request.
    pub(crate) fn say(&self, params: &mut Params) {
        say_scopes(params, &self.scopes);
        rfc8707_resource::name(params, &self.resources);
    }
}

/// Adds those that are not there yet.
pub(crate) fn add_scopes<S: AsRef<str>>(known: &mut Vec<String>, scopes: impl IntoIterator<Item = S>) {
    for scope in scopes {
        if !known.iter().any(|known| known == scope.as_ref()) {
            known.push(scope.as_ref().to_owned());
        }
    }
}

/// Names the scopes in a request, if there are any.
pub(crate) fn say_scopes(params: &mut Params, scopes: &[String]) {
    if !scopes.is_empty() {
        params.push("scope", scopes.join(" "));
    }
}

/// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
pub(crate) fn judge_scopes(scopes: &[String]) -> Result<(), ConfigError> {
    let of_scope = |octet: u8| matches!(octet, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let unusable = |scope: &String| scope.is_empty() || !scope.bytes().all(of_scope);
    if scopes.iter().any(unusable) { Err(ConfigError::Scope) } else { Ok(()) }
}
