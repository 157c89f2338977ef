//! What the browser of a station keeps on its disk: nothing of the people whose cases it showed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::{Browser, Setup, Size};
use guichet_tests::canary::{Canary, Search};
use guichet_tests::pages;
use guichet_tests::village::Village;
use serde_json::json;

/// A browser writes what it keeps a little later.
const SOON: Duration = Duration::from_secs(2);

/// A browser at the station, set up as people have it: it keeps a history, and more where it may.
async fn browser(village: &Village, name: &str) -> Browser {
    let setup = Setup {
        keeps: true,
        ..Setup::default()
    };
    let place = &village.stations[0].place;
    let page = Browser::start_with(place, name, Size::DESK, setup);
    page.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_title_or_form_of_a_desk_leaves_a_name_on_the_disk() {
    let village = Village::running("station-browser").await.unwrap();
    let name = Canary::new("the person's name").unwrap();
    let words = Canary::new("what they wrote").unwrap();
    let search = Search::new(&[name.clone(), words.clone()]).unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let case = kiosk.begin("caf", "housing").await.unwrap();
    kiosk.set(&case, "last_name", name.word()).await.unwrap();
    kiosk.say(&case, words.word()).await.unwrap();

    let desk = browser(&village, "station-browser").await;
    let start_url = village.stations[0].node().unwrap().start_url.clone();
    pages::unlock(&desk, &start_url, village.adviser())
        .await
        .unwrap();
    kiosk.join_queue(&case).await.unwrap();
    desk.until("document.title.startsWith('●')").await.unwrap();
    desk.until_shown("#next", name.word()).await.unwrap();
    desk.fill("#search", name.word()).await.unwrap();
    desk.enter("#search").await.unwrap();
    desk.until_shown("#found", name.word()).await.unwrap();
    pages::take_up(&desk, &case).await.unwrap();
    desk.until_shown("#messages", words.word()).await.unwrap();
    desk.until_shown("h1", name.word()).await.unwrap();
    tokio::time::sleep(SOON).await;
    let profile = desk.quit().await.unwrap();
    let found = search.folder(profile.path()).unwrap();
    assert!(found.is_empty(), "{found:?}");

    // A page that names her in its title and in its address.
    let desk = browser(&village, "station-control").await;
    let start_url = village.stations[0].node().unwrap().open().unwrap();
    desk.open(&start_url).await.unwrap();
    let named =
        "document.title = arguments[0]; history.pushState(null, '', '?search=' + arguments[1])";
    desk.run(named, &json!([name.word(), words.word()]))
        .await
        .unwrap();
    tokio::time::sleep(SOON).await;
    let profile = desk.quit().await.unwrap();
    let found = search.folder(profile.path()).unwrap();
    assert!(search.missing(&found).is_empty(), "the control: {found:?}");
}
