//! The vaults of a station and the list of its cases, in words.

use super::Lang;

texts! {
    all desks;
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
    alarm_shut_do: "Demandez au responsable du service une clé pour votre coffre. Rien n’est perdu : tout est gardé, scellé.", "Ask whoever runs the service for a key for your vault. Nothing is lost: all is kept, sealed.";
    alarm_reason_lost: "La raison de faire passer cette personne avant les autres n’est pas gardée. Écrivez-la en note.", "The reason for taking this person before the others is not kept. Write it as a note.";
}

sentences! {
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
    cases_count(cases: usize): match cases {
        0 | 1 => format!("{cases} dossier"),
        _ => format!("{cases} dossiers"),
    }, match cases {
        1 => "1 case".to_owned(),
        _ => format!("{cases} cases"),
    };
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
}
