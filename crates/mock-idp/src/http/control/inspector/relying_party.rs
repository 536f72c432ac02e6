//! A client to try the server with: it logs somebody in as an application does, shows each step, and lets an attacker
//! come in between if that is wanted. It has no more rights than any other client.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Method, Response, StatusCode};
use oauth_types::Params;
use pkce_core::Verifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::aside::aside;
use super::super::call::shown;
use super::entries::{block, shortened};
use super::within::Inner;
use super::{INSPECT, Outcome, Page, Shown, TRY, Visit, Wrong};
use crate::escape::html;
use crate::jose::{Jws, PublicKeys, seconds};

/// Where a browser keeps what a login began with: it comes back to this client alone.
const COOKIE: &str = "mock_idp_try";
/// For how long, in seconds.
const KEPT: u32 = 600;

/// What a login begins with, and what has to come back.
#[derive(Serialize, Deserialize)]
struct Pending {
    tenant: String,
    client_id: String,
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

/// The page on which a login begins.
pub(super) fn offer(visit: &Visit<'_>) -> Outcome {
    let tenant = html(visit.asked.get("tenant").unwrap_or_default());
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
         every step.</p>\n<form method=\"post\" action=\"{TRY}\" id=\"try\">\n\
         <input type=\"hidden\" name=\"tenant\" value=\"{tenant}\">\n\
         <p><label for=\"client_id\">Client</label>\n<input id=\"client_id\" name=\"client_id\" value=\"public\" required></p>\n\
         <p><label for=\"scope\">Scope</label>\n<input id=\"scope\" name=\"scope\" value=\"openid profile email\" required></p>\n\
         <fieldset><legend>On the way back</legend>\n{choices}</fieldset>\n\
         <button type=\"submit\" id=\"begin\">Log in</button>\n</form>\n"
    );
    Ok(Page::new("Try it", body).into())
}

/// Sends the browser to the authorization endpoint.
pub(super) fn begin(visit: &Visit<'_>) -> Outcome {
    let chosen = visit.must("attack")?;
    let attack = ATTACKS.iter().find(|(_, name, _)| *name == chosen).map(|(attack, ..)| *attack);
    let attack = attack.ok_or_else(|| Wrong::of(StatusCode::BAD_REQUEST, "There is no such attack"))?;
    let tenant = visit.asked.get("tenant").unwrap_or_default().to_owned();
    if !tenant.is_empty() && !crate::http::tenants::is_name(&tenant) {
        return Err(Wrong::of(StatusCode::BAD_REQUEST, "This cannot be a tenant's name"));
    }
    let mut entropy = [0; 32];
    visit.dice().fill(&mut entropy);
    let verifier = Verifier::from_entropy(&mut entropy);
    let pending = Pending {
        client_id: visit.must("client_id")?.to_owned(),
        redirect_uri: format!("{}{TRY}/callback", origin(visit)?),
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
        .with("scope", visit.must("scope")?)
        .with("state", &*pending.state)
        .with("nonce", &*pending.nonce)
        .with("code_challenge", verifier.challenge().as_str())
        .with("code_challenge_method", "S256");
    let location = format!("{}/authorize?{}", base(&pending.tenant), request.encode());
    let kept = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&pending).unwrap_or_default());
    let secure = if visit.is_secure() { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={kept}; Path={TRY}; Max-Age={KEPT}; HttpOnly; SameSite=Lax{secure}");
    Ok(Shown::With(location, cookie))
}

/// Takes the authorization response, lets the attacker do what they do, and goes on as a client has to.
pub(super) async fn finish(visit: &Visit<'_>) -> Outcome {
    let kept = visit.cookie(COOKIE).and_then(|value| BASE64_URL_SAFE_NO_PAD.decode(value).ok());
    let pending = kept.and_then(|kept| serde_json::from_slice::<Pending>(&kept).ok());
    let Some(pending) = pending else {
        let says =
            format!("This response belongs to no login that began here, or to one that has ended. Begin at {TRY}");
        return Err(Wrong::of(StatusCode::BAD_REQUEST, says));
    };
    let mut steps = vec![Step {
        says:
            "The client made a code_verifier and kept it. It sent the browser away with its hash, the code_challenge"
                .to_owned(),
        shown: format!("code_verifier {}\ncode_challenge {}", pending.verifier, challenge(&pending)),
    }];
    let ended = go_on(visit, &pending, &mut steps).await?;
    let mut body = String::from("<ol id=\"steps\">\n");
    for step in &steps {
        body += &format!("<li><p>{}.</p>\n{}</li>\n", html(&step.says), block(shortened(&step.shown)));
    }
    body += "</ol>\n";
    body += &format!("<p id=\"ended\" role=\"status\"><strong>{}.</strong></p>\n", html(&ended));
    body += &seen(visit, &pending).await?;
    body += &format!("<p><a href=\"{TRY}\">Once more</a></p>\n");
    let cookie = format!("{COOKIE}=; Path={TRY}; Max-Age=0; HttpOnly; SameSite=Lax");
    Ok(Page { cookie: Some(cookie), ..Page::new("What happened", body) }.into())
}

