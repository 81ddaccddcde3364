//! Of what does the message speak: of goods, of duties, or as friends do? The words are in `lexicon/voices.txt`. None
//! of them decides; "tickets" and "left" are said by a box office and by a friend, "due" and "account" by no shop.

/// How many words of each sort a text has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::understand) struct Voice {
    goods: u16,
    duties: u16,
    chat: u16,
}

/// Words of one sort that count; a long mail says no more than a short one.
const WORDS_MAX: u16 = 6;

impl Voice {
    /// One word of a section of the lexicon.
    pub fn of_section(name: &str) -> Option<Voice> {
        let none = Voice::default();
        match name {
            "goods" => Some(Voice { goods: 1, ..none }),
            "duty" => Some(Voice { duties: 1, ..none }),
            "chat" => Some(Voice { chat: 1, ..none }),
            _ => None,
        }
    }

    /// Both together.
    pub fn with(self, other: Voice) -> Voice {
        Voice {
            goods: self.goods.saturating_add(other.goods),
            duties: self.duties.saturating_add(other.duties),
            chat: self.chat.saturating_add(other.chat),
        }
    }

    /// How much it speaks as a shop does, three halves a word of goods.
    pub fn says(self) -> i32 {
        let of = |words: u16| i32::from(words.min(WORDS_MAX));
        of(self.goods) * 3 / 2 - of(self.duties) * 9 / 2 - of(self.chat) * 5
    }
}
