"""The Monitoring section of Google's ML Test Score, answered from what a store holds.

Breck, Cai, Nielsen, Salib and Sculley 2017, doi:10.1109/BigData.2017.8258038: seven tests, each covered or not, and
each covered one passed or failed. A test's points are for running it, not for passing it: half a point where it is run
by hand and its results are kept, a whole one where it runs by itself again and again. The section's score is the sum.
The ML Test Score itself is the *least* of four sections' sums (data, model, infrastructure, monitoring): this is one.
"""

from monitors.scorecard.card import TESTS, Scorecard, scorecard
from monitors.scorecard.export import KEYS, TEST_KEYS, as_json
from monitors.scorecard.result import STATUSES, Result

__all__ = ["KEYS", "STATUSES", "TESTS", "TEST_KEYS", "Result", "Scorecard", "as_json", "scorecard"]
