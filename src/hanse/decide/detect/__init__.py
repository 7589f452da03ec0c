"""Detectors: an asset compared with its own normal behaviour.

For: assets whose limits nobody knows. What goes in: rows of values at even steps, first a normal
period to train on. What comes out: a score a row, a limit chosen from a false-alarm rate on the
normal period, and how much each signal moved the score. Pure numpy.
Limits: TRAINING_ROWS_MAX rows and DETECTOR_SIGNALS_MAX signals a detector; a signal that never
moves in training carries no weight until it does.
"""
