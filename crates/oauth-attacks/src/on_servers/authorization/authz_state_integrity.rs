//! The client compares the `state` that comes back with the one it sent, so a server that decodes it twice, cuts it,
//! or writes it into a page as it stands breaks logins at best. At worst, what the attacker wrote into a `state` runs
//! as a script on a page of the server.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::target::Registration;
use crate::user_agent::forms_of;
use crate::verdict::{Level, Verdict};

/// `as-authz-state-integrity`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-state-integrity",
        name: "A state that comes back changed",
        story: story!("authz_state_integrity.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 4.1.2 and section 10.14",
        steps: &[
            "Send states with characters that mean something in URLs, in HTML and to decoders, and one of 4096 characters.",
            "Have the response posted as a form, if the server can, with markup in the state.",
        ],
        secure: "Each state comes back as it was sent, and on a page it is escaped.",
        insecure: "A state comes back changed, cut or not at all, or its markup becomes part of a page.",
        defence: "The state is returned octet by octet, encoded for the place where it stands.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What would run in a page that does not escape.
const MARKUP: &str = "\"><script>canary</script><x y=\"";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let states = [
        ("a state with the characters of URLs", "a+b c&d=e#f?g;h%20%2Bi/j".to_owned()),
        ("a state with the characters of HTML", MARKUP.to_owned()),
        ("a state that is not ASCII", "stäte".to_owned()),
        ("a state of 4096 characters", "s".repeat(4096)),
    ];
    for (what, state) in &states {
        let request = bench.authorization(client).set("state", state);
        let answer = request.open().await?;
        let finding = judge(client, &answer, state, what);
        bench.found(finding, Some(&answer));
    }
    let modes = &bench.target().document()["response_modes_supported"];
    if modes.as_array().is_some_and(|modes| modes.iter().any(|mode| mode == "form_post")) {
        let request = bench.authorization(client).set("response_mode", "form_post").set("state", MARKUP);
        in_form(bench, client, &request).await?;
    }
    Ok(())
}

/// What came back, and how. What RFC 6749 appendix A.5 does not allow may be refused as well.
fn judge(client: &Registration, answer: &Answer, state: &str, what: &str) -> Finding {
    let legal = state.bytes().all(|octet| (0x20..=0x7e).contains(&octet));
    let refused = (400..500).contains(&answer.status);
    let Some(sent) = sent_to_client(answer, client.redirect_uri()) else {
        return match (answer.status >= 500, refused && !legal) {
            (true, _) => Finding::new(Verdict::Vulnerable, format!("the server broke down at {what}")),
            (false, true) => Finding::new(Verdict::Stopped, format!("{what} is refused")),
            (false, false) => Finding::new(Verdict::Inconclusive, format!("{what} led to {}", answer.summary())),
        };
    };
    if sent.raw("state") == Some(state) {
        return Finding::new(Verdict::Stopped, format!("{what} comes back as it was"));
    }
    if sent.raw("error").is_some() && !legal {
        return Finding::new(Verdict::Stopped, format!("{what} is refused"));
    }
    Finding::new(Verdict::Vulnerable, format!("{what} comes back changed"))
}

/// The state in a form that is posted to the client.
async fn in_form(bench: &Bench, client: &Registration, request: &Authorization<'_>) -> Result<(), Inconclusive> {
    let answer = request.open().await?;
    let forms = forms_of(client.redirect_uri(), &answer);
    let finding = if answer.body.contains("<script>canary") {
        Finding::new(Verdict::Vulnerable, "markup in a state becomes part of the page that posts it")
    } else if forms.iter().any(|form| form.value("state") == Some(MARKUP)) {
        Finding::new(Verdict::Stopped, "markup in a state is escaped in the form that posts it")
    } else if (400..500).contains(&answer.status) || answer.location().is_some() {
        Finding::new(Verdict::Tolerated, "a response in a form is refused")
    } else {
        Finding::new(Verdict::Vulnerable, "a state comes back changed in the form that posts it")
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
