//! The mock server as a target: clients for every part, two users, two issuers and a clock that moves.

use std::time::Duration;

use mock_idp::clock::Clock as _;
use mock_idp::jose::UnusableKey;
use mock_idp::{Builder, Client, MockIdp, Profile, StartError, Tenant};

use crate::attack::Inconclusive;
use crate::key::Key;
use crate::target::{ClientAuth, Registration, Role, Target, TargetError};
use crate::time::{Passing, Time};

/// Where answers are sent. Nobody listens there.
const REDIRECT_URIS: [&str; 2] = ["http://127.0.0.1:9/callback", "http://127.0.0.1:9/other-callback"];
/// The redirect URIs of the native client, whose port may differ.
const NATIVE_REDIRECT_URIS: [&str; 2] = ["http://127.0.0.1/callback", "http://[::1]/callback"];
/// What the clients may ask for: the first in every request, the second only where an attack asks for more.
const SCOPES: [&str; 2] = ["openid", "profile"];
/// The resources that tokens may be for.
const RESOURCES: [&str; 2] = ["https://api.example/one", "https://api.example/two"];
/// The second issuer.
const ELSEWHERE: &str = "elsewhere";
/// The secret of the confidential client, and the beginning of those of others.
const SECRET: &str = "worthless-secret";

/// The clients of a mock server that is a target.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use mock_idp::{MockIdp, Profile};
/// use oauth_attacks::{Options, mock::Cast, run_on_server};
///
/// let cast = Cast::new(Profile::Strict).expect("keys");
/// let idp = cast.enter(MockIdp::builder()).start().await.expect("a server");
/// let target = cast.target(&idp).await.expect("a target");
/// run_on_server(&target, &Options::new().only(["as-code-replay"])).await.assert_all_stopped();
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Cast {
    profile: Profile,
    players: Vec<(Role, Registration)>,
}

/// Why the mock server is no target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CastError {
    /// It does not describe itself.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Its second issuer did not start.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Cast {
    /// The clients for a server of this profile: what it forbids, such as secrets, they do without.
    ///
    /// # Errors
    /// [`UnusableKey`] when the crypto library makes no keys.
    pub fn new(profile: Profile) -> Result<Self, UnusableKey> {
        let [first, second] = REDIRECT_URIS;
        let keyed = |id: &str| Ok(Registration::keyed(id, Key::fresh()?, first));
        let mut players = vec![(Role::Keyed, keyed("keyed")?)];
        if matches!(profile, Profile::Fapi2 | Profile::Fapi2MessageSigning) {
            players.extend([
                (Role::Confidential, keyed("web")?.redirect_uri_too(second)),
                (Role::Second, keyed("other")?),
                (Role::SenderConstrained, keyed("proving")?),
            ]);
            for (_, player) in &mut players {
                *player = player.clone().pushing().proving(Key::fresh()?);
                if let (Profile::Fapi2MessageSigning, ClientAuth::PrivateKeyJwt(key)) = (profile, &player.auth) {
                    *player = player.clone().signing(key.clone());
                }
            }
            return Ok(Self { profile, players });
        }
        let secret = |id: &str| Registration::confidential(id, format!("{SECRET}-of-{id}"), first);
        let signing = keyed("signing")?;
        let signing = match &signing.auth {
            ClientAuth::PrivateKeyJwt(key) => signing.clone().signing(key.clone()),
            _ => signing,
        };
        players.extend([
            (Role::Public, Registration::public("app", first).redirect_uri_too(second)),
            (Role::Confidential, secret("web").redirect_uri_too(second)),
            (Role::Second, Registration::public("other", first)),
            (
                Role::Native,
                Registration::public("native", NATIVE_REDIRECT_URIS[0]).redirect_uri_too(NATIVE_REDIRECT_URIS[1]),
            ),
            (Role::SenderConstrained, Registration::public("proving", first).proving(Key::fresh()?)),
            (Role::Pushing, secret("pushing").pushing()),
            (Role::Signing, signing),
            (Role::WithoutCode, secret("machine")),
            (Role::Device, Registration::public("device", first)),
            (Role::SecondDevice, Registration::public("other-device", first)),
            (Role::Resource, secret(RESOURCES[0])),
            (Role::SecondResource, secret(RESOURCES[1])),
        ]);
        players.retain(|(role, _)| speaks(profile, *role));
        if profile == Profile::Legacy {
            players
                .push((Role::Hybrid, Registration::public("hybrid", first).always("response_type", "code id_token")));
        }
        Ok(Self { profile, players })
    }

    /// Registers the clients with a server that is being built, and gives it the profile. What no document asks for
    /// but RFC 9700 encourages is on.
    pub fn enter(&self, builder: Builder) -> Builder {
        let builder = builder.profile(self.profile).on("challenge-once");
        self.players.iter().fold(builder, |builder, (role, player)| builder.client(known(*role, player)))
    }

    /// The server as a target with these clients, a second user, a second issuer and the server's clock.
    ///
    /// # Errors
    /// [`CastError`] when the server does not describe itself, or has no second issuer and gets none.
    pub async fn target(&self, idp: &MockIdp) -> Result<Target, CastError> {
        let elsewhere = idp.create(ELSEWHERE, self.enter(MockIdp::builder()))?;
        Ok(self.at(idp).await?.second_issuer(self.at(&elsewhere).await?))
    }

    async fn at(&self, tenant: &Tenant) -> Result<Target, TargetError> {
        let target = Target::discover(tenant.issuer()).await?;
        let target = self.players.iter().fold(target, |target, (role, player)| target.playing(*role, player.clone()));
        let target = target.second_user("bob").second_scope(SCOPES[1]).time(ClockOf(tenant.clone()));
        Ok(target.resources(RESOURCES[0], RESOURCES[1]))
    }
}

