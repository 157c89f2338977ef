use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

const PAGE: &str = "<!doctype html><title>t</title>
    <input id=name value=old><p id=echo></p><select id=s><option value=a>A<option value=b>B</select>
    <input id=file type=file><div id=red style='width:40px;height:20px;background:#f00'></div>
    <script>
      document.querySelector('#name').oninput = e => setTimeout(() => {
        document.querySelector('#echo').outerHTML = `<p id=echo>${e.target.value}</p>` }, 300);
    </script>";

/// A web server on a thread; it serves the page under every path.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
                let length = PAGE.len();
                let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{PAGE}");
            });
        }
    });
    address
}

#[tokio::test]
async fn a_browser_looks_types_and_explains() {
    let mut browser = Browser::start(&Place::here(), "unit", Size::SMALL)
        .await
        .unwrap();
    let address = server();
    browser.open(&format!("http://{address}/")).await.unwrap();

    browser.fill("#name", "Zoé").await.unwrap();
    browser.until_shown("#echo", "Zoé").await.unwrap();
    assert_eq!(browser.text("#echo").await.unwrap(), "Zoé");
    browser.choose("#s", "b").await.unwrap();
    assert_eq!(browser.value("#s").await.unwrap(), "b");
    let file = browser.profile.path().join("note.txt");
    std::fs::write(&file, "x").unwrap();
    browser.upload("#file", &file).await.unwrap();
    browser
        .until("document.querySelector('#file').files[0].size === 1")
        .await
        .unwrap();

    let red = browser.pixels("#red").await.unwrap();
    assert_eq!((red.width, red.height, red.at(3, 3)), (40, 20, [255, 0, 0]));
    assert!(red.share([255, 0, 0], 2) > 0.99);
    let expected = guichet_keys::sha256(PAGE.as_bytes()).to_string();
    assert_eq!(browser.sha256_of("/x").await.unwrap(), expected);

    browser
        .run("console.error('ouch')", &json!([]))
        .await
        .unwrap();
    assert!(browser.console().await.unwrap().join(" ").contains("ouch"));

    browser.patience = Duration::from_millis(200);
    let said = browser.click("#absent").await.unwrap_err().to_string();
    assert!(
        said.contains("#absent") && said.contains("unit-failure.png"),
        "{said}"
    );
}

#[tokio::test]
async fn a_browser_ends_with_its_owner() {
    let browser = Browser::start(&Place::here(), "unit-end", Size::SMALL)
        .await
        .unwrap();
    let profile = browser.profile.path().to_path_buf();
    let uses_profile = |profile: &Path| {
        let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let mut lines = processes.filter_map(|it| std::fs::read(it.path().join("cmdline")).ok());
        let profile = profile.to_string_lossy().into_owned();
        lines.any(|line| String::from_utf8_lossy(&line).contains(&profile))
    };
    assert!(uses_profile(&profile));
    drop(browser);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!uses_profile(&profile), "a process of the browser goes on");
    assert!(!profile.exists());
}
