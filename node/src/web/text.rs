//! Every text of the screens, in every language: a text that lacks one does not compile.
//!
//! Here stand what several screens say and the rules; below, each screen has a file.
//!
//! French typography: narrow no-break space before `? ! ;` and inside « », no-break space
//! before `:` and before units.

use super::view::{Who, Words};

/// A language of the screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// French.
    #[default]
    Fr,
    /// English.
    En,
}

impl Lang {
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    pub(super) fn read(tag: &str) -> Option<Self> {
        [Self::Fr, Self::En]
            .into_iter()
            .find(|lang| lang.tag() == tag)
    }

    pub(super) fn of(self, words: &Words) -> &str {
        match self {
            Self::Fr => &words.fr,
            Self::En => &words.en,
        }
    }

    /// Who, at the head of a sentence.
    pub(super) fn who(self, who: &Who) -> &str {
        match who {
            Who::Me => self.you(),
            Who::Citizen => self.the_person(),
            Who::Adviser(name) => name,
            Who::Somebody => self.somebody(),
        }
    }

    /// Who, inside a sentence.
    pub(super) fn by(self, who: &Who) -> String {
        match who {
            Who::Me | Who::Citizen | Who::Somebody => self.who(who).to_lowercase(),
            Who::Adviser(name) => name.clone(),
        }
    }

    /// A limit: what is said is never more than it, so that what heeds it is taken. One of 32 MiB is
    /// said as `32 Mo`.
    pub(super) fn at_most(self, bytes: u64) -> String {
        let decimal = match bytes {
            0..0x400 => bytes,
            0x400..0x10_0000 => (bytes >> 10) * 1_000,
            _ => (bytes >> 20) * 1_000_000,
        };
        self.bytes(decimal)
    }

    /// A size: `1,2 Mo`, `1.2 MB`.
    pub(super) fn bytes(self, bytes: u64) -> String {
        let (scale, fr, en) = match bytes {
            0..1_000 => (1, "octets", "bytes"),
            1_000..1_000_000 => (1_000, "ko", "kB"),
            1_000_000..1_000_000_000 => (1_000_000, "Mo", "MB"),
            _ => (1_000_000_000, "Go", "GB"),
        };
        let whole = bytes / scale;
        let tenth = bytes % scale * 10 / scale;
        let number = match (whole < 10 && scale > 1, self) {
            (false, _) => whole.to_string(),
            (true, Self::Fr) => format!("{whole},{tenth}"),
            (true, Self::En) => format!("{whole}.{tenth}"),
        };
        match self {
            Self::Fr => format!("{number} {fr}"),
            Self::En => format!("{number} {en}"),
        }
    }
}

/// The texts of a part of the screens; `$all` names the list of them.
macro_rules! texts {
    (all $all:ident; $($name:ident: $fr:literal, $en:literal;)*) => {
        impl Lang {
            $(pub(in crate::web) fn $name(self) -> &'static str {
                match self { Self::Fr => $fr, Self::En => $en }
            })*

            #[cfg(test)]
            pub(in crate::web) fn $all() -> Vec<(&'static str, &'static str)> {
                vec![$(($fr, $en)),*]
            }
        }
    };
}

macro_rules! sentences {
    ($($name:ident($($arg:ident: $type:ty),*): $fr:expr, $en:expr;)*) => {
        impl Lang {
            $(pub(in crate::web) fn $name(self, $($arg: $type),*) -> String {
                match self { Self::Fr => $fr, Self::En => $en }
            })*
        }
    };
}

mod call;
mod case;
mod case_work;
mod desk;
mod error;
mod home;
mod ills;
mod kinds;
mod line;
mod papers;
mod places;
mod receipt;
mod service;
mod status;
mod visit;

pub(super) use call::LANGUAGES;

texts! {
    all everywhere;
    product: "Guichet", "Guichet";
    language: "Langue", "Language";
    display: "Affichage", "Display";
    display_and_language: "Affichage et langue", "Display and language";
    text_size: "Taille du texte", "Text size";
    size_normal: "normal", "normal";
    size_large: "grand", "large";
    size_xlarge: "très grand", "very large";
    contrast: "Contraste", "Contrast";
    close: "Fermer", "Close";
    line_up: "La connexion est bonne", "The connection is good";
    line_cut: "Ligne coupée", "Line down";
    you: "Vous", "You";
    the_person: "La personne", "The person";
    somebody: "Quelqu’un", "Somebody";
    back: "Revenir", "Go back";
    to_home: "Accueil", "Home";
    save: "Enregistrer", "Save";
    not_saved_retrying: "Pas encore enregistré. Nouvel essai…", "Not saved yet. Trying again…";
    not_done: "Cela n’a pas pu se faire. Essayez de nouveau.", "That could not be done. Try again.";
    saving: "Enregistrement…", "Saving…";
    to_correct: "Une réponse à corriger", "An answer to correct";
    line_lost_here: "La page ne reçoit plus de nouvelles de la borne. Elle réessaie seule.", "This page no longer hears from the machine. It tries again by itself.";
    saved_here: "Enregistré ici", "Saved here";
    en_route: "En route", "On its way";
    show: "Voir", "Show";
    hide: "Cacher", "Hide";
    message: "Message", "Message";
}

