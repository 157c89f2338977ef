//! Who sits before a fake camera and microphone: told apart by what is seen and heard of them.
//!
//! The picture is one colour with a white square that moves; the voice is a tone in bursts, since a
//! steady one would be taken for noise. Both are files that Chromium plays over and over.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Small, since in tests two browsers encode on the machine's few cores.
const SMALL: [usize; 2] = [320, 180];
const FRAMES: usize = 50;
const FRAMES_PER_S: usize = 25;
const SAMPLES_PER_S: u32 = 48_000;
const BURSTS: u32 = 10;
const BURST_SAMPLES: u32 = SAMPLES_PER_S * 3 / 10;

/// Who sits there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Performer {
    /// Luma and chroma (BT.601) of the picture.
    pub colour: [u8; 3],
    /// The tone of the voice, in Hz.
    pub tone_hz: u32,
    /// Width and height of the picture, in pixels.
    pub size: [usize; 2],
}

impl Performer {
    /// Seen in red, heard at 600 Hz.
    pub const CITIZEN: Self = Self {
        colour: [82, 90, 220],
        tone_hz: 600,
        size: SMALL,
    };
    /// Seen in blue, heard at 1,500 Hz.
    pub const ADVISER: Self = Self {
        colour: [60, 220, 110],
        tone_hz: 1_500,
        size: SMALL,
    };
    /// Seen in green, heard at 2,600 Hz.
    pub const COLLEAGUE: Self = Self {
        colour: [130, 70, 50],
        tone_hz: 2_600,
        size: SMALL,
    };

    /// Writes the picture (y4m) and the voice (WAV) into a folder.
    pub fn write(&self, folder: &Path) -> io::Result<(PathBuf, PathBuf)> {
        let picture = folder.join(format!("{}-hz.y4m", self.tone_hz));
        let voice = folder.join(format!("{}-hz.wav", self.tone_hz));
        fs::write(&picture, self.picture())?;
        fs::write(&voice, self.voice())?;
        Ok((picture, voice))
    }

    fn picture(&self) -> Vec<u8> {
        let [width, height] = self.size;
        let square = height / 4;
        let head = format!("YUV4MPEG2 W{width} H{height} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n");
        let mut file = head.into_bytes();
        for frame in 0..FRAMES {
            let left = frame * (width - square) / FRAMES;
            file.extend_from_slice(b"FRAME\n");
            for (plane, scale) in [(0, 1), (1, 2), (2, 2)] {
                let inside = |x: usize, y: usize| {
                    (left..left + square).contains(&(x * scale))
                        && (height / 2..height / 2 + square).contains(&(y * scale))
                };
                let white = if plane == 0 { 235 } else { 128 };
                for y in 0..height / scale {
                    let row = (0..width / scale).map(|x| {
                        if inside(x, y) {
                            white
                        } else {
                            self.colour[plane]
                        }
                    });
                    file.extend(row);
                }
            }
        }
        file
    }

    fn voice(&self) -> Vec<u8> {
        let samples = 2 * BURSTS * BURST_SAMPLES;
        let bytes = samples * 2;
        let mut file = Vec::new();
        file.extend_from_slice(b"RIFF");
        file.extend_from_slice(&(36 + bytes).to_le_bytes());
        file.extend_from_slice(b"WAVEfmt ");
        file.extend_from_slice(&16_u32.to_le_bytes());
        file.extend_from_slice(&1_u16.to_le_bytes());
        file.extend_from_slice(&1_u16.to_le_bytes());
        file.extend_from_slice(&SAMPLES_PER_S.to_le_bytes());
        file.extend_from_slice(&(SAMPLES_PER_S * 2).to_le_bytes());
        file.extend_from_slice(&2_u16.to_le_bytes());
        file.extend_from_slice(&16_u16.to_le_bytes());
        file.extend_from_slice(b"data");
        file.extend_from_slice(&bytes.to_le_bytes());
        for sample in 0..samples {
            let sounds = (sample / BURST_SAMPLES).is_multiple_of(2);
            let turn = f64::from(sample) * f64::from(self.tone_hz) / f64::from(SAMPLES_PER_S);
            let level = if sounds {
                (turn * std::f64::consts::TAU).sin()
            } else {
                0.0
            };
            #[expect(clippy::cast_possible_truncation, reason = "within ±12,000")]
            let value = (level * 12_000.0) as i16;
            file.extend_from_slice(&value.to_le_bytes());
        }
        file
    }
}
