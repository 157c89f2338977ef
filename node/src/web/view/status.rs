//! The state of a node.

use std::net::SocketAddr;

use guichet_keys::SubjectId;
use serde::Serialize;

use super::{Line, MediaState, as_text};

/// The state of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusView {
    /// `kiosk`, `station` or `relay`.
    pub role: String,
    /// The node's name.
    pub name: String,
    /// The node's id.
    pub node: String,
    /// The network's id: its root.
    pub network: String,
    /// The program's version.
    pub version: String,
    /// Since when it runs.
    pub started_at_s: u64,
    /// Now.
    pub at_s: u64,
    /// The line.
    pub line: Line,
    /// Every other member this node knows.
    pub members: Vec<Member>,
    /// How the call fares that is under way, if one is.
    pub call: Option<CallLine>,
    /// What is on the disk.
    pub stored: Stored,
    /// What waits to leave.
    pub outbox: Outbox,
    /// What is not as it should be, worst first.
    pub ills: Vec<Ill>,
    /// Machines that send more than this node has time for, the latest first.
    pub floods: Vec<Flood>,
}

/// A machine that sends more than this node has time for: it is made to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flood {
    /// Its id.
    pub node: String,
    /// Its name.
    pub name: String,
    /// When it was first made to wait.
    pub since_s: u64,
    /// When it was last.
    pub until_s: u64,
}

/// Another member of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its id.
    pub node: String,
    /// Its name.
    pub name: String,
    /// `kiosk`, `station` or `relay`.
    pub role: String,
    /// Whether it answers.
    pub presence: Presence,
    /// Things that wait to be sent to it.
    pub waiting: u64,
}

/// Whether a member answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "presence")]
pub enum Presence {
    /// Connected.
    Here {
        /// Since when.
        since_s: u64,
        /// On which way.
        #[serde(flatten)]
        route: Route,
        /// There and back, in milliseconds, once it was measured.
        round_trip_ms: Option<u64>,
    },
    /// Not connected.
    Away {
        /// Since when, if it was ever here since the start.
        since_s: Option<u64>,
    },
}

/// The way to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "route")]
pub enum Route {
    /// Nothing of ours in between.
    Direct {
        /// What carries it.
        carrier: Carrier,
    },
    /// A circuit through a relay.
    Relayed {
        /// Which.
        #[serde(serialize_with = "as_text")]
        relay: SubjectId,
    },
}

/// What carries a direct connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// TCP.
    Tcp,
    /// QUIC, over UDP.
    Quic,
}

/// The line of a call, as measured within the last second or so. It says which node is at the other
/// end, and nobody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallLine {
    /// The node at the other end.
    #[serde(serialize_with = "as_text")]
    pub with: SubjectId,
    /// Whether it is heard.
    #[serde(flatten)]
    pub media: MediaState,
    /// The address of the other end that is reached straight over UDP; none while there is no way.
    pub direct: Option<SocketAddr>,
    /// There and back, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// Of what was sent, thousandths that did not arrive.
    pub lost_sent_permille: Option<u32>,
    /// Of what was to arrive, thousandths that did not.
    pub lost_received_permille: Option<u32>,
    /// What the line is estimated to carry from here.
    pub estimate_kbit_s: Option<u64>,
    /// What was sent.
    pub sent: Passed,
    /// What arrived.
    pub received: Passed,
}

/// What passed one way, in kilobits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Sound.
    pub audio_kbit_s: u64,
    /// Pictures.
    pub video_kbit_s: u64,
}

/// What is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Signed facts of the network.
    pub statements: u64,
    /// Receipts.
    pub receipts: u64,
    /// Sealed batches of changes.
    pub edits: u64,
    /// Sealed records.
    pub acts: u64,
    /// Pages of documents.
    pub pages: u64,
    /// Pieces of them that have come from where they were made since the start, those that came
    /// again included.
    pub segments_received: u64,
    /// Bytes used.
    pub bytes: u64,
    /// Bytes free.
    pub bytes_free: u64,
}

/// What waits to leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outbox {
    /// How many things.
    pub items: u64,
    /// The time of the oldest.
    pub oldest_at_s: Option<u64>,
    /// Pieces of documents that have left since the start, those that left again included.
    pub segments_sent: u64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ill")]
pub enum Ill {
    /// The disk has no room.
    DiskFull,
    /// The disk failed; what the system said.
    DiskFailed {
        /// The system's words.
        said: String,
    },
    /// Something that was stored does not read any more; what the disk said.
    Unreadable {
        /// The system's words.
        said: String,
    },
    /// Pages of documents were damaged on the disk, and something of them is still missing.
    PagesDamaged {
        /// How many.
        pages: u64,
    },
    /// An adviser's vault does not read: they cannot work here.
    VaultUnreadable {
        /// Which file.
        file: String,
    },
    /// Something was repaired when the program started; what was done.
    Repaired {
        /// What was done.
        what: String,
        /// Whether something that had been saved here is gone.
        lost: bool,
    },
    /// The credential of this node has expired.
    CredentialExpired {
        /// Days ago.
        days: u64,
    },
    /// Private keys are sealed by nothing better than a file.
    KeysInFile,
    /// This machine's clock is behind that of the others.
    ClockBehind {
        /// By at least so many seconds.
        by_s: u64,
    },
    /// This machine's clock is ahead of that of the others.
    ClockAhead {
        /// By at least so many seconds.
        by_s: u64,
    },
    /// A thing has waited too long to leave.
    OutboxOld {
        /// Hours.
        hours: u64,
    },
}
