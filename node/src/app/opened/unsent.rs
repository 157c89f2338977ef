//! What the person here has begun to write and not sent: values not yet put, a message, a note, a
//! remark on an identity, a reason.
//!
//! It is kept as it was typed until it is sent, so that it is there again after a reload, and at a
//! station after the vault was closed and opened again: then it lies in the node's memory, sealed
//! under a key of the case.

use std::collections::BTreeMap;

use guichet_keys::{KeyUse, Salt, SecretKey, SubjectId};
use guichet_sync::case::{CaseLog, FieldRef, FormId, Version};
use guichet_sync::envelope::KeyRef;
use minicbor::{Decode, Encode};

use super::OpenCase;
use super::typing::shared_key;
use super::writing::field_ref;
use crate::app::readers::drop_oldest;
use crate::entropy;
use crate::web::counter::{Kept, Put, Refusal, Typing};
use crate::web::view::TypedHere;

/// Bytes of all that is begun in one case.
pub const BEGUN_BYTES_MAX: usize = 256 << 10;
/// Things that are begun in one case.
pub const BEGUN_MAX: usize = 256;

/// How long something that comes late may have been on its way, in milliseconds; what is older
/// still was typed before the page's clock was set.
pub const LATE_MS_MAX: u64 = 30_000;

const LABEL: &str = "unsent";

/// What is begun in one case, by where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unsent {
    begun: BTreeMap<Slot, Typed>,
    /// When the last thing came of each, on the page's clock in milliseconds: two orders of one
    /// page may overtake each other, and the older is passed over.
    last: BTreeMap<Slot, u64>,
}

/// Where something is begun.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// In a register.
    Field(FieldRef),
    /// A text of which there is one in a case.
    Only(Kept),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Typed {
    text: String,
    /// The version that the person had before them.
    seen: String,
}

/// What was sent and is not saved yet: it is begun again if the disk refuses it.
#[derive(Clone, Debug)]
pub struct Sent(Slot, Typed);

impl Sent {
    /// The message that it is, if it is one.
    pub fn message(&self) -> Option<&str> {
        match self.0 {
            Slot::Only(Kept::Message) => Some(&self.1.text),
            Slot::Only(Kept::Note | Kept::Remark | Kept::Reason) | Slot::Field(_) => None,
        }
    }
}

/// All that no longer fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overfull;

impl Unsent {
    /// Keeps what stands there now; an empty text is none. An emptied register is
    /// something: its value is to go. What was typed before the last thing came is passed over.
    pub fn keep(
        &mut self,
        slot: Slot,
        text: &str,
        seen: &str,
        typed_at_ms: Option<u64>,
    ) -> Result<(), Overfull> {
        if self.is_late(&slot, typed_at_ms) {
            return Ok(());
        }
        let before = self.begun.remove(&slot);
        self.came(&slot, typed_at_ms);
        if text.is_empty() && !matches!(slot, Slot::Field(_)) {
            return Ok(());
        }
        let held = self.begun.values().map(|typed| typed.text.len());
        if self.begun.len() >= BEGUN_MAX || held.sum::<usize>() + text.len() > BEGUN_BYTES_MAX {
            if let Some(before) = before {
                self.begun.insert(slot, before);
            }
            return Err(Overfull);
        }
        let (text, seen) = (text.to_owned(), seen.to_owned());
        self.begun.insert(slot, Typed { text, seen });
        Ok(())
    }

    /// It is sent, or given up.
    pub fn end(&mut self, slot: &Slot, typed_at_ms: Option<u64>) {
        if !self.is_late(slot, typed_at_ms) {
            self.begun.remove(slot);
            self.came(slot, typed_at_ms);
        }
    }

    fn is_late(&self, slot: &Slot, typed_at_ms: Option<u64>) -> bool {
        let behind = typed_at_ms.zip(self.last.get(slot));
        behind.is_some_and(|(at, last)| last.checked_sub(at).is_some_and(|by| by <= LATE_MS_MAX))
    }

    fn came(&mut self, slot: &Slot, typed_at_ms: Option<u64>) {
        if let Some(at) = typed_at_ms {
            self.last.insert(slot.clone(), at);
            drop_oldest(&mut self.last, BEGUN_MAX, |at| *at);
        }
    }

    /// It was not saved after all; what was begun since stands.
    fn restore(&mut self, Sent(slot, typed): Sent) {
        if !typed.text.is_empty() || matches!(slot, Slot::Field(_)) {
            self.begun.entry(slot).or_insert(typed);
        }
    }

    fn text(&self, slot: &Slot) -> &str {
        self.begun.get(slot).map_or("", |typed| &typed.text)
    }

