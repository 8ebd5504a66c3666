"""The benchmark of drift detectors: its metrics, its drifts, and Driftmeter on short generated streams."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.detectors.driftmeter import COUNTED, Log, detections
from tests.benchmarks.detectors.evaluate import Trial, evaluate
from tests.benchmarks.detectors.moa import SETTINGS, settings_for
from tests.benchmarks.detectors.published import PUBLISHED
from tests.benchmarks.detectors.sklearn_learner import scores
from tests.benchmarks.detectors.streams import MODES, TYPES, WIDTH, Stream, inject

ROWS = 18_000


def data(rows: int = ROWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Eight features of different scale, three of which tell the label."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 8)) * 3.0 ** np.arange(8)
    chance = 1 / (1 + np.exp(-(2 * features[:, 0] + features[:, 1] / 3 - features[:, 2] / 9)))
    return features, (rng.uniform(size=rows) < chance).astype(np.int64)


def stream(kind: str, mode: str = "ABRUPT", seed: int = 0) -> Stream:
    return inject(*data(seed=seed), kind, mode, np.random.default_rng(seed))


def quiet(seed: int) -> Stream:
    """The same rows without any drift."""
    rows, label = data(seed=seed)
    return Stream(rows, label, np.arange(ROWS), ROWS, ROWS)


class TestEvaluate:
    def test_example_of_the_documentation(self) -> None:
        """CapyMOA's own example: drifts at 1000 and 2000, alarms at 500, 1200, 1250 and 2100, delay 200, F1 2/3.

        Of its two episodes the second begins when the first one's delay is over, at row 1200.
        """
        found = evaluate([Trial(1000, 1200, [500, 1200]), Trial(800, 1000, [50, 900])], max_delay=200)
        assert found.f1 == pytest.approx(2 / 3)
        assert found.mdt == 150

    def test_every_alarm_counts(self) -> None:
        found = evaluate([Trial(100, 1000, [99, 100, 150, 350, 351]), Trial(500, 1000, [])], max_delay=250)
        assert found.precision == 3 / 5
        assert found.recall == 3 / 4
        assert found.episode_recall == 1 / 2
        assert found.far == 1000 * 2 / 2000
        assert found.mdt == 0

    def test_no_alarm(self) -> None:
        found = evaluate([Trial(100, 1000, [])])
        assert (found.f1, found.precision, found.recall, found.episode_recall, found.far) == (0, 0, 0, 0, 0)
        assert np.isnan(found.mdt)


class TestInject:
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("kind", TYPES)
    def test_rows_before_the_drift_are_the_data(self, kind: str, mode: str) -> None:
        rows, label = data()
        made = stream(kind, mode)
        assert 0.5 * ROWS <= made.onset <= 0.8 * ROWS
        before = made.clock < made.onset
        assert before.sum() == made.onset
        known = set(map(tuple, np.column_stack([rows, label]).tolist()))
        assert set(map(tuple, np.column_stack([made.rows, made.label])[before].tolist())) <= known
        assert made.clock[made.watched - 1] <= 0.25 * ROWS < made.clock[made.watched]

    def test_swap_leaves_one_class(self) -> None:
        made = stream("y_swaps")
        assert len(set(made.label[made.clock >= made.onset].tolist())) == 1

    def test_gradual_swap_comes_evenly(self) -> None:
        made = stream("y_swaps", "GRADUAL")
        share = made.label[made.clock < made.onset].mean()
        inside = made.label[(made.clock >= made.onset) & (made.clock < made.onset + WIDTH)]
        gone = made.label[-1]  # the class that is left
        halves = [abs(part.mean() - share) for part in np.split(inside, 2)]
        assert halves[0] < halves[1] < abs(gone - share)
        assert set(made.label[made.clock >= made.onset + WIDTH].tolist()) == {gone}

    def test_permutation_keeps_values(self) -> None:
        made = stream("x_permutations")
        after = made.rows[made.clock >= made.onset]
        before = made.rows[made.clock < made.onset]
        np.testing.assert_allclose(np.sort(after.std(axis=0)), np.sort(before.std(axis=0)), rtol=0.1)
        assert not np.allclose(after.std(axis=0), before.std(axis=0), rtol=0.5)

    def test_rows_are_dropped_from_the_drift_on(self) -> None:
        for kind, share in (("y_prior_skip", 1 - 0.75 * 0.5), ("x_exceed_skip", 0.5)):
            made = stream(kind)
            assert (made.clock < made.onset).sum() == made.onset
            assert (made.clock >= made.onset).sum() / (ROWS - made.onset) == pytest.approx(share, abs=0.03)

    def test_unknown(self) -> None:
        with pytest.raises(ValueError, match="y_swaps"):
            stream("y_swap")


class TestLearner:
    def test_knows_nothing_of_what_comes(self) -> None:
        made = quiet(0)
        first = scores(made)
        later = made._replace(label=np.where(made.clock < 2000, made.label, 1 - made.label))
        np.testing.assert_array_equal(first[:2050], scores(later)[:2050])
        assert ((first > 0.5) == made.label)[2000:].mean() > 0.75


class TestDriftmeter:
    @pytest.mark.parametrize("kind", ["x_permutations", "y_swaps", "y_prior_skip"])
    def test_abrupt_drift_is_found_at_once(self, kind: str) -> None:
        made = stream(kind, seed=3)
        alarms = detections(made, scores(made), [None], window=500)[0]
        hits = [alarm for alarm in alarms if made.onset <= alarm <= made.onset + WIDTH]
        assert hits and hits[0] - made.onset <= 1000
        assert not [alarm for alarm in alarms if alarm < made.onset]

    def test_flipped_label_is_seen_in_the_model_alone(self) -> None:
        made = quiet(4)
        onset = 12_300
        flipped = made._replace(label=np.where(made.clock < onset, made.label, 1 - made.label), onset=onset)
        alarms = detections(flipped, scores(made), [COUNTED["performance"]], window=500)[0]
        assert onset <= alarms[0] <= onset + 700

    def test_quiet_streams(self) -> None:
        """No more windows with an alert than the default promise of 5% (and what chance adds to it)."""
        judged = alarmed = 0
        for seed in (5, 6, 7):
            made = quiet(seed)
            log = Log(made.rows[4000:], made.label[4000:], scores(made)[4000:], list("abcdefgh"), window=500)
            found = log.alerts()
            alarmed += found.loc[found["kind"] != "prediction_shift", "window_end"].nunique()
            judged += log.windows - log.reference
        assert judged == 54
        assert alarmed <= 6  # 5% of 54 and two standard deviations

    def test_alarm_is_not_raised_in_hindsight(self) -> None:
        """What is raised at a window is known from the log up to it."""
        made = stream("x_permutations", seed=8)
        score = scores(made)
        alarm = detections(made, score, [None], window=500)[0][0]
        until = int(np.searchsorted(made.clock, alarm)) + 1
        cut = made._replace(rows=made.rows[:until], label=made.label[:until], clock=made.clock[:until])
        assert detections(cut, score[:until], [None], window=500)[0][0] == alarm

    def test_log_without_windows_to_judge(self) -> None:
        made = stream("y_swaps")
        assert not len(Log(made.rows[:900], made.label[:900], np.zeros(900), list("abcdefgh"), window=500).alerts())


def test_published_and_settings_agree() -> None:
    assert set(PUBLISHED) == set(MODES)
    for mode in MODES:
        assert set(SETTINGS) <= set(PUBLISHED[mode])
        assert {name.split("|")[0] for name in settings_for(mode)} == set(SETTINGS)
        for by_type, figures in PUBLISHED[mode].values():
            assert figures.f1 == pytest.approx(np.mean(by_type), abs=1e-3)
