//! `tactgate customer show|export|erase ADDRESS`: what is known of one person (their right to see it
//! and to have it erased).

use anyhow::Context as _;
use clap::ValueEnum;

use super::{Arguments, FINE, FOUND, runtime};
use crate::clock::Clock;
use crate::config::{Brand, Config};
use crate::gateway::opening::store_settings;
use crate::message::Address;
use crate::store::{OpenError, Store};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// A summary
    Show,
    /// Everything, as JSON
    Export,
    /// Forget it; the decision log keeps its lines, which then lead to nobody
    Erase,
}

/// Does it.
pub fn run(arguments: &Arguments, action: Action, address: &str, brand: Option<&str>) -> anyhow::Result<u8> {
    let config = Config::load(arguments.config.as_deref())?;
    let brand = named_brand(&config, brand)?;
    let address = Address::any(address, brand.region.as_deref())?;
    runtime()?.block_on(async {
        let store = open_store(&config).await?;
        let key = store.key(&brand.name, &address);
        let loaded = store.load(&brand.name, std::slice::from_ref(&key), &[]).await?;
        let found = loaded.customers.into_iter().next().filter(|found| found.version > 0);
        let Some(found) = found else {
            say!("nothing is known of this address");
            return Ok(FOUND);
        };
        let customer = found.customer;
        match action {
            Action::Export => {
                let whole = store.customer_export(&brand.name, &address).await?;
                say!("{}", serde_json::to_string_pretty(&whole)?);
            }
            Action::Show => {
                let record = customer.record_id.as_deref().unwrap_or("(none yet)");
                say!("record id    {record}");
                say!("addresses    {}", customer.members.len());
                say!("purchases    {} ({} returned)", customer.purchases.len(), customer.returns.len());
                say!("surveys      {}", customer.surveys.len());
                say!("complaints   {}", customer.complaints.len());
                say!("refusals     {}", customer.opt_outs.len());
                say!("preferences  {}", customer.preferences.len());
                say!("sent         {}", customer.sends.len());
                say!("held         {}", customer.held.len());
            }
            Action::Erase => {
                store.customer_erase(&brand.name, &address).await?;
                say!("erased");
            }
        }
        Ok(FINE)
    })
}

/// The brand of that name, else the configuration's first.
pub fn named_brand<'a>(config: &'a Config, name: Option<&str>) -> anyhow::Result<&'a Brand> {
    let found = match name {
        Some(name) => config.brand(name),
        None => config.brands.first(),
    };
    found.ok_or_else(|| anyhow::anyhow!("there is no brand `{}`", name.unwrap_or("default")))
}

/// The store of the configuration.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let opened = Store::open(&store_settings(config), Clock::Wall.now()).await;
    if matches!(opened, Err(OpenError::InUse { .. })) {
        // Two writers of one file would each know half; Redis is the store for several processes.
        return opened.context(
            "a running gateway has the embedded store to itself: stop it for this command, tell events to its door \
             `/tactgate/v1/events`, or keep the facts in Redis",
        );
    }
    Ok(opened?)
}
