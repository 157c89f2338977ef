//! Examples of what is not stored by a replica: frames, drafts, grants, chains and files of keys.

use guichet_keys::grant::Grantee;
use guichet_keys::vault::Cost;
use guichet_keys::{
    AgentKeys, AgreementSecret, CaseKeys, Chain, Grant, KeyFile, KeyPurpose, Right, Salt,
    SecretKey, SignedGrant, SigningKey, Statement, Vault,
};
use guichet_media::Certificate;
use guichet_sync::case::{SealedDraft, SealedPresence};
use guichet_sync::wire::Frame;
use zeroize::Zeroizing;

use super::super::cast::{BEGINNING_MS, Cast, Office, Post};
use super::signed::cose;
use crate::fuzz::{Choices, alter, with_number};

const GRANT: &str = "guichet/grant/1";
const CREDENTIAL: &str = "guichet/credential/1";

/// An example, who reads it, and by whom it is signed again when it is altered.
pub struct Sample {
    bytes: Vec<u8>,
    read: fn(&[u8]) -> bool,
    alter: fn(&[u8], &mut Choices<'_>) -> Option<Vec<u8>>,
}

impl Sample {
    fn new(bytes: Vec<u8>, read: fn(&[u8]) -> bool) -> Self {
        let alter = |bytes: &[u8], choices: &mut Choices<'_>| Some(alter(bytes, choices));
        Self { bytes, read, alter }
    }

    /// It with something else in it, half of the time.
    pub fn altered(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        if choices.byte().is_multiple_of(2) {
            return self.bytes.clone();
        }
        (self.alter)(&self.bytes, choices).unwrap_or_else(|| self.bytes.clone())
    }

    /// Whether its reader still reads this.
    pub fn reads(&self, bytes: &[u8]) -> bool {
        (self.read)(bytes)
    }
}

/// Examples of everything.
pub fn samples(cast: &Cast, frames: impl Iterator<Item = Frame>) -> Vec<Sample> {
    let mut samples = keys(cast);
    // As often as what is said on the wire.
    for frame in frames.take(12) {
        let bytes = frame.encode();
        samples.push(Sample::new(bytes, |bytes| Frame::decode(bytes).is_ok()));
        if let Frame::Draft { sealed, .. } = frame {
            samples.push(Sample::new(sealed, |bytes| {
                SealedDraft::parse(bytes).is_ok() || SealedPresence::parse(bytes).is_ok()
            }));
        }
    }
    samples
}

fn keys(cast: &Cast) -> Vec<Sample> {
    let machine = SecretKey::from([9; 32]);
    let file = KeyFile::seal(&KeyPurpose::Node, &[8; 32], &machine, Salt::from([7; 16]));
    let certificate = Certificate::generate().expect("a certificate");
    let chains = cast.members().iter().filter_map(|member| {
        let Statement::Member(chain) = member.statement() else {
            return None;
        };
        Some(chain.to_bytes())
    });
    let chain = |bytes: Vec<u8>| Sample {
        bytes,
        read: |bytes| {
            let root = SigningKey::from_seed(&Office::Root.seed()).subject();
            Chain::from_bytes(bytes).is_ok_and(|chain| chain.verify(&root).is_ok())
        },
        alter: chain_again,
    };
    let mut samples: Vec<Sample> = chains.map(chain).collect();
    assert!(samples.iter().all(|it| it.reads(&it.bytes)), "they hold");
    samples.push(Sample {
        bytes: grant(cast),
        read: |bytes| SignedGrant::parse(bytes).is_ok(),
        alter: |bytes, choices| {
            let altered = with_number(bytes, choices);
            cose(&Post::FirstStation.writer_seed(), GRANT, &altered)
        },
    });
    samples.push(Sample::new(file, |bytes| KeyFile::parse(bytes).is_ok()));
    samples.push(Sample::new(vault(), |bytes| Vault::parse(bytes).is_ok()));
    samples.push(Sample::new(certificate.to_bytes().to_vec(), |bytes| {
        Certificate::from_bytes(bytes).is_ok()
    }));
    samples
}

fn grant(cast: &Cast) -> Vec<u8> {
    let (case, author) = ([5; 16].into(), [6; 16].into());
    let (_, keys) = CaseKeys::create(case, author, &cast.service_key, &[77; 32]).expect("wraps");
    let to = Grantee::Visit {
        key: AgreementSecret::from_seed(&[3; 32]).public(),
        node: Post::Kiosk.node_key().subject(),
    };
    let at_s = BEGINNING_MS / 1000;
    let grant = Grant::create(case, to, Right::Read, at_s, &keys, &[88; 32]).expect("wraps");
    let signed = grant.sign(&Post::FirstStation.writer_key());
    signed.expect("within its limits").bytes
}

fn vault() -> Vec<u8> {
    let keys = AgentKeys {
        signing_seed: Zeroizing::new([1; 32]),
        agreement_seed: Zeroizing::new([2; 32]),
        chains: Vec::new(),
    };
    let cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    let sealed = Vault::seal(&keys, "sésame, ouvre-toi", cost, [4; 16].into());
    sealed.expect("a vault")
}

/// A chain whose last credential says something else, signed by who issued it.
fn chain_again(bytes: &[u8], choices: &mut Choices<'_>) -> Option<Vec<u8>> {
    let Chain(mut links) = Chain::from_bytes(bytes).ok()?;
    let issuer = match links.len() {
        1 => Office::Root,
        _ => *choices.pick(&[Office::Operator, Office::Steward]),
    };
    let leaf = links.first_mut()?;
    let payload = super::signed::payload(leaf)?;
    let altered = with_number(payload, choices);
    *leaf = crate::attack::unbounded::sign1(issuer.seed(), CREDENTIAL, &altered).ok()?;
    Some(Chain(links).to_bytes())
}
