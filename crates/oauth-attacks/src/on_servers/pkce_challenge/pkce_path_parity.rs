//! A code comes out of the authorization endpoint in several ways: after a login, from a live session, with
//! remembered consent, by POST, in a form. Where one of these ways forgets to store the challenge or its method, the
//! codes that take it are protected by nothing.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::browser::Browser;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

/// `as-pkce-path-parity`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-path-parity",
        name: "Another way to the code",
        story: story!("pkce_path_parity.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.4",
        steps: &[
            "Get codes on every way there is: after a login, with consent that was given before or is given anew, in a live session, with `prompt=none`, by POST, in a form, after an error, pushed, and signed.",
            "On each way, redeem a code with its verifier, one without, one with its challenge as verifier, and one with a guessed verifier.",
        ],
        secure: "On every way, only the verifier redeems the code.",
        insecure: "On some way, a code is redeemed without its verifier.",
        defence: "Every way to a code stores the challenge and its method with it.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for path in PATHS {
        let Some(client) = traveller(bench, client, *path) else { continue };
        let browser = bench.browser();
        if matches!(path, Path::LiveSession | Path::PromptNone) {
            bench.authorization(client).open_in(&browser).await?;
        }
        walk(bench, client, *path, &browser).await?;
    }
    Ok(())
}

/// The client that takes a path, if the path is there.
fn traveller<'a>(bench: &'a Bench, client: &'a Registration, path: Path) -> Option<&'a Registration> {
    match path {
        Path::Signed => bench.role(Role::Signing).ok(),
        Path::Pushed => bench.endpoint("pushed_authorization_request_endpoint").ok().map(|_| client),
        _ => Some(client),
    }
}

const PATHS: &[Path] = &[
    Path::FreshLogin,
    Path::FreshConsent,
    Path::RememberedConsent,
    Path::LiveSession,
    Path::PromptNone,
    Path::Posted,
    Path::FormPost,
    Path::AfterError,
    Path::Pushed,
    Path::Signed,
];

/// A way to a code.
#[derive(Clone, Copy)]
enum Path {
    /// After a login that the request insists on (OpenID Connect Core section 3.1.2.1).
    FreshLogin,
    /// After a consent that the request insists on.
    FreshConsent,
    /// In a browser without a session, of a user who has agreed before.
    RememberedConsent,
    /// In a browser that was logged in before.
    LiveSession,
    /// In such a browser, without asking the user (OpenID Connect Core section 3.1.2.1).
    PromptNone,
    /// With the request in the body of a POST.
    Posted,
    /// With the response in the body of a form.
    FormPost,
    /// In a browser whose first request was refused.
    AfterError,
    /// With a pushed request (RFC 9126).
    Pushed,
    /// With a signed request (RFC 9101).
    Signed,
}

impl Path {
    fn name(self) -> &'static str {
        match self {
            Self::FreshLogin => "after a login",
            Self::FreshConsent => "with new consent",
            Self::RememberedConsent => "with remembered consent",
            Self::LiveSession => "in a live session",
            Self::PromptNone => "with prompt=none",
            Self::Posted => "asked for by POST",
            Self::FormPost => "sent in a form",
            Self::AfterError => "after an error",
            Self::Pushed => "of a pushed request",
            Self::Signed => "of a signed request",
        }
    }
}

/// Makes a verifier that must not redeem a grant, or none.
type WrongVerifier = fn(&Grant) -> Option<String>;

/// Gets codes on one way and tries what must not redeem them. A way that leads to no code is not there.
async fn walk(bench: &Bench, client: &Registration, path: Path, browser: &Browser) -> Result<(), Inconclusive> {
    let Some(grant) = code(bench, client, path, browser).await? else { return Ok(()) };
    let honest = bench.redemption(client, &grant).send().await?;
    if !honest.has_tokens() {
        let because = format!("a code {} is not redeemed with its own verifier", path.name());
        bench.found(Finding::new(Verdict::Inconclusive, because), None);
    }
    let wrongs: [(&str, WrongVerifier); 3] = [
        ("without its verifier", |_| None),
        ("with its challenge as verifier", |grant| Some(grant.challenge())),
        ("with a guessed verifier", |_| Some(fresh())),
    ];
    for (how, wrong) in wrongs {
        let Some(grant) = code(bench, client, path, browser).await? else { return Ok(()) };
        let redemption = bench.redemption(client, &grant).without_verifier();
        let redemption = match wrong(&grant) {
            Some(verifier) => redemption.verifier(&verifier),
            None => redemption,
        };
        let answer = redemption.send().await?;
        bench.judge(&answer, VERIFIER, &format!("a code {}, {how}", path.name()));
    }
    Ok(())
}

async fn code(
    bench: &Bench,
    client: &Registration,
    path: Path,
    browser: &Browser,
) -> Result<Option<Grant>, Inconclusive> {
    let request = bench.authorization(client);
    let request = match path {
        Path::RememberedConsent | Path::LiveSession | Path::Signed => request,
        Path::FreshLogin => request.set("prompt", "login"),
        Path::FreshConsent => request.set("prompt", "consent"),
        Path::Pushed => request.pushed(),
        Path::PromptNone => request.set("prompt", "none"),
        Path::Posted => request.posted(),
        Path::FormPost => request.set("response_mode", "form_post"),
        Path::AfterError => {
            bench.authorization(client).set("response_type", "nonsense").open_in(browser).await?;
            request
        }
    };
    let answer = request.open_in(browser).await?;
    Ok(request.grant_in(&answer))
}
