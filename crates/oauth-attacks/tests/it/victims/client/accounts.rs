//! The accounts of the application: each belongs to a subject of an issuer (OpenID Connect Core section 5.7).

use oauth_attacks::Said;
use serde_json::Value;

use super::{Defence, Login, Victim};

/// Somebody who has logged in before.
#[derive(Clone)]
pub(super) struct Account {
    issuer: String,
    subject: String,
    email: Option<String>,
}

impl Victim {
    /// Logs somebody in to their account, which is made if there is none.
    pub(super) fn account(&self, login: &Login, subject: String, claims: [&Value; 2]) -> Said {
        let email = claims.iter().find_map(|claims| claims["email"].as_str()).map(str::to_owned);
        let own = Account { issuer: login.provider.issuer.clone(), subject, email };
        let mut accounts = self.accounts.lock().expect("nobody panics with the accounts in hand");
        let found = accounts.iter().find(|known| {
            let by_subject = known.subject == own.subject
                && (known.issuer == own.issuer || !self.on(Defence::AccountsBelongToIssuers));
            by_subject || known.email.is_some() && known.email == own.email && !self.on(Defence::MailIsNoKey)
        });
        let account = found.cloned().unwrap_or_else(|| {
            accounts.push(own.clone());
            own
        });
        Said::Accepted { issuer: account.issuer, subject: account.subject }
    }
}
