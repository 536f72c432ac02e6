//! The crate seen from outside.

mod authorization;
mod challenge;
mod doctor;
mod errors;
mod misuse;
#[cfg(feature = "plain")]
mod plain;
mod token;
mod vectors;
mod verifier;

/// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 Appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// `43*128unreserved`, as an expression for generated texts.
const UNRESERVED: &str = "[A-Za-z0-9._~-]{43,128}";

/// One parameter.
type Param<'a> = (&'a str, &'a str);

fn challenge(text: &str) -> Param<'_> {
    ("code_challenge", text)
}

fn method(text: &str) -> Param<'_> {
    ("code_challenge_method", text)
}

fn verifier(text: &str) -> Param<'_> {
    ("code_verifier", text)
}
