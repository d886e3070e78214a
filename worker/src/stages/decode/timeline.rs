//! Finds the position of a packet from the time in its container.

/// The smallest difference between the time of a packet and the end of the sound before it that is a jump,
/// in seconds. Containers round times to milliseconds, and the clocks of live recorders vary by some ten
/// milliseconds: a smaller difference is no hole.
const JUMP: f64 = 0.1;
/// The time of sound without a jump, in seconds, after which a clock that was set back is accepted.
const STEADY: f64 = 2.0;
/// The length of the hole for a jump whose length is not plausible, in seconds.
const UNKNOWN: f64 = 0.5;
/// A drift that is corrected, and the drift at which the correction ends, in seconds.
const DRIFT: (f64, f64) = (0.03, 0.005);

/// Compares the times of packets with the decoded sound.
///
/// A clock of the container and the count of the samples drift apart if they come from different quartzes.
/// Up to [`JUMP`], the drift is corrected by one sample more or less in a packet, which is not audible.
/// Beyond it, a time is accepted only if the next packet agrees with it: a single deviating time is a
/// mistake.
///
/// A clock that goes back hides no sound. Packets that were sent twice are left out before; any other packet
/// is other sound, and follows the sound before it. So sound whose times repeat or are too close together is
/// as long as its samples.
#[derive(Debug)]
pub(super) struct Timeline {
    /// The longest allowed length of a recording, in seconds. The silence for a jump is never longer than
    /// the longest valid recording. A larger jump is a damaged time, or a clock that was set (from the time
    /// since start-up to the time of day), and adds no such silence.
    longest: f64,
    /// The difference between a packet's time and its position.
    offset: f64,
    /// By how much the clock was set back recently. A jump ahead that follows ends this delay, and is no
    /// hole: packets may have the time of their group.
    debt: f64,
    /// The length of the sound since then.
    steady: f64,
    drifting: bool,
}

/// The position of a packet.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// Directly after the sound before it, with one sample more (1) or less (-1).
    Next(i8),
    /// After a hole of this many seconds.
    Behind(f64),
}

impl Timeline {
    pub(super) fn new(longest: f64) -> Self {
        Self { longest, offset: 0.0, debt: 0.0, steady: 0.0, drifting: false }
    }

    /// Sets the packet at `time` to `position`, independent of earlier packets: a first packet, or the
    /// first packet of another stream.
    pub(super) fn begin(&mut self, time: f64, position: f64) {
        *self = Self { offset: time - position, ..Self::new(self.longest) };
    }

    /// Places a packet of `lasting` seconds whose sound would start at `position`. `next` returns the time
    /// of the packet after it.
    pub(super) fn place(
        &mut self,
        time: f64,
        lasting: f64,
        position: f64,
        next: impl FnOnce() -> Option<f64>,
    ) -> Place {
        let mut lag = time - self.offset - position;
        if lag.abs() <= JUMP {
            // Times that are too close together are no drift.
            let is_clock = self.debt == 0.0 || self.steady >= STEADY;
            self.steady += lasting;
            return Place::Next(if is_clock { self.drift(lag) } else { 0 });
        }
        if lag > 0.0 && self.steady < STEADY {
            let back = lag.min(self.debt);
            (self.debt, self.offset, lag) = (self.debt - back, self.offset + back, lag - back);
            if lag <= JUMP {
                return Place::Next(0);
            }
        }
        if let Some(next) = next() {
            let next_lag = next - self.offset - (position + lasting);
            if next_lag.abs() < (next_lag - lag).abs() {
                return Place::Next(0);
            }
        }
        let steady = std::mem::take(&mut self.steady);
        self.drifting = false;
        if lag < 0.0 {
            self.offset += lag;
            self.debt = if steady < STEADY { self.debt - lag } else { -lag };
            Place::Next(0)
        } else if position + lag > self.longest {
            self.offset += lag - UNKNOWN;
            Place::Behind(UNKNOWN)
        } else {
            Place::Behind(lag)
        }
    }

    /// The time between the end of the sound at `position` and a packet at `time`. Damaged packets before it
    /// are no longer. Those that were decoded nonetheless may be longer than they were, and set the clock back.
    pub(super) fn room(&self, time: f64, position: f64) -> f64 {
        let debt = if self.steady < STEADY { self.debt } else { 0.0 };
        (time - self.offset - debt - position).max(0.0)
    }

