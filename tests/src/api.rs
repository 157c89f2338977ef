//! A small HTTP client for local pages, in whatever place they are served.
//!
//! One request a connection, so that nothing is shared between requests, and
//! raw bytes where a test must send what no client would. Answers are at most
//! 64 MiB and come within [`ANSWER_WITHIN`]; an event stream stays open.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use guichet::folder::contact;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::network::Place;

/// How long an answer may take to be whole.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);

const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
const HEAD_BYTES_MAX: usize = 64 * 1024;
const REDIRECTS_MAX: usize = 5;
const BOUNDARY: &str = "guichet-tests-part";

/// The local pages of one node, as a script speaks to them.
#[derive(Clone, Debug)]
pub struct Api {
    place: Place,
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// What a node answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case, with their values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub body: Vec<u8>,
}

/// A server-sent event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty where the stream gives none.
    pub name: String,
    /// Its data, lines joined.
    pub data: String,
}

/// An open stream of server-sent events.
#[derive(Debug)]
pub struct Events {
    body: Body,
    text: String,
}

impl Api {
    /// Speaks to `address` from `place`, without any credential.
    pub fn new(place: &Place, address: SocketAddr) -> Self {
        Self {
            place: place.clone(),
            address,
            headers: vec![("Accept".into(), "application/json".into())],
        }
    }

    /// Adds a header to every request; one of the same name is replaced.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_string(), value.to_string()));
        self
    }

    /// Sends the token that a node writes at every start: into its data folder, if that takes it.
    pub fn with_token_of(self, folder: &Path) -> Result<Self> {
        let file = contact::find(folder).join(contact::API_TOKEN);
        let token = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        Ok(self.with_header("Authorization", &format!("Bearer {}", token.trim())))
    }

    /// Asks for `path`.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, "application/json", &[]).await
    }

    /// Asks for `path` and expects JSON with a status of success, as nodes write it: nothing is named
    /// twice in it, of which a parser keeps the last.
    pub async fn get_json(&self, path: &str) -> Result<Value> {
        let answer = self.get(path).await?.success(path)?;
        let value = answer.json()?;
        let all = value.to_string().len();
        ensure!(all == answer.body.len(), "named twice: {}", answer.text());
        Ok(value)
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        let body = serde_json::to_vec(body).context("a value is JSON")?;
        self.send("POST", path, "application/json", &body).await
    }

    /// Posts JSON and expects JSON, or nothing, with a status of success.
    pub async fn post_json(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.post(path, body).await?.success(path)?;
        if answer.body.is_empty() {
            Ok(Value::Null)
        } else {
            answer.json()
        }
    }

    /// Posts one file as a browser's form would.
    pub async fn upload(
        &self,
        path: &str,
        field: &str,
        name: &str,
        media_type: &str,
        content: &[u8],
    ) -> Result<Answer> {
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; \
             filename=\"{name}\"\r\nContent-Type: {media_type}\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send("POST", path, &content_type, &body).await
    }

    /// Sends one request with a body of any type.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Answer> {
        let mut request = self.head(method, path);
        if method != "GET" {
            let length = body.len();
            request += &format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n");
        }
        request += "Connection: close\r\n\r\n";
        self.raw(&[request.as_bytes(), body].concat())
            .await
            .with_context(|| format!("{method} {path} at {}", self.address))
    }

    /// Sends these bytes and nothing else, and reads one answer.
    pub async fn raw(&self, request: &[u8]) -> Result<Answer> {
        let exchange = async {
            let (status, headers, mut body) = self.begin(request).await?;
            let mut whole = Vec::new();
            while let Some(piece) = body.next().await? {
                whole.extend_from_slice(&piece);
                ensure!(whole.len() <= BODY_BYTES_MAX, "an answer over 64 MiB");
            }
            Ok(Answer {
                status,
                headers,
                body: whole,
            })
        };
        timeout(ANSWER_WITHIN, exchange)
            .await
            .context("no answer in time")?
    }

    /// Asks for a page as a browser does: follows redirects and keeps cookies.
    /// Returns the page and the same API with the cookies.
    pub async fn follow(&self, path: &str) -> Result<(Answer, Self)> {
        let (mut path, mut session) = (path.to_string(), self.clone());
        for _ in 0..REDIRECTS_MAX {
            let answer = session.get(&path).await?;
            let cookies: Vec<_> = answer
                .headers
                .iter()
                .filter(|(name, _)| name == "set-cookie")
                .filter_map(|(_, cookie)| cookie.split(';').next())
                .collect();
            if !cookies.is_empty() {
                session = session.with_header("Cookie", &cookies.join("; "));
            }
            match answer.header("location") {
                Some(next) if (300..400).contains(&answer.status) => path = next.to_string(),
                _ => return Ok((answer, session)),
            }
        }
        bail!("{path} redirects without end")
    }

    /// Opens a stream of server-sent events.
    pub async fn events(&self, path: &str) -> Result<Events> {
        let request = self
            .clone()
            .with_header("Accept", "text/event-stream")
            .head("GET", path);
        let request = request + "\r\n";
        let begin = self.begin(request.as_bytes());
        let (status, _, body) = timeout(ANSWER_WITHIN, begin)
            .await
            .context("no answer in time")??;
        ensure!(status == 200, "the events at {path} answer {status}");
        Ok(Events {
            body,
            text: String::new(),
        })
    }

    fn head(&self, method: &str, path: &str) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            head += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head
    }

    async fn begin(&self, request: &[u8]) -> Result<(u16, Vec<(String, String)>, Body)> {
        let stream = self.place.connect(self.address).context("cannot connect")?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream)?;
        // A node may answer and close before it has read everything.
        let written = stream.write_all(request).await;
        Body::read_head(stream).await.or_else(|error| {
            written?;
            Err(error)
        })
    }
}

