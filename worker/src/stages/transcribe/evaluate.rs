//! Compares a transcript with the known text, word by word.

use std::fmt;
use std::ops::AddAssign;

/// The number of words of a recording, and the number of errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Words of the known text.
    pub said: usize,
    /// The smallest number of words that were changed, left out or added.
    pub wrong: usize,
    /// The words left out among these.
    pub left_out: usize,
}

impl AddAssign for Comparison {
    fn add_assign(&mut self, other: Self) {
        self.said += other.said;
        self.wrong += other.wrong;
        self.left_out += other.left_out;
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |count: usize| 100.0 * count as f64 / self.said.max(1) as f64;
        write!(f, "{:>8}{:>8.1} %{:>12.1} %", self.said, percent(self.wrong), percent(self.left_out))
    }
}

/// Compares the known text with the transcribed words, ignoring case and punctuation (Levenshtein
/// distance). Also returns for each transcribed word whether it is right.
pub fn compare<'a>(said: &str, heard: impl Iterator<Item = &'a str>) -> (Comparison, Vec<bool>) {
    let said: Vec<String> = said.split(|c: char| c.is_whitespace() || c == '-').map(bare).collect();
    let said: Vec<String> = said.into_iter().filter(|word| !word.is_empty()).collect();
    let heard: Vec<String> = heard.map(bare).collect();
    let width = heard.len() + 1;
    let mut costs: Vec<usize> = (0..width).collect();
    for (row, word) in said.iter().enumerate() {
        costs.push(row + 1);
        for (column, other) in heard.iter().enumerate() {
            let above = row * width + column;
            let change = costs[above] + usize::from(word != other);
            costs.push(change.min(costs[above + 1] + 1).min(costs[above + width] + 1));
        }
    }
    let mut right = vec![false; heard.len()];
    let mut comparison =
        Comparison { said: said.len(), wrong: costs.last().copied().unwrap_or_default(), left_out: 0 };
    let (mut row, mut column) = (said.len(), heard.len());
    while row > 0 {
        let cost = costs[row * width + column];
        if column > 0
            && cost == costs[(row - 1) * width + column - 1] + usize::from(said[row - 1] != heard[column - 1])
        {
            (row, column) = (row - 1, column - 1);
            right[column] = said[row] == heard[column];
        } else if cost == costs[(row - 1) * width + column] + 1 {
            row -= 1;
            comparison.left_out += 1;
        } else {
            column -= 1;
        }
    }
    (comparison, right)
}

fn bare(word: &str) -> String {
    let kept = word.chars().filter(|c| c.is_alphanumeric() || *c == '\'');
    kept.flat_map(char::to_lowercase).collect()
}

/// How often words of each confidence were right, in ten steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calibration([Step; 10]);

#[derive(Clone, Copy, Debug, Default)]
struct Step {
    words: usize,
    right: usize,
    said: f64,
}

impl Calibration {
    /// Counts a word of this confidence, from 0 to 1, and whether it was right.
    pub fn add(&mut self, confidence: f32, right: bool) {
        let step = &mut self.0[((confidence * 10.0) as usize).min(9)];
        step.words += 1;
        step.right += usize::from(right);
        step.said += f64::from(confidence);
    }
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10}{:>8}{:>8}", "said", "is", "words")?;
        for step in self.0.iter().filter(|step| step.words > 0) {
            let of = |sum: f64| sum / step.words as f64;
            writeln!(f, "{:>10.2}{:>8.2}{:>8}", of(step.said), of(step.right as f64), step.words)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_changed_left_out_and_added_are_counted() {
        let heard = ["The", "cat", "sad", "on", "on", "mat."];
        let (comparison, right) = compare("The cat sat on the old mat", heard.into_iter());
        assert_eq!(comparison, Comparison { said: 7, wrong: 3, left_out: 1 });
        assert_eq!(right.iter().filter(|right| **right).count(), 4);
        assert!(right[0] && right[1] && !right[2] && right[5]);
        assert_eq!(compare("", ["Well."].into_iter()).1, [false]);
        assert_eq!(compare("best-loved", std::iter::empty()).0.left_out, 2);
    }

    #[test]
    fn confidence_is_held_against_what_was_right() {
        let mut calibration = Calibration::default();
        for n in 0..10 {
            calibration.add(0.72, n < 7);
        }
        calibration.add(1.0, true);
        let table = calibration.to_string();
        let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split_whitespace().collect()).collect();
        assert_eq!(rows[1], ["0.72", "0.70", "10"]);
        assert_eq!(rows[2], ["1.00", "1.00", "1"]);
    }
}
