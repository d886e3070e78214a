//! The contract: the OpenAPI document, and what every route keeps to.

use std::collections::BTreeSet;
use std::process::Command;

use reqwest::Method;
use self_tests::environment::{program, sources};
use self_tests::{Answer, Person, Stack};
use serde_json::Value;

/// An operation of the document.
pub(crate) struct Operation {
    /// How it is asked.
    pub(crate) method: Method,
    /// Where, with `{…}` for what is to be put in.
    pub(crate) path: String,
    /// Whether it wants an access token.
    pub(crate) secured: bool,
    /// A body that it takes, if it takes one that is JSON: the document's own example.
    pub(crate) body: Option<Value>,
}

/// Every operation that the API says it has.
pub(crate) async fn operations(person: &Person) -> Vec<Operation> {
    let document = person.get("/openapi.json").await.good();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, operation)| Operation {
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            secured: operation["security"].is_array(),
            body: example(&document, operation),
        })
    });
    operations.collect()
}

/// The example of what an operation takes.
fn example(document: &Value, operation: &Value) -> Option<Value> {
    let content = operation["requestBody"]["content"].as_object()?;
    let (_, media) = content.iter().find(|(kind, _)| kind.starts_with("application/json"))?;
    let name = media["schema"]["$ref"].as_str()?.rsplit('/').next()?;
    Some(document["components"]["schemas"][name]["example"].clone())
}

#[test]
fn the_committed_document_is_current() {
    let ran = Command::new(program("self-api"))
        .args(["openapi", "--check"])
        .current_dir(sources())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test]
async fn the_document_that_is_served_is_the_committed_one() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let committed = std::fs::read_to_string(sources().join("openapi/self-backend.json")).unwrap();
    let committed: Value = serde_json::from_str(&committed).unwrap();
    assert!(person.get("/openapi.json").await.good() == committed, "another document is served");
}

#[tokio::test]
async fn the_documentation_is_served_and_loads_nothing_from_elsewhere() {
    let stack = Stack::without_worker().await;
    let page = Person::register(&stack).await.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let text = page.text();
    for elsewhere in ["<script src=\"http", "<link href=\"http", "src=\"//"] {
        assert!(!text.contains(elsewhere), "the page loads {elsewhere}…");
    }
}

#[tokio::test]
async fn every_code_is_in_the_table_that_people_read() {
    let stack = Stack::without_worker().await;
    let document = Person::register(&stack).await.get("/openapi.json").await.good();
    let told = document["info"]["description"].as_str().unwrap();
    let codes: BTreeSet<&str> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|schema| schema["properties"]["code"]["enum"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert!(codes.contains("not_found") || told.contains("`not_found`"), "no codes in the document");
    for code in codes {
        assert!(told.contains(&format!("`{code}`")), "{code}");
    }
}

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_token() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let (mut secured, mut open) = (0, BTreeSet::new());
    for Operation { method, path, secured: wants, .. } in operations(&person).await {
        if !wants {
            open.insert(path);
            continue;
        }
        secured += 1;
        let address = format!("{}{}", person.api, path.replace("{id}", &uuid::Uuid::now_v7().to_string()));
        let answer = Answer::of(person.http.request(method.clone(), address)).await.unwrap();
        assert_eq!(answer.refused(), (401, "unauthenticated".to_owned()), "{method} {path}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
    }
    assert!(secured >= 12, "only {secured} routes");
    let known =
        ["/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/register", "/api/v1/erasures/{id}"];
    let others: Vec<&String> =
        open.iter().filter(|path| path.starts_with("/api/") && !known.contains(&path.as_str())).collect();
    assert!(others.is_empty(), "open to everybody: {others:?}");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_understood_is_said_in_the_same_form() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let ask = async |method: Method, path: &str, body: &'static str| {
        let request = person.request(method, path).header("content-type", "application/json").body(body);
        Answer::of(request).await.unwrap().refused()
    };
    let refused = |status, code: &str| (status, code.to_owned());
    assert_eq!(ask(Method::GET, "/api/v1/nothing", "").await, refused(404, "no_such_route"));
    assert_eq!(ask(Method::DELETE, "/api/v1/auth/login", "").await, refused(405, "method_not_allowed"));
    assert_eq!(ask(Method::POST, "/api/v1/auth/login", "{").await, refused(400, "invalid_json"));
    assert_eq!(ask(Method::POST, "/api/v1/auth/login", "{}").await, refused(400, "invalid_input"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs/not-an-id", "").await, refused(404, "not_found"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs?limit=0", "").await, refused(400, "invalid_input"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs?limit=many", "").await, refused(400, "invalid_input"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs?cursor=made-up", "").await, refused(400, "invalid_cursor"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs?state=lazy", "").await, refused(400, "invalid_input"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs?lane=attic", "").await, refused(400, "invalid_input"));
    assert_eq!(ask(Method::GET, "/api/v1/jobs?audio_id=none", "").await, refused(400, "invalid_input"));
    let id = uuid::Uuid::now_v7();
    assert_eq!(ask(Method::GET, &format!("/api/v1/jobs/{id}"), "").await, refused(404, "not_found"));
}

#[tokio::test]
async fn every_answer_carries_the_id_of_its_request() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for path in ["/api/v1/jobs", "/api/v1/nothing", "/health/live"] {
        let own = person.request(Method::GET, path).header("x-request-id", "from-the-app-1");
        assert_eq!(Answer::of(own).await.unwrap().header("x-request-id"), "from-the-app-1", "{path}");
        let (one, other) = (person.get(path).await, person.get(path).await);
        assert!(!one.header("x-request-id").is_empty(), "{path}");
        assert_ne!(one.header("x-request-id"), other.header("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn searching_without_a_worker_says_so() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let answer = person.post("/api/v1/search/semantic", &serde_json::json!({"query": "anything"})).await;
    assert_eq!(answer.refused(), (503, "no_worker_for_search".to_owned()));
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn both_programs_tell_their_health_and_their_figures() {
    let stack = Stack::start().await;
    for address in [stack.address(), stack.worker_address(0)] {
        let ask = async |path: &str| {
            let request = self_tests::person::client().get(format!("{address}{path}"));
            Answer::of(request).await.unwrap()
        };
        for path in ["/health", "/health/live", "/health/ready"] {
            assert_eq!(ask(path).await.status, 200, "{address}{path}");
        }
        let metrics = ask("/metrics").await;
        assert_eq!(metrics.status, 200);
        assert!(metrics.text().contains("# TYPE "), "{}", metrics.text());
    }
}
