//! The state of a node, in words.

use super::Lang;

texts! {
    all statuses;
    status_skip: "Aller à l’état", "Skip to the status";
    status_now: "En ce moment", "Right now";
    members: "Machines du réseau", "Machines of the network";
    members_online: "Machines en ligne", "Machines online";
    members_none: "Ce nœud ne connaît encore aucune autre machine.", "This node knows no other machine yet.";
    stored_sealed: "Objets scellés gardés", "Sealed things kept";
    stored_pages: "Pages de documents", "Document pages";
    stored_bytes: "Place occupée", "Space used";
    outbox: "En attente d’envoi", "Waiting to be sent";
    outbox_none: "Rien n’attend", "Nothing waits";
    col_machine: "Machine", "Machine";
    col_role: "Rôle", "Role";
    col_line: "Ligne", "Line";
    col_since: "Depuis", "Since";
    col_waiting: "À lui envoyer", "To be sent to it";
    role_kiosk: "Borne", "Kiosk";
    role_station: "Poste", "Station";
    role_relay: "Relais", "Relay";
    sealed_title: "Ce que ce nœud voit", "What this node sees";
    sealed_note: "Données scellées : un relais voit quelles machines échangent, quand et combien, jamais ce qu’elles disent.", "Sealed data: a relay sees which machines talk, when and how much, never what they say.";
    kinds_kept: "Gardé sur ce disque", "Kept on this disk";
    kind_statements: "Faits du réseau", "Network facts";
    kind_edits: "Lots de changements", "Batches of changes";
    kind_acts: "Actes", "Acts";
    kind_receipts: "Reçus", "Receipts";
    self_updating: "La page se met à jour seule.", "This page updates by itself.";
}

sentences! {
    outbox_waits(items: u64): match items {
        0 => "Tout est parti".to_owned(),
        1 => "1 envoi attend la ligne".to_owned(),
        _ => format!("{items} envois attendent la ligne"),
    }, match items {
        0 => "Everything has left".to_owned(),
        1 => "1 thing waits for the line".to_owned(),
        _ => format!("{items} things wait for the line"),
    };
    oldest(time: &str): format!("Le plus ancien : {time}"), format!("The oldest: {time}");
    free(size: &str): format!("{size} libres"), format!("{size} free");
    running_since(time: &str): format!("En service depuis le {time}"), format!("Running since {time}");
    version(version: &str): format!("Version {version}"), format!("Version {version}");
    measured(time: &str): format!("Mesuré à {time}."), format!("Measured at {time}.");
    stretch(seconds: u64): match seconds {
        0..3600 => format!("{}\u{a0}min", seconds / 60),
        3600..172_800 => format!("{}\u{a0}h", seconds / 3600),
        _ => format!("{}\u{a0}jours", seconds / 86_400),
    }, match seconds {
        0..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    };
}
