//! Waiting, being called and speaking, in words.

use super::Lang;

texts! {
    all calls;
    // The reception of a service
    reception_free: "Un conseiller est libre", "An adviser is free";
    reception_free_note: "Vous pouvez lui parler maintenant", "You can speak with them now";
    reception_busy: "Les conseillers sont tous en appel", "All advisers are in calls";
    reception_busy_note: "Prenez votre tour, ou préparez votre demande", "Take your place, or prepare your request";
    reception_nobody: "Pas de conseiller en ce moment", "No adviser just now";
    reception_nobody_note: "Laissez votre demande : le service la reçoit", "Leave your request: the service receives it";
    reception_cut_note: "Votre tour est gardé ici, et compte dès qu’elle revient", "Your place is kept here, and counts as soon as it is back";
    // Asking for an adviser
    talk_title: "Avec un conseiller", "With an adviser";
    talk_do: "Parler à un conseiller", "Speak with an adviser";
    talk_lang: "Langue souhaitée", "Language wanted";
    talk_mode: "Comment préférez-vous échanger ?", "How would you like to talk?";
    mode_voice: "À la voix", "By voice";
    mode_writing: "Par écrit", "In writing";
    // How the last call ended
    ended_left: "Vous avez quitté l’appel ou la file.", "You have left the call or the queue.";
    ended_hung_up: "Le conseiller a terminé l’appel.", "The adviser has ended the call.";
    ended_missed: "Un conseiller vous a appelé, sans réponse.", "An adviser called you and nobody answered.";
    ended_unreachable: "L’appel n’a pas pu se faire.", "The call could not be made.";
    ended_passed: "L’appel a changé de conseiller.", "The call went to another adviser.";
    ended_kept: "Tout est gardé. Vous pouvez reprendre un tour.", "Everything is kept. You can take a place again.";
    desk_ended_left: "Vous avez terminé l’appel.", "You have ended the call.";
    desk_ended_hung_up: "La personne a terminé l’appel.", "The person has ended the call.";
    desk_ended_missed: "Personne n’a répondu à la borne.", "Nobody answered at the kiosk.";
    desk_ended_unreachable: "La borne ne répond pas : la personne garde sa place.", "The kiosk cannot be reached: the person keeps their place.";
    desk_ended_restarted: "La borne s’est arrêtée : l’appel est fini, le dossier est gardé.", "The kiosk has stopped: the call is over, the case is kept.";
    desk_ended_passed: "Votre collègue a repris l’appel.", "Your colleague has taken over the call.";
    // Waiting
    wait_title: "Votre place dans la file", "Your place in the queue";
    wait_unknown: "Nous ne savons pas encore quand", "We do not know yet when";
    wait_no_place: "Nous ne savons pas encore votre place", "We do not know your place yet";
    wait_cut: "La ligne est coupée, nous gardons votre tour", "The line is down, we keep your place";
    wait_cut_note: "Il compte de nouveau dès que la ligne revient. Vous pouvez continuer le formulaire.", "It counts again as soon as the line is back. You can go on with the form.";
    wait_missed: "Un conseiller vient de vous appeler", "An adviser has just called you";
    wait_missed_note: "Vous gardez votre place. Encore un appel sans réponse, et elle est rendue.", "You keep your place. One more call without an answer, and it is given up.";
    wait_if_cut: "Et si la ligne se coupe ?", "What if the line breaks?";
    wait_if_cut_note: "Nous gardons votre tour et vous rappelons dès que la ligne revient.", "We keep your place and call you as soon as the line is back.";
    wait_no_time: "Vous ne pouvez pas attendre ?", "You cannot wait?";
    leave_message: "Laisser un message", "Leave a message";
    leave_queue: "Quitter la file", "Leave the queue";
    wait_signal: "À votre tour : un son, et tout l’écran s’éclaire trois fois.", "When it is your turn: a sound, and the whole screen lights up three times.";
    try_it: "Essayer", "Try it";
    try_signal: "Essayer le signal", "Try the signal";
    back_to_place: "Revenir à ma place", "Back to my place";
    // Camera, microphone, sound
    check_title: "Votre image et votre son", "Your picture and sound";
    check_again: "Essayer de nouveau", "Try again";
    camera_asking: "La caméra s’ouvre…", "The camera is opening…";
    camera_good: "Votre caméra donne une image", "Your camera gives a picture";
    camera_dark: "Votre image est très sombre : tournez-vous vers la lumière", "Your picture is very dark: turn towards the light";
    camera_still: "La caméra ne donne pas d’image : vérifiez-la, ou choisissez-en une autre", "The camera gives no picture: check it, or choose another";
    camera_refused: "La caméra est refusée : permettez-la dans le navigateur, ou continuez sans image", "The camera is refused: allow it in the browser, or go on without a picture";
    camera_missing: "Pas de caméra ici : on vous entendra sans vous voir", "No camera here: you will be heard without being seen";
    camera_busy: "Un autre programme tient la caméra : fermez-le, ou continuez sans image", "Another program holds the camera: close it, or go on without a picture";
    camera_unable: "Ce navigateur ne donne pas accès à la caméra : continuez par écrit", "This browser gives no access to the camera: go on in writing";
    microphone_asking: "Le micro s’ouvre…", "The microphone is opening…";
    microphone_quiet: "Micro ouvert : dites quelques mots pour l’essayer", "Microphone open: say a few words to try it";
    microphone_good: "Votre micro vous entend", "Your microphone hears you";
    microphone_refused: "Le micro est refusé : permettez-le dans le navigateur, ou continuez par écrit", "The microphone is refused: allow it in the browser, or go on in writing";
    microphone_missing: "Pas de micro ici : continuez par écrit, le conseiller lit vos messages", "No microphone here: go on in writing, the adviser reads your messages";
    microphone_busy: "Un autre programme tient le micro : fermez-le, ou continuez par écrit", "Another program holds the microphone: close it, or go on in writing";
    microphone_unable: "Ce navigateur ne donne pas accès au micro : continuez par écrit", "This browser gives no access to the microphone: go on in writing";
    sound_try: "Essayer le son", "Try the sound";
    sound_played: "Trois notes ont été jouées. Rien entendu ? Montez le son, ou choisissez une autre sortie.", "Three notes were played. Heard nothing? Turn the sound up, or choose another output.";
    sound_held: "Le navigateur retient le son.", "The browser holds the sound back.";
    sound_on: "Activer le son", "Turn the sound on";
    devices_choose: "Autre caméra, micro ou son", "Other camera, microphone or sound";
    device_camera: "Caméra", "Camera";
    device_microphone: "Micro", "Microphone";
    device_speaker: "Haut-parleur", "Speaker";
    device_default: "Comme la machine", "As the machine";
    // Being called
    ring_title: "On vous appelle", "You are being called";
    ring_privacy: "Qui traite vos données, et pourquoi", "Who processes your data, and why";
    ring_unseen: "Personne ne vous voit ni ne vous entend avant « Répondre ».", "Nobody sees or hears you before “Answer”.";
    answer: "Répondre", "Answer";
    not_now: "Pas maintenant", "Not now";
    not_now_note: "« Pas maintenant » vous fait quitter la file ; votre demande reste enregistrée.", "“Not now” takes you out of the queue; your request stays saved.";
    // Speaking
    call: "Appel vidéo", "Video call";
    call_commands: "Commandes de l’appel", "Commands of the call";
    picture_adviser: "Image du conseiller", "Picture of the adviser";
    picture_person: "Image de la personne", "Picture of the person";
    picture_own: "Votre image, comme dans un miroir", "Your picture, as in a mirror";
    picture_own_off: "Votre caméra est coupée", "Your camera is off";
    microphone_on: "Micro ouvert", "Microphone on";
    microphone_off: "Micro coupé", "Microphone off";
    microphone_paused: "Micro en pause", "Microphone paused";
    camera_on: "Caméra ouverte", "Camera on";
    camera_off: "Caméra coupée", "Camera off";
    camera_paused: "Caméra en pause", "Camera paused";
    microphone_none_here: "Pas de micro", "No microphone";
    camera_none_here: "Pas de caméra", "No camera";
    microphone_gone: "Le micro n’est plus là. Branchez-le, ou un autre : il est repris tout seul.", "The microphone is gone. Plug it in, or another: it is taken by itself.";
    camera_gone: "La caméra n’est plus là. Branchez-la, ou une autre : elle est reprise toute seule.", "The camera is gone. Plug it in, or another: it is taken by itself.";
    their_microphone_off: "Pas de son", "No sound";
    hang_up: "Raccrocher", "Hang up";
    call_connecting: "L’image et le son arrivent…", "Picture and sound are coming…";
    call_cut: "La ligne est coupée. Tout est gardé.", "The line is down. Everything is kept.";
    call_cut_meanwhile: "Le formulaire et les messages restent ouverts.", "The form and the messages stay open.";
    back_to_call: "Revenir à l’appel", "Back to the call";
    // At the desk
    queue_title: "File d’attente", "Queue";
    queue_skip: "Aller à la file d’attente", "Skip to the queue";
    queue_order: "Ordre d’arrivée, toutes bornes. Une visite coupée garde son tour.", "Order of arrival, all kiosks. A visit that was cut keeps its place.";
    queue_none: "Personne n’attend", "Nobody is waiting";
    queue_none_note: "Qui demande un conseiller à une borne paraît ici, dans l’ordre d’arrivée.", "Whoever asks for an adviser at a kiosk appears here, in the order of arrival.";
    queue_cut: "La ligne est coupée : c’est la file d’avant. Elle se met à jour dès que la ligne revient.", "The line is down: this is the queue as it was. It is brought up to date as soon as the line is back.";
    col_order: "Ordre", "Order";
    col_exchange: "Échange", "Exchange";
    col_waited: "Attente", "Waited";
    exchange_voice: "Voix", "Voice";
    exchange_writing: "Écrit", "Writing";
    queue_line_good: "Bonne", "Good";
    queue_line_cut: "Coupée", "Down";
    someone: "Une personne", "Somebody";
    case_coming: "Dossier pas encore arrivé", "Case not here yet";
    in_call: "en appel", "in a call";
    turn_mine: "Avec vous", "With you";
    take_call: "Prendre l’appel", "Take the call";
    take: "Prendre", "Take";
    take_before: "Avant son tour…", "Before their turn…";
    take_before_title: "Prendre cette personne avant les autres", "Take this person before the others";
    take_why: "Pourquoi maintenant ?", "Why now?";
    take_why_note: "La raison est gardée avec l’appel. Les autres gardent leur ordre.", "The reason is kept with the call. The others keep their order.";
    cancel: "Annuler", "Cancel";
    availability: "Disponibilité", "Availability";
    availability_free: "Disponible", "Available";
    availability_busy: "En appel", "In a call";
    availability_away: "En pause", "Away";
    attend: "Je suis là", "I am here";
    attend_not: "Faire une pause", "Take a break";
    away_title: "Vous êtes en pause", "You are away";
    away_note: "Aucun appel ne vous est proposé.", "No call is offered to you.";
    busy_title: "Vous êtes en appel", "You are in a call";
    colleagues: "Collègues", "Colleagues";
    colleagues_none: "Aucun collègue de vos services n’est en ligne.", "No colleague of your services is online.";
    desk_ringing_note: "La personne répond quand elle est prête. Elle ne vous voit pas encore.", "The person answers when they are ready. They do not see you yet.";
    ring_stop: "Annuler l’appel", "Cancel the call";
    desk_cut_meanwhile: "L’appel reprend seul dès que la ligne revient. Tout ce qui s’écrit est gardé.", "The call goes on by itself as soon as the line is back. All that is written is kept.";
    pass: "Passer à un collègue", "Hand over";
    pass_how: "Vous restez en ligne jusqu’à ce que votre collègue prenne l’appel.", "You stay on the line until your colleague takes the call.";
    pass_none: "Aucun collègue de ce service n’est libre pour l’instant.", "No colleague of this service is free just now.";
    case_of_call: "Dossier de l’appel", "Case of the call";
    desk_sound_held: "Le navigateur retient le son : vous n’entendrez pas qui arrive.", "The browser holds the sound back: you will not hear who arrives.";
    information: "Informations", "Information";
    kiosk_cut_note: "Ce que vous écrivez lui parviendra ensuite.", "What you write will reach it afterwards.";
    call_cut_adviser: "La ligne du conseiller est coupée. Tout est gardé.", "The adviser’s line is down. Everything is kept.";
    call_cut_kiosk: "La ligne de la borne est coupée. Tout est gardé.", "The kiosk’s line is down. Everything is kept.";
    call_quiet: "L’image et le son n’arrivent plus. Tout est gardé.", "Picture and sound no longer arrive. Everything is kept.";
    desk_ended_declined: "La personne ne souhaite pas parler maintenant.", "The person does not wish to speak now.";
}

