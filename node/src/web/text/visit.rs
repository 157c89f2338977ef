//! A visit from its beginning to its end, in words.

use super::Lang;

texts! {
    all visits;
    visit_open: "Votre visite est ouverte", "Your visit is open";
    visit_end_receipt: "Terminer, voir mon reçu", "Finish, see my receipt";
    interrupted: "Visite interrompue", "Visit interrupted";
    interrupted_why: "La borne a redémarré pendant une visite. Elle en a tout oublié.", "The kiosk restarted during a visit. It has forgotten all of it.";
    interrupted_kept: "Ce qui était enregistré partira quand même. Gardez vos originaux.", "What was saved will still be sent. Keep your originals.";
    interrupted_again: "Pour continuer, commencez une nouvelle demande.", "To continue, start a new request.";
    interrupted_read: "J’ai compris", "I understand";
    ended: "Votre visite est terminée", "Your visit is over";
    ended_note: "La borne a tout oublié. Ce qui restait à envoyer est scellé et part sans vous.", "The kiosk has forgotten everything. What was left to send is sealed and leaves without you.";
    cases_of_visit: "Les demandes de cette visite", "The requests of this visit";
    visit_commands: "Commandes de la visite", "Commands of the visit";
    add_service: "Ajouter un service", "Add a service";
    finish: "Terminer", "Finish";
    visit_title: "Votre visite", "Your visit";
    visit_lead: "Vous pouvez reprendre une demande, ajouter un service, ou terminer.", "You can continue a request, add a service, or finish.";
    idle_title: "Êtes-vous toujours là ?", "Are you still there?";
    idle_note: "Sans geste de votre part, la visite se termine seule et la borne efface tout. Ce qui est enregistré partira.", "If you do nothing, the visit ends by itself and the kiosk erases everything. What is saved will be sent.";
    idle_left: "Il reste", "Time left:";
    idle_end: "Fin automatique dans", "Ends by itself in";
    still_here: "Je suis encore là", "I am still here";
    nothing_yet: "Rien d’écrit pour l’instant", "Nothing written yet";
    loose_title: "Avant de terminer, décidez", "Decide before you finish";
    loose_lost: "À la fin de la visite, la borne efface ce qui n’est ni joint ni envoyé.", "At the end of the visit the kiosk erases what is neither joined nor sent.";
    loose_join: "Joindre", "Join";
    loose_discard: "Jeter", "Throw away";
    loose_message: "Un message n’est pas envoyé\u{a0}:", "A message is not sent:";
    loose_empty: "Rien n’est rempli\u{a0}:", "Nothing is filled in:";
    loose_fill_in: "Remplir", "Fill in";
    loose_give_back: "Retirer", "Remove";
}

sentences! {
    loose_sheets(sheets: usize): match sheets {
        0 | 1 => format!("{sheets} page n’est pas jointe\u{a0}:"),
        _ => format!("{sheets} pages ne sont pas jointes\u{a0}:"),
    }, match sheets {
        1 => "1 page is not joined:".to_owned(),
        _ => format!("{sheets} pages are not joined:"),
    };
    numbered(title: &str, number: usize): format!("{title}, n°\u{a0}{number}"), format!("{title}, no. {number}");
}
