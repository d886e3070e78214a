//! The messages from the decoder's process to its parent: frames on a pipe.
//!
//! A frame is one byte of kind, the length of its body in four bytes, little-endian, and the body: `info`,
//! `loss`, `ending` and `refusal` in JSON, `sound` in 32-bit floats, little-endian. An `ending` or a
//! `refusal` is the last frame; without one, the process died.

use std::io::{self, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::stages::decode::{BLOCK, DecodeSummary, Info, Loss, Refusal};

/// The longest body in bytes. No valid frame is longer, and a hostile one must not fill the parent's
/// memory.
const LONGEST: usize = BLOCK * size_of::<f32>();

#[derive(Debug)]
pub(super) enum IpcFrame {
    Info(Info),
    Sound(Vec<f32>),
    Loss(Loss),
    DecodeSummary(DecodeSummary),
    Refusal(Refusal),
}

const INFO: u8 = b'i';
const SOUND: u8 = b's';
const LOSS: u8 = b'l';
const ENDING: u8 = b'e';
const REFUSAL: u8 = b'r';

pub(super) fn write_info(to: &mut impl Write, info: &Info) -> io::Result<()> {
    write_json(to, INFO, info)
}

pub(super) fn write_sound(to: &mut impl Write, sound: &[f32]) -> io::Result<()> {
    let body: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    write(to, SOUND, &body)
}

pub(super) fn write_loss(to: &mut impl Write, loss: &Loss) -> io::Result<()> {
    write_json(to, LOSS, loss)
}

pub(super) fn write_ending(to: &mut impl Write, ending: &DecodeSummary) -> io::Result<()> {
    write_json(to, ENDING, ending)
}

pub(super) fn write_refusal(to: &mut impl Write, refusal: &Refusal) -> io::Result<()> {
    write_json(to, REFUSAL, refusal)
}

fn write_json(to: &mut impl Write, kind: u8, value: &impl Serialize) -> io::Result<()> {
    write(to, kind, &serde_json::to_vec(value)?)
}

fn write(to: &mut impl Write, kind: u8, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    to.write_all(&[kind])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(body)
}

/// Reads the next frame. `None` if the pipe has ended or its bytes are no frame: in both cases the process
/// at its other end does not work correctly any more.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> Option<IpcFrame> {
    let kind = from.read_u8().await.ok()?;
    let length = usize::try_from(from.read_u32_le().await.ok()?).ok()?;
    if length > LONGEST {
        return None;
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await.ok()?;
    match kind {
        INFO => json(&body).map(IpcFrame::Info),
        SOUND => Some(IpcFrame::Sound(floats(&body))),
        LOSS => json(&body).map(IpcFrame::Loss),
        ENDING => json(&body).map(IpcFrame::DecodeSummary),
        REFUSAL => json(&body).map(IpcFrame::Refusal),
        _ => None,
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

fn floats(body: &[u8]) -> Vec<f32> {
    body.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::decode::LossKind;

    #[tokio::test]
    async fn frames_arrive_as_they_were_sent() {
        let mut pipe = Vec::new();
        write_sound(&mut pipe, &[0.25, -1.0]).unwrap();
        let lost = Loss { kind: LossKind::Damaged, start: 2, samples: 320 };
        write_loss(&mut pipe, &lost).unwrap();
        write_refusal(&mut pipe, &Refusal::TooLong { limit_seconds: 7 }).unwrap();
        let mut pipe = &pipe[..];
        assert!(matches!(read(&mut pipe).await, Some(IpcFrame::Sound(sound)) if sound == [0.25, -1.0]));
        assert!(matches!(read(&mut pipe).await, Some(IpcFrame::Loss(loss)) if loss == lost));
        assert!(matches!(
            read(&mut pipe).await,
            Some(IpcFrame::Refusal(Refusal::TooLong { limit_seconds: 7 }))
        ));
        assert!(read(&mut pipe).await.is_none());
    }

    #[tokio::test]
    async fn a_frame_that_is_too_long_or_of_no_kind_is_none() {
        assert!(read(&mut &b"s\xff\xff\xff\xff"[..]).await.is_none());
        assert!(read(&mut &b"?\0\0\0\0"[..]).await.is_none());
        assert!(read(&mut &b"i\x02\0\0\0{}"[..]).await.is_none());
    }
}
