//! Presence: who has a case open, told for as long as they do.
//!
//! An adviser who reads a case is seen by the citizen whose case it is, and by colleagues. What
//! says so is told again and again while the case is open, travels as [drafts](super::Draft) do,
//! and is never stored: who is not heard of any more has gone. Everyone who follows the case holds
//! the key that seals it, so it is signed as well: nobody is made to be where they are not.
//!
//! ```text
//! frame  = CBOR [ header: bstr, sealed: bstr ]
//! header = CBOR [ 2, case, author, key epoch, sequence, salt ]        (associated data)
//! plain  = CBOR [ told: bstr, signature ]                             (label "presence")
//! told   = CBOR [ person, null or [ form: bstr(8), field ] ]
//! ```
//!
//! The person signs header ‖ told. It is a draft of another version: a node that knows drafts only
//! passes it on and shows nothing. Salt and sequence are as for drafts, and apart from theirs.

use guichet_keys::{SealError, Sealer, SecretKey, Signature, SigningKey, SubjectId, verify};
use minicbor::bytes::ByteSlice;
use minicbor::{Decode, Encode};

use super::draft::{DraftHeader, Parts, cbor, whole};
use super::{BadDraft, FieldRef, FormId, NAME_BYTES_MAX};

const VERSION: u8 = 2;
const LABEL: &str = "presence";
const DOMAIN: &str = "presence/1";

/// Somebody has a case open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Who.
    pub person: SubjectId,
    /// The field they are in, if any.
    pub field: Option<FieldRef>,
}

/// A presence as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPresence(Parts);

#[derive(Encode, Decode)]
#[cbor(array)]
struct Plain<'a> {
    #[cbor(b(0))]
    told: &'a ByteSlice,
    #[n(1)]
    signature: Signature,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Told<'a> {
    #[n(0)]
    person: SubjectId,
    #[b(1)]
    field: Option<Place<'a>>,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct Place<'a> {
    #[cbor(n(0), with = "minicbor::bytes")]
    form: [u8; 8],
    #[b(1)]
    field: &'a str,
}

impl Presence {
    /// Says that whoever signs is there: seals it under the shared key of the case; gives the frame.
    ///
    /// # Errors
    /// The field's name is too long.
    pub fn seal(
        field: Option<&FieldRef>,
        header: &DraftHeader,
        signer: &SigningKey,
        sealer: &dyn Sealer,
        key: &SecretKey,
    ) -> Result<Vec<u8>, BadDraft> {
        if field.is_some_and(|field| field.name.len() > NAME_BYTES_MAX) {
            return Err(BadDraft::TooLong);
        }
        let told = cbor(&Told {
            person: signer.subject(),
            field: field.map(|field| Place {
                form: field.form.0,
                field: &field.name,
            }),
        });
        let header_bytes = header.encode(VERSION);
        let signature = signer.sign(DOMAIN, &[&header_bytes[..], &told].concat());
        let plain = cbor(&Plain {
            told: told.as_slice().into(),
            signature,
        });
        let (salt, sequence) = (&header.salt, header.sequence);
        let sealed = sealer.seal(key, salt, LABEL, sequence, &header_bytes, &plain);
        Ok(Parts::join(header_bytes, sealed))
    }
}

impl SealedPresence {
    /// Reads a frame; what it says is believed only once it [opens](Self::open).
    ///
    /// # Errors
    /// It is no presence.
    pub fn parse(frame: &[u8]) -> Result<Self, BadDraft> {
        Parts::parse(frame, VERSION).map(Self)
    }

    /// What it says in the clear.
    pub fn header(&self) -> &DraftHeader {
        &self.0.header
    }

