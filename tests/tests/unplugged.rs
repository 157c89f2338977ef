//! Cameras and microphones that are chosen, that go, and that come back: what is sent is what was
//! chosen, what is not there is said to be so on both sides, and nobody has to press anything.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::{Browser, Setup, Size};
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::pages;
use guichet_tests::performer::Performer;
use guichet_tests::village::Village;
use serde_json::{Value, json};

const CITIZEN: Performer = Performer::CITIZEN;
const ADVISER: Performer = Performer::ADVISER;

/// What a page opens can be pulled out, all of a kind or one device, and plugged in again.
const PLUGS: &str = "
    window.opened = [];
    window.unplugged = new Set();
    const plugs = navigator.mediaDevices;
    if (plugs) {
        const open = plugs.getUserMedia.bind(plugs);
        plugs.getUserMedia = async (wanted) => {
            for (const kind of ['audio', 'video']) {
                if (wanted[kind] && unplugged.has(kind)) throw new DOMException('unplugged', 'NotFoundError');
                const id = wanted[kind]?.deviceId?.exact;
                if (id && unplugged.has(id)) throw new OverconstrainedError('deviceId', 'unplugged');
            }
            const stream = await open(wanted);
            opened.push(...stream.getTracks());
            return stream;
        };
        window.live = (kind) => opened.filter((it) => it.kind === kind && it.readyState === 'live');
        window.unplug = (kind, id) => {
            unplugged.add(id ?? kind);
            for (const track of live(kind)) { track.stop(); track.dispatchEvent(new Event('ended')); }
            plugs.dispatchEvent(new Event('devicechange'));
        };
        window.plug = (what) => {
            unplugged.delete(what);
            plugs.dispatchEvent(new Event('devicechange'));
        };
    }
";

/// The pairs of words over the pictures that cover each other.
const APART: &str = "
    const words = [...document.querySelectorAll('#call .stage :is(p, small, h2)')]
        .filter((it) => it.checkVisibility() && it.innerText.trim());
    const cover = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return words.flatMap((one, at) => words.slice(at + 1)
        .filter((other) => !one.contains(other) && cover(one.getBoundingClientRect(), other.getBoundingClientRect()))
        .map((other) => `${one.innerText} / ${other.innerText}`));
";

async fn run(page: &Browser, script: &str) -> Value {
    page.run(script, &json!([])).await.unwrap()
}

