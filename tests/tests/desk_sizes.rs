//! At the desk everything that can be done with a row is in sight and large enough to be touched,
//! at every size of text and on a small screen as well.

use guichet_tests::browser::{Browser, Size};
use guichet_tests::gallery::{Gallery, Look};
use guichet_tests::network::Place;
use serde_json::json;

/// What lies beside its box or under something else, and what is too small for a finger.
const CHECK: &str = "
    const rows = '.desk .table tbody';
    const actions = [...document.querySelectorAll(`${rows} td:last-child :is(a, button):not(form[popover] *)`)];
    const links = [...document.querySelectorAll(`${rows} th a`)];
    const told = (it) => `${it.innerText.trim()} (${Math.round(it.getBoundingClientRect().height)} px)`;
    const unseen = (it) => {
        it.scrollIntoView({ block: 'center', inline: 'nearest' });
        it.closest('.scroll').scrollLeft = 0;
        const { left, right, top, bottom } = it.getBoundingClientRect();
        return [left + 2, right - 2].some((x) => {
            const seen = document.elementFromPoint(x, (top + bottom) / 2);
            return !(it === seen || it.contains(seen));
        });
    };
    const small = (it) => it.getBoundingClientRect().height < 44;
    return {
        count: actions.length,
        links: links.length,
        unseen: actions.filter(unseen).map(told),
        small: [...actions, ...links].filter(small).map(told),
    };";

#[tokio::test(flavor = "multi_thread")]
async fn every_action_of_the_desk_is_in_sight_at_every_size() {
    let gallery = Gallery::open().unwrap();
    let mut rooms = gallery.rooms.iter();
    let room = rooms
        .find(|room| room.role == "station" && room.scene == "waiting")
        .unwrap();
    let browser = Browser::start(&Place::here(), "desk-sizes", Size::SCREEN)
        .await
        .unwrap();
    browser.open(&room.start_url).await.unwrap();
    for size in [Size::SCREEN, Size::DESK, Size::SMALL] {
        browser.resize(size).await.unwrap();
        for text in ["normal", "large", "xlarge"] {
            let look = Look {
                size: text,
                ..Look::FRENCH
            };
            room.prefer(&browser, look).await.unwrap();
            browser.open(&room.address("/desk")).await.unwrap();
            let found = browser.run(CHECK, &json!([])).await.unwrap();
            let at = format!("{text} text at {size:?}: {found}");
            assert!(
                found["count"].as_u64() > Some(4) && found["links"].as_u64() > Some(2),
                "{at}"
            );
            assert_eq!(found["unseen"], json!([]), "{at}");
            assert_eq!(found["small"], json!([]), "{at}");
        }
    }
}
