//! Black-box tests of the product.
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

mod auth;
mod cache;
mod contract;
mod conversations;
mod crashes;
mod dates;
mod decisions;
mod directions;
mod doors;
mod entities;
mod export;
mod failures;
mod files;
mod formats;
mod fuzz;
mod house;
mod insights;
mod jobs;
mod login;
mod logs;
mod migrations;
mod outages;
mod push;
mod readme;
mod recipe;
mod removal;
mod search;
mod summaries;
mod tenancy;
mod transcribers;
mod trust;
mod typescript;
mod upkeep;
mod uploads;
mod users;
