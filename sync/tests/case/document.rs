//! The document of a case: what people write at once is all there, everywhere the same.

use guichet_keys::AuthorId;
use guichet_sync::case::{BadBatch, CaseDoc, EditError, FieldRef, FormId, Value, Version};

const FORM: FormId = FormId::from_number(0x0123_4567_89ab_cdef);

fn author(number: u8) -> AuthorId {
    AuthorId::from([number; 16])
}

fn field(name: &str) -> FieldRef {
    FieldRef::new(FORM, name)
}

fn number(text: &str) -> Value {
    Value::Number(text.into())
}

/// Two replicas that have the same opened form.
fn pair() -> (CaseDoc, CaseDoc) {
    let mut one = CaseDoc::new(author(1));
    let mut two = CaseDoc::new(author(2));
    let batch = one
        .open_form(FORM, "family", &["story", "remarks"], 10)
        .expect("opens");
    deliver(&batch.encode(), &one, &mut two);
    (one, two)
}

fn deliver(payloads: &[Vec<u8>], from: &CaseDoc, to: &mut CaseDoc) {
    for payload in payloads {
        to.apply(&from.author(), payload).expect("applies");
    }
}

fn values(doc: &CaseDoc, name: &str) -> Vec<(Value, AuthorId)> {
    doc.register(&field(name))
        .into_iter()
        .map(|c| (c.value, c.author))
        .collect()
}

fn text(doc: &CaseDoc, name: &str) -> String {
    doc.text(&field(name)).expect("a text area").text
}

#[test]
fn concurrent_values_stay_until_one_is_chosen() {
    let (mut one, mut two) = pair();
    let mine = one
        .set(&field("rent"), &number("412"), 20)
        .expect("sets")
        .encode();
    let yours = two
        .set(&field("rent"), &number("421"), 20)
        .expect("sets")
        .encode();
    deliver(&mine, &one, &mut two);
    let touched = one.apply(&author(2), &yours[0]).expect("applies");
    assert_eq!(
        touched.fields.into_iter().collect::<Vec<_>>(),
        [field("rent")]
    );
    let both = [(number("412"), author(1)), (number("421"), author(2))];
    assert_eq!(values(&one, "rent"), both);
    assert_eq!(values(&two, "rent"), both);
    for (value, doc) in [(number("421"), 1), (number("412"), 2)] {
        let (mut one, mut two) = (one.clone(), two.clone());
        let (chooser, other) = if doc == 1 {
            (&mut one, &mut two)
        } else {
            (&mut two, &mut one)
        };
        let choice = chooser
            .set(&field("rent"), &value, 30)
            .expect("chooses")
            .encode();
        deliver(&choice, chooser, other);
        assert_eq!(values(&one, "rent"), [(value.clone(), author(doc))]);
        assert_eq!(one.plain(), two.plain());
    }
}

#[test]
fn equal_values_count_once_and_the_same_value_is_no_change() {
    let (mut one, mut two) = pair();
    let mine = one
        .set(&field("rent"), &number("412"), 20)
        .expect("sets")
        .encode();
    let yours = two
        .set(&field("rent"), &number("412"), 20)
        .expect("sets")
        .encode();
    deliver(&mine, &one, &mut two);
    deliver(&yours, &two, &mut one);
    assert_eq!(values(&one, "rent"), [(number("412"), author(2))]);
    assert_eq!(values(&one, "rent"), values(&two, "rent"));
    let again = one
        .set(&field("rent"), &Value::Code("412".into()), 30)
        .expect("sets");
    assert_eq!(again.len(), 1);
    assert!(
        one.set(&field("rent"), &Value::Code("412".into()), 40)
            .expect("sets")
            .is_empty()
    );
}

#[test]
fn values_keep_their_kind() {
    let (mut one, mut two) = pair();
    for value in [
        Value::Null,
        Value::Bool(true),
        Value::Text(String::new()),
        Value::Text("tante Zoé 👩‍👧".into()),
        Value::Code("married".into()),
        Value::Number("1 234,50".into()),
    ] {
        let batch = one.set(&field("x"), &value, 20).expect("sets").encode();
        deliver(&batch, &one, &mut two);
        assert_eq!(values(&two, "x"), [(value, author(1))]);
    }
}

/// A page with a text area: the text and version it was last given, and its caret.
struct Page {
    doc: CaseDoc,
    version: Version,
    text: String,
    typed: String,
}

