//! Describes the ChatKit wire to other languages: `json-schema`, `typescript`, or `openapi` (requests as components of
//! an OpenAPI document), to the standard output. `make generate` keeps them in the repository.

use std::{
    collections::{BTreeMap, HashSet},
    io::{self, Write},
};

use chatkitd_protocol::chatkit::{
    Attachment, Page, Request, SyncCustomActionResponse, Thread, ThreadEvent, ThreadItem, TranscriptionResult,
};
use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde_json::{Map, Value, json};
use ts_rs::{Config, TS, TypeVisitor};

/// What a client and a server say to each other; all other types are reached from these.
macro_rules! for_each_root {
    ($with:ident) => {
        $with!(Request);
        $with!(ThreadEvent);
        $with!(Thread);
        $with!(ThreadItem);
        $with!(SyncCustomActionResponse);
        $with!(TranscriptionResult);
        $with!(Page<Thread>);
        $with!(Page<ThreadItem>);
        $with!(Attachment);
    };
}

const ABOUT: &str = "The self-hosted ChatKit protocol as chatkitd speaks it. Describes what this version knows: a \
    reader leaves alone what it does not know (fields, kinds, words), and nothing is null but within free JSON.";

fn main() -> io::Result<()> {
    let text = match std::env::args().nth(1).as_deref() {
        Some("json-schema") => json_schema(),
        Some("openapi") => openapi(),
        Some("typescript") => typescript(),
        _ => return Err(io::Error::other("say what to write: json-schema, openapi or typescript")),
    };
    io::stdout().write_all(text.as_bytes())
}

fn json_schema() -> String {
    let without_null = RecursiveTransform(without_null);
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    let mut roots = Vec::new();
    macro_rules! root {
        ($type:ty) => {
            roots.push(reference::<$type>(&mut generator))
        };
    }
    for_each_root!(root);
    let mut schema = Schema::try_from(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ChatKit",
        "description": ABOUT,
        "anyOf": roots,
        "$defs": generator.take_definitions(true),
    }))
    .unwrap_or_default();
    { without_null }.transform(&mut schema);
    format!("{:#}\n", schema.to_value())
}

/// Begins the names of components, which stand beside those of other contracts.
const PREFIX: &str = "ChatKit";

/// The request and what it is made of, by name. Here null is allowed where a field is optional: it is read so.
fn openapi() -> String {
    let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
    reference::<Request>(&mut generator);
    let mut components = BTreeMap::new();
    for (name, schema) in generator.take_definitions(true) {
        let mut schema = Schema::try_from(schema).unwrap_or_default();
        RecursiveTransform(as_component).transform(&mut schema);
        components.insert(format!("{PREFIX}{name}"), schema);
    }
    format!("{:#}\n", json!(components))
}

/// What may stand beside a `$ref` or a choice.
const BESIDE: [&str; 2] = ["description", "default"];
/// Free JSON.
const ANYTHING: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

/// Says the same in the keywords that utoipa, which writes the document, can hold: no `const`, hardly anything beside a
/// `$ref` or a choice, and everything has a type.

fn as_component(schema: &mut Schema) {
    let Some(fields) = schema.as_object() else { return };
    if ["type", "$ref", "oneOf", "anyOf", "allOf", "const"]
        .iter()
        .all(|keyword| !fields.contains_key(*keyword))
    {
        schema.insert("type".into(), json!(ANYTHING));
    }
    if let Some(word) = schema.remove("const") {
        schema.insert("enum".into(), json!([word]));
    }
    if let Some(Value::String(reference)) = schema.get_mut("$ref") {
        *reference = reference.replace("#/$defs/", &format!("#/components/schemas/{PREFIX}"));
    }
    for keyword in ["$ref", "oneOf", "anyOf"] {
        let is_alone = |(name, _): (&String, _)| name == keyword || name == "description";
        if schema.get(keyword).is_some() && !schema.as_object().into_iter().flatten().all(is_alone) {
            split(schema, keyword);
        }
    }
}

/// Makes `keyword` and what stands beside it parts of an `allOf`.
fn split(schema: &mut Schema, keyword: &str) {
    let object = std::mem::take(schema.ensure_object());
    let (outside, inside): (Vec<_>, Vec<_>) =
        object.into_iter().partition(|(name, _)| BESIDE.contains(&name.as_str()));
    let (choice, rest): (Map<_, _>, Map<_, _>) = inside.into_iter().partition(|(name, _)| name == keyword);
    let parts: Vec<Value> =
        [choice, rest].into_iter().filter(|part| !part.is_empty()).map(Value::Object).collect();
    schema.ensure_object().extend(outside);
    schema.insert("allOf".into(), Value::Array(parts));
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// Optional fields are left out, never null (rule 1 of the protocol).
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice != &json!({"type": "null"}));
    if let [Value::Object(only)] = choices.as_mut_slice() {
        let only = std::mem::take(only);
        schema.remove("anyOf");
        schema.ensure_object().extend(only);
    }
}

/// Gathers a type and all that it is made of, by name.
struct Declarations<'a> {
    config: &'a Config,
    seen: HashSet<std::any::TypeId>,
    found: BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.seen.insert(std::any::TypeId::of::<T>()) {
            return;
        }
        // Only what has a file of its own in ts-rs' usual output has a declaration.
        if T::output_path().is_some() {
            let declaration = format!("{}export {}", T::docs().unwrap_or_default(), T::decl(self.config));
            let name = T::ident(self.config);
            let other = self.found.insert(name.clone(), declaration.clone());
            assert!(
                other.is_none_or(|other| other == declaration),
                "two types are called {name}: rename one"
            );
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut declarations = Declarations { config: &config, seen: HashSet::new(), found: BTreeMap::new() };
    macro_rules! root {
        ($type:ty) => {
            declarations.visit::<$type>()
        };
    }
    for_each_root!(root);
    let mut text = format!("// Generated by `make generate`; do not edit.\n// {ABOUT}\n");
    for declaration in declarations.found.values() {
        text.push('\n');
        text.push_str(declaration);
        text.push('\n');
    }
    // ts-rs writes fields one by one and leaves blanks behind them.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
