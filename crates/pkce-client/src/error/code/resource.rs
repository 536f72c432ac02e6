//! Names of the errors of registrations and of protected resources.

use std::borrow::Cow;

use super::{Named, with};
use crate::specs::rfc7591_registration::RegistrationError;
use crate::specs::rfc9728_resource::ResourceError;

impl Named for RegistrationError {
    fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Differs(member) => with("differs", member),
            Self::Expired => "expired".into(),
            Self::Unmanaged => "unmanaged".into(),
        }
    }
}

impl Named for ResourceError {
    fn name(&self) -> Cow<'static, str> {
        let name = match self {
            Self::Address(reason) => return with("address", &reason.name()),
            Self::Server(name, reason) => return with(name, &reason.name()),
            Self::OtherOrigin => "other_origin",
            Self::Ambiguous => "ambiguous",
            Self::NotFound(_) => "not_found",
            Self::OtherResource => "other_resource",
            Self::NoServer => "no_server",
            Self::NotListed => "not_listed",
            Self::Unknown => "unknown_client",
            Self::Elsewhere => "elsewhere",
        };
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{AddressError, Error};
    use crate::specs::rfc7591_registration::RegistrationError;
    use crate::specs::rfc9728_resource::ResourceError;

    #[test]
    fn a_code_says_what_differs_and_where_it_leads() {
        let cases: [(Error, &str); 4] = [
            (RegistrationError::Differs("redirect_uris").into(), "registration.differs_redirect_uris"),
            (RegistrationError::Expired.into(), "registration.expired"),
            (ResourceError::Server("issuer", AddressError::Inside).into(), "resource.issuer_inside"),
            (ResourceError::OtherResource.into(), "resource.other_resource"),
        ];
        for (error, code) in cases {
            assert_eq!(error.code().to_string(), code);
        }
    }
}
