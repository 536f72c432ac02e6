//! A client to try the server with: it logs somebody in as an application does, shows each step, and lets an attacker
//! come in between if that is wanted. It has no more rights than any other client.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};
use oauth_types::Params;
use pkce_core::Verifier;
use serde::{Deserialize, Serialize};

use super::super::aside::aside;
use super::super::call::shown;
use super::checks::{self, Answer, Expected, Tokens, pretty};
use super::entries::{block, shortened};
use super::outside::{self, Outside};
use super::within::Inner;
use super::{INSPECT, Outcome, Page, Shown, TRY, Visit, Wrong};
use crate::escape::html;
use crate::http::journal::reading;
use crate::http::tenants::is_name;

/// Where a browser keeps what a login began with: it comes back to this client alone.
const COOKIE: &str = "mock_idp_try";
/// For how long, in seconds.
const KEPT: u32 = 600;

/// What a login begins with, and what has to come back.
#[derive(Serialize, Deserialize)]
struct Pending {
    tenant: String,
    client_id: String,
    scope: String,
    redirect_uri: String,
    verifier: String,
    state: String,
    nonce: String,
    attack: Attack,
}

/// Who comes in between.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Attack {
    /// Nobody.
    Nobody,
    /// Somebody who sees the authorization response, and redeems the code first (RFC 7636 §1).
    Thief,
    /// Somebody who has the browser deliver a response of their own (RFC 6749 §10.12).
    Injector,
}

const ATTACKS: &[(Attack, &str, &str)] = &[
    (Attack::Nobody, "nobody", "Nobody comes in between"),
    (Attack::Thief, "thief", "A thief sees the response and redeems the code first"),
    (Attack::Injector, "injector", "An attacker delivers a response that was never asked for"),
];

/// One thing that happened: who did what, and what came of it.
struct Step {
    says: String,
    /// What was sent or answered, as it is.
    shown: String,
}

/// Why a login does not go on.
enum Stop {
    /// The client ends it, and says why.
    Ended(String),
    /// Something else is wrong.
    Wrong(Wrong),
}

