//! The attacker shows the consent page in an invisible frame on top of a game, and has the user click on what they do
//! not see. Browsers refuse to frame a page only if it says so itself.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::Who;
use crate::verdict::{Level, Verdict};

/// `as-authz-clickjacking`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-clickjacking",
        name: "The page in a frame",
        story: story!("authz_clickjacking.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.16, RFC 6749 section 10.13",
        steps: &["Log in and agree in a browser.", "Read the headers of each page on the way."],
        secure: "Each page forbids frames, by `frame-ancestors` or `X-Frame-Options`.",
        insecure: "A page can be framed by any site.",
        defence: "Every page that a user acts on forbids to be framed by others.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let visit = bench.authorization(client).set("prompt", "consent").address().await?;
    let (pages, _) = bench.forms()?.walk(&bench.browser(), visit, Who::First).await?;
    if pages.is_empty() {
        return Err(Inconclusive::new("the server does not show any page"));
    }
    for page in &pages {
        let title = page.title();
        let finding = match forbids_frames(page.answer()) {
            true => Finding::new(Verdict::Stopped, format!("the page “{title}” forbids frames")),
            false => Finding::new(Verdict::Vulnerable, format!("the page “{title}” can be framed by any site")),
        };
        bench.found(finding, Some(page.answer()));
    }
    Ok(())
}

/// Whether browsers keep the page out of frames of others (Content Security Policy Level 3 section 6.4.2, RFC 7034).
fn forbids_frames(answer: &Answer) -> bool {
    let policies = answer.headers.get_all("content-security-policy").iter().filter_map(|policy| policy.to_str().ok());
    let mut directives = policies.flat_map(|policy| policy.split([';', ','])).map(str::trim);
    let ancestors = directives.find_map(|directive| {
        let (name, sources) = directive.split_once(' ').unwrap_or((directive, ""));
        name.eq_ignore_ascii_case("frame-ancestors").then_some(sources)
    });
    if let Some(sources) = ancestors {
        return sources.split(' ').all(|source| !matches!(source, "*" | "http:" | "https:"));
    }
    let option = answer.header("x-frame-options").unwrap_or_default();
    ["deny", "sameorigin"].iter().any(|word| option.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_kept_out_of_frames_by_either_header() {
        let forbids = |name, value| forbids_frames(&Answer::of(200, &[(name, value)], ""));
        let policy = |value| forbids("content-security-policy", value);
        assert!(policy("default-src 'none'; frame-ancestors 'none'") && policy("Frame-Ancestors 'self'"));
        assert!(
            !policy("default-src 'none'") && !policy("frame-ancestors *") && !policy("frame-ancestors 'self' https:")
        );
        assert!(forbids("x-frame-options", "DENY") && !forbids("x-frame-options", "ALLOW-FROM https://a.example"));
    }
}
