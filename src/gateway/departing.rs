//! The last step before bytes may leave: the journal says so first. After a crash, a send that the
//! journal does not name has not left.

use jiff::SignedDuration;

use super::deciding::LEASE_SECONDS;
use super::item::Item;
use super::reservation::Reservation;
use super::{Errand, Gateway, sent_event};

impl Gateway {
    /// Writes down that these leave together; `Err` = they must not.
    pub(super) async fn set_out(
        &self,
        errand: &Errand<'_>,
        items: &mut [Item],
        leaving: &[usize],
    ) -> Result<(), String> {
        let brand = errand.submission.stream.brand.as_str();
        for index in leaving {
            let item = &mut items[*index];
            if item.reservation.is_none() {
                // Decided without the store: entered into the document when it is back.
                let lease = item.now.saturating_add(SignedDuration::from_secs(LEASE_SECONDS)).unwrap_or(item.now);
                let mut send = sent_event(item, lease);
                send.attempt.owner = Some(self.identity.owner());
                item.reservation = Some(Reservation::blind(&self.settle, brand, item.key.clone(), send));
            }
        }
        let lines = leaving.iter().filter_map(|index| items[*index].reservation.as_ref()?.line());
        if let Err(error) = self.log.forwarding(self.clock.now(), brand, lines).await {
            tracing::error!(%error, "a departure was not journalled");
            self.metrics.record_errors(self.log.errors());
            self.disown(brand, items, leaving).await?;
        }
        for index in leaving {
            items[*index].reservation.iter_mut().for_each(Reservation::forwarding);
        }
        Ok(())
    }

    /// A journal that cannot be written must not prove later that nothing left: the reservations lose
    /// their owner, so that after a crash they count as sent. `Err` = the store did not take that either.
    async fn disown(&self, brand: &str, items: &[Item], leaving: &[usize]) -> Result<(), String> {
        for index in leaving {
            let item = &items[*index];
            let Some(history) = &item.history else { continue };
            let disowned = self.store.update(brand, &history.root, |customer| {
                let own = customer.sends.iter_mut().find(|send| send.id == item.send_id);
                own.is_some_and(|send| send.attempt.owner.take().is_some())
            });
            if let Err(error) = disowned.await {
                return Err(format!("neither the journal nor the store can note that it leaves: {error}"));
            }
        }
        Ok(())
    }
}
