//! What tells a gateway that the store forgot: canaries, one number of the gateway's own under many
//! names, so that every machine of a cluster very likely holds one. A number smaller than the one last
//! acknowledged, or none, means that writes after it are lost; a server's log and a replica's stream keep
//! their order, so what was written before the number that is found is there.

use jiff::Timestamp;

use super::backend::{Kept, Mark};
use super::{CustomerKey, INSTALLED_SET, Linked, PEPPER_SET, Steps, Store, StoreError};
use crate::facts::{FactKind, Member};

/// Canaries in a store that many gateways share: three machines hold one each but for one time in a
/// hundred thousand.
const CANARIES_SHARED: u32 = 32;
/// They outlive any gateway that is only switched off for a while.
const CANARY_SECONDS: u32 = 400 * 24 * 3_600;

impl Store {
    /// The smallest of a gateway's canaries, microseconds; none when one is missing.
    pub async fn canary(&self, gateway: u32, shared: bool) -> Result<Option<i64>, StoreError> {
        let found = self.kept(&names(gateway, shared)).await?;
        let numbers = found.into_iter().map(|kept| String::from_utf8(kept?).ok()?.parse().ok());
        Ok(numbers.collect::<Option<Vec<i64>>>().and_then(|numbers| numbers.into_iter().min()))
    }

    /// Sets them; acknowledged when it returns.
    pub async fn set_canary(&self, gateway: u32, shared: bool, at_us: i64) -> Result<(), StoreError> {
        let kept = |name| Kept { name, value: at_us.to_string().into_bytes(), seconds: CANARY_SECONDS };
        self.keep(names(gateway, shared).into_iter().map(kept).collect()).await
    }

    /// Since when the store knows what was sent.
    pub async fn installed(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.load("", &[], &[]).await?.known_since.get(&FactKind::Sends).copied())
    }

    /// Puts back what a store that forgot everything is told once only, at its installation.
    pub async fn restore(&self, installed: Timestamp) -> Result<(), StoreError> {
        let at = installed.as_microsecond();
        let mark = |set: &str, member: String| Mark { set: set.to_owned(), member, at };
        let canary = self.inner.pepper.canary();
        self.inner.backend.mark(vec![mark(PEPPER_SET, canary), mark(INSTALLED_SET, "at".to_owned())]).await
    }

    /// Joins the histories of two addresses again, of which only the keys are known.
    pub async fn link_keys(&self, members: &[Member; 2]) -> Result<Linked, StoreError> {
        let keys = members.clone().map(|member| CustomerKey(member.key));
        self.unite(&keys, Some(members), &mut { Steps::ALL }).await
    }
}

fn names(gateway: u32, shared: bool) -> Vec<String> {
    let count = if shared { CANARIES_SHARED } else { 1 };
    (0..count).map(|number| format!("{{canary-{number}}}:{gateway:08x}")).collect()
}
