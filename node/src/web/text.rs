//! Every text of the screens, in every language: a text that lacks one does not compile.
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
mod case_work;
mod error;
mod ills;
mod kinds;
mod line;
mod papers;
mod places;
mod visit;

pub(super) use call::LANGUAGES;

texts! {
    all everywhere;
    // Everywhere
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
    // Home
    home_title: "Accueil", "Home";
    home_skip: "Aller aux services", "Skip to services";
    home_hello: "Bonjour. Quel service cherchez-vous ?", "Hello. Which service do you need?";
    home_lead: "Remplissez vos papiers ici, seul ou avec un conseiller. C’est gratuit et confidentiel.", "Fill in your papers here, alone or with an adviser. It is free and confidential.";
    home_services: "Les services", "Services";
    reach_kept: "Le service n’est pas en ligne", "The service is not online";
    reach_kept_note: "Votre demande l’attendra, scellée", "Your request will wait for it, sealed";
    reach_cut: "Ligne coupée", "Line down";
    reach_cut_note: "Vous pouvez remplir, nous enverrons", "You can fill in, we will send it";
    start_here: "Commencer", "Start";
    start_kept: "Préparer ma demande", "Prepare my request";
    start_cut: "Remplir ma demande", "Fill in my request";
    home_how: "Comment cela se passe", "How it works";
    home_how_choose: "Choisissez un service.", "Choose a service.";
    home_how_fill: "Remplissez la demande et ajoutez vos papiers.", "Fill in the request and add your papers.";
    home_how_leave: "Repartez avec un reçu.", "Leave with a receipt.";
    home_private: "C’est entre vous et le service", "It stays between you and the service";
    home_private_note: "Seul le service que vous choisissez lit ce que vous écrivez.", "Only the service that you choose reads what you write.";
    home_safe: "Rien ne se perd", "Nothing is lost";
    home_safe_note: "La ligne coupe ? Tout est gardé ici, scellé, et part dès qu’elle revient.", "The line breaks? Everything is kept here, sealed, and leaves as soon as it is back.";
    filled_by: "Rempli par", "Filled in by";
    home_forgets: "Quand vous partez, la borne oublie tout.", "When you leave, the kiosk forgets everything.";
    home_add: "Ajouter un service à votre visite", "Add a service to your visit";
    visit_open: "Votre visite est ouverte", "Your visit is open";
    visit_end_receipt: "Terminer, voir mon reçu", "Finish, see my receipt";
    interrupted: "Visite interrompue", "Visit interrupted";
    interrupted_why: "La borne a redémarré pendant une visite. Elle en a tout oublié.", "The kiosk restarted during a visit. It has forgotten all of it.";
    interrupted_kept: "Ce qui était enregistré partira quand même. Gardez vos originaux.", "What was saved will still be sent. Keep your originals.";
    interrupted_again: "Pour continuer, commencez une nouvelle demande.", "To continue, start a new request.";
    interrupted_read: "J’ai compris", "I understand";
    ended: "Votre visite est terminée", "Your visit is over";
    ended_note: "La borne a tout oublié. Ce qui restait à envoyer est scellé et part sans vous.", "The kiosk has forgotten everything. What was left to send is sealed and leaves without you.";
    // Service
    service_skip: "Aller aux papiers à apporter", "Skip to the papers to bring";
    service_how: "Comment cela se passe", "How it goes";
    service_bring: "Les papiers à apporter", "Papers to bring";
    service_bring_note: "Cochez ceux que vous avez. Rien n’en est gardé.", "Tick those you have. None of it is kept.";
    service_missing: "Il vous manque des papiers ?", "Some papers are missing?";
    service_missing_note: "Commencez quand même : rien n’est perdu, vous les ajouterez plus tard.", "Start anyway: nothing is lost, you can add them later.";
    service_privacy: "Qui lit, et pourquoi", "Who reads it, and why";
    // Case
    case_skip: "Aller au formulaire", "Skip to the form";
    documents: "Documents", "Documents";
    document_add: "Ajouter", "Add";
    document_add_what: "un document", "a document";
    document_add_hint: "PDF, PNG ou JPEG, 32 Mo au plus", "PDF, PNG or JPEG, 32 MB at most";
    document_send: "Envoyer", "Send";
    documents_none: "Aucun document pour l’instant.", "No document yet.";
    document_too_large: "Ce document dépasse 32 Mo. Rien n’a été envoyé ; choisissez-en un plus petit.", "This document is larger than 32 MB. Nothing was sent; choose a smaller one.";
    document_sending: "Enregistrement du document : {name}", "Saving the document: {name}";
    document_failed: "Le document n’a pas été enregistré. Essayez de nouveau.", "The document was not saved. Try again.";
    download: "Télécharger", "Download";
    viewer: "Lecture du document", "Document viewer";
    page_before: "Page précédente", "Previous page";
    page_after: "Page suivante", "Next page";
    viewer_empty: "Choisissez un document pour le lire ici.", "Choose a document to read it here.";
    viewer_loading: "Dessin de la page…", "Drawing the page…";
    messages: "Messages", "Messages";
    messages_none: "Écrivez ici : votre message reste dans le dossier.", "Write here: your message stays in the case.";
    message_send: "Envoyer", "Send";
    message_to_service: "Écrire au service", "Write to the service";
    message_to_person: "Écrire à la personne", "Write to the person";
    saved_here: "Enregistré ici", "Saved here";
    en_route: "En route", "On its way";
    show: "Voir", "Show";
    hide: "Cacher", "Hide";
    masked_what: "le numéro", "the number";
    both_answers: "Plusieurs réponses ont été écrites en même temps. Choisissez la bonne :", "Several answers were written at the same time. Choose the right one:";
    does_not_fit: "Cette réponse n’a pas la forme attendue : vérifiez-la.", "This answer does not have the expected form: check it.";
    keep_empty: "Laisser vide", "Leave empty";
    not_chosen: "Pas de réponse", "No answer";
    cases_of_visit: "Les demandes de cette visite", "The requests of this visit";
    visit_commands: "Commandes de la visite", "Commands of the visit";
    add_service: "Ajouter un service", "Add a service";
    information: "Informations", "Information";
    finish: "Terminer", "Finish";
    visit_title: "Votre visite", "Your visit";
    visit_lead: "Vous pouvez reprendre une demande, ajouter un service, ou terminer.", "You can continue a request, add a service, or finish.";
    // Receipt
    receipt_title: "Votre reçu", "Your receipt";
    receipt_skip: "Aller au reçu", "Skip to the receipt";
    receipt_h1: "C’est enregistré. Voici votre reçu.", "It is saved. Here is your receipt.";
    receipt_empty: "Vous n’avez encore rien écrit ni ajouté.", "You have not written or added anything yet.";
    receipt_now: "Et maintenant ?", "What happens now?";
    receipt_now_note: "Le service étudie votre demande et vous répond. Vous n’avez plus rien à faire ici.", "The service studies your request and answers you. There is nothing more to do here.";
    receipt_leave: "Avant de partir", "Before you leave";
    receipt_leave_note: "La borne efface tout. Ce qui reste à envoyer est scellé et part sans vous.", "The kiosk erases everything. What is left to send is sealed and leaves without you.";
    receipt_state: "Où en est", "How far";
    done: "Fait", "Done";
    message: "Message", "Message";
    end_and_erase: "Terminer et effacer", "Finish and erase";
    idle_title: "Êtes-vous toujours là ?", "Are you still there?";
    idle_note: "Sans geste de votre part, la visite se termine seule et la borne efface tout. Ce qui est enregistré partira.", "If you do nothing, the visit ends by itself and the kiosk erases everything. What is saved will be sent.";
    idle_left: "Il reste", "Time left:";
    idle_end: "Fin automatique dans", "Ends by itself in";
    still_here: "Je suis encore là", "I am still here";
    // Desk
    locking_note: "Tout ce que vous avez commencé à écrire sera là quand vous rouvrirez votre coffre.", "All that you have begun to write is there when you open your vault again.";
    locking_stay: "Rester connecté", "Stay signed in";
    unlock_title: "Ouvrir le poste", "Unlock the station";
    unlock_skip: "Aller à la phrase de passe", "Skip to the passphrase";
    unlock_h1: "Bonjour. Qui êtes-vous ?", "Hello. Who are you?";
    unlock_lead: "Chacun a son coffre sur ce poste. Un seul est ouvert à la fois.", "Everyone has a vault on this station. One is open at a time.";
    unlock_who: "Conseiller", "Adviser";
    unlock_pass: "Phrase de passe", "Passphrase";
    unlock_pass_hint: "Elle ne quitte jamais ce poste. Les majuscules comptent.", "It never leaves this station. Capitals count.";
    unlock_pass_what: "la phrase", "the passphrase";
    unlock_do: "Ouvrir mon coffre", "Open my vault";
    unlock_doing: "Ouverture…", "Opening…";
    unlock_waits: "La phrase n’a pas encore été vérifiée : il faut attendre un peu.", "The passphrase has not been checked yet: it has to wait a little.";
    unlock_wrong: "Ce n’est pas la bonne phrase.", "That is not the passphrase.";
    unlock_none: "Personne n’a de coffre sur ce poste. Invitez un conseiller depuis l’autorité du réseau.", "Nobody has a vault on this station. Invite an adviser from the network’s authority.";
    unlock_sending: "Coffres fermés, envois en cours", "Vaults closed, still sending";
    unlock_lost: "Phrase perdue ?", "Passphrase lost?";
    unlock_lost_note: "Personne ne peut la retrouver, ni l’opérateur. Il vous réinvite : les dossiers reviennent du service.", "Nobody can recover it, not even the operator. You are invited again: the cases come back from the service.";
    this_station: "Ce poste", "This station";
    desk_title: "File et dossiers", "Queue and cases";
    desk_nav: "Principale", "Main";
    desk_h1: "Les dossiers de vos services", "The cases of your services";
    desk_order: "Le dernier changé d’abord", "Last changed first";
    desk_none: "Aucun dossier pour l’instant.", "No case yet.";
    desk_none_note: "Ceux que les personnes ouvrent aux bornes arrivent ici, d’eux-mêmes.", "Those that people open at the kiosks arrive here by themselves.";
    desk_lock: "Verrouiller le poste", "Lock the station";
    col_person: "Personne et borne", "Person and kiosk";
    col_request: "Demande", "Request";
    col_filled: "Rempli", "Filled in";
    col_documents: "Documents", "Documents";
    col_messages: "Messages", "Messages";
    col_changed: "Dernier changement", "Last change";
    col_action: "Action", "Action";
    no_name_yet: "Sans nom pour l’instant", "No name yet";
    open: "Ouvrir", "Open";
    my_station: "Mon poste", "My station";
    desk_offline: "Sans ligne, vos dossiers restent ouverts ici et partent plus tard.", "Without a line, your cases stay open here and leave later.";
    to_look_at: "À regarder", "To look at";
    documents_coming: "en route", "on the way";
    // Status
    status_skip: "Aller à l’état", "Skip to the status";
    status_now: "En ce moment", "Right now";
    members: "Machines du réseau", "Machines of the network";
    members_online: "Machines en ligne", "Machines online";
    members_none: "Ce nœud ne connaît encore aucune autre machine.", "This node knows no other machine yet.";
    stored_sealed: "Objets scellés gardés", "Sealed things kept";
    stored_pages: "Pages de documents", "Document pages";
    stored_bytes: "Place occupée", "Space used";
    outbox: "En attente d’envoi", "Waiting to be sent";
    outbox_none: "Rien n’attend", "Nothing waits";
    col_machine: "Machine", "Machine";
    col_role: "Rôle", "Role";
    col_line: "Ligne", "Line";
    col_since: "Depuis", "Since";
    col_waiting: "À lui envoyer", "To be sent to it";
    role_kiosk: "Borne", "Kiosk";
    role_station: "Poste", "Station";
    role_relay: "Relais", "Relay";
    sealed_title: "Ce que ce nœud voit", "What this node sees";
    sealed_note: "Données scellées : un relais voit quelles machines échangent, quand et combien, jamais ce qu’elles disent.", "Sealed data: a relay sees which machines talk, when and how much, never what they say.";
    kinds_kept: "Gardé sur ce disque", "Kept on this disk";
    kind_statements: "Faits du réseau", "Network facts";
    kind_edits: "Lots de changements", "Batches of changes";
    kind_acts: "Actes", "Acts";
    kind_receipts: "Reçus", "Receipts";
    self_updating: "La page se met à jour seule.", "This page updates by itself.";
}

