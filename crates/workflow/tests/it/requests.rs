//! The golden requests: what each API is asked for the same thing.

use serde_json::Value;

use crate::model_fixtures::{APIS, files, folder, request_of};

#[test]
fn each_request_is_written_as_each_api_wants_it() {
    let cases = files(&folder().join("requests"), ".json");
    assert!(!cases.is_empty());
    for (name, content) in cases {
        let case: Value = serde_json::from_slice(&content).unwrap();
        let request = request_of(&case["request"]);
        for (api, api_name) in APIS {
            assert_eq!(api.body(&request), case[api_name], "{name} for {api_name}");
        }
    }
}
