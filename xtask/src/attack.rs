//! `cargo xtask attack`: the attacks on servers, against any server that one may test.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use oauth_attacks::{Registration, Target, Verdict, run_on_server};
use serde::Deserialize;

use crate::flows::{Show, target_folder, told, watched, widest_id};

const NOTICE: &str = "\
These are attacks. Run them against systems that you own or have permission to test, and against nothing else.
They send malformed and replayed requests and make the server issue and revoke tokens of the clients named here.
";

/// What to attack, and as whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The issuer of a server that you may test.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// A client that is registered there.
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Its secret; without one it is a public client. The variable CLIENT_SECRET does the same and is not seen by
    /// other users of the machine.
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// How it sends its secret.
    #[arg(long, value_enum, default_value = "basic")]
    auth_method: AuthMethod,
    /// Its redirect URI; a second one lets more attacks run. Nothing has to listen there.
    #[arg(long, value_name = "URI", default_value = "http://127.0.0.1:8400/callback", num_args = 1)]
    redirect_uri: Vec<String>,
    /// Another client of the same kind, `ID` or `ID:SECRET`, which attacks across clients need.
    #[arg(long, value_name = "CLIENT")]
    second_client: Option<String>,
    /// The scope of every request.
    #[arg(long, default_value = "openid")]
    scope: String,
    /// A login_hint that logs a second user in.
    #[arg(long, value_name = "HINT")]
    login_hint: Option<String>,
    /// Only these attacks, by id, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Where the reports are written; `target/attack` unless told otherwise.
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// A JSON file with outcomes that are known and accepted: [{"id": …, "verdict": "vulnerable", "reason": …}].
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
}

/// How a client sends its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuthMethod {
    /// In the Authorization header.
    Basic,
    /// In the body.
    Post,
}

/// An outcome that is known and accepted.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    id: String,
    verdict: Known,
    reason: String,
}

/// The verdicts that are worth an expectation; that an attack is stopped is expected anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    Tolerated,
    Vulnerable,
    Inconclusive,
}

/// Runs the attacks. An error says what is not as expected.
pub(crate) fn run(root: &Path, options: &Options) -> Result<String, String> {
    println!("{NOTICE}");
    let expected = match &options.expect {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            expectations(&text).map_err(|error| format!("{}: {error}", file.display()))?
        }
        None => Vec::new(),
    };
    let secret = options.client_secret.clone().or_else(|| std::env::var("CLIENT_SECRET").ok());
    let folder = options.report.clone().unwrap_or_else(|| target_folder(root).join("attack"));
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    let report = runtime.block_on(async {
        let target = Target::discover(&options.issuer).await.map_err(|error| told(&error))?;
        let target = describe(target, options, secret)?;
        let mut show = Show::new("Attacks on a server", &options.issuer, widest_id());
        watched(&mut show, "Attacks", runner_options(options, expected), async |runner| {
            run_on_server(&target, &runner).await
        })
        .await;
        show.finish(&folder)
    })?;
    match report.passes() {
        true => Ok("everything is as expected".to_owned()),
        false => Err(format!("{} attacks are not as expected", report.summary().failed)),
    }
}

/// The target with the clients and users of the command line.
fn describe(target: Target, options: &Options, secret: Option<String>) -> Result<Target, String> {
    let [redirect_uri, others @ ..] = options.redirect_uri.as_slice() else {
        return Err("a redirect URI is needed".to_owned());
    };
    let first = registration(&options.client_id, secret, options.auth_method, redirect_uri);
    let mut target = target.client(first).scope(&options.scope);
    for other in others {
        target = target.second_redirect_uri(other);
    }
    if let Some(second) = &options.second_client {
        let (id, secret) = second.split_once(':').map_or((second.as_str(), None), |(id, secret)| (id, Some(secret)));
        let second = registration(id, secret.map(str::to_owned), options.auth_method, redirect_uri);
        target = target.second_client(second);
    }
    if let Some(hint) = &options.login_hint {
        target = target.second_user(hint);
    }
    Ok(target)
}

fn registration(id: &str, secret: Option<String>, method: AuthMethod, redirect_uri: &str) -> Registration {
    match (secret, method) {
        (None, _) => Registration::public(id, redirect_uri),
        (Some(secret), AuthMethod::Basic) => Registration::confidential(id, secret, redirect_uri),
        (Some(secret), AuthMethod::Post) => Registration::confidential(id, secret, redirect_uri).secret_in_body(),
    }
}

fn runner_options(options: &Options, expected: Vec<Expected>) -> oauth_attacks::Options {
    let mut runner = oauth_attacks::Options::new();
    if !options.only.is_empty() {
        runner = runner.only(&options.only);
    }
    for Expected { id, verdict, reason } in expected {
        runner = runner.excuse(id, verdict.into(), reason);
    }
    runner
}

/// Reads the file of expectations.
fn expectations(text: &str) -> Result<Vec<Expected>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

impl From<Known> for Verdict {
    fn from(known: Known) -> Self {
        match known {
            Known::Tolerated => Self::Tolerated,
            Known::Vulnerable => Self::Vulnerable,
            Known::Inconclusive => Self::Inconclusive,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use mock_idp::MockIdp;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    /// Whether the server passes the attack that leaves PKCE out.
    async fn without_pkce(idp: &MockIdp) -> bool {
        let line = ["attack", "--issuer", idp.issuer(), "--client-id", "public"];
        let line = line.into_iter().chain(["--only", "as-pkce-challenge-missing-public"]);
        let options = Line::parse_from(line).options;
        let target = Target::discover(idp.issuer()).await.expect("metadata");
        let target = describe(target, &options, None).expect("a target");
        let mut show = Show::new("", "", 0);
        let run = async |runner| run_on_server(&target, &runner).await;
        watched(&mut show, "Attacks", runner_options(&options, Vec::new()), run).await;
        assert_eq!(show.report.summary().attacks, 1);
        show.report.passes()
    }

    #[tokio::test]
    async fn a_weak_server_does_not_pass_and_a_strict_one_does() {
        assert!(without_pkce(&MockIdp::start().await).await);
        let weak = MockIdp::builder().pkce_optional().start().await.expect("a server");
        assert!(!without_pkce(&weak).await);
    }

    #[test]
    fn expectations_are_read() {
        let text = r#"[{"id": "as-code-replay", "verdict": "vulnerable", "reason": "fixed in 2.0"}]"#;
        let expected = expectations(text).expect("expectations");
        assert_eq!((expected[0].id.as_str(), expected[0].verdict), ("as-code-replay", Known::Vulnerable));
    }

    #[test]
    fn an_expectation_needs_a_reason() {
        let error = expectations(r#"[{"id": "as-code-replay", "verdict": "vulnerable"}]"#).expect_err("no reason");
        assert!(error.contains("missing field `reason`"), "{error}");
        assert!(expectations(r#"[{"id": "a", "verdict": "stopped", "reason": "b"}]"#).is_err());
        assert!(expectations(r#"[{"id": "a", "verdict": "vulnerable", "reason": "b", "until": 1}]"#).is_err());
    }
}
