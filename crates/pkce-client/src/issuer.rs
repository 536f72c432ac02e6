//! Which issuer a server may call itself, in its metadata and in its tokens.

use std::fmt;

use serde_json::{Map, Value};
use url::Url;

use crate::builder::ClientBuilder;
use crate::claims::required_text;
use crate::error::{ConfigError, DiscoveryError};
use crate::jwt::JwtError;

/// What stands for the tenant in the metadata of Microsoft Entra ID.
const TEMPLATE: &str = "{tenantid}";

/// The addresses whose metadata are for many tenants. That of `consumers` names a tenant.
const SHARED: [&str; 2] = ["common", "organizations"];

/// How the end of an issuer looks there.
const VERSION: &str = "/v2.0";

/// Whose metadata and whose tokens are taken. The default is [`IssuerPolicy::exact`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssuerPolicy(Policy);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Policy {
    #[default]
    Exact,
    /// Those of Microsoft Entra ID; `None` for every one there is.
    Tenants(Option<Vec<String>>),
}

impl IssuerPolicy {
    /// Metadata and tokens name the issuer as it was given to [`Client::builder`](crate::Client::builder), character by
    /// character (RFC 8414 §3.3, OpenID Connect Core §3.1.3.7).
    pub fn exact() -> Self {
        Self(Policy::Exact)
    }

    /// For applications of several tenants at Microsoft Entra ID: users of these tenants are let in, and no others. A tenant
    /// is named by its identifier, such as `9188040d-6c67-4c5b-b112-36a304b66dad`.
    ///
    /// The issuer of the client is the shared address, `https://login.microsoftonline.com/organizations/v2.0` or the same
    /// with `common`. Its metadata call themselves `https://login.microsoftonline.com/{tenantid}/v2.0`, as they stand. Each
    /// token has to say its tenant in `tid`, which is one of these; its `iss` is the same address with that tenant in place
    /// of `{tenantid}`, and the key that signed it may be one for that tenant.
    ///
    /// For users of one tenant, give its own issuer to the client and call nothing.
    /// ```no_run
    /// # async fn example() -> Result<(), pkce_client::Error> {
    /// use pkce_client::{Client, IssuerPolicy};
    ///
    /// let client = Client::builder("https://login.microsoftonline.com/organizations/v2.0", "my-app")
    ///     .issuer_policy(IssuerPolicy::entra_multi_tenant(["c7c2f0f2-5c5a-4b0e-8a1b-2d6a3f1e9b10"]))
    ///     .allow_unadvertised_pkce() // it verifies S256, and does not say so
    ///     .redirect_uri("https://app.example/callback")
    ///     .discover()
    ///     .await?;
    /// # let _ = client;
    /// # Ok(())
    /// # }
    /// ```
    pub fn entra_multi_tenant<S: Into<String>>(tenants: impl IntoIterator<Item = S>) -> Self {
        let tenants = tenants.into_iter().map(|tenant| tenant.into().to_ascii_lowercase());
        Self(Policy::Tenants(Some(tenants.collect())))
    }

    /// The same for users of every tenant there is. Anybody can make a tenant, and name its users as they like: whoever is
    /// let in is told by [`IdClaims::issuer`](crate::IdClaims::issuer) together with the subject, never by an email address.
    pub fn entra_anybody_from_any_tenant() -> Self {
        Self(Policy::Tenants(None))
    }

    /// Judges the policy itself, for a client of `issuer`.
    pub(crate) fn check(&self, issuer: &str) -> Result<(), ConfigError> {
        let Policy::Tenants(tenants) = &self.0 else { return Ok(()) };
        if template(issuer).is_none() {
            return Err(ConfigError::TenantIssuer);
        }
        match tenants.iter().flatten().find(|tenant| !is_tenant(tenant)) {
            Some(other) => Err(ConfigError::Tenant(other.clone())),
            None if tenants.as_ref().is_some_and(Vec::is_empty) => Err(ConfigError::NoTenant),
            None => Ok(()),
        }
    }

    /// Judges the issuer that metadata name, where those of `asked` were wanted.
    pub(crate) fn judge_metadata(&self, asked: &str, found: &str) -> Result<(), DiscoveryError> {
        let wanted = match &self.0 {
            Policy::Exact => asked.to_owned(),
            Policy::Tenants(_) => template(asked).unwrap_or_default(),
        };
        IssuerDifference::between(&wanted, found).map_or(Ok(()), |difference| Err(DiscoveryError::Issuer(difference)))
    }

    /// Judges the `iss` of a token, for a client of `asked`.
    pub(crate) fn judge_claims(&self, asked: &str, claims: &Map<String, Value>) -> Result<(), JwtError> {
        let found = required_text(claims, "iss")?;
        let wanted = match &self.0 {
            Policy::Exact => asked.to_owned(),
            Policy::Tenants(allowed) => {
                let tenant = required_text(claims, "tid")?;
                if !is_tenant(tenant) {
                    return Err(JwtError::Malformed("tid"));
                }
                if allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(|one| one == tenant)) {
                    return Err(JwtError::Tenant);
                }
                template(asked).unwrap_or_default().replace(TEMPLATE, tenant)
            }
        };
        match IssuerDifference::between(&wanted, found) {
            None => Ok(()),
            Some(IssuerDifference::Other) => Err(JwtError::Issuer),
            Some(nearly) => Err(JwtError::IssuerNearly(nearly)),
        }
    }

    /// Whether a key that is published for `issuer` may have signed a token with these claims. Keys of one tenant and keys
    /// of all are published side by side.
    pub(crate) fn allows_key(&self, issuer: &str, claims: &Map<String, Value>) -> bool {
        if self.0 == Policy::Exact {
            return true;
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        issuer.replace(TEMPLATE, text("tid")) == text("iss")
    }
}

