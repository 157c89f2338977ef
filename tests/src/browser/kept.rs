//! What a browser keeps locked away: passwords and cookies, in the clear again.
//!
//! Chromium seals them by a key that a keyring of the desktop keeps. Where there is none, as at a
//! kiosk, the key is made of a word that stands in its sources (`components/os_crypt`,
//! `v10`), so that whoever has the profile has them; a search of the profile has to look there.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

/// PBKDF2-HMAC-SHA1 of "peanuts" with the salt "saltysalt", one round, 16 bytes.
const KEY: [u8; 16] = [
    0xfd, 0x62, 0x1f, 0xe5, 0xa2, 0xb4, 0x02, 0x53, 0x9d, 0xfa, 0x14, 0x7c, 0xa9, 0x27, 0x27, 0x78,
];
const IV: [u8; 16] = [b' '; 16];
const MARK: &[u8] = b"v10";
const BLOCK_BYTES: usize = 16;
/// Longer than any of them.
const BLOCKS_MAX: usize = 32;

/// Everything that is sealed in the files of a profile, each with the file's path.
pub fn kept(profile: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut kept = Vec::new();
    let mut folders = vec![profile.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                let place = path.display().to_string();
                kept.extend(opened(&bytes).map(|plain| (place.clone(), plain)));
            }
        }
    }
    Ok(kept)
}

/// What opens behind a mark; where it ends is not said, so that every length is tried.
fn opened(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let marks = bytes.windows(MARK.len()).enumerate();
    let sealed = marks
        .filter(|(_, window)| *window == MARK)
        .map(|(place, _)| &bytes[place + MARK.len()..]);
    sealed.flat_map(|sealed| {
        let blocks = BLOCKS_MAX.min(sealed.len() / BLOCK_BYTES);
        (1..=blocks).filter_map(|blocks| open(&sealed[..blocks * BLOCK_BYTES]))
    })
}

fn open(sealed: &[u8]) -> Option<Vec<u8>> {
    let key = UnboundCipherKey::new(&AES_128, &KEY).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
    let mut bytes = sealed.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(IV));
    key.decrypt(&mut bytes, context)
        .ok()
        .map(|plain| plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chromium_sealed_is_read() {
        // As Chromium 156 wrote it into `Login Data`.
        let sealed = data_encoding::HEXUPPER
            .decode(b"763130DD82CD84C7C48D937E550355259E8832")
            .unwrap();
        let around = [b"v1", &sealed[..], b"v10 and more than a block of text"].concat();
        let read: Vec<_> = opened(&around).collect();
        assert!(read.contains(&b"2580763113001".to_vec()), "{read:?}");
        assert_eq!(opened(b"v10").count(), 0);
    }
}
