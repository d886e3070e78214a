//! Reads the log of `ffmpeg` line by line, for the format of the file and for errors. The log is never
//! stored: it contains titles and names.

use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::ChildStderr;
use tokio::sync::oneshot;

use super::super::child::NOT_STARTED;

/// What `ffmpeg` logs before the first sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StreamInfo {
    /// None if `ffmpeg` found no sound that it can decode.
    pub(super) codec: Option<String>,
    pub(super) seconds: Option<f64>,
    /// Tracks with sound, decoded or not.
    pub(super) tracks: usize,
}

/// What `ffmpeg` has logged.
#[derive(Debug, Default, PartialEq)]
pub(super) struct FfmpegLog {
    pub(super) opened: StreamInfo,
    /// The time at which the earliest track begins, in seconds.
    pub(super) begins: Option<f64>,
    /// How often damage was logged while it decoded.
    pub(super) errors: u64,
    pub(super) invalid_data: bool,
    pub(super) out_of_memory: bool,
    pub(super) timed_out: bool,
    pub(super) not_started: bool,
}

/// Reads the log of `ffmpeg` to its end, and sends a message when `ffmpeg` has opened its input. Nothing of
/// it is stored or logged: it contains titles and names.
pub(super) async fn read_log(mut stderr: ChildStderr, tell: oneshot::Sender<StreamInfo>) -> FfmpegLog {
    let mut tell = Some(tell);
    let mut log = FfmpegLog::default();
    let mut lines = Lines::default();
    while let Some(line) = lines.next(&mut stderr).await {
        log.take(&line);
        if line.starts_with("[info] Output #0")
            && let Some(tell) = tell.take()
        {
            // Nobody receives this when the decoding was dropped.
            drop(tell.send(log.opened.clone()));
        }
    }
    log
}

/// Warnings about sound that is lost or wrong.
const DAMAGE: [&str; 3] = ["corrupt decoded frame", "Packet corrupt", "PES packet size mismatch"];

impl FfmpegLog {
    /// A line has its level in brackets, usually after the component's name in brackets.
    fn take(&mut self, line: &str) {
        // Titles are logged as information.
        let is_info = line.starts_with("[info]");
        let errs = !is_info && (line.contains("[error]") || line.contains("[fatal]"));
        let is_damage = !is_info && DAMAGE.iter().any(|words| line.contains(words));
        self.invalid_data |= errs && line.contains("Invalid data found");
        self.out_of_memory |= errs && line.contains("Cannot allocate memory");
        self.not_started |= line.starts_with(NOT_STARTED);
        self.timed_out |= line.contains(&format!("received signal {}", Signal::XCPU.as_raw()));
        // Codecs of streams that are not sound are refused on purpose; those lines are no errors.
        let opened = self.opened.codec.is_some();
        self.errors += u64::from((errs || is_damage) && opened && !line.contains("not on whitelist"));
        let Some(info) = line.strip_prefix("[info]   ") else { return };
        let is_track = info.trim_start().starts_with("Stream #0:") && info.contains(": Audio: ");
        self.opened.tracks += usize::from(is_track);
        if let Some(rest) = info.strip_prefix("Stream #0:")
            && let Some((_, codecs)) = rest.split_once(" -> #0:0 (")
        {
            self.opened.codec = codecs.split([' ', ')']).next().map(str::to_owned);
        }
        if let Some(rest) = info.strip_prefix("Duration: ") {
            self.opened.seconds = rest.split(',').next().and_then(seconds);
            let begins = rest.split(", ").find_map(|part| part.strip_prefix("start: "));
            self.begins = begins.and_then(|begins| begins.parse().ok());
        }
    }
}

/// `00:01:23.45` in seconds.
fn seconds(clock: &str) -> Option<f64> {
    clock.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))
}

/// Lines of a bounded length; longer lines are cut.
#[derive(Default)]
struct Lines {
    read: Vec<u8>,
    ended: bool,
}

impl Lines {
    const LONGEST: usize = 4096;

    async fn next(&mut self, from: &mut (impl AsyncRead + Unpin)) -> Option<String> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8_lossy(&self.read[..end]).into_owned();
                self.read.drain(..=end);
                return Some(line);
            }
            if self.ended {
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned();
                return (!line.is_empty()).then_some(line);
            }
            self.read.truncate(Self::LONGEST);
            let mut more = [0; Self::LONGEST];
            match from.read(&mut more).await {
                Ok(read @ 1..) => self.read.extend_from_slice(&more[..read]),
                _ => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &str) -> FfmpegLog {
        let mut log = FfmpegLog::default();
        lines.lines().for_each(|line| log.take(line));
        log
    }

    const OPENED: &str = "\
[info] Input #0, mpegts, from 'fd:':
[info]   Metadata:
[info]     title           : Stream #0:0 -> #0:0 (lies (native) -> pcm_f32le (native))
[info]   Duration: 00:01:24.50, start: 1.400000, bitrate: 441 kb/s
[mpeg4 @ 0x561fa9abf400] [error] Codec (mpeg4) not on whitelist 'aac'
[info]   Stream #0:1[0x101]: Audio: ac3 (AC-3 / 0x332D4341), 32000 Hz, 5.1(side), fltp, 448 kb/s
[info] Stream mapping:
[info]   Stream #0:1 -> #0:0 (ac3 (native) -> pcm_f32le (native))";

    #[test]
    fn codec_and_length_are_read_and_titles_are_not_believed() {
        let FfmpegLog { opened, errors, begins, .. } = log(OPENED);
        assert_eq!(begins, Some(1.4));
        assert_eq!(opened, StreamInfo { codec: Some("ac3".to_owned()), seconds: Some(84.5), tracks: 1 });
        assert_eq!(errors, 0);
    }

    #[test]
    fn errors_count_once_the_input_is_open() {
        let lines = format!("[ac3 @ 0x1] [error] before\n{OPENED}\n[ac3 @ 0x1] [error] frame sync error\n");
        assert_eq!(log(&lines).errors, 1);
        assert!(log("[error] Exiting normally, received signal 24.").timed_out);
    }

    #[test]
    fn damage_that_is_only_a_warning_counts_and_a_title_does_not() {
        let warned = "[mpegts @ 0x1] [warning] PES packet size mismatch\n\
                      [warning] fd:: corrupt decoded frame in stream 0\n\
                      [warning] Guessed Channel Layout for Input Stream #0.0 : mono\n\
                      [info]     title           : [error] Packet corrupt";
        assert_eq!(log(&format!("{OPENED}\n{warned}")).errors, 2);
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_cut() {
        let stderr = [&b"a\n"[..], &[b'x'; 100_000], b"\nend"].concat();
        let (mut lines, mut from) = (Lines::default(), &stderr[..]);
        assert_eq!(lines.next(&mut from).await.as_deref(), Some("a"));
        assert!(lines.next(&mut from).await.unwrap().len() <= 2 * Lines::LONGEST);
        assert_eq!(lines.next(&mut from).await.as_deref(), Some("end"));
        assert_eq!(lines.next(&mut from).await, None);
    }
}