    fn encode(&self) -> Vec<u8> {
        let rows = self.begun.iter().map(|(slot, typed)| {
            let (kind, form, field) = match slot {
                Slot::Field(field) => (0, field.form.to_string(), field.name.clone()),
                Slot::Only(what) => (code(*what), String::new(), String::new()),
            };
            let (text, seen) = (typed.text.clone(), typed.seen.clone());
            Row {
                kind,
                form,
                field,
                text,
                seen,
            }
        });
        let rows: Vec<Row> = rows.collect();
        minicbor::to_vec(rows).expect("a vector takes any bytes")
    }

    fn decode(plain: &[u8]) -> Option<Self> {
        let rows: Vec<Row> = minicbor::decode(plain).ok()?;
        let read = rows.into_iter().map(|row| {
            let slot = match row.kind {
                0 => Slot::Field(FieldRef::new(row.form.parse::<FormId>().ok()?, row.field)),
                of => Slot::Only(KINDS.into_iter().find(|what| code(*what) == of)?),
            };
            let (text, seen) = (row.text, row.seen);
            Some((slot, Typed { text, seen }))
        });
        let begun = read.collect::<Option<_>>()?;
        let last = BTreeMap::new();
        Some(Self { begun, last })
    }
}

/// Never stored: it is read by the program that made it.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Row {
    #[n(0)]
    kind: u8,
    #[n(1)]
    form: String,
    #[n(2)]
    field: String,
    #[n(3)]
    text: String,
    #[n(4)]
    seen: String,
}

/// What is begun, sealed: it opens with a key of the case alone.
#[derive(Clone, Debug)]
pub struct SealedUnsent {
    salt: Salt,
    bytes: Vec<u8>,
}

impl OpenCase {
    /// Whose unsent words these are, where they outlive the open case.
    pub fn keeper(&self) -> Option<SubjectId> {
        self.keeper
    }

    /// From now on this person's words are kept; `sealed` is what they had begun.
    pub fn keep_for(&mut self, person: SubjectId, sealed: Option<&SealedUnsent>) {
        self.keeper = Some(person);
        let opened = sealed.and_then(|sealed| {
            let aad = self.case();
            let key = unsent_key(&self.log)?;
            let sealer = self.log.sealer();
            let plain = sealer.open(key, &sealed.salt, LABEL, 0, aad.as_bytes(), &sealed.bytes);
            Unsent::decode(&plain.ok()?)
        });
        if sealed.is_some() && opened.is_none() {
            tracing::error!(case = %self.case(), "what was begun and not sent does not open any more");
        }
        self.unsent = opened.unwrap_or_default();
    }

    /// Seals what is begun; nothing if nothing is.
    pub fn seal_unsent(&self) -> Option<SealedUnsent> {
        let key = unsent_key(&self.log).filter(|_| !self.unsent.begun.is_empty())?;
        let salt = Salt::from(entropy::bytes());
        let plain = zeroize::Zeroizing::new(self.unsent.encode());
        let (aad, sealer) = (self.case(), self.log.sealer());
        let bytes = sealer.seal(key, &salt, LABEL, 0, aad.as_bytes(), &plain);
        Some(SealedUnsent { salt, bytes })
    }

    /// A text is sent.
    pub fn sent(&mut self, what: Kept, text: &str) -> Sent {
        self.unsent.end(&Slot::Only(what), None);
        let (text, seen) = (text.to_owned(), String::new());
        Sent(Slot::Only(what), Typed { text, seen })
    }

    /// A value is put.
    pub fn put(&mut self, put: Put) -> Sent {
        let slot = Slot::Field(field_ref(&put.field));
        self.unsent.end(&slot, put.typed_at_ms);
        let (text, seen) = (put.value, self.seen(put.seen));
        Sent(slot, Typed { text, seen })
    }

    /// What was sent was not saved.
    pub fn restore(&mut self, sent: Sent) {
        self.unsent.restore(sent);
    }

    fn seen(&self, seen: Option<Version>) -> String {
        let version = seen.unwrap_or_else(|| self.log.doc().version());
        version.to_string()
    }

    /// Keeps a text that is not sent.
    pub fn keep(
        &mut self,
        what: Kept,
        text: &str,
        typed_at_ms: Option<u64>,
    ) -> Result<(), Refusal> {
        self.unsent
            .keep(Slot::Only(what), text, "", typed_at_ms)
            .map_err(|Overfull| too_large())
    }

    /// Keeps what is typed into a register and not put; nothing once it was left as it was.
    pub fn keep_typed(&mut self, typing: &Typing) -> Result<(), Refusal> {
        let field = field_ref(&typing.field);
        self.field(&field, false)?;
        let slot = Slot::Field(field);
        let Some(value) = &typing.value else {
            self.unsent.end(&slot, typing.typed_at_ms);
            return Ok(());
        };
        let seen = self.seen(typing.seen.clone());
        self.unsent
            .keep(slot, value, &seen, typing.typed_at_ms)
            .map_err(|Overfull| too_large())
    }

