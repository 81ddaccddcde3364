//! Time zones by IANA name, from the copy compiled into the binary: the same on every machine, and no
//! file is read to find one.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of that name (`Asia/Shanghai`, any case); `None` when there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    BUNDLED.get(name.trim()).ok()
}
