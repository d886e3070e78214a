//! Refuses query parameters with null characters, which PostgreSQL cannot store.

use std::collections::HashMap;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem::{EndpointExt, Request};
use poem_openapi::registry::{MetaApi, MetaParamIn};

use super::schema_check::NO_NULLS;
use crate::problem::Problem;

/// Adds the check to every route with query parameters.
pub(crate) fn refuse(apis: &[MetaApi], table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
    for path in apis.iter().flat_map(|api| &api.paths) {
        let address = routed(&path.path);
        for operation in &path.operations {
            let queries = operation.params.iter().filter(|param| param.in_type == MetaParamIn::Query);
            let names: Arc<[String]> = queries.map(|param| param.name.clone()).collect();
            let known = table.get_mut(&address).filter(|_| !names.is_empty());
            let Some((methods, endpoint)) = known.and_then(|methods| {
                let endpoint = methods.remove(&operation.method)?;
                Some((methods, endpoint))
            }) else {
                continue;
            };
            let careful = endpoint.before(move |request: Request| {
                let checked = check(request.uri().query().unwrap_or_default(), &names);
                async move { Ok(checked.map(|()| request)?) }
            });
            methods.insert(operation.method.clone(), careful.boxed());
        }
    }
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

fn check(query: &str, names: &[String]) -> Result<(), Problem> {
    for parameter in query.split('&').filter(|parameter| parameter.contains("%00")) {
        let name = parameter.split('=').next().unwrap_or_default();
        if names.iter().any(|known| known == name) {
            return Err(Problem::field(name, NO_NULLS));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_route_takes_is_looked_at() {
        let names = ["q".to_owned(), "tag".to_owned()];
        for fine in ["", "q=a", "q=%2500", "other=%00", "q=a&other=a%00"] {
            assert!(check(fine, &names).is_ok(), "{fine}");
        }
        for wrong in ["q=%00", "tag=a&q=a%00b"] {
            assert_eq!(check(wrong, &names).unwrap_err().wrong_fields()[0].field, "q", "{wrong}");
        }
    }
}
