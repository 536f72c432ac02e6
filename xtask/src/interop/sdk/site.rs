//! A published server, and the person in front of it: what a login there is made of.

use oauth_attacks::agent::{Agent, Tls};
use oauth_attacks::browser::{Browser, Login as _, Visit};
use oauth_attacks::user_agent::Forms;
use oauth_types::Algorithm;
use pkce_client::{
    BoxFuture, Callback, Client, ClientBuilder, Clock, LoginRequest, Prompt, Session, SigningKey, Started,
    SystemClock, TokenKind,
};

use super::Place;
use crate::flows::told;
use crate::interop::programs::Folders;
use crate::interop::servers::REDIRECT_URI;

/// A server, and the person in front of it.
pub(super) struct Site {
    place: &'static Place,
    issuer: String,
    keys: std::path::PathBuf,
    agent: Agent,
    person: Forms,
}

/// Whoever waits for a device here has let it in before.
struct AtOnce;

impl Clock for AtOnce {
    fn now(&self) -> u64 {
        SystemClock.now()
    }

    fn wait(&self, _: std::time::Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Site {
    pub(super) fn new(folders: &Folders, place: &'static Place, issuer: &str) -> Result<Self, String> {
        let agent = Agent::new(Tls::Untrusted).map_err(|error| told(&error))?;
        let person = Forms::new().user(place.user, place.password);
        Ok(Self { place, issuer: issuer.to_owned(), keys: folders.keys(), agent, person })
    }

    pub(super) fn key(&self, file: &str) -> Result<SigningKey, String> {
        let path = self.keys.join(file);
        let pem = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(SigningKey::from_pem(Algorithm::Es256, &pem).map_err(|error| told(&error))?.with_kid("key"))
    }

    async fn client(&self, id: &str, with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, String> {
        let builder = Client::builder(&self.issuer, id).allow_http_localhost().redirect_uri(REDIRECT_URI);
        with(builder.clock(AtOnce)).discover().await.map_err(|error| told(&error))
    }

    /// What this browser brings back to the client.
    async fn authorize(&self, browser: &Browser, url: &url::Url) -> Result<Callback, String> {
        let visit = Visit { url: url.to_string(), form: None };
        let answer = self.person.authorize(browser, visit).await.map_err(|error| told(&error))?;
        let location = answer.location().ok_or_else(|| format!("the server answered {}", answer.summary()))?;
        let query = location.strip_prefix(REDIRECT_URI).and_then(|rest| rest.strip_prefix('?'));
        Callback::from_query(query.ok_or("the browser was sent elsewhere")?).map_err(|error| told(&error))
    }

    async fn login(&self, client: &Client, browser: &Browser, request: LoginRequest<'_>) -> Result<Session, String> {
        let Started { url, pending } = request.begin().await.map_err(|error| told(&error))?;
        let callback = self.authorize(browser, &url).await?;
        let session = client.finish(pending, callback).await.map_err(|error| told(&error))?;
        match session.claims().map(|claims| claims.subject()) {
            Some(subject) if subject == self.place.subject => Ok(session),
            other => Err(format!("the ID token is about {other:?}")),
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.agent.clone())
    }

    /// A login, UserInfo, and two refreshes: the second one has the refresh token that came with the first.
    pub(super) async fn whole(
        &self,
        id: &str,
        with: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<(), String> {
        let client = self.client(id, with).await?;
        let session = self.login(&client, &self.browser(), client.login().scopes(["openid", "profile"])).await?;
        self.goes_on(&session).await
    }

    async fn goes_on(&self, session: &Session) -> Result<(), String> {
        for _ in 0..2 {
            let before = session.access_token().await.map_err(|error| told(&error))?;
            let subject = session.userinfo().await.map_err(|error| told(&error))?.subject().to_owned();
            if subject != self.place.subject {
                return Err(format!("UserInfo is about {subject}"));
            }
            session.refresh().await.map_err(|error| told(&error))?;
            if session.access_token().await.map_err(|error| told(&error))? == before {
                return Err("a refresh brings the same access token".to_owned());
            }
        }
        session.userinfo().await.map(drop).map_err(|error| told(&error))
    }

    pub(super) async fn revoked(&self) -> Result<(), String> {
        let client = self.client("web", |client| client.secret("worthless-secret-of-web")).await?;
        let session = self.login(&client, &self.browser(), client.login().scopes(["openid", "profile"])).await?;
        self.goes_on(&session).await?;
        let token = session.access_token().await.map_err(|error| told(&error))?;
        let alive = async || match client.introspect(&token).await {
            Ok(introspection) => Ok(introspection.is_active()),
            Err(error) => Err(told(&error)),
        };
        if !alive().await? {
            return Err("a token of a session is not active".to_owned());
        }
        session.revoke().await.map_err(|error| told(&error))?;
        match alive().await? {
            true => Err("a token that was revoked is active".to_owned()),
            false => Ok(()),
        }
    }

    /// A client exchanges a token of a session for another one, which is alive, too.
    pub(super) async fn exchanged(&self) -> Result<(), String> {
        let client = self.client("web", |client| client.secret("worthless-secret-of-web")).await?;
        let session = self.login(&client, &self.browser(), client.login().scopes(["openid", "profile"])).await?;
        let token = session.access_token().await.map_err(|error| told(&error))?;
        let exchange = client.token_exchange(token.clone(), TokenKind::AccessToken);
        let other = exchange.requesting(TokenKind::AccessToken).send().await.map_err(|error| told(&error))?;
        if *other.token() == token {
            return Err("the same token came back".to_owned());
        }
        match client.introspect(other.token()).await.map_err(|error| told(&error))?.is_active() {
            true => Ok(()),
            false => Err("the token that came back is not active".to_owned()),
        }
    }

    pub(super) async fn device(&self) -> Result<(), String> {
        let client = self.client("tv", |client| client).await?;
        let request = client.device().scopes(["openid", "profile"]);
        let mut login = request.begin().await.map_err(|error| told(&error))?;
        let url = login.verification_uri_complete().ok_or("there is no verification_uri_complete")?.to_string();
        let page = self.person.authorize(&self.browser(), Visit { url, form: None }).await;
        let page = page.map_err(|error| told(&error))?;
        if page.status != 200 {
            return Err(format!("the device was not let in: {}", page.summary()));
        }
        let session = login.wait().await.map_err(|error| told(&error))?;
        self.goes_on(&session).await
    }

    pub(super) async fn logout(&self) -> Result<(), String> {
        let client = self.client("app", |client| client).await?;
        let browser = self.browser();
        let session = self.login(&client, &browser, client.login().scopes(["openid"])).await?;
        // Whoever is logged in is known without being asked, or known and to be asked.
        self.silently(&client, &browser, self.place.silent).await?;
        let started = client.logout(&session).begin().await.map_err(|error| told(&error))?;
        let visit = Visit { url: started.url.to_string(), form: None };
        self.person.authorize(&browser, visit).await.map_err(|error| told(&error))?;
        self.silently(&client, &browser, Err("login_required")).await
    }

    /// A request that must not ask anything ends so.
    async fn silently(&self, client: &Client, browser: &Browser, ends: Result<(), &str>) -> Result<(), String> {
        let request = client.login().scopes(["openid"]).prompt([Prompt::None]);
        let Started { url, pending } = request.begin().await.map_err(|error| told(&error))?;
        let callback = self.authorize(browser, &url).await?;
        match (client.finish(pending, callback).await, ends) {
            (Ok(_), Ok(())) => Ok(()),
            (Err(error), Err(code)) if error.code().name() == code => Ok(()),
            (Err(error), _) => Err(format!("{}, and not {ends:?}", told(&error))),
            (Ok(_), Err(code)) => Err(format!("there is a session, and not {code}")),
        }
    }
}