    /// What the person here has typed into a register and not put.
    pub fn typed_here(&self, field: &FieldRef) -> Option<TypedHere> {
        let typed = self.unsent.begun.get(&Slot::Field(field.clone()))?;
        Some(TypedHere {
            value: typed.text.clone(),
            seen: typed.seen.clone(),
        })
    }

    /// The text that is begun; empty if there is none.
    pub fn begun(&self, what: Kept) -> String {
        self.unsent.text(&Slot::Only(what)).to_owned()
    }
}

const KINDS: [Kept; 4] = [Kept::Message, Kept::Note, Kept::Remark, Kept::Reason];

/// How a row names a text; 0 is a field.
fn code(what: Kept) -> u8 {
    match what {
        Kept::Message => 1,
        Kept::Note => 2,
        Kept::Remark => 3,
        Kept::Reason => 4,
    }
}

fn too_large() -> Refusal {
    Refusal::TooLarge {
        bytes_max: BEGUN_BYTES_MAX,
    }
}

/// The service's own key where it is here: a note is not for the citizen.
fn unsent_key(log: &CaseLog) -> Option<&SecretKey> {
    let epoch = log.writer()?.key.epoch;
    let service = log.key(&KeyRef {
        usage: KeyUse::Service,
        epoch,
    });
    service.or_else(|| shared_key(log))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: Slot = Slot::Only(Kept::Message);
    const NOTE: Slot = Slot::Only(Kept::Note);

    fn field(name: &str) -> Slot {
        Slot::Field(FieldRef::new(FormId::from([7; 8]), name))
    }

    #[test]
    fn what_is_begun_reads_back_until_it_is_sent() {
        let mut unsent = Unsent::default();
        let mut keep = |slot, text| unsent.keep(slot, text, "ab", None).expect("room");
        keep(MESSAGE, "Bonjour");
        keep(field("rent"), "41");
        keep(field("phone"), "");
        keep(Slot::Only(Kept::Remark), "Le passeport");
        keep(Slot::Only(Kept::Reason), "Un train à prendre");
        keep(NOTE, "x");
        keep(NOTE, "");
        assert_eq!(unsent.begun.len(), 5, "an emptied note is none");
        assert_eq!(Unsent::decode(&unsent.encode()), Some(unsent.clone()));
        unsent.end(&MESSAGE, None);
        assert_eq!(unsent.text(&MESSAGE), "");
        assert_eq!(Unsent::decode(b"x"), None);
    }

    #[test]
    fn what_comes_late_is_passed_over() {
        let mut unsent = Unsent::default();
        let now = 1_800_000_000_000;
        let keep = |unsent: &mut Unsent, text, at| {
            unsent.keep(field("rent"), text, "", at).expect("room");
            unsent.text(&field("rent")).to_owned()
        };
        assert_eq!(keep(&mut unsent, "41", Some(now)), "41");
        assert_eq!(keep(&mut unsent, "4", Some(now - 1)), "41", "overtaken");
        unsent.end(&field("rent"), Some(now + 2));
        assert_eq!(keep(&mut unsent, "412", Some(now + 1)), "", "put already");
        assert_eq!(keep(&mut unsent, "5", Some(now + 3)), "5");
        unsent.end(&field("rent"), Some(now));
        assert_eq!(unsent.text(&field("rent")), "5", "an older put");
        let set_back = now - LATE_MS_MAX;
        assert_eq!(keep(&mut unsent, "6", Some(set_back)), "6", "another clock");
        assert_eq!(keep(&mut unsent, "7", None), "7", "by script");
        for number in 0..2 * BEGUN_MAX as u64 {
            unsent.end(&field(&number.to_string()), Some(now + number));
        }
        assert_eq!(unsent.last.len(), BEGUN_MAX);
    }

    #[test]
    fn too_much_is_refused_and_leaves_what_was_there() {
        let mut unsent = Unsent::default();
        let mut keep = |slot, text: &str| unsent.keep(slot, text, "", None);
        assert_eq!(keep(MESSAGE, "Bonjour"), Ok(()));
        let long = "x".repeat(BEGUN_BYTES_MAX + 1);
        assert_eq!(keep(MESSAGE, &long), Err(Overfull));
        for number in 0..BEGUN_MAX - 1 {
            assert_eq!(keep(field(&number.to_string()), "1"), Ok(()));
        }
        assert_eq!(keep(field("more"), "1"), Err(Overfull));
        assert_eq!(keep(field("0"), "2"), Ok(()));
        assert_eq!(unsent.text(&MESSAGE), "Bonjour");
    }
}
