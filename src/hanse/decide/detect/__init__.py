"""Detectors: an asset compared with its own normal behaviour.

For: assets whose limits nobody knows. In: rows of values at even steps, first a normal period to
train on. Out: a score a row as a multiple of its limit, whether it is beyond it, and how much each
signal moved it. The limit comes from a false-alarm rate on the normal period itself. Pure numpy.
Limits: TRAINING_ROWS_MIN to TRAINING_ROWS_MAX rows, DETECTOR_SIGNALS_MAX signals, REGIMES_MAX
operating conditions a detector.
"""

from hanse.decide.detect.detector import Detector, Reading, load_detector, train
from hanse.decide.detect.settings import DetectorSettings, Method

__all__ = ["Detector", "DetectorSettings", "Method", "Reading", "load_detector", "train"]
