//! A submission as bytes, for holding: a format byte, the length of the head, the head, and the body
//! as it came. Secrets stand in the head in the clear, so a parcel is only ever written sealed.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{HttpRequest, MailEnvelope, MailRecipient, MailSubmission, Secret, Stream, Submission, Wire};

/// First byte of every parcel.
pub const PARCEL_FORMAT: u8 = 1;

const LENGTH_BYTES: usize = 4;

/// Why bytes are not a parcel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParcelError {
    /// Written by a newer tactgate.
    #[error("a parcel of format {0} was written by a newer tactgate")]
    NewerFormat(u8),
    /// Not a parcel.
    #[error("the parcel cannot be read: {0}")]
    Damaged(String),
    /// Cannot be put into a parcel.
    #[error("the submission cannot be held: {0}")]
    Unholdable(String),
}

/// The submission as bytes.
pub fn encode(submission: &Submission) -> Result<Bytes, ParcelError> {
    let unholdable = |why: &dyn std::fmt::Display| ParcelError::Unholdable(why.to_string());
    let (wire, body) = match &submission.wire {
        Wire::Smtp(mail) => (HeadWire::smtp(mail), &mail.data),
        Wire::Http(request) => (HeadWire::http(request), &request.body),
    };
    let head = Head {
        id: submission.id.clone(),
        received_at: submission.received_at,
        peer: submission.peer,
        dialect: submission.dialect.clone(),
        stream: submission.stream.clone(),
        route: submission.route.clone(),
        wire,
    };
    let head = rmp_serde::to_vec_named(&head).map_err(|e| unholdable(&e))?;
    let length = u32::try_from(head.len()).map_err(|e| unholdable(&e))?;
    let mut parcel = Vec::with_capacity(1 + LENGTH_BYTES + head.len() + body.len());
    parcel.push(PARCEL_FORMAT);
    parcel.extend_from_slice(&length.to_be_bytes());
    parcel.extend_from_slice(&head);
    parcel.extend_from_slice(body);
    Ok(Bytes::from(parcel))
}

/// The submission that was put in; its body shares the parcel's memory.
pub fn decode(parcel: &Bytes) -> Result<Submission, ParcelError> {
    let damaged = |why: &str| ParcelError::Damaged(why.to_owned());
    match parcel.first() {
        Some(&PARCEL_FORMAT) => {}
        Some(&newer) if newer > PARCEL_FORMAT => return Err(ParcelError::NewerFormat(newer)),
        _ => return Err(damaged("no format byte")),
    }
    let length = parcel.get(1..1 + LENGTH_BYTES).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let length = length.ok_or_else(|| damaged("no length"))? as usize;
    let rest = parcel.slice(1 + LENGTH_BYTES..);
    let head = rest.get(..length).ok_or_else(|| damaged("the head is cut off"))?;
    let head: Head = rmp_serde::from_slice(head).map_err(|e| damaged(&e.to_string()))?;
    let wire = head.wire.with_body(rest.slice(length..))?;
    Ok(Submission {
        id: head.id,
        received_at: head.received_at,
        peer: head.peer,
        dialect: head.dialect,
        stream: head.stream,
        route: head.route,
        wire,
    })
}

#[derive(Serialize, Deserialize)]
struct Head {
    id: String,
    received_at: Timestamp,
    peer: IpAddr,
    dialect: String,
    stream: Stream,
    route: String,
    wire: HeadWire,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum HeadWire {
    Smtp {
        helo: String,
        tls: bool,
        user: Option<String>,
        password: Option<Secret>,
        envelope: MailEnvelope,
        recipients: Vec<MailRecipient>,
    },
    Http {
        method: String,
        path: String,
        query: Option<String>,
        /// Pairs in order; a value is bytes, since fields may hold what is not UTF-8 (RFC 9110 §5.5).
        headers: Vec<(String, Vec<u8>)>,
    },
}

impl HeadWire {
    fn smtp(mail: &MailSubmission) -> HeadWire {
        HeadWire::Smtp {
            helo: mail.helo.clone(),
            tls: mail.tls,
            user: mail.user.clone(),
            password: mail.password.clone(),
            envelope: mail.envelope.clone(),
            recipients: mail.recipients.clone(),
        }
    }

