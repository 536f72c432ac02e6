//! Flows of `pkce-client`: whoever it lets in was verified by it.

use std::io;

use http::Method;
use http::header::LOCATION;
use oauth_attacks::trace::Party;
use oauth_types::{Algorithm, Params};
use pkce_client::{
    BoxFuture, Callback, Client, ClientBuilder, HttpClient, HttpRequest, Session, Started, TransportError,
};
use url::Url;

use super::stage::{Landed, REDIRECT_URI, Stage, same};
use super::wire::{Answer, Wire, delivered, told};
use super::{Case, Job, eddsa, es256, ps256};

/// How a web login goes.
#[derive(Clone, Copy)]
struct Login {
    client_id: &'static str,
    /// What makes the client what it is.
    client: fn(ClientBuilder) -> ClientBuilder,
    /// What goes into the token request beside the grant, for requests the client would not send.
    secret: &'static str,
    /// The tenant; empty is the root.
    tenant: &'static str,
    /// How the response comes back.
    mode: &'static str,
    user: &'static str,
    algorithm: Algorithm,
}

const PUBLIC: Login = Login {
    client_id: "public",
    client: |client| client,
    secret: "",
    tenant: "",
    mode: "query",
    user: "alice",
    algorithm: Algorithm::Rs256,
};

pub(super) const CASES: &[Case] = &[
    Case::new("sdk-public", "Public client", |stage| web(stage, PUBLIC)),
    Case::new("sdk-basic", "Confidential client, client_secret_basic", |stage| {
        let client = |client: ClientBuilder| client.secret("secret");
        web(stage, Login { client_id: "confidential", client, secret: "secret", ..PUBLIC })
    }),
    Case::new("sdk-post", "Confidential client, client_secret_post", |stage| {
        let client = |client: ClientBuilder| client.secret_in_body("secret");
        web(stage, Login { client_id: "confidential", client, secret: "secret", ..PUBLIC })
    }),
    Case::new("sdk-native", "Native client on the loopback interface", native),
    Case::new("sdk-bob", "Another user, by login_hint", |stage| web(stage, Login { user: "bob", ..PUBLIC })),
    Case::new("sdk-tenant", "A tenant below its own path", |stage| web(stage, Login { tenant: "acme", ..PUBLIC })),
    Case::new("sdk-form-post", "Response mode form_post", |stage| web(stage, Login { mode: "form_post", ..PUBLIC })),
    Case::new("sdk-fragment", "Response mode fragment", |stage| web(stage, Login { mode: "fragment", ..PUBLIC })),
    Case::on("sdk-es256", "ID tokens signed with ES256", es256, |stage| {
        web(stage, Login { algorithm: Algorithm::Es256, ..PUBLIC })
    }),
    Case::on("sdk-eddsa", "ID tokens signed with EdDSA", eddsa, |stage| {
        web(stage, Login { algorithm: Algorithm::EdDsa, ..PUBLIC })
    }),
    Case::on("sdk-ps256", "ID tokens signed with PS256", ps256, |stage| {
        web(stage, Login { algorithm: Algorithm::Ps256, ..PUBLIC })
    }),
];

/// The client's HTTP goes over the wire, too.
impl HttpClient for Wire {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let answer =
                Self::send(self, Party::Client, request.request).await.map_err(TransportError::connection)?;
            match answer.body().len() > request.max_body {
                true => Err(TransportError::TooLarge { limit: request.max_body }),
                false => Ok(answer),
            }
        })
    }
}

