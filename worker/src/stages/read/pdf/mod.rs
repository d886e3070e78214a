//! Extracts the text of PDF documents (ISO 32000-1).
//!
//! Uses the libraries `hayro-syntax`, which opens documents and iterates over the instructions of their
//! pages, and `hayro-cmap`, which reads the maps from the codes of a font to text. A page contains the
//! position of each letter, but no words and lines: these follow from the distances.

mod font;
mod glyphs;
mod lines;

use std::collections::HashMap;
use std::rc::Rc;

use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction;
use hayro_syntax::object::dict::keys;
use hayro_syntax::object::{Array, Dict, Name, Number, Object, ObjectIdentifier};
use hayro_syntax::page::Resources;
use hayro_syntax::{LoadPdfError, Pdf};

use self::font::Font;
use self::lines::{Lines, Matrix};
use super::Unreadable;

/// Forms within forms are read to this depth.
const DEEPEST: usize = 12;
/// The most instructions that are executed: a hundred times those of a long document.
const MOST_INSTRUCTIONS: usize = 50_000_000;

/// The text of a document, page by page, and not much more than `longest` bytes of it.
pub(super) fn plain(bytes: &[u8], longest: usize) -> Result<String, Unreadable> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(_) => Unreadable::Encrypted,
        LoadPdfError::Invalid => Unreadable::Damaged,
    })?;
    if pdf.pages().is_empty() {
        return Err(Unreadable::Damaged);
    }
    let mut reader =
        Reader { lines: Lines::default(), fonts: HashMap::new(), longest, left: MOST_INSTRUCTIONS };
    for page in pdf.pages().iter() {
        reader.show(page.typed_operations(), page.resources(), State::default(), 0);
        reader.lines.end();
    }
    let text = reader.lines.text;
    if text.trim().is_empty() { Err(Unreadable::OnlyPictures) } else { Ok(text) }
}

/// The part of the graphics state that determines the positions of letters.
#[derive(Clone, Default)]
struct State {
    page: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    leading: f64,
    between_letters: f64,
    between_words: f64,
    /// The horizontal scale of letters, as a factor.
    wider: f64,
    line: Matrix,
    pen: Matrix,
}

impl State {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::moved(x, y).then(self.line);
        self.pen = self.line;
    }

    fn advance(&mut self, distance: f64) {
        self.pen = Matrix::moved(distance * (1.0 + self.wider), 0.0).then(self.pen);
    }
}

struct Reader {
    lines: Lines,
    fonts: HashMap<ObjectIdentifier, Rc<Font>>,
    longest: usize,
    left: usize,
}

