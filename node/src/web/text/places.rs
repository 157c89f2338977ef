//! Times of places, in words.

use super::Lang;

texts! {
    all places;
    summer_time: "heure d’été", "summer time";
    winter_time: "heure d’hiver", "winter time";
    time_la_reunion: "heure de La Réunion", "Reunion time";
    time_guadeloupe: "heure de la Guadeloupe", "Guadeloupe time";
    time_martinique: "heure de la Martinique", "Martinique time";
    time_saint_martin: "heure de Saint-Martin", "Saint Martin time";
    time_saint_barthelemy: "heure de Saint-Barthélemy", "Saint Barts time";
    time_guyane: "heure de la Guyane", "French Guiana time";
    time_saint_pierre: "heure de Saint-Pierre-et-Miquelon", "Saint Pierre and Miquelon time";
    time_nouvelle_caledonie: "heure de la Nouvelle-Calédonie", "New Caledonia time";
    time_wallis: "heure de Wallis-et-Futuna", "Wallis and Futuna time";
    time_marquises: "heure des Marquises", "Marquesas time";
    time_gambier: "heure des Gambier", "Gambier time";
}

sentences! {
    time_elsewhere(place: &str): format!("heure de {place}"), format!("{place} time");
}

impl Lang {
    /// The time of a zone of the IANA database, as people there call it.
    pub(in crate::web) fn time_of(self, zone: &str) -> String {
        let named = match zone {
            "Indian/Reunion" => self.time_la_reunion(),
            "America/Guadeloupe" => self.time_guadeloupe(),
            "America/Martinique" => self.time_martinique(),
            "America/Marigot" => self.time_saint_martin(),
            "America/St_Barthelemy" => self.time_saint_barthelemy(),
            "America/Cayenne" => self.time_guyane(),
            "America/Miquelon" => self.time_saint_pierre(),
            "Pacific/Noumea" => self.time_nouvelle_caledonie(),
            "Pacific/Wallis" => self.time_wallis(),
            "Pacific/Marquesas" => self.time_marquises(),
            "Pacific/Gambier" => self.time_gambier(),
            other => {
                let place = other.rsplit('/').next().unwrap_or(other);
                return self.time_elsewhere(&place.replace('_', " "));
            }
        };
        named.to_owned()
    }
}