impl Page {
    fn new(doc: CaseDoc) -> Self {
        let view = doc.text(&field("story")).expect("a text area");
        Self {
            doc,
            version: view.version,
            text: view.text,
            typed: String::new(),
        }
    }

    /// Types a letter behind those typed before, in the text as it was last shown.
    fn types(&mut self, letter: char) -> Vec<Vec<u8>> {
        let start = self
            .text
            .find(&self.typed)
            .expect("what was typed is whole");
        let at = self.text[..start].encode_utf16().count() + self.typed.encode_utf16().count();
        let letter = letter.to_string();
        let batch = self
            .doc
            .splice(&field("story"), &self.version, at, 0, &letter, 20)
            .expect("types");
        self.typed.push_str(&letter);
        let view = self.doc.text(&field("story")).expect("a text area");
        (self.text, self.version) = (view.text, view.version);
        batch.encode()
    }
}

#[test]
fn sentences_typed_at_once_are_both_whole() {
    let (one, two) = pair();
    let mut pages = [Page::new(one), Page::new(two)];
    let sentences = ["Je loue depuis mai 👩‍👧. ", "Le bail est joint, é. "];
    let mut letters = sentences.map(str::chars);
    let mut on_the_way: [Vec<Vec<u8>>; 2] = Default::default();
    for turn in 0..60 {
        let mine = turn % 2;
        if let Some(letter) = letters[mine].next() {
            let payloads = pages[mine].types(letter);
            on_the_way[mine].extend(payloads);
        }
        if turn % 5 == 0 || turn > 50 {
            for from in 0..2 {
                for payload in std::mem::take(&mut on_the_way[from]) {
                    let author = pages[from].doc.author();
                    pages[1 - from]
                        .doc
                        .apply(&author, &payload)
                        .expect("applies");
                }
            }
        }
    }
    let all = text(&pages[0].doc, "story");
    assert!(
        sentences.iter().all(|sentence| all.contains(sentence)),
        "{all}"
    );
    assert_eq!(all.len(), sentences[0].len() + sentences[1].len());
    assert_eq!(pages[0].doc.plain(), pages[1].doc.plain());
    assert_eq!(pages[0].doc.version(), pages[1].doc.version());
}

#[test]
fn a_deletion_takes_only_what_was_shown() {
    let (mut one, mut two) = pair();
    let base = one.text(&field("story")).expect("a text area").version;
    let start = one
        .splice(&field("story"), &base, 0, 0, "un deux trois", 10)
        .expect("types");
    deliver(&start.encode(), &one, &mut two);
    let shown = one.text(&field("story")).expect("a text area");
    assert_eq!(shown.last.map(|last| last.author), Some(author(1)));
    let theirs = two
        .splice(&field("story"), &shown.version, 5, 0, "(vraiment) ", 20)
        .expect("types")
        .encode();
    deliver(&theirs, &two, &mut one);
    let mine = one
        .splice(&field("story"), &shown.version, 3, 5, "2 ", 30)
        .expect("types")
        .encode();
    deliver(&mine, &one, &mut two);
    assert_eq!(text(&one, "story"), "un 2 (vraiment) trois");
    assert_eq!(one.plain(), two.plain());
    let last = two.text(&field("story")).expect("a text area").last;
    assert_eq!(
        last.map(|last| (last.author, last.at_s)),
        Some((author(1), 30))
    );
}

#[test]
fn who_wrote_what_and_when_is_the_same_everywhere() {
    let (mut one, mut two) = pair();
    let opened = one.opened(FORM).expect("opened");
    assert_eq!((opened.author, opened.at_s), (author(1), 10));
    let put = one.set(&field("rent"), &number("412"), 20).expect("sets");
    let again = one.set(&field("phone"), &number("1"), 21).expect("sets");
    for batch in [put, again] {
        deliver(&batch.encode(), &one, &mut two);
    }
    let theirs = two.set(&field("rent"), &number("500"), 30).expect("sets");
    deliver(&theirs.encode(), &two, &mut one);
    let loaded = CaseDoc::load(author(3), &one.save()).expect("loads");
    for doc in [&one, &two, &loaded] {
        let who = |name| {
            let candidates = doc.register(&field(name)).into_iter();
            candidates
                .map(|it| (it.author, it.at_s))
                .collect::<Vec<_>>()
        };
        assert_eq!(who("rent"), [(author(2), 30)]);
        assert_eq!(who("phone"), [(author(1), 21)]);
        assert_eq!(doc.opened(FORM).map(|it| it.at_s), Some(10));
    }
}

