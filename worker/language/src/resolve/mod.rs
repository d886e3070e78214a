//! Resolve: finds the day, the week or the year that a date means, by the recording's own clock.
//!
//! A date is understood by its words (`extract::dates`), by the time and the time zone in which it was
//! said, and by the tense of its sentence. The result is a span of time, as exact as the words. The
//! conventions, where usage differs:
//!
//! - `next Tuesday` is the Tuesday of next week, also on a Monday; `this Tuesday` is the Tuesday of this
//!   week; `last Tuesday` is the latest that is over; `Tuesday` alone is the coming one, or the latest one
//!   in the past tense. Weeks begin on Monday.
//! - `the third of May` is the nearest in time, unless the tense rules it out; with a weekday, the
//!   nearest that falls on this weekday.
//! - `last summer` is the latest that is over, `next summer` the first that has not begun.
//! - `two years ago` is a year, `two days ago` a day: a distance is as exact as its unit.
//! - `at five` without its half of the day is a time from 7:00 to 18:59.
//! - `five thousand years ago` is before any year that a timestamp can write, and stays unresolved.
//! - A date that depends on another time (`two weeks later`), names no day (`at nine`, in a sentence
//!   without a tense), or has two readings (`5/3/2024`) stays unresolved.

mod calendar;
mod span;
mod tense;
#[cfg(test)]
mod tests;
mod zone;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use self_domain::date::When;

use self::calendar::{SpeechContext, place};
use self::span::Span;
use self::tense::tense;
pub use self::zone::Zone;
use crate::extract::{Entity, EntityKind, Mention, dates};

/// The time of each mention of a date, by its segment and the character at which it starts.
pub type Dates = HashMap<(usize, usize), When>;

/// Resolves the dates among the entities of a transcript. `texts` are the texts of its segments, and
/// `said_at` the times at which the segments begin.
///
/// All mentions of one day become one entity, whatever their words; `tomorrow` said on two days becomes two
/// entities. The name of a resolved date is the date; the spoken words are its aliases.
#[must_use]
pub fn resolve(
    entities: Vec<Entity>,
    texts: &[&str],
    said_at: &[DateTime<Utc>],
    zone: Zone,
) -> (Vec<Entity>, Dates) {
    let mut resolved: Vec<Entity> = Vec::with_capacity(entities.len());
    let mut whens = Dates::new();
    for entity in entities {
        if entity.kind != EntityKind::Date {
            resolved.push(entity);
            continue;
        }
        for mention in entity.mentions {
            let span = span_of(&mention, texts[mention.segment], said_at[mention.segment], zone);
            let (key, name) = match span {
                Some(span) => {
                    whens.insert((mention.segment, mention.start_char), span.when(zone));
                    (span.key(), span.name(zone.is_southern()))
                }
                None => (entity.key.clone(), entity.name.clone()),
            };
            gather(&mut resolved, key, name, mention);
        }
    }
    let place = |mention: &Mention| (mention.segment, mention.start_char);
    for entity in &mut resolved {
        entity.mentions.sort_by_key(place);
    }
    resolved.sort_by_key(|entity| entity.mentions.first().map(place));
    (resolved, whens)
}

fn span_of(mention: &Mention, text: &str, said_at: DateTime<Utc>, zone: Zone) -> Option<Span> {
    let spoken = dates::read(&mention.text)?;
    let start = text.char_indices().nth(mention.start_char).map_or(text.len(), |(at, _)| at);
    let place_in_text = start..(start + mention.text.len()).min(text.len());
    let said = SpeechContext {
        at: zone.local(said_at),
        tense: tense(text, place_in_text),
        is_southern: zone.is_southern(),
    };
    place(&spoken, &said).filter(Span::can_be_written)
}

fn gather(resolved: &mut Vec<Entity>, key: String, name: String, mention: Mention) {
    let same = resolved.iter_mut().find(|entity| entity.kind == EntityKind::Date && entity.key == key);
    let entity = match same {
        Some(entity) => entity,
        None => {
            let (aliases, mentions) = (Vec::new(), Vec::new());
            resolved.push(Entity { kind: EntityKind::Date, name, key, aliases, mentions });
            resolved.last_mut().expect("what was pushed")
        }
    };
    if entity.name != mention.text && !entity.aliases.contains(&mention.text) {
        entity.aliases.push(mention.text.clone());
    }
    entity.mentions.push(mention);
}
