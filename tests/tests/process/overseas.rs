//! A kiosk overseas and a station in Paris: each reads every time by its own clock and calendar, and
//! what leaves the place says whose time it is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use guichet_tests::api::Answer;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use guichet_tests::visit::unlocked;
use serde_json::Value;

const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";
const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 24 * HOUR_S;
/// A year of 365.25 days.
const YEAR_S: u64 = 31_557_600;
const FIELD: &str = "birth_date";
/// What is left of a day, and the longest until a page is told of the next.
const OVER_MIDNIGHT: Duration = Duration::from_secs(150);

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// Days since 1970 of a day of this year, from 0 and with its leap day, until 2099.
fn days(year: u64, of_year: u64) -> u64 {
    (year - 1970) * 365 + (year - 1969) / 4 + of_year
}

fn year_of(at_s: u64) -> u64 {
    1970 + at_s / YEAR_S
}

/// The next 15 January, 21:30 UTC: winter in Paris, and tomorrow in the Indian Ocean.
fn next_winter() -> u64 {
    let at = |year| days(year, 14) * DAY_S + 21 * HOUR_S + 1_800;
    let year = year_of(now_s());
    let later = |at_s: &u64| *at_s > now_s() + DAY_S;
    (year..).map(at).find(later).unwrap()
}

/// The next last Sunday of October, 00:20 UTC: it is 02:20 in Paris, and will be once more.
fn next_autumn() -> u64 {
    let at = |year: u64| {
        let leap = u64::from(year.is_multiple_of(4));
        // 31 October; 1970 began on a Thursday.
        let last = days(year, 303 + leap);
        (last - (last + 4) % 7) * DAY_S + 1_200
    };
    let year = year_of(now_s());
    (year..).map(at).find(|at_s| *at_s > now_s()).unwrap()
}

/// The next 14 January, 22:59 UTC: the last minute of that day in Paris.
fn next_last_minute() -> u64 {
    next_winter() - DAY_S + HOUR_S + 29 * 60
}

