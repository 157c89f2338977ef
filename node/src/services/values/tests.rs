//! What people type, and what is kept of it, as tables.

use super::*;

const TODAY: Day = Day {
    year: 2026,
    month: 11,
    day: 30,
};
const FR: Reader = Reader {
    lang: Lang::Fr,
    today: TODAY,
};
const EN: Reader = Reader {
    lang: Lang::En,
    today: TODAY,
};

/// What is expected of a reading.
#[derive(Clone, Copy, Debug)]
enum Then {
    Kept(&'static str),
    /// A question in which these stand (French).
    Asked(&'static [&'static str]),
    /// A refusal in which these stand (French).
    Refused(&'static [&'static str]),
}
use Then::{Asked, Kept, Refused};

fn holds(typed: &str, reading: &Reading, then: Then) {
    let told = |words: &Words, parts: &[&str]| {
        assert!(!words.en.is_empty(), "{typed:?}");
        typography(&words.fr);
        for part in parts {
            assert!(words.fr.contains(part), "{typed:?}: {part:?} in {words:?}");
        }
    };
    match (reading, then) {
        (Reading::Kept(kept), Kept(value)) => assert_eq!(kept, value, "{typed:?}"),
        (Reading::Unclear(words), Asked(parts)) | (Reading::Refused(words), Refused(parts)) => {
            told(words, parts);
        }
        (other, then) => panic!("{typed:?}: {other:?}, expected {then:?}"),
    }
}

/// No-break spaces before double signs, curly apostrophes.
fn typography(text: &str) {
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '?' | '!' | ';' => assert_eq!(before, '\u{202f}', "{text}"),
            ':' => assert_eq!(before, '\u{a0}', "{text}"),
            '\'' => panic!("straight apostrophe: {text}"),
            _ => {}
        }
        before = c;
    }
}

const RENT: Bounds = Bounds {
    whole: false,
    min: Some(0.0),
    max: Some(20_000.0),
};
const CHILDREN: Bounds = Bounds {
    whole: true,
    min: Some(0.0),
    max: Some(30.0),
};

#[test]
fn numbers_are_read_as_people_write_them() {
    let rule: Then = Refused(&["un nombre, de 0 à 20\u{202f}000, par exemple 412,50"]);
    for (typed, then) in [
        ("412", Kept("412")),
        ("412,50", Kept("412.50")),
        ("412.50", Kept("412.50")),
        (" 0 ", Kept("0")),
        ("007", Kept("7")),
        (",5", Kept("0.5")),
        ("0,500", Kept("0.500")),
        ("412,", Kept("412")),
        ("+412", Kept("412")),
        ("-0", Kept("0")),
        // Euros, before, behind and between.
        ("12€50", Kept("12.50")),
        ("12 € 50", Kept("12.50")),
        ("1 200€50", Kept("1200.50")),
        ("€12.50", Kept("12.50")),
        ("1 412 €", Kept("1412")),
        ("1 412,5 euros", Kept("1412.5")),
        ("12 EUR", Kept("12")),
        ("12€5", Asked(&["12,05", "12,50"])),
        ("12€500", rule),
        // Thousands: every kind of space, apostrophes, the same sign twice.
        ("1 200,5 €", Kept("1200.5")),
        ("1\u{a0}200", Kept("1200")),
        ("1\u{202f}200", Kept("1200")),
        ("1\u{2009}200,50", Kept("1200.50")),
        ("1'200", Kept("1200")),
        ("1’200.50", Kept("1200.50")),
        ("1.412,50", Kept("1412.50")),
        ("1,412.50", Kept("1412.50")),
        ("12.345,6", Kept("12345.6")),
        ("12 50", Asked(&["12,50", "1250"])),
        ("1 2", rule),
        ("12 34 56", rule),
        ("1.2.3,4", rule),
        ("1,2,3", rule),
        ("1.2345", Kept("1.2345")),
        // One sign and three digits: thousands, or not.
        ("1.200", Asked(&["1200", "1,20"])),
        ("1,200", Asked(&["1200", "1,20"])),
        ("2,000", Asked(&["2000", "2,00"])),
        ("1.234", Asked(&["1234", "1,234"])),
        ("1.200.000", rule),
        ("99.999.999", rule),
        // Digits of other hands.
        ("４１２，５０", Kept("412.50")),
        ("٤١٢", Kept("412")),
        ("١٬٢٠٠٫٥", Kept("1200.5")),
        ("۴۱۲", Kept("412")),
        // Not for this field, or no number.
        ("-1", rule),
        ("\u{2212}1", rule),
        ("20001", rule),
        ("4e3", rule),
        ("0x10", rule),
        ("quatre", rule),
        ("-", rule),
        (",", rule),
        ("€", rule),
        ("½", rule),
        ("12 kg", rule),
        ("1--2", rule),
        ("9999999999999999999999999", rule),
        ("0,0000000000000000001", rule),
    ] {
        holds(typed, &number(&line(typed), &RENT, &FR), then);
    }
}

