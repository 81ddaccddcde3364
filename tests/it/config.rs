//! Settings files: what is right is read, what is wrong is told with its place and what would help.

use std::path::Path;

use tactgate::config::{Config, Protocol, Shown, Upstream};
use tactgate::message::{Class, Secret};

#[test]
fn without_a_file_the_gateway_stands_on_loopback_and_sends_nothing() {
    let config = Config::from_text("tactgate.toml", "").unwrap();
    assert_eq!(config, Config::default());
    let doors: Vec<_> = config.listeners.iter().map(|l| (l.protocol, l.address.to_string())).collect();
    assert_eq!(
        doors,
        [
            (Protocol::Smtp, "127.0.0.1:2525".to_owned()),
            (Protocol::Http, "127.0.0.1:8700".to_owned()),
            (Protocol::Admin, "127.0.0.1:8701".to_owned())
        ]
    );
    for provider in ["sendgrid", "twilio", "relay", "tactgate"] {
        assert_eq!(config.route_for(provider, "default").unwrap().upstream, Upstream::Sandbox);
    }
    assert!(config.has_sandbox());
    assert!(config.listeners.iter().all(|l| l.is_loopback()));
}

#[test]
fn a_brand_with_two_departments_and_two_providers() {
    let text = r#"
        [[brand]]
        name = "某某商城"
        zone = "Asia/Shanghai"
        region = "CN"

        [[stream]]
        name = "sales"
        department = "销售"
        purpose = "promotion"
        priority = 300
        # the secret is "SG.sales"
        credentials = [{ bearer_sha256 = "HASH" }]

        [[stream]]
        name = "codes"
        class = "must-send"
        credentials = [{ account = "AC123" }]

        [[route]]
        name = "mail"
        provider = "sendgrid"
        rate = "50 per second"

        [[route]]
        name = "codes-by-sms"
        provider = "twilio"
        stream = "codes"
        upstream = "https://api.twilio.com"
    "#;
    let hash = "42e86a3c1e3a9c8cc1d2e8ba8b2bcb9a26a1a1b40e6cf6d6a6e9c1b9f7a2b111";
    let config = Config::from_text("t.toml", &text.replace("HASH", hash)).unwrap();
    assert_eq!(config.stream("sales").unwrap().brand, "某某商城");
    assert_eq!(config.stream("codes").unwrap().class, Class::MustSend);
    assert_eq!(["sales", "codes"].map(|name| config.stream(name).unwrap().priority), [300, 500]);
    assert!(config.identify(Shown::Bearer(&Secret::new("SG.other"))).is_none());
    let codes = config.identify(Shown::Account("AC123")).unwrap();
    assert_eq!((codes.stream.name.as_str(), codes.proven), ("codes", false));
    assert_eq!(config.route_for("twilio", "codes").unwrap().name, "codes-by-sms");
    assert!(config.route_for("twilio", "sales").is_none(), "another stream's route is not for all");
    assert!(config.route_for("relay", "sales").is_none(), "no sandbox once a route is configured");
    assert_eq!(config.route_for("sendgrid", "sales").unwrap().rate.unwrap().count, 50);
}

#[test]
fn secrets_are_never_shown() {
    let text = r#"
        [[stream]]
        name = "sales"
        credentials = [{ user = "shop", secret = "hunter2hunter2" }]
        [[route]]
        name = "out"
        provider = "relay"
        upstream = "smtps://mx.example"
        own = { user = "me", secret = "correct-horse" }
        [store]
        kind = "redis"
        url = "redis://:battery-staple@127.0.0.1"
    "#;
    let config = Config::from_text("t.toml", text).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("correct-horse"), "{shown}");
    assert!(!shown.contains("battery-staple"), "{shown}");
    assert_eq!(config.warnings.len(), 2, "{:?}", config.warnings);
    assert!(config.identify(Shown::Login("shop", &Secret::new("hunter2hunter2"))).unwrap().proven);
    assert!(config.identify(Shown::Login("shop", &Secret::new("hunter2hunter3"))).is_none());
    assert!(config.identify(Shown::Login("shop2", &Secret::new("hunter2hunter2"))).is_none());
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_would_help() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-config");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 15, "{names:?}");
    let mut wrong = Vec::new();
    for name in names {
        let case = folder.join(&name);
        let text = std::fs::read_to_string(case.join("tactgate.toml")).unwrap();
        let told = match Config::from_text("tactgate.toml", &text) {
            Ok(_) => "(accepted)".to_owned(),
            Err(errors) => errors.to_string(),
        };
        let expected_path = case.join("expected-error");
        if std::env::var_os("TACTGATE_WRITE_EXPECTED").is_some() {
            std::fs::write(&expected_path, &told).unwrap();
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if told != expected {
            wrong.push(format!("--- {}: expected\n{expected}\n--- told\n{told}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\n(TACTGATE_WRITE_EXPECTED=1 writes them; read the difference)", wrong.join("\n"));
}

#[test]
fn the_annotated_example_is_right_and_shows_the_defaults() {
    let text = include_str!("../../docs/tactgate.example.toml");
    let config = Config::from_text("docs/tactgate.example.toml", text).unwrap_or_else(|e| panic!("{e}"));
    let defaults = Config::default();
    assert_eq!(config.listeners, defaults.listeners);
    assert_eq!((&config.hold, &config.record), (&defaults.hold, &defaults.record));
    assert_eq!((&config.policies, &config.store), (&defaults.policies, &defaults.store));
    assert_eq!(config.warnings, [""; 0]);
    assert_eq!(config.stream_without_credential("relay").name, "promotions");
    assert_eq!(config.stream_without_credential("twilio").name, "default");
    assert!(config.identify(Shown::Login("newsletter", &Secret::new("password"))).unwrap().proven);
    assert!(config.identify(Shown::Bearer(&Secret::new("password1"))).is_none());
    assert!(config.events.holder(&Secret::new("test")).is_some_and(|t| t.name == "shop"));
    assert!(config.events.holder(&Secret::new("test1")).is_none());
}

#[test]
fn an_honest_door_off_loopback_is_accepted() {
    let text = r#"
        [[listener]]
        protocol = "smtp"
        address = "0.0.0.0:2525"
        networks = ["10.0.0.0/8", "192.168.1.7"]

        [[listener]]
        protocol = "admin"
        address = "[::]:8701"
        networks = ["2001:db8::/32"]
    "#;
    let config = Config::from_text("t.toml", text).unwrap_or_else(|e| panic!("{e}"));
    let door = &config.listeners[0];
    assert!(door.admits("10.1.2.3".parse().unwrap()) && door.admits("::ffff:192.168.1.7".parse().unwrap()));
    assert!(!door.admits("192.168.1.8".parse().unwrap()) && !door.admits("2001:db8::1".parse().unwrap()));
    assert!(config.listeners[1].admits("2001:db8::1".parse().unwrap()));
}

#[test]
fn every_dialect_is_a_provider_that_a_route_may_name() {
    for dialect in tactgate::providers::DIALECTS {
        assert!(tactgate::config::PROVIDERS.contains(&dialect.name()), "{}", dialect.name());
    }
}