    fn http(request: &HttpRequest) -> HeadWire {
        let pair = |(name, value): (&HeaderName, &HeaderValue)| (name.as_str().to_owned(), value.as_bytes().to_vec());
        HeadWire::Http {
            method: request.method.as_str().to_owned(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.iter().map(pair).collect(),
        }
    }

    fn with_body(self, body: Bytes) -> Result<Wire, ParcelError> {
        let damaged = |why: &dyn std::fmt::Display| ParcelError::Damaged(why.to_string());
        Ok(match self {
            HeadWire::Smtp { helo, tls, user, password, envelope, recipients } => {
                Wire::Smtp(MailSubmission { helo, tls, user, password, envelope, recipients, data: body })
            }
            HeadWire::Http { method, path, query, headers } => {
                let mut map = HeaderMap::with_capacity(headers.len());
                for (name, value) in headers {
                    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| damaged(&e))?;
                    map.append(name, HeaderValue::from_bytes(&value).map_err(|e| damaged(&e))?);
                }
                let method = Method::from_bytes(method.as_bytes()).map_err(|e| damaged(&e))?;
                Wire::Http(HttpRequest { method, path, query, headers: map, body, ..HttpRequest::default() })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(wire: Wire) -> Submission {
        Submission {
            id: "s-1".into(),
            received_at: "2026-11-22T08:00:00Z".parse().unwrap(),
            peer: "127.0.0.1".parse().unwrap(),
            dialect: "relay".into(),
            stream: Stream { name: "promo".into(), brand: "某某商城".into(), ..Stream::default() },
            route: "main".into(),
            wire,
        }
    }

    #[test]
    fn a_mail_comes_out_as_it_went_in() {
        let mail = MailSubmission {
            helo: "shop.example".into(),
            tls: true,
            user: Some("shop".into()),
            password: Some(Secret::new("pa55")),
            envelope: MailEnvelope { sender: "a@b.example".into(), smtputf8: true, ..Default::default() },
            recipients: vec![MailRecipient {
                address: "王@例子.中国".into(),
                notify: Some("NEVER".into()),
                orcpt: None,
            }],
            data: Bytes::from_static(b"Subject: \xe9\x99\x90\xe6\x97\xb6\r\n\r\n\xff\x00raw\r\n"),
        };
        let parcel = encode(&submission(Wire::Smtp(mail.clone()))).unwrap();
        let Wire::Smtp(back) = decode(&parcel).unwrap().wire else { panic!("a mail") };
        assert_eq!(
            (back.helo, back.tls, back.user, back.password, back.envelope, back.recipients, back.data),
            (mail.helo, mail.tls, mail.user, mail.password, mail.envelope, mail.recipients, mail.data)
        );
    }

    #[test]
    fn a_request_comes_out_as_it_went_in_and_no_cut_of_it_does() {
        let mut request = HttpRequest {
            method: Method::POST,
            path: "/v3/mail/send".into(),
            query: Some("a=b%20c".into()),
            body: Bytes::from_static("{\"subject\":\"限时\"}".as_bytes()),
            ..HttpRequest::default()
        };
        for (name, value) in [("authorization", &b"Bearer SG.x"[..]), ("x-a", b"1"), ("x-a", b"\xe9")] {
            request.headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let whole = submission(Wire::Http(request.clone()));
        let parcel = encode(&whole).unwrap();
        let back = decode(&parcel).unwrap();
        assert_eq!((&back.id, back.received_at, back.peer, &back.stream, &back.route), {
            (&whole.id, whole.received_at, whole.peer, &whole.stream, &whole.route)
        });
        let Wire::Http(back) = back.wire else { panic!("a request") };
        assert_eq!(
            (back.method, back.path, back.query, back.headers, back.body),
            (request.method, request.path, request.query, request.headers, request.body.clone())
        );
        let head_end = parcel.len() - request.body.len();
        for end in 0..head_end {
            assert!(decode(&parcel.slice(..end)).is_err(), "cut at {end}");
        }
        let mut newer = parcel.to_vec();
        newer[0] = 9;
        assert_eq!(decode(&Bytes::from(newer)).unwrap_err(), ParcelError::NewerFormat(9));
        let mut zeroed = parcel.to_vec();
        zeroed[0] = 0;
        assert!(matches!(decode(&Bytes::from(zeroed)).unwrap_err(), ParcelError::Damaged(_)), "no format is 0");
    }
}
