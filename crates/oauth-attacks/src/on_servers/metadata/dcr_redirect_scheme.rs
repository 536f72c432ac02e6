//! Anybody may register a client, and with it where the browser is sent with codes. An address that the browser runs as
//! a program, or that fits many hosts, or that is not encrypted, turns the server into a tool against its users.

use oauth_types::ErrorCode;
use serde_json::{Value, json};

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::registering::{forget, honest, newcomer, register, registered};

/// `as-dcr-redirect-scheme`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dcr-redirect-scheme",
        name: "Registration of dangerous redirect URIs",
        story: story!("dcr_redirect_scheme.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7591 sections 2, 3.2.2 and 5, RFC 9700 section 2.6",
        steps: &[
            "Register an honest client.",
            "Register clients with a redirect URI that a browser runs or reads itself.",
            "Register clients with a fragment, a wildcard, and http on another machine.",
            "Register a client without a redirect URI.",
        ],
        secure: "The honest client is registered, and the others are refused with invalid_redirect_uri.",
        insecure: "One of the others is registered.",
        defence: "Redirect URIs are judged when a client registers.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[Need::Endpoint("registration_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A redirect URI that looks like one for many hosts.
const WILDCARD: &str = "https://*.app.example/callback";
/// How a registration may be refused for its redirect URIs (RFC 7591 section 3.2.2).
const REDIRECT: &[ErrorCode] = &[ErrorCode::InvalidRedirectUri, ErrorCode::InvalidClientMetadata];

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    forget(bench, Some(newcomer(bench).await?)).await;
    let wrongs: [(&str, Value); 8] = [
        ("a redirect URI that is a script", json!(["javascript:alert(1)//"])),
        ("a redirect URI that is a script in capitals", json!(["JavaScript:alert(1)//"])),
        ("a redirect URI that is a page itself", json!(["data:text/html,hello"])),
        ("a redirect URI that is a file", json!(["file:///etc/passwd"])),
        ("a redirect URI with a fragment", json!(["https://app.example/callback#part"])),
        ("a redirect URI that is not encrypted", json!(["http://app.example/callback"])),
        ("a redirect URI that is no URI", json!(["/callback"])),
        ("no redirect URI", json!([])),
    ];
    for (what, uris) in wrongs {
        let mut metadata = honest();
        metadata["redirect_uris"] = uris;
        let answer = register(bench, &metadata).await?;
        let what = format!("a registration with {what}");
        if bench.judge_closed(&answer, REDIRECT, &what) == Verdict::Vulnerable {
            forget(bench, registered(&answer)).await;
        }
    }
    wildcard(bench).await
}

/// A star is an ordinary character where addresses are compared as they stand (RFC 9700 section 2.1). It must not stand
/// for hosts.
async fn wildcard(bench: &Bench) -> Result<(), Inconclusive> {
    let mut metadata = honest();
    metadata["redirect_uris"] = json!([WILDCARD]);
    let answer = register(bench, &metadata).await?;
    let what = "a registration with a redirect URI for every host of a domain";
    let Some(id) = answer.member("client_id").filter(|_| (200..300).contains(&answer.status)) else {
        bench.judge_closed(&answer, REDIRECT, what);
        return Ok(());
    };
    let client = Registration::public(id, WILDCARD.replace('*', "evil"));
    let request = bench.authorization(&client).not_pushed();
    let opened = bench.browser().open(request.front_channel()).await?;
    let finding = match (400..500).contains(&opened.status) {
        true => Finding::new(Verdict::Vulnerable, format!("the server answered {} to {what}", answer.summary()))
            .at(Level::Info),
        false => Finding::new(Verdict::Vulnerable, "a redirect URI with a star is taken for any host"),
    };
    bench.found(finding, Some(&opened));
    forget(bench, registered(&answer)).await;
    Ok(())
}
