//! The tables that encoders write before the sound of an mp3.

use self_shared::domain::container::frame::{Header, Syntax};

/// The samples that the encoder added at the start of a stream, if this frame is not sound but the table of
/// an encoder ("Xing", "Info" with LAME's extension, "VBRI").
///
/// The number of frames in such a table is not used: streams are cut, concatenated and written into pipes.
pub(super) fn table(frame: &[u8], header: &Header) -> Option<u32> {
    let Syntax::Mpeg { layer: 3, first } = header.kind.syntax else { return None };
    let side = match (first, header.kind.channels) {
        (true, 2) => 32,
        (true, _) | (false, 2) => 17,
        _ => 9,
    };
    // A frame may have a checksum of two bytes after its header, which is not counted here.
    let silent = |end: usize| frame.get(6..end).is_some_and(|bytes| bytes.iter().all(|&byte| byte == 0));
    let at = 4 + side;
    if frame.get(36..40) == Some(b"VBRI") && silent(36) {
        return Some(0);
    }
    if !matches!(frame.get(at..at + 4), Some(b"Xing" | b"Info")) || !silent(at) {
        return None;
    }
    let flags = *frame.get(at + 7)?;
    let fields = [(1, 4), (2, 4), (4, 100), (8, 4)];
    let skip: usize = fields.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bytes)| bytes).sum();
    let lame = frame.get(at + 8 + skip..at + 8 + skip + 24)?;
    // The names of encoders that fill in the delay. A decoder adds 529 samples of its own.
    if !matches!(&lame[..4], b"LAME" | b"Lavf" | b"Lavc") {
        return Some(0);
    }
    Some((u32::from(lame[21]) << 4 | u32::from(lame[22]) >> 4) + 529)
}
