//! Under which rules a target is judged.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The rules that decide how strongly a defence is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// RFC 9700, the best current practice, and the RFCs it builds on.
    #[default]
    Bcp,
    /// OAuth 2.1.
    Oauth21,
    /// The FAPI 2.0 Security Profile.
    Fapi2,
    /// The authorization part of the Model Context Protocol.
    Mcp,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Bcp, Self::Oauth21, Self::Fapi2, Self::Mcp];

    /// What it is called on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bcp => "bcp",
            Self::Oauth21 => "oauth21",
            Self::Fapi2 => "fapi2",
            Self::Mcp => "mcp",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no profile of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no profile {0:?}; the profiles are bcp, oauth21, fapi2 and mcp")]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == name);
        found.ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_by_its_name() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        assert!("fapi".parse::<Profile>().is_err());
    }
}
