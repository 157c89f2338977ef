//! What a page shows and lets hear of the other side of a call.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Browser;
use crate::performer::Performer;

/// The element that shows the other side.
const THEIRS: &str = "video[data-theirs]";
/// How loud a tone is in decibels above the silence around it to count as heard.
const HEARD_DB: f64 = 20.0;

/// Runs before the scripts of every page: without processing a tone passes as it is; what
/// connections a page makes can be asked for, and when a call was answered and seen.
pub(super) const BEFORE_PAGES: &str = "
    const devices = navigator.mediaDevices;
    if (devices) {
        const open = devices.getUserMedia.bind(devices);
        const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
        devices.getUserMedia = (wanted) => open({ ...wanted,
            ...(wanted.audio ? { audio: { ...(wanted.audio === true ? {} : wanted.audio), ...plain } } : {}) });
    }
    window.connections = [];
    const Made = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Made {
        constructor(...args) { super(...args); window.connections.push(this); }
    };
    addEventListener('click', ({ target }) => {
        if (target.closest('form[action=\"/call/answer\"]')) window.answeredAt = Date.now();
    }, true);
    setInterval(() => {
        const video = document.querySelector('video[data-theirs]');
        if (!video?.srcObject || video.srcObject === window.watched) return;
        window.watched = video.srcObject;
        video.requestVideoFrameCallback(() => { window.firstFrameAt = Date.now(); });
    }, 5);
";

/// What the other side's media came to so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Received {
    /// Connections that the page has made.
    pub connections: u64,
    /// Frames of video decoded by the last of them.
    pub frames: u64,
    /// Of the samples of audio, the part made up for missing ones, from 0 to 1.
    pub concealed: f64,
    /// The SSRC of the video.
    pub ssrc: u64,
}

impl Browser {
    /// Waits until the picture of the other side is this performer's, and moves.
    pub async fn until_seen(&self, other: &Performer) -> Result<()> {
        let colour = json!(other.colour);
        // Red and blue stand for the chroma: enough to tell two performers apart.
        let expression = format!(
            "(() => {{
                const video = document.querySelector('{THEIRS}');
                if (!video || video.hidden || video.readyState < 2) return null;
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [64, 36];
                const pen = canvas.getContext('2d', {{ willReadFrequently: true }});
                pen.drawImage(video, 0, 0, 64, 36);
                const [r, g, b] = pen.getImageData(8, 4, 1, 1).data;
                const y = 0.299 * r + 0.587 * g + 0.114 * b;
                const seen = [y, 128 + 0.564 * (b - y), 128 + 0.713 * (r - y)];
                const near = {colour}.every((wanted, at) => Math.abs(wanted - seen[at]) < 45);
                const row = [...Array(64).keys()].map(x => pen.getImageData(x, 20, 1, 1).data);
                const square = row.findIndex(([r, g, b]) => r > 180 && g > 180 && b > 180);
                const before = window.squareSeen;
                window.squareSeen = square;
                return near && square >= 0 && before >= 0 && before !== square;
            }})()"
        );
        self.until(&expression).await.map(drop)
    }

    /// How loud tones are in what the other side says, in decibels above the silence of the same
    /// moments, over two seconds.
    pub async fn loudness(&self, tones_hz: &[u32]) -> Result<Vec<f64>> {
        let script = "const [tones, done] = arguments;
            const video = document.querySelector('video[data-theirs]');
            const context = new AudioContext();
            const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
            context.createMediaStreamSource(video.srcObject).connect(analyser);
            const bins = new Float32Array(analyser.frequencyBinCount);
            const at = (hz) => Math.round(hz * analyser.fftSize / context.sampleRate);
            const loudest = tones.map(() => -200);
            const begun = performance.now();
            const listen = setInterval(() => {
                analyser.getFloatFrequencyData(bins);
                tones.forEach((hz, i) => {
                    const around = [...bins.slice(at(hz) - 1, at(hz) + 2)];
                    loudest[i] = Math.max(loudest[i], ...around.filter(Number.isFinite));
                });
                if (performance.now() - begun < 2000) return;
                clearInterval(listen);
                context.close();
                done(loudest.map(level => level + 100));
            }, 20);";
        let body = json!({ "script": script, "args": [tones_hz] });
        let answer = self.post("/execute/async", &body).await?;
        let levels = answer.as_array().context("levels")?;
        Ok(levels.iter().filter_map(Value::as_f64).collect())
    }

    /// Whether the other side is heard as this performer and not as that one.
    pub async fn hears(&self, one: &Performer, not: &Performer) -> Result<bool> {
        let levels = self.loudness(&[one.tone_hz, not.tone_hz]).await?;
        Ok(levels[0] - levels[1] > HEARD_DB && levels[0] > HEARD_DB)
    }

    /// What has arrived so far.
    pub async fn received(&self) -> Result<Received> {
        let script = "const done = arguments[0];
            const made = window.connections;
            made[made.length - 1].getStats().then(stats => {
                const told = { connections: made.length, frames: 0, concealed: 0, samples: 0, ssrc: 0 };
                for (const it of stats.values()) {
                    if (it.type !== 'inbound-rtp') continue;
                    if (it.kind === 'video') [told.frames, told.ssrc] = [it.framesDecoded ?? 0, it.ssrc];
                    else [told.concealed, told.samples] = [it.concealedSamples ?? 0, it.totalSamplesReceived ?? 0];
                }
                done(told);
            })";
        let body = json!({ "script": script, "args": [] });
        let told = self.post("/execute/async", &body).await?;
        let number = |name: &str| told[name].as_f64().unwrap_or_default();
        let whole = |name: &str| told[name].as_u64().unwrap_or_default();
        Ok(Received {
            connections: whole("connections"),
            frames: whole("frames"),
            concealed: number("concealed") / number("samples").max(1.0),
            ssrc: whole("ssrc"),
        })
    }
}
