//! What a request may be aimed at: an origin-form path that every server reads alike, and a Host that
//! is one. The upstream never comes from here; it stands in the configuration alone.

use http::StatusCode;

use super::framing::Refused;

/// Longest path with query.
const TARGET_BYTES_MAX: usize = 8_192;

/// Methods that make no sense at a sending door.
pub fn method(method: &[u8]) -> Result<(), Refused> {
    match method {
        b"TRACE" | b"CONNECT" | b"TRACK" => {
            Err(Refused { status: StatusCode::METHOD_NOT_ALLOWED, why: "this method is not taken" })
        }
        _ => Ok(()),
    }
}

/// Origin-form only, without anything that another server would resolve to another path.
pub fn path_and_query(target: &[u8]) -> Result<(), Refused> {
    let bad = |why| Err(Refused { status: StatusCode::BAD_REQUEST, why });
    if target.len() > TARGET_BYTES_MAX {
        return Err(Refused { status: StatusCode::URI_TOO_LONG, why: "the path is too long" });
    }
    if !target.starts_with(b"/") {
        return bad("the target is not a path");
    }
    if !target.iter().all(|byte| (0x21..=0x7e).contains(byte)) || target.contains(&b'#') {
        return bad("the path holds an unfit character");
    }
    let path = target.split(|&byte| byte == b'?').next().unwrap_or_default();
    if path.contains(&b'\\') || path.windows(2).any(|two| two == b"//") {
        return bad("the path is not normal");
    }
    if path.split(|&byte| byte == b'/').any(|segment| matches!(segment, b"." | b"..")) {
        return bad("the path has a dot segment");
    }
    for (index, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        let digit = |at: usize| path.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (digit(index + 1), digit(index + 2)) {
            // `.`, `/`, `\`, `%` and controls, encoded: decoded once more they are another path.
            (Some(2), Some(0xe | 0xf | 5)) | (Some(5), Some(0xc)) | (Some(7), Some(0xf)) | (Some(0 | 1), Some(_)) => {
                return bad("the path hides a character");
            }
            (Some(_), Some(_)) => {}
            _ => return bad("a `%` in the path is not followed by two digits"),
        }
    }
    Ok(())
}

/// `uri-host [ ":" port ]`, no userinfo, no path.
pub fn host(host: &[u8]) -> Result<(), Refused> {
    let bad = Refused { status: StatusCode::BAD_REQUEST, why: "Host is not a host" };
    let text = std::str::from_utf8(host).map_err(|_| bad)?;
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, rest)) => {
            inner.parse::<std::net::Ipv6Addr>().map_err(|_| bad)?;
            ("v6", rest.strip_prefix(':').or(rest.is_empty().then_some("0")).ok_or(bad)?)
        }
        None => text.split_once(':').unwrap_or((text, "0")),
    };
    let letters = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    let digits = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if letters && digits { Ok(()) } else { Err(bad) }
}

/// Fields that decide: who it is, how long it is, what was declared.
pub fn delicate(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let delicate =
        ["authorization", "host", "content-length", "content-type", "transfer-encoding", "expect", "idempotency-key"];
    delicate.contains(&name.as_str()) || crate::message::Declared::is_declaration(&name)
}

/// True when a `Connection` field would have a delicate field dropped as hop-by-hop.
pub fn nominates_delicate(connection: &[u8]) -> bool {
    String::from_utf8_lossy(connection).split(',').any(delicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for good in ["/", "/sendgrid/v3/mail/send", "/a/b%40c.cn?x=%2e%2e//", "/a.b/..c/~"] {
            assert_eq!(path_and_query(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in [
            "http://169.254.169.254/",
            "*",
            "",
            "a",
            "/a/../b",
            "/./a",
            "/a/..",
            "/a/%2e%2e/b",
            "/a/%2E/b",
            "/a%2fb",
            "/a%5Cb",
            "/a%00",
            "/a%0d%0a",
            "/a%252e",
            "/a//b",
            "//evil.example/",
            "/a\\b",
            "/a%zz",
            "/a%2",
            "/a#b",
            "/\u{e9}",
            "/a%7f",
        ] {
            assert!(path_and_query(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(path_and_query(format!("/{}", "a".repeat(9_000)).as_bytes()).unwrap_err().status, 414);
    }

    #[test]
    fn hosts() {
        for good in ["a", "gw.example.cn:8700", "127.0.0.1", "[::1]", "[::1]:80", "my_host"] {
            assert_eq!(host(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in ["", "a/evil", "good@evil", "a:b", "a:99999", "[x]", "[::1", "[::1]x", "a b", "a,b", "a:+1"] {
            assert!(host(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