sentences! {
    page_title(page: &str): format!("{page} · Guichet"), format!("{page} · Guichet");
    service_helps(name: &str): format!("C’est {name} qui vous aide"), format!("This is where {name} helps you");
    service_start(title: &str): format!("Commencer : {title}"), format!("Start: {title}");
    service_count(fields: usize): match fields {
        0 | 1 => format!("{fields} question"),
        _ => format!("{fields} questions"),
    }, match fields {
        1 => "1 question".to_owned(),
        _ => format!("{fields} questions"),
    };
    service_updated(name: &str, day: &str): format!("Informations données par {name}, mises à jour le {day}"), format!("Information from {name}, updated on {day}");
    received_by(name: &str): format!("Reçu par {name}"), format!("Received by {name}");
    received_at(name: &str, time: &str): format!("Reçu par {name} à {time}"), format!("Received by {name} at {time}");
    written_by(who: &str): format!("Dernière modification : {who}"), format!("Last change: {who}");
    is_writing(who: &str): format!("{who} écrit…"), format!("{who} is writing…");
    by_who(who: &str): format!("par {who}"), format!("by {who}");
    keep_value(value: &str): format!("Garder {value}"), format!("Keep {value}");
    ends_with(end: &str): format!("finit par {end}"), format!("ending in {end}");
    said(who: &str): format!("{who} : "), format!("{who}: ");
    coming(percent: u8): format!("Arrivé à {percent} %"), format!("{percent}% has arrived");
    sent_by(who: &str): format!("Ajouté par {who}"), format!("Added by {who}");
    page_number(page: u32): format!("Page {page}"), format!("Page {page}");
    page_of(name: &str, page: u32): format!("{name}, page {page}"), format!("{name}, page {page}");
    filled_of(filled: usize, fields: usize): match filled {
        0 | 1 => format!("{filled} réponse sur {fields}"),
        _ => format!("{filled} réponses sur {fields}"),
    }, match filled {
        1 => format!("1 answer of {fields}"),
        _ => format!("{filled} answers of {fields}"),
    };
    quoted(text: &str): format!("« {text} »"), format!("“{text}”");
    receipt_lead(received: usize, all: usize): match (received, all) {
        (1, 1) => "Votre envoi est reçu. Tout est arrivé.".to_owned(),
        (0, _) => "Rien n’est encore reçu. Tout partira tout seul : gardez vos originaux.".to_owned(),
        (1, _) => format!("1 élément sur {all} est reçu. Le reste partira tout seul : gardez vos originaux."),
        _ if received == all => format!("{received} éléments sur {all} sont reçus. Tout est arrivé."),
        _ => format!("{received} éléments sur {all} sont reçus. Le reste partira tout seul : gardez vos originaux."),
    }, match (received, all) {
        (1, 1) => "What you sent is received. Everything has arrived.".to_owned(),
        (0, _) => "Nothing is received yet. Everything will leave by itself: keep your originals.".to_owned(),
        (1, _) => format!("1 of {all} items is received. The rest will leave by itself: keep your originals."),
        _ if received == all => format!("{received} of {all} items are received. Everything has arrived."),
        _ => format!("{received} of {all} items are received. The rest will leave by itself: keep your originals."),
    };
    seconds_left(seconds: u64): match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {:02}", seconds / 60, seconds % 60),
    }, match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {:02}", seconds / 60, seconds % 60),
    };
    locking_title(seconds: u64): match seconds {
        60 => "Verrouillage dans 1 minute".to_owned(),
        _ => format!("Verrouillage dans {seconds} secondes"),
    }, match seconds {
        60 => "Locking in 1 minute".to_owned(),
        _ => format!("Locking in {seconds} seconds"),
    };
    locking_sheets(sheets: usize): match sheets {
        0 | 1 => format!("{sheets} page n’est pas jointe : elle s’effacera."),
        _ => format!("{sheets} pages ne sont pas jointes : elles s’effaceront."),
    }, match sheets {
        1 => "1 page is not joined: it will be erased.".to_owned(),
        _ => format!("{sheets} pages are not joined: they will be erased."),
    };
    unlock_pause(seconds: u64): match seconds {
        0 => "Essayez de nouveau.".to_owned(),
        _ => format!("Nouvel essai possible dans {seconds} s."),
    }, match seconds {
        0 => "Try again.".to_owned(),
        _ => format!("You can try again in {seconds} s."),
    };
    unlock_outbox(items: u64): match items {
        0 => "Rien n’attend. Ce qui est scellé part sans vous.".to_owned(),
        1 => "1 envoi attend. Ce qui est scellé part sans vous.".to_owned(),
        _ => format!("{items} envois attendent. Ce qui est scellé part sans vous."),
    }, match items {
        0 => "Nothing waits. What is sealed leaves without you.".to_owned(),
        1 => "1 thing waits. What is sealed leaves without you.".to_owned(),
        _ => format!("{items} things wait. What is sealed leaves without you."),
    };
    outbox_waits(items: u64): match items {
        0 => "Tout est parti".to_owned(),
        1 => "1 envoi attend la ligne".to_owned(),
        _ => format!("{items} envois attendent la ligne"),
    }, match items {
        0 => "Everything has left".to_owned(),
        1 => "1 thing waits for the line".to_owned(),
        _ => format!("{items} things wait for the line"),
    };
    cases_count(cases: usize): match cases {
        0 | 1 => format!("{cases} dossier"),
        _ => format!("{cases} dossiers"),
    }, match cases {
        1 => "1 case".to_owned(),
        _ => format!("{cases} cases"),
    };
    reference(case: &str): format!("dossier {case}"), format!("case {case}");
    alarm_unreadable(items: u64): match items {
        0 | 1 => format!("{items} élément reçu ne s’ouvre pas"),
        _ => format!("{items} éléments reçus ne s’ouvrent pas"),
    }, match items {
        1 => "1 received item does not open".to_owned(),
        _ => format!("{items} received items do not open"),
    };
    alarm_shut(cases: usize, service: &str): match cases {
        0 => format!("Les dossiers à venir {service} ne s’ouvriront pas avec votre coffre"),
        1 => format!("1 dossier {service} ne s’ouvre pas avec votre coffre"),
        _ => format!("{cases} dossiers {service} ne s’ouvrent pas avec votre coffre"),
    }, match cases {
        0 => format!("Cases {service} that are still to come do not open with your vault"),
        1 => format!("1 case {service} does not open with your vault"),
        _ => format!("{cases} cases {service} do not open with your vault"),
    };
    alarm_set_aside(items: u64): match items {
        0 | 1 => format!("{items} élément mis de côté\u{a0}: une autre copie l’a emporté"),
        _ => format!("{items} éléments mis de côté\u{a0}: une autre copie l’a emporté"),
    }, match items {
        1 => "1 item set aside: another copy won".to_owned(),
        _ => format!("{items} items set aside: another copy won"),
    };
    online_of(here: usize, all: usize): format!("{here} sur {all}"), format!("{here} of {all}");
    oldest(time: &str): format!("Le plus ancien : {time}"), format!("The oldest: {time}");
    free(size: &str): format!("{size} libres"), format!("{size} free");
    running_since(time: &str): format!("En service depuis le {time}"), format!("Running since {time}");
    version(version: &str): format!("Version {version}"), format!("Version {version}");
    measured(time: &str): format!("Mesuré à {time}."), format!("Measured at {time}.");
    stretch(seconds: u64): match seconds {
        0..3600 => format!("{}\u{a0}min", seconds / 60),
        3600..172_800 => format!("{}\u{a0}h", seconds / 3600),
        _ => format!("{}\u{a0}jours", seconds / 86_400),
    }, match seconds {
        0..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every() -> impl Iterator<Item = (&'static str, &'static str)> {
        [
            Lang::everywhere(),
            Lang::errors(),
            Lang::calls(),
            Lang::kinds(),
            Lang::papers(),
            Lang::places(),
            Lang::case_work(),
            Lang::ills(),
            Lang::lines(),
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
