//! The OpenAPI document of the control API.

use utoipa::OpenApi;

use crate::control::{__path_connections, __path_cut, __path_forget, __path_restart, __path_retry};
use crate::control::{__path_rates, __path_set_rate};
use crate::faults::FaultsDocument;

/// Everything below `/control`.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "sockeye-mock: control",
        description = "What a test does to the mock server: faults by rule, and the log that it can wait for."
    ),
    paths(connections, cut, rates, set_rate, forget, retry, restart),
    nest((path = "/control", api = FaultsDocument))
)]
pub struct ControlDocument;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::control::ENDPOINTS;

    #[test]
    fn every_route_is_described_and_no_other() {
        let document = serde_json::to_value(ControlDocument::openapi()).unwrap();
        let mut described = BTreeSet::from(["GET /control/openapi.json".to_owned()]);
        for (path, methods) in document["paths"].as_object().unwrap() {
            let methods = methods.as_object().unwrap().keys();
            described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let routes: BTreeSet<_> = ENDPOINTS.iter().map(|&route| route.to_owned()).collect();
        assert_eq!(described, routes);
    }
}
