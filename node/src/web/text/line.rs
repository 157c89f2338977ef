//! The ways to other machines, in words.

use super::Lang;

texts! {
    all lines;
    presence_tcp: "En ligne, directement (TCP)", "Online, directly (TCP)";
    presence_quic: "En ligne, directement (QUIC)", "Online, directly (QUIC)";
    presence_away: "Absente", "Away";
    presence_never: "Jamais vue", "Never seen";
    col_round_trip: "Aller-retour", "Round trip";
    link_title: "L’appel en cours", "The call under way";
    link_with: "Avec", "With";
    link_connecting: "Les deux machines se cherchent", "The two machines look for each other";
    link_live: "L’image et le son passent", "Picture and sound pass";
    link_interrupted: "Rien n’arrive", "Nothing arrives";
    link_path: "Chemin", "Path";
    link_direct: "Direct (UDP)", "Direct (UDP)";
    link_none: "Aucun pour le moment", "None at the moment";
    link_lost_sent: "Perdu à l’aller", "Lost on the way there";
    link_lost_received: "Perdu au retour", "Lost on the way here";
    link_estimate: "Débit estimé de la ligne", "Estimated rate of the line";
    link_sent: "Envoyé", "Sent";
    link_received: "Reçu", "Received";
    not_measured: "Pas encore mesuré", "Not measured yet";
}

sentences! {
    presence_relayed(relay: &str): format!("En ligne, par {relay}"), format!("Online, through {relay}");
    milliseconds(ms: u64): format!("{ms} ms"), format!("{ms} ms");
    kilobits(kbit_s: u64): format!("{kbit_s} kbit/s"), format!("{kbit_s} kbit/s");
    permille(lost: u32): format!("{},{} %", lost / 10, lost % 10), format!("{}.{} %", lost / 10, lost % 10);
}
