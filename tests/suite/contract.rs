//! The contract: the OpenAPI document, and the rules that all routes follow.

use std::collections::BTreeSet;
use std::process::Command;

use reqwest::Method;
use self_tests::document::Operation;
use self_tests::environment::{program, sources};
use self_tests::{Answer, Document, Person, Stack};
use serde_json::Value;

#[test]
fn the_committed_documents_are_current() {
    let ran = Command::new(program("self-api"))
        .args(["openapi", "--check"])
        .current_dir(sources())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test]
async fn the_documents_that_are_served_are_the_committed_ones() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    for (path, file) in [("/openapi.json", "self-backend.json"), ("/asyncapi.json", "asyncapi.json")] {
        let committed = std::fs::read_to_string(sources().join("openapi").join(file)).unwrap();
        let committed: Value = serde_json::from_str(&committed).unwrap();
        assert!(person.get(path).await.good() == committed, "another document is served at {path}");
    }
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
    let codes = document["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    let codes: BTreeSet<&str> = codes.iter().filter_map(Value::as_str).collect();
    assert!(codes.contains("not_found"), "{codes:?}");
    for code in codes {
        assert!(told.contains(&format!("`{code}`")), "{code}");
    }
}

#[tokio::test]
async fn every_route_but_the_open_ones_wants_a_token() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let (mut secured, mut open) = (0, BTreeSet::new());
    for Operation { method, path, security, .. } in Document::of(&person).await.operations() {
        if security.is_empty() {
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
async fn unknown_addresses_and_invalid_requests_are_answered_with_problems() {
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
async fn a_parameter_that_a_route_does_not_read_is_refused_by_every_route() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let id = uuid::Uuid::now_v7().to_string();
    let mut checked = 0;
    for Operation { method, path, .. } in Document::of(&person).await.operations() {
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let address = format!("{}?no_such_parameter=1", path.replace("{id}", &id));
        let answer = Answer::of(person.request(method.clone(), &address)).await.unwrap();
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{method} {path}");
        assert!(answer.text().contains("no_such_parameter"), "{method} {path}: {}", answer.text());
        checked += 1;
    }
    assert!(checked >= 40, "only {checked} routes");
    for twice_or_misspelt in
        ["jobs?limit=1&limit=2", "jobs?Limit=1", "jobs?status=dead", "conversations?tags=a"]
    {
        let answer = person.get(&format!("/api/v1/{twice_or_misspelt}")).await;
        assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{twice_or_misspelt}");
    }
    for open in ["/health?probe=1", "/docs?x=1", "/openapi.json?v=2"] {
        assert_eq!(person.get(open).await.status, 200, "{open}");
    }
}

#[tokio::test]
async fn null_characters_are_refused_wherever_text_is_taken() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut fields = BTreeSet::new();
    let operations = Document::of(&person).await.operations();
    for operation in operations.iter().filter(|one| one.security.is_empty() || one.is_of_a_person()) {
        let Operation { method, path, body, .. } = operation;
        let path = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
        for parameter in operation.parameters_in("query").filter(|one| !one.is_id && one.words.is_empty()) {
            let request = person.request(method.clone(), &path).query(&[(&parameter.name, "a\0b")]);
            let answer = Answer::of(request).await.unwrap();
            assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{method} {path} {parameter:?}");
            fields.insert(parameter.name.clone());
        }
        let body = body.clone().unwrap_or_default();
        for place in texts(&body, "") {
            let mut body = body.clone();
            *body.pointer_mut(&place).unwrap() = "a\0b".into();
            let answer = Answer::of(person.request(method.clone(), &path).json(&body)).await.unwrap();
            assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{method} {path} {place}");
            fields.insert(place);
        }
    }
    assert!(fields.contains("q") && fields.contains("/segments/0/text"), "{fields:?}");
}

#[tokio::test]
async fn what_nobody_reads_is_refused_wherever_a_body_is_taken() {
    let stack = Stack::without_worker().await;
    let person = Person::register(&stack).await;
    let mut routes = 0;
    let operations = Document::of(&person).await.operations();
    for operation in operations.iter().filter(|one| one.security.is_empty() || one.is_of_a_person()) {
        let Operation { method, path, body, .. } = operation;
        let Some(body) = body.clone().filter(Value::is_object) else { continue };
        let path = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
        for place in objects(&body, "") {
            let mut body = body.clone();
            body.pointer_mut(&place).unwrap()["nobody_reads_this"] = 1.into();
            let answer = Answer::of(person.request(method.clone(), &path).json(&body)).await.unwrap();
            assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{method} {path} {place}");
            let problem: Value = serde_json::from_slice(&answer.body).unwrap();
            let wrong = &problem["errors"][0];
            assert!(wrong["field"].as_str().unwrap().ends_with("nobody_reads_this"), "{problem}");
            let detail = wrong["detail"].as_str().unwrap();
            assert!(
                detail.starts_with("is not known: there is `") || place.ends_with("/speakers"),
                "{problem}"
            );
        }
        routes += 1;
        if method == Method::PATCH {
            for nothing in [serde_json::json!({}), nulls(&body)] {
                let answer = Answer::of(person.request(method.clone(), &path).json(&nothing)).await.unwrap();
                assert_eq!(answer.refused(), (400, "invalid_input".to_owned()), "{path} {nothing}");
                assert!(answer.text().contains("nothing is to change"), "{}", answer.text());
            }
        }
    }
    assert!(routes > 10, "only {routes} routes");
}

/// The paths of the objects in a body.
fn objects(value: &Value, place: &str) -> Vec<String> {
    let within: Vec<String> = match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(index, item)| objects(item, &format!("{place}/{index}"))).collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            fields.flat_map(|(name, value)| objects(value, &format!("{place}/{name}"))).collect()
        }
        _ => Vec::new(),
    };
    value.is_object().then(|| place.to_owned()).into_iter().chain(within).collect()
}

/// The same body with null in every field.
fn nulls(body: &Value) -> Value {
    body.as_object().unwrap().keys().map(|name| (name.clone(), Value::Null)).collect()
}

/// The paths of the texts in a body.
fn texts(value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::String(_) => vec![place.to_owned()],
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(index, item)| texts(item, &format!("{place}/{index}"))).collect()
        }
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| texts(value, &format!("{place}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
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
async fn both_programs_report_their_health_and_metrics() {
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
