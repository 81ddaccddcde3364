//! `tactgate understand`: messages in, what they say out, one JSON object a line each. It keeps one line
//! at a time, sends nothing and remembers nothing.

mod asked;
mod told;

use std::io::{BufRead, BufReader, IsTerminal as _, Read};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Arguments, FINE, FOUND, customer, import_catalogue};
use crate::clock::Clock;
use crate::config::{Brand, Config};
use crate::understand::{Catalogue, Context, ProductLinks, Weighable, understand, weighable};

use asked::Asked;

/// Longest line read: a mail with its text and HTML, escaped.
const LINE_BYTES_MAX: usize = 32 << 20;

/// Reads every line; a line that cannot be read is told in its place.
pub fn run(
    arguments: &Arguments,
    file: Option<&Path>,
    brand: Option<&str>,
    catalogue: Option<&Path>,
) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    let mut reader = Reader::of(customer::named_brand(&config, brand)?)?;
    if let Some(file) = catalogue {
        reader.catalogue = Catalogue::new(import_catalogue::items_of(file, config.limits.catalogue_items_max)?);
    }
    let file = file.filter(|file| *file != Path::new("-"));
    let input: Box<dyn Read> = match file {
        Some(file) => Box::new(std::fs::File::open(file).map_err(|e| anyhow::anyhow!("{}: {e}", file.display()))?),
        None => {
            if std::io::stdin().is_terminal() {
                eprintln!(
                    "one message a line, as JSON; the end is Ctrl-D; `tactgate understand --help` shows an example"
                );
            }
            Box::new(std::io::stdin().lock())
        }
    };
    let mut status = FINE;
    let mut lines = Lines { input: BufReader::new(input), number: 0 };
    while let Some(line) = lines.next()? {
        let answer = line.and_then(|line| match line.trim() {
            "" => Ok(None),
            line => reader.answer(line, Clock::Wall.now()).map(Some),
        });
        match answer {
            Ok(Some(told)) => say!("{told}"),
            Ok(None) => {}
            Err(why) => {
                status = FOUND;
                say!("{}", json!({"line": lines.number, "error": why}));
            }
        }
    }
    Ok(status)
}

/// What a line is read with.
pub struct Reader<'a> {
    brand: &'a Brand,
    links: ProductLinks,
    catalogue: Catalogue,
}

impl<'a> Reader<'a> {
    /// With a brand's zone and product pages.
    pub fn of(brand: &'a Brand) -> anyhow::Result<Reader<'a>> {
        let links = ProductLinks::new(&brand.product_links)
            .map_err(|why| anyhow::anyhow!("brand `{}`: product_links: {why}", brand.name))?;
        Ok(Reader { brand, links, catalogue: Catalogue::default() })
    }

    /// What the message on one line says; `now` is when it is sent unless it says so itself.
    pub fn answer(&self, line: &str, now: Timestamp) -> Result<Value, String> {
        let asked = Asked::read(line, now, &self.brand.zone)?;
        let meaning = understand(&self.context(&asked), asked.channel, &asked.content, &asked.declared);
        Ok(told::told(&asked, &meaning))
    }

    fn context(&'a self, asked: &'a Asked) -> Context<'a> {
        let (now, zone) = (asked.sent_at.timestamp(), asked.sent_at.time_zone());
        Context { now, zone, links: &self.links, catalogue: &self.catalogue }
    }

    /// What of the message on one line is weighed (see `tests/eval/weigh`).
    pub fn weighable(&self, line: &str, now: Timestamp) -> Result<Weighable, String> {
        let asked = Asked::read(line, now, &self.brand.zone)?;
        Ok(weighable(&self.context(&asked), &asked.content))
    }
}

/// Lines of bounded length, one at a time.
struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line, or why it cannot be read; `None` at the end.
    fn next(&mut self) -> std::io::Result<Option<Result<String, String>>> {
        let mut line = Vec::new();
        let read = (&mut self.input).take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if line.len() > LINE_BYTES_MAX && !line.ends_with(b"\n") {
            self.input.skip_until(b'\n')?;
            return Ok(Some(Err(format!("the line is longer than {LINE_BYTES_MAX} bytes"))));
        }
        Ok(Some(String::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_too_long_costs_no_other() {
        let text = [vec![b'a'; LINE_BYTES_MAX + 9], b"\nb\n\xff\n\nc".to_vec()].concat();
        let mut lines = Lines { input: BufReader::new(text.as_slice()), number: 0 };
        let mut read = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            read.push((lines.number, line.ok().map(|line| line.trim().to_owned())));
        }
        let some = |line: &str| Some(line.to_owned());
        assert_eq!(read, [(1, None), (2, some("b")), (3, None), (4, some("")), (5, some("c"))]);
    }
}
