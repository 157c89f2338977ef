//! A citizen and an adviser who speak with each other, each in a browser with a camera and a
//! microphone, over three real nodes.

use anyhow::Result;

use crate::browser::Browser;
use crate::pages;
use crate::performer::Performer;
use crate::village::Village;

/// What the citizen touches to answer.
pub const ANSWER: &str = "form[action='/call/answer'] button";
/// A page on which two people speak.
pub const SPEAKING: &str = "#call[data-call=speaking]";

/// Both sides of the counter.
#[derive(Debug)]
pub struct Meeting {
    /// The nodes.
    pub village: Village,
    /// The citizen's page, at the case.
    pub kiosk: Browser,
    /// The adviser's page, at the desk.
    pub desk: Browser,
    /// The citizen's case.
    pub case: String,
}

impl Meeting {
    /// Opens both pages and begins a case; nobody waits yet. `name` begins the names of logs.
    pub async fn begin(name: &str, citizen: &Performer, adviser: &Performer) -> Result<Self> {
        Self::in_village(name, Village::running(name).await?, citizen, adviser).await
    }

    /// The same between the first kiosk and the first station of a village, which run.
    pub async fn in_village(
        name: &str,
        village: Village,
        citizen: &Performer,
        adviser: &Performer,
    ) -> Result<Self> {
        let names = ["kiosk", "desk"].map(|side| format!("{name}-{side}"));
        let kiosk = village.kiosks[0].browser_before(&names[0], citizen).await?;
        let desk = village.stations[0]
            .browser_before(&names[1], adviser)
            .await?;
        let start_url = village.stations[0].node()?.start_url.clone();
        pages::unlock(&desk, &start_url, village.adviser()).await?;
        let start_url = village.kiosks[0].node()?.start_url.clone();
        kiosk.open(&start_url).await?;
        let case = pages::begin(&kiosk, "caf", "housing").await?;
        Ok(Self {
            village,
            kiosk,
            desk,
            case,
        })
    }

    /// The citizen asks and the adviser takes the call; it waits for the citizen's answer.
    pub async fn ring(&self) -> Result<()> {
        pages::ask_for_an_adviser(&self.kiosk).await?;
        self.kiosk.until_there("#call[data-call=waiting]").await?;
        pages::take_next(&self.desk).await?;
        self.kiosk.until_there(ANSWER).await
    }

    /// The adviser hangs up, and goes back to the desk.
    pub async fn hang_up(&self) -> Result<()> {
        self.desk.click("form[action='/call/leave'] button").await?;
        for page in [&self.kiosk, &self.desk] {
            page.until_there("#call[data-call=none]").await?;
        }
        self.desk.click("a[href='/desk']").await?;
        self.desk.until("location.pathname === '/desk'").await?;
        Ok(())
    }
}
