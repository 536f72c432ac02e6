//! What an unchecked signature comes to over https: less, if the certificate vouches for the ID token, and the same for
//! every other signature and every other mistake.

use mock_idp::MockIdp;
use mock_idp::tls::Tls;
use oauth_attacks::client::{Ability, Answered, Done, Errand};
use oauth_attacks::{
    ClientUnderTest, Level, Options, Provider, Registration, Rejected, Said, Verdict, Visitor, run_on_client,
};

use super::rows;
use crate::victims::client::{Defence, Victim};

/// The attacks that are about the signature of an ID token.
const ABOUT_SIGNATURES: [&str; 18] = [
    "rp-alg-downgrade-metadata",
    "rp-idt-alg-none",
    "rp-idt-sig-stripped",
    "rp-idt-sig-wrong-key",
    "rp-idt-sig-bitflip",
    "rp-idt-hs256-pubkey",
    "rp-idt-hs256-secret",
    "rp-idt-es256-zero",
    "rp-idt-b64-malleable",
    "rp-idt-kid-unknown",
    "rp-idt-kid-missing-multi",
    "rp-idt-kid-injection",
    "rp-idt-header-key",
    "rp-idt-header-url",
    "rp-idt-crit",
    "rp-jwks-weak-key",
    "rp-jwks-rotation",
    "rp-jwks-confused",
];

/// What they find besides that stays what it is: addresses that are followed, and a key that is never found; a client that
/// checks signatures is to understand what it checks, and to read what was signed in one spelling alone.
const MORE_THAN_SIGNATURES: [(&str, Defence); 4] = [
    ("rp-idt-header-url", Defence::AddressesIgnored),
    ("rp-jwks-rotation", Defence::KeysFetchedAgain),
    ("rp-idt-crit", Defence::ExtensionsUnderstood),
    ("rp-idt-b64-malleable", Defence::Base64Strict),
];

/// A client whose issuers have https.
struct Encrypted(Victim, Tls);

impl ClientUnderTest for Encrypted {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        self.0.begin(visitor, provider)
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        self.0.finish(visitor, address)
    }

    fn can(&self, ability: Ability) -> bool {
        self.0.can(ability)
    }

    fn run<'a>(&'a self, visitor: &'a Visitor, errand: &'a Errand) -> Answered<'a, Result<Done, Rejected>> {
        self.0.run(visitor, errand)
    }

    fn https(&self) -> Option<Tls> {
        Some(self.1.clone())
    }

    fn registration(&self) -> Registration {
        self.0.registration()
    }
}

/// What an attack comes to over https where these defences are off.
async fn comes_to(id: &str, off: &[Defence]) -> (Verdict, Level, String) {
    let tls = Tls::shared().expect("an authority");
    let victim = Victim::registered(off[0].registered(), off.iter().copied());
    let idp = MockIdp::builder().tls(tls.clone()).start().await.expect("a server");
    let (issuer, client) = (idp.issuer().to_owned(), victim.registration());
    let victim = victim.trusting(&Provider { issuer, client, ca_pem: idp.ca_pem().map(str::to_owned) });
    let report = run_on_client(Encrypted(victim, tls), &Options::new().only([id])).await;
    let outcome = &report.outcomes[0];
    (outcome.verdict, outcome.level, outcome.because.clone())
}

#[tokio::test]
async fn a_signature_that_is_not_checked_is_advice_behind_tls() {
    let mut wrong = Vec::new();
    for row in rows().filter(|row| ABOUT_SIGNATURES.contains(&row.id)) {
        let (verdict, level, because) = comes_to(row.id, &[row.off]).await;
        let more = MORE_THAN_SIGNATURES.contains(&(row.id, row.off));
        let expected = if more { row.level } else { Level::Should };
        if (verdict, level) != (Verdict::Vulnerable, expected) || !because.contains(row.because) {
            wrong.push(format!("{} without {:?}: {verdict} {level}: {because}", row.id, row.off));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn who_checks_no_signature_has_only_that_to_answer_for() {
    for id in ["rp-idt-crit", "rp-idt-sig-wrong-key"] {
        let off = [Defence::SignatureVerified, Defence::ExtensionsUnderstood];
        let (verdict, level, because) = comes_to(id, &off).await;
        assert_eq!((verdict, level), (Verdict::Vulnerable, Level::Should), "{id}: {because}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_checked_vouches_for_nothing() {
    let off = [Defence::SignatureVerified, Defence::CertificatesVerified];
    let (verdict, level, because) = comes_to("rp-idt-sig-wrong-key", &off).await;
    assert_eq!((verdict, level), (Verdict::Vulnerable, Level::Must), "{because}");
}

#[tokio::test]
async fn what_is_signed_and_no_id_token_of_the_token_endpoint_is_asked_for_over_https_as_well() {
    let others = ["rp-jarm-invalid", "rp-userinfo-unsigned", "rp-backchannel-logout", "rp-hybrid-chash"];
    for row in rows().filter(|row| others.contains(&row.id)) {
        let (verdict, level, because) = comes_to(row.id, &[row.off]).await;
        assert_eq!((verdict, level), (Verdict::Vulnerable, row.level), "{}: {because}", row.id);
    }
}
