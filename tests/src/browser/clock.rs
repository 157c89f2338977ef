//! A picture that carries the time at which it was made, and what it tells where it is seen. All
//! browsers of a test are on one machine and share its clock.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Browser;

/// Puts a canvas in the place of the camera: bars, black or white, that are the bits of the time of
/// drawing in milliseconds, lowest first; between them is a grey that changes, as a person would.
pub const CLOCK: &str = "
    window.CLOCK_BITS = 16;
    window.clockPicture = () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
        const pen = canvas.getContext('2d');
        const draw = () => {
            const now = Date.now();
            for (let at = 0; at < CLOCK_BITS; at += 1) {
                pen.fillStyle = (now >> at) & 1 ? '#fff' : '#000';
                pen.fillRect(at * 40, 0, 40, 180);
            }
            pen.fillStyle = `hsl(${now / 20 % 360} 40% 50%)`;
            pen.fillRect(0, 180, 640, 180);
        };
        draw();
        setInterval(draw, 40);
        return canvas.captureStream(25);
    };
    window.clockSeen = (video) => {
        const seen = [];
        const small = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
        const pen = small.getContext('2d', { willReadFrequently: true });
        const look = () => {
            const now = Date.now();
            pen.drawImage(video, 0, 0, 64, 36);
            const row = pen.getImageData(0, 9, 64, 1).data;
            let made = 0;
            for (let at = 0; at < CLOCK_BITS; at += 1) {
                if (row[(at * 4 + 2) * 4] > 127) made |= 1 << at;
            }
            seen.push(((now & 0xffff) - made + 0x10000) & 0xffff);
            video.requestVideoFrameCallback(look);
        };
        video.requestVideoFrameCallback(look);
        return seen;
    };
    if (navigator.mediaDevices) {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {
            const stream = await open(wanted);
            if (!wanted.video) return stream;
            stream.getVideoTracks().forEach(track => { track.stop(); stream.removeTrack(track); });
            stream.addTrack(clockPicture().getVideoTracks()[0]);
            return stream;
        };
    }
";

/// Where a page without a node's help shows what another sends.
const PLAIN: &str = "
    window.plain = new RTCPeerConnection();
    plain.addTrack(clockPicture().getVideoTracks()[0]);
    const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true });
    video.style = 'position: fixed; inset: auto auto 0 0; width: 2px; height: 2px; pointer-events: none';
    document.body.append(video);
    window.plainVideo = video;
    plain.addEventListener('track', ({ track }) => {
        video.srcObject = new MediaStream([track]);
        window.plainSeen = clockSeen(video);
    });
    window.plainGathered = async () => {
        await new Promise(done => {
            if (plain.iceGatheringState === 'complete') done();
            plain.addEventListener('icegatheringstatechange', () => plain.iceGatheringState === 'complete' && done());
        });
        return plain.localDescription.sdp;
    };
";

impl Browser {
    /// Begins to read the picture of the other side of a call.
    pub async fn watch_clock(&self) -> Result<()> {
        let script = "window.callSeen = clockSeen(document.querySelector('video[data-theirs]'))";
        self.run(script, &json!([])).await.map(drop)
    }

    /// How old each frame was when it was seen, in milliseconds; what was read is forgotten.
    pub async fn ages_ms(&self, seen: &str) -> Result<Vec<f64>> {
        let script = "return window[arguments[0]].splice(0)";
        let ages = self.run(script, &json!([seen])).await?;
        let ages = ages.as_array().context("ages")?;
        Ok(ages.iter().filter_map(Value::as_f64).collect())
    }

    /// Connects two pages without any node: each sends its clock and reads the other's.
    pub async fn connect_plainly(&self, other: &Self) -> Result<()> {
        for page in [self, other] {
            page.run(PLAIN, &json!([])).await?;
        }
        let offer = self.described("setLocalDescription()").await?;
        other.hear("offer", &offer).await?;
        let answer = other.described("setLocalDescription()").await?;
        self.hear("answer", &answer).await?;
        for page in [self, other] {
            page.until("window.plainSeen?.length > 0").await?;
        }
        Ok(())
    }

    /// Ends what [`Browser::connect_plainly`] began.
    pub async fn part_plainly(&self) -> Result<()> {
        let script = "plain.close(); plainVideo.remove()";
        self.run(script, &json!([])).await.map(drop)
    }

    async fn described(&self, step: &str) -> Result<String> {
        let script = format!(
            "const done = arguments[0];
             plain.{step}.then(plainGathered).then(done, error => done('failed: ' + error))"
        );
        let sdp = self.asynchronous(&script, &json!([])).await?;
        let sdp = sdp.as_str().context("a description")?;
        // A name that only this browser's own network knows: the address of its place instead.
        let named = |word: &str| match word.strip_suffix(".local") {
            Some(_) => self.place.address().to_string(),
            None => word.to_owned(),
        };
        let lines = sdp.lines().map(|line| {
            let words: Vec<String> = line.split(' ').map(named).collect();
            words.join(" ") + "\r\n"
        });
        Ok(lines.collect())
    }

    async fn hear(&self, kind: &str, sdp: &str) -> Result<()> {
        let script = "const [type, sdp, done] = arguments;
            plain.setRemoteDescription({ type, sdp }).then(() => done('heard'), error => done('failed: ' + error))";
        let heard = self.asynchronous(script, &json!([kind, sdp])).await?;
        anyhow::ensure!(heard == "heard", "{heard}");
        Ok(())
    }

    /// The UDP port of the page's own end of its call.
    pub async fn call_port(&self) -> Result<u16> {
        let script = "const done = arguments[0];
            window.connections.at(-1).getStats().then(stats => {
                const all = [...stats.values()];
                const pair = all.find(it => it.type === 'candidate-pair' && it.nominated);
                done(stats.get(pair?.localCandidateId)?.port ?? null);
            })";
        let port = self.asynchronous(script, &json!([])).await?;
        let port = port.as_u64().and_then(|port| u16::try_from(port).ok());
        port.context("a port")
    }

    async fn asynchronous(&self, script: &str, arguments: &Value) -> Result<Value> {
        let body = json!({ "script": script, "args": arguments });
        self.post("/execute/async", &body).await
    }
}
