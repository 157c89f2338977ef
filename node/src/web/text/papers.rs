//! Scanning, looking at papers and printing them, in words.

use super::Lang;

texts! {
    all papers;
    // Looking at a document
    viewer_tools: "Cette page", "This page";
    zoom_in: "Agrandir", "Enlarge";
    zoom_out: "Réduire", "Reduce";
    turn: "Tourner", "Turn";
    viewer_preview: "Aperçu, la page nette arrive", "Preview, the sharp page is coming";
    // Printing
    print: "Imprimer", "Print";
    print_going: "Impression en cours", "Printing";
    print_waits: "L’imprimante attend : papier, encre ou feuille coincée", "The printer waits: paper, ink or a stuck sheet";
    print_done: "Imprimé", "Printed";
    print_cancelled: "Impression annulée", "Printing cancelled";
    print_failed: "L’impression n’a pas réussi", "Printing failed";
    print_cancel: "Annuler l’impression", "Cancel printing";
    paper_part: "Ce document n’est pas imprimé : une page n’a pas pu être dessinée.", "This document is not printed: a page could not be drawn.";
    paper_many: "Ce document a plus de 100 pages : seules les 100 premières sont là.", "This document has more than 100 pages: only the first 100 are here.";
    paper_title: "À imprimer", "To print";
    paper_note: "Choisissez l’imprimante dans la fenêtre de votre navigateur.", "Choose the printer in your browser’s window.";
    // Sheets before they are joined
    scan: "Scanner", "Scan";
    scan_title: "Ajouter des papiers", "Add papers";
    sheets_title: "Vos pages, dans l’ordre", "Your pages, in order";
    sheets_unsent: "Pas encore jointes", "Not added yet";
    sheets_none: "Aucune page pour l’instant", "No page yet";
    sheets_none_note: "Posez la feuille dans le scanner, texte vers le bas, ou montrez-la à la caméra.", "Lay the sheet in the scanner, text down, or show it to the camera.";
    sheets_none_note_camera: "Montrez la feuille à la caméra, ou choisissez un fichier.", "Show the sheet to the camera, or choose a file.";
    sheet_tools: "Cette page", "This page";
    sheets_desk: "Ces pages ne sont pas encore dans le dossier. Elles s’effacent si vous verrouillez.", "These pages are not yet in the case. They are erased if you lock.";
    scan_reload: "Rechargez cette page pour voir la feuille.", "Reload this page to see the sheet.";
    sheets_unseen: "Le conseiller ne voit rien avant que vous ne joigniez ces pages.", "The adviser sees nothing until you add these pages.";
    sheets_kept: "Elles restent sur cette machine, et s’effacent à la fin de la visite.", "They stay on this machine, and are erased when the visit ends.";
    sheets_full: "Plus de place : joignez d’abord ces pages au dossier.", "No more room: add these pages to the case first.";
    scan_do: "Scanner une page", "Scan a page";
    scan_stop: "Arrêter le scanner", "Stop the scanner";
    scan_going: "Le scanner lit la feuille…", "The scanner reads the sheet…";
    scan_going_note: "Cela prend quelques secondes. Laissez la feuille en place.", "This takes some seconds. Leave the sheet in place.";
    scan_again: "Refaire", "Again";
    camera_do: "Photographier", "Take a photo";
    camera_take: "Prendre la photo", "Take the photo";
    camera_hint: "Posez la feuille à plat, bien éclairée, entière dans l’image.", "Lay the sheet flat, well lit, all of it in the picture.";
    camera_none: "La caméra ne répond pas. Choisissez un fichier, ou demandez à l’accueil.", "The camera does not answer. Choose a file, or ask at the desk.";
    file_do: "Choisir une image", "Choose a picture";
    sheet_remove: "Supprimer", "Delete";
    sheet_name: "Nom du document", "Name of the document";
    sheet_name_default: "Papiers", "Papers";
    originals: "Gardez vos originaux", "Keep your originals";
    back_to_case: "Retour au dossier", "Back to the case";
    trouble_absent: "Le scanner ne répond pas : est-il allumé et branché ?", "The scanner does not answer: is it on and plugged in?";
    trouble_busy: "Le scanner sert déjà. Attendez un instant, puis recommencez.", "The scanner is in use. Wait a moment, then try again.";
    trouble_no_paper: "Il n’y a pas de feuille. Posez-la, texte vers le bas, puis recommencez.", "There is no sheet. Lay it down, text down, then try again.";
    trouble_jammed: "La feuille est coincée. Retirez-la doucement, ou appelez l’accueil.", "The sheet is stuck. Take it out gently, or call the desk.";
    trouble_cover: "Le capot est ouvert. Fermez-le, puis recommencez.", "The cover is open. Close it, then try again.";
    trouble_too_large: "Cette page est trop grande pour être jointe. Scannez-la en plus petit.", "This page is too large to be added. Scan it smaller.";
    trouble_too_slow: "Le scanner n’a pas fini à temps. Recommencez.", "The scanner did not finish in time. Try again.";
    trouble_died: "Le scanner s’est arrêté au milieu de la feuille. Recommencez.", "The scanner stopped in the middle of the sheet. Try again.";
    trouble_no_room: "Il n’y a plus de place pour cette feuille. Joignez d’abord les autres.", "There is no room for this sheet. Add the others first.";
    trouble_failed: "Le scanner n’a pas pu lire la feuille. Recommencez, ou appelez l’accueil.", "The scanner could not read the sheet. Try again, or call the desk.";
    trouble_kept: "Les pages déjà là sont gardées.", "The pages that are there are kept.";
    scanner_none: "Pas de scanner ici", "No scanner here";
}

sentences! {
    page_of_all(page: usize, all: usize): format!("Page {page} sur {all}"), format!("Page {page} of {all}");
    sheet_earlier(page: usize): format!("Monter la page {page}"), format!("Move page {page} up");
    sheet_later(page: usize): format!("Descendre la page {page}"), format!("Move page {page} down");
    sheet_alt(page: usize): format!("Page {page}"), format!("Page {page}");
    sheet_as_seen(page: usize): format!("Page {page}, telle que le conseiller la verra"), format!("Page {page}, as the adviser will see it");
    sheets_join(pages: usize): match pages {
        1 => "Joindre la page au dossier".to_owned(),
        _ => format!("Joindre les {pages} pages au dossier"),
    }, match pages {
        1 => "Add the page to the case".to_owned(),
        _ => format!("Add the {pages} pages to the case"),
    };
    originals_until(service: &str): format!("Jusqu’à ce que votre reçu dise « Reçu par {service} »."), format!("Until your receipt says “Received by {service}”.");
    pages_of(pages: usize): match pages {
        0 | 1 => format!("{pages} page"),
        _ => format!("{pages} pages"),
    }, match pages {
        1 => "1 page".to_owned(),
        _ => format!("{pages} pages"),
    };
}
