//! The search in the cases of the desk.
//!
//! Every word must be found somewhere: in the person's name, the service, the title of the form,
//! the place, or at the head of the reference. Accents and capitals do not count. What is searched
//! is in memory already, so it works without a line; what is searched for is kept nowhere.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use crate::web::view::{DeskCase, Search};

/// Words of a search that count; more are left out.
const WORDS_MAX: usize = 8;

/// Leaves the cases in which all words are found.
pub fn find(cases: &mut Vec<DeskCase>, words: String) -> Search {
    let among = cases.len();
    let folded = fold(&words);
    let wanted: Vec<&str> = folded.split_whitespace().take(WORDS_MAX).collect();
    cases.retain(|case| {
        let told = told(case);
        let reference = case.brief.case.to_string();
        let found = |word: &&str| told.contains(*word) || reference.starts_with(*word);
        wanted.iter().all(found)
    });
    Search { words, among }
}

/// What a case can be found by, but for its reference.
fn told(case: &DeskCase) -> String {
    let service = &case.brief.service.name;
    let title = &case.brief.title;
    let parts = [
        case.person.as_deref().unwrap_or_default(),
        &service.fr,
        &service.en,
        case.brief.service.service.as_str(),
        &title.fr,
        &title.en,
        &case.place,
    ];
    fold(&parts.join("\n"))
}

/// Small letters without accents, whatever the script and however they are written (NFKD, Unicode
/// Standard Annex #15); what is neither letter nor digit parts words.
fn fold(text: &str) -> String {
    let accents = CanonicalCombiningClassMapBorrowed::new();
    let plain = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    let mut folded = String::with_capacity(plain.len());
    for letter in plain.chars().flat_map(char::to_lowercase) {
        match letter {
            // Letters that no accent can be taken from, as who has another keyboard types them.
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ø' => folded.push('o'),
            'ŧ' => folded.push('t'),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ß' => folded.push_str("ss"),
            'þ' => folded.push_str("th"),
            // Of some capitals an accent comes with the small letter alone: `İ`.
            accent if accents.get_u8(accent) != 0 => {}
            other if other.is_alphanumeric() => folded.push(other),
            _ => folded.push(' '),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use guichet_keys::{CaseTag, ServiceId};

    use super::*;
    use crate::services::{self, Service};
    use crate::web::view::CaseBrief;

    fn case(number: u8, service: &str, person: Option<&str>, place: &str) -> DeskCase {
        let (short, json) = services::demo()
            .into_iter()
            .find(|(short, _)| *short == service)
            .expect("a demo service");
        let id = ServiceId::new(short).expect("short");
        let service = Service::parse(id, json.as_bytes()).expect("a catalogue");
        DeskCase {
            brief: CaseBrief {
                number: None,
                case: CaseTag::from([number; 16]),
                title: service.forms[0].title.clone(),
                service: service.brief,
            },
            person: person.map(str::to_owned),
            place: place.to_owned(),
            opened_at_s: 0,
            changed_at_s: None,
            filled: 0,
            fields: 1,
            documents: 0,
            documents_coming: 0,
            messages: 0,
            unsent_reason: String::new(),
        }
    }

    fn check(words: &str, found: &[u8]) {
        let mut cases = vec![
            case(0x4a, "caf", Some("Jeanne Lefèvre"), "Mairie de Chantelauze"),
            case(
                0x5b,
                "energie",
                Some("Amadou Keïta"),
                "Mairie de La Chaux-Verte",
            ),
            case(0x6c, "energie", None, "Maison commune de Pradel"),
        ];
        let search = find(&mut cases, words.to_owned());
        assert_eq!((search.words.as_str(), search.among), (words, 3));
        let left: Vec<_> = cases.iter().map(|it| it.brief.case.as_bytes()[0]).collect();
        assert_eq!(left, found, "{words}");
    }

    #[test]
    fn a_case_is_found_by_all_that_the_desk_shows_of_it() {
        check("LEFEVRE", &[0x4a]);
        check("keïta", &[0x5b]);
        check("énergie", &[0x5b, 0x6c]);
        check("energie  mairie", &[0x5b]);
        check("chaux-verte", &[0x5b]);
        check("5b5b5b5b", &[0x5b]);
        check("5B5B", &[0x5b]);
        check("logement", &[0x4a]);
        check("housing", &[0x4a]);
        check("mairie", &[0x4a, 0x5b]);
        check("lefevre pradel", &[]);
        check("?!", &[0x4a, 0x5b, 0x6c]);
    }

    #[test]
    fn accents_capitals_and_punctuation_do_not_count() {
        for (typed, folded) in [
            ("LEFÈVRE", "lefevre"),
            ("Keïta", "keita"),
            ("e\u{301}te\u{301}", "ete"),
            ("Sœur-Œuvre", "soeur oeuvre"),
            ("l’Étoile", "l etoile"),
            ("Straße", "strasse"),
            ("Nguyễn Thị Ánh", "nguyen thi anh"),
            ("İnönü Işık", "inonu isik"),
            ("Đặng Łukasz Øster", "dang lukasz oster"),
            ("مُحَمَّد", "محمد"),
            ("ﬁls Ｄｕｐｏｎｔ", "fils dupont"),
        ] {
            assert_eq!(fold(typed), folded, "{typed}");
        }
    }
}
