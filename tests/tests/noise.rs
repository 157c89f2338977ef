//! Whoever wishes a call ill while two people speak: offers that are none, signals of strangers and
//! of members whose call it is not, and noise on every UDP port. Each is told clearly or dropped,
//! and the two go on speaking.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use guichet::config::Config;
use guichet::folder::{self, Identity};
use guichet_keys::SubjectId;
use guichet_media::signal::{Body, DeskNotice, Holder, LegNotice, Passed, Signal};
use guichet_media::{CallId, LegDescription};
use guichet_tests::browser::Received;
use guichet_tests::meeting::{ANSWER, Meeting, SPEAKING};
use guichet_tests::network::Place;
use guichet_tests::performer::Performer;
use guichet_tests::raw::Raw;
use guichet_tests::script::Script;
use guichet_tests::village::{Site, Village};
use libp2p::core::muxing::SubstreamBox;
use serde_json::{Value, json};

const SYNC: &str = "/guichet/sync/1";
const SIGNAL: &str = "/guichet/signal/1";
/// Datagrams to each port.
const NOISE: u32 = 400;
/// What goes on is seen within this time.
const WINDOW: Duration = Duration::from_secs(3);
const FRAMES_MIN: u64 = 20;

fn identity(site: &Site) -> Identity {
    folder::open(site.folder(), None).unwrap().identity
}

fn main_door(site: &Site) -> String {
    let config = Config::read(site.folder()).unwrap();
    format!("/ip4/{}/tcp/{}", config.mesh_host, config.mesh_port)
}

/// What both pages have got of the other's pictures.
async fn received(call: &Meeting) -> [Received; 2] {
    let (kiosk, desk) = (call.kiosk.received().await, call.desk.received().await);
    [kiosk.unwrap(), desk.unwrap()]
}

/// The two see each other's pictures move, over the same connections as before.
async fn goes_on(call: &Meeting, since: &[Received; 2], after: &str) {
    let before = received(call).await;
    tokio::time::sleep(WINDOW).await;
    let now = received(call).await;
    for ((since, before), now) in since.iter().zip(&before).zip(&now) {
        let fresh = now.frames.saturating_sub(before.frames);
        assert!(fresh >= FRAMES_MIN, "{after}: {fresh} frames");
        let same = now.connections == since.connections;
        assert!(same, "{after}: {since:?} became {now:?}");
    }
    for page in [&call.kiosk, &call.desk] {
        page.until_there(SPEAKING).await.unwrap();
        page.until_there("#call .stage--clear").await.unwrap();
    }
}

/// Offers that no page makes, and what each is answered.
async fn offer_nonsense(script: &Script, good: &str) {
    for (sdp, status, kind) in [
        ("x".repeat(70_000), 413, "too-large"),
        ("x".repeat(3_000_000), 413, "too-large"),
        ("nonsense".to_owned(), 422, "no-media"),
        (good.replace("VP8", "VPX"), 422, "no-media"),
    ] {
        let offer = json!({ "page": 7, "sdp": sdp });
        let answer = script.api().post("/call/offer", &offer).await.unwrap();
        let told: Value = answer.json().unwrap_or_default();
        let length = sdp.len();
        assert_eq!(answer.status, status, "{length} bytes: {told}");
        assert_eq!(told["kind"], kind, "{told}");
        assert!(
            told["todo"].as_str().is_some_and(|it| !it.is_empty()),
            "{told}"
        );
    }
    let offer = json!({ "page": "seven", "sdp": good });
    let answer = script.api().post("/call/offer", &offer).await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
}

/// An offer with addresses that are none is answered without them, and the page that it put out of
/// its place comes back by itself.
async fn offer_nowhere(call: &Meeting, good: &str) {
    let before = call.kiosk.received().await.unwrap();
    let nowhere = "a=candidate:1 1 udp 1 nowhere 70000 typ host\r\n";
    let sdp = good.replacen("a=mid:", &format!("{nowhere}a=mid:"), 1);
    let script = call.village.kiosks[0].script().unwrap();
    let offer = json!({ "page": 7, "sdp": sdp });
    let answer = script.api().post_json("/call/offer", &offer).await.unwrap();
    assert!(
        answer["sdp"]
            .as_str()
            .is_some_and(|sdp| sdp.contains("a=ice-lite"))
    );
    let again = format!("window.connections.length > {}", before.connections);
    call.kiosk.until(&again).await.unwrap();
    let since = received(call).await;
    let moving = "window.connections.at(-1).connectionState === 'connected'";
    call.kiosk.until(moving).await.unwrap();
    goes_on(call, &since, "an offer with addresses that are none").await;
}

