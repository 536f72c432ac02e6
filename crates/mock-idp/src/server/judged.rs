//! Judges what is described before anything is started.
//!
//! Clients that somebody configures are trusted further than those that introduce themselves: they may be answered by
//! http, and fetched from on the inside. What no document allows whoever the client is, is a mistake.

use serde_json::{Map, Value};

use super::{Builder, StartError, unusable_addresses};
use crate::clients::Client;
use crate::described::unsound;
use crate::ports::outbound::Reach;
use crate::profiles::Setup;
use crate::redirect::{self, RedirectRule};
use crate::registration::judge;
use crate::request::Place;
use crate::specs;
use crate::world::Policy;

/// Something in the description of a client that no document allows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientFlaw {
    /// The client.
    pub client_id: String,
    /// The member of its metadata (RFC 7591 §2) that it is about, if it is one that the client has.
    pub member: Option<String>,
    /// What is asked for, where the document says so, and the likely mistake. It quotes no value.
    pub says: String,
    /// What could be there instead, where it is one of a few words.
    pub known: Vec<&'static str>,
}

impl Builder {
    /// Judges what is described, and starts nothing. [`Builder::start`] does not ask for this: a test may want a client
    /// that is wrong.
    /// ```
    /// use mock_idp::{Client, MockIdp};
    ///
    /// let client = Client::public("web").token_endpoint_auth_method("client_secret_basics");
    /// let flaws = MockIdp::builder().client(client).flaws()?;
    /// assert_eq!(flaws[0].member.as_deref(), Some("token_endpoint_auth_method"));
    /// # Ok::<(), mock_idp::StartError>(())
    /// ```
    ///
    /// # Errors
    /// The first of the [errors](Self::errors), if it could not be started as it is.
    pub fn flaws(&self) -> Result<Vec<ClientFlaw>, StartError> {
        self.errors().into_iter().next().map_or_else(|| Ok(self.client_flaws()), Err)
    }

    /// Every reason why it could not be started as it is. What the machine may refuse, such as an address or a file, is
    /// not tried.
    pub fn errors(&self) -> Vec<StartError> {
        let issuer = self.issuer.clone().unwrap_or_else(|| "http://localhost".to_owned());
        let mut place = Place::root(issuer);
        (place.front, place.back) = (self.front.clone(), self.back.clone());
        let mut errors: Vec<_> = unusable_addresses(&place).collect();
        errors.extend(self.description.settle().1);
        errors.extend(unsound(&self.description.clients(), &self.description.users()));
        errors
    }

    /// The first flaw of each client, whether it could be started or not. Redirect URIs that cannot be any are among the
    /// [errors](Self::errors).
    pub fn client_flaws(&self) -> Vec<ClientFlaw> {
        let (setup, _) = self.description.settle();
        let clients = self.description.clients.iter();
        clients.filter_map(|client| flaw(client, &setup)).collect()
    }
}

/// The first that is wrong with a client.
fn flaw(client: &Client, setup: &Setup) -> Option<ClientFlaw> {
    let metadata = metadata(client);
    let flaw = |member: Option<&str>, says: String, known: Vec<&'static str>| {
        let member = member.map(str::to_owned);
        Some(ClientFlaw { client_id: client.client_id.clone(), member, says, known })
    };
    if let Some(method) = &client.auth_method {
        let known = auth_methods();
        if !known.contains(&method.as_str()) {
            let says = "no document here defines this method of client authentication".to_owned();
            return flaw(Some("token_endpoint_auth_method"), says, known);
        }
    }
    let known = grant_types();
    if !client.any_grant_type && client.grant_types.iter().any(|own| !known.contains(&own.as_str())) {
        return flaw(Some("grant_types"), "no document here defines one of these grant types".to_owned(), known);
    }
    if client.secret.is_none() && client.auth_method.as_deref().is_some_and(|own| own.starts_with("client_secret_")) {
        let says = "this method of client authentication needs a client_secret".to_owned();
        return flaw(Some("token_endpoint_auth_method"), says, Vec::new());
    }
    // What RFC 7591 says of whoever registers is not asked of whoever is known.
    let others = setup.specs.iter().filter(|spec| spec.name() != "RFC 7591");
    let judged = judge::typed(&metadata, Reach::Configured);
    let refusal = judged.and_then(|()| others.clone().try_for_each(|spec| spec.register(&metadata, &setup.policy)));
    let refusal = refusal.err()?;
    let hint = refusal.hint.as_deref().unwrap_or_default();
    let first = hint.split([' ', '[']).next().unwrap_or_default();
    flaw(metadata.contains_key(first).then_some(first), refusal.description(), Vec::new())
}

