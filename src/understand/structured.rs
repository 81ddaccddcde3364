//! Offers told in data beside the text: schema.org and the promotion annotations of mail programs, as JSON-LD.
