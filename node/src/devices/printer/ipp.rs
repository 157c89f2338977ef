//! As much of IPP as printing through CUPS takes: requests with a few attributes, and answers.
//!
//! The programs `lp` and `cancel` would do, but for one thing: up to CUPS 2.4.6 `cancel -x` names
//! its wish wrongly and leaves the document in the spool (OpenPrinting/cups#742). A kiosk must not.
//!
//! Encoding: RFC 8010, section 3. Operations and attributes: RFC 8011, and for those of CUPS its
//! own specification of IPP.

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

const ANSWER_BYTES_MAX: usize = 4 << 20;
const TIME_MAX: Duration = Duration::from_secs(30);
const SOCKET: &str = "/run/cups/cups.sock";
const PORT: u16 = 631;

const OPERATION_GROUP: u8 = 1;
const JOB_GROUP: u8 = 2;
const END: u8 = 3;
const PRINTER_GROUP: u8 = 4;
const GROUP_TAG_MAX: u8 = 0x0f;

const INTEGER: u8 = 0x21;
const BOOLEAN: u8 = 0x22;
const ENUM: u8 = 0x23;
const NAME: u8 = 0x42;
const KEYWORD: u8 = 0x44;
const URI: u8 = 0x45;
const CHARSET: u8 = 0x47;
const LANGUAGE: u8 = 0x48;
const MEDIA_TYPE: u8 = 0x49;

/// What CUPS is asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    PrintJob = 0x0002,
    CancelJob = 0x0008,
    JobAttributes = 0x0009,
    Jobs = 0x000a,
    PrinterAttributes = 0x000b,
    DefaultPrinter = 0x4001,
    Printers = 0x4002,
}

/// What CUPS says of a request as a whole (RFC 8011, appendix B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub u16);

impl Status {
    pub const NOT_FOUND: Self = Self(0x0406);
    pub const FORMAT_NOT_SUPPORTED: Self = Self(0x040a);
    pub const TOO_LARGE: Self = Self(0x0408);
    pub const NOT_ACCEPTING: Self = Self(0x0506);

    /// Done, perhaps with attributes ignored.
    pub fn is_done(self) -> bool {
        self.0 < 0x0100
    }
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    Cups,
    Queue(&'a str),
    Job(i32),
}

/// A request in the making.
#[derive(Debug)]
pub(super) struct Request(Vec<u8>);

impl Request {
    /// A request in the name of `user`.
    pub fn new(operation: Operation, target: Target<'_>, user: &str) -> Self {
        let mut bytes = vec![2, 0];
        bytes.extend((operation as u16).to_be_bytes());
        bytes.extend(1_u32.to_be_bytes());
        bytes.push(OPERATION_GROUP);
        let request = Self(bytes)
            .with(CHARSET, "attributes-charset", b"utf-8")
            .with(LANGUAGE, "attributes-natural-language", b"en");
        let request = match target {
            Target::Cups => request.uri("printer-uri", "ipp://localhost/"),
            Target::Queue(queue) => {
                let uri = format!("ipp://localhost/printers/{}", escaped(queue));
                request.uri("printer-uri", &uri)
            }
            Target::Job(job) => request.uri("job-uri", &format!("ipp://localhost/jobs/{job}")),
        };
        request.name("requesting-user-name", user)
    }

    pub fn name(self, name: &str, value: &str) -> Self {
        self.with(NAME, name, value.as_bytes())
    }

    fn uri(self, name: &str, value: &str) -> Self {
        self.with(URI, name, value.as_bytes())
    }

    pub fn media_type(self, name: &str, value: &str) -> Self {
        self.with(MEDIA_TYPE, name, value.as_bytes())
    }

    pub fn yes(self, name: &str) -> Self {
        self.with(BOOLEAN, name, &[1])
    }

    pub fn keywords(mut self, name: &str, values: &[&str]) -> Self {
        for (place, value) in values.iter().enumerate() {
            // A further value of an attribute bears no name.
            let name = if place == 0 { name } else { "" };
            self = self.with(KEYWORD, name, value.as_bytes());
        }
        self
    }