/// A member with a client of its own: hears of the call of others, and tells of it.
struct Meddler {
    identity: Identity,
    place: Place,
    number: u64,
}

impl Meddler {
    /// Learns the name of the call that a station has, as every kiosk can, and tells it and the
    /// other end in one's own name where its media is reached now; then says what is no signal.
    async fn meddle(mut self, station: String, kiosk: String) {
        let mut stream = self.open(&station).await;
        let desk = loop {
            let frame = read(&mut stream).await;
            let Ok(passed) = Passed::decode(&frame) else {
                continue;
            };
            if let Ok(signal) = Signal::read(&passed.signed)
                && let Body::Desk(desk) = signal.body
                && desk.holding.is_some()
            {
                break (signal.from, desk);
            }
        };
        let call = call_of(desk.0, &desk.1);
        for generation in [1, 2, 9] {
            let frame = self.leg(call, desk.0, generation);
            write(&mut stream, &frame).await;
        }
        let mut stream = self.open(&kiosk).await;
        let to = desk.1.holding.unwrap().kiosk;
        for generation in [1, 2, 9] {
            let frame = self.leg(call, to, generation);
            write(&mut stream, &frame).await;
        }
        for length in [1_u8, 7, 200] {
            write(&mut stream, &vec![length; usize::from(length)]).await;
        }
    }

    /// A stream of signals, beside the one that makes a member count.
    async fn open(&self, door: &str) -> SubstreamBox {
        let member = Raw::connect(door, *self.identity.node_seed).await.unwrap();
        let mut streams = Vec::new();
        for protocol in [SYNC, SIGNAL] {
            let mut stream = member.stream(protocol).await.unwrap();
            stream.write_all(&[0; 4]).await.unwrap();
            stream.flush().await.unwrap();
            streams.push(stream);
        }
        let signals = streams.pop().unwrap();
        // The connection lasts as long as its owner.
        Box::leak(Box::new((member, streams)));
        signals
    }

    fn leg(&mut self, call: CallId, to: SubjectId, generation: u32) -> Vec<u8> {
        self.number += 1;
        let leg = LegDescription {
            generation,
            ufrag: "meddler".into(),
            pwd: "meddler+meddler+meddler".into(),
            candidates: vec![SocketAddr::from((self.place.address(), 9))],
        };
        let signal = Signal {
            from: self.identity.key.subject(),
            life: u64::MAX / 2,
            number: self.number,
            to: Some(to),
            body: Body::Leg(LegNotice {
                call,
                leg,
                audio: false,
                video: false,
            }),
        };
        let signed = signal.sign(&self.identity.key);
        let known_ms = None;
        Passed { known_ms, signed }.encode()
    }
}

fn call_of(station: SubjectId, desk: &DeskNotice) -> CallId {
    let holder = Holder {
        station,
        person: desk.person,
        round: 1,
    };
    holder.call(&desk.holding.unwrap().ticket)
}

async fn read(stream: &mut SubstreamBox) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.unwrap();
    let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut frame).await.unwrap();
    frame
}

async fn write(stream: &mut SubstreamBox, frame: &[u8]) {
    let length = u32::try_from(frame.len()).unwrap().to_be_bytes();
    stream.write_all(&length).await.unwrap();
    stream.write_all(frame).await.unwrap();
    stream.flush().await.unwrap();
}

/// Runs something in a place, on a thread and a runtime of its own.
async fn within(place: &Place, work: impl Future<Output = ()> + Send + 'static) {
    let place = place.clone();
    let inside = move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build()?.block_on(work);
        Ok(())
    };
    let visit = tokio::task::spawn_blocking(move || place.visit(inside));
    visit.await.unwrap().unwrap();
}

