//! Continues with the next part of a file.

use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

use super::super::choice::{Choice, reader};
use super::super::source::SourceRegion;
use super::Track;

/// The longest time of a frame of FLAC, in seconds. Longer losses show in its times.
const FRAME: f64 = 0.1;

impl Track {
    /// Continues with the next part.
    pub(super) fn next_part(&mut self) -> bool {
        while let Some(part) = self.parts.pop_front() {
            self.cut_short |= part.is_another && self.falls_short();
            let seconds = part.seconds;
            if self.turn_to(part) {
                return true;
            }
            match seconds {
                Some(seconds) => self.lost += seconds,
                None => self.cut_short = true,
            }
        }
        self.lost > 0.0
    }

    /// The length of the sound that is lost directly before this packet, in seconds. The times of FLAC count
    /// its samples, so that a single lost frame shows; for times of a clock it is too short.
    pub(super) fn lost_before(&self, packet: &Packet) -> Option<f64> {
        let before = self.before.as_ref().filter(|_| self.reader.format_info().short_name == "flac")?;
        let end = before.pts.get().checked_add_unsigned(before.dur.get())?;
        let lost = u64::try_from(packet.pts.get().checked_sub(end)?).ok()?;
        self.seconds(Duration::new(lost)).filter(|seconds| (f64::MIN_POSITIVE..=FRAME).contains(seconds))
    }

    pub(super) fn turn_to(&mut self, SourceRegion { source, is_another, .. }: SourceRegion) -> bool {
        let Ok(reader) = reader(source) else { return false };
        let Ok(choice) = Choice::among(&*reader, &self.file, u64::MAX, self.place) else { return false };
        // The length that the first part states applies to all parts that continue its times.
        let seconds = if is_another { choice.seconds } else { self.choice.seconds };
        self.reader = reader;
        self.choice = Choice { seconds, ..choice.of_part(is_another) };
        self.is_unreadable = false;
        self.begins_anew = is_another;
        self.was_damaged = !is_another;
        if is_another {
            self.before = None;
            self.given.forget();
        } else {
            self.given.read_again();
        }
        true
    }
}