    /// Opens it with the shared key of the case, and holds it against its signature.
    ///
    /// # Errors
    /// The key is another, the frame was altered, or somebody else signed it.
    pub fn open(&self, sealer: &dyn Sealer, key: &SecretKey) -> Result<Presence, BadDraft> {
        let Parts {
            header: DraftHeader { salt, sequence, .. },
            header_bytes,
            sealed,
        } = &self.0;
        let plain = sealer.open(key, salt, LABEL, *sequence, header_bytes, sealed)?;
        let Plain { told, signature } = whole(&plain)?;
        let Told { person, field } = whole(told)?;
        let signed = [&header_bytes[..], told].concat();
        verify(&person, DOMAIN, &signed, &signature).map_err(|_| BadDraft::Seal(SealError))?;
        Ok(Presence {
            person,
            field: field.map(|at| FieldRef::new(FormId::from(at.form), at.field)),
        })
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::{AesGcm, AuthorId, CaseTag, Salt};

    use super::*;
    use crate::case::{Draft, SealedDraft};

    fn key() -> SecretKey {
        SecretKey::from([5; 32])
    }

    fn adviser() -> SigningKey {
        SigningKey::from_seed(&[7; 32])
    }

    fn header(sequence: u64) -> DraftHeader {
        DraftHeader {
            case: CaseTag::from([1; 16]),
            author: AuthorId::from([2; 16]),
            key_epoch: 1,
            sequence,
            salt: Salt::from([3; 16]),
        }
    }

    fn rent() -> FieldRef {
        FieldRef::new(FormId::from_number(0x0102_0304_0506_0708), "rent")
    }

    fn seal(field: Option<&FieldRef>) -> Vec<u8> {
        Presence::seal(field, &header(300), &adviser(), &AesGcm, &key()).expect("seals")
    }

    fn open(frame: &[u8]) -> Result<Presence, BadDraft> {
        SealedPresence::parse(frame).and_then(|sealed| sealed.open(&AesGcm, &key()))
    }

    #[test]
    fn a_presence_opens_with_its_key_and_is_no_draft() {
        for field in [None, Some(rent())] {
            let frame = seal(field.as_ref());
            let person = adviser().subject();
            assert_eq!(open(&frame), Ok(Presence { person, field }));
            let sealed = SealedPresence::parse(&frame).expect("parses");
            assert_eq!(sealed.header(), &header(300));
            let other = SecretKey::from([6; 32]);
            assert!(sealed.open(&AesGcm, &other).is_err());
            assert_eq!(
                SealedDraft::parse(&frame),
                Err(BadDraft::Version(VERSION)),
                "a node that knows drafts only lets it pass"
            );
        }
        let draft = Draft {
            field: rent(),
            value: None,
        };
        let draft = draft.seal(&header(1), &AesGcm, &key()).expect("seals");
        assert_eq!(SealedPresence::parse(&draft), Err(BadDraft::Version(1)));
    }

    /// Who holds the key of the case cannot claim that somebody else is there.
    #[test]
    fn nobody_is_made_to_be_there() {
        let told = |person| {
            cbor(&Told {
                person,
                field: None,
            })
        };
        let frame = |told: &[u8], at: u64| {
            let header_bytes = header(at).encode(VERSION);
            let signed = [&header(300).encode(VERSION)[..], told].concat();
            let plain = cbor(&Plain {
                told: told.into(),
                signature: adviser().sign(DOMAIN, &signed),
            });
            let salt = header(at).salt;
            let sealed = AesGcm.seal(&key(), &salt, LABEL, at, &header_bytes, &plain);
            Parts::join(header_bytes, sealed)
        };
        let own = told(adviser().subject());
        assert!(open(&frame(&own, 300)).is_ok());
        assert!(open(&frame(&own, 301)).is_err(), "told again later");
        let another = told(SigningKey::from_seed(&[8; 32]).subject());
        assert!(open(&frame(&another, 300)).is_err(), "as somebody else");
    }

    #[test]
    fn an_altered_frame_never_opens() {
        let frame = seal(Some(&rent()));
        for at in 0..frame.len() {
            assert!(SealedPresence::parse(&frame[..at]).is_err());
            for bit in 0..8 {
                let mut altered = frame.clone();
                altered[at] ^= 1 << bit;
                assert!(open(&altered).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = FieldRef::new(rent().form, "x".repeat(NAME_BYTES_MAX + 1));
        let sealed = Presence::seal(Some(&long), &header(0), &adviser(), &AesGcm, &key());
        assert_eq!(sealed, Err(BadDraft::TooLong));
        let frame = vec![0; super::super::DRAFT_FRAME_BYTES_MAX + 1];
        assert_eq!(SealedPresence::parse(&frame), Err(BadDraft::TooLong));
    }
}
