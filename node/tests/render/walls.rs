//! What a child that draws can do: behind both walls, behind each, and behind none.

use std::process::Command;

use guichet::render::Walls;

/// What a process that draws must not do, and what it said to each.
const ATTEMPTS: &str = "GUICHET_TESTS_ATTEMPTS";

/// Run by [`the_child_opens_nothing_connects_to_nothing_and_starts_nothing`] in a process of its
/// own, confined or not; does nothing else.
#[test]
fn attempts_of_a_child() {
    let Ok(told) = std::env::var(ATTEMPTS) else {
        return;
    };
    let (confined, port) = told.rsplit_once(' ').expect("two words");
    match confined {
        "confined" => guichet::render::confine(|| Ok(())).map(drop),
        "no files" => guichet::render::no_files().map(drop),
        "no calls" => guichet::render::no_calls(),
        _ => Ok(()),
    }
    .expect("this kernel confines");
    let said = |what: &str, done: std::io::Result<()>| {
        println!("{what}: {}", if done.is_ok() { "done" } else { "refused" });
    };
    said("open", std::fs::File::open("/proc/self/status").map(drop));
    said(
        "write",
        std::fs::write(std::env::temp_dir().join("guichet-attempt"), "x"),
    );
    let address = format!("127.0.0.1:{port}");
    said("connect", std::net::TcpStream::connect(address).map(drop));
    said(
        "datagram",
        std::net::UdpSocket::bind("127.0.0.1:0").map(drop),
    );
    let pair = std::os::unix::net::UnixStream::pair();
    said("pair", pair.map(drop));
    said("program", Command::new("/bin/true").status().map(drop));
    let thread = std::thread::Builder::new().spawn(|| ());
    said("thread", thread.map(drop));
    // What drawing needs goes on.
    let much = vec![7_u8; 64 << 20];
    println!(
        "memory: {}",
        much.iter().map(|byte| u64::from(*byte)).sum::<u64>()
    );
    std::process::exit(0);
}

#[test]
fn the_child_opens_nothing_connects_to_nothing_and_starts_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("bound").port();
    let attempts = |how: &str| {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "walls::attempts_of_a_child",
                "--exact",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(ATTEMPTS, format!("{how} {port}"))
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let said: Vec<String> = said
            .lines()
            .filter_map(|line| {
                line.rsplit_once(" ... ")
                    .map_or(Some(line), |(_, said)| Some(said))
            })
            .filter(|line| line.contains(": "))
            .map(str::to_owned)
            .collect();
        said
    };
    let all = |word: &str| {
        let tried = [
            "open", "write", "connect", "datagram", "pair", "program", "thread",
        ];
        let tried = tried.map(|what| format!("{what}: {word}"));
        [&tried[..], &[format!("memory: {}", 7 * (64 << 20))]].concat()
    };
    assert_eq!(attempts("free"), all("done"), "without confinement");
    assert_eq!(attempts("confined"), all("refused"), "confined");
    // Each wall holds by itself what it is there for.
    assert_eq!(attempts("no calls"), all("refused"), "behind the second");
    let mut behind_the_first = all("refused");
    for free in ["datagram", "pair", "thread"] {
        let at = behind_the_first
            .iter()
            .position(|said| *said == format!("{free}: refused"));
        behind_the_first[at.expect("tried")] = format!("{free}: done");
    }
    assert_eq!(guichet::render::walls().expect("tried"), Walls::Both);
    assert_eq!(attempts("no files"), behind_the_first, "behind the first");
}
