//! The names of topics as a Chinese reader says them. A shop's own topics stay as it names them.

/// The Chinese name of a topic of `understand/lexicon/topics.txt`.
pub fn in_chinese(topic: &str) -> Option<&'static str> {
    Some(match topic {
        "appliances" => "家电",
        "baby" => "母婴",
        "bags" => "箱包",
        "books" => "图书",
        "car" => "汽车用品",
        "clothes" => "服装",
        "cosmetics" => "化妆品",
        "drinks" => "酒水饮料",
        "education" => "教育培训",
        "electronics" => "数码电子",
        "finance" => "金融",
        "food" => "食品",
        "games" => "游戏",
        "health" => "健康",
        "home" => "家居",
        "jewelry" => "珠宝首饰",
        "pets" => "宠物",
        "shoes" => "鞋类",
        "sports" => "运动户外",
        "telecom" => "通信套餐",
        "toys" => "玩具",
        "travel" => "旅游",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_of_the_lexicon_has_a_name() {
        let lexicon = include_str!("../understand/lexicon/topics.txt");
        let sections = lexicon.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
        let unnamed: Vec<&str> = sections.filter(|topic| in_chinese(topic).is_none()).collect();
        assert!(unnamed.is_empty(), "{unnamed:?}");
    }
}
