"""Charts: pure functions, frame in, plotly figure out. They know neither Streamlit nor the store.

Notes for the page builder
--------------------------
Show one with `st.plotly_chart(fig, theme=None, width="stretch", config=theme.plotly_config("decay"), key=...)`, with
`mode=st.context.theme.type or "light"`. `review` alone has a fixed size: `width="content"`.

Every chart takes `title` (what was found, as a sentence), `caption` (a `frame.Caption`), `mode`, and `width`: the
narrowest width in pixels at which it will be shown, for which its text is wrapped. The default of 700 suits a whole
row; pass 480 for half of one, 900 for a page that is never narrow. Heights grow when texts need room.

Frames are measurements or findings with two more columns: `x` and `x_end`, window bounds as datetimes in the windows'
own time zone (with or without the zone) or as row numbers. `reference`, `severity` and `message` come along where
known: join them from the findings by window and feature. Several metrics of one chart are merged by window; each
docstring says which columns. Events are a frame of `x`, `label`, `kind`.

A chart never raises on data: what is missing is said in a sentence in its place.

| page | charts |
|---|---|
| Review | `review.review` |
| Overview | `findings_map.findings_map` (select: customdata = [feature, x, incident]) |
| Concept | `performance.performance`, `calibration.calibration`, `scores.score_distribution`, |
| | `loss_split.loss_split`, `relation.outcome_by_bin`, `series.series` (prediction_mean, label_rate, unknown_share), |
| | `position.position_curve` |
| Decay | `power_multiples.power_multiples`, `power_change.power_change`, `rank_changes.rank_changes`, |
| | `leaning.leaning` (select: customdata = [feature]), |
| | `ledger.sparklines` (a table's column, not a figure) |
| Missing | `missing_map.missing_map`, `missing.missing_kinds`, `planned_ends.planned_ends` |
| Feature | `distribution.distribution`, `relation.outcome_by_bin`, `series.series` (drift), `power.power`, |
| | `missing.missing_kinds` |
| Scorecard | `scorecard.scorecard`, `model_age.model_age` |
| Log health | `volume.volume`, `label_coverage.label_coverage`, `series.series` (duplicate_share, `unit="share"`) |
"""
