//! Addresses as attacks on clients read and change them.

use oauth_types::Params;

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::user_agent::forms_of;

/// An address with a query: an authorization request, or what comes back.
#[derive(Debug, Clone)]
pub struct Address {
    /// Everything before the `?`.
    pub base: String,
    /// The query.
    pub params: Params,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Inconclusive`] if its query cannot be read.
    pub fn parse(url: &str) -> Result<Self, Inconclusive> {
        let url = url.split('#').next().unwrap_or_default();
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let params =
            Params::parse(query).map_err(|error| Inconclusive::new(format!("an address is unreadable: {error}")))?;
        Ok(Self { base: base.to_owned(), params })
    }

    /// Reads an address with its parameters in the fragment.
    ///
    /// # Errors
    /// [`Inconclusive`] if they cannot be read.
    pub fn parse_fragment(url: &str) -> Result<Self, Inconclusive> {
        let (base, fragment) = url.split_once('#').unwrap_or((url, ""));
        Ok(Self { params: Self::parse(&format!("?{fragment}"))?.params, base: format!("{base}#") })
    }

    /// Reads the page that answered `request`, if it is a form that the browser posts to the client (OAuth 2.0 Form Post
    /// Response Mode section 2).
    pub(crate) fn in_form(request: &Self, answer: &Answer) -> Option<Self> {
        let form = forms_of(&request.base, answer).into_iter().find(|form| form.posted)?;
        let asked = request.get("redirect_uri");
        let is_asked = url::Url::parse(asked).is_ok_and(|url| url.as_str() == form.action);
        let base = if is_asked { asked.to_owned() } else { form.action };
        let fields = form.fields.into_iter().map(|field| (field.name, field.value));
        Some(Self { base, params: fields.fold(Params::new(), |params, (name, value)| params.with(name, value)) })
    }

    /// The same address with its parameters in the fragment.
    #[must_use]
    pub fn in_fragment(self) -> Self {
        Self { base: format!("{}#", self.base), params: self.params }
    }

    /// A parameter, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_default()
    }

    /// The same address with this parameter instead of every one of its name.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.set(name, value);
        self
    }

    /// The same address with one more parameter of this name, behind the others.
    #[must_use]
    pub fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push(name, value);
        self
    }

    /// The same address without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.params.remove(name);
        self
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.params.is_empty() {
            true => f.write_str(&self.base),
            false if self.base.ends_with('#') => write!(f, "{}{}", self.base, self.params.encode()),
            false => f.write_str(&self.params.append_to_query(&self.base)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_in_a_form_goes_where_the_request_said() {
        let request = Address::parse("http://a/authorize?redirect_uri=http://localhost:1").expect("an address");
        let page = |action: &str, method: &str| {
            let html =
                format!("<form method={method} action={action}><input type=hidden name=code value='a b'></form>");
            Answer::of(200, &[("content-type", "text/html")], &html)
        };
        let told =
            |action, method| Address::in_form(&request, &page(action, method)).map(|address| address.to_string());
        assert_eq!(told("http://localhost:1", "post").as_deref(), Some("http://localhost:1?code=a%20b"));
        assert_eq!(told("http://localhost:2/cb", "post").as_deref(), Some("http://localhost:2/cb?code=a%20b"));
        assert_eq!(told("http://localhost:1", "get"), None);
    }

    #[test]
    fn an_address_is_edited_and_written_again() {
        let address = Address::parse("http://a/cb?code=x%20y&state=s#fragment").expect("an address");
        assert_eq!(address.clone().set("code", "z").without("state").to_string(), "http://a/cb?code=z");
        assert_eq!(address.without("code").without("state").to_string(), "http://a/cb");
        assert!(Address::parse("http://a/cb?code=%zz").is_err());
    }
}
