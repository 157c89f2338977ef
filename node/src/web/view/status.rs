//! The state of a node.

use serde::Serialize;

use super::Line;

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
    /// What is on the disk.
    pub stored: Stored,
    /// What waits to leave.
    pub outbox: Outbox,
    /// What is not as it should be, worst first.
    pub ills: Vec<Ill>,
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
        /// Through a relay's circuit.
        relayed: bool,
    },
    /// Not connected.
    Away {
        /// Since when, if it was ever here since the start.
        since_s: Option<u64>,
    },
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
    /// Something was repaired when the program started; what was done.
    Repaired {
        /// What was done.
        what: String,
    },
    /// The credential of this node has expired.
    CredentialExpired {
        /// Days ago.
        days: u64,
    },
    /// Private keys are sealed by nothing better than a file.
    KeysInFile,
    /// A thing has waited too long to leave.
    OutboxOld {
        /// Hours.
        hours: u64,
    },
}
