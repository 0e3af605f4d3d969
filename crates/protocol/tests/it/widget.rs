use chatkitd_protocol::chatkit::widget::{
    ActionConfig, Button, Card, Children, Color, Length, Text, Transition, WidgetComponent, WidgetRoot,
};
use serde_json::{Value, json};

fn read(value: &Value) -> WidgetComponent {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn a_widget_can_be_built_by_hand() {
    let text = Text {
        id: Some("t".into()),
        value: "Hello".into(),
        color: Some("secondary".into()),
        width: Some(10.into()),
        ..Text::default()
    };
    let button = Button { on_click_action: Some(ActionConfig::new("go", None)), ..Button::default() };
    let card = Card { children: vec![text.into(), button.into()], as_form: Some(true), ..Card::default() };
    let root = WidgetRoot::from(card);
    let action = json!({"type": "go", "handler": "server", "loadingBehavior": "auto", "streaming": true});
    let expected = json!({"type": "Card", "asForm": true, "children": [
        {"type": "Text", "id": "t", "value": "Hello", "color": "secondary", "width": 10},
        {"type": "Button", "onClickAction": action}]});
    assert_eq!(serde_json::to_value(&root).unwrap(), expected);
    assert_eq!((root.kind(), root.children()[0].id(), root.children()[1].key()), ("Card", Some("t"), None));
}

/// `@openai/chatkit` 1.9.0 has them, the reference has not, so that no sample of it would.
#[test]
fn what_only_the_front_end_knows_is_known_here() {
    let cell = json!({"type": "Table.Cell", "key": "k", "id": "i", "children": [{"type": "Text", "value": "v"}],
        "width": "50%", "padding": {"x": 2}, "colSpan": 2, "rowSpan": 1, "align": "end", "vAlign": "center", "colSize": "md"});
    let row = json!({"type": "Table.Row", "key": "k", "id": "i", "children": [cell], "header": true});
    let table = json!({"type": "Table", "key": "k", "id": "i", "children": [row]});
    let card = json!({"type": "Card", "children": [table], "border": {"size": 1, "style": "dashed"}});
    let basic = json!({"type": "Basic", "children": [table], "theme": "dark", "direction": "row", "gap": 2,
        "padding": {"top": 1}, "align": "baseline", "justify": "between"});
    for whole in [card, basic] {
        let root: WidgetRoot = serde_json::from_value(whole.clone()).unwrap();
        let seen = format!("{root:?}");
        assert!(!seen.contains("Dynamic") && !seen.contains("Other("), "{seen}");
        assert_eq!(seen.matches("extra: ").count(), seen.matches("extra: {}").count(), "{seen}");
        assert_eq!(serde_json::to_value(&root).unwrap(), whole);
        let cell = &root.children()[0].children()[0].children()[0];
        assert_eq!((cell.kind(), cell.children()[0].kind()), ("Table.Cell", "Text"));
    }
}

#[test]
fn a_component_that_does_not_fit_its_type_is_kept_whole() {
    for odd in [
        json!({"type": "Text", "value": {"bound": "to.something"}}),
        json!({"type": "Row", "gap": [1], "children": [{"type": "Text", "value": "v"}]}),
        json!({"type": "Fancy", "children": "no components"}),
        json!({"type": "Fancy", "children": {"type": "Text", "value": "v"}}),
    ] {
        let component = read(&odd);
        assert!(matches!(component, WidgetComponent::Dynamic(_)), "{component:?}");
        assert_eq!(serde_json::to_value(component).unwrap(), odd);
    }
}

#[test]
fn a_root_within_a_widget_is_kept_whole() {
    let inner = json!({"type": "Card", "children": [{"type": "Text", "value": "v"}], "size": "sm"});
    let root: WidgetRoot = serde_json::from_value(json!({"type": "Basic", "children": [inner]})).unwrap();
    assert_eq!(root.children()[0].kind(), "Card");
    assert!(matches!(root.children()[0].children(), [WidgetComponent::Text(_)]));
    assert_eq!(serde_json::to_value(root).unwrap()["children"][0], inner);
}

#[test]
fn a_widget_has_no_nulls_but_those_of_a_payload() {
    let button = json!({"type": "Button", "label": null, "new": null, "nested": {"a": null, "b": [1, null]},
        "onClickAction": {"type": "go", "payload": {"kept": null}, "handler": "client", "loadingBehavior": "self", "streaming": false}});
    let expected = json!({"type": "Button", "nested": {"b": [1]},
        "onClickAction": {"type": "go", "payload": {"kept": null}, "handler": "client", "loadingBehavior": "self", "streaming": false}});
    assert_eq!(serde_json::to_value(read(&button)).unwrap(), expected);
}

#[test]
fn children_are_found_in_every_form() {
    let transition = Transition {
        children: Some(Children::One(Box::new(Text::default().into()))),
        ..Transition::default()
    };
    assert_eq!(WidgetComponent::from(transition).children().len(), 1);
    assert!(read(&json!({"type": "Transition", "children": null})).children().is_empty());
    assert!(read(&json!({"type": "Spacer"})).children().is_empty());
    for container in
        ["Box", "Row", "Col", "Form", "ListViewItem", "Table", "Table.Row", "Table.Cell", "Unknown"]
    {
        let component =
            read(&json!({"type": container, "children": [{"type": "Spacer"}, {"type": "Spacer"}]}));
        assert_eq!((component.kind(), component.children().len()), (container, 2));
    }
}

#[test]
fn numbers_keep_their_form() {
    for (text, length) in [("10", Length::from(10)), ("\"50%\"", Length::from("50%"))] {
        assert_eq!(serde_json::from_str::<Length>(text).unwrap(), length);
        assert_eq!(serde_json::to_string(&length).unwrap(), text);
    }
    assert_eq!(serde_json::to_string(&serde_json::from_str::<Length>("1.50").unwrap()).unwrap(), "1.5");
    let themed: Color = serde_json::from_value(json!({"dark": "a", "light": "b"})).unwrap();
    assert!(matches!(themed, Color::Themed(_)));
}

#[test]
fn a_deep_widget_is_read_in_reasonable_time() {
    for odd in [json!({}), json!({"align": 5})] {
        let widget = deep(|_| odd.clone());
        let mut component = &read(&widget);
        assert_eq!(serde_json::to_value(component).unwrap(), widget);
        let mut depth = 0;
        while let Some(child) = component.children().first() {
            component = child;
            depth += 1;
        }
        assert_eq!(depth, 60, "{odd}");
    }
    let no_component_on_every_other_level =
        deep(|level| if level % 2 == 0 { json!({"id": 5}) } else { json!({}) });
    let component = read(&no_component_on_every_other_level);
    assert_eq!(serde_json::to_value(component).unwrap(), no_component_on_every_other_level);
}

/// Sixty components in one another, each with these fields after its children.
fn deep(fields: impl Fn(usize) -> Value) -> Value {
    let innermost = json!({"type": "Text", "value": "x".repeat(1000)});
    (0..60).fold(innermost, |widget, level| {
        let kind = ["Box", "Col", "Fancy"][level % 3];
        let mut outer = json!({"type": kind, "children": [widget, {"type": "Spacer"}]});
        outer.as_object_mut().unwrap().extend(fields(level).as_object().unwrap().clone());
        outer
    })
}

#[test]
fn a_component_whose_children_do_not_fit_its_type_keeps_them() {
    for (children, read_as) in [
        (json!({"type": "Text", "value": "v"}), 1),
        (json!([{"type": "Text", "value": "v"}, {"id": 5}]), 0),
        (json!("no components"), 0),
    ] {
        let card = json!({"type": "Card", "children": children, "size": "sm"});
        let root: WidgetRoot = serde_json::from_value(card.clone()).unwrap();
        assert!(matches!(root, WidgetRoot::Dynamic(_)), "{root:?}");
        assert_eq!((root.children().len(), serde_json::to_value(root).unwrap()), (read_as, card));
    }
}
