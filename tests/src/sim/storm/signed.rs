//! Things that are altered and signed again by who signed them: genuine as far as anybody can
//! tell, with numbers that no program of ours would write.

use guichet_keys::{SignedStatement, SigningKey, Statement, SubjectId};
use guichet_sync::envelope::Envelope;
use guichet_sync::page::Manifest;
use guichet_sync::receipt::Receipt;
use guichet_sync::wire::What;
use minicbor::Decoder;
use minicbor::bytes::ByteVec;

use super::super::cast::{BEGINNING_MS, Cast, Office, Post, seeds};
use crate::attack::unbounded::sign1;
use crate::fuzz::{Choices, with_number};

const STATEMENT: &str = "guichet/statement/1";
const ENVELOPE: &str = "guichet/envelope/1";
const PAGE: &str = "guichet/page/1";
const RECEIPT: &str = "guichet/receipt/1";

/// Somebody of the network who is not one of the nodes.
const STRANGER: [u8; 32] = [200; 32];

/// A thing, and the seed of the key that signed it.
#[derive(Clone)]
pub struct Signed {
    /// Its form.
    pub what: What,
    /// Its bytes.
    pub bytes: Vec<u8>,
    seed: [u8; 32],
}

/// A thing of the world that was played, if one of the cast signed it.
pub fn signed(what: What, bytes: Vec<u8>) -> Option<Signed> {
    let holds = |signer: &SubjectId| match what {
        What::Statement => {
            SignedStatement::parse(&bytes).is_ok_and(|signed| signed.signer() == *signer)
        }
        What::Receipt => Receipt::parse(bytes.clone()).is_ok_and(|it| it.node() == *signer),
        What::Edit | What::Act => {
            Envelope::parse(bytes.clone()).is_ok_and(|it| it.verify(signer).is_ok())
        }
        What::Manifest => Manifest::parse(bytes.clone()).is_ok_and(|it| it.verify(signer).is_ok()),
    };
    let seed = seeds().find(|seed| holds(&SigningKey::from_seed(seed).subject()))?;
    Some(Signed { what, bytes, seed })
}

/// Facts of the network that the world did not tell: everybody knows them from the beginning, or
/// nobody had a reason to say them.
pub fn facts(cast: &Cast) -> Vec<Signed> {
    let [root, steward] = [Office::Root, Office::Steward].map(Office::seed);
    let service = cast.service_key.service.clone();
    let subject = SigningKey::from_seed(&STRANGER).subject();
    let revocation = Statement::Revocation {
        subject,
        reason: "left".to_owned(),
    };
    let json = b"{}".to_vec();
    let catalogue = Statement::Catalogue {
        service,
        json: json.clone(),
    };
    let fingerprint = guichet_keys::sha256(b"certificate");
    let stated = [
        (root, revocation.clone()),
        (steward, revocation),
        (steward, catalogue),
        (root, Statement::Network { json }),
        (Post::Kiosk.node_seed(), Statement::Media { fingerprint }),
        (steward, Statement::ServiceKey(cast.service_key.clone())),
    ];
    let stated = stated.into_iter().map(|(seed, statement)| {
        let key = SigningKey::from_seed(&seed);
        let signed = SignedStatement::sign(&key, 1, BEGINNING_MS / 1000, &statement);
        let bytes = signed.expect("within its limits").bytes().to_vec();
        let what = What::Statement;
        Signed { what, bytes, seed }
    });
    let members = cast.members().iter();
    let members = members.filter_map(|it| signed(What::Statement, it.bytes().to_vec()));
    stated.chain(members).collect()
}

impl Signed {
    /// The thing with other numbers in it, signed again; as it is, if that cannot be.
    pub fn altered(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        let altered = with_number(&self.bytes, choices);
        let again = match self.what {
            What::Statement => cose(&self.seed, STATEMENT, &altered),
            What::Edit | What::Act => parts(&altered, 3).map(|parts| {
                let mut head = vec![0x83];
                parts[..2].iter().for_each(|part| put(&mut head, part));
                let signature = SigningKey::from_seed(&self.seed).sign(ENVELOPE, &head);
                put(&mut head, signature.as_bytes());
                head
            }),
            What::Manifest => self.pair(PAGE, &altered),
            What::Receipt => self.pair(RECEIPT, &altered),
        };
        again.unwrap_or_else(|| self.bytes.clone())
    }

    fn pair(&self, domain: &str, altered: &[u8]) -> Option<Vec<u8>> {
        let body = parts(altered, 2)?.swap_remove(0);
        let signature = SigningKey::from_seed(&self.seed).sign(domain, &body);
        let mut whole = vec![0x82];
        put(&mut whole, &body);
        put(&mut whole, signature.as_bytes());
        Some(whole)
    }
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    minicbor::encode(ByteVec::from(part.to_vec()), bytes).expect("a vector takes any bytes");
}

fn parts(bytes: &[u8], count: u64) -> Option<Vec<Vec<u8>>> {
    let mut decoder = Decoder::new(bytes);
    if decoder.array().ok()?? != count {
        return None;
    }
    let part = |_| decoder.bytes().ok().map(<[u8]>::to_vec);
    (0..count).map(part).collect()
}

/// A COSE_Sign1 whose payload is signed again.
pub fn cose(seed: &[u8; 32], domain: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    sign1(*seed, domain, payload(bytes)?).ok()
}

/// The payload of a COSE_Sign1.
pub fn payload(bytes: &[u8]) -> Option<&[u8]> {
    let mut decoder = Decoder::new(bytes);
    decoder.tag().ok()?;
    decoder.array().ok()?;
    decoder.bytes().ok()?;
    decoder.map().ok()?;
    decoder.bytes().ok()
}

#[cfg(test)]
mod tests {
    use guichet_sync::replica::Thing;

    use super::super::scene::scene;
    use super::*;
    use crate::fuzz::bytes_of;

    #[test]
    fn every_form_is_signed_again_so_that_its_signature_holds() {
        let scene = scene();
        let mut held = [0_usize; 5];
        let mut others = [0_usize; 5];
        for (seed, thing) in (0..).zip(&scene.things) {
            let bytes = bytes_of(seed, 64);
            let altered = thing.altered(&mut Choices::new(&bytes));
            if Thing::parse(thing.what, altered.clone()).is_err() {
                continue;
            }
            let again = signed(thing.what, altered).expect("its signature holds");
            held[thing.what as usize] += 1;
            others[thing.what as usize] += usize::from(again.bytes != thing.bytes);
        }
        assert!(held.iter().all(|count| *count > 0), "{held:?}");
        assert!(others.iter().all(|count| *count > 0), "{others:?}");
    }
}
