"""Real logs with known events, as frames with ``ts``, ``label`` and perhaps ``score``: see each file's README."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd


def flights(folder: Path) -> pd.DataFrame:
    """US flights of 2015; label: departure delay over 15 minutes."""
    frame = pd.read_csv(folder / "flights_2015_popmon.csv.gz")
    delay = frame["DEPARTURE_DELAY"]
    frame = frame.assign(ts=pd.to_datetime(frame["DATE"]), label=(delay > 15).astype(float).where(delay.notna()))
    return frame.drop(columns=["DATE", "DEPARTURE_DELAY"])


def hotel(folder: Path) -> pd.DataFrame:
    """Hotel bookings; label: cancelled."""
    frame = pd.read_csv(folder / "hotel_bookings.csv.gz")
    frame = frame.assign(ts=pd.to_datetime(frame["arrival_date"]), label=frame["is_canceled"].astype(float))
    parts = [name for name in frame if name.startswith("arrival_date")]
    after = ["reservation_status", "reservation_status_date", "assigned_room_type", "booking_date", "is_canceled"]
    return frame.drop(columns=[*parts, *after, "country", "agent", "company"])


def bike(folder: Path) -> pd.DataFrame:
    """Bike sharing by the hour; label: rentals."""
    frame = pd.read_csv(folder / "bike_sharing_hourly.csv.gz")
    frame = frame.assign(ts=pd.to_datetime(frame["dteday"]), label=frame["cnt"].astype(float))
    return frame.drop(columns=["instant", "dteday", "cnt", "casual", "registered", "yr", "mnth", "season"])


def air(folder: Path) -> pd.DataFrame:
    """Air quality by the hour, whole days; label: benzene. The dead column is left out."""
    frame = pd.read_csv(folder / "uci_air_quality.csv.gz")
    frame = frame[pd.to_datetime(frame["time"]).dt.floor("D").between("2004-03-11", "2005-04-03")]
    frame = frame.assign(ts=pd.to_datetime(frame["time"]).dt.floor("D"), label=frame["C6H6_GT"])
    return frame.drop(columns=["time", "C6H6_GT", "NMHC_GT"])


def car(folder: Path) -> pd.DataFrame:
    """Car loans before the day of their drift; label: repaid; with scores."""
    frame = pd.read_csv(folder / "nannyml_car_loan.csv.gz").iloc[:75_000]
    frame = frame[frame["timestamp"] < "2019-03-31"]
    frame = frame.assign(
        ts=pd.to_datetime(frame["timestamp"], format="mixed").dt.floor("D"),
        label=frame["repaid"].astype(float), score=frame["y_pred_proba"],
    )  # fmt: skip
    return frame.drop(columns=["timestamp", "id", "part", "y_pred", "repaid", "y_pred_proba"])


LOGS: dict[str, tuple[Callable[[Path], pd.DataFrame], str]] = {
    "flights": (flights, "binary"), "hotel": (hotel, "binary"), "car": (car, "binary"), "bike": (bike, "regression"),
    "air": (air, "regression"),
}  # fmt: skip
"""Name: reader and task."""
