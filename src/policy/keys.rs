//! The keys a type takes, and which of them a wrong one was meant to be.

use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};

/// The field names of a struct, as its `Deserialize` states them.
pub fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // Always an error: nothing is read, only the names are noted.
    let _ = T::deserialize(Names(&mut keys));
    keys
}

/// The known key that a wrong one resembles.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|key| (strsim::damerau_levenshtein(wrong, key), key));
    // Half of it right is a misspelling; less is another word.
    scored.filter(|(distance, key)| distance * 2 <= wrong.len().max(key.len())).min().map(|(_, key)| key)
}

/// `unknown key …`, with the one it was meant to be.
pub fn unknown_key<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(wrong, known) {
        Some(key) => format!("unknown key `{wrong}`, did you mean `{key}`?"),
        None => format!("unknown key `{wrong}`"),
    }
}

/// serde's own words for an unknown field or variant, in ours.
pub fn plain_words(message: &str) -> String {
    let between = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let first = message.lines().next().unwrap_or(message);
    let quoted = between(first);
    let (wrong, known) = quoted.split_first().map_or(("", &[][..]), |(wrong, known)| (wrong.as_str(), known));
    let known = || known.iter().map(String::as_str);
    if first.starts_with("unknown field") {
        let all = known().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        match nearest(wrong, known()) {
            Some(_) => unknown_key(wrong, known()),
            None => format!("unknown key `{wrong}`; there is {all}"),
        }
    } else if first.starts_with("unknown variant") {
        let all = known().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
        format!("`{wrong}` is not one of {all}")
    } else if first.starts_with("missing field") {
        format!("the key `{wrong}` is missing")
    } else {
        // serde speaks of its own types where a person thinks of numbers and lists.
        let types = [("u8", "a whole number"), ("u16", "a whole number"), ("u32", "a whole number")];
        let types =
            types.into_iter().chain([("a sequence", "a list, as in `[\"sms\"]`"), ("a string", "a quoted text")]);
        let plain = types.into_iter().find_map(|(theirs, ours)| {
            let head = first.strip_suffix(&format!("expected {theirs}"))?;
            Some(format!("{head}expected {ours}"))
        });
        plain.unwrap_or_else(|| first.to_owned())
    }
}

struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(Error::custom("only the names"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("not a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
