//! Flows of published client libraries, `oauth2` and `openidconnect`: what others rely on works here too.

use oauth_attacks::trace::Party;
use oauth_types::Params;
use oauth2::basic::BasicClient;
use oauth2::{AuthType, PkceCodeChallenge, TokenResponse as _};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{AccessTokenHash, Nonce, TokenResponse as _};

use super::stage::{Landed, REDIRECT_URI, Stage, same};
use super::wire::{Answer, Wire, told};
use super::{Case, Job, eddsa, es256, ps256};

pub(super) const CASES: &[Case] = &[
    Case::new("oauth2-public", "The crate oauth2, public client", |stage| oauth2(stage, None)),
    Case::new("oauth2-basic", "The crate oauth2, client_secret_basic", |stage| {
        oauth2(stage, Some(AuthType::BasicAuth))
    }),
    Case::new("oauth2-post", "The crate oauth2, client_secret_post", |stage| {
        oauth2(stage, Some(AuthType::RequestBody))
    }),
    Case::new("openidconnect-rs256", "The crate openidconnect, ID tokens signed with RS256", |stage| {
        openidconnect(stage, Alg::RsaSsaPkcs1V15Sha256)
    }),
    Case::on("openidconnect-es256", "The crate openidconnect, ES256", es256, |stage| {
        openidconnect(stage, Alg::EcdsaP256Sha256)
    }),
    Case::on("openidconnect-eddsa", "The crate openidconnect, EdDSA", eddsa, |stage| {
        openidconnect(stage, Alg::EdDsa)
    }),
    Case::on("openidconnect-ps256", "The crate openidconnect, PS256", ps256, |stage| {
        openidconnect(stage, Alg::RsaSsaPssSha256)
    }),
];

/// The transport both crates take: a function from request to response.
fn transport(wire: &Wire) -> impl Fn(http::Request<Vec<u8>>) -> Sent {
    let wire = wire.clone();
    move |request| {
        let wire = wire.clone();
        Box::pin(async move { wire.send(Party::Client, request).await })
    }
}

type Sent = std::pin::Pin<Box<dyn Future<Output = Result<Answer, reqwest::Error>> + Send>>;

/// RFC 6749 with PKCE: code, redemption, refresh. The crate knows no ID tokens and no issuers.
fn oauth2(stage: &Stage, auth: Option<AuthType>) -> Job<'_> {
    Box::pin(async move {
        let client_id = if auth.is_some() { "confidential" } else { "public" };
        let url = |path: &str| format!("{}{path}", stage.issuer());
        let mut client = BasicClient::new(oauth2::ClientId::new(client_id.to_owned()))
            .set_auth_uri(oauth2::AuthUrl::new(url("/authorize")).map_err(|error| told(&error))?)
            .set_token_uri(oauth2::TokenUrl::new(url("/token")).map_err(|error| told(&error))?)
            .set_redirect_uri(oauth2::RedirectUrl::new(REDIRECT_URI.to_owned()).map_err(|error| told(&error))?);
        let mut as_client = Params::new().with("client_id", client_id);
        if let Some(auth) = auth {
            client = client.set_client_secret(oauth2::ClientSecret::new("secret".to_owned())).set_auth_type(auth);
            as_client.push("client_secret", "secret");
        }
        let http = transport(&stage.wire);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(oauth2::CsrfToken::new_random)
            .add_scope(oauth2::Scope::new("openid".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let Landed { response, .. } = stage.log_in(url.as_str()).await?;
        same("state", response.get("state").unwrap_or_default(), state.secret())?;
        let code = oauth2::AuthorizationCode::new(response.get("code").unwrap_or_default().to_owned());
        let tokens = client.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await;
        let tokens = tokens.map_err(|error| told(&error))?;
        let sub = stage.userinfo(stage.issuer(), tokens.access_token().secret()).await?;
        same("sub", &sub, "alice")?;
        let old = tokens.refresh_token().ok_or("no refresh token")?;
        let fresh = client.exchange_refresh_token(old).request_async(&http).await.map_err(|error| told(&error))?;
        if fresh.refresh_token().is_none_or(|token| token.secret() == old.secret()) {
            return Err("the refresh token was not rotated".to_owned());
        }
        stage.refused_refresh(stage.issuer(), &as_client, old.secret()).await?;
        Ok("UserInfo says alice; refreshed, and the old refresh token was refused".to_owned())
    })
}

/// OpenID Connect: discovery, ID token with its signature, nonce and at_hash, UserInfo with its sub, refresh.
fn openidconnect(stage: &Stage, algorithm: Alg) -> Job<'_> {
    Box::pin(async move {
        let http = transport(&stage.wire);
        let issuer = openidconnect::IssuerUrl::new(stage.issuer().to_owned()).map_err(|error| told(&error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.map_err(|error| told(&error))?;
        let client_id = openidconnect::ClientId::new("public".to_owned());
        let redirect_uri = openidconnect::RedirectUrl::new(REDIRECT_URI.to_owned()).map_err(|error| told(&error))?;
        let client = CoreClient::from_provider_metadata(metadata, client_id, None).set_redirect_uri(redirect_uri);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, openidconnect::CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .url();
        let Landed { response, .. } = stage.log_in(url.as_str()).await?;
        same("state", response.get("state").unwrap_or_default(), state.secret())?;
        let code = openidconnect::AuthorizationCode::new(response.get("code").unwrap_or_default().to_owned());
        let request = client.exchange_code(code).map_err(|error| told(&error))?.set_pkce_verifier(verifier);
        let tokens = request.request_async(&http).await.map_err(|error| told(&error))?;
        let id_token = tokens.id_token().ok_or("no ID token")?;
        let id_verifier = client.id_token_verifier().set_allowed_algs([algorithm.clone()]);
        let claims = id_token.claims(&id_verifier, &nonce).map_err(|error| told(&error))?;
        same("sub", claims.subject(), "alice")?;
        if let Some(expected) = claims.access_token_hash() {
            let key = id_token.signing_key(&id_verifier).map_err(|error| told(&error))?;
            let found = AccessTokenHash::from_token(tokens.access_token(), &algorithm, key);
            same("at_hash", &found.map_err(|error| told(&error))?, expected)?;
        }
        let subject = Some(claims.subject().clone());
        let request = client.user_info(tokens.access_token().clone(), subject).map_err(|error| told(&error))?;
        let _: CoreUserInfoClaims = request.request_async(&http).await.map_err(|error| told(&error))?;
        let old = tokens.refresh_token().ok_or("no refresh token")?;
        let request = client.exchange_refresh_token(old).map_err(|error| told(&error))?;
        let fresh = request.request_async(&http).await.map_err(|error| told(&error))?;
        if fresh.refresh_token().is_none_or(|token| token.secret() == old.secret()) {
            return Err("the refresh token was not rotated".to_owned());
        }
        let as_client = Params::new().with("client_id", "public");
        stage.refused_refresh(stage.issuer(), &as_client, old.secret()).await?;
        Ok("ID token verified (signature, nonce, at_hash); UserInfo's sub matches; refreshed".to_owned())
    })
}