/// Every UDP socket of a place that anybody may write to.
fn udp_sockets(place: &Place) -> Vec<SocketAddr> {
    let listed = place.command("ss").args(["-Huan"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let local = |line: &str| line.split_whitespace().nth(3)?.parse().ok();
    let sockets: Vec<SocketAddr> = listed.lines().filter_map(local).collect();
    assert!(sockets.len() >= 2, "{listed}");
    sockets
}

/// Noise of every kind that a media port tells apart: STUN, DTLS, RTP, RTCP and others.
fn make_noise(from: &Place, to: Vec<SocketAddr>) -> std::io::Result<u32> {
    from.visit(move || {
        let mut sent = 0;
        for to in to {
            let own = if to.ip().is_loopback() {
                Ipv4Addr::LOCALHOST
            } else {
                Ipv4Addr::UNSPECIFIED
            };
            let socket = UdpSocket::bind((own, 0))?;
            let mut seed = 0x9e37_79b9_u32;
            for round in 0..NOISE {
                let length = 1 + seed as usize % 1_400;
                let mut bytes: Vec<u8> = Vec::with_capacity(length);
                for _ in 0..length {
                    seed ^= seed << 13;
                    seed ^= seed >> 17;
                    seed ^= seed << 5;
                    bytes.push((seed >> 9) as u8);
                }
                let head: &[u8] = match round % 5 {
                    0 => &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42],
                    1 => &[22, 254, 253],
                    2 => &[0x80, 111],
                    3 => &[0x80, 200],
                    _ => &[],
                };
                bytes.splice(..head.len().min(length), head.iter().copied());
                // A port that was closed meanwhile says so; that is no matter here.
                sent += u32::from(socket.send_to(&bytes, to).is_ok());
            }
        }
        Ok(sent)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_whatever_others_send() {
    let mut village = Village::new("noise", 2, 1).unwrap();
    village.relay.start().await.unwrap();
    village.kiosks[0].start().await.unwrap();
    village.stations[0].start().await.unwrap();
    let (citizen, adviser) = (Performer::CITIZEN, Performer::ADVISER);
    let call = Meeting::in_village("noise", village, &citizen, &adviser);
    let call = call.await.unwrap();
    call.ring().await.unwrap();
    call.kiosk.click(ANSWER).await.unwrap();
    for (page, other) in [(&call.kiosk, &adviser), (&call.desk, &citizen)] {
        page.until_there(SPEAKING).await.unwrap();
        page.until_seen(other).await.unwrap();
    }
    let since = received(&call).await;
    let (kiosk, station) = (&call.village.kiosks[0], &call.village.stations[0]);
    let elsewhere = &call.village.kiosks[1];

    let sdp = "window.connections.at(-1).localDescription.sdp";
    for (site, page) in [(kiosk, &call.kiosk), (station, &call.desk)] {
        let good = page.until(sdp).await.unwrap();
        offer_nonsense(&site.script().unwrap(), good.as_str().unwrap()).await;
    }
    goes_on(&call, &since, "offers").await;

    let doors = [main_door(station), main_door(kiosk)];
    let at = doors.clone();
    let stranger = async move {
        for door in &at {
            let mut raw = Raw::connect(door, [50; 32]).await.unwrap();
            assert!(raw.stream(SIGNAL).await.is_none(), "a stranger is heard");
            assert!(raw.closed(WINDOW).await && raw.offered() == 0);
        }
    };
    within(&elsewhere.place, stranger).await;
    let meddler = Meddler {
        identity: identity(elsewhere),
        place: elsewhere.place.clone(),
        number: 0,
    };
    let [to_station, to_kiosk] = doors;
    within(&elsewhere.place, meddler.meddle(to_station, to_kiosk)).await;
    goes_on(&call, &since, "signals").await;

    for site in [kiosk, station] {
        let (own, others): (Vec<_>, Vec<_>) = udp_sockets(&site.place)
            .into_iter()
            .partition(|socket| socket.ip().is_loopback());
        let outside = others.into_iter().map(|socket| match socket.ip() {
            ip if ip.is_unspecified() => (site.place.address(), socket.port()).into(),
            _ => socket,
        });
        let outside: Vec<SocketAddr> = outside.collect();
        let from_outside = make_noise(&elsewhere.place, outside).unwrap();
        let from_inside = make_noise(&site.place, own).unwrap();
        println!("{}: {from_outside} and {from_inside} datagrams", site.log);
        assert!(from_outside >= NOISE && from_inside >= NOISE);
    }
    goes_on(&call, &since, "noise").await;
    let good = call.kiosk.until(sdp).await.unwrap();
    offer_nowhere(&call, good.as_str().unwrap()).await;
    for site in [kiosk, station, &call.village.relay] {
        let status = site.script().unwrap();
        let status = status.api().get_json("/status").await.unwrap();
        assert_eq!(status["ills"].as_array().map(Vec::len), Some(1), "{status}");
    }
}
