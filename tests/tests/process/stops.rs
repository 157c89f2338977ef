//! Every node of a demo ends when it is told to, and the demo says so and starts it again.

use std::time::{Duration, Instant};

use guichet_tests::process::{Demo, free_ports, runs};
use rustix::process::{Pid, Signal, kill_process};

const ENDED_WITHIN: Duration = Duration::from_secs(2);
const SAID_WITHIN: Duration = Duration::from_secs(20);
const STOP_WITHIN: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn each_node_of_a_demo_ends_when_it_is_told_to_and_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let demo = Demo::start(&dir, free_ports().unwrap(), &[]).unwrap();
    let first = demo.children();
    assert_eq!(first.len(), 3);
    for child in first {
        let pid = Pid::from_raw(i32::try_from(child).unwrap()).unwrap();
        let told = Instant::now();
        kill_process(pid, Signal::TERM).unwrap();
        while runs(child) {
            assert!(told.elapsed() < ENDED_WITHIN, "{child} goes on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        println!("ended after {:?}", told.elapsed());
        let ended = demo.process.line(SAID_WITHIN).unwrap();
        assert_eq!(ended["event"], "ended", "{ended}");
        assert_eq!(ended["how"], "exit status: 0", "{ended}");
        let started = demo.process.line(SAID_WITHIN).unwrap();
        assert_eq!(started["event"], "started", "{started}");
        assert_eq!(started["node"], ended["node"], "{started}");
        let url = started["url"].as_str().unwrap();
        assert!(url.contains("/start/"), "{started}");
    }
    assert_eq!(demo.children().len(), 3);
    demo.process.stop(STOP_WITHIN).await.unwrap();
}