impl From<String> for Stop {
    fn from(says: String) -> Self {
        Self::Ended(says)
    }
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

/// The page on which a login begins.
pub(super) fn offer(visit: &Visit<'_>) -> Outcome {
    let tenant = visit.asked.get("tenant").unwrap_or_default();
    let Outside { origin, prefix } = Outside::of(visit, tenant)?;
    let tenant = html(tenant);
    let mut choices = String::new();
    for (attack, name, says) in ATTACKS {
        let checked = if *attack == Attack::Nobody { " checked" } else { "" };
        choices += &format!(
            "<p><input type=\"radio\" id=\"{name}\" name=\"attack\" value=\"{name}\"{checked}> \
             <label class=\"beside\" for=\"{name}\">{says}</label></p>\n"
        );
    }
    let body = format!(
        "<p>This is a client of the server's own. It logs you in with the authorization code flow and PKCE, and shows \
         every step.</p>\n<form method=\"post\" action=\"{prefix}{TRY}\" id=\"try\">\n\
         <input type=\"hidden\" name=\"tenant\" value=\"{tenant}\">\n\
         <p><label for=\"client_id\">Client</label>\n<input id=\"client_id\" name=\"client_id\" value=\"public\" required></p>\n\
         <p id=\"which\">It has no secret, so that <code>confidential</code> cannot be tried: there is nowhere to enter \
         one. Its redirect URI is <code>{}{TRY}/callback</code>. The clients that are there from the beginning take it \
         on a loopback address alone; elsewhere a client is needed that has it.</p>\n\
         <p><label for=\"scope\">Scope</label>\n<input id=\"scope\" name=\"scope\" value=\"openid profile email\" required></p>\n\
         <fieldset><legend>On the way back</legend>\n{choices}</fieldset>\n\
         <button type=\"submit\" id=\"begin\">Log in</button>\n</form>\n",
        html(&format!("{origin}{prefix}"))
    );
    Ok(Page::new("Try it", body).into())
}

/// Sends the browser to the authorization endpoint.
pub(super) fn begin(visit: &Visit<'_>) -> Outcome {
    let chosen = visit.must("attack")?;
    let attack = ATTACKS.iter().find(|(_, name, _)| *name == chosen).map(|(attack, ..)| *attack);
    let attack = attack.ok_or_else(|| Wrong::of(StatusCode::BAD_REQUEST, "There is no such attack"))?;
    let tenant = visit.asked.get("tenant").unwrap_or_default().to_owned();
    if !tenant.is_empty() && !is_name(&tenant) {
        return Err(Wrong::of(StatusCode::BAD_REQUEST, "This cannot be a tenant's name"));
    }
    let outside = Outside::of(visit, &tenant)?;
    let Outside { origin, prefix } = &outside;
    let mut entropy = [0; 32];
    visit.dice().fill(&mut entropy);
    let verifier = Verifier::from_entropy(&mut entropy);
    let pending = Pending {
        client_id: visit.must("client_id")?.to_owned(),
        scope: visit.must("scope")?.to_owned(),
        redirect_uri: format!("{origin}{prefix}{TRY}/callback"),
        verifier: verifier.expose().to_owned(),
        state: visit.dice().handle(),
        nonce: visit.dice().handle(),
        tenant,
        attack,
    };
    let request = Params::new()
        .with("response_type", "code")
        .with("client_id", &*pending.client_id)
        .with("redirect_uri", &*pending.redirect_uri)
        .with("scope", &*pending.scope)
        .with("state", &*pending.state)
        .with("nonce", &*pending.nonce)
        .with("code_challenge", verifier.challenge().as_str())
        .with("code_challenge_method", "S256");
    let location = format!("{prefix}{}/authorize?{}", base(&pending.tenant), request.encode());
    let kept = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&pending).unwrap_or_default());
    let secure = outside.secure();
    let cookie = format!("{COOKIE}={kept}; Path={prefix}{TRY}; Max-Age={KEPT}; HttpOnly; SameSite=Lax{secure}");
    Ok(Shown::With(location, cookie))
}

/// Takes the authorization response, lets the attacker do what they do, and goes on as a client has to.
pub(super) async fn finish(visit: &Visit<'_>) -> Outcome {
    let kept = visit.cookie(COOKIE).and_then(|value| BASE64_URL_SAFE_NO_PAD.decode(value).ok());
    let pending = kept.and_then(|kept| serde_json::from_slice::<Pending>(&kept).ok());
    let Some(pending) = pending.filter(|pending| pending.tenant.is_empty() || is_name(&pending.tenant)) else {
        let says =
            format!("This response belongs to no login that began here, or to one that has ended. Begin at {TRY}");
        return Err(Wrong::of(StatusCode::BAD_REQUEST, says));
    };
    let outside = Outside::of(visit, &pending.tenant)?;
    let mut steps = vec![Step {
        says:
            "The client made a code_verifier and kept it. It sent the browser away with its hash, the code_challenge"
                .to_owned(),
        shown: format!("code_verifier {}\ncode_challenge {}", pending.verifier, challenge(&pending)),
    }];
    let ended = match go_on(visit, &pending, &mut steps).await {
        Ok(ended) | Err(Stop::Ended(ended)) => ended,
        Err(Stop::Wrong(wrong)) => return Err(wrong),
    };
    let mut body = String::from("<ol id=\"steps\">\n");
    for step in &steps {
        body += &format!("<li><p>{}.</p>\n{}</li>\n", html(&step.says), block(shortened(&step.shown)));
    }
    body += "</ol>\n";
    body += &format!("<p id=\"ended\" role=\"status\"><strong>{}.</strong></p>\n", html(&ended));
    body += &seen(visit, &pending, &outside.prefix).await?;
    body += &format!("<p><a href=\"{}{TRY}\">Once more</a></p>\n", outside.prefix);
    let cookie =
        format!("{COOKIE}=; Path={}{TRY}; Max-Age=0; HttpOnly; SameSite=Lax{}", outside.prefix, outside.secure());
    Ok(Page { cookie: Some(cookie), ..Page::new("What happened", body) }.into())
}

