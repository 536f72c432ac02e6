//! The parameters of the token request are in JSON, in text or in parts, and not in a form. A server that reads them
//! all the same may find them where nobody else looks, miss the verifier among them, or take what any page can make a
//! browser send to another origin without asking.

use oauth_types::{ErrorCode, Params};
use serde_json::Value;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-verifier-json-body`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-json-body",
        name: "Token request that is no form",
        story: story!("pkce_verifier_json_body.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 4.1.3 and Appendix B",
        steps: &[
            "Redeem codes with all parameters in `application/json`, in `text/plain` and in `multipart/form-data`.",
            "Do the same without a verifier.",
        ],
        secure: "Each is refused with `invalid_request`, or with the status 415.",
        insecure: "A code is redeemed, worst without a verifier.",
        defence: "A token request is read as a form, and as nothing else.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for (name, media_type, write) in BODIES {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).written(media_type, *write).send().await?;
        judge(bench, &answer, Level::Should, &format!("a token request in {name}"));

        let grant = bench.grant(client).await?;
        let redemption = bench.redemption(client, &grant).without_verifier();
        let answer = redemption.written(media_type, *write).send().await?;
        judge(bench, &answer, Level::Must, &format!("a token request in {name} and without a verifier"));
    }
    Ok(())
}

/// A kind of body: what it is called, its media type, and how it is made of parameters.
type Body = (&'static str, &'static str, fn(&Params) -> Vec<u8>);

const BODIES: &[Body] = &[
    ("JSON", "application/json", json),
    ("text", "text/plain", |form| form.encode().into_bytes()),
    ("parts", "multipart/form-data; boundary=part", parts),
];

fn json(form: &Params) -> Vec<u8> {
    let members = form.iter().map(|(name, value)| (name.to_owned(), value.into()));
    Value::Object(members.collect()).to_string().into_bytes()
}

/// RFC 7578 section 4.
fn parts(form: &Params) -> Vec<u8> {
    let part =
        |(name, value)| format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let mut text: String = form.iter().map(part).collect();
    text.push_str("--part--\r\n");
    text.into_bytes()
}

/// Refused for its kind (RFC 9110 section 15.5.16), or as a malformed request.
fn judge(bench: &Bench, answer: &Answer, level: Level, what: &str) {
    if answer.status == 415 && !answer.has_tokens() {
        bench.found(Finding::new(Verdict::Stopped, format!("{what} is refused with 415")), Some(answer));
    } else {
        bench.judge_at(level, answer, &[ErrorCode::InvalidRequest], what);
    }
}