impl Answer {
    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text, whatever it is.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    fn success(self, path: &str) -> Result<Self> {
        let said = || self.text().chars().take(300).collect::<String>();
        ensure!(
            (200..300).contains(&self.status),
            "{path} answers {}: {}",
            self.status,
            said()
        );
        Ok(self)
    }
}

impl Events {
    /// The next event; an error if none comes within `within` or the stream ends.
    pub async fn next(&mut self, within: Duration) -> Result<Event> {
        timeout(within, self.whole_event())
            .await
            .context("no event in time")?
    }

    async fn whole_event(&mut self) -> Result<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let event = Event::parse(&block);
                if event != Event::default() {
                    return Ok(event);
                }
                continue;
            }
            let piece = self.body.next().await?.context("the event stream ended")?;
            self.text += &String::from_utf8_lossy(&piece).replace('\r', "");
        }
    }
}

impl Event {
    fn parse(block: &str) -> Self {
        let mut event = Self::default();
        let mut data = Vec::new();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => event.name = value.to_string(),
                "data" => data.push(value),
                _ => {}
            }
        }
        event.data = data.join("\n");
        event
    }
}

/// The body of an answer as it arrives.
#[derive(Debug)]
struct Body {
    stream: TcpStream,
    buffer: Vec<u8>,
    framing: Framing,
}

#[derive(Debug)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClosed,
}

impl Body {
    async fn read_head(stream: TcpStream) -> Result<(u16, Vec<(String, String)>, Self)> {
        let framing = Framing::UntilClosed;
        let mut body = Self {
            stream,
            buffer: Vec::new(),
            framing,
        };
        let end = loop {
            if let Some(end) = find(&body.buffer, b"\r\n\r\n") {
                break end;
            }
            ensure!(body.buffer.len() <= HEAD_BYTES_MAX, "an endless head");
            ensure!(body.fill().await?, "the connection closed before an answer");
        };
        let head: Vec<u8> = body.buffer.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
            .collect();
        let value = |name| {
            headers
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value)
        };
        body.framing = match (value("transfer-encoding"), value("content-length")) {
            (Some(coding), _) if coding == "chunked" => Framing::Chunked,
            (Some(coding), _) => bail!("transfer-encoding {coding}"),
            (None, Some(length)) => Framing::Length(length.parse().context("content-length")?),
            (None, None) => Framing::UntilClosed,
        };
        Ok((status.context("no status line")?, headers, body))
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                if self.buffer.is_empty() {
                    ensure!(self.fill().await?, "the body ends {left} bytes early");
                }
                let piece = self.take(left);
                self.framing = Framing::Length(left - piece.len());
                Ok(Some(piece))
            }
            Framing::Chunked => self.chunk().await,
            Framing::UntilClosed => {
                let more = !self.buffer.is_empty() || self.fill().await?;
                Ok(more.then(|| self.take(usize::MAX)))
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let line_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                break end;
            }
            ensure!(self.fill().await?, "the body ends inside a chunk");
        };
        let line: Vec<u8> = self.buffer.drain(..line_end + 2).collect();
        let line = String::from_utf8_lossy(&line);
        let length = line.trim().split(';').next().unwrap_or_default();
        let length = usize::from_str_radix(length, 16).context("a chunk's length")?;
        ensure!(length <= BODY_BYTES_MAX, "a chunk over 64 MiB");
        while self.buffer.len() < length + 2 {
            ensure!(self.fill().await?, "the body ends inside a chunk");
        }
        let piece = self.take(length);
        self.take(2);
        Ok((length > 0).then_some(piece))
    }

    fn take(&mut self, at_most: usize) -> Vec<u8> {
        let length = at_most.min(self.buffer.len());
        self.buffer.drain(..length).collect()
    }

    async fn fill(&mut self) -> Result<bool> {
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// An API in front of a server that says these pieces and closes.
    fn served(pieces: &'static [&'static str]) -> Api {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Api::new(&Place::here(), address)
    }

    #[tokio::test]
    async fn bodies_of_every_framing_are_read() {
        let check = async |pieces, expected: &str| {
            let answer = served(pieces).get("/").await.unwrap();
            assert_eq!((answer.status, answer.text().as_str()), (200, expected));
        };
        check(
            &["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "cde"],
            "abcde",
        )
        .await;
        check(&["HTTP/1.1 200 OK\r\n\r\nab", "c"], "abc").await;
        const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r";
        check(&[CHUNKED, "\n1;x=y\r\nc\r\n0\r\n\r\n"], "abc").await;
    }

    #[tokio::test]
    async fn a_body_cut_short_is_an_error() {
        let api = served(&["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"]);
        assert!(api.get("/").await.is_err());
    }

    #[tokio::test]
    async fn events_are_put_together() {
        let api = served(&[
            "HTTP/1.1 200 OK\r\n\r\n: hello\n\nevent: a\nda",
            "ta: 1\ndata: 2\n\nevent: b\ndata\n\n",
        ]);
        let mut events = api.events("/events").await.unwrap();
        let mut next = async || events.next(Duration::from_secs(5)).await;
        let event = |name: &str, data: &str| Event {
            name: name.into(),
            data: data.into(),
        };
        assert_eq!(next().await.unwrap(), event("a", "1\n2"));
        assert_eq!(next().await.unwrap(), event("b", ""));
        assert!(next().await.is_err());
    }
}
