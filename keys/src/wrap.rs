//! Wraps: a small secret encrypted to one X25519 key with HPKE (RFC 9180).
//!
//! Base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. The purpose enters the
//! key schedule (`info = "guichet/wrap/1/" ‖ purpose`), the context is associated data: a wrap
//! made for one thing does not open as another.

use std::convert::Infallible;
use std::fmt;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bounded;
use crate::ids::{AgreementKey, sha256};
use crate::limits::{WRAP_CIPHERTEXT_BYTES_MAX, WRAP_PURPOSE_BYTES_MAX};

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;
type EncappedKey = <X25519HkdfSha256 as Kem>::EncappedKey;

const TAG_BYTES: usize = 16;

/// The private half of an X25519 key pair, wiped when dropped and never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AgreementSecret([u8; 32]);

impl AgreementSecret {
    /// The key pair of a 32-byte private key (RFC 7748; clamped when used).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(*seed)
    }

    /// The secret itself, for wrapping and key files.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public half.
    pub fn public(&self) -> AgreementKey {
        let public = X25519HkdfSha256::sk_to_pk(&self.private_key());
        AgreementKey::from(<[u8; 32]>::from(public.to_bytes()))
    }

    fn private_key(&self) -> PrivateKey {
        PrivateKey::from_bytes(&self.0).expect("an X25519 private key is any 32 bytes")
    }
}

impl fmt::Debug for AgreementSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgreementSecret(of {})", self.public())
    }
}

/// Why a secret was not wrapped, or a wrap does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The recipient's key is one of the few points that give no secret.
    #[error("{0} is no usable X25519 key: ask its owner for another")]
    Recipient(AgreementKey),
    /// The wrap is for another key than the one given.
    #[error("this wrap is for {recipient}, not for {given}")]
    OtherRecipient {
        /// Whom it is for.
        recipient: AgreementKey,
        /// The public half of the key given.
        given: AgreementKey,
    },
    /// The wrap was altered, or made for another purpose or context.
    #[error("this wrap for {0} does not open: it was altered or made for something else")]
    Altered(AgreementKey),
    /// The purpose or the secret is longer than the format allows.
    #[error("{length} bytes of {what}, at most {max} can be wrapped")]
    TooLong {
        /// `"purpose"` or `"secret"`.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The limit.
        max: usize,
    },
}

/// A secret for one recipient.
///
/// CBOR `[recipient, enc, ciphertext]`; the ciphertext is at most
/// [`WRAP_CIPHERTEXT_BYTES_MAX`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Wrap {
    /// Who can open it.
    #[n(0)]
    pub recipient: AgreementKey,
    /// The ephemeral public key ("enc").
    #[cbor(n(1), with = "minicbor::bytes")]
    pub enc: [u8; 32],
    /// The encrypted secret and its tag.
    #[cbor(n(2), encode_with = "minicbor::bytes::encode")]
    #[cbor(decode_with = "bounded::bytes::<_, WRAP_CIPHERTEXT_BYTES_MAX>")]
    pub ciphertext: Vec<u8>,
}

impl Wrap {
    /// Wraps a secret; `entropy` is random and used for this wrap only.
    pub fn seal(
        recipient: &AgreementKey,
        purpose: &str,
        context: &[u8],
        secret: &[u8],
        entropy: &[u8; 32],
    ) -> Result<Wrap, WrapError> {
        within(
            "secret",
            secret.len(),
            WRAP_CIPHERTEXT_BYTES_MAX - TAG_BYTES,
        )?;
        let key = PublicKey::from_bytes(recipient.as_bytes())
            .map_err(|_| WrapError::Recipient(*recipient))?;
        let (enc, mut sender) =
            hpke::setup_sender_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &key,
                &info(purpose)?,
                &mut Entropy::new(entropy),
            )
            .map_err(|_| WrapError::Recipient(*recipient))?;
        let ciphertext = sender
            .seal(secret, context)
            .expect("one message is within the limit");
        Ok(Wrap {
            recipient: *recipient,
            enc: enc.to_bytes().into(),
            ciphertext,
        })
    }

    /// Opens it with the recipient's secret, the same purpose and context.
    pub fn open(
        &self,
        secret: &AgreementSecret,
        purpose: &str,
        context: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let given = secret.public();
        if given != self.recipient {
            return Err(WrapError::OtherRecipient {
                recipient: self.recipient,
                given,
            });
        }
        let altered = |_| WrapError::Altered(self.recipient);
        let enc = EncappedKey::from_bytes(&self.enc).map_err(altered)?;
        let mut receiver = hpke::setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret.private_key(),
            &enc,
            &info(purpose)?,
        )
        .map_err(altered)?;
        receiver
            .open(&self.ciphertext, context)
            .map(Zeroizing::new)
            .map_err(altered)
    }
}

fn info(purpose: &str) -> Result<Vec<u8>, WrapError> {
    within("purpose", purpose.len(), WRAP_PURPOSE_BYTES_MAX)?;
    Ok([b"guichet/wrap/1/", purpose.as_bytes()].concat())
}

