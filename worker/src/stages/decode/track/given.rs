//! Recognises packets that were read before, and times that say nothing about packets.
//!
//! Only a packet with the same time and the same bytes is the same packet. Uploads contain a part twice when
//! a client has sent it again, and reading that starts again after damage starts a little before it. A packet
//! with other bytes is other sound, whatever its time is.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use symphonia::core::packet::Packet;

use super::super::mp4::Times;
use super::Track;

/// The number of packets that are remembered. Demuxers read fewer bytes ahead than this many packets have.
const MOST: usize = 1 << 16;
/// A duration that differs by more than this share of the sound is wrong. Units of a track may be
/// milliseconds, and rounded.
const WRONG: f64 = 0.1;

/// The recent packets of a track.
#[derive(Debug, Default)]
pub(super) struct GivenPackets {
    /// Time (as bits) and hash of the bytes, oldest first.
    order: VecDeque<(u64, u64)>,
    known: HashSet<(u64, u64)>,
    /// How many of them have these bytes. Silence has the same bytes many times.
    alike: HashMap<u64, u32>,
    last: Option<(f64, u64)>,
    /// Whether the last packet was left out because it is the one before it.
    was_twice: bool,
    /// Whether different packets have one time, or one packet comes three times: a time does not tell which
    /// packet it is.
    stands: bool,
    /// Whether reading has started at a position before the last packet and has not passed it yet.
    is_again: bool,
}

impl GivenPackets {
    /// Reading starts again, perhaps before the last packet.
    pub(super) fn read_again(&mut self) {
        self.is_again = true;
    }

    /// Another file begins.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether this packet was given before. Remembers it.
    pub(super) fn contain(&mut self, time: f64, bytes: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let content = hasher.finish();
        let packet = (time.to_bits(), content);
        let is_known = self.known.contains(&packet);
        if is_known && self.is_again {
            return true;
        }
        self.is_again = false;
        let is_last = self.last.is_some_and(|(last, _)| last.to_bits() == packet.0);
        let is_back = is_last || self.last.is_some_and(|(last, _)| time < last);
        let is_one = self.alike.get(&content) == Some(&1);
        self.stands |= is_last && (!is_known || self.was_twice);
        if is_known && is_back && is_one && !self.stands {
            self.was_twice = is_last;
            return true;
        }
        self.was_twice = false;
        self.last = Some((time, content));
        if self.known.insert(packet) {
            self.order.push_back(packet);
            *self.alike.entry(content).or_default() += 1;
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.remove(oldest);
        }
        false
    }

    fn remove(&mut self, packet: (u64, u64)) {
        self.known.remove(&packet);
        if let Entry::Occupied(mut alike) = self.alike.entry(packet.1) {
            *alike.get_mut() -= 1;
            if *alike.get() == 0 {
                alike.remove();
            }
        }
    }
}

impl Track {
    /// Whether the same packet came before. The times of other containers count their samples, and never
    /// repeat.
    pub(super) fn is_repeated(&mut self, packet: &Packet) -> bool {
        let time = self.choice.time(packet.pts).unwrap_or(packet.pts.get() as f64);
        let repeats = self.has_clock() || self.reader.format_info().short_name == "ogg";
        repeats && self.given.contain(time, &packet.data)
    }

    /// Compares the duration of the samples of an mp4 with the length of the sound of one of them. If all
    /// have one duration and it is wrong, the times of the track say nothing.
    pub(super) fn compare(&mut self, sound: f64) {
        if let Some(stated) = self.choice.times.as_mut().and_then(Times::uniform) {
            self.is_timeless |= (stated - sound).abs() > WRONG * sound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these packets are given on.
    fn given(packets: &mut GivenPackets, sent: &[(f64, &str)]) -> usize {
        sent.iter().filter(|(time, bytes)| !packets.contain(*time, bytes.as_bytes())).count()
    }

    const SPEECH: [(f64, &str); 4] = [(0.0, "a"), (1.0, "b"), (2.0, "c"), (3.0, "d")];

    #[test]
    fn a_part_that_was_sent_twice_is_given_once() {
        let mut packets = GivenPackets::default();
        assert_eq!(given(&mut packets, &SPEECH), 4);
        assert_eq!(given(&mut packets, &SPEECH[1..]), 0);
        assert_eq!(given(&mut packets, &[(4.0, "e"), (4.0, "e")]), 1);
    }

    #[test]
    fn other_bytes_at_known_times_are_other_packets() {
        let mut packets = GivenPackets::default();
        assert_eq!(given(&mut packets, &SPEECH), 4);
        assert_eq!(given(&mut packets, &[(0.0, "e"), (1.0, "f"), (1.0, "g"), (1.5, "a")]), 4);
    }

    #[test]
    fn silence_of_a_second_session_stays() {
        let mut packets = GivenPackets::default();
        let session = [(0.0, "-"), (1.0, "-"), (2.0, "-"), (3.0, "a")];
        assert_eq!(given(&mut packets, &session), 4);
        assert_eq!(given(&mut packets, &session[..3]), 3);
    }

    #[test]
    fn a_clock_that_stands_tells_no_packets_apart() {
        let mut packets = GivenPackets::default();
        assert_eq!(given(&mut packets, &[(0.0, "a"), (0.0, "b"), (0.0, "a"), (0.0, "a")]), 4);
        let mut packets = GivenPackets::default();
        assert_eq!(given(&mut packets, &[(0.0, "-"); 100]), 99);
    }

    #[test]
    fn a_place_that_is_read_again_gives_only_what_follows() {
        let mut packets = GivenPackets::default();
        let session = [(5.0, "-"), (5.0, "a"), (6.0, "-"), (1.0, "b"), (2.0, "-")];
        assert_eq!(given(&mut packets, &session), 5);
        packets.read_again();
        assert_eq!(given(&mut packets, &session[1..]), 0);
        assert_eq!(given(&mut packets, &[(3.0, "c"), (4.0, "-")]), 2);
    }

    #[test]
    fn only_recent_packets_are_remembered() {
        let mut packets = GivenPackets::default();
        for n in 0..MOST + 10 {
            assert!(!packets.contain(n as f64, &n.to_le_bytes()));
        }
        assert_eq!((packets.order.len(), packets.known.len(), packets.alike.len()), (MOST, MOST, MOST));
    }
}
