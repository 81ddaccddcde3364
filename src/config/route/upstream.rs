//! Reads where a route leads (`smtps://host:465`) and how fast (`50 per second`).

use super::Upstream;

/// True for names and addresses that lead to this machine.
pub(in crate::config) fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

pub(super) fn parse_upstream(text: &str) -> Result<Upstream, String> {
    let uri: http::Uri = text.parse().map_err(|_| "not a URL".to_owned())?;
    let scheme = uri.scheme_str().ok_or("no scheme")?;
    let authority = uri.authority().ok_or("no host")?;
    if authority.as_str().contains('@') {
        return Err("credentials do not belong in a URL, use `own`".to_owned());
    }
    if uri.query().is_some() {
        return Err("it has a query".to_owned());
    }
    let host = authority.host().to_owned();
    if host.is_empty() {
        return Err("no host".to_owned());
    }
    let said_port = authority.as_str().strip_prefix(host.as_str()).and_then(|rest| rest.strip_prefix(':'));
    let port = |default: u16| match said_port {
        Some(port) => port.parse::<u16>().ok().filter(|p| *p > 0).ok_or(format!("`{port}` is not a port")),
        None => Ok(default),
    };
    let path = uri.path().trim_end_matches('/').to_owned();
    match scheme {
        "http" => Ok(Upstream::Http { tls: false, host, port: port(80)?, path }),
        "https" => Ok(Upstream::Http { tls: true, host, port: port(443)?, path }),
        "smtp" | "smtps" if !path.is_empty() => Err("a mail server has no path".to_owned()),
        "smtp" => Ok(Upstream::Smtp { implicit_tls: false, host, port: port(25)? }),
        "smtps" => Ok(Upstream::Smtp { implicit_tls: true, host, port: port(465)? }),
        other => Err(format!("the scheme `{other}` is not known")),
    }
}

pub(super) fn parse_rate(text: &str) -> Option<(u32, u64)> {
    let (count, unit) = text.split_once(" per ")?;
    let count: u32 = count.trim().parse().ok().filter(|n| *n > 0)?;
    let per_ms = match unit.trim() {
        "second" => 1_000,
        "minute" => 60_000,
        "hour" => 3_600_000,
        "day" => 86_400_000,
        _ => return None,
    };
    Some((count, per_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_are_read_with_their_default_ports() {
        let smtp = |implicit_tls, port| Upstream::Smtp { implicit_tls, host: "mx.example".into(), port };
        assert_eq!(parse_upstream("smtp://mx.example").unwrap(), smtp(false, 25));
        assert_eq!(parse_upstream("smtps://mx.example").unwrap(), smtp(true, 465));
        assert_eq!(parse_upstream("smtp://mx.example:587/").unwrap(), smtp(false, 587));
        let http = |path: &str| Upstream::Http { tls: true, host: "api.example".into(), port: 443, path: path.into() };
        assert_eq!(parse_upstream("https://api.example").unwrap(), http(""));
        assert_eq!(parse_upstream("https://api.example/eu/").unwrap(), http("/eu"));
        let six = Upstream::Smtp { implicit_tls: false, host: "[::1]".into(), port: 2526 };
        assert_eq!(parse_upstream("smtp://[::1]:2526").unwrap(), six);
        for wrong in [
            "api.example",
            "ftp://x",
            "https://user:pw@x",
            "https://x?y=1",
            "smtp://x/y",
            "",
            "https://",
            "smtp://x:99999",
        ] {
            assert!(parse_upstream(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_read() {
        assert_eq!(parse_rate("50 per second"), Some((50, 1_000)));
        assert_eq!(parse_rate("20000 per day"), Some((20_000, 86_400_000)));
        for wrong in ["50", "0 per second", "-1 per second", "50 per fortnight", "fifty per second"] {
            assert_eq!(parse_rate(wrong), None, "{wrong}");
        }
    }
}
