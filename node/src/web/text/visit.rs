//! The end of a visit, in words.

use super::Lang;

texts! {
    all visits;
    nothing_yet: "Rien d’écrit pour l’instant", "Nothing written yet";
    receipt_h1_empty: "Rien n’est enregistré pour l’instant.", "Nothing is saved yet.";
    receipt_nothing: "Rien à envoyer pour l’instant", "Nothing to send yet";
    receipt_now_later: "Le service étudiera votre demande et vous répondra. Vous n’avez plus rien à faire ici.", "The service will study your request and answer you. There is nothing more to do here.";
    kiosk_cut_note: "Ce que vous écrivez lui parviendra ensuite.", "What you write will reach it afterwards.";
    call_cut_adviser: "La ligne du conseiller est coupée. Tout est gardé.", "The adviser’s line is down. Everything is kept.";
    call_cut_kiosk: "La ligne de la borne est coupée. Tout est gardé.", "The kiosk’s line is down. Everything is kept.";
    call_quiet: "L’image et le son n’arrivent plus. Tout est gardé.", "Picture and sound no longer arrive. Everything is kept.";
    desk_ended_declined: "La personne ne souhaite pas parler maintenant.", "The person does not wish to speak now.";
    loose_title: "Avant de terminer, décidez", "Decide before you finish";
    loose_lost: "À la fin de la visite, la borne efface ce qui n’est ni joint ni envoyé.", "At the end of the visit the kiosk erases what is neither joined nor sent.";
    loose_join: "Joindre", "Join";
    loose_discard: "Jeter", "Throw away";
    loose_message: "Un message n’est pas envoyé\u{a0}:", "A message is not sent:";
    loose_empty: "Rien n’est rempli\u{a0}:", "Nothing is filled in:";
    loose_fill_in: "Remplir", "Fill in";
    loose_give_back: "Retirer", "Remove";
    err_no_files: "Cette borne ne prend pas de fichiers et n’en donne pas.", "This kiosk takes no files and gives none.";
    err_no_files_do: "Numérisez ou photographiez vos papiers ; imprimez ce que vous emportez.", "Scan or photograph your papers; print what you take away.";
    documents_scan_hint: "Numérisez-les ou photographiez-les.", "Scan or photograph them.";
    err_not_empty: "Cette démarche est commencée\u{a0}: elle ne peut plus être retirée.", "This request has been started: it can no longer be removed.";
    err_not_empty_do: "Écrivez au service qu’elle n’est plus utile.", "Write to the service that it is no longer needed.";
}

sentences! {
    kiosk_cut(time: &str): format!("Ligne de la borne coupée à {time}"), format!("The kiosk’s line is down since {time}");
    loose_sheets(sheets: usize): match sheets {
        0 | 1 => format!("{sheets} page n’est pas jointe\u{a0}:"),
        _ => format!("{sheets} pages ne sont pas jointes\u{a0}:"),
    }, match sheets {
        1 => "1 page is not joined:".to_owned(),
        _ => format!("{sheets} pages are not joined:"),
    };
    numbered(title: &str, number: usize): format!("{title}, n°\u{a0}{number}"), format!("{title}, no. {number}");
    receipt_loose(received: usize, all: usize): match (received, all) {
        (_, 0) => "Rien n’est parti, et il reste à décider.".to_owned(),
        (0, _) => "Rien n’est encore reçu, et il reste à décider.".to_owned(),
        (1, _) => format!("1 élément sur {all} est reçu. Il reste à décider."),
        _ => format!("{received} éléments sur {all} sont reçus. Il reste à décider."),
    }, match (received, all) {
        (_, 0) => "Nothing has left, and something is still to be decided.".to_owned(),
        (0, _) => "Nothing is received yet, and something is still to be decided.".to_owned(),
        (1, _) => format!("1 of {all} items is received. Something is still to be decided."),
        _ => format!("{received} of {all} items are received. Something is still to be decided."),
    };
}
