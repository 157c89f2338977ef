//! The running node.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::{Router, routing::get};
use data_encoding::HEXLOWER;
use tokio::sync::oneshot;

use crate::folder::{self, Opened, private};
use crate::{Parts, entropy, stop::Stop};

/// What a node says once its local pages answer.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Ready {
    /// Where the local pages are.
    pub address: SocketAddr,
    /// The address that opens a session, once.
    pub start_url: String,
}

/// Runs a node until it is told to stop.
pub async fn run(
    opened: Opened,
    _parts: Parts,
    mut stop: Stop,
    ready: oneshot::Sender<Ready>,
) -> anyhow::Result<()> {
    let port = opened.config.port;
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| {
            format!(
                "cannot serve the local pages on port {port}; set another `port` in {}",
                opened.dir.join(crate::config::FILE).display()
            )
        })?;
    let address = listener.local_addr()?;
    private::write(
        &opened.dir.join(folder::API_TOKEN),
        HEXLOWER.encode(&entropy::bytes::<32>()).as_bytes(),
    )?;
    private::write_public(
        &opened.dir.join(folder::LOCAL_ADDRESS),
        address.to_string().as_bytes(),
    )?;
    let routes = Router::new().route("/healthz", get(async || "ok\n"));
    let start_url = format!("http://{address}/");
    let _ = ready.send(Ready { address, start_url });
    axum::serve(listener, routes)
        .with_graceful_shutdown(async move { stop.ordered().await })
        .await?;
    Ok(())
}