/// The rest of a login. The answer is how it ended.
async fn go_on(visit: &Visit<'_>, pending: &Pending, steps: &mut Vec<Step>) -> Result<String, Stop> {
    let mut response = visit.asked.clone();
    steps.push(Step { says: "The browser came back".to_owned(), shown: lines(&response) });
    if pending.attack == Attack::Injector {
        response.set("state", visit.dice().handle());
        response.set("code", visit.dice().handle());
        steps.push(Step {
            says: "An attacker had the browser deliver another response in its place, with a code of their own"
                .to_owned(),
            shown: lines(&response),
        });
    }
    let (issuer, always) = issuer(visit, pending, steps).await?;
    let code = accepted(&response, pending, (&issuer, always))?;
    if pending.attack == Attack::Thief {
        steal(visit, pending, code, steps).await?;
    }
    let answer = redeem(visit, pending, code, Some(&pending.verifier)).await?;
    steps.push(Step {
        says: "The client redeemed the code, with its code_verifier".to_owned(),
        shown: answer.shown(),
    });
    let tokens = checks::tokens(&answer, &pending.scope)?;
    identify(visit, (pending, &issuer), &tokens, steps).await
}

/// The code of an authorization response, if it is one of this login.
fn accepted<'r>(response: &'r Params, pending: &Pending, (issuer, always): (&str, bool)) -> Result<&'r str, String> {
    if let Some(name) = response.duplicate(&[]) {
        return Err(format!(
            "The response has {name} twice, and nobody can say which one counts: the client refuses it (RFC 6749 \
             section 3.1)"
        ));
    }
    if response.get("state") != Some(&pending.state) {
        return Err(
            "The state is not the one that this client made for this browser: it refuses the response and asks for \
             no token (RFC 6749 section 10.12). A client that does not compare it logs you in as the attacker"
                .to_owned(),
        );
    }
    let iss = response.get("iss");
    if (always || iss.is_some()) && iss != Some(issuer) {
        return Err(
            "The response does not name the issuer that was asked: the client refuses it (RFC 9207 section 2.4)"
                .to_owned(),
        );
    }
    if response.get("error").is_some() {
        return Err("The server refused, and says why above".to_owned());
    }
    response.get("code").ok_or_else(|| "There is no code in the response".to_owned())
}

/// The issuer, if its metadata are its own, and whether they say that every response names it. Where RFC 8414 §3 is not
/// spoken they are where OpenID Connect Discovery §4 has them.
async fn issuer(visit: &Visit<'_>, pending: &Pending, steps: &mut Vec<Step>) -> Result<(String, bool), Stop> {
    let tenant = &*pending.tenant;
    let inserted = format!("/.well-known/oauth-authorization-server{}", base(tenant));
    let mut answer = fetch(visit, "", &inserted).await?;
    if answer.status == StatusCode::NOT_FOUND {
        answer = fetch(visit, tenant, "/.well-known/openid-configuration").await?;
    }
    let own = outside::issuer(visit, tenant)?;
    match checks::metadata(&answer, &own) {
        Ok(always) => Ok((own, always)),
        Err(says) => {
            steps.push(Step { says: "The client asked for the metadata".to_owned(), shown: answer.shown() });
            Err(says.into())
        }
    }
}

/// A thief tries the code: without a verifier, and with a guess.
async fn steal(visit: &Visit<'_>, pending: &Pending, code: &str, steps: &mut Vec<Step>) -> Result<(), Wrong> {
    let guess = visit.dice().handle();
    for (verifier, how) in
        [(None, "without a code_verifier"), (Some(&*guess), "with a code_verifier that is a guess")]
    {
        let answer = redeem(visit, pending, code, verifier).await?;
        let came = if checks::has_token(&answer) { "and got tokens" } else { "and was refused" };
        steps.push(Step {
            says: format!("A thief who saw the response redeemed the code {how}, {came}"),
            shown: answer.shown(),
        });
    }
    Ok(())
}

