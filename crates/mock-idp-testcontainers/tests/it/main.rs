//! The server in real containers: an engine and the image have to be there.

use std::error::Error as StdError;
use std::time::Duration;

use mock_idp_testcontainers::control::ControlClient;
use mock_idp_testcontainers::scenario::{Scenario, UserSetup};
use mock_idp_testcontainers::testcontainers::ImageExt as _;
use mock_idp_testcontainers::testcontainers::runners::AsyncRunner as _;
use mock_idp_testcontainers::{Error, MockIdpImage, RunningMockIdp};
use pkce_client::{Client, Session};

type Tried = Result<(), Box<dyn StdError>>;

/// Logs somebody in, as an application on this machine does.
async fn log_in(idp: &RunningMockIdp) -> Result<Session, Box<dyn StdError>> {
    let browser = |url: url::Url| async { reqwest::get(url).await.map(drop).map_err(std::io::Error::other) };
    let client = Client::builder(idp.issuer(), "public").user_agent(browser).discover().await?;
    Ok(client.login_native(["openid"]).await?)
}

fn subject(session: &Session) -> Option<&str> {
    session.claims().map(|claims| claims.subject())
}

#[tokio::test]
async fn somebody_logs_in_at_a_container() -> Tried {
    let idp = MockIdpImage::default().run().await?;
    assert_eq!(subject(&log_in(&idp).await?), Some("alice"));
    idp.root().login("bob").await?;
    assert_eq!(subject(&log_in(&idp).await?), Some("bob"));
    Ok(())
}

#[tokio::test]
async fn the_clock_of_a_container_is_moved() -> Tried {
    let idp = MockIdpImage::default().run().await?;
    let before = idp.root().clock().await?;
    idp.root().advance(Duration::from_secs(3600)).await?;
    let after = idp.root().clock().await?;
    assert!(after.now >= before.now + 3600);
    Ok(())
}

#[tokio::test]
async fn a_scenario_is_played_before_anybody_asks() -> Tried {
    let scenario = Scenario { users: vec![UserSetup::new("carol")], ..Scenario::default() };
    let idp = MockIdpImage::default().scenario(scenario).run().await?;
    assert_eq!(subject(&log_in(&idp).await?), Some("carol"));
    Ok(())
}

#[tokio::test]
async fn https_is_trusted_through_the_authority_of_the_container() -> Tried {
    let idp = MockIdpImage::default().https().run().await?;
    let document = format!("{}/.well-known/openid-configuration", idp.issuer());
    let authority = reqwest::Certificate::from_pem(idp.authority().ok_or("no authority")?.as_bytes())?;
    let trusting = reqwest::Client::builder().tls_certs_only([authority]).build()?;
    let metadata: serde_json::Value = serde_json::from_str(&trusting.get(&document).send().await?.text().await?)?;
    assert_eq!(metadata["issuer"], idp.issuer());
    assert!(reqwest::get(&document).await.is_err(), "whoever does not trust the authority does not trust the server");
    idp.control().reset().await?;
    Ok(())
}

#[tokio::test]
async fn a_configuration_is_brought_along() -> Tried {
    let toml = "profile = \"oauth21\"\n[[client]]\nclient_id = \"public\"\nredirect_uris = [\"http://127.0.0.1/callback\"]\n";
    let idp = MockIdpImage::default().configuration(toml).run().await?;
    let clients = idp.root().clients().await?;
    assert_eq!(clients.iter().map(|client| client.client_id.as_str()).collect::<Vec<_>>(), ["public"]);
    Ok(())
}

#[tokio::test]
async fn options_of_testcontainers_apply() -> Tried {
    let container = MockIdpImage::default().with_readonly_rootfs(true).with_cap_drop("ALL").start().await?;
    let idp = RunningMockIdp::of(container).await?;
    assert_eq!(subject(&log_in(&idp).await?), Some("alice"));
    Ok(())
}

#[tokio::test]
async fn nobody_without_the_token_tells_the_server_anything() -> Tried {
    let idp = MockIdpImage::default().run().await?;
    let stranger = ControlClient::new(idp.issuer())?;
    assert!(stranger.reset().await.is_err());
    assert!(stranger.token("surely not").reset().await.is_err());
    idp.control().reset().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_ends_at_once_is_an_error() {
    let ended = MockIdpImage::default().profile("surely-not").run().await;
    assert!(matches!(ended, Err(Error::Container(_))), "{ended:?}");
    let unknown = MockIdpImage::at("mock-idp", "surely-not").run().await;
    assert!(matches!(unknown, Err(Error::Container(_))), "{unknown:?}");
}

#[tokio::test]
async fn a_container_is_gone_when_its_value_is_dropped() -> Tried {
    let idp = MockIdpImage::default().run().await?;
    let control = idp.control().clone().patience(Duration::from_secs(1));
    control.health().await?;
    drop(idp);
    assert!(control.health().await.is_err());
    Ok(())
}

#[tokio::test]
async fn no_secret_is_shown() -> Tried {
    let image = MockIdpImage::default().control_token("canary-token").configuration("# canary-configuration\n");
    assert!(!format!("{image:?}").contains("canary"));
    let idp = image.run().await?;
    assert!(!format!("{idp:?}").contains("canary"), "{idp:?}");
    let logs = idp.container().stderr_to_vec().await?;
    assert!(!String::from_utf8_lossy(&logs).contains("canary"));
    Ok(())
}
