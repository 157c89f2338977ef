//! What an adviser does in a case, in words.

use super::Lang;
use crate::web::view::{IdentityWay, Reader, Who};

texts! {
    all case_work;
    // Notes
    notes: "Notes", "Notes";
    notes_whom: "Service seulement", "Service only";
    notes_none: "Aucune note. Seuls les conseillers du service les lisent, jamais la borne.", "No note. Only the advisers of the service read them, never the kiosk.";
    note_add: "Ajouter une note", "Add a note";
    note_do: "Noter", "Add";
    // Identity
    identity_unchecked: "Identité non vérifiée", "Identity not checked";
    identity_check: "Noter une vérification", "Record a check";
    identity_again: "Vérifier de nouveau", "Check again";
    identity_title: "Comment avez-vous vérifié l’identité ?", "How did you check the identity?";
    identity_note: "La personne lit qui a vérifié et quand. Le moyen reste au dossier, la remarque reste au service.", "The person reads who checked and when. The way stays in the case, the remark stays with the service.";
    identity_remark: "Remarque, service seulement (facultatif)", "Remark, service only (optional)";
    identity_do: "Enregistrer la vérification", "Save the check";
    way_identity_card: "Carte d’identité présentée", "Identity card shown";
    way_passport: "Passeport présenté", "Passport shown";
    way_residence_permit: "Titre de séjour présenté", "Residence permit shown";
    way_known_to_host: "Connue de l’accueil sur place", "Known to the host on site";
    way_questions: "A répondu aux questions de contrôle", "Answered the security questions";
    way_other: "Autre moyen", "Another way";
    // History
    history: "Historique", "History";
    history_all: "Tout l’historique", "The whole history";
    history_back: "Revenir au dossier", "Back to the case";
    history_order: "Dans l’ordre d’arrivée ici, à l’heure de chaque machine", "In order of arrival here, by the clock of each machine";
    happened_opened: "Dossier ouvert", "Case opened";
    happened_message: "Message écrit", "Message written";
    happened_note: "Note du service", "Note of the service";
    happened_identity: "Identité vérifiée", "Identity checked";
    happened_out_of_turn: "Pris avant son tour", "Taken out of turn";
    time_uncertain: "date incertaine", "uncertain date";
    on_uncertain_day: "à une date incertaine", "on an uncertain date";
    // Search
    search: "Chercher", "Search";
    search_case: "Chercher un dossier", "Search for a case";
    search_hint: "Nom, dossier, service ou lieu", "Name, case, service or place";
    search_all: "Tous les dossiers", "All cases";
    search_none: "Aucun dossier ne contient tous ces mots.", "No case contains all these words.";
    search_none_note: "Vérifiez l’orthographe, ou cherchez avec moins de mots. Les accents ne comptent pas.", "Check the spelling, or search with fewer words. Accents do not count.";
    // Who looks
    queue_seen: "Ouvrir le formulaire d’une personne se voit : elle lit votre nom à sa borne.", "Opening a person’s form is visible: they read your name at their kiosk.";
    // Without a line
    queue_renewed: "Elle se met à jour dès que la ligne revient.", "It is brought up to date as soon as the line is back.";
    queue_no_take: "Prendre un appel demande la ligne. Les dossiers, eux, restent ouverts.", "Taking a call needs the line. Cases stay open without it.";
}

sentences! {
    cut_since(when: &str): format!("Ligne coupée {when}"), format!("Line down, cut {when}");
    queue_of(when: &str): format!("File d’avant la coupure, {when}"), format!("The queue as it was {when}");
    unsent(items: usize): match items {
        0 | 1 => format!("Enregistré ici, {items} changement à envoyer"),
        _ => format!("Enregistré ici, {items} changements à envoyer"),
    }, match items {
        1 => "Saved here, 1 change to be sent".to_owned(),
        _ => format!("Saved here, {items} changes to be sent"),
    };
    found_of(found: usize, among: usize, words: &str): match found {
        0 | 1 => format!("{found} dossier trouvé sur {among} pour « {words} »"),
        _ => format!("{found} dossiers trouvés sur {among} pour « {words} »"),
    }, match found {
        1 => format!("1 case of {among} found for “{words}”"),
        _ => format!("{found} cases of {among} found for “{words}”"),
    };
    happened_form(title: &str): format!("Formulaire commencé : {title}"), format!("Form begun: {title}");
    happened_document(name: &str): format!("Document ajouté : {name}"), format!("Document added: {name}");
    history_last(shown: usize, all: usize): format!("Les {shown} derniers sur {all}"), format!("The last {shown} of {all}");
    identity_by(who: &str, when: &str): format!("Identité vérifiée par {who} {when}"), format!("Identity checked by {who} {when}");
    at_time(time: &str): format!("à {time}"), format!("at {time}");
    on_day(moment: &str): format!("le {moment}"), format!("on {moment}");
    is_in_field(who: &str): format!("{who} est dans ce champ"), format!("{who} is in this field");
}

impl Lang {
    pub(in crate::web) fn way(self, way: IdentityWay) -> &'static str {
        match way {
            IdentityWay::IdentityCard => self.way_identity_card(),
            IdentityWay::Passport => self.way_passport(),
            IdentityWay::ResidencePermit => self.way_residence_permit(),
            IdentityWay::KnownToHost => self.way_known_to_host(),
            IdentityWay::QuestionsAnswered => self.way_questions(),
            IdentityWay::Other => self.way_other(),
        }
    }

    /// At the desk: which colleagues have this case open too.
    pub(in crate::web) fn also_here(self, readers: &[Reader]) -> String {
        match (self, readers.len()) {
            (Self::Fr, 1) => format!("{} est aussi sur ce dossier", self.names(readers)),
            (Self::Fr, _) => format!("{} sont aussi sur ce dossier", self.names(readers)),
            (Self::En, 1) => format!("{} has this case open too", self.names(readers)),
            (Self::En, _) => format!("{} have this case open too", self.names(readers)),
        }
    }

    /// At the kiosk: who reads what one writes.
    pub(in crate::web) fn reads_you(self, readers: &[Reader]) -> String {
        match (self, readers.len()) {
            (Self::Fr, 1) => format!("{} lit votre formulaire", self.names(readers)),
            (Self::Fr, _) => format!("{} lisent votre formulaire", self.names(readers)),
            (Self::En, 1) => format!("{} is reading your form", self.names(readers)),
            (Self::En, _) => format!("{} are reading your form", self.names(readers)),
        }
    }

    /// Who wrote what stands in a field, and when.
    pub(in crate::web) fn by_at(self, who: &Who, time: &str) -> String {
        format!("{}, {time}", self.who(who))
    }

    fn names(self, readers: &[Reader]) -> String {
        let and = match self {
            Self::Fr => " et ",
            Self::En => " and ",
        };
        match readers {
            [] => String::new(),
            [one] => one.name.clone(),
            [first @ .., last] => {
                let first: Vec<_> = first.iter().map(|one| one.name.as_str()).collect();
                format!("{}{and}{}", first.join(", "), last.name)
            }
        }
    }
}
