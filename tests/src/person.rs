//! Somebody who uses the product, as their app would: over HTTP, and with a socket of their own.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Sound, Stack, eventually};

/// A registered person who is logged in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Connections of the app.
    pub http: Client,
    /// Where the API is.
    pub api: String,
    /// How they log in.
    pub email: String,
    /// What only they know.
    pub password: String,
    /// What every request carries.
    pub access_token: String,
    /// What gets the next one.
    pub refresh_token: String,
    /// Who they are.
    pub id: Uuid,
}

impl Person {
    /// Registers somebody new.
    pub async fn register(stack: &Stack) -> Self {
        let (http, api) = (client(), stack.address());
        let email = format!("person-{}@example.org", Uuid::new_v4().simple());
        let password = format!("correct horse {}", Uuid::new_v4().simple());
        let body = json!({"email": email, "password": password, "name": "A Person"});
        let registered = http.post(format!("{api}/api/v1/auth/register")).json(&body);
        let session = Answer::of(registered).await.unwrap().good();
        let access_token = text(&session["access_token"]);
        let refresh_token = text(&session["refresh_token"]);
        let id = session["user"]["id"].as_str().unwrap().parse().unwrap();
        Self { http, api, email, password, access_token, refresh_token, id }
    }

    /// A request of theirs, to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api)).bearer_auth(&self.access_token)
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await.unwrap()
    }

    /// Asks for something.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await.unwrap()
    }

    /// A request that sends a recording, to be completed.
    pub fn upload_request(&self, sound: &Sound) -> RequestBuilder {
        self.request(Method::POST, "/api/v1/audio/upload")
            .query(&[("filename", &sound.name)])
            .header("content-type", sound.content_type)
            .body(sound.bytes.clone())
    }

    /// Sends a recording, which must be accepted.
    pub async fn upload(&self, sound: &Sound) -> Accepted {
        let answer = Answer::of(self.upload_request(sound)).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
        Accepted::read(&answer.good())
    }

    /// How a job stands.
    pub async fn job(&self, id: Uuid) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).await.good()
    }

    /// Waits for the ending of a job, whichever it is, also through times in which the API does
    /// not answer.
    pub async fn ending(&self, id: Uuid) -> Value {
        eventually(&format!("the ending of job {id}"), async || {
            let asked = Answer::of(self.request(Method::GET, &format!("/api/v1/jobs/{id}"))).await;
            let job = asked.ok().filter(|answer| answer.status == 200)?.good();
            ["succeeded", "cancelled", "dead"].contains(&job["state"].as_str()?).then_some(job)
        })
        .await
    }

    /// Waits until a job has succeeded; another ending fails the test.
    pub async fn success(&self, id: Uuid) -> Value {
        let job = self.ending(id).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        job
    }

    /// Waits until nothing is left to be done for them, and all of it has succeeded.
    pub async fn settled(&self) {
        eventually("everything that is done for somebody", async || {
            let jobs = self.get("/api/v1/jobs?limit=100").await.good();
            let jobs = jobs["items"].as_array()?;
            jobs.iter().all(|job| job["state"] == "succeeded").then_some(())
        })
        .await;
    }

    /// Waits until nothing is left to be done for them, whichever way it ended.
    pub async fn idle(&self) {
        eventually("everything to come to its end for somebody", async || {
            let jobs = self.get("/api/v1/jobs?limit=100").await.good();
            let ended =
                |job: &Value| !["queued", "running"].contains(&job["state"].as_str().unwrap_or_default());
            jobs["items"].as_array()?.iter().all(ended).then_some(())
        })
        .await;
    }

    /// A transcription with its segments.
    pub async fn transcription(&self, id: Uuid) -> Value {
        self.get(&format!("/api/v1/transcriptions/{id}")).await.good()
    }

    /// Sends a recording, waits for its transcription and reads that.
    pub async fn transcribe(&self, sound: &Sound) -> Value {
        let accepted = self.upload(sound).await;
        let job = self.success(accepted.job).await;
        self.transcription(id_of(&job["transcription_id"])).await
    }
}

/// What an accepted upload is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The recording.
    pub audio: Uuid,
    /// What was said in it, and all that will be known about it.
    pub conversation: Uuid,
    /// The work to do.
    pub job: Uuid,
}

impl Accepted {
    /// Reads the body of a 202.
    #[must_use]
    #[track_caller]
    pub fn read(body: &Value) -> Self {
        let id = |of: &str| id_of(&body[of]["id"]);
        Self { audio: id("audio"), conversation: id("conversation"), job: id("job") }
    }
}

/// Reads an id.
#[must_use]
#[track_caller]
pub fn id_of(value: &Value) -> Uuid {
    value.as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("`{value}` is no id"))
}

/// An HTTP client that speaks with this machine only. Each request has a connection of its own: one
/// whose body was refused unread is closed by the server, perhaps while the next request is written.
#[must_use]
pub fn client() -> Client {
    Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(crate::waiting::LONG).build().unwrap()
}

/// What was said in a transcription, in one line.
#[must_use]
pub fn said(transcription: &Value) -> String {
    let segments = transcription["segments"].as_array().unwrap();
    segments.iter().filter_map(|segment| segment["text"].as_str()).collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("`{value}` is no text")).to_owned()
}
