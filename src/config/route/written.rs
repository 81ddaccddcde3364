//! A `[[route]]` as written, and what can be wrong with it.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::upstream::{is_this_machine, parse_rate, parse_upstream};
use super::{Mixed, OtherPaths, PROVIDERS, Rate, Route, RouteCredentials, Timeouts, Upstream, UpstreamTls};
use crate::config::problem::{Problems, did_you_mean};
use crate::config::secret::SecretSource;
use crate::config::stream::check_region;
use crate::message::Secret;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawRoute {
    pub(in crate::config) name: Spanned<String>,
    provider: Spanned<String>,
    pub(in crate::config) upstream: Option<Spanned<String>>,
    pub(in crate::config) stream: Option<Spanned<String>>,
    credentials: Option<Spanned<Whose>>,
    own: Option<Spanned<RawOwn>>,
    refusal: Option<Spanned<Style>>,
    rate: Option<Spanned<String>>,
    burst: Option<Spanned<u32>>,
    #[serde(default)]
    other_paths: OtherPaths,
    trace: Option<bool>,
    mixed: Option<Spanned<Mixed>>,
    region: Option<Spanned<String>>,
    timeouts: Option<Spanned<Timeouts>>,
    tls: Option<Spanned<UpstreamTls>>,
    ca: Option<Spanned<PathBuf>>,
    connections_max: Option<Spanned<usize>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Whose {
    Pass,
    Own,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Style {
    Strict,
    Native,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwn {
    user: Option<String>,
    secret: Option<Secret>,
    secret_file: Option<PathBuf>,
    secret_env: Option<String>,
}

impl RawRoute {
    pub(in crate::config) fn check(&self, problems: &mut Problems, warnings: &mut Vec<String>) -> Option<Route> {
        let provider = self.provider.get_ref().as_str();
        if !PROVIDERS.contains(&provider) {
            let help = did_you_mean(provider, PROVIDERS.iter().copied())
                .unwrap_or_else(|| format!("one of: {}", PROVIDERS.join(", ")));
            problems.add_with_help(self.provider.span(), format!("there is no provider `{provider}`"), help);
            return None;
        }
        let upstream = self.check_upstream(provider, problems)?;
        let credentials = self.check_credentials(problems, warnings)?;
        let tls = self.check_tls(&upstream, &credentials, problems);
        self.check_refusal(problems);
        self.check_mixed(problems);
        if let Some(region) = &self.region {
            check_region(region, problems);
        }
        if let Some(ca) = &self.ca
            && !ca.get_ref().is_file()
        {
            problems.add(ca.span(), format!("{} is not a file that can be read", ca.get_ref().display()));
        }
        if let Some(zero) = self.connections_max.as_ref().filter(|n| *n.get_ref() == 0) {
            problems.add(zero.span(), "with no connection nothing can leave");
        }
        let timeouts = self.check_timeouts(&upstream, problems);
        Some(Route {
            name: self.name.get_ref().clone(),
            provider: provider.to_owned(),
            upstream,
            stream: self.stream.as_ref().map(|s| s.get_ref().clone()),
            credentials,
            rate: self.check_rate(problems),
            other_paths: self.other_paths,
            trace: self.trace.unwrap_or(true),
            mixed: self.mixed.as_ref().map_or(Mixed::Dsn, |mixed| *mixed.get_ref()),
            region: self.region.as_ref().map(|r| r.get_ref().clone()),
            timeouts,
            tls,
            ca: self.ca.as_ref().map(|c| c.get_ref().clone()),
            connections_max: self.connections_max.as_ref().map_or(256, |n| *n.get_ref()),
        })
    }

    fn check_upstream(&self, provider: &str, problems: &mut Problems) -> Option<Upstream> {
        let (text, span) = match (&self.upstream, provider) {
            (Some(upstream), _) => (upstream.get_ref().as_str(), upstream.span()),
            (None, "sandbox") => return Some(Upstream::Sandbox),
            (None, "sendgrid") => ("https://api.sendgrid.com", self.provider.span()),
            (None, "twilio") => ("https://api.twilio.com", self.provider.span()),
            (None, _) => {
                problems.add_with_help(
                    self.name.span(),
                    "where does this route lead?",
                    "add `upstream = \"smtp://host:25\"`",
                );
                return None;
            }
        };
        if text == "sandbox" {
            return Some(Upstream::Sandbox);
        }
        let upstream = match parse_upstream(text) {
            Ok(upstream) => upstream,
            Err(why) => {
                problems.add_with_help(
                    span,
                    format!("this is not an upstream: {why}"),
                    "write `https://api.example.com`, `smtp://host:25`, `smtps://host:465` or `sandbox`",
                );
                return None;
            }
        };
        let fits = match (&upstream, provider) {
            (_, "tactgate") => true,
            (Upstream::Smtp { .. }, provider) => provider == "relay",
            (Upstream::Http { .. }, provider) => provider != "relay" && provider != "sandbox",
            (Upstream::Sandbox, _) => true,
        };
        if !fits {
            problems.add(span, format!("`{provider}` cannot leave by `{text}`"));
            return None;
        }
        Some(upstream)
    }

    fn check_timeouts(&self, upstream: &Upstream, problems: &mut Problems) -> Timeouts {
        let Some(timeouts) = &self.timeouts else { return Timeouts::default() };
        let (reply, total) = (timeouts.get_ref().reply_ms(upstream), timeouts.get_ref().total_ms(upstream));
        if reply > total {
            problems.add_with_help(
                timeouts.span(),
                format!("a reply may take {reply} ms, but all of it no more than {total} ms"),
                "`total_ms` is what the client waits: make it longer than `reply_ms`",
            );
        }
        timeouts.get_ref().clone()
    }

    fn check_credentials(&self, problems: &mut Problems, warnings: &mut Vec<String>) -> Option<RouteCredentials> {
        let what = format!("route `{}`", self.name.get_ref());
        match (self.credentials.as_ref().map(|c| *c.get_ref()), &self.own) {
            (None | Some(Whose::Pass), None) => Some(RouteCredentials::Pass),
            (Some(Whose::Pass), Some(own)) => {
                problems.add(own.span(), "`own` is given, but `credentials` says \"pass\"");
                None
            }
            (Some(Whose::Own), None) => {
                problems.add_with_help(
                    self.credentials.as_ref().map_or_else(|| self.name.span(), Spanned::span),
                    format!("{what}: own credentials are not given"),
                    "add `own = { user = \"…\", secret_env = \"…\" }`",
                );
                None
            }
            (_, Some(own)) => {
                let raw = own.get_ref();
                let source = SecretSource {
                    inline: raw.secret.clone(),
                    file: raw.secret_file.clone(),
                    env: raw.secret_env.clone(),
                };
                let before = problems.0.len();
                let Some(secret) = source.fetch(own.span(), &what, problems, warnings) else {
                    if problems.0.len() == before {
                        problems.add(own.span(), format!("{what}: `own` needs `secret_file` or `secret_env`"));
                    }
                    return None;
                };
                Some(RouteCredentials::Own { user: raw.user.clone(), secret })
            }
        }
    }

    fn check_tls(&self, upstream: &Upstream, credentials: &RouteCredentials, problems: &mut Problems) -> UpstreamTls {
        let tls = self.tls.as_ref().map(|t| *t.get_ref());
        match upstream {
            Upstream::Smtp { implicit_tls: false, host, .. } => {
                let here = is_this_machine(host);
                if matches!(credentials, RouteCredentials::Own { .. }) && !here && tls != Some(UpstreamTls::Required) {
                    match &self.tls {
                        Some(said) => problems.add_with_help(
                            said.span(),
                            "own credentials would travel in clear text",
                            "off this machine they need `tls = \"required\"` or an `smtps://` upstream",
                        ),
                        None => return UpstreamTls::Required,
                    }
                }
                tls.unwrap_or_default()
            }
            _ => {
                if let Some(said) = &self.tls
                    && *said.get_ref() != UpstreamTls::Required
                {
                    problems.add(said.span(), "`tls` is for `smtp://` upstreams; here the scheme says it");
                }
                UpstreamTls::Required
            }
        }
    }

    /// A DSN, the default, goes to the sender's mailbox; an event would need a place to go to.
    fn check_mixed(&self, problems: &mut Problems) {
        if let Some(mixed) = self.mixed.as_ref().filter(|mixed| *mixed.get_ref() == Mixed::Event) {
            problems.add_with_help(
                mixed.span(),
                "blocked recipients would be told by an event, but nobody would be told",
                "this version has no callback destination; use \"dsn\"",
            );
        }
    }

    /// Strict, the default: a refusal is said at once. Native (accepted, then the provider's failed event)
    /// needs somebody to be told, and this version tells nobody.
    fn check_refusal(&self, problems: &mut Problems) {
        if let Some(refusal) = self.refusal.as_ref().filter(|r| *r.get_ref() == Style::Native) {
            problems.add_with_help(
                refusal.span(),
                "a native refusal is accepted first and told later, but nobody would be told",
                "this version has no callback destination; use \"strict\": the refusal is said at once",
            );
        }
    }

    fn check_rate(&self, problems: &mut Problems) -> Option<Rate> {
        let Some(text) = &self.rate else {
            if let Some(burst) = &self.burst {
                problems.add(burst.span(), "`burst` is only used with `rate`");
            }
            return None;
        };
        let Some((count, per_ms)) = parse_rate(text.get_ref()) else {
            problems.add_with_help(
                text.span(),
                format!("`{}` is not a rate", text.get_ref()),
                "write `50 per second`, `1000 per minute`, `20000 per hour` or `100000 per day`",
            );
            return None;
        };
        let burst = self.burst.as_ref().map_or(count, |b| *b.get_ref());
        if burst == 0 {
            problems.add(
                self.burst.as_ref().map_or_else(|| text.span(), Spanned::span),
                "with a burst of 0 nothing can leave",
            );
        }
        Some(Rate { count, per_ms, burst })
    }
}