#[test]
fn on_an_english_page_a_comma_parts_thousands() {
    for (typed, then) in [
        ("1,200", Kept("1200")),
        ("2,000", Kept("2000")),
        ("1,200.50", Kept("1200.50")),
        ("12,50", Kept("12.50")),
        ("1.200", Asked(&["1200", "1,20"])),
        ("1.412,50", Kept("1412.50")),
        ("12€50", Kept("12.50")),
    ] {
        holds(typed, &number(&line(typed), &RENT, &EN), then);
    }
}

#[test]
fn whole_numbers_and_bounds_are_said() {
    for (typed, bounds, then) in [
        ("2", CHILDREN, Kept("2")),
        ("2,0", CHILDREN, Kept("2")),
        ("2,5", CHILDREN, Refused(&["un nombre entier, de 0 à 30."])),
        ("31", CHILDREN, Refused(&["de 0 à 30"])),
        ("-1", CHILDREN, Refused(&["de 0 à 30"])),
        ("1.200", CHILDREN, Refused(&["de 0 à 30"])),
        (
            "x",
            Bounds {
                whole: false,
                min: Some(1.5),
                max: None,
            },
            Refused(&["au moins 1,5"]),
        ),
        (
            "x",
            Bounds {
                whole: true,
                min: None,
                max: Some(1_234_567.0),
            },
            Refused(&["au plus 1\u{202f}234\u{202f}567"]),
        ),
        ("-3", Bounds::default(), Kept("-3")),
        ("-0,5", Bounds::default(), Kept("-0.5")),
        (
            "1.200",
            Bounds {
                whole: true,
                min: Some(0.0),
                max: Some(2_000.0),
            },
            Kept("1200"),
        ),
        ("1.200.000", Bounds::default(), Kept("1200000")),
    ] {
        holds(typed, &number(&line(typed), &bounds, &FR), then);
    }
}

#[test]
fn days_are_read_as_people_write_them() {
    let rule: Then = Refused(&["le jour, le mois et l’année"]);
    for (typed, then) in [
        ("4/7/1958", Kept("1958-07-04")),
        ("04/07/1958", Kept("1958-07-04")),
        ("04 / 07 / 1958", Kept("1958-07-04")),
        ("4.7.1958", Kept("1958-07-04")),
        ("04-07-1958", Kept("1958-07-04")),
        ("04‑07‑1958", Kept("1958-07-04")),
        ("04 07 1958", Kept("1958-07-04")),
        ("1958-07-04", Kept("1958-07-04")),
        ("1958/7/4", Kept("1958-07-04")),
        ("04071958", Kept("1958-07-04")),
        ("19580704", Kept("1958-07-04")),
        ("20111209", Kept("2011-12-09")),
        ("20112011", Kept("2011-11-20")),
        ("٠٤/٠٧/١٩٥٨", Kept("1958-07-04")),
        ("０４／０７／１９５８", Kept("1958-07-04")),
        // In words.
        ("1er janvier 1960", Kept("1960-01-01")),
        ("le 1ᵉʳ janvier 1960", rule),
        ("4 juillet 1958", Kept("1958-07-04")),
        ("4 Juil. 1958", Kept("1958-07-04")),
        ("12 août 2001", Kept("2001-08-12")),
        ("12 aout 2001", Kept("2001-08-12")),
        ("3 févr. 2020", Kept("2020-02-03")),
        ("July 4, 1958", Kept("1958-07-04")),
        ("4th of July 1958", Kept("1958-07-04")),
        ("4 jui 1958", rule),
        // The calendar.
        ("29/02/2024", Kept("2024-02-29")),
        ("29/02/2000", Kept("2000-02-29")),
        (
            "29/02/1900",
            Refused(&["Le 29 février 1900 n’existe pas", "28 jours"]),
        ),
        ("29/02/2026", Refused(&["n’existe pas"])),
        (
            "31/02/1958",
            Refused(&["Le 31 février 1958 n’existe pas", "28 jours"]),
        ),
        (
            "31/04/2026",
            Refused(&["Le 31 avril 2026 n’existe pas", "30 jours"]),
        ),
        ("07/25/1958", Refused(&["pas de mois 25"])),
        ("1/13/2026", Refused(&["pas de mois 13"])),
        ("04/07/1899", Kept("1899-07-04")),
        ("04/07/1758", Refused(&["L’année 1758", "1850", "2200"])),
        ("04/07/9999", Refused(&["L’année 9999"])),
        ("04/07/2058", Kept("2058-07-04")),
        // Known in part: not for any day.
        ("00/00/1950", rule),
        ("0/1/2026", rule),
        // Two digits of a year are asked back.
        ("04/07/58", Asked(&["04/07/1958\u{202f}?", "en entier"])),
        ("4/7/12", Asked(&["04/07/1912 ou 04/07/2012"])),
        ("040758", Asked(&["04/07/1958"])),
        ("04/07/958", rule),
        ("1958", rule),
        ("1/9", rule),
        ("septembre", rule),
        ("hier", rule),
        ("1/2/3/2026", rule),
        ("4/7/1958/", Kept("1958-07-04")),
        ("99999999999999999999/1/2026", rule),
    ] {
        holds(typed, &any_day(&line(typed), &FR), then);
    }
}

