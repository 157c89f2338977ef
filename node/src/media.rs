//! The media thread: the sockets of calls and the machine that decides about them.
//!
//! Sound waits for nobody, so a thread of its own does nothing else. It owns the UDP sockets and
//! the [`Session`], takes orders through a [`Media`] and tells [`Event`]s. It ends with the last
//! handle; no error of a socket ends it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::Instant;

use guichet_media::limits::{CANDIDATES_MAX, DATAGRAM_BYTES_MAX};
use guichet_media::{Certificate, Event, Input, Output, Session};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use sockets::{Sockets, bind};

mod sockets;

/// Orders that wait for the thread at most.
const ORDERS_MAX: usize = 1024;

/// Where calls are reached, and as whom.
pub struct MediaConfig {
    /// Shown to the other end of a call.
    pub certificate: Certificate,
    /// Addresses of this machine that its browser reaches; loopback is one without being named.
    pub page_hosts: Vec<IpAddr>,
    /// Addresses of this machine that other nodes reach.
    pub wan_hosts: Vec<IpAddr>,
    /// The UDP port for other nodes on each of them, 0 for any.
    pub wan_port: u16,
}

/// A handle on the media thread.
#[derive(Clone)]
pub struct Media {
    orders: mpsc::Sender<Input>,
}

/// The media thread does not take an order: it has ended, or too many wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the media thread takes no order: it has ended, or {ORDERS_MAX} wait")]
pub struct NotTaken;

impl Media {
    /// Binds the sockets, at most [`CANDIDATES_MAX`] for pages and for nodes, and starts the thread.
    pub fn start(config: MediaConfig) -> io::Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        Self::start_holding(config, ())
    }

    /// The same; `held` is dropped on the thread when it ends, in whatever way.
    pub fn start_holding(
        config: MediaConfig,
        held: impl Send + 'static,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Event>)> {
        let MediaConfig {
            certificate,
            page_hosts,
            wan_hosts,
            wan_port,
        } = config;
        let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
        let page_hosts = [&[loopback][..], &page_hosts].concat();
        let page = bind(&page_hosts, 0, CANDIDATES_MAX)?;
        let wan = bind(&wan_hosts, wan_port, CANDIDATES_MAX)?;
        let opened = Input::AddressesOpened {
            page: page.iter().map(|bound| bound.address).collect(),
            wan: wan.iter().map(|bound| bound.address).collect(),
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let sockets = {
            let _inside = runtime.enter();
            Sockets::new(page.into_iter().chain(wan))?
        };
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        let (events, told) = mpsc::unbounded_channel();
        let mut session = Session::new(certificate);
        session.handle_input(Instant::now(), opened);
        let worker = Worker {
            session,
            sockets,
            events,
        };
        thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || {
                let _held = held;
                runtime.block_on(worker.run(queue))
            })?;
        Ok((Self { orders }, told))
    }

    /// Hands in what has happened.
    pub fn tell(&self, input: Input) -> Result<(), NotTaken> {
        self.orders.try_send(input).map_err(|_| NotTaken)
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Media")
    }
}

struct Worker {
    session: Session,
    sockets: Sockets,
    events: mpsc::UnboundedSender<Event>,
}

impl Worker {
    async fn run(mut self, mut orders: mpsc::Receiver<Input>) {
        // One byte more than is looked at, so that the rest of a longer datagram is missed.
        let mut buffer = [0; DATAGRAM_BYTES_MAX + 1];
        loop {
            self.obey();
            let due = self.session.poll_timeout();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(input) => self.session.handle_input(Instant::now(), input),
                    None => return,
                },
                arrived = self.sockets.receive(&mut buffer) => {
                    let input = Input::Datagram {
                        local: arrived.local,
                        from: arrived.from,
                        bytes: buffer[..arrived.length].to_vec(),
                    };
                    self.session.handle_input(Instant::now(), input);
                }
                () = until(due) => self.session.handle_timeout(Instant::now()),
            }
        }
    }

    fn obey(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Transmit { local, to, bytes } => self.sockets.send(local, to, &bytes),
                // Who does not listen any more does not want to know.
                Output::Tell(event) => drop(self.events.send(event)),
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(at) => sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guichet_media::{CallId, CallState, End};
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);
    const CALL: CallId = CallId([7; 16]);

    fn start() -> (Media, mpsc::UnboundedReceiver<Event>, Certificate) {
        let certificate = Certificate::generate().expect("made");
        let kept = Certificate::from_bytes(&certificate.to_bytes()).expect("read");
        let (media, told) = Media::start(MediaConfig {
            certificate,
            page_hosts: Vec::new(),
            wan_hosts: vec![Ipv4Addr::LOCALHOST.into()],
            wan_port: 0,
        })
        .expect("starts");
        (media, told, kept)
    }

    /// Passes descriptions on until the call is heard.
    async fn until_live(told: &mut mpsc::UnboundedReceiver<Event>, other: &Media) {
        loop {
            let event = told.recv().await.expect("the thread lives");
            if let Event::Describe { call, leg } = event {
                other.tell(Input::Described { call, leg }).expect("taken");
            } else if let Event::CallChanged { state, .. } = event
                && state == CallState::Live
            {
                return;
            }
        }
    }

    #[tokio::test]
    async fn two_threads_meet_over_sockets_and_end_with_their_handles() {
        let (caller, mut caller_told, caller_certificate) = start();
        let (callee, mut callee_told, callee_certificate) = start();
        for (media, end, peer) in [
            (&caller, End::Caller, &callee_certificate),
            (&callee, End::Callee, &caller_certificate),
        ] {
            let (call, peer) = (CALL, peer.fingerprint());
            media
                .tell(Input::CallBegun { call, end, peer })
                .expect("taken");
        }
        let both = async {
            tokio::join!(
                until_live(&mut caller_told, &callee),
                until_live(&mut callee_told, &caller)
            )
        };
        timeout(PATIENCE, both).await.expect("both are heard");

        let also = caller.clone();
        drop(caller);
        also.tell(Input::CallEnded { call: CALL }).expect("taken");
        drop(also);
        let rest = async { while caller_told.recv().await.is_some() {} };
        timeout(PATIENCE, rest).await.expect("the thread has ended");
    }

    /// A kiosk or a station without its media thread ends: nobody is left in a call that says
    /// nothing.
    #[tokio::test]
    async fn a_thread_that_ends_is_missed() {
        let (posts, mut watch) = crate::owners::posts();
        let config = MediaConfig {
            certificate: Certificate::generate().expect("made"),
            page_hosts: Vec::new(),
            wan_hosts: Vec::new(),
            wan_port: 0,
        };
        let started = Media::start_holding(config, posts.of("calls"));
        let (media, _told) = started.expect("starts");
        let alive = timeout(Duration::from_millis(50), watch.left()).await;
        assert!(alive.is_err(), "nobody is missed while it lives");
        drop(media);
        let left = timeout(PATIENCE, watch.left()).await.expect("missed");
        assert_eq!(left.owner, "calls");
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        let certificate = Certificate::generate().expect("made");
        let error = Media::start(MediaConfig {
            certificate,
            page_hosts: vec![Ipv4Addr::new(192, 0, 2, 1).into()],
            wan_hosts: Vec::new(),
            wan_port: 0,
        })
        .map(|_| ())
        .expect_err("not ours");
        assert!(error.to_string().contains("192.0.2.1"), "{error}");
    }
}
