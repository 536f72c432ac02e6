//! Decrypting of keys and content (RFC 7518 §4.4, §4.6.2, §5), from the parts that the crypto library has.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest};
use aws_lc_rs::key_wrap::{self, AesKek, KeyWrap as _};
use oauth_types::ContentEncryption;
use zeroize::Zeroizing;

/// Octets of a tag of GCM; another length would let somebody guess it.
const GCM_TAG: usize = 16;

/// What was encrypted, and what protects it.
pub(super) struct Sealed<'a> {
    /// The header as it was sent.
    pub(super) header: &'a [u8],
    pub(super) vector: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// Octets of the key of content.
pub(super) const fn key_len(encryption: ContentEncryption) -> Option<usize> {
    match encryption {
        ContentEncryption::A128Gcm => Some(16),
        ContentEncryption::A256Gcm | ContentEncryption::A128CbcHs256 => Some(32),
        ContentEncryption::A256CbcHs512 => Some(64),
        _ => None,
    }
}

impl Sealed<'_> {
    /// The content, if nobody changed it or the header.
    pub(super) fn open(&self, encryption: ContentEncryption, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        match encryption {
            ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => self.open_gcm(encryption, key),
            ContentEncryption::A128CbcHs256 => self.open_cbc(hmac::HMAC_SHA256, &cipher::AES_128, key),
            ContentEncryption::A256CbcHs512 => self.open_cbc(hmac::HMAC_SHA512, &cipher::AES_256, key),
            _ => Err(Unspecified),
        }
    }

    /// §5.3.
    fn open_gcm(&self, encryption: ContentEncryption, key: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let algorithm = if encryption == ContentEncryption::A128Gcm { &AES_128_GCM } else { &AES_256_GCM };
        if self.tag.len() != GCM_TAG {
            return Err(Unspecified);
        }
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key)?);
        let nonce = Nonce::try_assume_unique_for_key(&self.vector)?;
        let mut content = Zeroizing::new([&self.ciphertext[..], &self.tag].concat());
        let length = key.open_in_place(nonce, Aad::from(self.header), &mut content)?.len();
        content.truncate(length);
        Ok(content)
    }

    /// §5.2.2.2: the tag first, and only then is anything decrypted.
    fn open_cbc(
        &self,
        hash: hmac::Algorithm,
        cipher: &'static cipher::Algorithm,
        key: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let vector: [u8; 16] = self.vector.as_slice().try_into().map_err(|_| Unspecified)?;
        let (mac, key) = key.split_at(key.len() / 2);
        let bits = u64::try_from(self.header.len()).map_err(|_| Unspecified)?.saturating_mul(8).to_be_bytes();
        let protected = [self.header, &self.vector, &self.ciphertext, &bits].concat();
        let tag = hmac::sign(&hmac::Key::new(hash, mac), &protected);
        verify_slices_are_equal(&tag.as_ref()[..mac.len()], &self.tag)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(cipher, key)?)?;
        let mut content = Zeroizing::new(self.ciphertext.clone());
        let length = key.decrypt(&mut content, DecryptionContext::Iv128(FixedLength::from(vector)))?.len();
        content.truncate(length);
        Ok(content)
    }
}

/// The key that another one wraps (§4.4, RFC 3394).
pub(super) fn unwrap(wrapping: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let cipher = if wrapping.len() == 16 { &key_wrap::AES_128 } else { &key_wrap::AES_256 };
    let mut key = Zeroizing::new(vec![0; wrapped.len()]);
    let length = AesKek::new(cipher, wrapping)?.unwrap(wrapped, &mut key)?.len();
    key.truncate(length);
    Ok(key)
}

/// A key of `length` octets from a secret that was agreed on (§4.6.2): Concat KDF with SHA-256.
pub(super) fn derive(
    secret: &[u8],
    algorithm: &str,
    parties: [&[u8]; 2],
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut about = Vec::new();
    for part in [algorithm.as_bytes(), parties[0], parties[1]] {
        about.extend(u32::try_from(part.len()).map_err(|_| Unspecified)?.to_be_bytes());
        about.extend_from_slice(part);
    }
    about.extend(u32::try_from(length * 8).map_err(|_| Unspecified)?.to_be_bytes());
    let digest = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Unspecified)?;
    let mut key = Zeroizing::new(vec![0; length]);
    sskdf_digest(digest, secret, &about, &mut key)?;
    Ok(key)
}
