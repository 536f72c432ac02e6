//! RFC 8707, Resource Indicators: which resource the access token is for, said at both endpoints.

use oauth_types::Params;
use url::Url;

use crate::error::ConfigError;

/// A resource indicator: an absolute URI without a fragment (§2).
pub(crate) fn judge(resource: &str) -> Result<(), ConfigError> {
    let refused = || ConfigError::Resource;
    let uri = Url::parse(resource).map_err(|_| refused())?;
    if uri.fragment().is_some() || resource.bytes().any(|octet| !octet.is_ascii_graphic()) {
        return Err(refused());
    }
    Ok(())
}

/// Names the resources, once each (§2: the parameter may be repeated).
pub(crate) fn name(params: &mut Params, resources: &[String]) {
    for resource in resources {
        params.push("resource", resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        assert_eq!(judge("https://api.example/v1"), Ok(()));
        assert_eq!(judge("urn:example:api"), Ok(()));
        for resource in ["", "/v1", "api.example", "https://api.example/#v1", "https://api.example/a b"] {
            assert_eq!(judge(resource), Err(ConfigError::Resource), "{resource}");
        }
    }
}
