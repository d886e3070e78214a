//! Extracts the text of Markdown, with the library `pulldown-cmark`.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html;

/// The text of a document in CommonMark, with tables, footnotes, tasks and front matter as on GitHub: a
/// line for each paragraph, heading, item or row. Code is included.
pub(super) fn plain(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::InlineHtml(html) | Event::Html(html) => text.push_str(&html::plain(&html)),
            Event::SoftBreak | Event::End(TagEnd::TableCell) => text.push(' '),
            Event::HardBreak | Event::Rule | Event::Start(Tag::Item | Tag::CodeBlock(_) | Tag::List(_)) => {
                text.push('\n');
            }
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::Item
                | TagEnd::CodeBlock
                | TagEnd::TableHead
                | TagEnd::TableRow
                | TagEnd::MetadataBlock(_)
                | TagEnd::HtmlBlock,
            ) => text.push('\n'),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stays_and_the_marks_go() {
        let markdown = "---\ntitle: Kitchen\n---\n# The *blue* tiles\n\nMaria says [they](http://x.y) come\non \
            **Monday**.\n\n- [ ] call `Ana`\n- pay\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```rust\nlet x = 1;\n```\n";
        let lines: Vec<String> = plain(markdown)
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        assert_eq!(
            lines,
            [
                "title: Kitchen",
                "The blue tiles",
                "Maria says they come on Monday.",
                "call Ana",
                "pay",
                "a b",
                "1 2",
                "let x = 1;"
            ]
        );
    }
}
