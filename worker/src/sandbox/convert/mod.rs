//! Formats that the decoder does not know are decoded by `ffmpeg`, if it is installed.
//!
//! `ffmpeg` runs in a process with limits of its own and an empty environment. The worker chooses the
//! demuxer by the file's first bytes. `ffmpeg` may open nothing but its standard input, and use only codecs
//! for sound. Its output (plain samples in Matroska, with their times) is the input of the usual decoder in
//! the usual sandbox, so that gaps, limits and channels are treated alike.

mod clock;
mod ffmpeg_log;

use std::fs::File;
use std::io::Seek;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use self_shared::domain::container::Container;
use serde::{Deserialize, Serialize};
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::ffmpeg_log::{FfmpegLog, StreamInfo, read_log};
use super::{CONVERT, Decoding, Sandbox};
use crate::stages::SAMPLE_RATE;
use crate::stages::decode::{self, DecodeError, DecodeSummary, Info, Refusal, SILENT};

/// The decoders that `ffmpeg` may use. A decoder that its build does not contain is no error.
const CODECS: &str = "aac,aac_fixed,aac_latm,ac3,ac3_fixed,eac3,dca,mlp,truehd,mp1,mp1float,mp2,mp2float,mp3,\
mp3float,wmav1,wmav2,wmapro,wmalossless,wmavoice,gsm,gsm_ms,libgsm,libgsm_ms,amrnb,amrwb,\
libopencore_amrnb,libopencore_amrwb,ilbc,libilbc,speex,libspeex,opus,libopus,vorbis,libvorbis,flac,alac,\
wavpack,tta,qcelp,evrc,g723_1,g729,g722,g726,g726le,truespeech,qdm2,qdmc,mace3,mace6,\
adpcm_ima_wav,adpcm_ima_qt,adpcm_ms,adpcm_g722,adpcm_g726,adpcm_g726le,adpcm_swf,adpcm_yamaha,\
pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_u16le,pcm_u16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,\
pcm_f32be,pcm_f64le,pcm_f64be,pcm_mulaw,pcm_alaw,pcm_bluray,pcm_dvd,pcm_lxf";

/// The most tracks of which one with sound is searched.
const MOST_TRACKS: usize = 8;

/// An `ffmpeg` that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ffmpeg {
    program: PathBuf,
    /// The protocol by which `ffmpeg` opens its standard input as a seekable file. Since version 6.1, `fd`
    /// does that and nothing else. Older versions open the same file by its name under `/dev`.
    by_descriptor: bool,
}

impl Ffmpeg {
    /// Asks the program for its abilities. `None` if it is not an `ffmpeg` or if it fails.
    #[must_use]
    pub fn find(program: &Path) -> Option<Self> {
        let asked = std::process::Command::new(program)
            .args(["-nostdin", "-hide_banner", "-protocols"])
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .ok()
            .filter(|asked| asked.status.success())?;
        let protocols = String::from_utf8_lossy(&asked.stdout).into_owned();
        let by_descriptor = protocols.lines().any(|line| line.trim() == "fd");
        Some(Self { program: program.to_owned(), by_descriptor })
    }

    /// The arguments that open the input. `shift` has the options for its times.
    fn opening(&self, demuxer: &str, shift: &str) -> Vec<String> {
        let (protocol, input) = if self.by_descriptor { ("fd", "fd:") } else { ("file", "file:/dev/fd/0") };
        let arguments = [
            shift,
            "-nostdin -hide_banner -nostats -v level+info -protocol_whitelist",
            protocol,
            "-format_whitelist",
            demuxer,
            "-codec_whitelist",
            CODECS,
            "-f",
            demuxer,
            "-threads 1 -i",
            input,
        ];
        split(&arguments).collect()
    }

    /// The arguments that convert the input. Its times are kept: a gap is no mistake that `ffmpeg` should
    /// close.
    fn arguments(&self, container: Container, begins: Option<f64>, track: usize) -> Vec<String> {
        // In a transport stream, `ffmpeg` would count from the first sound and not from the first track.
        let shift = match begins {
            Some(begins) => format!("-copyts -itsoffset {:.6}", -begins),
            None => "-copyts -start_at_zero".to_owned(),
        };
        let clock = clock::filter(container);
        let map = format!("-map 0:a:{track}");
        let output = [
            &map,
            "-vn -sn -dn -map_metadata -1 -map_chapters -1 -af",
            &clock,
            "-c:a pcm_f32le -f matroska -live 1 pipe:1",
        ];
        let mut arguments = self.opening(demuxer(container), &shift);
        arguments.extend(split(&output));
        arguments
    }
}

fn split<'a>(arguments: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    arguments.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned)
}

/// The parent's request to the process that becomes `ffmpeg`.
#[derive(Serialize, Deserialize)]
pub(super) struct ConvertRequest {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
}

