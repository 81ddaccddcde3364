"""Fits the weights of hurry; started by tests/eval/weigh, which says more."""

import collections
import glob
import html
import json
import re

import numpy
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_fscore_support

OUT = "src/understand/lexicon/weights.txt"
HEAD = """\
# How much words and pairs of words weigh for (+) or against (-) hurry, in hundredths of a logit: what a text weighs is
# the intercept and each phrase in it once. Fitted to the labelled texts of tests/eval by tests/eval/weigh, never
# written by hand: to change it, label more texts and run that again.
"""
# The English phrases and the Chinese ones that are kept; a phrase stands in so many texts at least.
KEPT = {"latin": 3500, "han": 3000}
TEXTS_MIN = 3
# The inverse of the regularisation: chosen by what it did on held texts of earlier batches.
STRENGTH = {"latin": 1.5, "han": 1.0}

WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
HAN = re.compile(r"[\u3400-\u9fff]+")


def simplified():
    """The characters that the reader takes for others."""
    pairs = {}
    for line in open("src/understand/lexicon/traditional.txt"):
        if not line.startswith("#"):
            pairs.update((pair[0], pair[1]) for pair in line.split() if len(pair) == 2)
    return pairs


SIMPLIFIED = simplified()


def normal(text):
    """As the reader normalises it, as far as matters here."""
    text = text.lower().translate(str.maketrans({"’": "'", "‘": "'", "—": "-", "–": "-"}))
    return "".join(SIMPLIFIED.get(c, c) for c in text)


def phrases(text):
    """What the reader's automaton hears: whole words, parts of words with an apostrophe, pairs with one blank."""
    found, before = set(), None
    for match in WORD.finditer(text):
        word = match.group(0)
        parts = word.split("'")
        found.update(parts, [word])
        if before and match.start() - before[0] == 1 and text[before[0]] in " \n":
            for left in {before[1], before[1].split("'")[-1]}:
                found.update(left + " " + right for right in {word, parts[0]})
        before = (match.end(), word)
    for run in HAN.findall(text):
        for size in (1, 2, 3):
            found.update(run[at : at + size] for at in range(len(run) - size + 1))
    found.update(mark for mark in "!%！" if mark in text)
    return {phrase for phrase in found if not re.search("[0-9]", phrase)}


def of_texts(path):
    """The texts of tests/eval/texts: lines of a message, then `= labels`."""
    said = {}
    for line in open(path):
        part = re.match(r"(text|subject|plain|html): ?(.*)", line.rstrip("\n"))
        if part:
            said[part.group(1)] = part.group(2).replace("\\n", "\n")
        elif line.startswith("="):
            labels = line[1:].split()
            body = said.get("text") or said.get("plain") or html.unescape(re.sub("<[^>]+>", " ", said.get("html", "")))
            subject = said["subject"] + "\n\n" if "subject" in said else ""
            if "?pressure" not in labels:
                yield normal(subject + body), "pressure" in labels
            said = {}


def of_hurry(path):
    """The texts of tests/eval/hurry, one a line."""
    for line in open(path):
        one = json.loads(line)
        subject = one["subject"] + "\n\n" if "subject" in one else ""
        yield normal(subject + one["text"]), one["urgency"] == "pressure"


def texts(language, held):
    """The texts of a language, held or not."""
    for folder, read in (("texts/*.txt", of_texts), ("hurry/*.ndjson", of_hurry)):
        for path in sorted(glob.glob("tests/eval/" + folder)):
            name = path.rsplit("/", 1)[1].rsplit(".", 1)[0]
            if name.startswith(language) and name.endswith("-held") == held:
                yield from read(path)


def fitted(samples, script):
    """The phrases that say most with their weights, and the intercept."""
    heard = [phrases(text) for text, _ in samples]
    presses = numpy.array([presses for _, presses in samples])
    counts = collections.Counter(phrase for found in heard for phrase in found)

    def fit(kept):
        features = DictVectorizer()
        matrix = features.fit_transform([{phrase: 1 for phrase in sorted(found & kept)} for found in heard])
        matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
        model = LogisticRegression(
            C=STRENGTH[script], solver="liblinear", max_iter=3000, intercept_scaling=10, random_state=1
        )
        model.fit(matrix, presses)
        return dict(zip(features.get_feature_names_out(), model.coef_[0])), float(model.intercept_[0])

    weights, _ = fit({phrase for phrase, count in counts.items() if count >= TEXTS_MIN})
    says = lambda phrase: (-abs(weights[phrase]) * counts[phrase] ** 0.5, phrase)
    return fit(set(sorted(weights, key=says)[: KEPT[script]]))


def main():
    lines = {}
    intercepts = {}
    for language, script in (("en", "latin"), ("zh", "han")):
        samples = list(texts(language, held=False))
        weights, intercepts[script] = fitted(samples, script)
        held = list(texts(language, held=True))
        told = [intercepts[script] + sum(weights.get(phrase, 0) for phrase in phrases(text)) > 0 for text, _ in held]
        score = precision_recall_fscore_support([so for _, so in held], told, average="binary")
        print(f"{language}: {len(samples)} texts; on {len(held)} held ones, by weight alone: "
              f"precision {score[0]:.3f}, recall {score[1]:.3f}, F1 {score[2]:.3f}")
        for phrase, weight in weights.items():
            # Latin words of Chinese texts weigh what they weigh in English.
            if round(100 * weight) and (script == "latin" or HAN.search(phrase) or phrase == "！"):
                lines[phrase] = round(100 * weight)
    with open(OUT, "w") as out:
        out.write(HEAD)
        for script, intercept in intercepts.items():
            out.write(f"\n[intercept-{script}]\n{round(100 * intercept):+d}\n")
        out.write("\n[weights]\n")
        out.writelines(f"{lines[phrase]:+d} {phrase}\n" for phrase in sorted(lines))
    print(f"{OUT}: {len(lines)} phrases")


main()
