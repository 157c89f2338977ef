//! The least of an HTTP client: every byte of the request is the test's own.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request, built header by header.
#[derive(Clone, Debug)]
pub struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: &str) -> Self {
        Self::new("POST", path)
    }

    fn new(method: &str, path: &str) -> Self {
        Self {
            line: format!("{method} {path} HTTP/1.1"),
            headers: vec![],
            body: vec![],
        }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn json(self, body: &str) -> Self {
        self.with("accept", "application/json")
            .body("application/json", body)
    }

    pub fn form(self, body: &str) -> Self {
        self.with("accept", "text/html")
            .body("application/x-www-form-urlencoded", body)
    }

    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with("content-type", media_type)
    }

    /// Sends it with the right `Host` unless it has one of its own.
    pub async fn send(self, to: SocketAddr) -> Answer {
        let mut stream = TcpStream::connect(to).await.expect("the server is there");
        stream
            .write_all(&self.head(to, "close"))
            .await
            .expect("takes the head");
        let (mut read, mut write) = stream.into_split();
        let body = self.body;
        let writing = tokio::spawn(async move { write.write_all(&body).await.map(|()| write) });
        let mut bytes = Vec::new();
        read.read_to_end(&mut bytes).await.expect("answers");
        drop(writing.await);
        Answer::read(&bytes)
    }

    /// Sends it and keeps the connection, for an event stream.
    pub async fn open(self, to: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(to).await.expect("the server is there");
        stream
            .write_all(&self.head(to, "keep-alive"))
            .await
            .expect("takes the head");
        stream
    }

    fn head(&self, to: SocketAddr, connection: &str) -> Vec<u8> {
        let mut head = format!("{}\r\nconnection: {connection}\r\n", self.line);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push_str(&format!("host: {to}\r\n"));
        }
        for (name, value) in self.headers.iter().filter(|(_, value)| value != "-") {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        head.into_bytes()
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let split = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("an HTTP head");
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        Self {
            status: status.expect("a status"),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: bytes[split + 4..].to_vec(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON that names nothing twice: of two, a parser keeps the last.
    pub fn json(&self) -> serde_json::Value {
        let value: serde_json::Value = serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", self.text()));
        let all = value.to_string().len();
        assert_eq!(all, self.body.len(), "named twice: {}", self.text());
        value
    }
}
