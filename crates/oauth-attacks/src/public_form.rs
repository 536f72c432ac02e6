//! Public keys as texts and octets. A verifier that lets the header choose the algorithm takes one of them for the secret
//! of a keyed hash (RFC 8725 section 3.1); which one depends on how its library was given the key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// How a public key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// SubjectPublicKeyInfo in PEM, as it stands in a file.
    Pem,
    /// The same without the last line break.
    PemUnbroken,
    /// The base64 of the PEM, in one line.
    OneLine,
    /// SubjectPublicKeyInfo in DER.
    Der,
    /// The JWK.
    Jwk,
    /// The number that is the key, or its first coordinate, as the JWK has it.
    Number,
}

impl Form {
    /// Every one.
    pub(crate) const ALL: [Self; 6] =
        [Self::Pem, Self::PemUnbroken, Self::OneLine, Self::Der, Self::Jwk, Self::Number];

    /// In words.
    pub(crate) const fn how(self) -> &'static str {
        match self {
            Self::Pem => "in PEM",
            Self::PemUnbroken => "in PEM without the last line break",
            Self::OneLine => "in one line",
            Self::Der => "in DER",
            Self::Jwk => "as a JWK",
            Self::Number => "as its number",
        }
    }

    /// The octets of the key with this PEM and this JWK.
    pub(crate) fn octets(self, pem: &str, jwk: &Value) -> Vec<u8> {
        let line = || pem.lines().filter(|line| !line.starts_with("---")).collect::<String>();
        match self {
            Self::Pem => pem.into(),
            Self::PemUnbroken => pem.trim_end().into(),
            Self::OneLine => line().into(),
            Self::Der => STANDARD.decode(line()).unwrap_or_default(),
            Self::Jwk => jwk.to_string().into(),
            Self::Number => ["n", "x"].iter().find_map(|name| jwk[name].as_str()).unwrap_or_default().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Jwt, Key};

    #[test]
    fn every_form_is_the_same_key() {
        let key = Key::fresh().expect("a key");
        let (pem, jwk) = (key.public_pem().expect("PEM"), key.jwk());
        let octets = |form: Form| form.octets(&pem, &jwk);
        // SEQUENCE of 89 octets, and at its end the point, whose coordinates the JWK has.
        let der = octets(Form::Der);
        assert_eq!((der.len(), &der[..2]), (91, &[0x30, 0x59][..]));
        assert_eq!(STANDARD.encode(&der).into_bytes(), octets(Form::OneLine));
        assert_eq!([octets(Form::PemUnbroken).as_slice(), b"\n"].concat(), octets(Form::Pem));
        assert_eq!(octets(Form::Number).len(), 43);
        for form in Form::ALL {
            assert!(Jwt::of_type("JWT").keyed_with(octets(form)).is_ok(), "{form:?}");
        }
    }
}
