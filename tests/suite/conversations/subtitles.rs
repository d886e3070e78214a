//! Import and export of conversations as subtitles and as plain text.

use reqwest::Method;
use self_tests::person::{id_of, said};
use self_tests::{Answer, Person, Stack};
use serde_json::{Value, json};

use super::{CONVERSATIONS, create, import};

#[tokio::test]
async fn subtitles_and_plain_text_say_the_same() {
    let stack = Stack::start().await;
    let person = Person::register(&stack).await;
    let srt = "1\r\n00:00:01,000 --> 00:00:02,500\r\nWe met in Lisbon.\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nIt rained.\r\n";
    let vtt = "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ada>We met in Lisbon.\n\n00:03.000 --> 00:04.000\nIt rained.\n";
    let plain = "We met in Lisbon.\n\nIt rained.\n";
    for (body, speaker, last_end) in [
        (json!({"subtitles": srt}), Value::Null, 4_000),
        (json!({"subtitles": vtt}), "Ada".into(), 4_000),
        (json!({"text": plain}), Value::Null, 0),
    ] {
        let (_, transcription) = import(&person, &body).await;
        let transcription = person.transcription(transcription).await;
        assert_eq!(said(&transcription), "We met in Lisbon. It rained.", "{body}");
        assert_eq!(transcription["segments"][0]["speaker"], speaker, "{body}");
        assert_eq!(transcription["segments"][1]["end_ms"], last_end, "{body}");
    }
}

#[tokio::test]
async fn subtitles_of_other_programs_are_read_as_they_were_meant() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for (body, expected) in [
        (
            json!({"subtitles": "1\n00:00:09,000 --> 00:00:04,000\nWe met.\n2\n00:00:9x,000 --> 00:00:12,500\n\
                                 if x < 3, R&amp;D\n\n<i>writes</i> to <anna@example.org>\n"}),
            json!([
                [9_000, 9_000, null, "We met."],
                [9_000, 12_500, null, "if x < 3, R&D writes to <anna@example.org>"]
            ]),
        ),
        (
            json!({"subtitles": "WEBVTT\n\n00:00.000 --> 00:02.000\nso we<00:01.000><c> went</c>\n\n\
                                 00:02.000 --> 00:02.010\nso we went\n \n\n\
                                 00:02.010 --> 00:04.000\nso we went\nhome<00:03.000><c> late</c>\n"}),
            json!([[0, 2_000, null, "so we went"], [2_010, 4_000, null, "home late"]]),
        ),
        (
            json!({"text": "Carla Diaz: Is it late?\nDan: It is.\n\nSo they left at 10: late.\n"}),
            json!([
                [0, 0, "Carla Diaz", "Is it late?"],
                [0, 0, "Dan", "It is."],
                [0, 0, null, "So they left at 10: late."]
            ]),
        ),
    ] {
        let accepted = create(&person, &body).await.good();
        let transcription = person.transcription(id_of(&accepted["transcription_id"])).await;
        let segments = transcription["segments"].as_array().unwrap().iter();
        let facts = |segment: &Value| {
            json!([segment["start_ms"], segment["end_ms"], segment["speaker"], segment["text"]])
        };
        assert_eq!(Value::Array(segments.map(facts).collect()), expected, "{body}");
    }
}

#[tokio::test]
async fn a_very_long_text_is_split_into_segments_and_nothing_of_it_is_lost() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    // Words that are all different: as one text, they exceed the limit of an index in PostgreSQL.
    let words: Vec<String> = (0..70_000_u64).map(|word| format!("{:x}", (word + 1) * 0x9e37_79b9)).collect();
    let (many, endless) = (words.join(" "), words.concat());
    for body in [
        json!({"subtitles": format!("1\n00:00:10,000 --> 00:00:20,000\n{many}\n")}),
        json!({"subtitles": format!("WEBVTT\n\n00:10.000 --> 00:20.000\n{endless}\n")}),
        json!({"text": many}),
        json!({"text": endless}),
    ] {
        let accepted = create(&person, &body).await.good();
        let read = person.transcription(id_of(&accepted["transcription_id"])).await;
        let segments = read["segments"].as_array().unwrap();
        let texts: Vec<&str> = segments.iter().map(|one| one["text"].as_str().unwrap()).collect();
        assert!(texts.len() > 50 && texts.iter().all(|text| text.chars().count() <= 10_000));
        assert!(texts.concat().replace(' ', "") == endless, "something is lost");
        if body["subtitles"].is_string() {
            let time = |index: usize, of: &str| segments[index][of].as_i64().unwrap();
            assert_eq!((time(0, "start_ms"), time(segments.len() - 1, "end_ms")), (10_000, 20_000));
            assert!((1..segments.len()).all(|next| time(next, "start_ms") == time(next - 1, "end_ms")));
        }
    }
    let notes: String = words.join("-").chars().take(100_000).collect();
    create(&person, &json!({"notes": notes, "title": "x-".repeat(150)})).await.good();
}