#[test]
fn edits_out_of_place_are_refused() {
    let (mut one, _) = pair();
    let story = field("story");
    let base = one.text(&story).expect("a text area").version;
    let emoji = one.splice(&story, &base, 0, 0, "é👩b", 10).expect("types");
    assert!(!emoji.is_empty());
    let version = one.text(&story).expect("a text area").version;
    let before = one.plain();
    let mut check = |base: &Version, at, delete, insert: &str, expect| {
        assert_eq!(
            one.splice(&story, base, at, delete, insert, 20),
            Err(expect)
        );
        assert_eq!(one.plain(), before);
    };
    check(&version, 5, 0, "x", EditError::OutOfRange);
    check(&version, 2, 0, "x", EditError::OutOfRange);
    check(&version, 0, 2, "x", EditError::OutOfRange);
    check(&version, 1, usize::MAX, "x", EditError::OutOfRange);
    check(&base, 1, 0, "x", EditError::OutOfRange);
    check(&version, 0, 0, &"x".repeat(70_000), EditError::TooLong);
    let unknown: Version = "ab".repeat(32).parse().expect("a version");
    check(&unknown, 0, 0, "x", EditError::UnknownVersion);
    let two_mb = Value::Text("x".repeat(2 << 20));
    assert_eq!(
        one.set(&field("rent"), &two_mb, 20),
        Err(EditError::TooLong)
    );
    assert_eq!(one.set(&story, &number("1"), 20), Err(EditError::OtherKind));
    assert_eq!(
        one.set(&field(""), &number("1"), 20),
        Err(EditError::BadName)
    );
    assert_eq!(
        one.set(&field(&"x".repeat(129)), &number("1"), 20),
        Err(EditError::BadName)
    );
    let elsewhere = FieldRef::new(FormId::from_number(9), "rent");
    assert_eq!(
        one.set(&elsewhere, &number("1"), 20),
        Err(EditError::NoForm)
    );
    assert_eq!(
        one.open_form(FORM, "family", &[], 20),
        Err(EditError::FormExists)
    );
    assert_eq!(
        one.splice(&field("rent"), &version, 0, 0, "x", 20),
        Err(EditError::OtherKind)
    );
    assert_eq!(one.plain(), before);
}

#[test]
fn long_values_fit_and_a_very_long_text_takes_several_envelopes() {
    let (mut one, mut two) = pair();
    let value = Value::Text("é".repeat(32 * 1024));
    deliver(
        &one.set(&field("rent"), &value, 20).expect("sets").encode(),
        &one,
        &mut two,
    );
    assert_eq!(values(&two, "rent"), [(value, author(1))]);
    let long: String = (0_usize..64 * 1024)
        .map(|at| char::from(b'a' + (at * at % 23) as u8))
        .collect();
    let base = one.text(&field("story")).expect("a text area").version;
    let payloads = one
        .splice(&field("story"), &base, 0, 0, &long, 20)
        .expect("types")
        .encode();
    assert!(payloads.len() > 1);
    deliver(&payloads, &one, &mut two);
    let version = one.text(&field("story")).expect("a text area").version;
    let payloads = one
        .splice(&field("story"), &version, 1, 65_534, "👩", 20)
        .expect("types")
        .encode();
    deliver(&payloads, &one, &mut two);
    assert_eq!(text(&two, "story"), format!("a👩{}", &long[65_535..]));
    assert_eq!(one.plain(), two.plain());
}

#[test]
fn what_was_touched_is_told() {
    let mut one = CaseDoc::new(author(1));
    let mut two = CaseDoc::new(author(2));
    let mut batch = one
        .open_form(FORM, "family", &["story"], 10)
        .expect("opens");
    batch.append(one.set(&field("rent"), &number("412"), 20).expect("sets"));
    let touched = two.apply(&author(1), &batch.encode()[0]).expect("applies");
    assert_eq!(touched.forms.into_iter().collect::<Vec<_>>(), [FORM]);
    let fields: Vec<_> = touched.fields.into_iter().collect();
    assert_eq!(fields, [field("rent"), field("story")]);
    let typed = one
        .splice(&field("story"), &one.version(), 0, 0, "Moi", 30)
        .expect("types");
    let touched = two.apply(&author(1), &typed.encode()[0]).expect("applies");
    assert!(touched.forms.is_empty());
    assert_eq!(
        touched.fields.into_iter().collect::<Vec<_>>(),
        [field("story")]
    );
}