sentences! {
    of_service(named: &str): match named.split_once(' ') {
        Some(("le", rest)) => format!("du {rest}"),
        Some(("les", rest)) => format!("des {rest}"),
        Some(("la", rest)) => format!("de la {rest}"),
        _ => format!("de {named}"),
    }, format!("from {named}");
    ended_taken(name: &str): format!("{name} a déjà pris cette personne."), format!("{name} has already taken this person.");
    place_is(place: usize): match place {
        1 => "Vous êtes en tête de la file.".to_owned(),
        _ => format!("Vous êtes {place}e dans la file."),
    }, format!("You are {} in the queue.", nth(place));
    place_end(place: usize): match place {
        1 => "er".to_owned(),
        _ => "e".to_owned(),
    }, nth_end(place).to_owned();
    place_ahead(ahead: usize): match ahead {
        0 => "Personne n’est avant vous.".to_owned(),
        1 => "1 personne est avant vous.".to_owned(),
        _ => format!("{ahead} personnes sont avant vous."),
    }, match ahead {
        0 => "Nobody is before you.".to_owned(),
        1 => "1 person is before you.".to_owned(),
        _ => format!("{ahead} people are before you."),
    };
    place_advisers(advisers: usize): match advisers {
        0 => "Aucun conseiller n’est au guichet pour l’instant.".to_owned(),
        1 => "1 conseiller répond.".to_owned(),
        _ => format!("{advisers} conseillers répondent."),
    }, match advisers {
        0 => "No adviser is at the counter just now.".to_owned(),
        1 => "1 adviser answers.".to_owned(),
        _ => format!("{advisers} advisers answer."),
    };
    wait_minutes(from: u32, to: u32): match (from, to) {
        (0, 0 | 1) => "Moins d’une minute".to_owned(),
        (0, to) => format!("Moins de {to} minutes"),
        (1, 1) => "Environ une minute".to_owned(),
        (from, to) if from == to => format!("Environ {to} minutes"),
        (from, to) => format!("Entre {from} et {to} minutes"),
    }, match (from, to) {
        (0, 0 | 1) => "Less than a minute".to_owned(),
        (0, to) => format!("Less than {to} minutes"),
        (1, 1) => "About a minute".to_owned(),
        (from, to) if from == to => format!("About {to} minutes"),
        (from, to) => format!("Between {from} and {to} minutes"),
    };
    wait_for(service: &str): format!("{service} : vous attendez un conseiller"), format!("{service}: you are waiting for an adviser");
    ring_calls(name: &str, from: &str): format!("{name}, {from}, vous appelle"), format!("{name} {from} is calling you");
    ring_who(name: &str, named: &str): format!("{name} répond pour {named}. Vous allez vous voir et vous entendre."), format!("{name} answers for {named}. You will see and hear each other.");
    their_camera_off(name: &str): format!("{name} n’envoie pas d’image."), format!("{name} sends no picture.");
    the_camera_off(name: &str): format!("{name} : pas d’image."), format!("{name}: no picture.");
    call_cut_note(name: &str): format!("Nous rappelons {name} dès que la ligne revient. Vous n’avez rien à faire."), format!("We call {name} back as soon as the line is back. There is nothing to do.");
    since(time: &str): format!("Depuis {time}"), format!("Since {time}");
    waits(name: &str): format!("{name} vous attend"), format!("{name} is waiting for you");
    waits_title(name: &str): format!("{name} attend"), format!("{name} waits");
    waits_since(minutes: u64, place: &str): match minutes {
        0 => format!("Depuis moins d’une minute, {place}."),
        1 => format!("Depuis 1 minute, {place}."),
        _ => format!("Depuis {minutes} minutes, {place}."),
    }, match minutes {
        0 => format!("For less than a minute, {place}."),
        1 => format!("For 1 minute, {place}."),
        _ => format!("For {minutes} minutes, {place}."),
    };
    handed_by(name: &str): format!("{name} vous la passe."), format!("{name} hands them over to you.");
    minutes(minutes: u64): match minutes {
        0 => "< 1 min".to_owned(),
        _ => format!("{minutes} min"),
    }, match minutes {
        0 => "< 1 min".to_owned(),
        _ => format!("{minutes} min"),
    };
    people_wait(people: usize): match people {
        0 => "Personne n’attend.".to_owned(),
        1 => "1 personne attend.".to_owned(),
        _ => format!("{people} personnes attendent."),
    }, match people {
        0 => "Nobody is waiting.".to_owned(),
        1 => "1 person is waiting.".to_owned(),
        _ => format!("{people} people are waiting."),
    };
    turn_with(name: &str): format!("Avec {name}"), format!("With {name}");
    turn_handed(name: &str): format!("Passée par {name}"), format!("Handed over by {name}");
    in_call_with(kiosk: &str): format!("En appel, {kiosk}"), format!("In a call, {kiosk}");
    desk_ringing(kiosk: &str): format!("Cela sonne : {kiosk}"), format!("It rings: {kiosk}");
    passed_to(name: &str): format!("{name} va reprendre l’appel…"), format!("{name} is about to take over…");
    colleagues_online(free: usize): match free {
        0 => "Aucun de libre".to_owned(),
        1 => "1 est libre".to_owned(),
        _ => format!("{free} sont libres"),
    }, match free {
        0 => "None is free".to_owned(),
        1 => "1 is free".to_owned(),
        _ => format!("{free} are free"),
    };
    documents_count(documents: usize): match documents {
        0 | 1 => format!("{documents} document"),
        _ => format!("{documents} documents"),
    }, match documents {
        1 => "1 document".to_owned(),
        _ => format!("{documents} documents"),
    };
    kiosk_cut(when: &str): format!("Ligne de la borne coupée {when}"), format!("The kiosk’s line is down, cut {when}");
}

