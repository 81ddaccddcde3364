"""Fits the weights of words, of moments and of reductions; started by tests/eval/weigh, which says more. Reads what `eval --weighed` prints."""

import collections
import datetime
import json
import sys

import numpy
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_fscore_support

OUT = "src/understand/lexicon/weights-{}.txt"
HEAD = """\
# How much words and pairs of words weigh for (+) or against (-), in hundredths of a logit, in this order: hurry, a notice
# or a code, an offer, an invitation to tell an opinion. What a text weighs is the intercept and each phrase in it once;
# signals, what else is known of it, are weighed for hurry only. Fitted to the labelled texts of tests/eval by
# tests/eval/weigh, never written by hand: to change it, label more texts and run that again.
"""
OUT_MOMENTS = "src/understand/lexicon/ends-{}.txt"
HEAD_MOMENTS = """\
# What the signs of a moment weigh (see ends/likely_ends/signs.rs), in hundredths of a logit: first for its being an end of what is
# offered, then, of an end, for its being over when the day begins. Fitted to the labelled texts of tests/eval by
# tests/eval/weigh, never written by hand: to change it, label more texts and run that again.
"""
OUT_OFFS = "src/understand/lexicon/offs-{}.txt"
HEAD_OFFS = """\
# What the signs of a reduction weigh (see taken_off/offered.rs), in hundredths of a logit, for its being offered and not merely
# spoken of. Fitted to the labelled texts of tests/eval by tests/eval/weigh, never written by hand: to change it, label more texts
# and run that again.
"""
# The phrases that are kept of each model and language; a phrase stands in so many texts at least.
KEPT = {"hurry": {"en": 9000, "zh": 6000}, "notice": {"en": 4000, "zh": 4000},
        "offer": {"en": 4000, "zh": 4000}, "opinion": {"en": 1500, "zh": 1500}}
TEXTS_MIN = 3
# The signs of moments and of reductions that are kept of each language.
SIGNS = 6000
# The inverse of the regularisation: chosen by what it did on held texts of earlier batches.
STRENGTH = {"hurry": 1.5, "notice": 1, "offer": 1, "opinion": 1, "sign": 0.3}


def of_purpose(*purposes):
    return lambda text: None if text["purpose"] is None else text["purpose"] in purposes


MODELS = {
    "hurry": lambda text: text["presses"],
    "notice": of_purpose("notice", "one-time-code"),
    "offer": of_purpose("promotion"),
    "opinion": lambda text: text["asks"] if text["purpose"] is not None else None,
}


def features_of(text, model):
    # Links in these texts lead to domains that are nobody's; in those that people get they do not.
    phrases = [phrase for phrase in text["phrases"] if "example" not in phrase.split()]
    return phrases + (["@" + signal for signal in text["signals"]] if model == "hurry" else [])


def fitted(texts, language, model):
    """The phrases and signals that say most with their weights, and the intercept."""
    answers = [MODELS[model](text) for text in texts]
    texts = [text for text, answer in zip(texts, answers) if answer is not None]
    so = numpy.array([answer for answer in answers if answer is not None])
    counts = collections.Counter(phrase for text in texts for phrase in features_of(text, model))

    def fit(kept):
        features = DictVectorizer()
        matrix = features.fit_transform(
            [{phrase: 1 for phrase in features_of(text, model) if phrase in kept} for text in texts]
        )
        # A phrase that stands as often in texts of both sorts is believed less (Wang and Manning 2012, NBSVM).
        shares = [numpy.asarray(matrix[rows].sum(axis=0)).ravel() + 1 for rows in (so, ~so)]
        belief = abs(numpy.log(shares[0] / shares[0].sum() * shares[1].sum() / shares[1])) ** 0.5 + 0.05
        if model != "hurry":
            belief = numpy.ones(len(belief))
        matrix = matrix.multiply(belief).tocsr()
        matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
        # How often each answer is right says nothing here: most texts were written because they look alike.
        model_ = LogisticRegression(C=STRENGTH[model], class_weight="balanced", solver="liblinear", max_iter=3000,
                                    intercept_scaling=10, random_state=1)
        model_.fit(matrix, so)
        return dict(zip(features.get_feature_names_out(), model_.coef_[0] * belief)), float(model_.intercept_[0])

    weights, _ = fit({phrase for phrase, count in counts.items() if count >= TEXTS_MIN})
    says = lambda phrase: (-abs(weights[phrase]) * counts[phrase] ** 0.5, phrase)
    signals = {phrase for phrase in weights if phrase.startswith("@")}
    return fit(signals | set(sorted(weights, key=says)[: KEPT[model][language]]))


def tried(held, model, weights, intercept):
    """What the weights do on texts that were not fitted."""
    held = [(text, MODELS[model](text)) for text in held if MODELS[model](text) is not None]
    told = [intercept + sum(weights.get(phrase, 0) for phrase in features_of(text, model)) > 0 for text, _ in held]
    score = precision_recall_fscore_support([so for _, so in held], told, average="binary")
    return f"on {len(held)} held texts, by weight alone: precision {score[0]:.3f}, recall {score[1]:.3f}, F1 {score[2]:.3f}"