#[test]
fn a_version_names_all_heads_and_reads_back_as_text() {
    let (mut one, mut two) = pair();
    assert!(
        !one.set(&field("rent"), &number("1"), 20)
            .expect("sets")
            .is_empty()
    );
    let theirs = two
        .set(&field("rent"), &number("2"), 20)
        .expect("sets")
        .encode();
    deliver(&theirs, &two, &mut one);
    assert_eq!(one.frontier(), [author(1), author(2)]);
    let version = one.version();
    assert_eq!(version.to_string().len(), 129);
    assert_eq!(version.to_string().parse(), Ok(version));
    let joined = one.set(&field("rent"), &number("3"), 30).expect("sets");
    assert_eq!((joined.len(), one.frontier()), (1, vec![author(1)]));
    assert!("".parse::<Version>().is_ok());
    for wrong in ["x", ".", "ab", &"ab".repeat(33), &"00".repeat(32 * 300)] {
        assert!(wrong.parse::<Version>().is_err(), "{wrong}");
    }
}

#[test]
fn forms_come_in_the_order_they_were_opened() {
    let (mut one, mut two) = pair();
    let forms = [7, 3, 0xffff].map(FormId::from_number);
    for form in forms {
        deliver(
            &one.open_form(form, "work", &[], 20)
                .expect("opens")
                .encode(),
            &one,
            &mut two,
        );
    }
    assert_eq!(two.forms(), [FORM, forms[0], forms[1], forms[2]]);
    assert_eq!(two.template(FORM).as_deref(), Some("family"));
    assert_eq!(two.template(forms[0]).as_deref(), Some("work"));
    assert_eq!(two.template(FormId::from_number(1)), None);
    assert_eq!(two.fields(FORM), ["remarks", "story"]);
}

#[test]
fn forms_opened_at_once_are_both_there() {
    let mut docs = [CaseDoc::new(author(1)), CaseDoc::new(author(2))];
    let forms = [1, 2].map(FormId::from_number);
    let [first, second] = [0, 1].map(|n| {
        let doc = &mut docs[n];
        let mut batch = doc
            .open_form(forms[n], "family", &["story"], 10)
            .expect("opens");
        let rent = FieldRef::new(forms[n], "rent");
        batch.append(doc.set(&rent, &number("400"), 10).expect("sets"));
        assert_eq!(batch.len(), 2);
        batch.encode()
    });
    docs[0].apply(&author(2), &second[0]).expect("applies");
    docs[1].apply(&author(1), &first[0]).expect("applies");
    for doc in &docs {
        assert_eq!(doc.forms(), forms);
        assert_eq!(doc.register(&FieldRef::new(forms[1], "rent")).len(), 1);
    }
    assert_eq!(docs[0].plain(), docs[1].plain());
}

#[test]
fn payloads_must_come_from_their_author_and_in_order() {
    let (mut one, mut two) = pair();
    let first = one
        .set(&field("rent"), &number("1"), 20)
        .expect("sets")
        .encode()
        .remove(0);
    let second = one
        .set(&field("rent"), &number("2"), 20)
        .expect("sets")
        .encode()
        .remove(0);
    let before = two.plain();
    assert_eq!(two.apply(&author(2), &first), Err(BadBatch::WrongAuthor));
    assert_eq!(
        two.apply(&author(1), &second),
        Err(BadBatch::MissingDependency)
    );
    assert_eq!(two.plain(), before);
    two.apply(&author(1), &first).expect("applies");
    let again = two.apply(&author(1), &first).expect("is there already");
    assert!(again.fields.is_empty());
    two.apply(&author(1), &second).expect("applies");

    // A clone of the disk: the same author writes a second time from an older state.
    let (mut clone, _) = pair();
    let other = clone
        .set(&field("rent"), &number("3"), 20)
        .expect("sets")
        .encode()
        .remove(0);
    assert_eq!(two.apply(&author(1), &other), Err(BadBatch::Fork));
    assert_eq!(values(&two, "rent"), [(number("2"), author(1))]);
}
