//! Checks the query of each request: a parameter that the route does not read is refused, not ignored.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{EndpointExt, Request};
use poem_openapi::registry::{
    MetaApi, MetaOperation, MetaParamIn, MetaSchemaRef, MetaSecurityScheme, Registry,
};

use super::schema_check::{NO_NULLS, shown};
use crate::problem::{FieldProblem, Problem, checks_query};

/// The largest number of complaints in one answer.
const MOST: usize = 20;

/// A query parameter of a route.
#[derive(Debug)]
struct Parameter {
    name: String,
    /// Whether it may occur several times.
    is_list: bool,
}

/// Adds the check to every route of the API.
pub(crate) fn check(
    apis: &[MetaApi],
    registry: &Registry,
    table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>,
) {
    for path in apis.iter().flat_map(|api| &api.paths).filter(|path| checks_query(&path.path)) {
        let address = routed(&path.path);
        for operation in &path.operations {
            let known: Arc<[Parameter]> = parameters(operation, &registry.security_schemes).into();
            let Some((methods, endpoint)) = table.get_mut(&address).and_then(|methods| {
                let endpoint = methods.remove(&operation.method)?;
                Some((methods, endpoint))
            }) else {
                continue;
            };
            let careful = endpoint.before(move |request: Request| {
                let wrong = violations(&request, &known);
                async move {
                    match wrong.is_empty() {
                        true => Ok(request),
                        false => Err(Problem::fields(wrong).into()),
                    }
                }
            });
            methods.insert(operation.method.clone(), careful.boxed());
        }
    }
}

/// The query parameters of an operation: its own, and those of its credentials.
fn parameters(
    operation: &MetaOperation,
    schemes: &BTreeMap<&'static str, MetaSecurityScheme>,
) -> Vec<Parameter> {
    let own = operation.params.iter().filter(|param| param.in_type == MetaParamIn::Query).map(|param| {
        let is_list = matches!(&param.schema, MetaSchemaRef::Inline(schema) if schema.ty == "array");
        Parameter { name: param.name.clone(), is_list }
    });
    let credentials = operation.security.iter().flat_map(HashMap::keys).filter_map(|name| schemes.get(name));
    let credentials = credentials.filter(|scheme| scheme.key_in == Some("query"));
    let credentials = credentials.filter_map(|scheme| scheme.name);
    own.chain(credentials.map(|name| Parameter { name: name.to_owned(), is_list: false })).collect()
}

/// The path in the router's form: the router numbers parameters, the document names them.
fn routed(path: &str) -> String {
    let mut parameters = 0..;
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => format!(":param{}", parameters.next().unwrap_or(0)),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The complaints about the query of a request, at most one for each name.
fn violations(request: &Request, known: &[Parameter]) -> Vec<FieldProblem> {
    let given: Vec<(String, String)> = request.params().unwrap_or_default();
    let (mut seen, mut complained, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (name, value) in &given {
        let is_first = seen.insert(name);
        let detail = match known.iter().find(|parameter| parameter.name == *name) {
            None => unknown(known),
            // PostgreSQL cannot store them.
            Some(_) if value.contains('\0') => NO_NULLS.to_owned(),
            Some(parameter) if !is_first && !parameter.is_list => {
                "is given more than once: send it once".to_owned()
            }
            Some(_) => continue,
        };
        if complained.insert(name) && wrong.len() < MOST {
            wrong.push(FieldProblem { field: shown(name), detail });
        }
    }
    wrong
}

fn unknown(known: &[Parameter]) -> String {
    if known.is_empty() {
        return "is not known: this request has no query parameters".to_owned();
    }
    let names: Vec<_> = known.iter().map(|parameter| format!("`{}`", parameter.name)).collect();
    format!("is not known: there is {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use poem_openapi::OpenApi;

    use super::*;
    use crate::routes;

    fn parameter(name: &str, is_list: bool) -> Parameter {
        Parameter { name: name.to_owned(), is_list }
    }

    /// The names that a query is refused for.
    fn wrong(query: &str) -> Vec<String> {
        let known = [parameter("q", false), parameter("tag", false), parameter("kinds", true)];
        let request = Request::builder().uri_str(format!("/api/v1/search?{query}")).finish();
        violations(&request, &known).into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn what_a_route_reads_is_taken() {
        for fine in ["", "&", "q=a", "q=", "q=a&tag=b", "q=%2500", "kinds=a&kinds=b", "%71=a"] {
            assert_eq!(wrong(fine), [""; 0], "{fine}");
        }
    }

    #[test]
    fn what_a_route_does_not_read_is_refused() {
        for query in ["query=a", "q=a&query=b", "query=a&query=b", "query", "q=a&query=%00"] {
            assert_eq!(wrong(query), ["query"], "{query}");
        }
        assert_eq!(wrong("Q=a&q%20=b&=c"), ["Q", "q ", ""]);
    }

    #[test]
    fn what_is_no_list_is_given_once_and_without_null_characters() {
        for query in ["q=a&q=a", "q=a&q=b&q=c", "q=a&%71=b", "q=%00", "q=a%00b&tag=c"] {
            assert_eq!(wrong(query), ["q"], "{query}");
        }
    }

    #[test]
    fn the_complaint_names_what_there_is() {
        assert_eq!(
            unknown(&[parameter("q", false), parameter("tag", false)]),
            "is not known: there is `q`, `tag`"
        );
        assert_eq!(unknown(&[]), "is not known: this request has no query parameters");
    }

    fn of<T: OpenApi>(_: &T) -> (Vec<MetaApi>, Registry) {
        let mut registry = Registry::new();
        T::register(&mut registry);
        (T::meta(), registry)
    }

    #[test]
    fn a_ticket_is_a_parameter_of_the_socket_alone() {
        let (apis, registry) = of(&routes::all());
        let with_ticket = apis.iter().flat_map(|api| &api.paths).filter(|path| {
            let mut all = path.operations.iter().flat_map(|one| parameters(one, &registry.security_schemes));
            all.any(|parameter| parameter.name == "ticket")
        });
        let paths: Vec<_> = with_ticket.map(|path| path.path.as_str()).collect();
        assert_eq!(paths, ["/api/v1/ws"]);
    }
}
