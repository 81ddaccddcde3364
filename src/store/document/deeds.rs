//! The stored form of what a person did and went through: experiences, wishes for a lower price, looks.

use super::wire::Micros;
use super::{StoreError, Table, damaged};
use crate::facts::{Browsed, Experience, ExperienceKind, PriceAlert};

/// Kind, product, order, department, when, from.
pub(super) type WireExperience = (u8, Option<u32>, Option<u32>, Option<u32>, Micros, u32);
/// Product, when, from.
pub(super) type WireAlert = (u32, Micros, u32);
/// Topic, product, when, from.
pub(super) type WireBrowsed = (Option<u32>, Option<u32>, Micros, u32);

impl Table {
    pub(super) fn experience(&mut self, e: &Experience) -> WireExperience {
        let kind = match e.kind {
            ExperienceKind::Delivered => 0,
            ExperienceKind::Used => 1,
            ExperienceKind::StayEnded => 2,
            ExperienceKind::TicketClosed => 3,
            ExperienceKind::Visited => 4,
        };
        let (product, order) = (self.maybe(e.product.as_deref()), self.maybe(e.order.as_deref()));
        (kind, product, order, self.maybe(e.department.as_deref()), Micros(e.at), self.at(&e.from))
    }

    pub(super) fn alert(&mut self, a: &PriceAlert) -> WireAlert {
        (self.at(&a.product), Micros(a.at), self.at(&a.from))
    }

    pub(super) fn browsed(&mut self, b: &Browsed) -> WireBrowsed {
        let (topic, product) = (self.maybe(b.topic.as_deref()), self.maybe(b.product.as_deref()));
        (topic, product, Micros(b.at), self.at(&b.from))
    }
}

/// Texts by their number in the table.
pub(super) struct Texts<'a>(pub &'a [String]);

impl Texts<'_> {
    fn at(&self, at: u32) -> Result<String, StoreError> {
        self.0.get(at as usize).cloned().ok_or_else(|| damaged("a text is missing"))
    }

    fn maybe(&self, at: Option<u32>) -> Result<Option<String>, StoreError> {
        at.map(|at| self.at(at)).transpose()
    }

    pub(super) fn experience(&self, wire: WireExperience) -> Result<Experience, StoreError> {
        let (kind, product, order, department, at, from) = wire;
        let kind = match kind {
            0 => ExperienceKind::Delivered,
            1 => ExperienceKind::Used,
            2 => ExperienceKind::StayEnded,
            3 => ExperienceKind::TicketClosed,
            4 => ExperienceKind::Visited,
            _ => return Err(damaged("an unknown experience")),
        };
        let (product, order, department) = (self.maybe(product)?, self.maybe(order)?, self.maybe(department)?);
        Ok(Experience { kind, product, order, department, at: at.0, from: self.at(from)? })
    }

    pub(super) fn alert(&self, (product, at, from): WireAlert) -> Result<PriceAlert, StoreError> {
        Ok(PriceAlert { product: self.at(product)?, at: at.0, from: self.at(from)? })
    }

    pub(super) fn browsed(&self, (topic, product, at, from): WireBrowsed) -> Result<Browsed, StoreError> {
        let (topic, product) = (self.maybe(topic)?, self.maybe(product)?);
        Ok(Browsed { topic, product, at: at.0, from: self.at(from)? })
    }
}
