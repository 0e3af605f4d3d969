use chatkitd_protocol::{
    chatkit::{ItemUpdate, TextDeltas, ThreadEvent},
    sse,
};

#[test]
fn a_frame_is_a_number_one_line_of_json_and_an_empty_line() {
    let update = ItemUpdate::content_part_text_delta(0, "a\nb\r\u{2028}\"".into());
    let event = ThreadEvent::item_updated("cti_1".into(), update);
    let expected = "id: 7\ndata: {\"type\":\"thread.item.updated\",\"item_id\":\"cti_1\",\"update\":{\"type\":\
        \"assistant_message.content_part.text_delta\",\"content_index\":0,\"delta\":\"a\\nb\\r\u{2028}\\\"\"}}\n\n";
    assert_eq!(String::from_utf8(sse::event(Some(7), &event).unwrap()).unwrap(), expected);
    assert_eq!(sse::frame(Some(7), &serde_json::to_vec(&event).unwrap()), expected.as_bytes());
}

#[test]
fn a_text_delta_that_is_written_by_itself_is_the_event_byte_for_byte() {
    for (item, index, delta) in
        [("cti_1", 0, "word "), ("\"\\\u{1}", 1023, "a\n\"b\\\u{2028}\u{1f600}\u{7}"), ("", 7, "")]
    {
        let update = ItemUpdate::content_part_text_delta(index, delta.to_owned());
        let event = serde_json::to_string(&ThreadEvent::item_updated(item.to_owned(), update)).unwrap();
        let mut written = b"before".to_vec();
        TextDeltas::new(item, index).write(&mut written, delta);
        assert_eq!(String::from_utf8(written).unwrap(), format!("before{event}"));
    }
}

#[test]
fn a_frame_without_a_number_is_bare() {
    assert_eq!(sse::frame(None, b"{}"), b"data: {}\n\n");
    assert_eq!(sse::event(None, &()).unwrap(), b"data: null\n\n");
}

#[test]
fn json_that_was_written_over_several_lines_becomes_one() {
    assert_eq!(
        sse::frame(Some(u64::MAX), b"{\r\n \"a\": 1\n}"),
        b"id: 18446744073709551615\ndata: {   \"a\": 1 }\n\n"
    );
}

#[test]
fn the_heartbeat_is_a_comment() {
    assert!(sse::HEARTBEAT.starts_with(b":") && sse::HEARTBEAT.ends_with(b"\n\n"));
}