fn nth(place: usize) -> String {
    format!("{place}{}", nth_end(place))
}

fn nth_end(place: usize) -> &'static str {
    match (place % 10, place % 100) {
        (1, 1 | 21..) => "st",
        (2, 2 | 22..) => "nd",
        (3, 3 | 23..) => "rd",
        _ => "th",
    }
}

/// The languages that a citizen may wish for, each in its own words. The wish goes to the desk;
/// whether an adviser speaks it is not known here.
pub(in crate::web) const LANGUAGES: [(&str, &str); 7] = [
    ("fr", "Français"),
    ("en", "English"),
    ("ar", "العربية"),
    ("de", "Deutsch"),
    ("pt", "Português"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_in_the_middle_of_a_sentence() {
        let from = |named| Lang::Fr.of_service(named);
        assert_eq!(from("la CAF"), "de la\u{a0}CAF");
        assert_eq!(from("le conseil énergie"), "du\u{a0}conseil énergie");
        assert_eq!(from("les impôts"), "des\u{a0}impôts");
        assert_eq!(from("l’Assurance Maladie"), "de l’Assurance Maladie");
        assert_eq!(from("France Travail"), "de France Travail");
    }

    #[test]
    fn places_are_counted_in_english_too() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111].map(nth).to_vec();
        let expected = "1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 101st 111th";
        assert_eq!(said.join(" "), expected);
    }

    #[test]
    fn a_wait_is_a_range_and_never_a_false_minute() {
        assert_eq!(Lang::Fr.wait_minutes(10, 15), "Entre 10 et 15\u{a0}minutes");
        assert_eq!(Lang::Fr.wait_minutes(5, 5), "Environ 5\u{a0}minutes");
        assert_eq!(Lang::En.wait_minutes(0, 3), "Less than 3\u{a0}minutes");
    }
}