#[tokio::test]
async fn doubt_shows_where_a_format_has_means_to() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let body = json!({"segments": [{"start_ms": 0, "end_ms": 1_500, "text": "We met in Lisbon."}]});
    let accepted = create(&person, &body).await.good();
    stack.database.run("update segments set is_uncertain = true").await;
    let address = format!("/api/v1/transcriptions/{}", id_of(&accepted["transcription_id"]));
    let written = async |format: &str| person.get(&format!("{address}/{format}")).await.text();
    assert!(written("md").await.contains("We met in Lisbon. _(uncertain)_\n"));
    let vtt = written("vtt").await;
    assert!(vtt.contains("<c.uncertain>We met in Lisbon.</c>"), "{vtt}");
    assert_eq!(written("text").await, "We met in Lisbon.\n");
    assert!(written("srt").await.ends_with("\nWe met in Lisbon.\n\n"));
    let again = create(&person, &json!({"subtitles": vtt})).await.good();
    let read = person.transcription(id_of(&again["transcription_id"])).await;
    assert_eq!(said(&read), "We met in Lisbon.");
}

#[tokio::test]
async fn subtitles_are_laid_out_for_reading_and_come_back_as_they_were_said() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let long =
        "Then we walked along the river for the rest of the evening, and nobody said a word. ".repeat(4);
    let body = json!({"title": "A walk / home", "speakers": {"A": "Carla Diaz"}, "segments": [
        {"start_ms": 0, "end_ms": 26_000, "text": long, "speaker": "A"},
        {"start_ms": 26_000, "end_ms": 28_500, "text": "if x < 3 --> R&D &amp; <b>", "speaker": "Dan"},
        {"start_ms": 30_000, "end_ms": 32_000, "text": "Note: nobody says this."},
    ]});
    let accepted = create(&person, &body).await.good();
    let address = format!("/api/v1/transcriptions/{}", id_of(&accepted["transcription_id"]));

    for (format, kind) in [("srt", "application/x-subrip"), ("vtt", "text/vtt")] {
        let file = person.get(&format!("{address}/{format}")).await;
        assert!(file.status == 200 && file.header("content-type").starts_with(kind), "{file:?}");
        let name = format!("filename=\"A walk - home.{format}\"");
        assert!(file.header("content-disposition").contains(&name), "{:?}", file.headers);
        let text = file.text();
        assert!(text.contains("Carla Diaz"), "{text}");
        for cue in text.split("\n\n").filter(|cue| cue.contains(" --> ")) {
            assert!(cue.lines().count() <= 4, "{cue}");
        }
        assert_eq!(person.get(&format!("{address}?format={format}")).await.text(), text);
        let narrow =
            person.get(&format!("{address}/{format}?max_line_chars=24&max_lines=1&max_cue_ms=3000")).await;
        assert!(
            narrow.text().matches(" --> ").count() > text.matches(" --> ").count() + 5,
            "{}",
            narrow.text()
        );

        let again = create(&person, &json!({"subtitles": text})).await.good();
        let read = person.transcription(id_of(&again["transcription_id"])).await;
        let segments = read["segments"].as_array().unwrap();
        let said_by = |name: Value| {
            let texts = segments.iter().filter(|segment| segment["speaker"] == name);
            texts.map(|segment| segment["text"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(said_by("Carla Diaz".into()), long.trim());
        assert_eq!(said_by("Dan".into()), "if x < 3 --> R&D &amp; <b>");
        assert_eq!(said_by(Value::Null), "Note: nobody says this.");
        assert!(segments.len() > 5 && segments.iter().all(|one| one["end_ms"].as_i64() <= Some(32_000)));
    }

    let page = person.get(&format!("{address}/md")).await;
    assert!(page.header("content-type").starts_with("text/markdown"), "{page:?}");
    assert!(
        page.text().starts_with("# A walk / home\n") && page.text().contains("`0:00:26` **Dan:** if x"),
        "{page:?}"
    );
    let text = person.get(&format!("{address}/text")).await.text();
    assert!(
        text.starts_with("Carla Diaz: Then we walked") && text.ends_with("\nNote: nobody says this.\n"),
        "{text}"
    );

    for (query, field) in [
        ("/srt?max_line_chars=9", "max_line_chars"),
        ("/vtt?max_lines=5", "max_lines"),
        ("/srt?max_cue_ms=999", "max_cue_ms"),
        ("?format=vtt&max_cue_ms=60001", "max_cue_ms"),
        ("?format=json&max_lines=2", "max_lines"),
        ("?format=md&max_line_chars=42", "max_line_chars"),
        ("?format=srt&include=words", "include"),
    ] {
        let answer = person.get(&format!("{address}{query}")).await;
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{query}");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
    let stranger = Person::register(&stack).await;
    for format in ["srt", "vtt", "text", "md"] {
        let answer = stranger.get(&format!("{address}/{format}")).await;
        assert_eq!(answer.refused(), (404, "not_found".to_owned()), "{format}");
    }
}

#[tokio::test]
async fn a_long_transcript_comes_back_in_any_script() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let text = "Мы встретились в Лиссабоне у старой гавани.";
    let segment =
        |index: i64| json!({"start_ms": index * 2_000, "end_ms": index * 2_000 + 1_500, "text": text});
    let body = json!({"segments": (0..20_000).map(segment).collect::<Vec<_>>()});
    let accepted = create(&person, &body).await.good();
    let address = format!("/api/v1/transcriptions/{}", id_of(&accepted["transcription_id"]));
    for format in ["srt", "vtt"] {
        let file = person.get(&format!("{address}/{format}")).await.text();
        // As programs write JSON that escape everything except ASCII.
        let escaped: String = file.chars().map(escape).collect();
        assert!(escaped.len() > 3 * 1024 * 1024, "{}", escaped.len());
        let request = person.request(Method::POST, CONVERSATIONS).header("content-type", "application/json");
        let body = format!("{{\"subtitles\": \"{escaped}\"}}");
        let again = Answer::of(request.body(body)).await.unwrap().good();
        let read = person.transcription(id_of(&again["transcription_id"])).await;
        let segments = read["segments"].as_array().unwrap();
        assert!(segments.len() == 20_000 && segments.iter().all(|segment| segment["text"] == text));
    }
    let large = create(&person, &json!({"text": "x".repeat(8 * 1024 * 1024)})).await;
    assert_eq!(large.refused(), (413, "body_too_large".to_owned()));
    assert!(large.text().contains("8388608") && large.text().contains("20000"), "{}", large.text());
}

fn escape(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        _ => format!("\\u{:04x}", c as u32),
    }
}

#[tokio::test]
async fn a_file_made_to_be_slow_stops_nobody() {
    let stack = Stack::without_worker().await;
    let (person, other) = (Person::register(&stack).await, Person::register(&stack).await);
    let times = "00:00.000 --> 00:01.000\n";
    let lines = "a\n".repeat(200_000);
    for file in [
        format!("1\n{times}{}", "{\\".repeat(450_000)),
        format!("WEBVTT\n\n{times}{}", "<v &".repeat(200_000)),
        format!("WEBVTT\n\n{times}{lines}b\n\n00:01.000 --> 00:02.000\n{lines}"),
    ] {
        let body = json!({"subtitles": file});
        // More than there are connections to PostgreSQL.
        let all = futures_util::future::join_all((0..24).map(|_| create(&person, &body)));
        let (all, page) = tokio::join!(all, other.get(CONVERSATIONS));
        assert_eq!(page.status, 200, "{}", page.text());
        for answer in all {
            assert!(answer.status == 202 || answer.status == 429, "{}", answer.text());
        }
    }
}