def moments_of(texts):
    """Each moment of the texts whose ends are known: its signs, whether it is an end, and whether its begin is."""
    for text in texts:
        if text["ends"] is None:
            continue
        zone = datetime.datetime.fromisoformat(text["sent_at"]).tzinfo

        def minute(written):
            at = datetime.datetime.fromisoformat(written)
            at = at.astimezone(zone) if at.tzinfo else at.replace(tzinfo=zone)
            # The last minute of a day is its end.
            return at + datetime.timedelta(minutes=1) if (at.hour, at.minute) == (23, 59) else at

        ends = [minute(end) for end in text["ends"]]
        is_end = lambda at: at is not None and any(abs(minute(at) - end) <= datetime.timedelta(minutes=2) for end in ends)
        for moment in text["moments"]:
            at, begins = is_end(moment["at"]), is_end(moment["begins"])
            yield moment["signs"], at or begins, None if moment["begins"] is None or not (at or begins) else begins and not at


def reductions_of(texts):
    """Each reduction of the texts of which it is known whether they take anything off: its signs, and whether they do."""
    for text in texts:
        if text["lowers"] is not None:
            yield from ((signs, text["lowers"]) for signs in text["reductions"])


def fitted_signs(places):
    """What signs of places say, a column an answer; with the intercepts."""
    counts = collections.Counter(sign for place in places for sign in place[0])

    def fit(kept):
        columns, intercepts = [], []
        for answer in range(1, len(places[0])):
            known = [place for place in places if place[answer] is not None]
            features = DictVectorizer()
            matrix = features.fit_transform([{sign: 1 for sign in place[0] if sign in kept} for place in known])
            matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
            model = LogisticRegression(C=STRENGTH["sign"], solver="liblinear", max_iter=3000, random_state=1)
            model.fit(matrix, [place[answer] for place in known])
            columns.append(dict(zip(features.get_feature_names_out(), model.coef_[0])))
            intercepts.append(float(model.intercept_[0]))
        return columns, intercepts

    columns, _ = fit({sign for sign, count in counts.items() if count >= TEXTS_MIN})
    says = lambda sign: (-max(abs(column.get(sign, 0)) for column in columns) * counts[sign] ** 0.5, sign)
    return fit(set(sorted({sign for column in columns for sign in column}, key=says)[:SIGNS]))


def write_signs(places_of, known, held, out, head):
    """Fits and writes one file of signs, and says what it does on texts that were not fitted."""
    columns, intercepts = fitted_signs(list(places_of(known)))
    tried_on = list(places_of(held))
    told = [intercepts[0] + sum(columns[0].get(sign, 0) for sign in place[0]) > 0 for place in tried_on]
    score = precision_recall_fscore_support([place[1] for place in tried_on], told, average="binary", zero_division=0)
    print(f"{out}: on {len(tried_on)} held places, by weight alone: precision {score[0]:.3f}, recall {score[1]:.3f}")
    signs = sorted({sign for column in columns for sign in column})
    lines = [([round(100 * column.get(sign, 0)) for column in columns], sign) for sign in signs]
    lines = [" ".join([*(f"{weight:+d}" for weight in weights), sign]) for weights, sign in lines if any(weights)]
    with open(out, "w") as file:
        file.write(f"{head}\n[intercepts]\n{' '.join(f'{round(100 * number):+d}' for number in intercepts)}\n")
        file.write("\n[signs]\n" + "\n".join(lines) + "\n")
    print(f"{out}: {len(lines)} signs, fitted to {len(known)} texts")


def main():
    texts = [json.loads(line) for line in sys.stdin]
    for language in ("en", "zh"):
        mine = [text for text in texts if text["language"] == language]
        held, known = [[text for text in mine if text["held"] is is_held] for is_held in (True, False)]
        write_signs(moments_of, known, held, OUT_MOMENTS.format(language), HEAD_MOMENTS)
        write_signs(reductions_of, known, held, OUT_OFFS.format(language), HEAD_OFFS)
        models = {}
        for model in MODELS:
            models[model] = fitted(known, language, model)
            print(f"{language} {model}: {tried(held, model, *models[model])}")
        hundredths = lambda model, phrase: round(100 * models[model][0].get(phrase, 0))
        phrases = sorted({phrase for weights, _ in models.values() for phrase in weights if not phrase.startswith("@")})
        lines = [([hundredths(model, phrase) for model in MODELS], phrase) for phrase in phrases]
        lines = [" ".join([*(f"{weight:+d}" for weight in weights), phrase]) for weights, phrase in lines if any(weights)]
        signals = sorted(phrase for phrase in models["hurry"][0] if phrase.startswith("@"))
        intercepts = " ".join(f"{round(100 * intercept):+d}" for _, intercept in models.values())
        with open(OUT.format(language), "w") as out:
            out.write(f"{HEAD}\n[intercepts]\n{intercepts}\n\n[signals]\n")
            out.writelines(f"{hundredths('hurry', signal):+d} {signal[1:]}\n" for signal in signals if hundredths("hurry", signal))
            out.write("\n[phrases]\n" + "\n".join(lines) + "\n")
        print(f"{OUT.format(language)}: {len(lines)} phrases, fitted to {len(known)} texts")


main()
