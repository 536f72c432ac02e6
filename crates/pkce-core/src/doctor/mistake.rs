//! The mistakes that can be told apart, each with the one sentence that says what to change.

use core::fmt;

macro_rules! mistakes {
    ($($(#[$doc:meta])* $variant:ident = $sentence:literal,)*) => {
        /// A likely mistake of a client. `Display` says what to change, in ASCII without quotation marks or
        /// backslashes, so that it fits into `error_description` (RFC 6749 §5.2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Mistake {
            $($(#[$doc])* $variant,)*
        }

        impl Mistake {
            /// Every mistake, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What to change.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

mistakes! {
    /// White space, quotation marks or a NUL around the text.
    Surrounded = "Remove the white space, quotation marks or NUL around the value before sending it.",
    /// Percent-encoded once more than the request needs.
    PercentEncoded = "Percent-encode the value once: it arrived with escapes still in it.",
    /// Letters changed case on the way.
    CaseChanged = "Keep the letter case: something between making and sending the value folded or swapped it.",

    /// base64url with `=` at the end.
    ChallengePadded = "Remove the = padding: code_challenge is base64url without padding, 43 characters.",
    /// The alphabet with `+` and `/`.
    ChallengeStandardBase64 = "Use the base64url alphabet for code_challenge: - and _ in place of + and /.",
    /// 64 hexadecimal digits.
    ChallengeHex = "Encode the 32 octets of the SHA-256 digest with base64url: code_challenge is a hex digest.",
    /// base64url of 64 hexadecimal digits.
    ChallengeOfHex = "Encode the octets of the SHA-256 digest, not its hex text: code_challenge is base64url of hex.",
    /// base64url of a text that is base64url already.
    ChallengeEncodedTwice = "Encode the digest once: code_challenge is base64url of a text that was base64 already.",
    /// Base32.
    ChallengeBase32 = "Encode the digest with base64url: code_challenge is base32.",
    /// As long as an MD5, SHA-1, SHA-224, SHA-384 or SHA-512 digest; the long ones may be a verifier as well.
    ChallengeOtherHash = "Send BASE64URL(SHA256(code_verifier)): code_challenge is as long as another hash, or is code_verifier itself.",
    /// Octets that are no text.
    ChallengeRawOctets = "Encode the digest with base64url: code_challenge contains octets that are no printable ASCII.",
    /// A text that can be a verifier but not a challenge.
    ChallengeLooksLikeVerifier = "Send BASE64URL(SHA256(code_verifier)) as code_challenge: this looks like code_verifier itself.",
    /// `+`, `/` and `=` left out.
    ChallengeSymbolsDeleted = "Translate + to - and / to _ instead of deleting them: code_challenge is too short.",
    /// Cut off.
    ChallengeTruncated = "Send all 43 characters: code_challenge is cut off, perhaps by a column or a buffer.",
    /// The last of 43 characters cannot be.
    ChallengeLastCharacter = "Take the encoder as it is: the last character of code_challenge cannot end 32 octets.",

    /// Verifier and challenge are the same text.
    SameText = "Hash code_verifier for code_challenge and send the unhashed text as code_verifier: both are the same.",
    /// `=` at the end of the verifier.
    VerifierPadded = "Strip the = padding of code_verifier before hashing it, and send the same text.",
    /// `+` and `/` in the verifier on one side, `-` and `_` on the other.
    VerifierStandardBase64 = "Make code_verifier with the base64url alphabet before hashing it, and send the same text.",
    /// The hash covers a line end.
    HashedLineEnd = "Hash code_verifier without the line end after it (printf, not echo).",
    /// The hash covers a NUL.
    HashedNul = "Hash code_verifier without the NUL at its end.",
    /// The hash covers quotation marks.
    HashedQuotes = "Hash code_verifier itself, not its JSON text with quotation marks.",
    /// The hash covers a byte order mark.
    HashedMark = "Hash code_verifier without the byte order mark before it: write the text as UTF-8 without BOM.",
    /// The hash covers UTF-16.
    HashedUtf16 = "Hash the ASCII octets of code_verifier, not its UTF-16 form.",
    /// The hash covers what the verifier encodes.
    HashedDecoded = "Hash the ASCII text of code_verifier, not the octets it encodes.",
    /// There is no hash: the challenge encodes the verifier.
    NotHashed = "Hash code_verifier before encoding it: code_challenge is the base64url of code_verifier itself.",
    /// The hash of a hash.
    HashedTwice = "Hash code_verifier once: code_challenge is the hash of a hash.",
    /// The verifier was decoded and encoded again.
    VerifierReencoded = "Keep code_verifier as text: decoding and encoding it again changed its last character.",
    /// The verifier that was hashed is a part of this one.
    VerifierTooMuch = "Send exactly what was hashed: code_verifier has characters too many at one end.",
    /// The verifier that was hashed has one character more.
    VerifierCut = "Send exactly what was hashed: code_verifier lacks a character at one end.",
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