#[test]
fn a_birth_is_not_in_the_future_and_may_be_known_in_part() {
    let rule: Then = Refused(&["04/07/1958\u{202f}; 00 à la place de ce qui n’est pas connu"]);
    for (typed, then) in [
        ("04/07/1958", Kept("1958-07-04")),
        ("00/00/1950", Kept("1950-00-00")),
        ("00/07/1950", Kept("1950-07-00")),
        ("1950-00-00", Kept("1950-00-00")),
        ("00001950", Kept("1950-00-00")),
        ("04/00/1950", rule),
        ("1950", rule),
        ("31/02/1958", Refused(&["n’existe pas"])),
        ("30/11/2026", Kept("2026-11-30")),
        ("01/12/2026", Refused(&["futur"])),
        ("04/07/2058", Refused(&["futur"])),
        ("04/07/58", Asked(&["1958"])),
    ] {
        holds(typed, &birth_day(&line(typed), &FR), then);
    }
}

#[test]
fn the_day_of_a_moment_is_the_calendar_s() {
    for (wall_s, day) in [
        (0, "1970-01-01"),
        (951_782_400, "2000-02-29"),
        (1_795_996_799, "2026-11-29"),
        (1_795_996_800, "2026-11-30"),
        (4_107_542_400, "2100-03-01"),
    ] {
        assert_eq!(Day::kept(day), Some(Day::at(wall_s)));
    }
    for wrong in [
        "",
        "2026",
        "2026-2-3",
        "2026-02-30",
        "2026-00-00",
        "2026-02-03-04",
        "+026-02-03",
    ] {
        assert_eq!(Day::kept(wrong), None, "{wrong}");
    }
    assert!(Day::at(u64::MAX).year > 2200, "any number is a moment");
}

#[test]
fn numbers_of_social_security_fit_their_key() {
    let rule: Then = Refused(&["13 ou 15 signes", "2A ou 2B"]);
    for (typed, then) in [
        ("2 58 07 63 113 001", Kept("2580763113001")),
        ("2 58 07 63 113 001 32", Kept("258076311300132")),
        ("2.58.07.63.113.001-32", Kept("258076311300132")),
        (
            "2 58 07 63 113 001 99",
            Refused(&["deux derniers chiffres"]),
        ),
        (
            "2 58 07 63 113 001 00",
            Refused(&["deux derniers chiffres"]),
        ),
        ("2 58 07 2a 004 001", Kept("258072A004001")),
        // 97 - 2580719004001 mod 97 and 97 - 2580718004001 mod 97.
        ("2 58 07 2A 004 001 28", Kept("258072A00400128")),
        ("2 58 07 2b 004 001 55", Kept("258072B00400155")),
        (
            "2 58 07 2b 004 001 28",
            Refused(&["deux derniers chiffres"]),
        ),
        ("٢٥٨٠٧٦٣١١٣٠٠١", Kept("2580763113001")),
        ("2 58 07 2C 004 001", rule),
        ("9 58 07 63 113 001", rule),
        ("258", rule),
        ("25807631130013", rule),
        ("2 58 O7 63 113 001", rule),
        ("é580763113001", rule),
    ] {
        holds(typed, &social_security(&line(typed)), then);
    }
}

#[test]
fn phones_are_read_with_any_separators() {
    let rule: Then = Refused(&["10 chiffres", "commence par +"]);
    for (typed, then) in [
        ("04 73 00 00 00", Kept("0473000000")),
        ("04-73-00-00-00", Kept("0473000000")),
        ("04.73.00.00.00", Kept("0473000000")),
        ("04/73/00/00/00", Kept("0473000000")),
        ("04\u{a0}73\u{202f}00‑00–00", Kept("0473000000")),
        ("(04) 73 00 00 00", Kept("0473000000")),
        ("+33 4 73 00 00 00", Kept("+33473000000")),
        ("+33 (0)4 73 00 00 00", Kept("+33473000000")),
        ("0033 4 73 00 00 00", Kept("+33473000000")),
        ("＋３３ ４ ７３ ００ ００ ００", Kept("+33473000000")),
        ("+32 475 12 34 56", Kept("+32475123456")),
        ("٠٤٧٣٠٠٠٠٠٠", Kept("0473000000")),
        ("04 73 00 00 0", rule),
        ("04 73 00 00 00 0", rule),
        ("+33 04 73 00 00 00", rule),
        ("+33 4 73 00 00", rule),
        ("473000000", rule),
        ("+", rule),
        ("zéro quatre", rule),
        ("04 73 00 00 00 ou 06 12 34 56 78", rule),
    ] {
        holds(typed, &phone(&line(typed)), then);
    }
}

