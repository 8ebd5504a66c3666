"""Run by an environment of its own that has jpype1 and CapyMOA's moa.jar: the learner and the detectors of the paper.

python moa_worker.py JAR SETTINGS.json STREAM.npz...

Each STREAM.npz holds ``rows``, ``label``, ``clock`` and ``watched``; beside it is written STREAM.out.npz with ``score``
(the tree's share for class 1, before it is trained on the row) and one array of alarms (row numbers of the clock) for
each entry of the settings: name: [class, options, what is fed: "right" or "wrong"].
"""

import json
import sys

import jpype
import numpy as np


def header(features: int):
    """The columns as MOA describes them."""
    instances = jpype.JPackage("com").yahoo.labs.samoa.instances
    columns = jpype.JClass("java.util.ArrayList")()
    for i in range(features):
        columns.add(instances.Attribute(f"x{i}"))
    classes = jpype.JClass("java.util.ArrayList")()
    for name in ("0", "1"):
        classes.add(name)
    columns.add(instances.Attribute("class", classes))
    described = instances.InstancesHeader(instances.Instances("stream", columns, 0))
    described.setClassIndex(features)
    return described


def configured(name: str, options: str):
    """A MOA object with its options set."""
    made = jpype.JClass(name)()
    made.getOptions().setViaCLIString(options)
    return made


def scores(rows: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Test and then train, row by row; NaN where the tree has no opinion."""
    described = header(rows.shape[1])
    dense, doubles = jpype.JClass("com.yahoo.labs.samoa.instances.DenseInstance"), jpype.JArray(jpype.JDouble)
    # CapyMOA's defaults: confidence 1e-3, no more growth at the memory's limit, no pre-pruning; the rest are MOA's
    tree = configured("moa.classifiers.trees.HoeffdingTree", "-g 200 -c 0.001 -t 0.05 -l NBAdaptive -q 0 -z -p")
    tree.setModelContext(described)
    tree.prepareForUse()
    tree.resetLearning()
    out = np.full(len(rows), np.nan)
    for i, values in enumerate(np.column_stack([rows, label])):
        row = dense(1.0, doubles(values))
        row.setDataset(described)
        votes = tree.getVotesForInstance(row)
        first, second = (float(votes[k]) if k < len(votes) else 0.0 for k in (0, 1))
        total = first + second
        out[i] = second / total if 0 < total < np.inf else np.nan
        tree.trainOnInstance(row)
    return out


def alarms(name: str, options: str, numbers: np.ndarray) -> np.ndarray:
    """Places at which the detector says that something has changed."""
    detector = configured(f"moa.classifiers.core.driftdetection.{name}", options)
    detector.prepareForUse()
    detector.resetLearning()
    found = []
    for i, number in enumerate(numbers.astype(float).tolist()):
        detector.input(number)
        if detector.getChange():
            found.append(i)
    return np.array(found, np.int64)


def main() -> None:
    """Read, run, write."""
    jar, settings, *paths = sys.argv[1:]
    jpype.startJVM(classpath=[jar])
    with open(settings, encoding="utf-8") as file:
        detectors = json.load(file)
    for path in paths:
        with np.load(path) as stream:
            rows, label, clock, watched = (stream[name] for name in ("rows", "label", "clock", "watched"))
        score = scores(rows, label)
        right = ((score > 0.5) == (label == 1))[watched:]  # a tie is class 0, as the first of equal votes is taken
        out = {"score": score}
        for key, (name, options, fed) in detectors.items():
            out[key] = clock[watched:][alarms(name, options, right if fed == "right" else ~right)]
        np.savez_compressed(path.replace(".npz", ".out.npz"), **out)
        print(path, flush=True)


if __name__ == "__main__":
    main()
