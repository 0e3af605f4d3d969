use chatkitd_protocol::{
    chatkit::{ItemUpdate, TextDeltas, ThreadEvent},
    sse,
};

fn frame(id: Option<u64>, json: &[u8]) -> String {
    let mut frame = Vec::new();
    sse::write_line(&mut frame, id, json);
    String::from_utf8(frame).unwrap()
}

#[test]
fn a_frame_is_a_number_one_line_of_json_and_an_empty_line() {
    let update = ItemUpdate::content_part_text_delta(0, "a\nb\r\u{2028}\"".into());
    let event = ThreadEvent::item_updated("cti_1".into(), update);
    let expected = "id: 7\ndata: {\"type\":\"thread.item.updated\",\"item_id\":\"cti_1\",\"update\":{\"type\":\
        \"assistant_message.content_part.text_delta\",\"content_index\":0,\"delta\":\"a\\nb\\r\u{2028}\\\"\"}}\n\n";
    assert_eq!(frame(Some(7), &serde_json::to_vec(&event).unwrap()), expected);
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
    assert_eq!(frame(None, b"{}"), "data: {}\n\n");
}

#[test]
fn a_number_may_be_as_large_as_there_are() {
    assert_eq!(frame(Some(u64::MAX), b"{}"), "id: 18446744073709551615\ndata: {}\n\n");
}

#[test]
fn a_comment_is_one_line_whatever_it_says() {
    assert_eq!(sse::comment(""), b": \n\n");
    assert_eq!(sse::comment("a\nb\rc"), b": a b c\n\n");
}
