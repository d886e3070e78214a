//! Tests of GLiNER without its weights: with a network of the same inputs and outputs that knows a few
//! words.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::*;
use crate::extract::extract;
use crate::models::fetched;

const VOCABULARY_OF_TEST: &[&str] = &[
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "<<ENT>>",
    "<<SEP>>",
    "person",
    "place",
    "organization",
    "anna",
    "karenina",
    "oslo",
    "met",
    "in",
    ".",
    "nok",
    "##ia",
];

/// The output of the network for a word, by its first token: the score of each label.
fn opinion(token: &str) -> [f32; 3] {
    match token {
        "anna" | "karenina" => [3.0, -5.0, -5.0],
        "oslo" => [0.5, 2.0, -5.0],
        "nok" => [-5.0, -5.0, 1.0],
        _ => [-5.0; 3],
    }
}

/// Writes the files of a GLiNER that finds names of up to two words.
fn write_model(folder: &Path) {
    let config = json!({"max_width": 2, "max_len": 8, "model_name": "tiny", "ent_token": "<<ENT>>"});
    fs::write(folder.join(CONFIG), config.to_string()).unwrap();
    fs::write(folder.join(VOCABULARY), tokenizer().to_string()).unwrap();
    fs::write(folder.join(GRAPH), network::model(VOCABULARY_OF_TEST.iter().flat_map(|token| opinion(token))))
        .unwrap();
}

fn tokenizer() -> serde_json::Value {
    let special = |id: usize| {
        json!({"id": id, "content": VOCABULARY_OF_TEST[id], "single_word": false, "lstrip": false,
               "rstrip": false, "normalized": false, "special": true})
    };
    let number = |(id, token): (usize, &&str)| ((*token).to_owned(), json!(id));
    let start = json!({"SpecialToken": {"id": "[CLS]", "type_id": 0}});
    let end = json!({"SpecialToken": {"id": "[SEP]", "type_id": 0}});
    let text = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": (0..6).map(special).collect::<Vec<_>>(),
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [start, text("A"), end], "pair": [start, text("A"), end, text("B"), end],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                               "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100,
                  "vocab": VOCABULARY_OF_TEST.iter().enumerate().map(number)
                      .collect::<serde_json::Map<_, _>>()},
    })
}

fn load(folder: &Path) -> Result<Gliner, GlinerError> {
    Gliner::load(&Runtime::load(&fetched()).unwrap(), folder)
}

#[test]
fn names_of_several_words_and_pieces_are_found_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    write_model(folder.path());
    let gliner = load(folder.path()).unwrap();
    let texts = ["Anna Karenina met Nokia.", "", "Für Anna in Oslo. In Oslo, in Oslo, Anna met Anna."];
    let found = gliner.find(&texts, &|| true).unwrap();
    let found: Vec<Vec<_>> = texts
        .iter()
        .zip(found)
        .map(|(text, names)| names.into_iter().map(|name| (name.kind, &text[name.range])).collect())
        .collect();
    let (person, place) = (EntityKind::Person, EntityKind::Place);
    assert_eq!(found[0], [(person, "Anna Karenina"), (EntityKind::Organization, "Nokia")]);
    assert_eq!(found[1], []);
    let expected = [(person, "Anna"), (place, "Oslo"), (place, "Oslo"), (place, "Oslo")];
    assert_eq!(found[2], [&expected[..], &[(person, "Anna"), (person, "Anna")]].concat());
    assert_eq!(gliner.id(), ModelId::known("gliner", "tiny"));
}

#[test]
fn patterns_are_found_beside_its_names_and_nobody_is_waited_for_in_vain() {
    let folder = tempfile::tempdir().unwrap();
    write_model(folder.path());
    let gliner = load(folder.path()).unwrap();
    let entities = extract(&["Anna: anna@example.com"], &gliner, &|| true).unwrap();
    let kinds: Vec<_> = entities.iter().map(|entity| entity.kind).collect();
    assert_eq!(kinds, [EntityKind::Person, EntityKind::Email]);
    assert!(matches!(gliner.find(&["Anna"], &|| false), Err(FindError::Abandoned)));
}

