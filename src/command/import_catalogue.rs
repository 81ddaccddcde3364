//! `tactgate import --catalogue FILE`: a shop's products from a CSV file or NDJSON, in place of those imported
//! before. What is refused is told line by line; the rest is taken.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::import::bar;
use super::{Arguments, FINE, FOUND, Format, customer, runtime};
use crate::config::Config;
use crate::understand::{CATALOGUE_COLUMNS, CatalogueEntry, Item};

/// Refused lines that are told one by one.
const REFUSED_SHOWN_MAX: usize = 100;
/// Bytes of one line.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What was read of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct FileRead {
    items: Vec<Item>,
    refused: Vec<(u64, String)>,
    refused_count: usize,
    not_read: BTreeSet<String>,
}

/// Imports.
pub fn run(arguments: &Arguments, file: &Path, brand: Option<&str>) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    let brand = customer::named_brand(&config, brand)?;
    let (input, bytes): (Box<dyn Read + Send>, Option<u64>) = if file == Path::new("-") {
        (Box::new(std::io::stdin()), None)
    } else {
        let open = std::fs::File::open(file).map_err(|e| anyhow::anyhow!("{}: {e}", file.display()))?;
        let length = open.metadata()?.len();
        (Box::new(open), Some(length))
    };
    let bar = bar(bytes);
    let mut input = BufReader::new(bar.wrap_read(input));
    let begins_with_brace = input.fill_buf()?.trim_ascii_start().starts_with(b"{");
    let is_ndjson = file.extension().is_some_and(|kind| kind == "ndjson" || kind == "jsonl") || begins_with_brace;
    let items_max = config.limits.catalogue_items_max;
    let read = if is_ndjson { ndjson(input, items_max)? } else { csv(input, items_max)? };
    bar.finish_and_clear();
    let whole = serde_json::to_vec(&read.items)?;
    runtime()?.block_on(async {
        let store = customer::open_store(&config).await?;
        store.keep_catalogue(&brand.name, &whole).await?;
        store.close().await?;
        anyhow::Ok(())
    })?;
    tell(arguments, file, &read);
    Ok(if read.refused_count == 0 { FINE } else { FOUND })
}

/// The products of a file, for a command that keeps none; what cannot be read of it is an error.
pub(super) fn items_of(file: &Path, items_max: usize) -> anyhow::Result<Vec<Item>> {
    let open = std::fs::File::open(file).map_err(|e| anyhow::anyhow!("{}: {e}", file.display()))?;
    let mut input = BufReader::new(open);
    let is_ndjson = input.fill_buf()?.trim_ascii_start().starts_with(b"{");
    let read = if is_ndjson { ndjson(input, items_max)? } else { csv(input, items_max)? };
    match read.refused.first() {
        Some((line, why)) => anyhow::bail!("{}:{line}: {why}", file.display()),
        None => Ok(read.items),
    }
}

fn tell(arguments: &Arguments, file: &Path, read: &FileRead) {
    if arguments.format == Format::Json {
        let refused: Vec<_> =
            read.refused.iter().map(|(line, why)| serde_json::json!({"line": line, "why": why})).collect();
        let (products, columns) = (read.items.len(), &read.not_read);
        say!("{}", serde_json::json!({"products": products, "refused": refused, "columns_not_read": columns}));
        return;
    }
    for (line, why) in &read.refused {
        eprintln!("{}:{line}: {why}", file.display());
    }
    if !read.not_read.is_empty() {
        let columns: Vec<&str> = read.not_read.iter().map(String::as_str).collect();
        eprintln!("columns not read: {}; those read are {}", columns.join(", "), CATALOGUE_COLUMNS.join(", "));
    }
    say!(
        "{} products taken in, {} refused; a running gateway has them within a minute",
        read.items.len(),
        read.refused_count
    );
}

impl FileRead {
    fn take(&mut self, line: u64, entry: Result<Item, String>, items_max: usize) {
        let entry = match entry {
            Ok(_) if self.items.len() >= items_max => {
                Err(format!("is beyond [limits] catalogue_items_max = {items_max}"))
            }
            entry => entry,
        };
        match entry {
            Ok(item) => self.items.push(item),
            Err(why) => {
                self.refused_count += 1;
                if self.refused.len() < REFUSED_SHOWN_MAX {
                    self.refused.push((line, why));
                }
            }
        }
    }
}

fn csv(input: impl Read, items_max: usize) -> anyhow::Result<FileRead> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(input);
    let headers: Vec<String> =
        reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_lowercase()).collect();
    if !headers.iter().any(|name| name == "sku") {
        anyhow::bail!("the first line names the columns, and one of them is `sku`: {}", CATALOGUE_COLUMNS.join(", "));
    }
    let not_read = headers.iter().filter(|name| !CATALOGUE_COLUMNS.contains(&name.as_str())).cloned().collect();
    let mut read = FileRead { not_read, ..FileRead::default() };
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(read),
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                let mut entry = CatalogueEntry::default();
                headers.iter().zip(&record).for_each(|(column, value)| entry.set(column, value));
                read.take(line, entry.item(), items_max);
            }
            // Not UTF-8, for one: the line is lost, the rest is not.
            Err(error) if !error.is_io_error() => read.take(line, Err(error.to_string()), items_max),
            Err(error) => return Err(error.into()),
        }
    }
}

fn ndjson(mut input: impl BufRead, items_max: usize) -> anyhow::Result<FileRead> {
    let mut read = FileRead::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let bytes = input.by_ref().take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if bytes == 0 {
            break;
        }
        if bytes > LINE_BYTES_MAX {
            input.skip_until(b'\n')?;
            read.take(number, Err(format!("has more than {LINE_BYTES_MAX} bytes")), items_max);
            continue;
        }
        let text = line.trim_ascii();
        let text = if number == 1 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) } else { text };
        if !text.is_empty() {
            let entry = serde_json::from_slice::<CatalogueEntry>(text).map_err(|why| why.to_string());
            read.take(number, entry.and_then(|entry| entry.item()), items_max);
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_what_is_wrong_is_told_by_line() {
        let file = "\u{feff}SKU,name_zh,list_price,goods,colour\nbt-200,蓝牙车载播放器,399 CNY,durable,red\n,x,,,\n\"BT-300\",\"a\nb\",,,\nBT-400,\"Speaker, large\",,,\n";
        let read = csv(file.as_bytes(), 10).unwrap();
        assert_eq!(read.items.iter().map(|item| item.sku.as_str()).collect::<Vec<_>>(), ["BT-200", "BT-400"]);
        assert_eq!(read.refused.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(read.not_read.iter().collect::<Vec<_>>(), ["colour"]);
        assert!(csv("name\nx\n".as_bytes(), 10).is_err(), "no sku");
        let lines =
            "{\"sku\":\"a-1\",\"names\":[\"Lamp\",\"台灯\"]}\n\n{\"sku\":1}\n{\"sku\":\"a-2\"}\n{\"sku\":\"a-3\"}\n";
        let read = ndjson(lines.as_bytes(), 2).unwrap();
        assert_eq!((read.items.len(), read.refused.len()), (2, 2));
        assert!(read.refused[1].1.contains("catalogue_items_max"));
    }
}
