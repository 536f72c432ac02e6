//! What a browser is shown, and where it is led.

use std::fmt::Write as _;

use oauth_attacks::client::{Done, Page};
use oauth_attacks::{Rejected, Said, Visitor};
use oauth_types::Params;
use serde_json::Value;

use super::{COOKIE, Defence, Login, Purpose, Session, Victim, response};

impl Victim {
    /// A browser comes back, and is shown what came of it.
    pub(super) async fn come_back(&self, visitor: &Visitor, address: &str) -> Said {
        let said = self.finish_login(visitor, address).await.unwrap_or_else(Said::Rejected);
        self.show(visitor, &said);
        let again = match &said {
            Said::Rejected(rejected) if rejected.code == "error of the server" => !self.on(Defence::ErrorsEndLogins),
            Said::Rejected(rejected) if rejected.code == "token endpoint: 400" => {
                !self.on(Defence::RefusalsEndLogins)
            }
            _ => false,
        };
        let provider = self.of(visitor, |session| session.provider.clone());
        match provider.filter(|_| again) {
            Some(provider) => self.begin_login(visitor, &provider).await.map_or(said, |url| Said::SentOn { url }),
            None => said,
        }
    }

    /// The login page, as somebody else may link to it.
    pub(super) async fn open_login(&self, visitor: &Visitor, params: &[(String, String)]) -> Result<Done, Rejected> {
        let provider = self.of(visitor, |session| session.provider.clone());
        let provider = provider.ok_or_else(|| Rejected::new("no provider is chosen"))?;
        let wanted = params.iter().find(|(name, _)| name == "return_to").map(|(_, value)| value.as_str());
        let return_to = wanted.filter(|to| is_here(to) || !self.on(Defence::ReturnStaysHere));
        Ok(Done::Sent { url: self.begin_returning(visitor, &provider, Purpose::Login, return_to).await? })
    }

    /// A login that returns to a page has a state that says so.
    pub(super) fn note_return(&self, login: &mut Login, return_to: Option<&str>) {
        if let Some(return_to) = return_to {
            login.state = response::structured(&login.state, return_to);
            login.return_to = Some(return_to.to_owned());
        }
    }

    /// What the visitor is to be told of an error.
    pub(super) fn note_error(&self, cookie: &str, said: impl Fn(&str) -> Option<String>) {
        let mut notice = String::new();
        for name in ["error", "error_description"] {
            let _ = write!(notice, "<p>{}</p>", self.text(&said(name).unwrap_or_default()));
        }
        let uri = said("error_uri").filter(|uri| uri.starts_with("https://") || !self.on(Defence::ErrorsEscaped));
        let _ = uri.map(|uri| write!(notice, "<a href=\"{}\">more</a>", self.text(&uri)));
        self.sessions().entry(cookie.to_owned()).or_default().notice = Some(notice);
    }

    fn show(&self, visitor: &Visitor, said: &Said) {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let safe = header("referrer-policy", "no-referrer");
        visitor.show(match said {
            Said::Accepted { .. } if !self.on(Defence::CallbackLeadsAway) => {
                let body = "<p>Welcome</p><img src=\"https://images.example/logo.png\">".to_owned();
                Page { status: 200, headers: vec![header("content-type", "text/html")], body, ..Page::default() }
            }
            Said::Accepted { .. } => {
                let to = self.of(visitor, |session| session.leads_to.clone()).unwrap_or_else(|| "/".to_owned());
                Page {
                    status: 303,
                    headers: vec![header("location", &to), safe],
                    body: String::new(),
                    ..Page::default()
                }
            }
            Said::Rejected(_) | Said::SentOn { .. } | Said::BrokeDown => {
                let notice = self.of(visitor, |session| session.notice.take()).unwrap_or_default();
                let headers = vec![header("content-type", "text/html; charset=utf-8"), safe];
                Page { status: 400, headers, body: format!("<h1>Not logged in</h1>{notice}"), ..Page::default() }
            }
        });
    }

    /// Text of somebody else on a page.
    fn text(&self, text: &str) -> String {
        if !self.on(Defence::ErrorsEscaped) {
            return text.to_owned();
        }
        let plain = text.chars().filter(|&c| c.is_ascii_graphic() || c == ' ').take(200);
        plain.map(|c| if "<>&\"'".contains(c) { format!("&#{};", u32::from(c)) } else { c.to_string() }).collect()
    }

    /// Something of the visitor's session.
    pub(super) fn of<T: Default>(&self, visitor: &Visitor, read: impl FnOnce(&mut Session) -> T) -> T {
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        self.sessions().get_mut(&cookie).map(read).unwrap_or_default()
    }
}

/// What an error response says.
pub(super) fn of_params(params: &Params) -> impl Fn(&str) -> Option<String> + '_ {
    |name| params.get(name).map(str::to_owned)
}

/// What an error of the token endpoint says.
pub(super) fn of_members(members: &Value) -> impl Fn(&str) -> Option<String> + '_ {
    |name| members[name].as_str().map(str::to_owned)
}

/// Whether an address is one of this application's own, for every browser.
fn is_here(address: &str) -> bool {
    let plain = address.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'\\');
    plain && address.starts_with('/') && !address.starts_with("//")
}
