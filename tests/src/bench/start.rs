use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::api::Api;
use crate::figure::Figure;
use crate::network::Place;
use crate::process::{Node, Process, READY_WITHIN, free_ports, guichet, until_healthy};

const STARTS: usize = 10;
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// Starts each node of a fresh network again and again; what is timed runs from
/// the command to the last byte of the home page behind the start URL. Then the
/// demo: from the command until all three nodes say that they are healthy.
pub async fn run() -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let network = folder.path().join("network");
    let dir = network.to_string_lossy();
    let begun = Instant::now();
    let here = Place::here();
    guichet(
        &here,
        &[
            "network",
            "init",
            "--kiosks",
            "1",
            "--stations",
            "1",
            "--dir",
            &dir,
        ],
    )?;
    let made = begun.elapsed();
    let mut figures = vec![Figure::of(
        "start",
        "network init",
        made.as_secs_f64(),
        "s",
        1,
    )];
    for node in ["kiosk-1", "station-1", "relay"] {
        let mut samples = Vec::new();
        for _ in 0..STARTS {
            let begun = Instant::now();
            let started = Node::start(&here, &network.join(node), "bench-start").await?;
            first_page(&started).await?;
            samples.push(begun.elapsed().as_secs_f64() * 1e3);
            started.stop(STOP_WITHIN).await?;
        }
        figures.push(Figure::spread(
            "start",
            &format!("{node}: to first page"),
            samples,
            "ms",
        ));
    }
    figures.extend(demo(&folder.path().join("demo")).await?);
    Ok(figures)
}

/// The first start makes the network; the others find it.
async fn demo(dir: &Path) -> Result<[Figure; 2]> {
    let first = healthy_after_ms(dir).await?;
    let mut samples = Vec::new();
    for _ in 0..STARTS {
        samples.push(healthy_after_ms(dir).await?);
    }
    let name = "demo: to /healthz of all three";
    Ok([
        Figure::of("start", &format!("{name}, a new network"), first, "ms", 1),
        Figure::spread("start", name, samples, "ms"),
    ])
}

async fn healthy_after_ms(dir: &Path) -> Result<f64> {
    let ports = free_ports()?;
    let list = ports.map(|port| port.to_string()).join(",");
    let dir = dir.to_string_lossy();
    let here = Place::here();
    let begun = Instant::now();
    let arguments = ["demo", "--dir", &dir, "--ports", &list];
    let demo = Process::start(&here, "bench-start-demo", &arguments)?;
    for port in ports {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        until_healthy(&here, address, READY_WITHIN).await?;
    }
    let healthy = begun.elapsed();
    demo.line(READY_WITHIN)?;
    demo.stop(STOP_WITHIN).await?;
    Ok(healthy.as_secs_f64() * 1e3)
}

async fn first_page(node: &Node) -> Result<()> {
    let browser = Api::new(&Place::here(), node.address).with_header("Accept", "text/html");
    let path = node.start_url.split_once(&node.address.to_string());
    let (_, path) = path.context("a start URL names the node's address")?;
    let (answer, _) = browser.follow(path).await?;
    let html = answer
        .header("content-type")
        .is_some_and(|it| it.starts_with("text/html"));
    ensure!(
        answer.status == 200 && html,
        "no page: {} {}",
        answer.status,
        answer.text()
    );
    Ok(())
}