impl ClientBuilder {
    /// Takes metadata and tokens of other issuers than the one this client is for. Default [`IssuerPolicy::exact`].
    ///
    /// The client is not made if the policy does not fit its issuer.
    pub fn issuer_policy(mut self, policy: IssuerPolicy) -> Self {
        self.issuers = policy;
        self
    }
}

/// What the metadata at a shared address call themselves.
fn template(shared: &str) -> Option<String> {
    let (before, segment) = shared.strip_suffix(VERSION)?.rsplit_once('/')?;
    SHARED.contains(&segment).then(|| format!("{before}/{TEMPLATE}{VERSION}"))
}

/// Groups of hexadecimal digits in lower case, as tokens have them.
fn is_tenant(text: &str) -> bool {
    let digits = |group: &str| group.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.into_iter().all(digits)
}

/// How the issuer of a document or a token differs from the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuerDifference {
    /// By a slash at the end.
    TrailingSlash,
    /// By upper and lower case.
    Case,
    /// By `http` in place of `https`, or the other way round.
    Scheme,
    /// By a port that need not be written.
    DefaultPort,
    /// It is that of many tenants ([`IssuerPolicy::entra_multi_tenant`]).
    Template,
    /// Altogether.
    Other,
}

impl IssuerDifference {
    /// How `found` differs from `wanted`; `None` if it does not. The comparison is of code points, without any
    /// normalisation (RFC 8414 §3.3, OpenID Connect Discovery §4.3).
    pub(crate) fn between(wanted: &str, found: &str) -> Option<Self> {
        let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        let rest = |text: &str| text.split_once("://").map(|(_, rest)| rest.to_owned());
        if wanted == found {
            None
        } else if bare(wanted) == bare(found) {
            Some(Self::TrailingSlash)
        } else if wanted.eq_ignore_ascii_case(found) {
            Some(Self::Case)
        } else if found.contains(TEMPLATE) && !wanted.contains(TEMPLATE) {
            Some(Self::Template)
        } else if rest(wanted).is_some_and(|wanted| Some(wanted) == rest(found)) {
            Some(Self::Scheme)
        } else if Url::parse(wanted).is_ok_and(|wanted| Url::parse(found).is_ok_and(|found| wanted == found))
            && [wanted, found].iter().any(|text| text.contains(":443") || text.contains(":80"))
        {
            Some(Self::DefaultPort)
        } else {
            Some(Self::Other)
        }
    }
}

impl fmt::Display for IssuerDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TrailingSlash => ": they differ only by a slash at the end",
            Self::Case => ": they differ only in upper and lower case",
            Self::Scheme => ": they differ only by http and https",
            Self::DefaultPort => ": they differ only by a port that need not be written",
            Self::Template => ": one of many tenants; see IssuerPolicy::entra_multi_tenant",
            Self::Other => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_compared_exactly() {
        let between = IssuerDifference::between;
        assert_eq!(between("https://a.example", "https://a.example"), None);
        assert_eq!(between("https://a.example", "https://a.example/"), Some(IssuerDifference::TrailingSlash));
        assert_eq!(between("https://a.example/", "https://a.example"), Some(IssuerDifference::TrailingSlash));
        assert_eq!(between("https://a.example", "https://A.example"), Some(IssuerDifference::Case));
        assert_eq!(between("https://a.example", "http://a.example"), Some(IssuerDifference::Scheme));
        assert_eq!(between("https://a.example/x", "https://a.example:443/x"), Some(IssuerDifference::DefaultPort));
        assert_eq!(between("https://a.example:443", "https://a.example:444"), Some(IssuerDifference::Other));
        assert_eq!(between("https://a.example/x", "https://a.example/y/../x"), Some(IssuerDifference::Other));
        assert_eq!(between("https://a.example/t", "https://a.example/{tenantid}"), Some(IssuerDifference::Template));
    }

    #[test]
    fn only_shared_addresses_have_a_template() {
        let shared = "https://login.microsoftonline.com/common/v2.0";
        assert_eq!(template(shared).as_deref(), Some("https://login.microsoftonline.com/{tenantid}/v2.0"));
        for other in
            ["https://a.example", "https://a.example/consumers/v2.0", "https://a.example/common", "common/v2.0"]
        {
            assert_eq!(template(other), None, "{other}");
        }
    }

    #[test]
    fn a_tenant_is_named_in_one_way() {
        let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
        assert!(is_tenant(tenant));
        for other in ["", "common", "contoso.example", &tenant.to_uppercase(), &tenant[1..], &tenant.replace('-', "")]
        {
            assert!(!is_tenant(other), "{other}");
        }
        assert!(!is_tenant("9188040d-6c67-4c5b-b112-36a304b66dag") && !is_tenant(&format!("{tenant}-")));
    }
}
