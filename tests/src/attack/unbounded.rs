//! Signed objects with numbers in them that our own libraries neither write nor read: made by hand,
//! as the formats say.

use anyhow::Result;
use guichet_keys::{AesGcm, Sealer as _, SecretKey, SigningKey};
use guichet_sync::envelope::Header;
use libp2p::identity::Keypair;
use minicbor::data::Tag;
use minicbor::{Encode, Encoder};

const STATEMENT: &str = "guichet/statement/1";
const ENVELOPE: &str = "guichet/envelope/1";
/// COSE_Sign1, and its protected header before the signer: Ed25519, key id (RFC 9052, RFC 9864).
const SIGN1_TAG: u64 = 18;
const BEFORE_SIGNER: [u8; 6] = [0xa2, 0x01, 0x32, 0x04, 0x58, 0x20];

/// A statement of this kind, serial and time.
pub fn statement(
    seed: [u8; 32],
    (kind, serial, at_s): (u64, u64, u64),
    body: &impl Encode<()>,
) -> Result<Vec<u8>> {
    let mut payload = Encoder::new(Vec::new());
    payload.array(4)?.u64(kind)?.u64(serial)?.u64(at_s)?;
    payload.encode(body)?;
    sign1(seed, STATEMENT, &payload.into_writer())
}

/// A signed object of this domain, whatever its payload says.
pub fn sign1(seed: [u8; 32], domain: &str, payload: &[u8]) -> Result<Vec<u8>> {
    let signer = SigningKey::from_seed(&seed).subject();
    let protected = [&BEFORE_SIGNER[..], signer.as_bytes()].concat();
    let mut signed = Encoder::new(Vec::new());
    signed.array(4)?.str("Signature1")?.bytes(&protected)?;
    signed.bytes(domain.as_bytes())?.bytes(payload)?;
    let signature = Keypair::ed25519_from_bytes(seed)?.sign(&signed.into_writer())?;
    let mut whole = Encoder::new(Vec::new());
    whole.tag(Tag::new(SIGN1_TAG))?.array(4)?;
    whole.bytes(&protected)?.map(0)?;
    whole.bytes(payload)?.bytes(&signature)?;
    Ok(whole.into_writer())
}

/// An edit with this header, whatever stands in it.
pub fn edit(
    header: &Header,
    plain: &[u8],
    key: &SecretKey,
    signer: &SigningKey,
) -> Result<Vec<u8>> {
    let clear = minicbor::to_vec(header)?;
    let sealed = AesGcm.seal(key, &header.salt, "edit", header.index, &clear, plain);
    let mut bytes = Encoder::new(Vec::new());
    bytes.array(3)?.bytes(&clear)?.bytes(&sealed)?;
    let mut bytes = bytes.into_writer();
    let signature = signer.sign(ENVELOPE, &bytes);
    minicbor::encode(
        minicbor::bytes::ByteVec::from(signature.as_bytes().to_vec()),
        &mut bytes,
    )?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use guichet_keys::{SignedStatement, Statement};
    use guichet_sync::envelope::{ChainId, Envelope, KeyRef, Kind};

    use super::*;

    #[test]
    fn what_is_made_by_hand_is_what_the_libraries_make() {
        let seed = [7; 32];
        let key = SigningKey::from_seed(&seed);
        let fingerprint = guichet_keys::sha256(b"x");
        let made = SignedStatement::sign(&key, 3, 9, &Statement::Media { fingerprint }).unwrap();
        let body = (fingerprint,);
        assert_eq!(statement(seed, (8, 3, 9), &body).unwrap(), made.bytes());

        let chain = ChainId {
            case: [1; 16].into(),
            author: [2; 16].into(),
            kind: Kind::Edit,
        };
        let usage = guichet_keys::KeyUse::Shared;
        let header = Header::new(chain, 0, None, KeyRef { usage, epoch: 1 }, [3; 16].into());
        let secret = SecretKey::from([4; 32]);
        let made = Envelope::seal(&header, b"plain", &secret, &AesGcm, &key).unwrap();
        assert_eq!(
            edit(&header, b"plain", &secret, &key).unwrap(),
            made.bytes()
        );
    }
}