/// Checks the ID token, if there is one, and asks who logged in.
async fn identify(
    visit: &Visit<'_>,
    (pending, issuer): (&Pending, &str),
    tokens: &Tokens<'_>,
    steps: &mut Vec<Step>,
) -> Result<String, Stop> {
    let Some(token) = tokens.id else {
        return Ok("The client has an access token. Nobody has logged in: that takes the scope openid".to_owned());
    };
    let keys = fetch(visit, &pending.tenant, "/jwks").await?;
    let expected = Expected {
        issuer,
        client_id: &pending.client_id,
        nonce: &pending.nonce,
        access_token: tokens.access,
        now: visit.tenant(shown(&pending.tenant))?.clock().reading().now,
    };
    let claims =
        checks::id_token(token, &keys, &expected).map_err(|why| format!("The client refuses the ID token: {why}"))?;
    steps.push(Step {
        says: "The client verified the signature of the ID token, and compared iss, aud, exp, nonce and at_hash"
            .to_owned(),
        shown: pretty(&claims),
    });
    let mut inner = Inner::new(Method::GET, &pending.tenant, "/userinfo").at_the_host_of(visit.parts);
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", tokens.access)) {
        inner.headers.insert(AUTHORIZATION, value);
    }
    let about = Answer::of(inner.answered(visit.app).await?);
    steps.push(Step { says: "The client asked the UserInfo endpoint who that is".to_owned(), shown: about.shown() });
    checks::userinfo(&about, &keys, &expected, claims.get("sub"))?;
    Ok("The login is complete".to_owned())
}

/// What the server answers at an address that everybody may ask.
async fn fetch(visit: &Visit<'_>, tenant: &str, path: &str) -> Result<Answer, Wrong> {
    Ok(Answer::of(Inner::new(Method::GET, tenant, path).at_the_host_of(visit.parts).answered(visit.app).await?))
}

async fn redeem(visit: &Visit<'_>, pending: &Pending, code: &str, verifier: Option<&str>) -> Result<Answer, Wrong> {
    let mut form = Params::new()
        .with("grant_type", "authorization_code")
        .with("code", code)
        .with("client_id", &*pending.client_id)
        .with("redirect_uri", &*pending.redirect_uri);
    if let Some(verifier) = verifier {
        form.push("code_verifier", verifier);
    }
    let response = Inner::post(&pending.tenant, "/token", form, visit.parts).answered(visit.app).await?;
    Ok(Answer::of(response))
}

/// A link to the flow of this login, for who may look.
async fn seen(visit: &Visit<'_>, pending: &Pending, prefix: &str) -> Result<String, Wrong> {
    let tenant = visit.tenant(shown(&pending.tenant))?;
    let state = pending.state.clone();
    let flow = aside(move || {
        let journal = tenant.journal();
        let began = journal.iter().rev().find(|entry| entry.params.get("state") == Some(&state))?.number;
        let readings = reading::read(&journal, tenant.name());
        readings.into_iter().find(|reading| reading.entry.number == began)?.flow
    })
    .await?;
    let own = format!("{prefix}{INSPECT}/{}", shown(&pending.tenant));
    let path = flow.map_or_else(|| own.clone(), |flow| format!("{own}/flows/{}", html(&flow)));
    Ok(format!("<p><a id=\"inspect\" href=\"{path}\">Look at it from the server's side</a></p>\n"))
}

fn base(tenant: &str) -> String {
    if tenant.is_empty() { String::new() } else { format!("/{tenant}") }
}

fn challenge(pending: &Pending) -> String {
    Verifier::parse(&pending.verifier).map(|verifier| verifier.challenge().as_str().to_owned()).unwrap_or_default()
}

fn lines(params: &Params) -> String {
    params.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join("\n")
}