#[test]
fn a_line_is_what_can_be_seen_of_it() {
    for (typed, kept) in [
        ("  Zoé  ", "Zoé"),
        ("E\u{301}le\u{301}onore", "Éléonore"),
        ("Nguye\u{302}\u{303}n", "Nguyễn"),
        ("\u{200b}", ""),
        ("\u{2060}\u{feff}\u{ad}", ""),
        ("\u{200d}\u{200c}\u{200e}", ""),
        ("\u{3164}", ""),
        ("\u{2800}\u{fe0f}", ""),
        (" \u{a0}\u{202f}\u{3000} ", ""),
        ("Jean\u{202e}DURAND", "JeanDURAND"),
        ("\u{2067}Jean\u{2069}", "Jean"),
        ("A\0B\u{7f}\u{9b}C", "ABC"),
        ("A\tB", "A B"),
        ("A\r\nB", "A  B"),
        ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ("👩\u{200d}👧", "👩\u{200d}👧"),
    ] {
        assert_eq!(line(typed), kept, "{typed:?}");
    }
}

#[test]
fn lines_end_alike_and_hold_no_control_signs() {
    for (typed, kept) in [
        ("A\r\nB\r\nC", "A\nB\nC"),
        ("A\rB", "A\nB"),
        ("A\n\r\nB", "A\n\nB"),
        ("A\u{85}B\u{2028}C\u{2029}D\u{c}E\u{b}F", "A\nB\nC\nD\nE\nF"),
        ("A\0B\u{1b}[31mC\u{7f}\u{9b}", "AB[31mC"),
        ("\ta\n", "\ta\n"),
        (" a ", " a "),
        ("\u{202e}abc\u{2066}", "abc"),
        ("e\u{301}", "é"),
    ] {
        assert_eq!(lines(typed), kept, "{typed:?}");
        assert_eq!(lines(kept), kept, "once is enough: {typed:?}");
    }
}

#[test]
fn what_cannot_be_seen_is_not_said() {
    for (typed, words) in [
        (" Il a un train.\r\n", Some("Il a un train.")),
        ("👩\u{200d}👧", Some("👩\u{200d}👧")),
        ("A\0\u{202e}", Some("A")),
        ("", None),
        (" \r\n\t", None),
        ("\0", None),
        ("\u{202e}", None),
        ("\u{200b}\u{feff} \u{2800}", None),
    ] {
        assert_eq!(said(typed).as_deref(), words, "{typed:?}");
    }
}

#[test]
fn what_came_from_elsewhere_is_shown_with_its_length() {
    for (text, seen) in [
        ("plain\ttext\n", "plain\ttext\n"),
        ("A\r\nB\rC", "A \nB\nC"),
        ("A\0B\u{202e}C", "A\u{fffd}B\u{fffd}C"),
        ("👩\r\n", "👩 \n"),
        ("\u{85}\u{2028}", "\n\n"),
    ] {
        assert_eq!(shown(text), seen, "{text:?}");
        let units = |text: &str| text.encode_utf16().count();
        assert_eq!(units(&shown(text)), units(text), "{text:?}");
    }
}

#[test]
fn no_catalogue_and_nothing_typed_ends_who_reads_it() {
    let service = guichet_keys::ServiceId::new("caf").expect("short");
    let (_, json) = crate::services::demo()[0];
    crate::hostile::drive_text(&[json], |json| {
        crate::services::Service::parse(service.clone(), json.as_bytes()).is_ok()
    });
    let typed = [
        "1 234,56",
        "14/07/1989",
        "2026-11-23",
        "06 12 34 56 78",
        "12",
        "oui",
    ];
    let service = crate::services::Service::parse(service, json.as_bytes()).expect("a catalogue");
    let reader = Reader {
        today: service.today(1_795_427_520),
        lang: Lang::Fr,
    };
    crate::hostile::drive_text(&typed, |typed| {
        let fields = service
            .forms
            .iter()
            .flat_map(crate::services::FormTemplate::fields);
        let taken = fields.filter(|field| field.check(typed, &reader).is_ok());
        taken.count() > 0
    });
}
