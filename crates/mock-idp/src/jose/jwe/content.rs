//! The encryption of content (RFC 7518 §5): AES-GCM, and AES-CBC with HMAC.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, Algorithm, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use oauth_types::ContentEncryption;

/// The octets of a block of AES, which are those of its initialization vector, too.
const BLOCK: usize = 16;

/// What is sent of encrypted content besides the header.
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// AES-CBC with HMAC, with the key cut in two (RFC 7518 §5.2.2.1).
struct Composite<'a> {
    mac: hmac::Key,
    cipher: &'static Algorithm,
    key: &'a [u8],
}

/// The octets of a content key.
pub(super) fn key_size(content: ContentEncryption) -> usize {
    match content {
        ContentEncryption::A128Gcm => 16,
        ContentEncryption::A128CbcHs256 | ContentEncryption::A256Gcm => 32,
        _ => 64,
    }
}

/// The octets of an initialization vector.
pub(super) fn iv_size(content: ContentEncryption) -> usize {
    match content {
        ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => NONCE_LEN,
        _ => BLOCK,
    }
}

/// Encrypts `content` and protects it and `header` (RFC 7516 §5.1, steps 14 and 15).
pub(super) fn seal(
    encryption: ContentEncryption,
    key: &[u8],
    iv: Vec<u8>,
    header: &[u8],
    content: &[u8],
) -> Result<Sealed, Unspecified> {
    let mut ciphertext = content.to_vec();
    let tag = match gcm(encryption, key)? {
        Some(gcm) => {
            let nonce = Nonce::try_assume_unique_for_key(&iv)?;
            gcm.seal_in_place_separate_tag(nonce, Aad::from(header), &mut ciphertext)?.as_ref().to_vec()
        }
        None => {
            let composite = Composite::new(encryption, key)?;
            let cipher =
                PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(composite.cipher, composite.key)?)?;
            let start = FixedLength::<BLOCK>::try_from(iv.as_slice())?;
            cipher.less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(start))?;
            composite.tag(header, &iv, &ciphertext)
        }
    };
    Ok(Sealed { iv, ciphertext, tag })
}

/// Checks that nobody changed `sealed` and `header`, and decrypts (RFC 7516 §5.2, step 16).
pub(super) fn open(
    encryption: ContentEncryption,
    key: &[u8],
    header: &[u8],
    sealed: &Sealed,
) -> Result<Vec<u8>, Unspecified> {
    let mut content = sealed.ciphertext.clone();
    if let Some(gcm) = gcm(encryption, key)? {
        let nonce = Nonce::try_assume_unique_for_key(&sealed.iv)?;
        gcm.open_in_place_separate_tag(nonce, Aad::from(header), &sealed.tag, &mut content)?;
        return Ok(content);
    }
    let composite = Composite::new(encryption, key)?;
    let start = FixedLength::<BLOCK>::try_from(sealed.iv.as_slice())?;
    // RFC 7518 §5.2.2.2: nothing is decrypted before the tag was found right.
    verify_slices_are_equal(&composite.tag(header, &sealed.iv, &sealed.ciphertext), &sealed.tag)?;
    let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(composite.cipher, composite.key)?)?;
    let size = cipher.decrypt(&mut content, DecryptionContext::Iv128(start))?.len();
    content.truncate(size);
    Ok(content)
}

fn gcm(encryption: ContentEncryption, key: &[u8]) -> Result<Option<LessSafeKey>, Unspecified> {
    let algorithm = match encryption {
        ContentEncryption::A128Gcm => &AES_128_GCM,
        ContentEncryption::A256Gcm => &AES_256_GCM,
        _ => return Ok(None),
    };
    Ok(Some(LessSafeKey::new(UnboundKey::new(algorithm, key)?)))
}

impl<'a> Composite<'a> {
    fn new(encryption: ContentEncryption, key: &'a [u8]) -> Result<Self, Unspecified> {
        let (hash, cipher) = match encryption {
            ContentEncryption::A128CbcHs256 => (hmac::HMAC_SHA256, &AES_128),
            ContentEncryption::A256CbcHs512 => (hmac::HMAC_SHA512, &AES_256),
            _ => return Err(Unspecified),
        };
        if key.len() != key_size(encryption) {
            return Err(Unspecified);
        }
        let (mac, key) = key.split_at(key.len() / 2);
        Ok(Self { mac: hmac::Key::new(hash, mac), cipher, key })
    }

