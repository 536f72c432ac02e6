//! The authorization response brings the challenge back, in the address, in a page, or within a code that can be
//! decoded. Whoever reads responses then knows what a verifier is compared with, and with plain, the verifier.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurposeConfig, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-params-echoed`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-params-echoed",
        name: "Challenge in the response",
        story: story!("pkce_params_echoed.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.4",
        steps: &[
            "Ask for a code.",
            "Look for the challenge, and for the digest it encodes, in the address that the browser is sent to, in the page, and in the code after decoding it.",
        ],
        secure: "Nothing of it is there.",
        insecure: "The challenge can be read.",
        defence: "The challenge stays at the server, or is encrypted in the code.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let answer = request.open().await?;
    let Some(grant) = request.grant_in(&answer) else {
        let because = format!("an honest authorization request was answered {}", answer.summary());
        return Err(Inconclusive::new(because));
    };
    let challenge = grant.challenge();
    let digest = URL_SAFE_NO_PAD.decode(&challenge).unwrap_or_default();
    let places = [
        ("the code", grant.code.expose()),
        ("the address of the response", answer.location().unwrap_or_default()),
        ("the page of the response", answer.body.as_str()),
    ];
    let found =
        places.iter().find(|(_, text)| [challenge.as_bytes(), &digest].iter().any(|what| is_told(text, what)));
    let finding = match found {
        Some((place, _)) => Finding::new(Verdict::Vulnerable, format!("the challenge can be read in {place}")),
        None => Finding::new(Verdict::Stopped, "the challenge is nowhere in the response"),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

/// Whether a text says this, as it stands or once its parts are decoded from base64.
fn is_told(text: &str, what: &[u8]) -> bool {
    let has = |octets: &[u8]| octets.windows(what.len().max(1)).any(|window| window == what);
    let base64 = |c: char| c.is_ascii_alphanumeric() || "-_+/".contains(c);
    let mut parts = text.split(|c| !base64(c)).map(|part| part.replace('+', "-").replace('/', "_"));
    has(text.as_bytes()) || parts.any(|part| LENIENT.decode(part).is_ok_and(|octets| has(&octets)))
}

/// Base64url, whatever its last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

#[cfg(test)]
mod tests {
    use super::is_told;

    #[test]
    fn what_is_told_is_found_in_plain_text_and_decoded() {
        assert!(is_told("http://a/cb?code=1&challenge=canary", b"canary"));
        // {"c":"canary"} in base64url, as a part of a code.
        assert!(is_told("head.eyJjIjoiY2FuYXJ5In0.tail", b"canary"));
        assert!(!is_told("http://a/cb?code=eyJjIjoiIn0", b"canary"));
    }
}
