//! Codes that come back to another login than the one they were issued for.
//!
//! A server compares more than the verifier when a code is redeemed: the client, and the redirect URI, which has a port
//! of its own for each login of an application that listens on the loopback interface (RFC 8252 section 7.3). The
//! attacker asks for a code that only the verifier and the nonce tell from the right one, or else it would be an accident
//! of their browser that stops the attack, and no defence of the client.

use mock_idp::Entry;
use oauth_types::Params;
use url::Url;

use crate::attack::Inconclusive;
use crate::challenge::s256;
use crate::client::Said;
use crate::idp::Idp;
use crate::observe;
use crate::stage::{Address, Heard, Stage};

/// What has to be the same for a code to be good for another login but for its verifier.
const SHARED: [&str; 2] = ["client_id", "redirect_uri"];

/// A request for a code, for coming back to another login.
#[derive(Debug)]
pub(super) struct Foreign {
    /// The request, as the browser of the attacker opens it.
    pub(super) request: Address,
    challenge: String,
    nonce: bool,
}

impl Foreign {
    /// The login that `own` begins, and what it `asked`, altered so that its code is good for the login that asked for
    /// `wanted`. What is pushed or signed cannot be altered.
    pub(super) fn of(own: Address, asked: &Params, wanted: &Params) -> Self {
        let challenge = asked.get("code_challenge").unwrap_or_default().to_owned();
        let nonce = wanted.get("nonce").is_some();
        let differs = |name: &&str| own.params.get(name).is_some_and(|value| wanted.get(name) != Some(value));
        let altered: Vec<_> = SHARED.into_iter().filter(differs).collect();
        let alter = |request: Address, name: &str| request.set(name, wanted.get(name).unwrap_or_default());
        Self { request: altered.into_iter().fold(own, alter), challenge, nonce }
    }

    /// Makes sure that there is a nonce that the ID token of this login would be told by.
    pub(super) fn differs_in_its_nonce(&self) -> Result<(), Inconclusive> {
        match self.nonce {
            true => Ok(()),
            false => Err(Inconclusive::new("the client does not send a nonce")),
        }
    }

    /// Makes sure that the code which this login brought was not refused by the server for something else than the
    /// verifier, where the verifier was right.
    pub(super) fn refused_for_its_verifier(&self, idp: &Idp, code: &str) -> Result<(), Inconclusive> {
        let fits = |entry: &&Entry| entry.params.get("code_verifier").is_some_and(|it| s256(it) == self.challenge);
        match redeemed(idp, code).iter().filter(fits).find(|entry| entry.refusal.is_some()) {
            Some(entry) => Err(by_the_server(entry)),
            None => Ok(()),
        }
    }
}

/// What a login asked for, seen in its request and in what the server was sent since its journal had this length.
pub(super) fn asked(idp: &Idp, request: &Address, since: usize) -> Params {
    observe::asked(request, &idp.journal().split_off(since))
}

/// This response at the port of the login that asked for `wanted`, if that is one of the loopback interface: whoever
/// leads the browser there has read the port in the request.
pub(super) fn at_port_of(response: Address, wanted: &Params) -> Address {
    let on_loopback = |uri: &str| Url::parse(uri).ok().filter(is_loopback);
    let own = wanted.get("redirect_uri").and_then(on_loopback).and_then(|url| url.port());
    let (Some(port), Some(mut place)) = (own, on_loopback(&response.base)) else { return response };
    match place.set_port(Some(port)) {
        Ok(()) => Address { base: place.into(), ..response },
        Err(()) => response,
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost"))
}

/// The token requests with this code.
pub(super) fn redeemed(idp: &Idp, code: &str) -> Vec<Entry> {
    idp.token_requests().into_iter().filter(|entry| entry.params.get("code") == Some(code)).collect()
}

/// Records whether the client rejects a code of another login at a server that takes any verifier. If the server
/// refused the code, that says nothing of the client.
pub(super) fn must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    (code, heard): (&str, &Heard),
    what: &str,
) -> Result<(), Inconclusive> {
    let refused = redeemed(idp, code).into_iter().find(|entry| entry.refusal.is_some());
    match (heard, refused) {
        (Heard::Said(Said::Rejected(_)), Some(entry)) => Err(by_the_server(&entry)),
        _ => {
            stage.must_reject(heard, what);
            Ok(())
        }
    }
}

fn by_the_server(entry: &Entry) -> Inconclusive {
    let rule = entry.refusal.as_ref().map_or("", |refused| refused.rule);
    Inconclusive::new(format!("the client does not redeem codes in a way that they could be exchanged ({rule})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_comes_to_the_port_of_the_login_at_its_own_path() {
        let wanted = Params::parse("redirect_uri=http://127.0.0.1:1/cb").expect("parameters");
        let moved = |text| at_port_of(Address::parse(text).expect("an address"), &wanted).to_string();
        assert_eq!(moved("http://127.0.0.1:2/other?code=c"), "http://127.0.0.1:1/other?code=c");
        assert_eq!(moved("https://app.example/cb?code=c"), "https://app.example/cb?code=c");
    }

    #[test]
    fn the_port_of_another_login_is_taken_over_where_it_can_be() {
        let wanted = Params::parse("client_id=a&redirect_uri=http://127.0.0.1:1/cb").expect("parameters");
        let own = Address::parse("http://as/authorize?client_id=a&redirect_uri=http://127.0.0.1:2/cb&state=s");
        let own = own.expect("an address");
        let asked = own.params.clone();
        let foreign = Foreign::of(own, &asked, &wanted).request;
        assert_eq!((foreign.get("redirect_uri"), foreign.get("state")), ("http://127.0.0.1:1/cb", "s"));
        let pushed = Address::parse("http://as/authorize?client_id=a&request_uri=urn:x").expect("an address");
        let foreign = Foreign::of(pushed, &asked, &wanted).request;
        assert_eq!(foreign.to_string(), "http://as/authorize?client_id=a&request_uri=urn%3Ax");
    }
}
