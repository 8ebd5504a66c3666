"""Payload formats: what serving platforms write, as the flat rows that every monitor reads.

A format is one small file with a `FORMAT`: how a record of it is told, and what exchange of request and response it
holds. `registry` names them all, `bodies` takes the bodies apart, `exchanges` makes batches of rows, `answers` joins
responses that stand in records of their own.
"""
