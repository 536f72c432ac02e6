//! `cargo xtask interop pkce-client`: the client of this workspace at a published server that no code of ours is in. A
//! small browser fills in the server's own forms.

use oauth_attacks::agent::{Agent, Tls};
use oauth_attacks::browser::{Browser, Login as _, Visit};
use oauth_attacks::report::table::duration;
use oauth_attacks::user_agent::Forms;
use oauth_types::Algorithm;
use pkce_client::{
    BoxFuture, Callback, Client, ClientBuilder, Clock, LoginRequest, Prompt, Session, SigningKey, Started,
    SystemClock,
};

use super::programs::Folders;
use super::servers::{REDIRECT_URI, Running, SERVERS, Server};
use super::table::Table;
use crate::flows::told;
use crate::stopwatch::Stopwatch;

/// The name on the command line.
pub(super) const ID: &str = "pkce-client";

/// Where it logs in.
pub(super) const AT: &Server = &SERVERS[0];

/// Whoever logs in. The development forms of the server take any password.
const USER: &str = "alice";

/// A login, and what is done with it.
pub(super) struct Flow {
    id: &'static str,
    /// What is played.
    pub(super) says: &'static str,
    play: for<'a> fn(&'a Site) -> BoxFuture<'a, Result<(), String>>,
}

/// Every one.
pub(super) const FLOWS: &[Flow] = &[
    Flow {
        id: "code",
        says: "a code with PKCE, UserInfo, and refresh tokens that are rotated",
        play: |site| Box::pin(async { site.whole("app", |client| client).await }),
    },
    Flow {
        id: "secret",
        says: "client_secret_basic, introspection and revocation",
        play: |site| Box::pin(site.revoked()),
    },
    Flow {
        id: "pushed",
        says: "a pushed request (RFC 9126)",
        play: |site| Box::pin(async { site.whole("pushing", ClientBuilder::pushed_requests).await }),
    },
    Flow {
        id: "dpop",
        says: "tokens bound by DPoP (RFC 9449)",
        play: |site| Box::pin(async { site.whole("bound", ClientBuilder::dpop_with_new_key).await }),
    },
    Flow {
        id: "private-key-jwt",
        says: "private_key_jwt",
        play: |site| {
            Box::pin(async {
                let key = site.key("es256.pem")?;
                site.whole("keyed", |client| client.private_key_jwt(key)).await
            })
        },
    },
    Flow {
        id: "signed",
        says: "a signed request (RFC 9101) together with private_key_jwt",
        play: |site| {
            Box::pin(async {
                let key = site.key("es256-2.pem")?;
                site.whole("signing", |client| client.private_key_jwt(key.clone()).signed_requests(key)).await
            })
        },
    },
    Flow { id: "device", says: "a device (RFC 8628)", play: |site| Box::pin(site.device()) },
    Flow { id: "logout", says: "RP-initiated logout", play: |site| Box::pin(site.logout()) },
];

/// Plays every flow at one server.
pub(super) async fn run(folders: &Folders, table: &mut Table) {
    let running = match Running::start(folders, AT).await {
        Ok(running) => running,
        Err(why) => return table.row((ID, AT.id), &Err(why), ""),
    };
    let site = Site::new(folders, running.issuer());
    for flow in FLOWS {
        let watch = Stopwatch::start();
        let ended = match &site {
            Ok(site) => (flow.play)(site).await.map(|()| flow.says.to_owned()),
            Err(why) => Err(why.clone()),
        };
        table.row((ID, flow.id), &ended, &duration(watch.took()));
    }
    if let Err(why) = running.stop().await {
        table.row((ID, AT.id), &Err(why), "");
    }
}

/// A server, and the person in front of it.
struct Site {
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
    fn new(folders: &Folders, issuer: String) -> Result<Self, String> {
        let agent = Agent::new(Tls::Untrusted).map_err(|error| told(&error))?;
        Ok(Self { issuer, keys: folders.keys(), agent, person: Forms::new().user(USER, "anything") })
    }

    fn key(&self, file: &str) -> Result<SigningKey, String> {
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
            Some(USER) => Ok(session),
            other => Err(format!("the ID token is about {other:?}")),
        }
    }

    fn browser(&self) -> Browser {
        Browser::new(self.agent.clone())
    }

    /// A login, UserInfo, and two refreshes: the second one has the refresh token that came with the first.
    async fn whole(&self, id: &str, with: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<(), String> {
        let client = self.client(id, with).await?;
        let session = self.login(&client, &self.browser(), client.login().scopes(["openid", "profile"])).await?;
        self.goes_on(&session).await
    }

    async fn goes_on(&self, session: &Session) -> Result<(), String> {
        for _ in 0..2 {
            let before = session.access_token().await.map_err(|error| told(&error))?;
            let subject = session.userinfo().await.map_err(|error| told(&error))?.subject().to_owned();
            if subject != USER {
                return Err(format!("UserInfo is about {subject}"));
            }
            session.refresh().await.map_err(|error| told(&error))?;
            if session.access_token().await.map_err(|error| told(&error))? == before {
                return Err("a refresh brings the same access token".to_owned());
            }
        }
        session.userinfo().await.map(drop).map_err(|error| told(&error))
    }

    async fn revoked(&self) -> Result<(), String> {
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

    async fn device(&self) -> Result<(), String> {
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

    async fn logout(&self) -> Result<(), String> {
        let client = self.client("app", |client| client).await?;
        let browser = self.browser();
        let session = self.login(&client, &browser, client.login().scopes(["openid"])).await?;
        // The server asks a person before it answers a native application, and says so if it may not. Before that comes
        // who the person is.
        self.is_refused_silently(&client, &browser, "interaction_required").await?;
        let started = client.logout(&session).begin().await.map_err(|error| told(&error))?;
        let visit = Visit { url: started.url.to_string(), form: None };
        self.person.authorize(&browser, visit).await.map_err(|error| told(&error))?;
        self.is_refused_silently(&client, &browser, "login_required").await
    }

    async fn is_refused_silently(&self, client: &Client, browser: &Browser, code: &str) -> Result<(), String> {
        let request = client.login().scopes(["openid"]).prompt([Prompt::None]);
        let Started { url, pending } = request.begin().await.map_err(|error| told(&error))?;
        let callback = self.authorize(browser, &url).await?;
        match client.finish(pending, callback).await {
            Err(error) if error.code().name() == code => Ok(()),
            Err(error) => Err(format!("{}, and not {code}", told(&error))),
            Ok(_) => Err(format!("there is a session, and not {code}")),
        }
    }
}
