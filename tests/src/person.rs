//! A person who uses the product through an app, over HTTP and WebSocket.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Answer, Sound, Stack, eventually};

/// A registered person who is logged in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The HTTP client of the app.
    pub http: Client,
    /// The address of the API.
    pub api: String,
    /// The e-mail address for the login.
    pub email: String,
    /// The password.
    pub password: String,
    /// The access token of every request.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// The id of the user.
    pub id: Uuid,
}

impl Person {
    /// Registers a new person.
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

    /// Builds a request with the access token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api)).bearer_auth(&self.access_token)
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await.unwrap()
    }

    /// Sends a POST request.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(body)).await.unwrap()
    }

    /// Builds a request that uploads a recording.
    pub fn upload_request(&self, sound: &Sound) -> RequestBuilder {
        self.request(Method::POST, "/api/v1/audio/upload")
            .query(&[("filename", &sound.name)])
            .header("content-type", sound.content_type)
            .body(sound.bytes.clone())
    }

    /// Uploads a recording, which must be accepted.
    pub async fn upload(&self, sound: &Sound) -> Accepted {
        let answer = Answer::of(self.upload_request(sound)).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text());
        Accepted::read(&answer.good())
    }

    /// The present state of a job.
    pub async fn job(&self, id: Uuid) -> Value {
        self.get(&format!("/api/v1/jobs/{id}")).await.good()
    }

    /// Waits until a job has ended in any state. It keeps waiting while the API does not answer.
    pub async fn ending(&self, id: Uuid) -> Value {
        eventually(&format!("the ending of job {id}"), async || {
            let asked = Answer::of(self.request(Method::GET, &format!("/api/v1/jobs/{id}"))).await;
            let job = asked.ok().filter(|answer| answer.status == 200)?.good();
            ["succeeded", "cancelled", "dead"].contains(&job["state"].as_str()?).then_some(job)
        })
        .await
    }

    /// Waits until a job has succeeded; any other end fails the test.
    pub async fn success(&self, id: Uuid) -> Value {
        let job = self.ending(id).await;
        assert_eq!(job["state"], "succeeded", "{job}");
        job
    }

    /// Waits until the person has no unfinished jobs, and all have succeeded.
    pub async fn settled(&self) {
        eventually("everything that is done for somebody", async || {
            let jobs = self.get("/api/v1/jobs?limit=100").await.good();
            let jobs = jobs["items"].as_array()?;
            jobs.iter().all(|job| job["state"] == "succeeded").then_some(())
        })
        .await;
    }

    /// Waits until the person has no unfinished jobs, whatever their end.
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

    /// Uploads a recording, waits for its transcription and returns it.
    pub async fn transcribe(&self, sound: &Sound) -> Value {
        let accepted = self.upload(sound).await;
        let job = self.success(accepted.job).await;
        self.transcription(id_of(&job["transcription_id"])).await
    }
}

/// The ids of an accepted upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The recording.
    pub audio: Uuid,
    /// The conversation of the recording.
    pub conversation: Uuid,
    /// The job that transcribes it.
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

/// Parses an id.
#[must_use]
#[track_caller]
pub fn id_of(value: &Value) -> Uuid {
    value.as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("`{value}` is no id"))
}

/// An HTTP client for this machine only. Each request has its own connection: the server closes a
/// connection whose body it refused to read, possibly while the client writes the next request.
#[must_use]
pub fn client() -> Client {
    Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(crate::waiting::LONG).build().unwrap()
}

/// The text of a transcription, in one line.
#[must_use]
pub fn said(transcription: &Value) -> String {
    let segments = transcription["segments"].as_array().unwrap();
    segments.iter().filter_map(|segment| segment["text"].as_str()).collect::<Vec<_>>().join(" ")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("`{value}` is no text")).to_owned()
}
