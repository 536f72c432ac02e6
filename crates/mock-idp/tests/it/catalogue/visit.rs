//! What a client does so that something leaves the server, at each point where something does.

use std::net::SocketAddr;
use std::time::Duration;

use http::Uri;
use oauth_types::Params;
use oauth_types::scenario::ClientSetup;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::raw::{Seen, exchange};
use crate::browser::{REDIRECT_URI, asking, basic, decode, redeeming, with};

/// Longer than any answer takes that comes at all.
const LONG: Duration = Duration::from_secs(20);

/// Where a client goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To the authorization endpoint and back with a code.
    Callback,
    /// The same with tokens in the response.
    Hybrid,
    /// The same with a response in a token.
    Jarm,
    /// To the token endpoint with a code.
    Token,
    /// The same after a login that says how well it was made.
    Assured,
    /// The same as a client that has chosen this algorithm for its ID tokens.
    TokenOf(&'static str),
    /// The same, with a look at the key set before and after.
    Keys,
    Refresh,
    Userinfo,
    UserinfoToken,
    Introspection,
    IntrospectionToken,
    Revocation,
    Pushed,
    Device,
    Polling,
    Backchannel,
    Registration,
    Discovery,
    ResourceMetadata,
    Resource,
    Jwks,
    Logout,
    LogoutToken,
    Page,
}

/// What a client saw on its way.
#[derive(Debug, Default)]
pub(crate) struct Visit {
    /// The last answer.
    pub(crate) answer: Seen,
    /// What an authorization response said, or a form that the client was sent.
    pub(crate) params: Params,
    /// The key set before and after.
    pub(crate) keys: [Value; 2],
}

impl Visit {
    pub(crate) fn json(&self) -> Value {
        self.answer.json()
    }

    /// The text of a parameter or member, if it is there and text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let param = self.params.get(name).map(str::to_owned);
        param.or_else(|| self.json().get(name).and_then(Value::as_str).map(str::to_owned))
    }

    /// The header and the claims of the token that is a parameter or member, or all that the body is.
    pub(crate) fn token(&self, name: &str) -> (Value, Value) {
        decode(&self.text(name).unwrap_or_else(|| self.answer.body.clone()).into())
    }
}

/// Somebody on the way to a server.
pub(crate) struct Visitor {
    pub(crate) address: SocketAddr,
    /// The path of the tenant: empty, or a slash and its name.
    pub(crate) base: String,
    /// How long tokens and keys may take.
    pub(crate) patience: Option<Duration>,
    /// Where logout tokens are sent to.
    pub(crate) ears: TcpListener,
}

/// The clients that every server in these tests has, which are told of logouts at `ears`.
pub(crate) fn clients(ears: SocketAddr) -> Vec<ClientSetup> {
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let ciba = "urn:openid:params:grant-type:ciba";
    let clients = json!([
        {
            "client_id": "public", "any_loopback_redirect": true,
            "grant_types": ["authorization_code", "refresh_token", "implicit"],
            "metadata": { "backchannel_logout_uri": format!("http://{ears}/out") },
        },
        { "client_id": "signed", "any_loopback_redirect": true, "metadata": { "userinfo_signed_response_alg": "RS256" } },
        { "client_id": "resource", "client_secret": "secret" },
        { "client_id": "tv", "grant_types": [device] },
        { "client_id": "bank", "client_secret": "secret", "any_loopback_redirect": true, "grant_types": [ciba] },
    ]);
    serde_json::from_value(clients).expect("clients")
}

