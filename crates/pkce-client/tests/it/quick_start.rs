//! The test that the README shows, as it stands there.

use mock_idp::MockIdp;
use pkce_client::Client;

#[tokio::test]
async fn alice_logs_in() -> Result<(), Box<dyn std::error::Error>> {
    let idp = MockIdp::start().await;
    let browser = |url: url::Url| async { reqwest::get(url).await.map(drop).map_err(std::io::Error::other) };
    let client = Client::builder(idp.issuer(), "public").user_agent(browser).discover().await?;
    let session = client.login_native(["openid", "email"]).await?;
    assert_eq!(session.claims().map(|claims| claims.subject()), Some("alice"));
    assert!(idp.journal().iter().all(|entry| entry.refusal.is_none()));
    Ok(())
}
