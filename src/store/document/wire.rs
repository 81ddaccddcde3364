//! How bytes, instants and ids stand in a document: as short as MessagePack allows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// Bytes as MessagePack `bin`, not as an array of numbers.
pub(super) struct Bin<'a>(pub(super) &'a [u8]);

impl Serialize for Bin<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// An instant, as microseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Micros(pub(super) Timestamp);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_microsecond())
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Micros, D::Error> {
        let micros = i64::deserialize(deserializer)?;
        Timestamp::from_microsecond(micros).map(Micros).map_err(serde::de::Error::custom)
    }
}

/// An id: 16 bytes when it is a UUID in its usual spelling, else the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Id(pub(super) String);

impl Id {
    pub(super) fn of(id: &str) -> Id {
        Id(id.to_owned())
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Uuid::try_parse(&self.0) {
            Ok(uuid) if uuid.to_string() == self.0 => serializer.serialize_bytes(uuid.as_bytes()),
            _ => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        struct Either;
        impl serde::de::Visitor<'_> for Either {
            type Value = Id;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an id")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                Ok(Id::of(text))
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Id, E> {
                Uuid::from_slice(bytes).map(|uuid| Id(uuid.to_string())).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
