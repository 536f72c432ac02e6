//! The device grant (RFC 8628): a device without a browser, and the person who approves it in another one.

use std::time::Duration;

use oauth_types::{ErrorCode, Params, Secret};
use url::Url;

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::browser::{Browser, Visit};
use crate::redemption::TokenRequest;
use crate::target::{Registration, Role};
use crate::trace::Party;
use crate::user_agent::{Forms, Page, Reached, Submission, Who};

/// RFC 8628 section 3.4.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// More pages than there are between a user code and its approval.
const MOST_PAGES: usize = 12;

/// Polls that came too early say nothing of the code (RFC 8628 section 3.5).
pub(crate) const GONE: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::SlowDown];

/// A device that has asked, and waits.
#[derive(Debug)]
pub(crate) struct Device<'a> {
    bench: &'a Bench,
    client: &'a Registration,
    device_code: Secret,
    /// What a person enters.
    pub(crate) user_code: String,
    page: String,
    complete: Option<String>,
    /// How long the codes live.
    pub(crate) lifetime: Duration,
}

/// What the person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Deny,
}

impl<'a> Device<'a> {
    /// Asks for codes as this client (RFC 8628 section 3.1).
    pub(crate) async fn begin(bench: &'a Bench, client: &'a Registration) -> Result<Self, Inconclusive> {
        let form = Params::new().with("scope", &bench.target().scope);
        let request = bench.request(client, "device_authorization_endpoint", form);
        let answer = request.from(Party::Client).send().await?;
        let document = answer.object().unwrap_or_default();
        let text = |name: &str| document.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        let (Some(device_code), Some(user_code), Some(page)) =
            (text("device_code"), text("user_code"), text("verification_uri"))
        else {
            let because = format!("an honest device authorization request was answered {}", answer.summary());
            return Err(Inconclusive::new(because));
        };
        bench.agent().keep_secret(&device_code);
        let lifetime = document.get("expires_in").and_then(serde_json::Value::as_u64);
        Ok(Self {
            bench,
            client,
            device_code: device_code.into(),
            user_code,
            page,
            complete: text("verification_uri_complete"),
            lifetime: Duration::from_secs(lifetime.unwrap_or_default()),
        })
    }

    /// Asks for tokens (RFC 8628 section 3.4), as the device or as another client.
    pub(crate) fn poll_as(&self, client: &'a Registration) -> TokenRequest<'a> {
        let form = Params::new().with("grant_type", GRANT_TYPE).with("device_code", self.device_code.expose());
        self.bench.request(client, "token_endpoint", form)
    }

    /// Asks for tokens, as the device.
    pub(crate) fn poll(&self) -> TokenRequest<'a> {
        self.poll_as(self.client)
    }

    /// The address with the code in it, if the server offers one.
    pub(crate) fn complete(&self) -> Result<Visit, Inconclusive> {
        let missing = || Inconclusive::new("the server does not offer addresses with a user code in them");
        Ok(Visit { url: self.complete.clone().ok_or_else(missing)?, form: None })
    }

    /// Enters this user code in a browser, and returns what is then there.
    pub(crate) async fn enter(&self, browser: &Browser, code: &str) -> Result<Reached, Inconclusive> {
        let forms = forms(self.bench);
        if let Some(complete) = &self.complete {
            let url = with_code(complete, &self.user_code, code);
            return Ok(forms.until_form(browser, Visit { url, form: None }).await?);
        }
        let visit = Visit { url: self.page.clone(), form: None };
        match forms.until(browser, visit, (Who::First, |page| code_field(page).is_some())).await? {
            Reached::Page(page) => {
                let name = code_field(&page).unwrap_or_default();
                Ok(forms.send(browser, &forms.fill(&page, Who::First)?.set(&name, code)).await?)
            }
            landed => Ok(landed),
        }
    }

    /// Has the first user decide in this browser, where they log in first.
    pub(crate) async fn decide(&self, browser: &Browser, decision: Decision) -> Result<Answer, Inconclusive> {
        // Some servers ask on the page who it is, and others want somebody who is logged in already.
        self.bench.log_in(browser).await?;
        let forms = forms(self.bench);
        let mut reached = self.enter(browser, &self.user_code).await?;
        let mut denied = false;
        for _ in 0..MOST_PAGES {
            let page = match reached {
                Reached::Landed(answer) => return Ok(answer),
                Reached::Page(page) => page,
            };
            // Where the next code can be entered, this one is done with.
            if denied && code_field(&page).is_some() {
                return Ok(page.answer().clone());
            }
            let form = match forms.decline(&page, Who::First) {
                Ok(form) if decision == Decision::Deny && !page.asks_who() => {
                    denied = true;
                    form
                }
                _ => forms.fill(&page, Who::First)?,
            };
            reached = forms.send(browser, &form).await?;
        }
        Err(Inconclusive::new("the pages for the user code of a device have no end"))
    }
}

impl Bench {
    /// Logs the first user in in this browser, by an honest request of the client that is there for codes.
    pub(crate) async fn log_in(&self, browser: &Browser) -> Result<(), Inconclusive> {
        let target = self.target();
        if let Some(client) = target.role(Role::Public).or_else(|| target.role(Role::Confidential)) {
            self.authorization(client).open_in(browser).await?;
        }
        Ok(())
    }
}

/// The forms of the login, or what buttons mostly say: the verification page has forms on every server.
fn forms(bench: &Bench) -> Forms {
    bench.target().login.forms().cloned().unwrap_or_default()
}

/// What is sent from a page on which somebody decides, and may be changed before.
pub(crate) fn agreeing(bench: &Bench, page: &Page) -> Result<Submission, Inconclusive> {
    Ok(forms(bench).fill(page, Who::First)?)
}

/// Sends a form of the verification page.
pub(crate) async fn send(bench: &Bench, browser: &Browser, form: &Submission) -> Result<Reached, Inconclusive> {
    Ok(forms(bench).send(browser, form).await?)
}

/// Opens an address of the verification page.
pub(crate) async fn open(bench: &Bench, browser: &Browser, visit: Visit) -> Result<Reached, Inconclusive> {
    Ok(forms(bench).until_form(browser, visit).await?)
}

/// The field of a page for a user code.
fn code_field(page: &Page) -> Option<String> {
    let mut fields = page.forms().iter().flat_map(|form| &form.fields);
    let code = |text: &str| text.to_ascii_lowercase().contains("code");
    let field =
        fields.find(|field| field.kind == "text" && [&field.name, &field.label].iter().any(|text| code(text)));
    field.map(|field| field.name.clone())
}

/// The address with another code in its query.
fn with_code(url: &str, own: &str, other: &str) -> String {
    let Ok(parsed) = Url::parse(url) else { return url.replace(own, other) };
    let pairs: Params = parsed
        .query_pairs()
        .map(|(name, value)| {
            if value == own { (name.into_owned(), other.to_owned()) } else { (name.into_owned(), value.into_owned()) }
        })
        .collect();
    let mut bare = parsed;
    bare.set_query(None);
    pairs.append_to_query(bare.as_str())
}

#[cfg(test)]
mod tests {
    use super::with_code;

    #[test]
    fn a_code_in_an_address_is_replaced() {
        let url = "https://idp.example/device?lang=en&user_code=ABCD-EFGH";
        let other = with_code(url, "ABCD-EFGH", "WXYZ-WXYZ");
        assert_eq!(other, "https://idp.example/device?lang=en&user_code=WXYZ-WXYZ");
    }
}
