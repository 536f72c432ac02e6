//! Programs that must not compile, each with what the compiler says.

#[test]
fn misuse_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/misuse/verifier_*.rs");
    cases.compile_fail("tests/misuse/challenge_*.rs");
    #[cfg(feature = "plain")]
    cases.compile_fail("tests/misuse/plain_*.rs");
}
