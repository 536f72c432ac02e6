//! A malicious server has the client authenticate with assertions that are good at an honest server too, because they
//! name its endpoint, or both servers, or something that only looks like it. It passes them on and is the client there.

use serde_json::{Value, json};

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::profile::Profile;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::asserted::{honest, key_of, must_be_refused, with_assertion};
use crate::judge::CLIENT;

/// `as-assertion-aud`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-assertion-aud",
        name: "Client assertion for another audience",
        story: story!("assertion_aud.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7523 section 3, RFC 8725 section 3.9, FAPI 2.0 Security Profile section 5.3.2.1",
        steps: &[
            "Redeem codes with assertions for another server, for names that begin like this one, and for nobody.",
            "Redeem one with an assertion for this server and another.",
            "Redeem one with an assertion for the token endpoint, and push a request with one.",
        ],
        secure: "Each is refused with invalid_client.",
        insecure: "An assertion that was made for somebody else is taken.",
        defence: "The audience of an assertion is the issuer identifier of this server, as the only value.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Keyed),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// An issuer that does not exist.
const OTHER: &str = "https://other-server.example";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let metadata = bench.target().metadata();
    let issuer = metadata.issuer.as_str();
    let for_audience = |aud: Value| honest(bench, client).claim("aud", aud).signed_by(key);
    let mut beginning = issuer.to_owned();
    beginning.pop();
    for (what, aud) in [
        ("an assertion for another server", json!(OTHER)),
        ("an assertion for a list of other servers", json!([OTHER])),
        ("an assertion for a name that begins like this server", json!(format!("{issuer}.other.example"))),
        ("an assertion for the beginning of this server's name", json!(beginning)),
    ] {
        must_be_refused(bench, client, None, (what, for_audience(aud)?)).await?;
    }
    let nobody = honest(bench, client).without("aud").signed_by(key)?;
    must_be_refused(bench, client, None, ("an assertion for nobody", nobody)).await?;
    // RFC 7523 leaves these to the server; its revision and FAPI do not.
    let level = if bench.profile() == Profile::Fapi2 { Level::Must } else { Level::Should };
    let both = for_audience(json!([issuer, OTHER]))?;
    must_be_refused(bench, client, level, ("an assertion for this server and another", both)).await?;
    let endpoint = json!(metadata.token_endpoint);
    let to_endpoint = for_audience(endpoint.clone())?;
    must_be_refused(bench, client, level, ("an assertion for the token endpoint", to_endpoint)).await?;
    if bench.target().endpoint("pushed_authorization_request_endpoint").is_some() {
        let push = bench.authorization(client).push();
        let answer = with_assertion(push, &client.client_id, &for_audience(json!(OTHER))?).send().await?;
        bench.judge_closed(&answer, CLIENT, "a pushed request with an assertion for another server");
    }
    Ok(())
}
