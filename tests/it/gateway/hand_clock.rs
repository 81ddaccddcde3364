//! The same gateway inside the test's process, where days pass at the turn of a hand.

use jiff::Timestamp;
use tactgate::clock::Clock;
use tactgate::command::serve::{Running, start};
use tactgate::config::Config;

use super::child::Home;

/// Starts one with these routes, and `[store]` keys after them if there are any; its clock stands at now.
pub async fn by_hand(home: &Home, routes: &str) -> (Running, Timestamp) {
    let (routes, store) = routes.split_once("[store]\n").unwrap_or((routes, ""));
    home.settings(&format!(
        "{routes}[store]\ndir = {:?}\n{store}\n[policies]\ndir = {:?}\n",
        home.path("data"),
        home.path("policies")
    ));
    // Noon in the zone that `settings` chose is now; the clock begins there.
    let begin = Timestamp::now();
    let config = Config::load(Some(&home.path("tactgate.toml"))).unwrap();
    (start(config, Clock::standing_at(begin)).await.unwrap(), begin)
}
