//! Joins letters on a page into words and lines.

/// A gap that is wider than this part of the font size is a space.
const GAP: f64 = 0.18;
/// A letter that is further from the line than this part of the font size is on another line.
const BESIDE: f64 = 0.45;

/// A transformation of the plane (ISO 32000-1, 8.3.3): a, b, c, d, e, f.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Matrix(pub [f64; 6]);

impl Default for Matrix {
    fn default() -> Self {
        Self::moved(0.0, 0.0)
    }
}

impl Matrix {
    pub(super) const fn moved(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// The transformation that applies this one first, and then the other.
    pub(super) fn then(self, other: Self) -> Self {
        let (Self([a, b, c, d, e, f]), Self([p, q, r, s, t, u])) = (self, other);
        Self([
            a * p + b * r,
            a * q + b * s,
            c * p + d * r,
            c * q + d * s,
            e * p + f * r + t,
            e * q + f * s + u,
        ])
    }
}

/// The text so far, and the position of the pen.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) text: String,
    /// The position and direction of the pen, and the font size.
    pen: Option<(Matrix, f64)>,
}

impl Lines {
    /// Writes letters of a font size at a position: directly after the others, after a space, or on a new
    /// line.
    pub(super) fn write(&mut self, letters: &str, at: Matrix, size: f64) {
        let Matrix([a, b, _, _, x, y]) = at;
        let large = (size * a.hypot(b)).abs();
        if let Some((Matrix([p, q, _, _, from_x, from_y]), before)) = self.pen {
            let length = p.hypot(q).max(f64::MIN_POSITIVE);
            let (right_x, right_y) = (p / length, q / length);
            let (dx, dy) = (x - from_x, y - from_y);
            let along = dx * right_x + dy * right_y;
            let beside = (dx * right_y - dy * right_x).abs();
            let larger = large.max(before);
            if beside > BESIDE * larger || along < -larger {
                self.separate('\n');
            } else if along > GAP * large.min(before) {
                self.separate(' ');
            }
        }
        self.text.push_str(letters);
        self.pen = Some((at, large));
    }

    pub(super) fn pen_is_at(&mut self, at: Matrix) {
        if let Some((pen, _)) = &mut self.pen {
            *pen = at;
        }
    }

    /// Ends a page.
    pub(super) fn end(&mut self) {
        self.separate('\n');
        self.pen = None;
    }

    fn separate(&mut self, by: char) {
        if self.text.is_empty() || self.text.ends_with('\n') || by == ' ' && self.text.ends_with(' ') {
            return;
        }
        self.text.push(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes words, each with its start and end, in letters of size 10.
    fn written(words: &[(&str, f64, f64, f64)], turn: Matrix) -> String {
        let mut lines = Lines::default();
        for (word, x, y, end) in words {
            lines.write(word, Matrix::moved(*x, *y).then(turn), 10.0);
            lines.pen_is_at(Matrix::moved(*end, *y).then(turn));
        }
        lines.text
    }

    #[test]
    fn words_and_lines_follow_from_distances_whichever_way_the_page_is_turned() {
        let words = [
            ("Ti", 0.0, 100.0, 9.0),
            ("les", 9.5, 100.0, 22.0),
            ("are", 25.0, 100.0, 40.0),
            ("blue", 0.0, 88.0, 20.0),
            ("2", 20.5, 91.0, 24.0),
        ];
        for turn in [
            Matrix::default(),
            Matrix([0.0, 1.0, -1.0, 0.0, 7.0, 7.0]),
            Matrix([-2.0, 0.0, 0.0, -2.0, 0.0, 0.0]),
        ] {
            assert_eq!(written(&words, turn), "Tiles are\nblue2");
        }
    }

    #[test]
    fn a_page_ends_its_last_line() {
        let mut lines = Lines::default();
        lines.write("one", Matrix::default(), 10.0);
        lines.end();
        lines.end();
        lines.write("two", Matrix::default(), 10.0);
        assert_eq!(lines.text, "one\ntwo");
    }
}