sentences! {
    page_title(page: &str): format!("{page} · Guichet"), format!("{page} · Guichet");
    received_by(name: &str): format!("Reçu par {name}"), format!("Received by {name}");
    filled_of(filled: usize, fields: usize): match filled {
        0 | 1 => format!("{filled} réponse sur {fields}"),
        _ => format!("{filled} réponses sur {fields}"),
    }, match filled {
        1 => format!("1 answer of {fields}"),
        _ => format!("{filled} answers of {fields}"),
    };
    quoted(text: &str): format!("« {text} »"), format!("“{text}”");
    seconds_left(seconds: u64): match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {:02}", seconds / 60, seconds % 60),
    }, match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {:02}", seconds / 60, seconds % 60),
    };
    reference(case: &str): format!("dossier {case}"), format!("case {case}");
    online_of(here: usize, all: usize): format!("{here} sur {all}"), format!("{here} of {all}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> impl Iterator<Item = (&'static str, &'static str)> {
        [
            Lang::everywhere(),
            Lang::calls(),
            Lang::cases(),
            Lang::desks(),
            Lang::errors(),
            Lang::homes(),
            Lang::kinds(),
            Lang::papers(),
            Lang::places(),
            Lang::case_work(),
            Lang::ills(),
            Lang::lines(),
            Lang::receipts(),
            Lang::services(),
            Lang::statuses(),
            Lang::visits(),
        ]
        .into_iter()
        .flatten()
    }

    /// Narrow no-break space before `? ! ;`, no-break space before `:`, curly apostrophes.
    #[test]
    fn french_is_set_as_french() {
        for (text, _) in every() {
            let mut before = 'x';
            for c in text.chars() {
                match c {
                    '?' | '!' | ';' | '»' => assert_eq!(before, '\u{202f}', "{text}"),
                    ':' => assert_eq!(before, '\u{a0}', "{text}"),
                    '\'' => panic!("straight apostrophe: {text}"),
                    _ => {}
                }
                before = c;
            }
        }
    }

    #[test]
    fn no_text_is_empty_or_left_in_french() {
        for (fr, en) in every() {
            assert!(!fr.is_empty() && !en.is_empty(), "{fr}{en}");
            assert!(!en.contains('é') && !en.contains('«'), "not English: {en}");
        }
    }

    /// French has the singular after 0 and 1, English after 1 alone.
    #[test]
    fn what_is_counted_agrees_with_its_number() {
        let counted: [fn(Lang, usize) -> String; 14] = [
            Lang::service_count,
            |t, count| t.filled_of(count, 15),
            Lang::locking_sheets,
            |t, count| t.unlock_outbox(count as u64),
            |t, count| t.outbox_waits(count as u64),
            Lang::cases_count,
            |t, count| t.alarm_unreadable(count as u64),
            |t, count| t.alarm_set_aside(count as u64),
            Lang::documents_count,
            Lang::unsent,
            |t, count| t.found_of(count, 15, "Vidal"),
            |t, count| t.ill_credential(count as u64),
            Lang::pages_of,
            Lang::loose_sheets,
        ];
        let noun = |text: &str, count: usize| {
            let count = count.to_string();
            let mut words = text
                .split_whitespace()
                .skip_while(move |word| *word != count);
            words.nth(1).map(str::to_owned)
        };
        let plural = |noun: &str| noun.ends_with('s');
        for say in counted {
            for (lang, count) in [(Lang::Fr, 0), (Lang::Fr, 1), (Lang::En, 1)] {
                let said = say(lang, count);
                let noun = noun(&said, count);
                assert!(!noun.is_some_and(|noun| plural(&noun)), "{said}");
            }
            for lang in [Lang::Fr, Lang::En] {
                let said = say(lang, 2);
                let noun = noun(&said, 2).unwrap_or_else(|| panic!("no number: {said}"));
                assert!(plural(&noun) || noun == "received", "{said}");
            }
        }
    }

    #[test]
    fn sizes_are_said_in_each_language() {
        assert_eq!(Lang::Fr.bytes(1_250_000), "1,2\u{a0}Mo");
        assert_eq!(Lang::En.bytes(1_250_000), "1.2\u{a0}MB");
        assert_eq!(Lang::Fr.bytes(999), "999\u{a0}octets");
        assert_eq!(Lang::Fr.bytes(64_000_000), "64\u{a0}Mo");
        for (bytes, said) in [
            (512, "512\u{a0}octets"),
            (64 << 10, "64\u{a0}ko"),
            (32 << 20, "32\u{a0}Mo"),
            ((33 << 20) - 1, "32\u{a0}Mo"),
        ] {
            assert_eq!(Lang::Fr.at_most(bytes), said);
        }
    }
}
