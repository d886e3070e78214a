//! Generated PDF files.

/// A document with one page for each text.
pub(super) fn pdf(pages: &[&str]) -> Vec<u8> {
    let contents = pages.iter().map(|text| format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET").into_bytes());
    document(&contents.map(|content| (String::new(), content)).collect::<Vec<_>>(), "")
}

/// A document with pages of these contents, each with additional entries of its dictionary; `more` is added
/// to the trailer.
pub(super) fn document(pages: &[(String, Vec<u8>)], more: &str) -> Vec<u8> {
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Count {} /Kids [{}] >>", pages.len(), kids.join(" ")).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    for (page, (filter, content)) in pages.iter().enumerate() {
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {0} 0 R \
                 /Resources << /Font << /F1 3 0 R >> /XObject << /Self {0} 0 R >> >> >>",
                5 + 2 * page
            )
            .into_bytes(),
        );
        let dictionary = format!("<< /Length {} {filter} >>\nstream\n", content.len());
        objects.push([dictionary.as_bytes(), content, b"\nendstream"].concat());
    }
    let mut file = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", index + 1).into_bytes());
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    let size = objects.len() + 1;
    file.extend(
        format!("trailer\n<< /Size {size} /Root 1 0 R {more} >>\nstartxref\n{table}\n%%EOF\n").into_bytes(),
    );
    file
}

/// Compressed spaces (RFC 1950, 1951): one space, and then repetitions of it, 258 at a time.
pub(super) fn spaces(count: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, with fixed codes; a space has the code 0x30 + 0x20.
    bits.put(1, 1);
    bits.put(1, 2);
    bits.code(0x30 + 0x20, 8);
    for _ in 0..count / 258 {
        // The length 258 is the symbol 285; the distance 1 is the code 0.
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    [&[0x78, 0x01][..], &bits.bytes, &[0; 5]].concat()
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// Writes a number, lowest bit first.
    fn put(&mut self, value: u32, length: u32) {
        for bit in 0..length {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (self.used % 8);
            self.used += 1;
        }
    }

    /// Writes a code, highest bit first.
    fn code(&mut self, code: u32, length: u32) {
        self.put(code.reverse_bits() >> (32 - length), length);
    }
}