fn web(stage: &Stage, login: Login) -> Job<'_> {
    Box::pin(async move {
        let issuer = match login.tenant {
            "" => stage.issuer().to_owned(),
            tenant => stage.idp.tenant(tenant).issuer().to_owned(),
        };
        let client = (login.client)(Client::builder(&issuer, login.client_id))
            .redirect_uri(REDIRECT_URI)
            .id_token_algorithms([login.algorithm])
            .http(stage.wire.clone());
        let client = client.discover().await.map_err(|error| told(&error))?;
        let mut request = client.login().scopes(["openid"]).login_hint(login.user);
        if login.mode == "form_post" {
            request = request.form_post();
        }
        let Started { mut url, pending } = request.begin().await.map_err(|error| told(&error))?;
        if login.mode == "fragment" {
            // The client has no method for it; a page that reads its own fragment hands it on as a query.
            url.query_pairs_mut().append_pair("response_mode", login.mode);
        }
        let Landed { mode, carried, .. } = stage.log_in(url.as_str()).await?;
        same("response_mode", mode, login.mode)?;
        let callback =
            if mode == "form_post" { Callback::from_form(&carried) } else { Callback::from_query(&carried) };
        let callback = callback.map_err(|error| told(&error))?;
        let session = client.finish(pending, callback).await.map_err(|error| told(&error))?;
        let mut as_client = Params::new().with("client_id", login.client_id);
        if !login.secret.is_empty() {
            as_client.push("client_secret", login.secret);
        }
        to_the_end(stage, &issuer, &session, login.user, &as_client).await?;
        let (alg, user) = (login.algorithm, login.user);
        Ok(format!("{alg} ID token verified, UserInfo says {user}, refreshed, the old refresh token was refused"))
    })
}

/// The client listens itself; the browser is a function that opens the URL and follows the redirect to it.
fn native(stage: &Stage) -> Job<'_> {
    Box::pin(async move {
        let wire = stage.wire.clone();
        let user_agent = move |url: Url| {
            let wire = wire.clone();
            async move { open(&wire, &url).await.map_err(io::Error::other) }
        };
        let client = Client::builder(stage.issuer(), "public").http(stage.wire.clone()).user_agent(user_agent);
        let client = client.discover().await.map_err(|error| told(&error))?;
        let session = client.login_native(["openid"]).await.map_err(|error| told(&error))?;
        let as_client = Params::new().with("client_id", "public");
        to_the_end(stage, stage.issuer(), &session, "alice", &as_client).await?;
        Ok("the loopback redirect was taken; ID token verified, UserInfo says alice, refreshed".to_owned())
    })
}

/// Opens the authorization URL and really goes where the browser is sent: to the client, and from there to its page.
async fn open(wire: &Wire, url: &Url) -> Result<(), String> {
    let answer = wire.browse(url.as_str()).await?;
    let location = target(&answer).ok_or_else(|| format!("{} without a redirect", answer.status()))?;
    let query = location.split_once('?').map_or("", |(_, query)| query);
    let response = Params::parse(query).map_err(|error| told(&error))?;
    let mut step = delivered(&Method::GET, location, &response);
    let taken = wire.quietly(location).await?;
    step.answer = Some(taken.status().to_string());
    wire.note(step);
    let Some(page) = target(&taken).map(|page| url_from(location, page)) else { return Ok(()) };
    let page = page?;
    let shown = wire.quietly(page.as_str()).await?;
    let mut step = delivered(&Method::GET, page.as_str(), &Params::new());
    step.answer = Some(shown.status().to_string());
    wire.note(step);
    Ok(())
}

/// Where a redirect leads.
fn target(answer: &Answer) -> Option<&str> {
    answer.headers().get(LOCATION)?.to_str().ok()
}

fn url_from(base: &str, location: &str) -> Result<Url, String> {
    Url::parse(base).and_then(|base| base.join(location)).map_err(|error| told(&error))
}

/// What every login is checked for: the ID token's user, UserInfo's user, a refresh, and the end of the old token.
async fn to_the_end(
    stage: &Stage,
    issuer: &str,
    session: &Session,
    user: &str,
    as_client: &Params,
) -> Result<(), String> {
    let claims = session.claims().ok_or("there was no ID token")?;
    same("the ID token's sub", claims.subject(), user)?;
    let userinfo = session.userinfo().await.map_err(|error| told(&error))?;
    same("UserInfo's sub", userinfo.subject(), user)?;
    let old = stage.wire.last_refresh_token().ok_or("there was no refresh token")?;
    session.refresh().await.map_err(|error| told(&error))?;
    let fresh = stage.wire.last_refresh_token().ok_or("there was no refresh token")?;
    if fresh == old {
        return Err("the refresh token was not rotated".to_owned());
    }
    session.userinfo().await.map_err(|error| told(&error))?;
    stage.refused_refresh(issuer, as_client, old.expose()).await
}
