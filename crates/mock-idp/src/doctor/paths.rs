//! Paths at which other servers have what this one has elsewhere.

use super::words;

/// The last segments that other servers give an endpoint, and the path that it has here.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("/authorize", &["auth", "authorization", "authorise", "authorize", "login_auth"]),
    ("/token", &["token", "tokens", "access_token", "token.oauth2", "oauth2token"]),
    ("/jwks", &["jwks", "jwks.json", "jwks_uri", "certs", "keys", "discovery_keys"]),
    ("/userinfo", &["userinfo", "user_info", "userinfo.openid", "me", "user"]),
    ("/introspect", &["introspect", "introspection", "tokeninfo", "introspect.oauth2"]),
    ("/revoke", &["revoke", "revocation", "revoke_token.oauth2", "revoked"]),
    ("/logout", &["logout", "end_session", "endsession", "end-session", "signout", "log_out"]),
    ("/register", &["register", "registration", "reg", "clients", "dcr", "clients-registrations"]),
    ("/par", &["par", "pushed_authorization_request", "pushed-authorization-request"]),
    ("/device_authorization", &["device_authorization", "devicecode", "device_code", "deviceauthorization"]),
    ("/bc-authorize", &["bc-authorize", "ciba", "backchannel"]),
    (
        "/.well-known/openid-configuration",
        &["openid-configuration", "openid_configuration", "openid-configuration.json", "discovery"],
    ),
    ("/.well-known/oauth-authorization-server", &["oauth-authorization-server", "oauth_authorization_server"]),
];

/// The one of the `served` paths that was probably meant by `path`.
pub(crate) fn nearest<'a>(path: &str, served: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let clean = path.split([';', '?']).next().unwrap_or_default().to_ascii_lowercase();
    let mut segments = clean.split('/').filter(|segment| !segment.is_empty()).rev();
    let last = segments.next()?;
    let known = |name: &str| served.clone().find(|own| *own == name);
    let own = known(&format!("/{last}")).or_else(|| known(&format!("/.well-known/{last}")));
    let renamed = || ELSEWHERE.iter().filter(|(_, names)| names.contains(&last)).find_map(|(own, _)| known(own));
    own.or_else(renamed).or_else(|| {
        let last_of = |own: &'a str| own.rsplit('/').next().unwrap_or_default();
        let meant = words::nearest(last, served.clone().map(last_of))?;
        served.clone().find(|own| last_of(own) == meant)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_another_server_is_translated() {
        let served = ["/authorize", "/token", "/jwks", "/userinfo", "/logout", "/.well-known/openid-configuration"];
        for (path, meant) in [
            ("/oauth/token", Some("/token")),
            ("/oauth2/v1/token", Some("/token")),
            ("/connect/token", Some("/token")),
            ("/realms/acme/protocol/openid-connect/auth", Some("/authorize")),
            ("/realms/acme/protocol/openid-connect/certs", Some("/jwks")),
            ("/token/", Some("/token")),
            ("//token", Some("/token")),
            ("/TOKEN", Some("/token")),
            ("/tokn", Some("/token")),
            ("/connect/endsession", Some("/logout")),
            ("/.well-known/jwks.json", Some("/jwks")),
            ("/.well-known/openid-configuration/", Some("/.well-known/openid-configuration")),
            ("/well-known/openid-configuration", Some("/.well-known/openid-configuration")),
            ("/introspect", None),
            ("/", None),
            ("/acme", None),
        ] {
            assert_eq!(nearest(path, served.iter().copied()), meant, "{path}");
        }
    }
}
