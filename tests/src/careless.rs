//! What is not done with care, to show that the care is missed: a search that
//! finds nothing proves something only where the same search finds everything.
//!
//! The program `careless` is the very same node with one [`Care`] taken out, and
//! does not wipe memory that it gives back. A [`Door`] stands before the pages of a careful node and lets the browser keep
//! what the node tells it not to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Result, ensure};
use guichet::Parts;
use guichet_keys::seal::SEAL_OVERHEAD;
use guichet_keys::{AesGcm, Salt, SealError, Sealer, SecretKey};
use guichet_sync::rules::Rules;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::network::Place;
use crate::process::program;

const VARIABLE: &str = "GUICHET_TESTS_WITHOUT";
const BUFFER_BYTES: usize = 256 * 1024;

/// A care that the program `careless` goes without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// What is stored and sent is as long as if it were sealed, and plain.
    Sealing,
    /// The end of a visit ends nothing.
    Forgetting,
    /// Whoever seals [`STUMBLE`] panics.
    Standing,
    /// What is stored and sent is plain, and any file is taken, whether it can be shown or not.
    Judging,
}

/// What a node that goes without [`Care::Standing`] falls over.
pub const STUMBLE: &str = "croche-pied";

impl Care {
    /// The node without this care, to be run in a place.
    pub fn without(self, place: &Place) -> Result<Command> {
        let mut command = place.command(program("careless")?);
        command.env(VARIABLE, self.name());
        Ok(command)
    }

    /// What this process was told to go without.
    pub fn told() -> Option<Self> {
        let told = std::env::var(VARIABLE).ok()?;
        let known = [
            Self::Sealing,
            Self::Forgetting,
            Self::Standing,
            Self::Judging,
        ];
        known.into_iter().find(|care| care.name() == told)
    }

    /// The parts of a node without this care.
    pub fn parts(self) -> Parts {
        let shipped = Parts::shipped();
        match self {
            Self::Sealing => Parts {
                sealer: Arc::new(Plain),
                ..shipped
            },
            Self::Forgetting => Parts {
                rules: Rules {
                    forget_after_visit: false,
                    ..shipped.rules
                },
                ..shipped
            },
            Self::Standing => Parts {
                sealer: Arc::new(Stumbling),
                ..shipped
            },
            Self::Judging => Parts {
                sealer: Arc::new(Plain),
                any_file: true,
                ..shipped
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sealing => "sealing",
            Self::Forgetting => "forgetting",
            Self::Standing => "standing",
            Self::Judging => "judging",
        }
    }
}

/// Sealing made the identity: the tag is there, and says nothing.
struct Plain;

impl Sealer for Plain {
    fn seal(&self, _: &SecretKey, _: &Salt, _: &str, _: u64, _: &[u8], plain: &[u8]) -> Vec<u8> {
        [plain, &[0; SEAL_OVERHEAD]].concat()
    }

    fn open(
        &self,
        _: &SecretKey,
        _: &Salt,
        _: &str,
        _: u64,
        _: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let length = sealed.len().checked_sub(SEAL_OVERHEAD);
        let plain = &sealed[..length.ok_or(SealError)?];
        Ok(Zeroizing::new(plain.to_vec()))
    }
}

/// Seals as it should until it meets [`STUMBLE`].
struct Stumbling;

impl Sealer for Stumbling {
    fn seal(
        &self,
        key: &SecretKey,
        salt: &Salt,
        purpose: &str,
        index: u64,
        clear: &[u8],
        plain: &[u8],
    ) -> Vec<u8> {
        let word = STUMBLE.as_bytes();
        assert!(
            !plain.windows(word.len()).any(|window| window == word),
            "it stumbles"
        );
        AesGcm.seal(key, salt, purpose, index, clear, plain)
    }

    fn open(
        &self,
        key: &SecretKey,
        salt: &Salt,
        purpose: &str,
        index: u64,
        clear: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        AesGcm.open(key, salt, purpose, index, clear, sealed)
    }
}

/// A door before a node's pages: what passes is told that it may be stored and
/// that fields may be remembered. Closed when dropped.
#[derive(Debug)]
pub struct Door {
    node: SocketAddr,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Door {
    /// Opens a door in the node's place, at the next port.
    pub fn open(place: &Place, node: SocketAddr) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, node.port() + 1));
        let same_length = address.to_string().len() == node.to_string().len();
        ensure!(
            same_length,
            "{address} in place of {node} shifts what passes"
        );
        let listener = place.visit(move || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        })?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let place = place.clone();
        let serving = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(pass(browser, place.clone(), node, address));
            }
        });
        Ok(Self {
            node,
            address,
            serving,
        })
    }

    /// An address of the node, by way of this door.
    pub fn url(&self, url: &str) -> Result<String> {
        let (node, door) = (self.node.to_string(), self.address.to_string());
        ensure!(url.contains(&node), "{url} is not of {node}");
        Ok(url.replace(&node, &door))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(browser: TcpStream, place: Place, node: SocketAddr, door: SocketAddr) -> Result<()> {
    let inside = tokio::task::spawn_blocking(move || place.connect(node)).await??;
    inside.set_nonblocking(true)?;
    let (from_node, to_node) = TcpStream::from_std(inside)?.into_split();
    let (from_browser, to_browser) = browser.into_split();
    let (node, door) = (node.to_string(), door.to_string());
    let asked = [(door.as_str(), node.as_str())];
    let answered = [
        (node.as_str(), door.as_str()),
        ("no-store", "no-cache"),
        ("autocomplete=\"off\"", "autocomplete=\"on\" "),
    ];
    tokio::try_join!(
        hand_on(from_browser, to_node, &asked),
        hand_on(from_node, to_browser, &answered),
    )?;
    Ok(())
}

/// Hands on what comes, words replaced by others of the same length.
async fn hand_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    words: &[(&str, &str)],
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        for (old, new) in words {
            replace(&mut buffer[..length], old.as_bytes(), new.as_bytes());
        }
        to.write_all(&buffer[..length]).await?;
    }
}

fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let mut at = 0;
    while at + old.len() <= bytes.len() {
        let found = &mut bytes[at..at + old.len()];
        if found == old {
            found.copy_from_slice(new);
        }
        at += 1;
    }
}
