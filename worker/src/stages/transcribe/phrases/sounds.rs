//! The kinds of sounds of speech, as far as a spectrum of eight bands can distinguish them.

use super::bands::BANDS;

/// A kind of sound: its manner of articulation, and for vowels roughly the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    /// No speech.
    Silence,
    /// An open vowel: a, o.
    Open,
    /// A front vowel: e, i.
    Front,
    /// A back vowel: u.
    Back,
    /// m, n.
    Nasal,
    /// l, r, w, y.
    Glide,
    /// s, sh, z, and sounds that end in them: ch, j.
    Hiss,
    /// f, v, th, h.
    Breath,
    /// p, t, k.
    HardStop,
    /// b, d, g.
    SoftStop,
    /// A letter of a script whose sounds are not distinguished.
    Any,
}

/// All kinds, in the order of [`Sound::index`].
pub(super) const SOUNDS: [Sound; 11] = [
    Sound::Silence,
    Sound::Open,
    Sound::Front,
    Sound::Back,
    Sound::Nasal,
    Sound::Glide,
    Sound::Hiss,
    Sound::Breath,
    Sound::HardStop,
    Sound::SoftStop,
    Sound::Any,
];

impl Sound {
    /// Its index in [`SOUNDS`].
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The average level of each band: 0 is the quietest and 1 the loudest level of the band in the same
    /// chunk.
    ///
    /// The figures are the mean of a first estimate from textbooks and of an alignment of a reading and of
    /// four synthetic voices to their words.
    pub(super) const fn bands(self) -> [f32; BANDS] {
        match self {
            Self::Silence => [0.13, 0.10, 0.09, 0.09, 0.10, 0.10, 0.10, 0.10],
            Self::Open => [0.84, 0.88, 0.89, 0.77, 0.70, 0.66, 0.64, 0.47],
            Self::Front => [0.84, 0.89, 0.68, 0.50, 0.68, 0.80, 0.70, 0.48],
            Self::Back => [0.85, 0.89, 0.76, 0.69, 0.62, 0.62, 0.60, 0.45],
            Self::Nasal => [0.83, 0.70, 0.48, 0.36, 0.36, 0.37, 0.33, 0.21],
            Self::Glide => [0.76, 0.78, 0.66, 0.55, 0.42, 0.38, 0.35, 0.27],
            Self::Hiss => [0.36, 0.32, 0.29, 0.34, 0.43, 0.53, 0.76, 0.96],
            Self::Breath => [0.47, 0.44, 0.37, 0.36, 0.37, 0.40, 0.47, 0.47],
            Self::HardStop => [0.33, 0.32, 0.29, 0.32, 0.34, 0.36, 0.38, 0.38],
            Self::SoftStop => [0.56, 0.50, 0.37, 0.33, 0.36, 0.37, 0.38, 0.34],
            Self::Any => [0.65, 0.64, 0.53, 0.48, 0.49, 0.51, 0.50, 0.43],
        }
    }

    /// Its duration at a usual pace, in frames.
    pub(super) const fn frames(self) -> f32 {
        match self {
            Self::Silence => 0.0,
            Self::Open => 9.0,
            Self::Front | Self::HardStop => 7.5,
            Self::Back => 8.0,
            Self::Nasal | Self::Breath | Self::SoftStop => 6.5,
            Self::Glide => 5.5,
            Self::Hiss => 9.5,
            Self::Any => 7.0,
        }
    }
}

/// A sound of a word, and its duration as a factor of the usual duration of its kind.
pub(super) type SoundDuration = (Sound, f32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sound_stands_at_its_index() {
        for (place, sound) in SOUNDS.into_iter().enumerate() {
            assert_eq!(sound.index(), place);
        }
    }
}
