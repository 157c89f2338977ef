use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::api::Api;
use crate::figure::Figure;
use crate::network::Place;
use crate::process::{Node, guichet};

const STARTS: usize = 10;

/// Starts each node of a fresh network again and again; what is timed runs from
/// the command to the last byte of the home page behind the start URL.
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
            started.stop(std::time::Duration::from_secs(5)).await?;
        }
        figures.push(Figure::spread(
            "start",
            &format!("{node}: to first page"),
            samples,
            "ms",
        ));
    }
    Ok(figures)
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