    /// Values are ours or were checked: none is longer than a length can say.
    fn with(mut self, tag: u8, name: &str, value: &[u8]) -> Self {
        self.0.push(tag);
        for part in [name.as_bytes(), value] {
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX);
            self.0.extend(length.to_be_bytes());
            self.0.extend(&part[..usize::from(length)]);
        }
        self
    }
}

/// A queue's name as a part of a path (RFC 3986, section 2.1).
fn escaped(queue: &str) -> String {
    let mut path = String::new();
    for byte in queue.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            path.push(char::from(byte));
        } else {
            _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// Why CUPS gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CupsError {
    /// Nobody listens.
    #[error("CUPS does not run: {0}")]
    NotRunning(io::Error),
    /// The connection broke, or took too long.
    #[error("CUPS did not answer: {0}")]
    Broken(#[from] io::Error),
    /// HTTP said no, or the answer is not IPP.
    #[error("the answer of CUPS is not understood")]
    NotUnderstood,
}

/// Where CUPS listens: a socket's path, or a host and perhaps its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cups {
    Socket(PathBuf),
    Host(String),
}

impl Cups {
    /// Where `CUPS_SERVER` says, else on the system's socket.
    pub fn at(server: Option<&str>) -> Self {
        match server {
            None | Some("") => Self::Socket(SOCKET.into()),
            Some(path) if path.starts_with('/') => Self::Socket(path.into()),
            Some(host) => Self::Host(host.to_owned()),
        }
    }

    /// Asks once; `document` follows the request.
    pub async fn ask(&self, request: Request, document: &[u8]) -> Result<Answer, CupsError> {
        timeout(TIME_MAX, self.exchange(request, document))
            .await
            .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }

    async fn exchange(&self, request: Request, document: &[u8]) -> Result<Answer, CupsError> {
        let Request(mut head) = request;
        head.push(END);
        let answer = match self {
            Self::Socket(path) => {
                let stream = UnixStream::connect(path).await;
                talk(stream.map_err(CupsError::NotRunning)?, &head, document).await?
            }
            Self::Host(host) => {
                let stream = match host.rsplit_once(':') {
                    Some(_) => TcpStream::connect(host).await,
                    None => TcpStream::connect((host.as_str(), PORT)).await,
                };
                talk(stream.map_err(CupsError::NotRunning)?, &head, document).await?
            }
        };
        let split = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let (http, body) = answer.split_at(split.ok_or(CupsError::NotUnderstood)? + 4);
        let status = http.split(|byte| *byte == b' ').nth(1);
        if status != Some(b"200") {
            return Err(CupsError::NotUnderstood);
        }
        Answer::read(body).ok_or(CupsError::NotUnderstood)
    }
}

/// One request a connection: with HTTP/1.0 the answer ends with it, in one piece.
async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    head: &[u8],
    document: &[u8],
) -> io::Result<Vec<u8>> {
    let http = format!(
        "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/ipp\r\n\
         Content-Length: {}\r\n\r\n",
        head.len() + document.len()
    );
    for part in [http.as_bytes(), head, document] {
        stream.write_all(part).await?;
    }
    let mut answer = Vec::new();
    let mut bounded = stream.take(ANSWER_BYTES_MAX as u64);
    bounded.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// What CUPS answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: Status,
    things: Vec<Thing>,
}

/// A job or a printer, as an answer tells of it.
#[derive(Debug, Default)]
pub(super) struct Thing(Vec<(String, Value)>);

#[derive(Debug, PartialEq, Eq)]
enum Value {
    Number(i32),
    Text(String),
    Other,
}

impl Answer {
    /// The jobs or printers that it tells of.
    pub fn things(&self) -> &[Thing] {
        &self.things
    }

