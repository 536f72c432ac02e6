//! What an unchecked signature comes to over https: less, if the certificate vouches for the ID token, and the same for
//! every other signature and every other mistake.

use std::collections::BTreeSet;

use mock_idp::MockIdp;
use mock_idp::tls::Tls;
use oauth_attacks::client::{Ability, Answered, Done, Errand};
use oauth_attacks::{
    ClientUnderTest, Level, Options, Provider, Registration, Rejected, Said, Verdict, Visitor, catalogue,
    run_on_client,
};

use super::{id_token_signature, rows};
use crate::victims::client::{Defence, Victim};

/// What attacks about signatures find besides stays what it is: addresses that are followed, and a key that is never found;
/// a client that checks signatures is to understand what it checks, and to read what was signed in one spelling alone.
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
async fn behind_tls_only_the_signature_of_an_id_token_is_advice() {
    let mut wrong = Vec::new();
    let others = ["rp-jarm-invalid", "rp-userinfo-unsigned", "rp-backchannel-logout", "rp-hybrid-chash"];
    let of_id_tokens = id_token_signature::ROWS.iter().map(|row| row.id);
    let played: BTreeSet<_> = of_id_tokens.chain(others).collect();
    for row in rows().filter(|row| played.contains(row.id) || catalogue::is_about_signatures(row.id)) {
        let (verdict, level, because) = comes_to(row.id, &[row.off]).await;
        let more = MORE_THAN_SIGNATURES.contains(&(row.id, row.off));
        let expected = if catalogue::is_about_signatures(row.id) && !more { Level::Should } else { row.level };
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
