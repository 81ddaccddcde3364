//! `tactgate demo`: a gateway on free loopback ports, a shop that tells it what happened, tools that
//! send through SMTP, SendGrid and Twilio doors, and each verdict with its reason, before your eyes.
//! The clock is turned by hand, so that weeks pass at once; nothing leaves the machine.

mod player;
pub mod stories;

use std::io::IsTerminal as _;

use owo_colors::OwoColorize as _;

use super::{Arguments, FINE, FOUND, Format, Lang, runtime};
use crate::message::Language;
use player::{Played, Player};
use stories::{STORIES, Step};

/// Plays the stories; 1 when a verdict is not the one the story asks for.
pub fn run(arguments: &Arguments, lang: Option<Lang>) -> anyhow::Result<u8> {
    let languages: Vec<Language> = lang.map_or(vec![Language::En, Language::Zh], |lang| vec![lang.into()]);
    let format = arguments.format;
    let wrong = runtime()?.block_on(async {
        let mut wrong = 0;
        for language in languages {
            let mut player = Player::start(language).await?;
            for story in STORIES {
                show_title(format, story.title.to(language));
                for step in story.steps {
                    let played = player.play(step).await?;
                    wrong += usize::from(!played.as_expected());
                    show(format, step, &played, language);
                }
                player.next_story().await?;
            }
            player.stop().await;
        }
        anyhow::Ok(wrong)
    })?;
    if format == Format::Text {
        let verdict =
            if wrong == 0 { "every message met the verdict its story asks for" } else { "SOME VERDICTS ARE WRONG" };
        say!("\n{verdict}. Read policies/ to see the rules; run `tactgate` to try your own messages.");
    }
    Ok(if wrong == 0 { FINE } else { FOUND })
}

fn show_title(format: Format, title: &str) {
    if format == Format::Text {
        say!("\n{}", painted(title, |t| t.bold().to_string()));
    }
}

fn show(format: Format, step: &Step, played: &Played, language: Language) {
    if format == Format::Json {
        say!("{}", played.json());
        return;
    }
    match (step, played) {
        (Step::Told(_, said, _), _) => say!("  · {}", said.to(language)),
        (Step::Hours(hours), _) => say!("  · {}", later(*hours, language)),
        (Step::Sent { .. }, Played::Sent(sent)) => {
            say!("  → {} [{}] {}", sent.by, sent.door, sent.shown);
            let mark = match sent.verdict.as_str() {
                "pass" => painted("✓ pass", |t| t.green().to_string()),
                "block" => painted("✗ block", |t| t.red().to_string()),
                other => painted(&format!("◷ {other}"), |t| t.yellow().to_string()),
            };
            say!("    {mark}   {}", sent.answer);
            for reason in &sent.reasons {
                say!("      {reason}");
            }
            if !played.as_expected() {
                say!("      {}", painted("NOT what this story asks for", |t| t.red().to_string()));
            }
        }
        _ => {}
    }
}

fn later(hours: i64, language: Language) -> String {
    let (days, rest) = (hours / 24, hours % 24);
    match (language, rest) {
        (Language::En, 0) => format!("{days} day(s) later"),
        (Language::En, _) => format!("{hours} hours later"),
        (Language::Zh, 0) => format!("{days}天后"),
        (Language::Zh, _) => format!("{hours}小时后"),
    }
}

/// Colour only where somebody looks at a terminal, and NO_COLOR is not set.
fn painted(text: &str, paint: impl Fn(&str) -> String) -> String {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if colour { paint(text) } else { text.to_owned() }
}
