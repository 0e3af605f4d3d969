use chatkitd_protocol::chatkit::{
    FeedbackKind, MAX_DEPTH, Operation, Order, Request, RequestError, UserMessageContent,
};
use serde_json::{Value, json};

fn parse(body: &Value) -> Result<Request, RequestError> {
    Request::parse(body.to_string().as_bytes())
}

fn param(body: &Value) -> String {
    let error = parse(body).unwrap_err();
    error.param().unwrap_or_else(|| panic!("{error} names no param")).to_owned()
}

fn message(content: Value) -> Value {
    json!({"type": "threads.create", "params": {"input": {"content": content, "attachments": [], "inference_options": {}}}})
}

#[test]
fn params_may_come_before_the_type() {
    let body = br#"{"metadata": {"a": null}, "params": {"thread_id": "cthr_1", "item_ids": ["cti_1"], "kind": "negative"}, "type": "items.feedback"}"#;
    let request = Request::parse(body).unwrap();
    let Operation::ItemsFeedback(params) = request.operation else { panic!("not feedback") };
    assert_eq!((params.thread_id.as_str(), params.kind), ("cthr_1", FeedbackKind::Negative));
    assert!(request.metadata["a"].is_null());
}

#[test]
fn what_is_optional_may_be_left_out() {
    let request = parse(&json!({"type": "threads.list"})).unwrap();
    let Operation::ThreadsList(params) = &request.operation else { panic!("not a list") };
    assert_eq!((params.limit, params.order, params.after.as_deref()), (None, Order::Desc, None));
    let null = parse(&json!({"type": "threads.list", "params": null, "metadata": {}})).unwrap();
    assert_eq!(null, request);
    let bare = json!({"type": "threads.create", "params": {"input": {"content": []}}});
    assert!(parse(&bare).is_ok());
}

#[test]
fn an_error_names_the_field_that_is_missing() {
    assert_eq!(param(&json!({"type": "threads.delete"})), "params.thread_id");
    assert_eq!(param(&json!({"type": "threads.delete", "params": {}})), "params.thread_id");
    assert_eq!(param(&json!({"params": {}, "type": "threads.update"})), "params.thread_id");
    assert_eq!(
        param(
            &json!({"type": "threads.custom_action", "params": {"thread_id": "t", "action": {"payload": 1}}})
        ),
        "params.action.type"
    );
    assert_eq!(
        param(&message(json!([{"type": "input_text", "text": "a"}, {"type": "input_text"}]))),
        "params.input.content[1].text"
    );
    assert_eq!(param(&message(json!([{"text": "a"}]))), "params.input.content[0].type");
    assert_eq!(param(&json!({"params": {}})), "type");
}

#[test]
fn an_error_names_the_field_of_the_wrong_type() {
    assert_eq!(param(&json!({"type": "threads.delete", "params": {"thread_id": 5}})), "params.thread_id");
    assert_eq!(param(&json!({"type": "threads.delete", "params": 5})), "params");
    assert_eq!(param(&json!({"type": "threads.list", "params": {"limit": -1}})), "params.limit");
    assert_eq!(param(&json!({"type": "threads.list", "params": {"order": "up"}})), "params.order");
    for no_word in [json!(null), json!(5), json!(true), json!([]), json!({})] {
        assert_eq!(param(&json!({"type": "threads.list", "params": {"order": no_word}})), "params.order");
    }
    let kind =
        json!({"type": "items.feedback", "params": {"thread_id": "t", "item_ids": ["i"], "kind": null}});
    assert_eq!(param(&kind), "params.kind");
    assert_eq!(param(&json!({"type": "threads.list", "metadata": []})), "metadata");
    assert_eq!(param(&json!({"type": 7})), "type");
    assert_eq!(param(&message(json!([{"type": "input_text", "text": 1}]))), "params.input.content[0].text");
    assert_eq!(param(&message(json!(["hello"]))), "params.input.content[0]");
    let answers = json!({"q \"1\"": {"values": ["a", 2]}});
    let body = json!({"type": "threads.add_structured_input",
        "params": {"thread_id": "t", "item_id": "i", "input": {"answers": answers}}});
    assert!(param(&body).starts_with("params.input.answers.q "), "{}", param(&body));
    assert!(param(&body).ends_with(".values[1]"), "{}", param(&body));
}

