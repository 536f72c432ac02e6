//! A client and its browser, without a socket: they send what a test tells them to, right or wrong.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{Request, Response};
use mock_idp::MockIdp;
use oauth_types::Params;
use serde_json::Value;

pub(crate) const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
/// The pair of RFC 7636 Appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client of `idp` at the tenant whose path is `base`: `""` or `"/acme"`.
pub(crate) struct Browser<'a> {
    pub(crate) idp: &'a MockIdp,
    pub(crate) base: &'a str,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
    pub(crate) response: Response<Bytes>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(idp: &'a MockIdp) -> Self {
        Self { idp, base: "" }
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Answer {
        Answer::read(self.idp.call(request).await)
    }

    pub(crate) async fn fetch(&self, path: &str) -> Answer {
        self.send(Request::get(format!("{}{path}", self.base)).body(Bytes::new()).expect("a request")).await
    }

    pub(crate) async fn authorize(&self, params: &Params) -> Answer {
        self.fetch(&format!("/authorize?{}", params.encode())).await
    }

    /// A code for `params`.
    pub(crate) async fn code(&self, params: &Params) -> String {
        let answer = self.authorize(params).await;
        let params = answer.redirected();
        params.get("code").unwrap_or_else(|| panic!("no code in {params:?}")).to_owned()
    }

    pub(crate) async fn token(&self, params: &Params) -> Answer {
        self.post("/token", params.encode(), None).await
    }

    pub(crate) async fn post(&self, path: &str, body: String, authorization: Option<&str>) -> Answer {
        let request = Request::post(format!("{}{path}", self.base));
        let mut request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        self.send(request.body(Bytes::from(body)).expect("a request")).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let request =
            Request::get(format!("{}/userinfo", self.base)).header(AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Bytes::new()).expect("a request")).await
    }

    /// A whole flow of the public client.
    pub(crate) async fn log_in(&self) -> Value {
        let code = self.code(&asking()).await;
        self.token(&redeeming(&code)).await.tokens()
    }
}

impl Answer {
    pub(crate) fn read(response: Response<Bytes>) -> Self {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = String::from_utf8(response.body().to_vec()).expect("every answer is text");
        Self { status: response.status().as_u16(), location: header(LOCATION), body, response }
    }

    /// The parameters of an authorization response in the query or the fragment.
    pub(crate) fn redirected(&self) -> Params {
        let location = self.location.as_deref().unwrap_or_else(|| panic!("no redirect but {self:?}"));
        let (uri, query) = location.split_once(['?', '#']).expect("a query or a fragment");
        assert_eq!(uri, REDIRECT_URI);
        Params::parse(query).expect("well-formed parameters")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The tokens of a successful answer.
    pub(crate) fn tokens(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).and_then(|value| value.to_str().ok())
    }
}

/// The authorization request of the public client.
pub(crate) fn asking() -> Params {
    [
        ("response_type", "code"),
        ("client_id", "public"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid email"),
        ("state", "st~4te"),
        ("nonce", "n0nce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .into_iter()
    .collect()
}

/// The token request that belongs to [`asking`].
pub(crate) fn redeeming(code: &str) -> Params {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("client_id", "public"),
        ("code_verifier", VERIFIER),
    ]
    .into_iter()
    .collect()
}

pub(crate) fn refreshing(token: &Value) -> Params {
    let token = token.as_str().expect("a refresh token");
    [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "public")].into_iter().collect()
}

/// `params` with `name` set to `value`.
pub(crate) fn with(mut params: Params, name: &str, value: &str) -> Params {
    params.set(name, value);
    params
}

/// `params` without `name`.
pub(crate) fn without(mut params: Params, name: &str) -> Params {
    assert!(params.remove(name), "{name} is not there");
    params
}

pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{client_id}:{secret}")))
}

/// The header and the claims of a JWT, unverified.
pub(crate) fn decode(token: &Value) -> (Value, Value) {
    let text = token.as_str().expect("a token");
    let part = |number| {
        let text: &str = text.split('.').nth(number).expect("three parts");
        let octets = BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
        serde_json::from_slice(&octets).expect("JSON")
    };
    (part(0), part(1))
}