impl Reader {
    /// Executes the instructions of a page or a form.
    fn show(
        &mut self,
        mut instructions: TypedIter<'_>,
        resources: &Resources<'_>,
        begin: State,
        depth: usize,
    ) {
        let (mut state, mut saved) = (begin, Vec::new());
        while let Some(instruction) = instructions.next() {
            if self.left == 0 || self.lines.text.len() > self.longest {
                return;
            }
            self.left -= 1;
            match instruction {
                TypedInstruction::SaveState(_) if saved.len() < 1000 => saved.push(state.clone()),
                TypedInstruction::RestoreState(_) => state = saved.pop().unwrap_or(state),
                TypedInstruction::Transform(by) => {
                    state.page = matrix([&by.0, &by.1, &by.2, &by.3, &by.4, &by.5]).then(state.page);
                }
                TypedInstruction::BeginText(_) => {
                    state.line = Matrix::default();
                    state.pen = Matrix::default();
                }
                TypedInstruction::TextFont(font) => {
                    state.font = self.font(resources, font.0);
                    state.size = font.1.as_f64();
                }
                TypedInstruction::TextLeading(leading) => state.leading = leading.0.as_f64(),
                TypedInstruction::CharacterSpacing(space) => state.between_letters = space.0.as_f64(),
                TypedInstruction::WordSpacing(space) => state.between_words = space.0.as_f64(),
                TypedInstruction::HorizontalScaling(percent) => {
                    state.wider = percent.0.as_f64() / 100.0 - 1.0
                }
                TypedInstruction::NextLine(by) => state.next_line(by.0.as_f64(), by.1.as_f64()),
                TypedInstruction::NextLineAndSetLeading(by) => {
                    state.leading = -by.1.as_f64();
                    state.next_line(by.0.as_f64(), by.1.as_f64());
                }
                TypedInstruction::NextLineUsingLeading(_) => state.next_line(0.0, -state.leading),
                TypedInstruction::SetTextMatrix(to) => {
                    state.line = matrix([&to.0, &to.1, &to.2, &to.3, &to.4, &to.5]);
                    state.pen = state.line;
                }
                TypedInstruction::ShowText(text) => self.write(&mut state, text.0.as_bytes()),
                TypedInstruction::NextLineAndShowText(text) => {
                    state.next_line(0.0, -state.leading);
                    self.write(&mut state, text.0.as_bytes());
                }
                TypedInstruction::ShowTextWithParameters(text) => {
                    state.between_words = text.0.as_f64();
                    state.between_letters = text.1.as_f64();
                    state.next_line(0.0, -state.leading);
                    self.write(&mut state, text.2.as_bytes());
                }
                TypedInstruction::ShowTexts(texts) => self.write_all(&mut state, texts.0),
                TypedInstruction::XObject(form) if depth < DEEPEST => {
                    self.show_form(resources, form.0, &state, depth);
                }
                _ => {}
            }
        }
    }

    fn show_form(&mut self, resources: &Resources<'_>, name: &Name<'_>, state: &State, depth: usize) {
        let Some(form) = resources.get_x_object(name) else { return };
        if form.dict().get::<Name<'_>>(keys::SUBTYPE).is_none_or(|kind| kind.as_str() != "Form") {
            return;
        }
        let Ok(content) = form.decoded() else { return };
        let own = form.dict().get::<Dict<'_>>(keys::RESOURCES).map(Resources::new);
        let mut begin = state.clone();
        let placed: Vec<Number> = form
            .dict()
            .get::<Array<'_>>(keys::MATRIX)
            .map(|matrix| matrix.iter().collect())
            .unwrap_or_default();
        if let [a, b, c, d, e, f] = &placed[..] {
            begin.page = matrix([a, b, c, d, e, f]).then(begin.page);
        }
        self.show(TypedIter::new(&content), own.as_ref().unwrap_or(resources), begin, depth + 1);
    }

    fn font(&mut self, resources: &Resources<'_>, name: &Name<'_>) -> Option<Rc<Font>> {
        let dict = resources.get_font(name)?;
        let Some(id) = dict.obj_id() else { return Some(Rc::new(Font::read(&dict))) };
        Some(Rc::clone(self.fonts.entry(id).or_insert_with(|| Rc::new(Font::read(&dict)))))
    }

    fn write_all(&mut self, state: &mut State, texts: &Array<'_>) {
        for part in texts.iter::<Object<'_>>() {
            match part {
                Object::String(text) => self.write(state, text.as_bytes()),
                Object::Number(back) => state.advance(-back.as_f64() / 1000.0 * state.size),
                _ => {}
            }
        }
    }

    fn write(&mut self, state: &mut State, codes: &[u8]) {
        let Some(font) = state.font.clone() else { return };
        for letter in font.letters(codes) {
            self.lines.write(&letter.text, state.pen.then(state.page), state.size);
            let space = if letter.is_space { state.between_words } else { 0.0 };
            state.advance(letter.width * state.size + state.between_letters + space);
            self.lines.pen_is_at(state.pen.then(state.page));
        }
    }
}

fn matrix(numbers: [&Number; 6]) -> Matrix {
    Matrix(numbers.map(Number::as_f64))
}
