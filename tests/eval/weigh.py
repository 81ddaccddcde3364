"""Fits the weights of hurry; started by tests/eval/weigh, which says more. Reads what `eval --weighed` prints."""

import collections
import json
import sys

import numpy
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_fscore_support

OUT = "src/understand/lexicon/weights-{}.txt"
HEAD = """\
# How much words, pairs of words and signals weigh for (+) or against (-) hurry, in hundredths of a logit: what a text
# weighs is the intercept, its signals and each phrase in it once. Fitted to the labelled texts of tests/eval by
# tests/eval/weigh, never written by hand: to change it, label more texts and run that again.
"""
# The phrases that are kept of each language; a phrase stands in so many texts at least.
KEPT = {"en": 9000, "zh": 6000}
TEXTS_MIN = 3
# The inverse of the regularisation: chosen by what it did on held texts of earlier batches.
STRENGTH = 1.5


def fitted(texts, language):
    """The phrases and signals that say most with their weights, and the intercept."""
    presses = numpy.array([text["presses"] for text in texts])
    counts = collections.Counter(phrase for text in texts for phrase in text["phrases"])

    def fit(kept):
        features = DictVectorizer()
        matrix = features.fit_transform(
            [{phrase: 1 for phrase in text["phrases"] if phrase in kept} for text in texts]
        )
        # A phrase that stands as often in texts of both sorts is believed less (Wang and Manning 2012, NBSVM).
        shares = [numpy.asarray(matrix[rows].sum(axis=0)).ravel() + 1 for rows in (presses, ~presses)]
        belief = abs(numpy.log(shares[0] / shares[0].sum() * shares[1].sum() / shares[1])) ** 0.5 + 0.05
        matrix = matrix.multiply(belief).tocsr()
        matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
        # How often texts press says nothing here: most of them were written because they look alike.
        model = LogisticRegression(
            C=STRENGTH, class_weight="balanced", solver="liblinear", max_iter=3000, intercept_scaling=10, random_state=1
        )
        model.fit(matrix, presses)
        return dict(zip(features.get_feature_names_out(), model.coef_[0] * belief)), float(model.intercept_[0])

    weights, _ = fit({phrase for phrase, count in counts.items() if count >= TEXTS_MIN})
    says = lambda phrase: (-abs(weights[phrase]) * counts[phrase] ** 0.5, phrase)
    signals = {phrase for phrase in weights if phrase.startswith("@")}
    return fit(signals | set(sorted(weights, key=says)[: KEPT[language]]))


def main():
    texts = [json.loads(line) for line in sys.stdin]
    for language in ("en", "zh"):
        mine = [text for text in texts if text["language"] == language]
        weights, intercept = fitted([text for text in mine if not text["held"]], language)
        held = [text for text in mine if text["held"]]
        told = [intercept + sum(weights.get(phrase, 0) for phrase in text["phrases"]) > 0 for text in held]
        score = precision_recall_fscore_support([text["presses"] for text in held], told, average="binary")
        print(f"{language}: {len(mine) - len(held)} texts; on {len(held)} held ones, by weight alone: "
              f"precision {score[0]:.3f}, recall {score[1]:.3f}, F1 {score[2]:.3f}")
        lines = [(phrase, round(100 * weight)) for phrase, weight in sorted(weights.items()) if round(100 * weight)]
        with open(OUT.format(language), "w") as out:
            out.write(f"{HEAD}\n[intercept]\n{round(100 * intercept):+d}\n\n[signals]\n")
            out.writelines(f"{weight:+d} {phrase[1:]}\n" for phrase, weight in lines if phrase.startswith("@"))
            out.write("\n[phrases]\n")
            out.writelines(f"{weight:+d} {phrase}\n" for phrase, weight in lines if not phrase.startswith("@"))
        print(f"{OUT.format(language)}: {len(lines)} phrases")


main()
