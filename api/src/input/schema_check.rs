//! Checks a JSON value against a schema of the document. poem-openapi stops at the first error, does not
//! name nested fields, and accepts a number for a string; this check reports every error with its path.

use std::collections::BTreeMap;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::text;
use crate::problem::FieldProblem;
use crate::time::Time;

/// The largest number of errors that are reported.
const MAX_VIOLATIONS: usize = 20;
/// The largest number of characters of an unknown field's name in an error.
const LONGEST_NAME: usize = 100;

/// Returns the errors of a value.
pub(crate) fn violations(
    schemas: &BTreeMap<String, MetaSchema>,
    schema: &MetaSchema,
    value: &Value,
) -> Vec<FieldProblem> {
    let mut check = SchemaCheck { schemas, violations: Vec::new() };
    check.value(schema, value, "");
    check.violations
}

struct SchemaCheck<'a> {
    schemas: &'a BTreeMap<String, MetaSchema>,
    violations: Vec<FieldProblem>,
}

impl SchemaCheck<'_> {
    fn wrong(&mut self, place: &str, detail: impl Into<String>) {
        if self.violations.len() < MAX_VIOLATIONS {
            self.violations.push(FieldProblem { field: place.to_owned(), detail: detail.into() });
        }
    }

    fn any(&mut self, schema: &MetaSchemaRef, value: &Value, place: &str) {
        match schema {
            MetaSchemaRef::Inline(schema) => self.value(schema, value, place),
            MetaSchemaRef::Reference(name) => {
                if let Some(schema) = self.schemas.get(name) {
                    self.value(schema, value, place);
                }
            }
        }
    }

    fn value(&mut self, schema: &MetaSchema, value: &Value, place: &str) {
        if self.violations.len() == MAX_VIOLATIONS {
            return;
        }
        if !has_type(value, schema.ty) {
            return self.wrong(place, format!("must be of type {}", schema.ty));
        }
        if !schema.enum_items.is_empty() && !schema.enum_items.contains(value) {
            let known: Vec<_> = schema.enum_items.iter().filter_map(Value::as_str).collect();
            return self.wrong(place, format!("can be one of {}", known.join(", ")));
        }
        match value {
            Value::String(text) => self.text(schema, text, place),
            Value::Number(_) => self.number(schema, value, place),
            Value::Array(items) => self.items(schema, items, place),
            Value::Object(fields) => self.fields(schema, fields, place),
            Value::Null | Value::Bool(_) => {}
        }
        for part in &schema.all_of {
            self.any(part, value, place);
        }
    }

    fn text(&mut self, schema: &MetaSchema, text: &str, place: &str) {
        if text.contains('\0') {
            return self.wrong(place, NO_NULLS);
        }
        let length = text.chars().count();
        let (least, most) = (schema.min_length.unwrap_or(0), schema.max_length.unwrap_or(usize::MAX));
        if length < least {
            self.wrong(place, format!("needs at least {least} characters"));
        }
        if length > most {
            self.wrong(place, format!("may have at most {most} characters"));
        }
        if schema.pattern.as_deref() == Some(r"\S") && !text::says_something(text) {
            self.wrong(place, "must say something");
        }
        match schema.format {
            // Only the hyphenated form of ids is accepted.
            Some("uuid") if length != 36 || text.parse::<Uuid>().is_err() => {
                self.wrong(place, "must be an id such as `0192f0c8-8a53-7d3e-a0f5-7d0f6f3d2a01`");
            }
            Some("date-time") if Time::read(text).is_none() => self.wrong(place, Time::MUST),
            Some(format) => {
                if let Some(complaint) = text::complaint(format, text) {
                    self.wrong(place, complaint);
                }
            }
            None => {}
        }
    }

    fn number(&mut self, schema: &MetaSchema, number: &Value, place: &str) {
        let given = number.as_f64().unwrap_or(f64::NAN);
        let (least, most) = match schema.format {
            Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Some("uint16") => (0.0, f64::from(u16::MAX)),
            Some("uint32") => (0.0, f64::from(u32::MAX)),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let (least, most) = (schema.minimum.unwrap_or(least), schema.maximum.unwrap_or(most));
        if given < least {
            self.wrong(place, format!("must be at least {least}"));
        }
        if given > most {
            self.wrong(place, format!("must be at most {most}"));
        }
        // A float cannot tell `i64::MAX` from the next power of two.
        if schema.format == Some("int64") && !number.is_i64() {
            self.wrong(place, format!("must be at most {}", i64::MAX));
        }
    }

    fn items(&mut self, schema: &MetaSchema, items: &[Value], place: &str) {
        let (least, most) = (schema.min_items.unwrap_or(0), schema.max_items.unwrap_or(usize::MAX));
        if items.len() < least {
            self.wrong(place, format!("needs at least {least} items"));
        }
        if items.len() > most {
            return self.wrong(place, format!("may have at most {most} items"));
        }
        let Some(schema) = &schema.items else { return };
        for (index, item) in items.iter().enumerate() {
            self.any(schema, item, &format!("{place}[{index}]"));
        }
    }

    fn fields(&mut self, schema: &MetaSchema, fields: &Map<String, Value>, place: &str) {
        let within = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        for name in &schema.required {
            if fields.get(*name).is_none_or(Value::is_null) {
                self.wrong(&within(name), "is missing");
            }
        }
        for (name, schema) in &schema.properties {
            // Null means the same as absence.
            if let Some(value) = fields.get(*name).filter(|value| !value.is_null()) {
                self.any(schema, value, &within(name));
            }
        }
        let is_known = |name: &str| schema.properties.iter().any(|(known, _)| *known == name);
        let Some(others) = &schema.additional_properties else {
            // A type of this API, which has a title: an unknown field is refused, since it would be ignored
            // silently.
            if schema.title.is_some() {
                let names: Vec<_> = schema.properties.iter().map(|(name, _)| format!("`{name}`")).collect();
                for name in fields.keys().filter(|name| !is_known(name)) {
                    self.wrong(&within(&shown(name)), format!("is not known: there is {}", names.join(", ")));
                }
            }
            return;
        };
        for (name, value) in fields {
            if name.contains('\0') {
                self.wrong(place, NO_NULLS);
            }
            if !is_known(name) {
                self.any(others, value, &within(name));
            }
        }
    }
}

/// The name of an unknown field, without control characters and shortened.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

/// The complaint about text that PostgreSQL cannot store.
pub(super) const NO_NULLS: &str = "must not contain null characters";

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}
