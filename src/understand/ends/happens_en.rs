//! What happens, begins, is open or is used on a day, in English, as told by the words before it: "camp Aug 3-7", "open until 9",
//! "travel Sep 1 - Nov 15", "every Friday". None of it is the end of an offer by itself.

use std::sync::LazyLock;

use regex::Regex;

use crate::understand::patterns::pattern;

/// "Camp Aug 3-7", "the film festival, Oct 16-18".
pub(in crate::understand) static IS_EVENT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:weekend|week|camps?|retreat|rental|hire|tour|trip|hike|getaway|cruise|workshops?|class|course|lessons?|conference|forum|summit|festival|fair|expo|exhibition|market|show|shows|concert|gig|match|race|run|term|semester|season|tournament|performances?|nights?|event|party|dates?|held|takes[ \n]place|happening|join[ \n]us)[,:]?[ \n](?:on[ \n]|from[ \n]|between[ \n]|is[ \n])?[(]?$"
);

/// "Tennis camp, ages 6-12, 7-10 April, £30 a day", "the Winter Craft Fair in the Corn Hall (27-28 November)".
pub(in crate::understand) static EVENT_NEAR: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:camps?|workshops?|fair|market|festival|conference|retreat|exhibition|tournament|concert|panto|performances?|summit|expo|theatre)[ \n,(][^.!?]{0,40}$"
);

/// "Served Wednesday through Saturday", "kitchen open Thu-Sun".
pub(in crate::understand) static SERVED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:open|opens|opening|hours|served|serving|serves|closed|weekly|lunch|dinner|breakfast|happy[ \n]hours?|office[ \n]hours|we're[ \n]here|call[ \n]us|phone[ \n]lines)[:,]?[ \n](?:(?:on|from|for|all|every)[ \n]){0,2}$"
);

/// What is used, travelled or played then, not bought until then.
pub(in crate::understand) static IS_USED: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:(?:bonus|reward|promo)[ \n](?:gift[ \n])?(?:e-?)?(?:cards?|vouchers?)|travel(?:ling)?|fly|flying|depart(?:s|ing)?|departures?|sail(?:s|ing)?|sailings|stays?|arriv(?:e|ing)|valid[ \n]for[ \n](?:travel|stays)|dates|performances|screenings|check[- ]in|doors|kick-?off)(?:[ \n](?:on|from|between|dates?|period|window|is|are|must[ \n]be|completed?|valid|any[ \n]?time|now|or|through|thru|until|till?|to|in|for|by|before|up))*[:]?[ \n]?$"
);

/// Days on which something is taught, unless it is sold until then: "15% off any course through 15 October".
pub(in crate::understand) static IS_TAUGHT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:class(?:es)?|sessions|lessons|courses?)(?:[ \n](?:on|from|between|dates?|period|window|is|are|must[ \n]be|completed?|valid|any[ \n]?time|now|or|through|thru|until|till?|to|in|for|by|before|up))*[:]?[ \n]?$"
);

/// "Starts at midnight".
pub(in crate::understand) static STARTS: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:starts?|starting|begins?|opens?|opening|launch(?:es|ing)?|live|drops?|kicks?[ \n]off|unlocks?|lands?|arrives?)[ \n](?:[a-z]{1,8}[ \n]){0,2}(?:at|by|@)[ \n]$"
);

/// What begins, is used or was bought on a day is no sale of that day.
pub(in crate::understand) static BEGINS_SOMEWHERE: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:start|begin|launch|open|coming|arriv|kick|drop|live|travel|stay|ship|deliver|arrive|land|return|reopen|payment|takes[ \n]place|held|happen|order(?:ed)?[ \n]on|purchase|bought|paid|placed|due)[a-z]{0,4}(?-u:\b)"
);

pub(in crate::understand) static OPEN: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:open|opened|hours|stores?|lines?|call(?:[ \n]us)?|chat)[ \n](?:[a-z]{1,9}[ \n]){0,2}(?:until|till?|from|to|by|before)[ \n]$"
);

/// What happens every week is no end of anything.
pub(in crate::understand) static RECURS: LazyLock<Option<Regex>> =
    pattern!(r"(?-u:\b)(?:every|each|daily|hours:?)[ \n](?:the[ \n])?$");

/// "Starts on Friday": no end, and the beginning of one in "starts Friday until Sunday".
pub(in crate::understand) static BEGINS_AT: LazyLock<Option<Regex>> = pattern!(
    r"(?-u:\b)(?:since|(?:start|begin)(?:s|ning|ing)?(?:[ \n](?:on|at|from|of))?|opens?(?:[ \n](?:on|at))?)[ \n](?:the[ \n])?$"
);
