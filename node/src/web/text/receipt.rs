//! The receipt, in words.

use super::Lang;

texts! {
    all receipts;
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
    end_and_erase: "Terminer et effacer", "Finish and erase";
    receipt_h1_empty: "Rien n’est enregistré pour l’instant.", "Nothing is saved yet.";
    receipt_nothing: "Rien à envoyer pour l’instant", "Nothing to send yet";
    receipt_now_later: "Le service étudiera votre demande et vous répondra. Vous n’avez plus rien à faire ici.", "The service will study your request and answer you. There is nothing more to do here.";
}

sentences! {
    received_at(name: &str, time: &str): format!("Reçu par {name} à {time}"), format!("Received by {name} at {time}");
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