/// The node's machine stands in this zone, and its clock shows this moment when it starts now.
fn stand(site: &mut Site, zone: &str, at_s: u64) {
    let ahead = at_s - now_s();
    site.environment = [
        ("LD_PRELOAD", FAKETIME.to_owned()),
        ("FAKETIME", format!("+{ahead}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("TZ", zone.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec();
}

/// `13 h 05` of a wall that is ahead of UTC.
fn wall(at_s: u64, ahead_s: u64) -> String {
    let of_day = (at_s + ahead_s) % DAY_S;
    let (hour, minute) = (of_day / HOUR_S, of_day / 60 % 60);
    format!("{hour}\u{a0}h\u{a0}{minute:02}")
}

async fn page(script: &Script, path: &str) -> String {
    let html = script.api().clone().with_header("Accept", "text/html");
    html.get(path).await.unwrap().text()
}

/// When the messages of a case were written, as the node has it.
async fn written(script: &Script, case: &str, count: usize) -> Vec<u64> {
    let view = async |script: &Script| script.case(case).await;
    let all = |view: &Value| view["messages"].as_array().unwrap().len() == count;
    let view = script.until("the messages", view, all).await.unwrap();
    let messages = view["messages"].as_array().unwrap();
    let at = messages.iter().map(|it| it["at_s"].as_u64().unwrap());
    at.collect()
}

async fn born(script: &Script, case: &str, day: &str) -> Answer {
    script.try_set(case, FIELD, day).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_reads_its_own_time_and_what_leaves_says_whose_it_is() {
    assert!(std::path::Path::new(FAKETIME).exists(), "install faketime");
    let mut village = Village::new("overseas", 2, 1).unwrap();
    let at_s = next_winter();
    stand(&mut village.relay, "UTC", at_s);
    stand(&mut village.kiosks[0], "Indian/Reunion", at_s);
    // Of this one the setting tells the zone; its machine stands nowhere, as servers do.
    stand(&mut village.kiosks[1], "UTC", at_s);
    let noumea = |it: &mut toml::Table| {
        it.insert("time_zone".into(), "Pacific/Noumea".into());
    };
    village.kiosks[1].configure(noumea).unwrap();
    // And the station's is in Paris because it is set to nothing else.
    stand(&mut village.stations[0], "UTC", at_s);
    village.start().await.unwrap();
    let desk = unlocked(&village).await.unwrap();
    let year = year_of(at_s);
    let today = format!("15/01/{year}");
    let tomorrow = format!("16/01/{year}");

    for (site, ahead_s, day, place) in [
        (0, 4 * HOUR_S, "16\u{a0}janv", "heure de La Réunion"),
        (
            1,
            11 * HOUR_S,
            "16\u{a0}janv",
            "heure de la Nouvelle-Calédonie",
        ),
    ] {
        let kiosk = village.kiosks[site].script().unwrap();
        let case = kiosk.begin("caf", "housing").await.unwrap();
        kiosk.set(&case, "last_name", "Payet").await.unwrap();
        kiosk.say(&case, "Il fait jour ici.").await.unwrap();
        let there = async |script: &Script| script.desk().await;
        let listed = |cases: &Vec<String>| cases.contains(&case);
        desk.until("the case", there, listed).await.unwrap();
        desk.say(&case, "Il fait nuit.").await.unwrap();
        for (script, ahead_s) in [(&kiosk, ahead_s), (&desk, HOUR_S)] {
            let at = written(script, &case, 2).await;
            let shown = page(script, &format!("/cases/{case}")).await;
            for at_s in at {
                let clock = wall(at_s, ahead_s);
                assert!(shown.contains(&clock), "{clock} of {place}: {shown}");
            }
        }
        // What is taken away says whose time it is; the same day is another there.
        let receipt = page(&kiosk, "/receipt").await;
        let moment = format!("16 janvier {year}, ");
        assert!(receipt.contains(&moment), "{day}: {receipt}");
        assert!(receipt.contains(&format!("({place})")), "{receipt}");
        let history = page(&desk, &format!("/cases/{case}/history")).await;
        assert!(!history.contains("(heure d"), "{history}");
        // Who was born today was born today: the day is that of who writes it.
        assert_eq!(born(&kiosk, &case, &tomorrow).await.status, 200);
        assert_eq!(born(&desk, &case, &tomorrow).await.status, 422);
        assert_eq!(born(&desk, &case, &today).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_comes_twice_is_told_apart() {
    let mut village = Village::new("twice", 1, 1).unwrap();
    let at_s = next_autumn();
    let mut case = String::new();
    for (hours, said) in [(0, "Avant."), (1, "Après.")] {
        let at_s = at_s + hours * HOUR_S;
        for site in village.sites() {
            site.stop().await.unwrap();
            stand(site, "Europe/Paris", at_s);
        }
        // Where the clock is never put back, nothing is said of it.
        stand(village.kiosk(), "Indian/Reunion", at_s);
        village.start().await.unwrap();
        let kiosk = village.kiosks[0].script().unwrap();
        let desk = unlocked(&village).await.unwrap();
        if case.is_empty() {
            case = kiosk.begin("caf", "housing").await.unwrap();
            kiosk.set(&case, "last_name", "Payet").await.unwrap();
            let there = async |script: &Script| script.desk().await;
            let listed = |cases: &Vec<String>| cases.contains(&case);
            desk.until("the case", there, listed).await.unwrap();
            let own = page(&kiosk, &format!("/cases/{case}")).await;
            assert!(!own.contains("heure d’été"), "{own}");
        }
        desk.say(&case, said).await.unwrap();
    }
    let desk = village.stations[0].script().unwrap();
    let at = written(&desk, &case, 2).await;
    let shown = page(&desk, &format!("/cases/{case}")).await;
    for (at_s, ahead_s, season) in [
        (at[0], 2 * HOUR_S, "heure d’été"),
        (at[1], HOUR_S, "heure d’hiver"),
    ] {
        let told = format!("{} ({season})", wall(at_s, ahead_s));
        assert!(told.starts_with("2\u{a0}h"), "{told}");
        assert!(shown.contains(&told), "{told}: {shown}");
    }
}

/// A page that stays open over a night without news.
#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_a_cut_is_said_once_another_has_begun() {
    let mut village = Village::new("midnight", 1, 1).unwrap();
    stand(village.kiosk(), "Europe/Paris", next_last_minute());
    village.relay.start().await.unwrap();
    village.kiosk().start().await.unwrap();
    let kiosk = village.kiosks[0].script().unwrap();
    let line = async |kiosk: &Script| {
        let home = kiosk.api().get_json("/").await?;
        Ok(home["line"]["line"].as_str().unwrap_or_default().to_owned())
    };
    kiosk.until("a line", line, |it| it == "up").await.unwrap();
    let mut events = kiosk.api().events("/events?at=/").await.unwrap();
    village.relay.stop().await.unwrap();

    let begun = Instant::now();
    let mut said: Vec<String> = Vec::new();
    while !said.iter().any(|it| it.contains("Ligne coupée le ")) {
        let left = OVER_MIDNIGHT.saturating_sub(begun.elapsed());
        let event = events.next(left).await;
        let event = event.unwrap_or_else(|error| panic!("{error}: {said:?}"));
        if event.data.contains("\"id\":\"line\"") && event.data.contains("Ligne coupée") {
            said.push(event.data);
        }
    }
    let first = "Ligne coupée à 23\u{a0}h\u{a0}59";
    let then = "Ligne coupée le 14\u{a0}janv., 23\u{a0}h\u{a0}59";
    assert!(said[0].contains(first), "{said:?}");
    assert!(said.last().unwrap().contains(then), "{said:?}");
}
