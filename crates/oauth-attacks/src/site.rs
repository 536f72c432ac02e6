//! What is known of an application on the web that is attacked from a browser: where it is, how it is registered, and how
//! to see that somebody is logged in.

use std::collections::HashMap;
use std::net::SocketAddr;

use oauth_types::Params;
use url::Url;

use crate::client::{Ability, Door, Rejected, Said};
use crate::target::Registration;
use crate::web::{LoggedIn, WebError};

/// An application on the web.
pub(crate) struct Site {
    /// Where its logins begin.
    pub(crate) start: Url,
    pub(crate) logged_in: LoggedIn,
    pub(crate) registration: Registration,
    /// Where it expects its issuers.
    pub(crate) places: Vec<SocketAddr>,
    doors: HashMap<Door, Url>,
    logout: Option<Url>,
}

impl Site {
    /// A public client of every server, whose redirect URI is `/callback`.
    pub(crate) fn new(start: &str, logged_in: LoggedIn) -> Result<Self, WebError> {
        let start = address(start, Url::parse(start))?;
        let callback = address("/callback", start.join("/callback"))?;
        let registration = Registration::public("client-under-test", callback);
        Ok(Self { start, logged_in, registration, places: Vec::new(), doors: HashMap::new(), logout: None })
    }

    /// The address that this is, absolute or below the first.
    pub(crate) fn address(&self, at: &str) -> Result<Url, WebError> {
        address(at, self.start.join(at))
    }

    pub(crate) fn expect_issuers_at(&mut self, first: SocketAddr, second: Option<SocketAddr>) {
        self.places = std::iter::once(first).chain(second).collect();
    }

    pub(crate) fn has_door(&mut self, door: Door, at: &str) -> Result<(), WebError> {
        self.doors.insert(door, self.address(at)?);
        Ok(())
    }

    pub(crate) fn logs_out_at(&mut self, at: &str) -> Result<(), WebError> {
        self.logout = Some(self.address(at)?);
        Ok(())
    }

    /// Where this door is, with these parameters.
    pub(crate) fn through(&self, door: Door, params: &[(String, String)]) -> Result<String, Rejected> {
        let url = self.doors.get(&door).ok_or_else(|| Rejected::new("no such address is known"))?;
        let query: Params = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Ok(query.append_to_query(url.as_str()))
    }

    /// Where visitors log out.
    pub(crate) fn logout(&self) -> Result<String, Rejected> {
        let url = self.logout.as_ref().ok_or_else(|| Rejected::new("no address to log out at is known"))?;
        Ok(url.to_string())
    }

    pub(crate) fn can(&self, ability: Ability) -> bool {
        match ability {
            Ability::Pages | Ability::WhoAmI => true,
            Ability::Open => !self.doors.is_empty(),
            Ability::Logout => self.logout.is_some(),
            _ => false,
        }
    }

    /// Who is logged in at this issuer, by the page that shows it and its status.
    pub(crate) fn who(&self, issuer: &str, (status, page): (u16, &str)) -> Said {
        if status >= 500 {
            return Said::BrokeDown;
        }
        if !self.logged_in.holds(status, page) {
            return Said::Rejected(Rejected::new("nobody is logged in"));
        }
        // The page was chosen so that it shows this of the one whom every login is about.
        Said::Accepted { issuer: issuer.to_owned(), subject: "alice".to_owned() }
    }
}

fn address(text: &str, url: Result<Url, url::ParseError>) -> Result<Url, WebError> {
    url.map_err(|error| WebError::Address(text.to_owned(), error))
}
