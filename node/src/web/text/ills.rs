//! What is not as it should be on a machine, in words.

use super::Lang;

texts! {
    all ills;
    to_do: "À faire", "To do";
    nothing_to_do: "Rien à faire", "Nothing to do";
    nothing_to_do_note: "Tout marche sur cette machine.", "Everything works on this machine.";
    ill_disk_full: "Le disque est plein", "The disk is full";
    ill_disk_full_do: "Rien de nouveau n’est accepté ; ce qui est gardé reste lisible. Faites de la place sur le disque : le nœud reprend seul.", "Nothing new is accepted; what is kept stays readable. Make room on the disk: the node goes on by itself.";
    ill_disk_failed: "Le disque a refusé d’écrire", "The disk refused to write";
    ill_disk_failed_do: "Ce qui est gardé reste lisible. Vérifiez le disque, puis redémarrez le nœud.", "What is kept stays readable. Check the disk, then restart the node.";
    ill_unreadable: "Une chose gardée ne se lit plus", "Something that was kept does not read any more";
    ill_unreadable_do: "Vérifiez le disque, puis redémarrez le nœud : il garde tout ce qui se lit et redemande aux autres ce que son journal a perdu.", "Check the disk, then restart the node: it keeps all that reads and asks the others for what its journal has lost.";
    ill_pages_do: "Ce qui est abîmé est redemandé aux autres machines, et revient de lui-même si l’une d’elles l’a. Sinon, redemandez le document à la personne. Vérifiez le disque.", "What is damaged is asked for from the other machines, and comes back by itself if one of them has it. If not, ask the person for the document again. Check the disk.";
    ill_vault: "Un coffre ne se lit pas", "A vault does not read";
    ill_vault_do: "La personne à qui il est ne peut pas travailler à ce poste. Remettez ce fichier d’une copie, puis redémarrez le nœud.", "Whose vault it is cannot work at this station. Put the file back from a copy, then restart the node.";
    ill_repaired: "Réparé au démarrage", "Repaired at start";
    ill_lost_do: "Une partie de ce qui était enregistré ici ne se lit plus. Ce que d’autres ont reçu leur est redemandé ; ce qui n’était pas encore parti est perdu. Vérifiez le disque.", "Part of what was saved here does not read any more. What others have received is asked for again; what had not left yet is lost. Check the disk.";
    ill_repaired_do: "Rien de confirmé n’a été perdu. Si cela revient, vérifiez le disque.", "Nothing acknowledged was lost. If it comes back, check the disk.";
    ill_keys_in_file: "Clés protégées par un fichier seulement", "Keys protected by a file only";
    ill_keys_in_file_do: "Donnez à ce nœud un secret du système (TPM ou systemd-creds) pour les sceller mieux.", "Give this node a secret of the system (TPM or systemd-creds) to seal them better.";
    ill_credential_do: "Le nœud marche encore. Délivrez un nouveau certificat depuis l’autorité du réseau.", "The node still works. Issue a new credential from the network’s authority.";
    ill_clock_do: "Mettez-la à l’heure et réglez-la sur le réseau (NTP). Rien n’est perdu, mais les heures écrites ici sont fausses.", "Set it, and have it kept right over the network (NTP). Nothing is lost, but the times written here are wrong.";
    ill_outbox_do: "Vérifiez la ligne de cette machine, puis celle du relais et du service.", "Check the line of this machine, then that of the relay and the service.";
    flood_do: "Ce qui vient d’elle attend son tour ; les autres n’attendent pas. Si cela revient, faites vérifier cette machine.", "What it sends waits for its turn; the others do not wait. If it happens again, have that machine checked.";
}

sentences! {
    ill_credential(days: u64): match days {
        0 | 1 => format!("Certificat expiré depuis {days} jour"),
        _ => format!("Certificat expiré depuis {days} jours"),
    }, match days {
        1 => "Credential expired 1 day ago".to_owned(),
        _ => format!("Credential expired {days} days ago"),
    };
    ill_pages(pages: u64): match pages {
        0 | 1 => format!("{pages} page de document abîmée sur le disque"),
        _ => format!("{pages} pages de documents abîmées sur le disque"),
    }, match pages {
        1 => "1 page of a document is damaged on the disk".to_owned(),
        _ => format!("{pages} pages of documents are damaged on the disk"),
    };
    ill_clock_behind(by: &str): format!("L’horloge de cette machine retarde d’au moins {by}"), format!("The clock of this machine is at least {by} slow");
    ill_clock_ahead(by: &str): format!("L’horloge de cette machine avance d’au moins {by}"), format!("The clock of this machine is at least {by} fast");
    flood(name: &str): format!("{name} envoie plus que ce nœud ne peut prendre"), format!("{name} sends more than this node can take");
    flood_lately(moment: &str): format!("Vu pour la dernière fois : {moment}"), format!("Last seen: {moment}");
    ill_outbox(hours: u64): format!("Un envoi attend depuis {hours} h"), format!("Something has waited {hours} h to leave");
}
