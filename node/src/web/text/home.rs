//! The kiosk's home, in words.

use super::Lang;

texts! {
    all homes;
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
    home_forgets: "Quand vous partez, la borne oublie tout.", "When you leave, the kiosk forgets everything.";
    home_add: "Ajouter un service à votre visite", "Add a service to your visit";
}
