//! What of the settings fits a scanner, judged by the options that it lists.
//!
//! SANE leaves it to each driver how a mode is called and which options there are: one knows
//! `Color`, another `24bit Color[Fast]`, a third has no resolution to choose. What a scanner does
//! not list it refuses, and it would refuse every sheet.

/// What a scanner lists of the options that are used here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// Its modes, in its order.
    pub modes: Vec<String>,
    /// The mode that it takes by itself.
    pub default_mode: Option<String>,
    /// Whether a resolution can be chosen.
    pub resolution: bool,
    /// Whether a width can be chosen.
    pub width: bool,
    /// Whether a height can be chosen.
    pub height: bool,
}

/// How the mode of the settings fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModeFit {
    /// The scanner lists it, or none was set.
    AsSet,
    /// The scanner calls it so.
    Instead(String),
    /// The scanner has only these; it is left to it.
    Unknown(Vec<String>),
}

impl Listed {
    /// Reads what `scanimage --all-options` writes: an option a line, its values parted by `|`, the
    /// present one behind them in brackets.
    pub fn read(text: &str) -> Self {
        let mut listed = Self::default();
        for line in text.lines() {
            let (option, values) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            if values.ends_with("[inactive]") {
                continue;
            }
            match option {
                "--mode" => (listed.modes, listed.default_mode) = modes(values),
                "--resolution" => listed.resolution = true,
                "-x" => listed.width = true,
                "-y" => listed.height = true,
                _ => {}
            }
        }
        listed
    }

    /// How a mode fits that is not `refused`: by its name, else by its word in another name, the
    /// scanner's own choice first.
    pub fn mode(&self, wanted: &str, refused: Option<&str>) -> ModeFit {
        if wanted.is_empty() {
            return ModeFit::AsSet;
        }
        let modes = self
            .modes
            .iter()
            .filter(|mode| Some(mode.as_str()) != refused);
        let lower = wanted.to_lowercase();
        let same = modes.clone().find(|mode| mode.to_lowercase() == lower);
        if same.is_some_and(|mode| mode == wanted) {
            return ModeFit::AsSet;
        }
        let mut near: Vec<&String> = modes
            .filter(|mode| mode.to_lowercase().contains(&lower))
            .collect();
        near.sort_by_key(|mode| Some(*mode) != self.default_mode.as_ref());
        match same.or(near.first().copied()) {
            Some(mode) => ModeFit::Instead(mode.clone()),
            None => ModeFit::Unknown(self.modes.clone()),
        }
    }
}

/// The values and the present one. A value may hold brackets itself, and spaces: the present one is
/// where both sides of the bracket agree.
fn modes(values: &str) -> (Vec<String>, Option<String>) {
    let list = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
    for (at, _) in values.match_indices(" [") {
        let modes = list(&values[..at]);
        let present = values[at + 2..].strip_suffix(']').unwrap_or_default();
        if modes.iter().any(|mode| mode == present) {
            return (modes, Some(present.to_owned()));
        }
    }
    let all = values.rsplit_once(" [").map_or(values, |(all, _)| all);
    (list(all), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROTHER: &str = "
All options specific to device `brother4:bus1;dev1':
    Mode:
        --mode Black & White|Gray[Error Diffusion]|True Gray|24bit Color|24bit Color[Fast] [24bit Color[Fast]]
            Select the scan mode
        --resolution 100|150|200|300|400|600|1200dpi [200]
            Sets the resolution of the scanned image.
        --source FlatBed|Automatic Document Feeder(left aligned) [FlatBed]
    Geometry:
        -l 0..215.9mm (in steps of 0.0999908) [0]
        -x 0..215.9mm (in steps of 0.0999908) [215.88]
        -y 0..297mm (in steps of 0.0999908) [inactive]
";

    #[test]
    fn the_list_of_a_scanner_is_read() {
        let listed = Listed::read(BROTHER);
        let modes = [
            "Black & White",
            "Gray[Error Diffusion]",
            "True Gray",
            "24bit Color",
            "24bit Color[Fast]",
        ];
        assert_eq!(listed.modes, modes);
        assert_eq!(listed.default_mode.as_deref(), Some("24bit Color[Fast]"));
        assert_eq!(
            (listed.resolution, listed.width, listed.height),
            (true, true, false)
        );
        let plain = Listed::read("    --mode Gray|Color [Gray]\n");
        assert_eq!((plain.modes.len(), plain.resolution), (2, false));
        for nothing in [
            "",
            "--mode",
            "    --mode Gray|Color [inactive]\n",
            "\0\u{fffd}",
        ] {
            assert_eq!(Listed::read(nothing).default_mode, None, "{nothing}");
        }
    }

    #[test]
    fn a_mode_is_found_by_its_name_then_by_its_word() {
        let brother = Listed::read(BROTHER);
        let instead = |mode: &str| ModeFit::Instead(mode.to_owned());
        assert_eq!(brother.mode("Color", None), instead("24bit Color[Fast]"));
        assert_eq!(
            brother.mode("Color", Some("24bit Color[Fast]")),
            instead("24bit Color")
        );
        assert_eq!(brother.mode("24bit Color", None), ModeFit::AsSet);
        assert_eq!(brother.mode("true gray", None), instead("True Gray"));
        assert_eq!(brother.mode("", None), ModeFit::AsSet);
        let unknown = ModeFit::Unknown(brother.modes.clone());
        assert_eq!(brother.mode("Couleur", None), unknown);
        let none = Listed::default();
        assert_eq!(none.mode("Color", None), ModeFit::Unknown(Vec::new()));
    }

    #[test]
    fn no_list_of_a_scanner_ends_who_reads_it() {
        crate::hostile::drive_text(&[BROTHER], |text| {
            let listed = Listed::read(text);
            let _fits = listed.mode("Color", None);
            listed.modes.len() == 5
        });
    }
}
