//! What goes wrong, in words.

use super::Lang;

texts! {
    all errors;
    error_safe: "Ce qui est enregistré n’a pas changé.", "What is saved has not changed.";
    err_page: "Cette page n’existe pas.", "This page does not exist.";
    err_service: "Ce service n’existe pas ici.", "There is no such service here.";
    err_case: "Ce dossier n’est pas ici.", "This case is not here.";
    err_form: "Ce formulaire n’existe pas.", "There is no such form.";
    err_field: "Ce champ n’existe pas.", "There is no such field.";
    err_document: "Ce document n’est pas ici.", "This document is not here.";
    err_adviser: "Ce conseiller n’a pas de coffre sur ce poste.", "This adviser has no vault on this station.";
    err_not_found_do: "Revenez à l’accueil et choisissez de nouveau.", "Go back to the home page and choose again.";
    err_invalid_do: "Ce champ sera enregistré dès qu’il sera corrigé.", "This field is saved as soon as it is corrected.";
    err_too_large_do: "Envoyez quelque chose de plus petit.", "Send something smaller.";
    err_full: "Cette visite est pleine.", "This visit is full.";
    err_full_do: "Terminez-la, puis commencez-en une autre.", "Finish it, then start another.";
    err_no_visit: "Aucune visite n’est ouverte.", "No visit is open.";
    err_no_visit_do: "Choisissez un service pour commencer.", "Choose a service to start.";
    err_locked: "Le poste est verrouillé.", "The station is locked.";
    err_locked_do: "Ouvrez votre coffre.", "Open your vault.";
    err_picture_unsupported: "Ce genre de fichier ne se montre pas ici. Enregistrez-le en PDF ou en PNG, ou photographiez la feuille, puis ajoutez-le de nouveau.", "This kind of file cannot be shown here. Save it as PDF or PNG, or photograph the sheet, then add it again.";
    err_picture_other_program: "Ce formulaire ne se lit qu’avec le programme pour lequel il est fait. Ouvrez-le là, imprimez-le dans un fichier PDF, puis ajoutez ce fichier.", "This form can only be read by the program that it was made for. Open it there, print it to a PDF file, then add that file.";
    err_picture_encrypted: "Ce document est fermé par un mot de passe. Enregistrez-le sans mot de passe, puis ajoutez-le de nouveau.", "This document is locked by a password. Save it without one, then add it again.";
    picture_signs_missing: "Des signes manquent sur cette page : leur police n’est pas dans le fichier. Demandez-le avec ses polices, ou photographiez la feuille.", "Signs are missing on this page: their font does not come with the file. Ask for it with its fonts, or photograph the sheet.";
    picture_no_end: "La fin de ce fichier manque : comparez avec l’original, et ajoutez-le de nouveau s’il manque quelque chose.", "The end of this file is missing: compare it with the original, and add it again if something is missing.";
    err_picture_damaged: "Ce document est abîmé ou incomplet. Ajoutez-le de nouveau depuis l’original.", "This document is damaged or incomplete. Add it again from the original.";
    err_picture_too_big: "Ce document est trop grand pour être montré ici.", "This document is too big to be shown here.";
    err_picture_not_here: "Ce document n’est pas encore arrivé en entier.", "This document has not arrived in full yet.";
    err_picture_no_page: "Le document n’a pas d’autre page.", "The document has no other page.";
    err_disk_full: "Le disque est plein : rien de nouveau n’est enregistré.", "The disk is full: nothing new is saved.";
    err_disk_full_do: "Prévenez l’accueil. Ce qui était enregistré l’est toujours.", "Tell the staff. What was saved still is.";
    err_disk_failed: "Le disque a refusé d’enregistrer.", "The disk refused to save.";
    err_busy: "La machine est occupée.", "The machine is busy.";
    err_busy_do: "Attendez un instant, puis essayez de nouveau.", "Wait a moment, then try again.";
    err_stopping: "Le programme s’arrête ou redémarre.", "The program is stopping or restarting.";
    err_stopping_do: "Attendez un instant, puis rechargez la page.", "Wait a moment, then reload the page.";
    err_no_session: "Cette page demande une adresse de départ.", "This page needs a start address.";
    err_no_session_do: "Sur cette machine, lancez « guichet open » et ouvrez l’adresse affichée.", "On this machine, run “guichet open” and open the address it prints.";
    err_used_start: "Cette adresse de départ a déjà servi, ou le programme a redémarré.", "This start address has been used, or the program has restarted.";
    err_foreign: "Cette demande vient d’un autre site : elle est refusée.", "This request comes from another site: it is refused.";
    err_foreign_do: "Ouvrez la page depuis son adresse de départ.", "Open the page from its start address.";
    err_no_token: "Cette page est trop ancienne : la demande est refusée.", "This page is too old: the request is refused.";
    err_no_token_do: "Rechargez la page, puis recommencez.", "Reload the page, then try again.";
    err_malformed: "La demande n’est pas comprise.", "The request is not understood.";
    err_malformed_do: "Rechargez la page, puis recommencez.", "Reload the page, then try again.";
    err_changed: "Le texte a changé entre-temps. Le vôtre n’a pas été enregistré.", "The text changed meanwhile. Yours was not saved.";
    err_changed_do: "Copiez votre texte, rechargez la page, puis ajoutez-le.", "Copy your text, reload the page, then add it.";
    err_crowded: "Trop de pages sont ouvertes sur cette machine.", "Too many pages are open on this machine.";
    err_crowded_do: "Fermez-en, puis rechargez celle-ci.", "Close some, then reload this one.";
    err_call: "Cet appel est terminé.", "This call is over.";
    err_ticket: "Cette personne n’est plus dans la file.", "This person is no longer in the queue.";
    err_gone_do: "La page va le montrer. Vous n’avez rien à faire.", "The page will show it. There is nothing to do.";
    err_call_under_way: "Un appel ou une attente est déjà en cours ici.", "A call or a wait is already under way here.";
    err_call_under_way_do: "Terminez-le d’abord, puis recommencez. Rien n’a changé.", "End it first, then try again. Nothing has changed.";
    err_turn: "Ce n’est pas encore le tour de cette personne.", "It is not this person’s turn yet.";
    err_turn_do: "Dites pourquoi vous la prenez avant les autres : la raison est gardée.", "Say why you take them before the others: the reason is kept.";
    err_not_arrived: "Le dossier de cette personne n’est pas encore arrivé : la raison ne peut pas y être gardée.", "This person’s case has not arrived yet: the reason cannot be kept in it.";
    err_sheet: "Cette page n’est plus là.", "This page is no longer there.";
    err_printer: "L’imprimante ne répond pas.", "The printer does not answer.";
    err_tray_full: "Plus de place pour d’autres pages ici.", "No more room for pages here.";
    err_tray_full_do: "Joignez d’abord ces pages au dossier, puis continuez.", "Add these pages to the case first, then go on.";
    err_empty_file: "Ce fichier est vide.", "This file is empty.";
    err_empty_file_do: "Vérifiez-le là d’où il vient, puis recommencez.", "Check it where it comes from, then try again.";
    err_not_printable: "L’imprimante ne prend pas ce genre de document.", "The printer does not take this kind of document.";
    err_not_printable_do: "Téléchargez-le, ou demandez au conseiller de l’envoyer en PDF.", "Download it, or ask the adviser to send it as a PDF.";
    err_media: "L’image et le son ne passent pas avec ce navigateur.", "Picture and sound do not work with this browser.";
    err_media_do: "Vous pouvez continuer par écrit.", "You can go on in writing.";
    err_no_files: "Cette borne ne prend pas de fichiers et n’en donne pas.", "This kiosk takes no files and gives none.";
    err_no_files_do: "Numérisez ou photographiez vos papiers ; imprimez ce que vous emportez.", "Scan or photograph your papers; print what you take away.";
    err_not_empty: "Cette démarche est commencée\u{a0}: elle ne peut plus être retirée.", "This request has been started: it can no longer be removed.";
    err_not_empty_do: "Écrivez au service qu’elle n’est plus utile.", "Write to the service that it is no longer needed.";
}

sentences! {
    err_too_large(size: &str): format!("C’est trop grand : {size} au plus."), format!("That is too large: {size} at most.");
}
