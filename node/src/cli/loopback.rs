//! Speaking to a running node: HTTP/1.1 on loopback with the token in its data folder,
//! or in its runtime folder while the disk takes nothing ([`folder::contact`]).
//!
//! The token is readable by the owner of the folder only, and new at every start; so who may read
//! the folder may ask the node. One request a connection, one JSON answer of at most 16 MiB.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::folder::{self, private};

const ANSWER_MAX: u64 = 16 * 1024 * 1024;
const TIME_OUT: Duration = Duration::from_secs(20);

/// Why a running node could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nothing runs in the folder.
    #[error("no node is running in {}; start it with: guichet run --dir {}", dir.display(), dir.display())]
    NotRunning {
        /// Which folder.
        dir: PathBuf,
    },
    /// The folder is not a node's.
    #[error(transparent)]
    Marker(#[from] folder::marker::MarkerError),
    /// The token or the address could not be read.
    #[error(transparent)]
    Folder(#[from] private::PrivateFileError),
    /// The connection broke.
    #[error("the node at {address} did not answer: {source}")]
    Broken {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The node does not do it.
    #[error("the node refused: {reason} (HTTP {status})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// The answer is not the JSON of a node.
    #[error("the answer of {address} is not understood; is it another program's port?")]
    NotUnderstood {
        /// Where.
        address: SocketAddr,
    },
}

/// Reads `path` of the node running in `dir`.
pub async fn get(dir: &Path, path: &str) -> Result<Value, AskError> {
    ask(dir, "GET", path).await
}

/// Has the node running in `dir` do `path`.
pub async fn post(dir: &Path, path: &str) -> Result<Value, AskError> {
    ask(dir, "POST", path).await
}

async fn ask(dir: &Path, method: &str, path: &str) -> Result<Value, AskError> {
    let not_running = || AskError::NotRunning {
        dir: dir.to_owned(),
    };
    folder::marker::check(dir, folder::marker::Kind::Node)?;
    let contact = folder::contact::find(dir);
    let address_file = contact.join(folder::LOCAL_ADDRESS);
    if !address_file.exists() {
        return Err(not_running());
    }
    let written = private::read_public(&address_file, 64)?;
    let address: SocketAddr = std::str::from_utf8(&written)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .ok_or_else(not_running)?;
    let token = private::read(&contact.join(folder::API_TOKEN))?;
    let token = std::str::from_utf8(&token).unwrap_or_default();
    let stream = TcpStream::connect(address)
        .await
        .map_err(|_| not_running())?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Accept: application/json\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        token.trim()
    );
    let answer = tokio::time::timeout(TIME_OUT, exchange(stream, &request))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|source| AskError::Broken { address, source })?;
    understand(&answer).unwrap_or(Err(AskError::NotUnderstood { address }))
}

async fn exchange(mut stream: TcpStream, request: &str) -> io::Result<Vec<u8>> {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn understand(answer: &[u8]) -> Option<Result<Value, AskError>> {
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..split]).ok()?;
    let body = &answer[split + 4..];
    let mut lines = head.lines();
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let chunked = lines.any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("transfer-encoding:") && line.contains("chunked")
    });
    let body = if chunked {
        unchunk(body)?
    } else {
        body.to_vec()
    };
    let value = serde_json::from_slice::<Value>(&body);
    if (200..300).contains(&status) {
        return value.ok().map(Ok);
    }
    let reason = value
        .ok()
        .and_then(|value| value["error"].as_str().map(str::to_owned))
        .unwrap_or_else(|| String::from_utf8_lossy(&body).trim().to_owned());
    Some(Err(AskError::Refused { status, reason }))
}

fn unchunk(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&body[..end]).ok()?;
        let length = usize::from_str_radix(length.split(';').next()?.trim(), 16).ok()?;
        body = &body[end + 2..];
        if length == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(body.get(..length)?);
        body = body.get(length.checked_add(2)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(answer: &str, expected: &str) {
        let said = match understand(answer.as_bytes()) {
            Some(Ok(value)) => value.to_string(),
            Some(Err(error)) => error.to_string(),
            None => "not understood".into(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn answers_are_read() {
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"a\":1}", "{\"a\":1}");
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
            &json!({ "a": 1 }).to_string(),
        );
        check(
            "HTTP/1.1 404 Not Found\r\n\r\n{\"error\":\"no such case\"}",
            "the node refused: no such case (HTTP 404)",
        );
    }

    #[test]
    fn what_is_no_answer_is_said_so() {
        check("", "not understood");
        check("SSH-2.0-OpenSSH\r\n\r\n", "not understood");
        check("HTTP/1.1 200 OK\r\n\r\nhello", "not understood");
        check(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nab",
            "not understood",
        );
    }
}
