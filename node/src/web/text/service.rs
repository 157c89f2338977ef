//! A service's page of information, in words.

use super::Lang;

texts! {
    all services;
    service_skip: "Aller aux papiers à apporter", "Skip to the papers to bring";
    service_how: "Comment cela se passe", "How it goes";
    service_bring: "Les papiers à apporter", "Papers to bring";
    service_bring_note: "Cochez ceux que vous avez. Rien n’en est gardé.", "Tick those you have. None of it is kept.";
    service_missing: "Il vous manque des papiers ?", "Some papers are missing?";
    service_missing_note: "Commencez quand même : rien n’est perdu, vous les ajouterez plus tard.", "Start anyway: nothing is lost, you can add them later.";
    service_privacy: "Qui lit, et pourquoi", "Who reads it, and why";
}

sentences! {
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
}
