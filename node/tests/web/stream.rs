//! The event stream.

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::*;

/// Reads server-sent events until `enough` of the text so far.
pub async fn hear(stream: &mut TcpStream, enough: impl Fn(&str) -> bool) -> String {
    let mut heard = Vec::new();
    let mut chunk = vec![0; 16 << 10];
    let listening = async {
        while !enough(&String::from_utf8_lossy(&heard)) {
            match stream.read(&mut chunk).await.expect("a stream") {
                0 => break,
                read => heard.extend_from_slice(&chunk[..read]),
            }
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), listening).await;
    let heard = String::from_utf8_lossy(&heard).into_owned();
    assert!(in_time.is_ok(), "heard only: {heard}");
    heard
}

#[tokio::test]
async fn events_tell_what_changed_and_nothing_else() {
    let scene = Arc::new(Mutex::new(Scene::Visit));
    let now = Arc::clone(&scene);
    let served = serve_with(Role::Kiosk, move |ask| {
        let scene = *now.lock().expect("no panic");
        node::answer(ask, scene, Side::Citizen);
    })
    .await;
    let here = served.browser().await;
    let mut stream = here
        .get(&format!("/events?at=/cases/{}", case()))
        .open(served.to)
        .await;
    let first = hear(&mut stream, |text| text.contains("\"id\":\"idle\"")).await;
    assert!(first.contains("text/event-stream") && first.contains("no-store"));
    assert!(first.contains("f-1111111111111111-rent") && first.contains("\"id\":\"messages\""));
    let page = here.page(&format!("/cases/{}", case())).await;
    let rev = first
        .split("\"id\":\"line\",\"rev\":\"")
        .nth(1)
        .or(first.split("\"rev\":\"").nth(1));
    let rev = rev
        .and_then(|rest| rest.split('"').next())
        .expect("a revision");
    assert!(
        page.contains(rev),
        "the page and its stream agree on revisions"
    );
    *scene.lock().expect("no panic") = Scene::Cut;
    served.counter.tell(Change::Case([0x4a; 16].into()));
    let next = hear(&mut stream, |text| text.contains("Ligne coupée")).await;
    assert!(
        !next.contains("-rent") && !next.contains("\"id\":\"messages\""),
        "{next}"
    );
    served.counter.tell(Change::VisitEnded);
    let last = hear(&mut stream, |text| text.contains("event: go")).await;
    assert!(last.contains("/?ended=1"));
}

#[tokio::test]
async fn event_streams_are_bounded_and_a_slow_one_catches_up() {
    let served = serve(Role::Kiosk, Scene::Visit).await;
    let here = served.browser().await;
    let mut open = vec![];
    for _ in 0..STREAMS_MAX {
        let mut stream = here.get("/events?at=/").open(served.to).await;
        hear(&mut stream, |text| text.contains("event: fragment")).await;
        open.push(stream);
    }
    served
        .refused(here.get("/events?at=/"), 503, "crowded")
        .await;
    for _ in 0..2_000 {
        served.counter.tell(Change::Status);
    }
    served.counter.tell(Change::VisitEnded);
    assert_eq!(here.get("/").send(served.to).await.status, 200);
    drop(open);
    let again = async {
        loop {
            let answer: Answer = here
                .get("/events?at=/nowhere")
                .with("accept", "application/json")
                .send(served.to)
                .await;
            assert_eq!(answer.status, 400);
            let mut stream = here.get("/events?at=/").open(served.to).await;
            let heard = hear(&mut stream, |text| text.contains("\r\n\r\n")).await;
            if heard.starts_with("HTTP/1.1 200") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), again)
        .await
        .expect("room again");
}

/// A desk may open a case of which the form is still on its way.
#[tokio::test]
async fn a_form_that_comes_after_the_page_was_drawn_is_told_to_it() {
    let arrived = Arc::new(Mutex::new(false));
    let now = Arc::clone(&arrived);
    let served = serve_with(Role::Station, move |ask| match ask {
        Ask::Case { reply, .. } => {
            let mut view = sample::case(Scene::Visit, Side::Adviser);
            if !*now.lock().expect("no panic") {
                view.forms.clear();
            }
            let _nobody_waits = reply.send(Ok(view));
        }
        other => node::answer(other, Scene::Visit, Side::Adviser),
    })
    .await;
    let here = served.browser().await;
    let path = format!("/cases/{}", case());
    let page = here.page(&path).await;
    let standing = |page: &str| {
        let rest = page
            .split("id=\"standing\"")
            .nth(1)
            .expect("what stands there");
        rest.split('>').next().unwrap_or_default().to_owned()
    };
    assert!(standing(&page).contains("data-forms=\"\""), "{page}");
    let events = format!("/events?at={path}");
    let mut stream = here.get(&events).open(served.to).await;
    hear(&mut stream, |text| text.contains("\"id\":\"standing\"")).await;
    *arrived.lock().expect("no panic") = true;
    served.counter.tell(Change::Case([0x4a; 16].into()));
    let told = hear(&mut stream, |text| text.contains("\"id\":\"standing\"")).await;
    assert!(told.contains("1111111111111111"), "{told}");
    assert_ne!(standing(&here.page(&path).await), standing(&page));
}
