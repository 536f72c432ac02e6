//! A link to the logout page of a server that people trust, which says where to go on afterwards: to the attacker. It
//! looks like the server's own, and the page behind it asks to log in again.

use mock_idp::jose::Jws;
use oauth_types::Params;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::browser::Visit;
use crate::judge::Finding;
use crate::key::Jwt;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::sessions::log_in;

/// `as-logout-redirect`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-logout-redirect",
        name: "Logout that leads to the attacker",
        story: story!("logout_redirect.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect RP-Initiated Logout sections 2 and 3",
        steps: &[
            "Log in, and open the logout endpoint with a post_logout_redirect_uri of the attacker's.",
            "Do so with the client_id, with the ID token, and with an unsigned copy of it.",
            "Agree to the logout, if the server asks.",
            "Do so with addresses that contain a registered redirect URI.",
        ],
        secure: "The browser is not sent to the attacker.",
        insecure: "The browser is sent to the attacker.",
        defence: "The browser goes on to addresses that the client has registered for it, and nowhere else.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("end_session_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Where the attacker waits. Nobody is there.
const ATTACKER: &str = "https://attacker.example";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let registered = client.redirect_uri();
    let lookalike = registered.replacen("://", "://attacker.example/", 1);
    for to in
        [format!("{ATTACKER}/"), format!("{ATTACKER}/?{registered}"), lookalike, format!("//{}", &ATTACKER[8..])]
    {
        let browser = bench.browser();
        let token = log_in(bench, client, &browser).await?;
        let with = |params: Params| params.with("post_logout_redirect_uri", &to).with("state", "s");
        let hints = [
            ("and nothing else", Params::new()),
            ("and a client_id", Params::new().with("client_id", &client.client_id)),
            ("and an unsigned ID token", Params::new().with("id_token_hint", unsigned(&token))),
            ("and an ID token", Params::new().with("id_token_hint", &token)),
        ];
        for (how, params) in hints {
            // The server may ask first, and still must not lead there.
            let url = with(params).append_to_query(bench.endpoint("end_session_endpoint")?);
            let answer = bench.through_logout(&browser, Visit { url, form: None }).await?;
            judge(bench, &answer, &to, &format!("a logout with an address of the attacker's {how}"));
        }
    }
    Ok(())
}

/// Judges an answer that must not lead to `to`.
fn judge(bench: &Bench, answer: &Answer, to: &str, what: &str) {
    let leads = answer.location().is_some_and(|location| location.starts_with(to))
        || (answer.status == 200 && answer.body.contains(&format!("url={to}")));
    let verdict = if leads || answer.status >= 500 { Verdict::Vulnerable } else { Verdict::Stopped };
    let because = match (leads, verdict) {
        (true, _) => format!("{what} leads there"),
        (false, Verdict::Vulnerable) => format!("the server broke down ({}) at {what}", answer.summary()),
        (false, _) => format!("{what} is answered {} and does not lead there", answer.summary()),
    };
    bench.found(Finding::new(verdict, because), Some(answer));
}

/// The same token with `none` for an algorithm.
fn unsigned(token: &str) -> String {
    let Ok(jws) = Jws::parse(token) else { return token.to_owned() };
    let claims = jws.claims().iter().map(|(name, value)| (name.clone(), value.clone()));
    Jwt::of_type("JWT").claims(claims).unsigned()
}