    /// The left half of the keyed hash over header, vector, ciphertext and the number of bits of the header.
    fn tag(&self, header: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        let bits = (header.len() as u64) * 8;
        let mut hash = hmac::Context::with_key(&self.mac);
        for part in [header, iv, ciphertext, &bits.to_be_bytes()] {
            hash.update(part);
        }
        let whole = hash.sign();
        whole.as_ref()[..whole.as_ref().len() / 2].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hex");
        digits.chunks(2).map(pair).collect()
    }

    fn header() -> Vec<u8> {
        b"The second principle of Auguste Kerckhoffs".to_vec()
    }

    const CONTENT: &[u8] =
        b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the \
        enemy without inconvenience";

    const IV: &str = "1a f3 8c 2d c2 b9 6f fd d8 66 94 09 23 41 bc 04";

    /// RFC 7518, Appendix B: the key counts up from zero.
    fn appendix_b(encryption: ContentEncryption) -> Sealed {
        let key: Vec<u8> = (0..64).take(key_size(encryption)).collect();
        let sealed = seal(encryption, &key, octets(IV), &header(), CONTENT).expect("sealed");
        assert_eq!(open(encryption, &key, &header(), &sealed).expect("opened"), CONTENT);
        sealed
    }

    #[test]
    fn rfc_7518_appendix_b_is_met() {
        let sealed = appendix_b(ContentEncryption::A128CbcHs256);
        assert_eq!(sealed.tag, octets("65 2c 3f a3 6b 0a 7c 5b 32 19 fa b3 a3 0b c1 c4"));
        assert_eq!(sealed.ciphertext[..16], octets("c8 0e df a3 2d df 39 d5 ef 00 c0 b4 68 83 42 79"));
        let sealed = appendix_b(ContentEncryption::A256CbcHs512);
        let tag = "4d d3 b4 c0 88 a7 f4 5c 21 68 39 64 5b 20 12 bf 2e 62 69 a8 c5 6a 81 6d bc 1b 26 77 61 95 5b c5";
        assert_eq!(sealed.tag, octets(tag));
        assert_eq!(sealed.ciphertext[..16], octets("4a ff aa ad b7 8c 31 c5 da 4b 1b 59 0d 10 ff bd"));
    }

    #[test]
    fn nothing_of_a_sealed_message_can_be_changed() {
        for encryption in ContentEncryption::ALL.iter().copied() {
            let key = vec![7; key_size(encryption)];
            let sealed =
                || seal(encryption, &key, vec![9; iv_size(encryption)], b"header", b"content").expect("sealed");
            let opened = |sealed: &Sealed, header: &[u8]| open(encryption, &key, header, sealed);
            assert_eq!(opened(&sealed(), b"header").expect("opened"), b"content");
            assert!(opened(&sealed(), b"Header").is_err(), "{encryption}");
            let changes: [fn(&mut Sealed); 9] = [
                |sealed| sealed.iv[0] ^= 1,
                |sealed| sealed.ciphertext[0] ^= 1,
                |sealed| sealed.tag[0] ^= 1,
                |sealed| sealed.tag.truncate(8),
                |sealed| sealed.tag.clear(),
                |sealed| sealed.iv.push(0),
                |sealed| sealed.iv.clear(),
                |sealed| sealed.ciphertext.push(0),
                |sealed| sealed.ciphertext.clear(),
            ];
            for change in changes {
                let mut changed = sealed();
                change(&mut changed);
                assert!(opened(&changed, b"header").is_err(), "{encryption}");
            }
            for size in [0, 15, key.len() - 1, key.len() + 1] {
                assert!(open(encryption, &vec![7; size], b"header", &sealed()).is_err(), "{encryption} {size}");
            }
        }
    }

    #[test]
    fn content_without_a_whole_block_is_refused_even_with_a_right_tag() {
        for encryption in [ContentEncryption::A128CbcHs256, ContentEncryption::A256CbcHs512] {
            let key = vec![7; key_size(encryption)];
            for size in [0, 1, 15, 17] {
                let (iv, ciphertext) = (vec![9; BLOCK], vec![1; size]);
                let tag = Composite::new(encryption, &key).expect("a key").tag(b"header", &iv, &ciphertext);
                assert!(open(encryption, &key, b"header", &Sealed { iv, ciphertext, tag }).is_err(), "{size}");
            }
        }
    }

    #[test]
    fn content_of_every_length_comes_back() {
        for encryption in ContentEncryption::ALL.iter().copied() {
            let key = vec![7; key_size(encryption)];
            for size in [0, 1, 15, 16, 17, 1000] {
                let content = vec![3; size];
                let sealed = seal(encryption, &key, vec![9; iv_size(encryption)], b"", &content).expect("sealed");
                assert_eq!(open(encryption, &key, b"", &sealed).expect("opened"), content, "{encryption} {size}");
            }
        }
    }
}
