//! The same gateway inside the test's process, where days pass at the turn of a hand.

use jiff::Timestamp;
use tactgate::clock::Clock;
use tactgate::command::serve::{Running, start};
use tactgate::config::Config;

use super::child::{Home, noon_zone};

/// Starts one with these routes, and `[store]` keys after them if there are any; its clock stands at now.
pub async fn by_hand(home: &Home, routes: &str) -> (Running, Timestamp) {
    // Noon in this zone is now; the clock begins there.
    let begin = Timestamp::now();
    (from(home, &noon_zone(), routes, begin).await, begin)
}

/// The same for a brand in this zone, with a clock that stands at `begin`.
pub async fn from(home: &Home, zone: &str, routes: &str, begin: Timestamp) -> Running {
    let (routes, store) = routes.split_once("[store]\n").unwrap_or((routes, ""));
    let settings = format!(
        "{routes}[store]\ndir = {:?}\n{store}\n[policies]\ndir = {:?}\n",
        home.path("data"),
        home.path("policies")
    );
    home.settings_in(zone, &settings);
    let config = Config::load(Some(&home.path("tactgate.toml"))).unwrap();
    start(config, Clock::standing_at(begin)).await.unwrap()
}