    /// The first of them.
    pub fn first(&self) -> Option<&Thing> {
        self.things.first()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (status, mut rest) = bytes.get(2..)?.split_first_chunk::<2>()?;
        rest = rest.get(4..)?;
        let mut things: Vec<Thing> = Vec::new();
        let mut named = String::new();
        let mut of_a_thing = false;
        loop {
            let (tag, after) = rest.split_first()?;
            rest = after;
            if *tag == END {
                let status = Status(u16::from_be_bytes(*status));
                return Some(Self { status, things });
            }
            if *tag <= GROUP_TAG_MAX {
                of_a_thing = [JOB_GROUP, PRINTER_GROUP].contains(tag);
                if of_a_thing {
                    things.push(Thing::default());
                }
                continue;
            }
            let name = take(&mut rest)?;
            let value = take(&mut rest)?;
            if !name.is_empty() {
                named = String::from_utf8_lossy(name).into_owned();
            }
            if of_a_thing && let Some(Thing(attributes)) = things.last_mut() {
                attributes.push((named.clone(), Value::read(*tag, value)));
            }
        }
    }
}

impl Thing {
    /// The number of this name.
    pub fn number(&self, name: &str) -> Option<i32> {
        self.values(name).find_map(|value| match value {
            Value::Number(number) => Some(*number),
            Value::Text(_) | Value::Other => None,
        })
    }

    /// The text of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// All texts of this name.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name).filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            Value::Number(_) | Value::Other => None,
        })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &Value> {
        let named = move |(found, _): &&(String, Value)| found == name;
        self.0.iter().filter(named).map(|(_, value)| value)
    }
}

impl Value {
    fn read(tag: u8, bytes: &[u8]) -> Self {
        match (tag, <[u8; 4]>::try_from(bytes)) {
            (INTEGER | ENUM, Ok(number)) => Self::Number(i32::from_be_bytes(number)),
            (0x40..=0x4f, _) => Self::Text(String::from_utf8_lossy(bytes).into_owned()),
            _ => Self::Other,
        }
    }
}

/// What a length of two bytes announces.
fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (taken, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::super::state::{busy_trouble, idle_trouble};
    use super::*;

    fn sample() -> Vec<u8> {
        let Request(mut bytes) = Request::new(Operation::Jobs, Target::Queue("à 1"), "somebody");
        bytes[2..4].copy_from_slice(&[4, 6]);
        bytes.push(JOB_GROUP);
        bytes.extend([INTEGER, 0, 6]);
        bytes.extend(b"job-id\x00\x04\x00\x00\x01\x02");
        let told = Request(bytes).keywords("job-state-reasons", &["one", "two"]);
        let Request(mut bytes) = told;
        bytes.push(END);
        bytes
    }

    #[test]
    fn an_answer_is_read() {
        let answer = Answer::read(&sample()).expect("read");
        assert_eq!(answer.status, Status::NOT_FOUND);
        let job = answer.first().expect("a job");
        assert_eq!(job.number("job-id"), Some(258));
        assert!(job.texts("job-state-reasons").eq(["one", "two"]));
        assert_eq!(job.text("requesting-user-name"), None, "not of the job");
    }

    #[test]
    fn a_queue_s_name_stays_one_step_of_a_path() {
        assert_eq!(escaped("Guichet_1"), "Guichet_1");
        assert_eq!(escaped("../à#"), "..%2F%C3%A0%23");
    }

    #[test]
    fn no_part_of_an_answer_is_one() {
        let whole = sample();
        for length in 0..whole.len() {
            assert!(Answer::read(&whole[..length]).is_none(), "{length} bytes");
        }
    }

    #[test]
    fn no_answer_of_cups_ends_who_reads_it() {
        crate::hostile::drive(&[&sample()], |bytes| {
            let answer = Answer::read(bytes);
            answer.iter().flat_map(Answer::things).for_each(|thing| {
                let _numbers = thing.number("job-id");
                let _texts = thing.texts("job-state-reasons").count();
                let _troubles = (busy_trouble(thing), idle_trouble(thing));
            });
            answer.is_some()
        });
    }
}
