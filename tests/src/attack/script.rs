//! What a script may send that no page would: line ends of another system in a text area.

use anyhow::Result;

use super::Judge;
use crate::script::Script;
use crate::village::Village;

const WORDS: &str = "Seule,\r\ndeux enfants.\r";

/// A script puts them; then somebody goes on typing behind them.
pub async fn line_ends(judge: &mut Judge) -> Result<()> {
    let name = format!("attack-{}", judge.attack());
    let mut village = Village::new(&name, 1, 0)?;
    village.kiosks[0].start().await?;
    let kiosk: Script = village.kiosks[0].script()?;
    let case = kiosk.begin("caf", "housing").await?;
    kiosk.splice(&case, "situation", 0, WORDS).await?;
    let stands = kiosk.values(&case, "situation").await?.concat();
    let saw = format!("{stands:?}");
    judge.expect(
        "no carriage return stands in it",
        !stands.contains('\r'),
        saw,
    );
    let end = stands.encode_utf16().count();
    let typed = kiosk.splice(&case, "situation", end, "Merci.").await;
    let stands = kiosk.values(&case, "situation").await?.concat();
    let held = typed.is_ok() && stands.ends_with("Merci.") && stands.starts_with("Seule,\n");
    judge.expect("typing goes on behind it", held, format!("{stands:?}"));
    Ok(())
}