/// The rest of a login. The answer is how it ended.
async fn go_on(visit: &Visit<'_>, pending: &Pending, steps: &mut Vec<Step>) -> Result<String, Wrong> {
    let (issuer, always) = issuer(visit, pending).await?;
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
    if response.get("state") != Some(&pending.state) {
        return Ok(
            "The state is not the one that this client made for this browser: it refuses the response and asks for \
                   no token (RFC 6749 section 10.12). A client that does not compare it logs you in as the attacker"
                .to_owned(),
        );
    }
    let iss = response.get("iss");
    if (always || iss.is_some()) && iss != issuer.as_deref() {
        return Ok(
            "The response does not name the issuer that was asked: the client refuses it (RFC 9207 section 2.4)"
                .to_owned(),
        );
    }
    if response.get("error").is_some() {
        return Ok("The server refused, and says why above".to_owned());
    }
    let Some(code) = response.get("code") else {
        return Ok("There is no code in the response".to_owned());
    };
    if pending.attack == Attack::Thief {
        steal(visit, pending, code, steps).await?;
    }
    let (status, answer) = redeem(visit, pending, code, Some(&pending.verifier)).await?;
    steps.push(Step {
        says: "The client redeemed the code, with its code_verifier".to_owned(),
        shown: format!("{status}\n{}", pretty(&answer)),
    });
    if !status.is_success() {
        return Ok("The server gave no token".to_owned());
    }
    identify(visit, (pending, issuer.as_deref()), &answer, steps).await
}

/// The issuer, as the server's metadata calls it (RFC 8414 §2), and whether it says that every response names it
/// (RFC 9207 §3).
async fn issuer(visit: &Visit<'_>, pending: &Pending) -> Result<(Option<String>, bool), Wrong> {
    let path = "/.well-known/oauth-authorization-server";
    let path = if pending.tenant.is_empty() { path.to_owned() } else { format!("{path}/{}", pending.tenant) };
    let metadata = Inner::new(Method::GET, "", &path).at_the_host_of(visit.parts).answered(visit.app).await?;
    let (_, members) = read(&metadata);
    let always = members.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true));
    Ok((members.get("issuer").and_then(Value::as_str).map(str::to_owned), always))
}

/// A thief tries the code: without a verifier, and with a guess.
async fn steal(visit: &Visit<'_>, pending: &Pending, code: &str, steps: &mut Vec<Step>) -> Result<(), Wrong> {
    let guess = visit.dice().handle();
    for (verifier, how) in
        [(None, "without a code_verifier"), (Some(&*guess), "with a code_verifier that is a guess")]
    {
        let (status, answer) = redeem(visit, pending, code, verifier).await?;
        let came = if status.is_success() { "and got tokens" } else { "and was refused" };
        steps.push(Step {
            says: format!("A thief who saw the response redeemed the code {how}, {came}"),
            shown: format!("{status}\n{}", pretty(&answer)),
        });
    }
    Ok(())
}

/// Checks the ID token, if there is one, and asks who logged in.
async fn identify(
    visit: &Visit<'_>,
    (pending, issuer): (&Pending, Option<&str>),
    answer: &Map<String, Value>,
    steps: &mut Vec<Step>,
) -> Result<String, Wrong> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    if let Some(token) = text("id_token") {
        let keys =
            Inner::new(Method::GET, &pending.tenant, "/jwks").at_the_host_of(visit.parts).answered(visit.app).await?;
        let now = visit.tenant(shown(&pending.tenant))?.clock().reading().now;
        match checked(token, keys.body(), (pending, issuer), now) {
            Ok(claims) => steps.push(Step {
                says: "The client verified the signature of the ID token, and compared iss, aud, exp and nonce"
                    .to_owned(),
                shown: pretty(&claims),
            }),
            Err(why) => return Ok(format!("The client refuses the ID token: {why}")),
        }
    }
    let (Some(token), true) =
        (text("access_token"), text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")))
    else {
        return Ok("The login is complete".to_owned());
    };
    let mut inner = Inner::new(Method::GET, &pending.tenant, "/userinfo").at_the_host_of(visit.parts);
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) {
        inner.headers.insert(AUTHORIZATION, value);
    }
    let response = inner.answered(visit.app).await?;
    let (status, about) = read(&response);
    steps.push(Step {
        says: "The client asked the UserInfo endpoint who that is".to_owned(),
        shown: format!("{status}\n{}", pretty(&about)),
    });
    Ok("The login is complete".to_owned())
}