#[test]
fn a_missing_file_is_named_together_with_the_variable() {
    for missing in [GRAPH, VOCABULARY, CONFIG] {
        let folder = tempfile::tempdir().unwrap();
        write_model(folder.path());
        fs::remove_file(folder.path().join(missing)).unwrap();
        let error = load(folder.path()).err().unwrap().to_string();
        assert!(error.contains("GLINER_DIR") && error.contains(missing), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    write_model(folder.path());
    fs::write(folder.path().join(CONFIG), "{}").unwrap();
    let error = load(folder.path()).err().unwrap().to_string();
    assert!(error.contains(CONFIG) && error.contains("max_width"), "{error}");
}

/// A network in the format of ONNX (protocol buffers; the fields are those of ONNX's onnx.proto).
mod network {
    /// A protocol buffer message that is being written.
    #[derive(Default)]
    struct Message(Vec<u8>);

    impl Message {
        fn number(mut self, field: u8, value: u64) -> Self {
            self.0.push(field << 3);
            self.varint(value);
            self
        }

        fn bytes(mut self, field: u8, value: &[u8]) -> Self {
            // Fields above 15 do not occur.
            self.0.push(field << 3 | 2);
            self.varint(value.len() as u64);
            self.0.extend(value);
            self
        }

        fn message(self, field: u8, value: Self) -> Self {
            self.bytes(field, &value.0)
        }

        fn varint(&mut self, mut value: u64) {
            while value >= 128 {
                self.0.push(value as u8 | 128);
                value >>= 7;
            }
            self.0.push(value as u8);
        }
    }

    /// The numbers of the types.
    const FLOAT: u64 = 1;
    const INT64: u64 = 7;
    const BOOL: u64 = 9;

    fn constant(name: &str, shape: &[u64], ty: u64, data: &[u8]) -> Message {
        let shaped = shape.iter().fold(Message::default(), |message, size| message.number(1, *size));
        shaped.number(2, ty).bytes(8, name.as_bytes()).bytes(9, data)
    }

    fn integers(name: &str, values: &[i64]) -> Message {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        constant(name, &[values.len() as u64], INT64, &bytes)
    }

    fn floats(name: &str, shape: &[u64], values: impl IntoIterator<Item = f32>) -> Message {
        constant(name, shape, FLOAT, &values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<_>>())
    }

    fn value(name: &str, ty: u64, rank: usize) -> Message {
        let size = |index: usize| Message::default().bytes(2, format!("{name}{index}").as_bytes());
        let shape = (0..rank).fold(Message::default(), |shape, index| shape.message(1, size(index)));
        let tensor = Message::default().number(1, ty).message(2, shape);
        Message::default().bytes(1, name.as_bytes()).message(2, Message::default().message(1, tensor))
    }

    /// `output = operator(inputs)`, with settings that are integers.
    fn node(operator: &str, inputs: &[&str], output: &str, settings: &[(&str, u64)]) -> Message {
        let named = inputs.iter().fold(Message::default(), |node, input| node.bytes(1, input.as_bytes()));
        let node = named.bytes(2, output.as_bytes()).bytes(4, operator.as_bytes());
        settings.iter().fold(node, |node, (name, value)| {
            // The type of the attribute, field 20, has a tag of two bytes; 2 stands for an integer.
            let mut setting = Message::default().bytes(1, name.as_bytes()).number(3, *value);
            setting.0.extend([0xa0, 0x01, 2]);
            node.message(5, setting)
        })
    }

    /// A network that scores a span by its first and last word, which it looks up in a table (tokens × 3)
    /// by their first tokens, and that prefers two words to one.
    pub(super) fn model(table: impl IntoIterator<Item = f32>) -> Vec<u8> {
        let table: Vec<f32> = table.into_iter().collect();
        let nodes = [
            node("Gather", &["table", "input_ids"], "tokens", &[("axis", 0)]),
            node("Shape", &["span_idx"], "shape", &[]),
            node("Gather", &["shape", "one"], "spans", &[("axis", 0)]),
            node("Div", &["spans", "two"], "words", &[]),
            node("Add", &["words", "one"], "depth", &[]),
            node("OneHot", &["words_mask", "depth", "off and on"], "where", &[("axis", 1)]),
            node("MatMul", &["where", "tokens"], "all", &[]),
            node("Slice", &["all", "one", "last", "one"], "each", &[]),
            node("Slice", &["span_idx", "zero", "one", "two"], "first", &[]),
            node("Slice", &["span_idx", "one", "two", "two"], "end", &[]),
            node("GatherND", &["each", "first"], "of first", &[("batch_dims", 1)]),
            node("GatherND", &["each", "end"], "of end", &[("batch_dims", 1)]),
            node("Min", &["of first", "of end"], "lesser", &[]),
            node("Unsqueeze", &["span_mask", "two"], "is span", &[]),
            node("Where", &["is span", "lesser", "never"], "scored", &[]),
            node("Reshape", &["scored", "by width"], "by word", &[]),
            node("Add", &["by word", "bonus"], "logits", &[]),
        ];
        let constants = [
            floats("table", &[table.len() as u64 / 3, 3], table),
            floats("off and on", &[2], [0.0, 1.0]),
            floats("never", &[1], [9.0]),
            floats("bonus", &[2, 1], [0.0, 0.5]),
            integers("zero", &[0]),
            integers("one", &[1]),
            integers("two", &[2]),
            integers("last", &[i64::MAX]),
            integers("by width", &[0, -1, 2, 3]),
        ];
        let inputs = [
            value("input_ids", INT64, 2),
            value("attention_mask", INT64, 2),
            value("words_mask", INT64, 2),
            value("text_lengths", INT64, 2),
            value("span_idx", INT64, 3),
            value("span_mask", BOOL, 2),
        ];
        let mut graph = Message::default().bytes(2, b"tiny");
        for (field, parts) in [(1, Vec::from(nodes)), (5, Vec::from(constants)), (11, Vec::from(inputs))] {
            graph = parts.into_iter().fold(graph, |graph, part| graph.message(field, part));
        }
        let graph = graph.message(12, value("logits", FLOAT, 4));
        let opset = Message::default().number(2, 17);
        Message::default().number(1, 8).message(7, graph).message(8, opset).0
    }
}