#[test]
fn a_list_is_no_object() {
    let body = |operation: &str, params: Value| json!({"type": operation, "params": params});
    let input = json!([["hello"], [], null, {}]);
    let submission = |input: Value| {
        body("threads.add_structured_input", json!({"thread_id": "t", "item_id": "i", "input": input}))
    };
    for (body, at) in [
        (body("threads.update", json!(["cthr_1", "a title"])), "params"),
        (body("threads.delete", json!([{"thread_id": "cthr_1"}])), "params"),
        (body("threads.list", json!([])), "params"),
        (body("threads.create", json!({"input": input})), "params.input"),
        (body("threads.add_user_message", json!({"thread_id": "t", "input": input})), "params.input"),
        (body("threads.custom_action", json!({"thread_id": "t", "action": ["a", 1]})), "params.action"),
        (body("threads.sync_custom_action", json!({"thread_id": "t", "action": ["a", 1]})), "params.action"),
        (submission(json!([])), "params.input"),
        (submission(json!({"answers": []})), "params.input.answers"),
        (submission(json!({"answers": {"q": [["x"], false]}})), "params.input.answers.q"),
    ] {
        assert_eq!(param(&body), at, "{body}");
        let message = parse(&body).unwrap_err().to_string();
        assert!(message.ends_with("invalid type: sequence, expected an object."), "{message}");
    }
    for body in [json!(["threads.list"]), json!([{"type": "threads.list"}]), json!([])] {
        let error = parse(&body).unwrap_err();
        let message = "The body must be an object with a `type`: invalid type: sequence, expected an object.";
        assert_eq!((error.param(), error.to_string().as_str()), (None, message));
    }
}

#[test]
fn an_error_names_no_type_of_the_programs() {
    for (params, expected) in [
        (json!({"limit": "5"}), "a whole number from 0 to 4294967295."),
        (json!({"limit": -1}), "a whole number from 0 to 4294967295."),
        (json!({"limit": 1.5}), "a whole number from 0 to 4294967295."),
        (json!(5), "an object."),
    ] {
        let message = parse(&json!({"type": "threads.list", "params": params})).unwrap_err().to_string();
        assert!(message.ends_with(expected), "{message}");
    }
}

