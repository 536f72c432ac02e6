//! The `plain` method, where a server offers it.

use pkce_core::plain::{AnyChallenge, PlainChallenge, check_token_request, read_authorization_request};
use pkce_core::{AuthorizationError, ChallengeError, Outcome, Policy, TokenError, VerifierError};
use proptest::prelude::*;
use zeroize::ZeroizeOnDrop;

use crate::{CHALLENGE, Param, UNRESERVED, VERIFIER, challenge, method, verifier};

fn read<'a>(params: impl IntoIterator<Item = Param<'a>>) -> Result<AnyChallenge, AuthorizationError> {
    read_authorization_request(params, Policy::Required).map(|found| found.expect("a challenge"))
}

fn check(stored: &AnyChallenge, presented: &str) -> Result<Outcome, TokenError> {
    check_token_request(Some(stored), [verifier(presented)], Policy::Required)
}

#[test]
fn a_challenge_without_a_method_is_plain() {
    for params in [vec![challenge(VERIFIER)], vec![challenge(VERIFIER), method("")]] {
        let stored = read(params).expect("plain");
        assert_eq!((stored.method(), stored.expose()), ("plain", VERIFIER));
    }
}

#[test]
fn each_method_is_verified_in_its_own_way() {
    let plain = read([challenge(VERIFIER), method("plain")]).expect("plain");
    assert_eq!(check(&plain, VERIFIER), Ok(Outcome::Verified));
    assert_eq!(check(&plain, CHALLENGE), Err(TokenError::VerifierMismatch));
    assert_eq!(check(&plain, &format!("{VERIFIER}A")), Err(TokenError::VerifierMismatch));
    let short = TokenError::VerifierMalformed(VerifierError::TooShort { octets: 42 });
    assert_eq!(check(&plain, &VERIFIER[..42]), Err(short));

    let hashed = read([challenge(CHALLENGE), method("S256")]).expect("S256");
    assert_eq!((hashed.method(), hashed.expose()), ("S256", CHALLENGE));
    assert_eq!(check(&hashed, VERIFIER), Ok(Outcome::Verified));
    assert_eq!(check(&hashed, CHALLENGE), Err(TokenError::VerifierMismatch));
}

#[test]
fn a_method_is_never_guessed() {
    use AuthorizationError::{
        ChallengeMissing, MethodMiscased, MethodRepeated, MethodUnknown, MethodWithoutChallenge,
    };
    for (params, expected) in [
        (vec![challenge(CHALLENGE), method("s256")], MethodMiscased),
        (vec![challenge(CHALLENGE), method("PLAIN")], MethodMiscased),
        (vec![challenge(CHALLENGE), method("S512")], MethodUnknown),
        (vec![challenge(CHALLENGE), method("S256"), method("plain")], MethodRepeated),
        (vec![method("plain")], MethodWithoutChallenge),
        (vec![], ChallengeMissing),
    ] {
        assert_eq!(read(params).err(), Some(expected));
    }
    assert!(matches!(read_authorization_request([], Policy::Optional), Ok(None)));
}

#[test]
fn each_method_has_its_own_grammar() {
    let dotted = VERIFIER.replace('-', "~");
    assert!(read([challenge(&dotted), method("plain")]).is_ok());
    let refusal = |text: &str, name| read([challenge(text), method(name)]).err();
    let malformed = |error| Some(AuthorizationError::ChallengeMalformed(error));
    assert_eq!(refusal(&dotted, "S256"), malformed(ChallengeError::InvalidCharacter { at: 12 }));
    assert_eq!(refusal(&VERIFIER[..42], "plain"), malformed(ChallengeError::TooShort { octets: 42 }));
    assert_eq!(refusal(&"a".repeat(129), "plain"), malformed(ChallengeError::TooLong { octets: 129 }));
    assert_eq!(refusal(&format!("{VERIFIER}="), "plain"), malformed(ChallengeError::InvalidCharacter { at: 43 }));
}

#[test]
fn the_other_rules_stay() {
    let stored = read([challenge(VERIFIER)]).expect("plain");
    for policy in [Policy::Required, Policy::Optional] {
        assert_eq!(check_token_request(Some(&stored), [], policy), Err(TokenError::VerifierMissing));
        let twice = [verifier(VERIFIER), verifier(VERIFIER)];
        assert_eq!(check_token_request(Some(&stored), twice, policy), Err(TokenError::VerifierRepeated));
        let unsolicited = check_token_request(None, [verifier(VERIFIER)], policy);
        assert_eq!(unsolicited, Err(TokenError::VerifierUnsolicited));
    }
    assert_eq!(check_token_request(None, [], Policy::Optional), Ok(Outcome::NotUsed));
    assert_eq!(check_token_request(None, [], Policy::Required), Err(TokenError::ChallengeMissing));
}

#[test]
fn a_plain_challenge_is_kept_like_a_verifier() {
    fn wiped<T: ZeroizeOnDrop>() {}
    wiped::<PlainChallenge>();
    let stored = read([challenge(VERIFIER)]).expect("plain");
    assert_eq!(format!("{stored:?}"), "Plain(PlainChallenge(..))");
}

proptest! {
    #[test]
    fn a_stored_challenge_survives_its_text(text in UNRESERVED) {
        let stored = AnyChallenge::parse("plain", &text).expect("legal");
        let again = AnyChallenge::parse(stored.method(), stored.expose()).expect("own text");
        prop_assert_eq!(check(&again, &text), Ok(Outcome::Verified));
    }

    #[test]
    fn only_the_same_text_passes(text in UNRESERVED, other in UNRESERVED) {
        let stored = AnyChallenge::parse("plain", &text).expect("legal");
        prop_assert_eq!(check(&stored, &other).is_ok(), text == other);
    }
}
