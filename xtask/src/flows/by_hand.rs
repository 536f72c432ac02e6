//! Flows without any client library, as one would play them with curl.

use http::StatusCode;
use oauth_types::Params;
use serde_json::Value;

use super::stage::{Landed, REDIRECT_URI, Stage, same};
use super::{Case, Job};

/// The pair of RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) const CASES: &[Case] = &[
    Case::new("hand-code", "A code with PKCE, three requests", code),
    Case::new("hand-refresh", "A refresh, and the old token again", refresh),
    Case::new("hand-replay", "A code redeemed twice, and what becomes of its tokens", replay),
    Case::new("hand-expired", "An access token after its hour", expired),
    Case::new("hand-tenants", "A token of one tenant at another", tenants),
];

fn code(stage: &Stage) -> Job<'_> {
    Box::pin(async move {
        let tokens = log_in(stage, stage.issuer(), &redemption).await?;
        let sub = stage.userinfo(stage.issuer(), text(&tokens, "access_token")?).await?;
        same("sub", &sub, "alice")?;
        Ok("Appendix B's verifier was accepted; UserInfo says alice".to_owned())
    })
}

fn refresh(stage: &Stage) -> Job<'_> {
    Box::pin(async move {
        let tokens = log_in(stage, stage.issuer(), &redemption).await?;
        let old = text(&tokens, "refresh_token")?;
        let client = Params::new().with("client_id", "public");
        let form = client.clone().with("grant_type", "refresh_token").with("refresh_token", old);
        let (status, fresh) = stage.token(stage.issuer(), &form).await?;
        granted(status, &fresh)?;
        if text(&fresh, "refresh_token")? == old {
            return Err("the refresh token was not rotated".to_owned());
        }
        stage.refused_refresh(stage.issuer(), &client, old).await?;
        stage.refused_by_userinfo(stage.issuer(), text(&fresh, "access_token")?).await?;
        Ok("rotated; the old one was refused, and its reuse ended the family".to_owned())
    })
}

fn replay(stage: &Stage) -> Job<'_> {
    Box::pin(async move {
        let code = authorize(stage, stage.issuer()).await?;
        let (status, tokens) = stage.token(stage.issuer(), &redemption(&code)).await?;
        granted(status, &tokens)?;
        let (status, body) = stage.token(stage.issuer(), &redemption(&code)).await?;
        if status != StatusCode::BAD_REQUEST || body["error"] != "invalid_grant" {
            return Err(format!("the second redemption was answered with {status} {}", body["error"]));
        }
        stage.refused_by_userinfo(stage.issuer(), text(&tokens, "access_token")?).await?;
        Ok("invalid_grant, and the tokens of the first redemption are dead".to_owned())
    })
}

fn expired(stage: &Stage) -> Job<'_> {
    Box::pin(async move {
        let tokens = log_in(stage, stage.issuer(), &redemption).await?;
        let access_token = text(&tokens, "access_token")?;
        stage.userinfo(stage.issuer(), access_token).await?;
        let lifetime = tokens["expires_in"].as_u64().ok_or("the response names no expires_in")?;
        stage.idp.clock().advance(std::time::Duration::from_secs(lifetime + 1));
        stage.refused_by_userinfo(stage.issuer(), access_token).await?;
        Ok(format!("accepted at first, refused {lifetime} s later; nobody waited"))
    })
}

fn tenants(stage: &Stage) -> Job<'_> {
    Box::pin(async move {
        let (acme, other) = (stage.idp.tenant("acme"), stage.idp.tenant("other"));
        let tokens = log_in(stage, acme.issuer(), &redemption).await?;
        let access_token = text(&tokens, "access_token")?;
        same("sub", &stage.userinfo(acme.issuer(), access_token).await?, "alice")?;
        stage.refused_by_userinfo(other.issuer(), access_token).await?;
        stage.refused_by_userinfo(stage.issuer(), access_token).await?;
        Ok("accepted at its own tenant, refused at two others".to_owned())
    })
}

async fn log_in(stage: &Stage, issuer: &str, redemption: &dyn Fn(&str) -> Params) -> Result<Value, String> {
    let code = authorize(stage, issuer).await?;
    let (status, tokens) = stage.token(issuer, &redemption(&code)).await?;
    granted(status, &tokens)?;
    Ok(tokens)
}

/// Asks for a code and checks what comes with it.
async fn authorize(stage: &Stage, issuer: &str) -> Result<String, String> {
    let request = Params::new()
        .with("response_type", "code")
        .with("client_id", "public")
        .with("redirect_uri", REDIRECT_URI)
        .with("scope", "openid")
        .with("state", "s-123")
        .with("code_challenge", CHALLENGE)
        .with("code_challenge_method", "S256");
    let Landed { response, .. } = stage.log_in(&request.append_to_query(&format!("{issuer}/authorize"))).await?;
    same("state", response.get("state").unwrap_or_default(), "s-123")?;
    same("iss", response.get("iss").unwrap_or_default(), issuer)?;
    response.get("code").map(str::to_owned).ok_or_else(|| match response.get("error_description") {
        Some(description) => format!("no code: {description}"),
        None => "no code".to_owned(),
    })
}

fn redemption(code: &str) -> Params {
    Params::new()
        .with("grant_type", "authorization_code")
        .with("code", code)
        .with("redirect_uri", REDIRECT_URI)
        .with("client_id", "public")
        .with("code_verifier", VERIFIER)
}

fn granted(status: StatusCode, body: &Value) -> Result<(), String> {
    if status == StatusCode::OK { Ok(()) } else { Err(format!("{status} {}", body["error_description"])) }
}

fn text<'a>(tokens: &'a Value, name: &str) -> Result<&'a str, String> {
    tokens[name].as_str().ok_or_else(|| format!("the response holds no {name}"))
}

#[cfg(test)]
mod tests {
    use mock_idp::MockIdp;

    use super::*;
    use crate::flows::wire::Wire;

    #[tokio::test]
    async fn a_token_that_lives_is_not_taken_for_dead() {
        let stage = Stage { idp: MockIdp::start().await, wire: Wire::new().expect("a wire") };
        let tokens = log_in(&stage, stage.issuer(), &redemption).await.expect("tokens");
        let access_token = text(&tokens, "access_token").expect("an access token");
        let error = stage.refused_by_userinfo(stage.issuer(), access_token).await.expect_err("it lives");
        assert_eq!(error, "UserInfo answered 200 OK to a token that is dead");
        let refresh_token = text(&tokens, "refresh_token").expect("a refresh token");
        let client = Params::new().with("client_id", "public");
        let error = stage.refused_refresh(stage.issuer(), &client, refresh_token).await.expect_err("it lives");
        assert_eq!(error, "the old refresh token was answered with 200 OK null");
    }

    #[tokio::test]
    async fn a_trace_holds_no_secret() {
        let stage = Stage { idp: MockIdp::start().await, wire: Wire::new().expect("a wire") };
        let tokens = log_in(&stage, stage.issuer(), &redemption).await.expect("tokens");
        let shown = format!("{:?}", stage.wire.trace());
        for secret in [VERIFIER, text(&tokens, "access_token").expect("one"), text(&tokens, "id_token").expect("one")]
        {
            assert!(!shown.contains(secret));
        }
    }
}