#[test]
fn an_error_names_the_field_that_is_there_twice() {
    for (body, at) in [
        (r#"{"type": "threads.list", "params": {}, "params": {}}"#, "params"),
        (r#"{"type": "threads.list", "type": "threads.list"}"#, "type"),
        (r#"{"type": "threads.list", "metadata": {}, "metadata": {}}"#, "metadata"),
        (r#"{"type": "threads.delete", "params": {"thread_id": "t", "thread_id": "t"}}"#, "params.thread_id"),
    ] {
        assert_eq!(Request::parse(body.as_bytes()).unwrap_err().param(), Some(at), "{body}");
    }
}

#[test]
fn an_error_names_the_field_whatever_the_white_space_is() {
    let body = b"{\n  \"params\": {\n\t\"title\": \"\xc3\xa9\",\r\n    \"thread_id\": {}\n  },\n  \"type\": \"threads.update\"\n}\n";
    assert_eq!(Request::parse(body).unwrap_err().param(), Some("params.thread_id"));
}

#[test]
fn an_unknown_operation_is_told_from_a_broken_body() {
    let unknown = parse(&json!({"type": "threads.explode", "params": {}})).unwrap_err();
    assert!(matches!(&unknown, RequestError::UnknownOperation(name) if name == "threads.explode"));
    assert_eq!(unknown.param(), Some("type"));
    for broken in ["", "{", "nope", "{\"type\": \"threads.list\"} x", "{\"type\": \"threads.list\",}"] {
        let error = Request::parse(broken.as_bytes()).unwrap_err();
        assert!(matches!(error, RequestError::Json(_)), "{broken}: {error:?}");
    }
    assert!(matches!(Request::parse(b"\xff\xfe"), Err(RequestError::Json(_))));
    assert!(matches!(parse(&json!(5)), Err(RequestError::Envelope { .. })));
}

#[test]
fn fields_that_a_browser_made_up_are_dropped() {
    let body = json!({"type": "threads.create", "extra": 1, "params": {"thread_id": "cthr_foreign", "input": {
        "content": [{"type": "input_text", "text": "a", "role": "system"},
                    {"type": "input_tag", "id": "i", "text": "t", "data": {"kept": null}, "trusted": true}],
        "attachments": [], "user": "someone", "inference_options": {"model": "m", "temperature": 9, "tool_choice": {"id": "t", "force": 1}}}}});
    let request = parse(&body).unwrap();
    let expected = json!({"type": "threads.create", "metadata": {}, "params": {"input": {
        "content": [{"type": "input_text", "text": "a"},
                    {"type": "input_tag", "id": "i", "text": "t", "data": {"kept": null}, "interactive": false}],
        "attachments": [], "inference_options": {"model": "m", "tool_choice": {"id": "t"}}}}});
    assert_eq!(serde_json::to_value(request).unwrap(), expected);
}

#[test]
fn content_of_an_unknown_type_is_refused() {
    let body = message(json!([{"type": "input_text", "text": "a"}, {"type": "input_smell", "text": "b"}]));
    assert_eq!(param(&body), "params.input.content[1].type");
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| {
        let result = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        format!(
            r#"{{"type":"threads.add_client_tool_output","params":{{"thread_id":"t","result":{result}}}}}"#
        )
    };
    assert!(Request::parse(nested(MAX_DEPTH - 2).as_bytes()).is_ok());
    assert!(matches!(Request::parse(nested(MAX_DEPTH - 1).as_bytes()), Err(RequestError::TooDeep)));
    assert!(matches!(Request::parse(nested(2_000_000).as_bytes()), Err(RequestError::TooDeep)));
    // Brackets within a text are no nesting.
    assert!(parse(&message(json!([{"type": "input_text", "text": "\"[{\\".repeat(100)}]))).is_ok());
}

#[test]
fn a_nul_in_a_text_is_refused() {
    assert!(matches!(
        parse(&message(json!([{"type": "input_text", "text": "a\0b"}]))),
        Err(RequestError::Nul)
    ));
    assert!(matches!(
        Request::parse(br#"{"type":"threads.list","metadata":{"\u0000":1}}"#),
        Err(RequestError::Nul)
    ));
    // A backslash and the letters u0000.
    let request = parse(&message(json!([{"type": "input_text", "text": "\\u0000"}]))).unwrap();
    let Operation::ThreadsCreate(params) = request.operation else { panic!("not a creation") };
    assert_eq!(params.input.content, [UserMessageContent::text("\\u0000")]);
}

#[test]
fn a_name_that_would_make_the_parser_read_a_text_as_json_is_refused() {
    for name in [
        "$serde_json::private::RawValue",
        "\\u0024serde_json::private::RawValue",
        "$serde_json\\u003a:private::X",
    ] {
        let body = format!(r#"{{"type":"threads.list","metadata":{{"a":{{"{name}" : "[[1]]"}}}}}}"#);
        assert!(matches!(Request::parse(body.as_bytes()), Err(RequestError::ReservedName)), "{body}");
    }
    let harmless = json!({"$ref": 1, "\n": 2, "text": "$serde_json::private::RawValue"});
    assert!(parse(&json!({"type": "threads.list", "metadata": harmless})).is_ok());
    assert!(matches!(Request::parse(b"{\"\\"), Err(RequestError::Json(_))));
}

#[test]
fn the_operation_says_which_thread_it_is_about_and_how_it_is_answered() {
    let list = parse(&json!({"type": "threads.list"})).unwrap().operation;
    assert_eq!((list.name(), list.thread_id(), list.is_streaming()), ("threads.list", None, false));
    let retry = json!({"type": "threads.retry_after_item", "params": {"thread_id": "t", "item_id": "i"}});
    let retry = parse(&retry).unwrap().operation;
    assert_eq!((retry.thread_id(), retry.is_streaming()), (Some("t"), true));
    let action = json!({"thread_id": "t", "action": {"type": "a"}});
    let sync = parse(&json!({"type": "threads.sync_custom_action", "params": action})).unwrap().operation;
    assert_eq!((sync.thread_id(), sync.is_streaming()), (Some("t"), false));
}

proptest::proptest! {
    #[test]
    fn no_body_makes_the_parser_panic(body in ".{0,200}", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        _ = Request::parse(body.as_bytes());
        _ = Request::parse(&bytes);
        let within = json!({"type": "threads.list", "params": {"after": body, "limit": body}});
        proptest::prop_assert!(parse(&within).is_err());
    }

    #[test]
    fn a_body_that_was_cut_off_is_no_json(at in 0_usize..120) {
        let body = message(json!([{"type": "input_text", "text": "\"\\ü"}])).to_string();
        let cut = &body.as_bytes()[..at.min(body.len() - 1)];
        let refused = matches!(Request::parse(cut), Err(RequestError::Json(_)));
        proptest::prop_assert!(refused);
    }
}