/// What the client would say of itself if it registered.
fn metadata(client: &Client) -> Map<String, Value> {
    let mut metadata = client.metadata.clone();
    // Those of a client that is known may be on the inside, where nobody else's may be.
    metadata.remove("request_uris");
    let mut set = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
    let registered = client.redirects.iter().filter_map(|rule| match rule {
        RedirectRule::Registered(uri) if redirect::unusable(rule).is_none() => Some(uri.as_str()),
        _ => None,
    });
    set("redirect_uris", registered.collect());
    if !client.any_grant_type {
        set("grant_types", client.grant_types.as_slice().into());
    }
    if let Some(method) = &client.auth_method {
        set("token_endpoint_auth_method", method.as_str().into());
    }
    if let Some(algorithm) = client.id_token_algorithm {
        set("id_token_signed_response_alg", algorithm.as_str().into());
    }
    metadata
}

/// Every method of client authentication that a document here defines. One may be configured that is not in force: the
/// same clients are used with several profiles.
fn auth_methods() -> Vec<&'static str> {
    let policy = Policy::default();
    let mut methods: Vec<_> =
        specs::every().iter().flat_map(|spec| spec.auth_methods(&policy)).copied().chain(["none"]).collect();
    methods.extend(["tls_client_auth", "self_signed_tls_client_auth"]);
    methods.sort_unstable();
    methods.dedup();
    methods
}

/// Every grant type that a document here defines.
fn grant_types() -> Vec<&'static str> {
    let mut types: Vec<_> = specs::every().iter().filter_map(|spec| spec.grant_type()).collect();
    types.sort_unstable();
    types.dedup();
    types
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{MockIdp, Profile};

    fn flaws(client: Client) -> Vec<ClientFlaw> {
        MockIdp::builder().client(client).flaws().expect("a server")
    }

    #[test]
    fn what_a_client_may_say_has_no_flaw() {
        for profile in Profile::ALL {
            let machine = Client::confidential("m", "s").grant_types(["client_credentials"]);
            let web = Client::confidential("w", "s").redirect_uri("http://app:3000/cb").any_grant_type();
            let keyed = Client::public("k").metadata("jwks_uri", "http://127.0.0.1:1/jwks");
            let builder = MockIdp::builder().profile(*profile).client(machine).client(web).client(keyed);
            assert_eq!(builder.flaws().expect("a server"), [], "{profile}");
        }
    }

    #[test]
    fn what_no_document_knows_is_named_with_what_there_is() {
        let flaw = &flaws(Client::public("a").token_endpoint_auth_method("client_secret_basics"))[0];
        assert_eq!((flaw.client_id.as_str(), flaw.member.as_deref()), ("a", Some("token_endpoint_auth_method")));
        assert!(flaw.known.contains(&"client_secret_basic") && !flaw.says.contains("basics"), "{flaw:?}");
        let flaw = &flaws(Client::public("a").grant_types(["authorisation_code"]))[0];
        assert!(flaw.member.as_deref() == Some("grant_types") && flaw.known.contains(&"authorization_code"));
    }

    #[test]
    fn what_a_document_refuses_is_said_in_its_words() {
        for (client, member, says) in [
            (Client::public("a").metadata("client_uri", 1), "client_uri", "RFC 7591 section 2"),
            (Client::public("a").metadata("subject_type", "none"), "subject_type", "is public or pairwise"),
            (Client::with_keys("a", json!(1)), "", "The JWK Set is not"),
            (Client::public("a").token_endpoint_auth_method("private_key_jwt"), "", "needs jwks or jwks_uri"),
            (
                Client::public("a").token_endpoint_auth_method("client_secret_post"),
                "token_endpoint_auth_method",
                "needs",
            ),
        ] {
            let flaws = flaws(client);
            let [flaw] = flaws.as_slice() else { panic!("{flaws:?}") };
            assert_eq!(flaw.member.as_deref().unwrap_or_default(), member, "{flaw:?}");
            assert!(flaw.says.contains(says), "{flaw:?}");
        }
    }

    #[test]
    fn what_could_not_be_started_is_an_error() {
        let twice = MockIdp::builder().client(Client::public("a")).client(Client::public("a"));
        assert!(matches!(twice.flaws(), Err(StartError::ClientTwice(_))));
        assert!(matches!(MockIdp::builder().on("surely-not").flaws(), Err(StartError::Choice { .. })));
        assert!(matches!(MockIdp::builder().issuer("x").flaws(), Err(StartError::Issuer(_))));
    }

    #[test]
    fn every_error_is_found_and_none_quotes_an_address() {
        let base = "https://user:canary@idp";
        let wrong = Client::public("a").redirect_uri("/x").redirect_uri("y#z").grant_types(["zz"]);
        let builder = MockIdp::builder().issuer(base).front_channel(base).back_channel(base).client(wrong);
        let builder = builder.client(Client::public("")).on("surely-not").without("RFC 0");
        let errors = builder.errors();
        assert_eq!(errors.len(), 8, "{errors:?}");
        assert!(errors[..3].iter().all(|error| !error.to_string().contains("canary")), "{errors:?}");
        let flaws = builder.client_flaws();
        assert_eq!(flaws.iter().map(|flaw| flaw.member.as_deref()).collect::<Vec<_>>(), [Some("grant_types")]);
    }
}