/// The claims of an ID token, if it is one of this login (OpenID Connect Core §3.1.3.7).
fn checked(
    token: &str,
    keys: &[u8],
    (pending, issuer): (&Pending, Option<&str>),
    now: u64,
) -> Result<Map<String, Value>, String> {
    let keys = PublicKeys::read(keys).map_err(|error| error.to_string())?;
    let token = Jws::parse(token).map_err(|error| error.to_string())?;
    let allowed: Vec<_> = token.algorithm().into_iter().collect();
    token.verify(&keys, &allowed).map_err(|error| error.to_string())?;
    let claims = token.claims();
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let own = Value::from(pending.client_id.as_str());
    let is_for = |aud: &Value| *aud == own || aud.as_array().is_some_and(|all| all.contains(&own));
    let wrong = if text("iss") != issuer {
        "its iss is not the issuer that was asked"
    } else if !claims.get("aud").is_some_and(is_for) {
        "it is for another client"
    } else if claims.get("exp").and_then(seconds).is_none_or(|exp| exp <= now) {
        "it has expired"
    } else if text("nonce") != Some(&pending.nonce) {
        "its nonce is not the one of this login"
    } else {
        return Ok(token.into_claims());
    };
    Err(wrong.to_owned())
}

async fn redeem(
    visit: &Visit<'_>,
    pending: &Pending,
    code: &str,
    verifier: Option<&str>,
) -> Result<(StatusCode, Map<String, Value>), Wrong> {
    let mut form = Params::new()
        .with("grant_type", "authorization_code")
        .with("code", code)
        .with("client_id", &*pending.client_id)
        .with("redirect_uri", &*pending.redirect_uri);
    if let Some(verifier) = verifier {
        form.push("code_verifier", verifier);
    }
    let response = Inner::post(&pending.tenant, "/token", form, visit.parts).answered(visit.app).await?;
    Ok(read(&response))
}

/// A link to the flow, for who may look.
async fn seen(visit: &Visit<'_>, pending: &Pending) -> Result<String, Wrong> {
    let tenant = visit.tenant(shown(&pending.tenant))?;
    let flow = aside(move || tenant.journal().redacted().into_iter().rev().find_map(|entry| entry.flow)).await?;
    let own = format!("{INSPECT}/{}", shown(&pending.tenant));
    let path = flow.map_or_else(|| own.clone(), |flow| format!("{own}/flows/{}", html(&flow)));
    Ok(format!("<p><a id=\"inspect\" href=\"{path}\">Look at it from the server's side</a></p>\n"))
}

/// The origin that the browser knows this server by.
fn origin(visit: &Visit<'_>) -> Result<String, Wrong> {
    let scheme = if visit.is_secure() { "https" } else { "http" };
    let named = visit.parts.uri.authority().map(|authority| authority.as_str());
    let named = named.or_else(|| visit.parts.headers.get(HOST)?.to_str().ok());
    let named = named.ok_or_else(|| Wrong::of(StatusCode::BAD_REQUEST, "The request names no host"))?;
    Ok(format!("{scheme}://{named}"))
}

fn base(tenant: &str) -> String {
    if tenant.is_empty() { String::new() } else { format!("/{tenant}") }
}

fn challenge(pending: &Pending) -> String {
    Verifier::parse(&pending.verifier).map(|verifier| verifier.challenge().as_str().to_owned()).unwrap_or_default()
}

fn read(response: &Response<Bytes>) -> (StatusCode, Map<String, Value>) {
    (response.status(), serde_json::from_slice(response.body()).unwrap_or_default())
}

fn pretty(members: &Map<String, Value>) -> String {
    serde_json::to_string_pretty(members).unwrap_or_default()
}

fn lines(params: &Params) -> String {
    params.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join("\n")
}