/// The process of `ffmpeg`, whose output a decoder reads. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Converter {
    child: Child,
    file: File,
    container: Container,
    log: JoinHandle<FfmpegLog>,
    opened: StreamInfo,
    /// The reason why the decoder alone could not decode the file.
    refusal: Refusal,
}

impl Sandbox {
    /// Starts to decode an opened, seekable file, and waits until its format is known.
    ///
    /// # Errors
    /// [`DecodeError::Refused`] for a file that is no recording, [`DecodeError::Machine`] when no process
    /// can be started.
    pub async fn decode(&self, file: File) -> Result<Decoding, DecodeError> {
        let again = file.try_clone()?;
        let bytes = file.metadata()?.len();
        let container = decode::container(&again);
        let refusal = match self.decode_from(file, bytes, None).await {
            Err(DecodeError::Refused(refusal)) if is_readable(&refusal, container) => refusal,
            outcome => return outcome,
        };
        match (&self.ffmpeg, container) {
            (Some(ffmpeg), Some(container)) => self.convert(ffmpeg, container, again, refusal).await,
            _ => Err(refusal.into()),
        }
    }

    /// Decodes the first track of a file that is not silent, or the first one if all are silent.
    async fn convert(
        &self,
        ffmpeg: &Ffmpeg,
        container: Container,
        file: File,
        refusal: Refusal,
    ) -> Result<Decoding, DecodeError> {
        let (refusal, first) = match refusal {
            Refusal::UnsupportedTrack { codec, track } => (Refusal::UnsupportedCodec { codec }, track),
            refusal => (refusal, 0),
        };
        let decoding = self.convert_track(ffmpeg, container, &file, &refusal, first).await?;
        let tracks = decoding.info.tracks.min(MOST_TRACKS);
        if tracks < 2 {
            return Ok(decoding);
        }
        let mut found = is_audible(decoding).await?.then_some(first);
        let mut others = (0..tracks).filter(|other| *other != first);
        while found.is_none()
            && let Some(other) = others.next()
        {
            if let Ok(decoding) = self.convert_track(ffmpeg, container, &file, &refusal, other).await
                && is_audible(decoding).await?
            {
                found = Some(other);
            }
        }
        self.convert_track(ffmpeg, container, &file, &refusal, found.unwrap_or(first)).await
    }

    async fn convert_track(
        &self,
        ffmpeg: &Ffmpeg,
        container: Container,
        file: &File,
        refusal: &Refusal,
        track: usize,
    ) -> Result<Decoding, DecodeError> {
        let (mut file, refusal) = (file.try_clone()?, refusal.clone());
        let bytes = file.metadata()?.len();
        let begins = match container {
            Container::MpegTs => self.begins(ffmpeg, container, &mut file).await?,
            _ => None,
        };
        let arguments = ffmpeg.arguments(container, begins, track);
        let mut child = self.start(ffmpeg, arguments, &mut file)?;
        let sound = child.stdout.take().expect("standard output is a pipe").into_owned_fd()?;
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let (tell, opened) = oneshot::channel();
        let log = tokio::spawn(read_log(stderr, tell));
        let opened = timeout(self.patience, opened).await.map_err(|_| Refusal::DecoderTimedOut)?;
        let converter =
            Converter { child, file, container, log, opened: opened.unwrap_or_default(), refusal };
        self.decode_from(sound, bytes, Some(converter)).await
    }

    /// The time at which the earliest track of a file begins, in seconds.
    async fn begins(
        &self,
        ffmpeg: &Ffmpeg,
        container: Container,
        file: &mut File,
    ) -> Result<Option<f64>, DecodeError> {
        let mut child = self.start(ffmpeg, ffmpeg.opening(demuxer(container), ""), file)?;
        let said = child.stderr.take().expect("standard error is a pipe");
        let (tell, _) = oneshot::channel();
        // Without an output, `ffmpeg` ends when it has opened its input.
        let log = timeout(self.patience, read_log(said, tell)).await.map_err(|_| Refusal::DecoderTimedOut)?;
        timeout(self.patience, child.wait()).await.map_err(|_| Refusal::DecoderTimedOut)??;
        Ok(log.begins)
    }

    fn start(&self, ffmpeg: &Ffmpeg, arguments: Vec<String>, file: &mut File) -> Result<Child, DecodeError> {
        // All copies of an opened file share its position, which earlier readers have moved.
        file.rewind()?;
        let request = ConvertRequest {
            program: ffmpeg.program.clone(),
            arguments,
            memory_bytes: self.memory_bytes,
            cpu_seconds: self.cpu_seconds(file.metadata()?.len()),
        };
        Ok(self.spawn(CONVERT, &request, file.try_clone()?)?)
    }
}

