//! A line between two nodes that can freeze: connections over it stay open, and nothing passes.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A line to the main address of a node.
pub struct Line {
    /// What to dial instead.
    pub address: String,
    state: watch::Sender<State>,
    listening: JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct State {
    /// How often it froze: whatever was open before stays frozen, whenever that is noticed.
    freezes: u32,
    passes: bool,
}

impl Line {
    pub async fn to(main: &str) -> Self {
        let target = format!("127.0.0.1:{}", main.rsplit('/').next().expect("a port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let (state, watched) = watch::channel(State {
            freezes: 0,
            passes: true,
        });
        let listening = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, target.clone(), watched.clone()));
            }
        });
        let address = format!("/ip4/127.0.0.1/tcp/{port}");
        Self {
            address,
            state,
            listening,
        }
    }

    /// From now on nothing passes over what is open; new connections neither.
    pub fn freeze(&self) {
        self.state.send_modify(|state| {
            state.freezes += 1;
            state.passes = false;
        });
    }

    /// New connections pass; what was frozen stays so.
    pub fn thaw(&self) {
        self.state.send_modify(|state| state.passes = true);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn carry(mut near: TcpStream, target: String, mut state: watch::Receiver<State>) {
    let freezes = state.borrow().freezes;
    let Ok(mut far) = TcpStream::connect(target).await else {
        return;
    };
    let frozen = state.wait_for(|now| !now.passes || now.freezes > freezes);
    let held = tokio::select! {
        _ended = copy_bidirectional(&mut near, &mut far) => return,
        frozen = frozen => frozen.is_ok(),
    };
    if held {
        std::future::pending::<()>().await;
    }
}
