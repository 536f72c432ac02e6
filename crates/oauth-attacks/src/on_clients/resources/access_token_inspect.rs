//! The access token is three letters, looks like a JWT and is none, or is a JWT that says nothing true. It is not for
//! the client to read. A client that reads it takes decisions on what it was never promised, and breaks when the
//! server changes its tokens.

use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::mint::Mint;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-access-token-inspect`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-access-token-inspect",
        name: "Access token that cannot be read",
        story: story!("access_token_inspect.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 1.4, RFC 9068 section 6",
        steps: &[
            "A login is begun and answered honestly.",
            "The access token is a few letters, and UserInfo answers as always.",
            "The same with something that looks like a JWT, and with JWTs that have expired, and are from another issuer, and for another audience.",
        ],
        secure: "The login succeeds.",
        insecure: "The login fails, or the client breaks down.",
        defence: "An access token is passed on without being read.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let mint = Mint::access_token("mallory").scope("other");
    let attempts = [
        ("an access token of a few letters", "x7q".to_owned()),
        ("an access token that looks like a JWT", "eyJh.eyJz.AAAA".to_owned()),
        ("an access token that has expired", idp.mint(&mint.clone().expired()).await?),
        ("an access token of another issuer", idp.mint(&mint.clone().claim("iss", "https://a.example")).await?),
        ("an access token for another audience", idp.mint(&mint.audience("https://api.example")).await?),
    ];
    for (what, token) in attempts {
        stage.agent().keep_secret(&token);
        let body = Edit::Body { content_type: "application/json".to_owned(), text: "{\"sub\":\"alice\"}".to_owned() };
        // The server refuses such a token, and not even a header may say so.
        let refusal = Edit::RemoveHttpHeader { name: "www-authenticate".to_owned() };
        let _claims = idp.lie(Fault::always(Point::Userinfo, body).and(Edit::Status { code: 200 }).and(refusal));
        let _hash = idp.lie_at(Point::IdToken, Edit::remove("at_hash"));
        let lie = idp.lie_at(Point::TokenResponse, Edit::set("access_token", token.as_str()));
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not send a token request"));
        }
        match heard {
            Heard::Said(Said::Accepted { .. }) => stage.withstood(format!("{what} is passed on as it is")),
            other => stage.violated(format!("the client reads {what}: {other}")),
        };
    }
    Ok(())
}
