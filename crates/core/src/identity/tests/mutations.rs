use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A verifier of every kind, so that no path is left out.
fn all() -> Vec<VerifierSettings> {
    let named = |prefix: &str, settings| VerifierSettings { prefix: prefix.to_owned(), ..settings };
    vec![named("a_", oidc()), named("b_", own()), named("c_", clerk())]
}

fn genuine() -> impl Strategy<Value = String> {
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let own = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    prop::sample::select(vec![
        TestKey::Rsa.sign("rsa", &claims()),
        crate::testing::sign(&header, &json!({ "sub": "user_1", "exp": NOW + 600 }), &own),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_texts_never_verify_and_never_panic(text in any::<String>()) {
        prop_assert!(verify_with(&all(), &text, &published()).is_err());
    }

    #[test]
    fn random_parts_never_verify_and_never_panic(
        parts in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..200))
    ) {
        use base64::Engine;
        let parts = parts.map(|part| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part));
        prop_assert!(verify_with(&all(), &parts.join("."), &published()).is_err());
    }

    #[test]
    fn a_token_with_any_letter_changed_never_verifies(
        token in genuine(),
        at in any::<Index>(),
        letter in "[A-Za-z0-9_.=-]",
    ) {
        prop_assert!(verify_with(&all(), &token, &published()).is_ok());
        let at = at.index(token.len());
        let changed = format!("{}{letter}{}", &token[..at], &token[at + 1..]);
        prop_assume!(changed != token);
        prop_assert!(verify_with(&all(), &changed, &published()).is_err());
    }

    #[test]
    fn a_token_with_letters_left_out_or_put_in_never_verifies(
        token in genuine(),
        at in any::<Index>(),
        left_out in 0usize..5,
        put_in in "[A-Za-z0-9_.=-]{0,5}",
    ) {
        let at = at.index(token.len());
        let rest = (at + left_out).min(token.len());
        let changed = format!("{}{put_in}{}", &token[..at], &token[rest..]);
        prop_assume!(changed != token);
        prop_assert!(verify_with(&all(), &changed, &published()).is_err());
    }
}
