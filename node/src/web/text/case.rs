//! A case: its fields, documents and messages, in words.

use super::Lang;

texts! {
    all cases;
    filled_by: "Rempli par", "Filled in by";
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
    masked_what: "le numéro", "the number";
    both_answers: "Plusieurs réponses ont été écrites en même temps. Choisissez la bonne :", "Several answers were written at the same time. Choose the right one:";
    does_not_fit: "Cette réponse n’a pas la forme attendue : vérifiez-la.", "This answer does not have the expected form: check it.";
    keep_empty: "Laisser vide", "Leave empty";
    not_chosen: "Pas de réponse", "No answer";
    documents_scan_hint: "Numérisez-les ou photographiez-les.", "Scan or photograph them.";
}

sentences! {
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
}
