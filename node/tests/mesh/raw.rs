//! A connection with nothing of ours on it: TCP, Noise and Yamux, and streams negotiated by hand,
//! so that a test can say what no node would say.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerExt, SubstreamBox};
use libp2p::core::transport::{DialOpts, PortUse};
use libp2p::core::upgrade::Version;
use libp2p::core::{Endpoint, Transport};
use libp2p::identity::Keypair;
use libp2p::{noise, tcp, yamux};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(5);

/// One connection to a node.
pub struct Raw {
    wanted: mpsc::UnboundedSender<oneshot::Sender<SubstreamBox>>,
    offered: Arc<AtomicUsize>,
    driver: JoinHandle<()>,
}

impl Raw {
    /// Connects with the key of this seed; none if the handshake fails.
    pub async fn connect(address: &str, seed: [u8; 32]) -> Option<Self> {
        let key = Keypair::ed25519_from_bytes(seed).expect("any 32 bytes are a seed");
        let mut transport = tcp::tokio::Transport::new(tcp::Config::new().nodelay(true))
            .upgrade(Version::V1Lazy)
            .authenticate(noise::Config::new(&key).expect("a key"))
            .multiplex(yamux::Config::default())
            .boxed();
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let dial = transport
            .dial(address.parse().expect("an address"), options)
            .expect("a dial");
        let (_, muxer) = timeout(PATIENCE, dial).await.ok()?.ok()?;
        let (wanted, requests) = mpsc::unbounded_channel();
        let offered = Arc::<AtomicUsize>::default();
        Some(Self {
            wanted,
            offered: Arc::clone(&offered),
            driver: tokio::spawn(drive(muxer, requests, offered)),
        })
    }

    /// How many streams the node has opened towards this end so far.
    pub fn offered(&self) -> usize {
        self.offered.load(Ordering::Relaxed)
    }

    /// A stream that speaks this protocol; none if the node does not, or is gone.
    pub async fn stream(&self, protocol: &str) -> Option<SubstreamBox> {
        let (give, take) = oneshot::channel();
        self.wanted.send(give).ok()?;
        let negotiation = async {
            let mut stream = take.await.ok()?;
            for line in ["/multistream/1.0.0", protocol] {
                let length = u8::try_from(line.len() + 1).expect("short");
                stream
                    .write_all(&[&[length], line.as_bytes(), b"\n"].concat())
                    .await
                    .ok()?;
            }
            stream.flush().await.ok()?;
            let mut answer = vec![0; "/multistream/1.0.0".len() + 2];
            stream.read_exact(&mut answer).await.ok()?;
            let mut length = [0];
            stream.read_exact(&mut length).await.ok()?;
            let mut answer = vec![0; usize::from(length[0])];
            stream.read_exact(&mut answer).await.ok()?;
            (answer == [protocol.as_bytes(), b"\n"].concat()).then_some(stream)
        };
        timeout(PATIENCE, negotiation).await.ok()?
    }

    /// Waits until the node has closed the connection; false if it does not in time.
    pub async fn closed(&mut self, patience: Duration) -> bool {
        timeout(patience, &mut self.driver).await.is_ok()
    }
}

async fn drive(
    mut muxer: StreamMuxerBox,
    mut requests: mpsc::UnboundedReceiver<oneshot::Sender<SubstreamBox>>,
    offered: Arc<AtomicUsize>,
) {
    let mut request = None;
    poll_fn(|cx| {
        loop {
            if muxer.poll_unpin(cx).map(|event| event.is_err()) == Poll::Ready(true) {
                return Poll::Ready(());
            }
            match muxer.poll_inbound_unpin(cx) {
                Poll::Ready(Ok(stream)) => {
                    drop(stream);
                    offered.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
            if request.is_none() {
                match requests.poll_recv(cx) {
                    Poll::Ready(Some(next)) => request = Some(next),
                    Poll::Ready(None) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
            match muxer.poll_outbound_unpin(cx) {
                Poll::Ready(Ok(stream)) => {
                    let give: oneshot::Sender<SubstreamBox> = request.take().expect("asked for");
                    drop(give.send(stream));
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}
