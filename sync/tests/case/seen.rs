//! A put replaces what its author saw, and nothing that others have put since.

use guichet_keys::AuthorId;
use guichet_sync::case::{Batch, CaseDoc, EditError, FieldRef, FormId, Value, Version};

const FORM: FormId = FormId::from_number(7);

fn author(number: u8) -> AuthorId {
    AuthorId::from([number; 16])
}

fn field(name: &str) -> FieldRef {
    FieldRef::new(FORM, name)
}

fn number(text: &str) -> Value {
    Value::Number(text.into())
}

fn pair() -> [CaseDoc; 2] {
    let [mut one, mut two] = [1, 2].map(|number| CaseDoc::new(author(number)));
    let batch = one.open_form(FORM, "family", &["story"], 10);
    deliver(&batch.expect("opens"), &one, &mut two);
    [one, two]
}

fn deliver(batch: &Batch, from: &CaseDoc, to: &mut CaseDoc) {
    for payload in batch.encode() {
        to.apply(&from.author(), &payload).expect("applies");
    }
}

fn put(by: &mut CaseDoc, value: &str, seen: &Version, other: &mut CaseDoc) {
    let batch = by.set_seen(&field("phone"), &number(value), seen, 20);
    deliver(&batch.expect("puts"), by, other);
}

/// The values with their authors, the same on both and after a reload, in any order.
fn values(docs: &[CaseDoc; 2]) -> Vec<(String, AuthorId)> {
    assert_eq!(docs[0].plain(), docs[1].plain());
    let loaded = CaseDoc::load(author(9), &docs[0].save()).expect("loads");
    assert_eq!(loaded.plain(), docs[0].plain());
    let candidates = docs[0].register(&field("phone"));
    let mut values: Vec<_> = candidates
        .iter()
        .map(|one| (one.value.as_str().expect("a number").to_owned(), one.author))
        .collect();
    values.sort();
    values
}

fn told(values: &[(&str, u8)]) -> Vec<(String, AuthorId)> {
    let told = values.iter();
    told.map(|&(value, by)| (value.to_owned(), author(by)))
        .collect()
}

#[test]
fn what_came_after_the_page_was_made_stays_beside_the_new_value() {
    let mut docs = pair();
    let [one, two] = &mut docs;
    let seen = two.version();
    let now = one.version();
    put(one, "01", &now, two);
    put(two, "02", &seen, one);
    assert_eq!(values(&docs), told(&[("01", 1), ("02", 2)]));
    // Both are seen now, and one is chosen.
    let [one, two] = &mut docs;
    let now = one.version();
    put(one, "02", &now, two);
    assert_eq!(values(&docs), told(&[("02", 1)]));
}

#[test]
fn it_stays_even_if_its_reader_has_written_elsewhere_since() {
    let mut docs = pair();
    let [one, two] = &mut docs;
    let seen = two.version();
    let now = one.version();
    put(one, "01", &now, two);
    // This change of the second author has the first's value in its past.
    let elsewhere = two.splice(&field("story"), &two.version(), 0, 0, "Bonjour", 20);
    deliver(&elsewhere.expect("types"), two, one);
    put(two, "02", &seen, one);
    assert_eq!(values(&docs), told(&[("01", 1), ("02", 2)]));
}

#[test]
fn what_was_seen_and_what_is_ones_own_is_replaced() {
    let mut docs = pair();
    let [one, two] = &mut docs;
    let now = one.version();
    put(one, "01", &now, two);
    let seen = two.version();
    put(one, "011", &now, two);
    // The page of the second author goes on typing with what it saw at first.
    for value in ["4", "41", "412"] {
        put(two, value, &seen, one);
    }
    assert_eq!(values(&docs), told(&[("011", 1), ("412", 2)]));
    let [one, two] = &mut docs;
    let now = two.version();
    put(two, "5", &now, one);
    assert_eq!(values(&docs), told(&[("5", 2)]));
}

#[test]
fn clearing_what_was_seen_keeps_what_came_since() {
    let [mut one, mut two] = pair();
    let now = one.version();
    put(&mut one, "01", &now, &mut two);
    let seen = two.version();
    put(&mut one, "02", &seen, &mut two);
    let batch = two.set_seen(&field("phone"), &Value::Null, &seen, 20);
    deliver(&batch.expect("clears"), &two, &mut one);
    let held: Vec<_> = one.register(&field("phone"));
    let held: Vec<_> = held
        .into_iter()
        .map(|one| (one.value, one.author))
        .collect();
    assert_eq!(held, [(number("02"), author(1)), (Value::Null, author(2))]);
}

#[test]
fn the_same_answer_is_no_second_one_and_a_strange_version_is_refused() {
    let mut docs = pair();
    let [one, two] = &mut docs;
    let seen = two.version();
    put(one, "01", &seen, two);
    let again = two.set_seen(&field("phone"), &number("01"), &seen, 20);
    assert!(again.expect("puts").is_empty());
    let unknown: Version = "ab".repeat(32).parse().expect("a version");
    assert_eq!(
        two.set_seen(&field("phone"), &number("03"), &unknown, 20),
        Err(EditError::UnknownVersion)
    );
    assert_eq!(
        two.set_seen(&field("story"), &number("03"), &seen, 20),
        Err(EditError::OtherKind)
    );
    assert_eq!(values(&docs), told(&[("01", 1)]));
}