/// Whether a decoding has any sound. Ends its converter, which shares the position in the file with the next
/// one.
async fn is_audible(mut decoding: Decoding) -> Result<bool, DecodeError> {
    let is_audible = loop {
        match decoding.next().await {
            Ok(Some(sound)) if sound.iter().any(|sample| sample.abs() > SILENT) => break true,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break false,
        }
    };
    if let Some(mut converter) = decoding.converter.take() {
        converter.child.kill().await?;
    }
    Ok(is_audible)
}

impl Converter {
    pub(super) fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Corrects the format, of which the decoder sees only the converter's output.
    pub(super) fn correct(&self, info: Info) -> Info {
        let codec = self.opened.codec.clone().unwrap_or(info.codec);
        let StreamInfo { seconds, tracks, .. } = self.opened;
        Info { codec, container: demuxer(self.container).to_owned(), seconds, tracks, ..info }
    }

    /// The summary of a decoding that reached the end of the converter's output.
    pub(super) async fn end(
        self,
        patience: Duration,
        ending: DecodeSummary,
    ) -> Result<DecodeSummary, DecodeError> {
        let (file, container) = (self.file.try_clone()?, self.container);
        let (status, log, _) = self.wait(patience).await?;
        if log.timed_out {
            return Err(Refusal::DecoderTimedOut.into());
        }
        // The decoder sees a stream without a stated end. Errors after which `ffmpeg` continues are packets
        // that it left out.
        let heard = ending.samples as f64 / f64::from(SAMPLE_RATE);
        let followed = u64::from(decode::is_followed(&file, container));
        let cut_short = !status.success() || decode::breaks_off(file, container, heard);
        Ok(DecodeSummary {
            cut_short,
            damaged_packets: ending.damaged_packets.max(log.errors) + followed,
            ..ending
        })
    }

    /// The reason why there was nothing to decode.
    pub(super) async fn failure(self, patience: Duration) -> DecodeError {
        let (status, log, before) = match self.wait(patience).await {
            Ok(waited) => waited,
            Err(error) => return error,
        };
        let is = |signal: Signal| status.signal() == Some(signal.as_raw());
        if log.timed_out || is(Signal::XCPU) {
            return Refusal::DecoderTimedOut.into();
        }
        if log.out_of_memory {
            return Refusal::DecoderOutOfMemory.into();
        }
        if log.not_started || is(Signal::KILL) {
            return std::io::Error::other(format!("ffmpeg ended with {status}")).into();
        }
        if status.signal().is_some() {
            return Refusal::DecoderCrashed.into();
        }
        match before {
            Refusal::UnsupportedCodec { codec } if log.opened.codec.is_none() && !log.invalid_data => {
                Refusal::UnknownCodec { codec }.into()
            }
            Refusal::UnsupportedCodec { .. } if status.success() => Refusal::NoSound.into(),
            Refusal::UnsupportedCodec { .. } => Refusal::Damaged.into(),
            before => before.into(),
        }
    }

    async fn wait(mut self, patience: Duration) -> Result<(ExitStatus, FfmpegLog, Refusal), DecodeError> {
        // Nobody reads its output any more: a process that still writes ends at once.
        let Ok(status) = timeout(patience, self.child.wait()).await else {
            return Err(Refusal::DecoderTimedOut.into());
        };
        let status = status?;
        let log = timeout(patience, self.log).await.ok().and_then(Result::ok).unwrap_or_default();
        tracing::info!(%status, errors = log.errors, "ffmpeg has ended");
        Ok((status, log, self.refusal))
    }
}

/// Whether `ffmpeg` may be able to read a file that the decoder refused. Some files are damaged for the
/// decoder but only unusual for `ffmpeg`, such as sizes of 0 or -1 in containers whose sound is one chunk.
fn is_readable(refusal: &Refusal, container: Option<Container>) -> bool {
    match refusal {
        Refusal::UnsupportedCodec { .. }
        | Refusal::UnsupportedTrack { .. }
        | Refusal::NotAudio
        | Refusal::Damaged => true,
        Refusal::NoSound | Refusal::CutShort => matches!(container, Some(Container::Aiff | Container::Caf)),
        _ => false,
    }
}

/// The name of `ffmpeg`'s demuxer for a container.
fn demuxer(container: Container) -> &'static str {
    match container {
        Container::Wave => "wav",
        Container::Wave64 => "w64",
        Container::Aiff => "aiff",
        Container::Caf => "caf",
        Container::Au => "au",
        Container::Flac => "flac",
        Container::Ogg => "ogg",
        Container::Matroska => "matroska",
        Container::Mp4 => "mov",
        Container::Mpeg => "mp3",
        Container::Adts => "aac",
        Container::Ac3 => "ac3",
        Container::Eac3 => "eac3",
        Container::Amr => "amr",
        Container::MpegTs => "mpegts",
        Container::Asf => "asf",
        Container::WavPack => "wv",
    }
}