fn within(what: &'static str, length: usize, max: usize) -> Result<(), WrapError> {
    if length <= max {
        Ok(())
    } else {
        Err(WrapError::TooLong { what, length, max })
    }
}

/// Hands out the 32 bytes it was given, then their successive digests.
///
/// HPKE draws exactly 32 bytes here (RFC 9180 §4.1, `ikm` of the ephemeral key pair).
struct Entropy {
    block: Zeroizing<[u8; 32]>,
    used: usize,
}

impl Entropy {
    fn new(entropy: &[u8; 32]) -> Self {
        Self {
            block: Zeroizing::new(*entropy),
            used: 0,
        }
    }

    fn next_byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            *self.block = *sha256(&*self.block).as_bytes();
            self.used = 0;
        }
        let byte = self.block[self.used];
        self.used = self.used.saturating_add(1);
        byte
    }
}

impl TryRng for Entropy {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(std::array::from_fn(|_| {
            self.next_byte()
        })))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(std::array::from_fn(|_| {
            self.next_byte()
        })))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill_with(|| self.next_byte());
        Ok(())
    }
}

impl TryCryptoRng for Entropy {}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> AgreementSecret {
        AgreementSecret::from_seed(&[9; 32])
    }

    fn wrap() -> Wrap {
        Wrap::seal(
            &secret().public(),
            "case-key",
            b"context",
            b"secret",
            &[1; 32],
        )
        .expect("wraps")
    }

    #[test]
    fn the_keys_of_rfc_7748() {
        // RFC 7748 §6.1, Alice.
        let private = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
        let public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
        let private: crate::Hash = private.parse().expect("hexadecimal");
        let secret = AgreementSecret::from_seed(private.as_bytes());
        assert_eq!(secret.public().to_string(), public);
    }

    #[test]
    fn wrapped_opens() {
        let opened = wrap()
            .open(&secret(), "case-key", b"context")
            .expect("opens");
        assert_eq!(opened.as_slice(), b"secret");
    }

    #[test]
    fn purpose_context_and_recipient_are_bound() {
        let altered = Err(WrapError::Altered(secret().public()));
        let open = |purpose, context| wrap().open(&secret(), purpose, context).map(|_| ());
        assert_eq!(open("service-key", b"context"), altered);
        assert_eq!(open("case-key", b"contexT"), altered);

        let other = AgreementSecret::from_seed(&[8; 32]);
        assert_eq!(
            wrap().open(&other, "case-key", b"context").map(|_| ()),
            Err(WrapError::OtherRecipient {
                recipient: secret().public(),
                given: other.public()
            })
        );
        let renamed = Wrap {
            recipient: other.public(),
            ..wrap()
        };
        assert_eq!(
            renamed.open(&other, "case-key", b"context").map(|_| ()),
            Err(WrapError::Altered(other.public()))
        );
    }

    #[test]
    fn points_without_a_secret_are_refused() {
        let zero = AgreementKey::from([0; 32]);
        assert_eq!(
            Wrap::seal(&zero, "case-key", b"", b"secret", &[1; 32]),
            Err(WrapError::Recipient(zero))
        );
        let hostile = Wrap {
            enc: [0; 32],
            ..wrap()
        };
        assert!(hostile.open(&secret(), "case-key", b"context").is_err());
    }

    #[test]
    fn lengths_are_bounded() {
        let seal = |purpose: &str, secret_bytes: usize| {
            Wrap::seal(
                &secret().public(),
                purpose,
                b"",
                &vec![0; secret_bytes],
                &[1; 32],
            )
        };
        let longest = WRAP_CIPHERTEXT_BYTES_MAX - TAG_BYTES;
        let fits = seal(&"p".repeat(WRAP_PURPOSE_BYTES_MAX), longest).expect("fits");
        let bytes = minicbor::to_vec(&fits).expect("encodes");
        assert_eq!(bounded::whole::<Wrap>(&bytes).expect("decodes"), fits);

        assert!(matches!(
            seal("p", longest + 1),
            Err(WrapError::TooLong { what: "secret", .. })
        ));
        let purpose = "p".repeat(WRAP_PURPOSE_BYTES_MAX + 1);
        assert!(matches!(
            seal(&purpose, 1),
            Err(WrapError::TooLong {
                what: "purpose",
                ..
            })
        ));

        let too_long = Wrap {
            ciphertext: vec![0; WRAP_CIPHERTEXT_BYTES_MAX + 1],
            ..fits
        };
        let bytes = minicbor::to_vec(&too_long).expect("encodes");
        assert!(bounded::whole::<Wrap>(&bytes).is_err());
    }

    #[test]
    fn entropy_is_handed_out_as_it_came() {
        let given: [u8; 32] = std::array::from_fn(|i| i as u8);
        let mut out = [0; 40];
        Entropy::new(&given)
            .try_fill_bytes(&mut out)
            .expect("never fails");
        assert_eq!(out[..32], given);
        assert_eq!(out[32..], sha256(&given).as_bytes()[..8]);
    }
}