impl Visitor {
    /// Goes one way.
    pub(crate) async fn go(&self, way: Way) -> Visit {
        match way {
            Way::Callback => self.callback(&asks()).await,
            Way::Hybrid => self.callback(&with(asks(), "response_type", "code id_token token")).await,
            Way::Jarm => self.callback(&with(asks(), "response_mode", "jwt")).await,
            Way::Token | Way::Assured => self.log_in().await,
            Way::TokenOf(algorithm) => self.log_in_with(algorithm).await,
            Way::Keys => {
                let before = self.get("/jwks").await.json();
                let visit = self.log_in().await;
                Visit { keys: [before, self.get("/jwks").await.json()], ..visit }
            }
            Way::Refresh => {
                let token = self.tokens().await["refresh_token"].as_str().expect("a refresh token").to_owned();
                let form = Params::new().with("grant_type", "refresh_token").with("refresh_token", token);
                self.posts("/token", &form.with("client_id", "public"), None).await
            }
            Way::Userinfo => self.presents("/userinfo", "public").await,
            Way::UserinfoToken => self.presents("/userinfo", "signed").await,
            Way::Resource => self.presents("/resource", "public").await,
            Way::Introspection | Way::IntrospectionToken | Way::Revocation => self.hands_over(way).await,
            Way::Pushed => self.posts("/par", &asks(), None).await,
            Way::Device => self.posts("/device_authorization", &watching(), None).await,
            Way::Polling => {
                let begun = self.posts("/device_authorization", &watching(), None).await;
                let form = Params::new().with("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
                let form = form.with("device_code", begun.text("device_code").expect("a code"));
                self.posts("/token", &form.with("client_id", "tv"), None).await
            }
            Way::Backchannel => {
                let form = Params::new().with("scope", "openid").with("login_hint", "bob");
                self.posts("/bc-authorize", &form, Some(&basic("bank", "secret"))).await
            }
            Way::Registration => self.registers(&json!({ "redirect_uris": [REDIRECT_URI] })).await,
            Way::Discovery => self.gets("/.well-known/openid-configuration").await,
            Way::ResourceMetadata => self.gets("/.well-known/oauth-protected-resource/resource").await,
            Way::Jwks => self.gets("/jwks").await,
            Way::Logout => self.gets("/logout").await,
            Way::LogoutToken => self.logs_out().await,
            Way::Page => self.gets("/device").await,
        }
    }

    async fn callback(&self, asks: &Params) -> Visit {
        let answer = self.get(&format!("/authorize?{}", asks.encode())).await;
        let params = answer.header("location").and_then(|to| to.split_once(['?', '#'])).map(|(_, params)| params);
        // A response with a parameter twice is one that a lenient client reads.
        let params = params.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let decoded = |text: &str| Params::parse(&format!("x={text}")).ok()?.get("x").map(str::to_owned);
        let params = params.filter_map(|(name, value)| Some((name.to_owned(), decoded(value)?))).collect();
        Visit { answer, params, ..Visit::default() }
    }

    async fn log_in(&self) -> Visit {
        let back = self.callback(&asks()).await;
        self.posts("/token", &redeeming(&back.text("code").expect("a code")), None).await
    }

    async fn log_in_with(&self, algorithm: &str) -> Visit {
        let metadata = json!({ "redirect_uris": [REDIRECT_URI], "id_token_signed_response_alg": algorithm });
        let client = self.registers(&metadata).await;
        let id = client.text("client_id").expect("a client");
        let back = self.callback(&with(asks(), "client_id", &id)).await;
        let mut form = redeeming(&back.text("code").expect("a code"));
        form.remove("client_id");
        let secret = client.text("client_secret").expect("a secret");
        let visit = self.posts("/token", &form, Some(&basic(&id, &secret))).await;
        let params = Params::new().with("client_secret", secret);
        Visit { keys: [Value::Null, self.get("/jwks").await.json()], params, ..visit }
    }

    async fn tokens(&self) -> Value {
        self.log_in().await.json()
    }

    async fn presents(&self, path: &str, client: &str) -> Visit {
        let back = self.callback(&with(asks(), "client_id", client)).await;
        let form = with(redeeming(&back.text("code").expect("a code")), "client_id", client);
        let token = self.posts("/token", &form, None).await.text("access_token").expect("a token");
        let answer = self.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], "").await;
        Visit { answer, ..Visit::default() }
    }

    async fn hands_over(&self, way: Way) -> Visit {
        let token = self.tokens().await["access_token"].as_str().expect("a token").to_owned();
        let form = Params::new().with("token", token);
        if way == Way::Revocation {
            return self.posts("/revoke", &form.with("client_id", "public"), None).await;
        }
        let secret = basic("resource", "secret");
        let signed = "application/token-introspection+jwt";
        let accept = if way == Way::IntrospectionToken { signed } else { "application/json" };
        let headers = [("Authorization", secret.as_str()), ("Accept", accept), FORM];
        Visit { answer: self.send("POST", "/introspect", &headers, &form.encode()).await, ..Visit::default() }
    }

    async fn registers(&self, metadata: &Value) -> Visit {
        let answer =
            self.send("POST", "/register", &[("Content-Type", "application/json")], &metadata.to_string()).await;
        Visit { answer, ..Visit::default() }
    }

    /// Logs in and out again, and reads what the client is sent.
    async fn logs_out(&self) -> Visit {
        let hint = self.tokens().await["id_token"].as_str().expect("an ID token").to_owned();
        let path = format!("/logout?id_token_hint={hint}");
        let heard = async {
            let (mut stream, _) = self.ears.accept().await.expect("a request");
            let mut request = String::new();
            let mut part = vec![0; 64 * 1024];
            while !request.contains("logout_token=") {
                let read = stream.read(&mut part).await.expect("a request");
                request.push_str(std::str::from_utf8(&part[..read]).expect("text"));
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("an answer");
            request.split_once("\r\n\r\n").and_then(|(_, form)| Params::parse(form).ok()).expect("a form")
        };
        let (answer, params) = tokio::join!(self.get(&path), heard);
        Visit { answer, params, ..Visit::default() }
    }

    async fn get(&self, path: &str) -> Seen {
        self.send("GET", path, &[], "").await
    }

    async fn gets(&self, path: &str) -> Visit {
        Visit { answer: self.get(path).await, ..Visit::default() }
    }

    async fn posts(&self, path: &str, form: &Params, authorization: Option<&str>) -> Visit {
        let mut headers = vec![FORM];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        Visit { answer: self.send("POST", path, &headers, &form.encode()).await, ..Visit::default() }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        let target: Uri = format!("{}{path}", self.base).parse().expect("a path");
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str(&format!("\r\n{body}"));
        let impatient = self.patience.filter(|_| ["/token", "/jwks"].contains(&path));
        exchange(self.address, &request, impatient.unwrap_or(LONG)).await
    }
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// An authorization request that asks for all that an ID token can say.
fn asks() -> Params {
    asking().with("max_age", "3600")
}

fn watching() -> Params {
    Params::new().with("client_id", "tv").with("scope", "openid")
}
