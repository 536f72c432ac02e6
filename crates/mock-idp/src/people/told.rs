//! What is told of somebody, and where.

use std::borrow::Cow;

use oauth_types::scenario::{Destination, NextLogin, UserSetup, is_reserved};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::memory::{Life, Note, Notes};

/// Claims of somebody: those that go wherever they are asked for, and those of one destination.
///
/// As a note: what is known at one login alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// What is told where a scope or the claims parameter asks for it.
    pub claims: Map<String, Value>,
    id_token: Map<String, Value>,
    access_token: Map<String, Value>,
    userinfo: Map<String, Value>,
}

impl Note for Told {
    const NAME: &'static str = "people/told";
    const LIFE: Life = Life::Grant;
}

impl Told {
    /// What a test says of the next login.
    pub(crate) fn at(next: &NextLogin) -> Self {
        let NextLogin { claims, id_token, access_token, userinfo, .. } = next.clone();
        Self { claims, id_token, access_token, userinfo }
    }

    /// What a setup says of a user.
    pub(super) fn of(setup: &UserSetup) -> Self {
        let UserSetup { claims, id_token, access_token, userinfo, .. } = setup.clone();
        Self { claims, id_token, access_token, userinfo }
    }

    /// What is told where it is asked for.
    pub(super) fn everywhere(claims: Map<String, Value>) -> Self {
        Self { claims, ..Self::default() }
    }

    /// What is told unasked, at every destination.
    pub(crate) fn unasked(claims: Map<String, Value>) -> Self {
        Self { id_token: claims.clone(), access_token: claims.clone(), userinfo: claims, ..Self::default() }
    }

    /// Puts what is told by another in the place of what is said here.
    pub(crate) fn extend(&mut self, other: Self) {
        self.claims.extend(other.claims);
        self.id_token.extend(other.id_token);
        self.access_token.extend(other.access_token);
        self.userinfo.extend(other.userinfo);
    }

    /// Whether nothing is told.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.claims, &self.id_token, &self.access_token, &self.userinfo].into_iter().all(Map::is_empty)
    }

    /// What is told at `destination` alone.
    pub(super) fn only(&self, destination: Destination) -> &Map<String, Value> {
        match destination {
            Destination::IdToken => &self.id_token,
            Destination::AccessToken => &self.access_token,
            Destination::Userinfo => &self.userinfo,
        }
    }

    pub(super) fn only_mut(&mut self, destination: Destination) -> &mut Map<String, Value> {
        match destination {
            Destination::IdToken => &mut self.id_token,
            Destination::AccessToken => &mut self.access_token,
            Destination::Userinfo => &mut self.userinfo,
        }
    }

    /// The same, and what is known by a grant of these notes beside it.
    pub(super) fn at_login(&self, notes: &Notes) -> Cow<'_, Self> {
        let Some(login) = notes.find::<Self>() else { return Cow::Borrowed(self) };
        let mut told = self.clone();
        told.extend(login);
        told.claims.retain(|_, value| !value.is_null());
        Cow::Owned(told)
    }

    /// Puts what is told at `destination` alone in the place of what is said there. `null` takes a claim out.
    pub(crate) fn put(&self, destination: Destination, claims: &mut Map<String, Value>) {
        for (name, value) in self.only(destination).iter().filter(|(name, _)| !is_reserved(name)) {
            match value {
                Value::Null => {
                    claims.remove(name);
                }
                value => {
                    claims.insert(name.clone(), value.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_in_one_place_replaces_what_is_told_everywhere() {
        let next = NextLogin::user("bob").claim("locale", "de").claim("name", Value::Null);
        let next = next.claim_in(Destination::AccessToken, "roles", ["admin"]);
        let mut notes = Notes::default();
        notes.set(&Told::at(&next));
        let user = UserSetup::new("bob").claim("name", "Bob").claim("locale", "en");
        let user = user.claim_in(Destination::AccessToken, "roles", ["user"]).claim_in(
            Destination::AccessToken,
            "groups",
            Value::Null,
        );
        let user = Told::of(&user);
        let told = user.at_login(&notes);
        assert_eq!(Value::Object(told.claims.clone()), json!({"locale": "de"}));
        let mut claims = json!({"groups": 1, "sub": "bob"}).as_object().expect("an object").clone();
        told.put(Destination::AccessToken, &mut claims);
        assert_eq!(Value::Object(claims), json!({"roles": ["admin"], "sub": "bob"}));
        assert!(matches!(user.at_login(&Notes::default()), Cow::Borrowed(_)));
    }

    #[test]
    fn nobody_is_told_to_be_somebody_else() {
        let mut told = Told::default();
        told.only_mut(Destination::IdToken).insert("sub".to_owned(), "eve".into());
        let mut claims = Map::new();
        told.put(Destination::IdToken, &mut claims);
        assert!(claims.is_empty() && !told.is_empty());
    }
}