/// Whether a server of this profile speaks what such a client must do.
fn speaks(profile: Profile, role: Role) -> bool {
    match role {
        Role::Pushing | Role::SenderConstrained => {
            !matches!(profile, Profile::Oidc | Profile::Mcp | Profile::Rfc7636)
        }
        Role::Signing => !matches!(profile, Profile::Mcp | Profile::Rfc7636),
        _ => true,
    }
}

/// The client as the server knows it.
fn known(role: Role, player: &Registration) -> Client {
    let id = player.client_id.as_str();
    let client = match &player.auth {
        ClientAuth::Basic(secret) | ClientAuth::Post(secret) => Client::confidential(id, secret.clone()),
        ClientAuth::PrivateKeyJwt(key) => Client::with_keys(id, key.jwks()),
        ClientAuth::None | ClientAuth::MutualTls(_) => Client::public(id),
    };
    let client = player.redirect_uris.iter().fold(client, Client::redirect_uri).scope(SCOPES);
    match role {
        Role::SenderConstrained => client.metadata("dpop_bound_access_tokens", true),
        Role::Pushing => client.metadata("require_pushed_authorization_requests", true),
        Role::Signing => client.metadata("require_signed_request_object", true),
        Role::WithoutCode => client.grant_types(["client_credentials"]),
        Role::Device | Role::SecondDevice => {
            client.grant_types(["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"])
        }
        Role::Hybrid => client
            .grant_types(["authorization_code", "implicit", "refresh_token"])
            .metadata("response_types", vec!["code", "code id_token", "code token", "code id_token token"]),
        _ => client,
    }
}

/// The clock of a tenant.
struct ClockOf(Tenant);

impl Time for ClockOf {
    fn now(&self) -> u64 {
        self.0.clock().now()
    }

    fn can_be_moved(&self) -> bool {
        true
    }

    fn pass<'a>(&'a self, by: Duration) -> Passing<'a> {
        self.0.clock().advance(by);
        Box::pin(std::future::ready(Ok::<_, Inconclusive>(())))
    }
}