    fn drift(&mut self, lag: f64) -> i8 {
        let (most, least) = DRIFT;
        self.drifting = lag.abs() > if self.drifting { least } else { most };
        match (self.drifting, lag > 0.0) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => -1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs packets of 20 ms through a timeline; returns the positions at which they start.
    fn positions(times: &[f64]) -> Vec<f64> {
        let mut timeline = Timeline::new(3600.0);
        timeline.begin(times[0], 0.0);
        let mut position = 0.0;
        let mut starts = Vec::new();
        for (n, &time) in times.iter().enumerate() {
            match timeline.place(time, 0.02, position, || times.get(n + 1).copied()) {
                Place::Next(nudge) => position += f64::from(nudge) / 48_000.0,
                Place::Behind(hole) => position += hole,
            }
            starts.push(position);
            position += 0.02;
        }
        starts
    }

    fn steps(from: f64, packets: usize) -> Vec<f64> {
        (0..packets).map(|n| from + 0.02 * n as f64).collect()
    }

    fn off(a: f64, b: f64) -> bool {
        (a - b).abs() > 0.03
    }

    #[test]
    fn a_jump_that_the_next_packet_confirms_is_a_hole() {
        let times = [steps(5.0, 50), steps(36.0, 50)].concat();
        let starts = positions(&times);
        assert!(!off(starts[49], 0.98) && !off(starts[50], 31.0) && !off(starts[99], 31.98));
    }

    #[test]
    fn one_wrong_stamp_is_ignored() {
        for wrong in [-3.0, -0.5, 0.5, 30.0, 1e9] {
            let mut times = steps(0.0, 100);
            times[50] += wrong;
            let starts = positions(&times);
            assert!(!off(starts[99], 1.98), "{wrong}: {}", starts[99]);
        }
    }

    #[test]
    fn times_that_overlap_are_other_sound() {
        let times = [steps(0.0, 100), steps(1.5, 100), steps(3.5, 50)].concat();
        let starts = positions(&times);
        assert!(!off(starts[199], 3.98) && !off(starts[249], 4.98), "{} {}", starts[199], starts[249]);
    }

    #[test]
    fn times_that_repeat_or_lag_leave_the_length_to_the_samples() {
        let standing: Vec<f64> = vec![0.0; 500];
        let half: Vec<f64> = (0..500).map(|n| 0.01 * f64::from(n)).collect();
        let of_groups: Vec<f64> = (0..500).map(|n| f64::from(n / 50)).collect();
        let of_long_groups: Vec<f64> = (0..500).map(|n| 5.0 * f64::from(n / 250)).collect();
        for times in [standing, half, of_groups, of_long_groups] {
            let starts = positions(&times);
            assert!(!off(starts[499], 9.98), "{:?}: {}", &times[..60], starts[499]);
        }
    }

    #[test]
    fn damage_is_as_long_as_the_clock_says() {
        let mut timeline = Timeline::new(3600.0);
        timeline.begin(7.0, 0.0);
        assert!(!off(timeline.room(7.5, 0.25), 0.25));
        assert_eq!(timeline.room(7.5, 2.0), 0.0);
        // A damaged packet became a second of sound: the damage after it is shorter.
        timeline.place(7.02, 1.0, 0.02, || Some(7.04));
        timeline.place(7.04, 0.02, 1.02, || Some(7.06));
        assert!(!off(timeline.room(8.5, 1.04), 0.46));
    }

    #[test]
    fn a_hole_behind_a_clock_that_was_set_back_is_a_hole() {
        let times = [steps(60.0, 500), steps(10.0, 200), steps(24.0, 100)].concat();
        let starts = positions(&times);
        assert!(!off(starts[699], 13.98) && !off(starts[799], 25.98), "{} {}", starts[699], starts[799]);
    }

    #[test]
    fn a_clock_that_starts_again_loses_nothing() {
        let times = [steps(0.0, 500), steps(0.0, 500)].concat();
        assert!(!off(positions(&times)[999], 19.98));
    }

    #[test]
    fn a_jump_beyond_the_longest_recording_makes_no_hours_of_silence() {
        let times = [steps(0.0, 50), steps(1e7, 50)].concat();
        assert!(!off(positions(&times)[99], 1.98 + UNKNOWN));
    }

    #[test]
    fn drift_and_trembling_are_followed_without_a_jump() {
        let times: Vec<f64> =
            (0..100_000).map(|n| f64::from(n) * 0.02 * 1.0003 + 0.009 * f64::from(n % 3)).collect();
        let starts = positions(&times);
        for pair in starts.windows(2) {
            assert!((pair[1] - pair[0] - 0.02).abs() < 0.001, "a jump at {}", pair[0]);
        }
        assert!((starts[99_999] - times[99_999]).abs() < 0.05);
    }
}
