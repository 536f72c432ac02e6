//! Programs that must not compile, each with what the compiler says.

/// The compiler whose messages are kept beside the programs. Others word them otherwise.
const WORDED_BY: &str = "rustc 1.95.";

#[test]
fn misuse_does_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(rustc).arg("--version").output().expect("there is a compiler");
    if !version.stdout.starts_with(WORDED_BY.as_bytes()) {
        // Another compiler words them otherwise; nothing can be compared.
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/misuse/verifier_*.rs");
    cases.compile_fail("tests/misuse/challenge_*.rs");
    #[cfg(feature = "plain")]
    cases.compile_fail("tests/misuse/plain_*.rs");
}
