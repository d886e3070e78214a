//! Wave files with wrong, huge or unknown sizes.
//!
//! Reads the chunks of RIFF (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"), of
//! RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088) and of Sony's Wave64, and passes the format and the sound
//! to the decoder with a new header. The bytes take precedence over the sizes in the headers: a recorder
//! that died never wrote them, a streaming one could not, and those of a long recording do not fit.

mod chunks;
mod format;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use self::chunks::Chunks;
use super::peek::Peek;
use super::source::ConcatenatedSource;

/// One stretch of sound in one format.
#[derive(Debug)]
pub(super) struct Wave {
    format: Vec<u8>,
    data: Range<u64>,
}

/// The content of a file that begins as a wave file.
#[derive(Debug, Default)]
pub(super) struct Waves {
    /// The stretches in their order; several for concatenated files.
    pub(super) parts: Vec<Wave>,
    /// Whether the file ends before the stated end of its sound.
    pub(super) cut_short: bool,
}

impl Waves {
    /// `None` for a file that does not begin as a wave file.
    pub(super) fn of(file: &Arc<File>) -> io::Result<Option<Self>> {
        let mut peek = Peek::new(file)?;
        let Some(mut chunks) = Chunks::of(&mut peek)? else { return Ok(None) };
        let mut waves = Self::default();
        let (mut format, mut sound) = (None, None);
        while let Some(chunk) = chunks.next(&mut peek)? {
            match &chunk.id {
                // The appended file has a format of its own.
                _ if chunk.is_file() => format = None,
                b"fmt " => format = format::plain(peek.bytes(chunk.body.start, 64)?, chunk.length()),
                b"data" => {
                    waves.cut_short |= chunk.cut_short;
                    sound = Some(chunk.body);
                }
                _ => waves.cut_short |= chunk.cut_short,
            }
            // The chunks are not always in the order of the specification.
            if let (Some(format), Some(data)) = (&format, &sound) {
                if data.start < data.end {
                    waves.parts.push(Wave { format: format.clone(), data: data.clone() });
                }
                sound = None;
            }
        }
        Ok(Some(waves))
    }
}

impl Wave {
    /// The sound with a correct header.
    pub(super) fn source(self, file: &Arc<File>) -> ConcatenatedSource {
        // Sound that is too long for the field has an unknown size, and is read to the end.
        let size = u32::try_from(self.data.end - self.data.start).unwrap_or(u32::MAX);
        let header = 4 + 8 + self.format.len() as u32 + 8;
        let mut bytes = b"RIFF".to_vec();
        bytes.extend(size.saturating_add(header).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend((self.format.len() as u32).to_le_bytes());
        bytes.extend(&self.format);
        bytes.extend(b"data");
        bytes.extend(size.to_le_bytes());
        ConcatenatedSource::default().own(bytes).part(file, self.data)
    }
}