async fn uses(page: &Browser, kind: &str, id: &str) {
    let used = format!(
        "live({kind:?}).length === 1 && live({kind:?})[0].getSettings().deviceId === {id:?}"
    );
    page.until(&used).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_device_that_is_chosen_is_the_one_that_is_used() {
    let village = Village::running("choice").await.unwrap();
    let kiosk = &village.kiosks[0];
    let setup = Setup {
        devices: Some(3),
        ..Setup::default()
    };
    let page = Browser::start_with(&kiosk.place, "choice", Size::SCREEN, setup);
    let page = page.await.unwrap();
    page.before_pages(PLUGS).await.unwrap();
    page.open(&kiosk.node().unwrap().start_url).await.unwrap();
    pages::begin(&page, "caf", "housing").await.unwrap();
    pages::ask_for_an_adviser(&page).await.unwrap();
    page.until_there("#call[data-call=waiting]").await.unwrap();
    page.click("details.chooser summary").await.unwrap();

    for (device, kind) in [("camera", "video"), ("microphone", "audio")] {
        let select = format!("select[data-use={device}]");
        let ids =
            format!("[...document.querySelectorAll('{select} option')].map((it) => it.value)");
        // The first is none by name; of the microphones one is the default's twin.
        page.until(&format!("{ids}.length >= 3")).await.unwrap();
        let ids = run(&page, &format!("return {ids}")).await;
        let ids: Vec<_> = ids.as_array().unwrap().iter().skip(1).collect();
        let named = |at: usize| ids[at].as_str().unwrap().to_owned();
        let (first, last) = (named(0), named(ids.len() - 1));
        // There and back: what is used before any choice is one of them.
        for id in [&last, &first, &last] {
            page.choose(&select, id).await.unwrap();
            uses(&page, kind, id).await;
            page.until_value(&select, id).await.unwrap();
        }

        // When it is gone, any will do, and the page does not say otherwise.
        run(&page, &format!("unplug({kind:?}, {last:?})")).await;
        let another = format!(
            "live({kind:?}).length === 1 && live({kind:?})[0].getSettings().deviceId !== {last:?}"
        );
        page.until(&another).await.unwrap();
        page.until_value(&select, "").await.unwrap();
        run(&page, &format!("plug({last:?})")).await;
        uses(&page, kind, &last).await;
        page.until_value(&select, &last).await.unwrap();
    }

    // A choice of another day, of which nothing is left.
    let gone = "sessionStorage.setItem('guichet-devices', '{\"camera\":\"gone\",\"microphone\":\"gone\"}');
        window.before = true; location.reload()";
    run(&page, gone).await;
    let both = "!window.before && live('video').length === 1 && live('audio').length === 1";
    page.until(both).await.unwrap();
}

/// Whether microphone and camera are sent, as the page and so its node has it.
async fn until_sent(page: &Browser, audio: bool, video: bool) {
    let sent = format!("{SPEAKING}[data-audio={audio}][data-video={video}]");
    page.until_there(&sent).await.unwrap();
}

fn button(kind: &str) -> String {
    format!("form[action='/call/sending'] button[name={kind}]")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unplugged_in_a_call_is_said_to_be_gone_and_comes_back_by_itself() {
    let call = Meeting::begin("unplugged", &CITIZEN, &ADVISER).await;
    let call = call.unwrap();
    let (kiosk, desk) = (&call.kiosk, &call.desk);
    kiosk.before_pages(PLUGS).await.unwrap();
    run(kiosk, "location.reload()").await;
    kiosk.until("window.unplug !== undefined").await.unwrap();
    call.ring().await.unwrap();
    kiosk.click(ANSWER).await.unwrap();
    until_sent(kiosk, true, true).await;
    desk.until_seen(&CITIZEN).await.unwrap();

    run(kiosk, "unplug('audio'); unplug('video')").await;
    until_sent(kiosk, false, false).await;
    for (kind, gone, muted) in [
        ("audio", "Pas de micro", "Micro coupé"),
        ("video", "Pas de caméra", "Caméra coupée"),
    ] {
        kiosk.until_shown(&button(kind), gone).await.unwrap();
        let words = kiosk.text(&button(kind)).await.unwrap();
        assert!(!words.contains(muted), "{words}");
    }
    let trouble = "[data-call-trouble]";
    kiosk
        .until_shown(trouble, "Le micro n’est plus là")
        .await
        .unwrap();
    kiosk
        .until_shown(trouble, "La caméra n’est plus là")
        .await
        .unwrap();
    // The other side reads what is so, and nothing that nobody did.
    desk.until_shown("#call", "pas d’image").await.unwrap();
    desk.until_shown("#call .stage__mute", "Pas de son")
        .await
        .unwrap();
    let words = desk.text("#call .stage").await.unwrap();
    assert!(!words.contains("coupé"), "{words}");

    run(kiosk, "plug('audio'); plug('video')").await;
    until_sent(kiosk, true, true).await;
    kiosk
        .until_shown(&button("audio"), "Micro ouvert")
        .await
        .unwrap();
    kiosk
        .until_shown(&button("video"), "Caméra ouverte")
        .await
        .unwrap();
    kiosk
        .until(&format!("document.querySelector('{trouble}').hidden"))
        .await
        .unwrap();
    desk.until_seen(&CITIZEN).await.unwrap();
    assert!(desk.hears(&CITIZEN, &ADVISER).await.unwrap());

    // What was turned off by hand stays off, and its device is let alone.
    pages::switch(kiosk, "video").await.unwrap();
    until_sent(kiosk, true, false).await;
    kiosk
        .until_shown(&button("video"), "Caméra coupée")
        .await
        .unwrap();
    run(
        kiosk,
        "unplug('video'); plug('video'); unplug('audio'); plug('audio')",
    )
    .await;
    kiosk.until("live('audio').length === 1").await.unwrap();
    until_sent(kiosk, true, false).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    until_sent(kiosk, true, false).await;
    assert_eq!(run(kiosk, "return live('video').length").await, 0);
    let words = kiosk.text(&button("video")).await.unwrap();
    assert!(words.contains("Caméra coupée"), "{words}");
    // Until it is turned on by hand.
    pages::switch(kiosk, "video").await.unwrap();
    until_sent(kiosk, true, true).await;
    desk.until_seen(&CITIZEN).await.unwrap();

    // With both cameras off, what is said stands apart on either side.
    for page in [kiosk, desk] {
        pages::switch(page, "video").await.unwrap();
    }
    until_sent(kiosk, true, false).await;
    kiosk
        .until_shown("#call .stage", "n’envoie pas d’image")
        .await
        .unwrap();
    desk.until_shown("#call .stage", "pas d’image")
        .await
        .unwrap();
    for page in [kiosk, desk] {
        assert_eq!(run(page, APART).await, json!([]));
    }
    assert_eq!(kiosk.console().await.unwrap(), Vec::<String>::new());
}
