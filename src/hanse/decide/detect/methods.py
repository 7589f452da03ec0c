"""The detectors themselves: each turns a standardised row into a statistic and shares.

EWMA: Roberts 1959. CUSUM: Page 1954. MEWMA: Lowry et al. 1992. PCA with Hotelling's T2 and SPE:
Jackson and Mudholkar 1979. AAKR (auto-associative kernel regression): Hines and Garvey 2006.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from hanse.decide.columns import F8
from hanse.decide.detect.settings import DetectorSettings

_SHRINK = 0.05


class Lead(Struct, kw_only=True, tag=True):
    """EWMA of one signal."""

    column: int
    weight: float
    level: float = 0.0

    def take(self, z: F8) -> tuple[float, F8]:
        """Its distance from centre; the whole share is the lead's."""
        self.level += self.weight * (float(z[self.column]) - self.level)
        return abs(self.level), _only(z.size, self.column)


class LeadCusum(Struct, kw_only=True, tag=True):
    """Two-sided CUSUM of one signal."""

    column: int
    slack: float
    up: float = 0.0
    down: float = 0.0

    def take(self, z: F8) -> tuple[float, F8]:
        """The larger sum; the whole share is the lead's."""
        value = float(z[self.column])
        self.up = max(0.0, self.up + value - self.slack)
        self.down = max(0.0, self.down - value - self.slack)
        return max(self.up, self.down), _only(z.size, self.column)


class EachEwma(Struct, kw_only=True, tag=True):
    """EWMA of every signal against its own usual reach; the worst counts."""

    weight: float
    reach: list[float]
    level: list[float]

    def take(self, z: F8) -> tuple[float, F8]:
        """The worst; shares by how far beyond each is."""
        level = np.asarray(self.level)
        level += self.weight * (z - level)
        self.level = level.tolist()
        ratio = np.abs(level) / np.asarray(self.reach)
        return float(ratio.max()), ratio * ratio


class Mewma(Struct, kw_only=True, tag=True):
    """Hotelling's statistic of the EWMA of all signals."""

    weight: float
    inverse: list[list[float]]
    level: list[float]

    def take(self, z: F8) -> tuple[float, F8]:
        """T2 of the smoothed row; shares are its terms by signal."""
        level = np.asarray(self.level)
        level += self.weight * (z - level)
        self.level = level.tolist()
        terms = level * (np.asarray(self.inverse) @ level)
        return float(np.sqrt(max(terms.sum(), 0.0))), np.maximum(terms, 0.0)


class Pca(Struct, kw_only=True, tag=True):
    """T2 within, and SPE beside, the directions in which normal rows move; the worse counts."""

    axes: list[list[float]]
    variance: list[float]
    t2_limit: float
    spe_limit: float

    def take(self, z: F8) -> tuple[float, F8]:
        """The worse of the two as a share of its usual reach; shares are the terms of that one."""
        axes = np.asarray(self.axes)
        along = axes @ z
        beside = z - axes.T @ along
        t2_terms = z * (axes.T @ (along / np.asarray(self.variance)))
        t2, spe = float(t2_terms.sum()) / self.t2_limit, float(beside @ beside) / self.spe_limit
        return max(t2, spe), np.maximum(t2_terms, 0.0) if t2 > spe else beside * beside


class Aakr(Struct, kw_only=True, tag=True):
    """Distance from what remembered normal rows like this one would be."""

    memory: list[list[float]]
    width: float
    weight: float
    level: list[float]

    def take(self, z: F8) -> tuple[float, F8]:
        """Length of the smoothed residual; shares are its squares."""
        memory = np.asarray(self.memory)
        apart = ((memory - z) ** 2).mean(axis=1)
        kernel = np.exp(-(apart - apart.min()) / (2 * self.width**2))
        residual = z - kernel @ memory / kernel.sum()
        level = np.asarray(self.level)
        level += self.weight * (residual - level)
        self.level = level.tolist()
        return float(np.sqrt(level @ level)), level * level


Statistic = Lead | LeadCusum | EachEwma | Mewma | Pca | Aakr


def fit(z: F8, settings: DetectorSettings, lead: int) -> Statistic:
    """The statistic of a method, fitted to standardised normal rows without gaps."""
    k = z.shape[1]
    match settings.method:
        case "lead":
            return Lead(column=lead, weight=settings.weight)
        case "lead_cusum":
            return LeadCusum(column=lead, slack=settings.slack)
        case "ewma":
            reach = np.quantile(np.abs(smoothed(z, settings.weight)), 0.99, axis=0)
            reach = np.maximum(reach, 1e-6).tolist()
            return EachEwma(weight=settings.weight, reach=reach, level=[0.0] * k)
        case "mewma":
            inverse = np.linalg.inv(_covariance(smoothed(z, settings.weight))).tolist()
            return Mewma(weight=settings.weight, inverse=inverse, level=[0.0] * k)
        case "pca":
            return _pca(z, settings)
        case "aakr":
            step = max(z.shape[0] // settings.memory_rows, 1)
            memory = z[::step].tolist()
            return Aakr(memory=memory, width=0.5, weight=settings.weight, level=[0.0] * k)


def _pca(z: F8, settings: DetectorSettings) -> Pca:
    values, vectors = np.linalg.eigh(_covariance(z))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.searchsorted(np.cumsum(values) / values.sum(), settings.variance_kept)) + 1
    kept = min(kept, max(z.shape[1] - 1, 1))
    axes = vectors[:, :kept].T
    along = z @ axes.T
    beside = z - along @ axes
    quantile = 1 - settings.false_alarm_rate
    t2 = np.quantile((along * along / values[:kept]).sum(axis=1), quantile)
    spe = np.quantile((beside * beside).sum(axis=1), quantile)
    return Pca(
        axes=axes.tolist(),
        variance=values[:kept].tolist(),
        t2_limit=float(max(t2, 1e-9)),
        spe_limit=float(max(spe, 1e-9)),
    )


def _covariance(z: F8) -> F8:
    """Covariance drawn a little towards its diagonal, so that it can always be inverted."""
    raw = np.cov(z, rowvar=False).reshape(z.shape[1], z.shape[1])
    own = np.diag(np.maximum(np.diag(raw), 1e-6))
    return np.asarray((1 - _SHRINK) * raw + _SHRINK * own)


def smoothed(z: F8, weight: float) -> F8:
    """The EWMA of each column, from 0."""
    out = np.empty_like(z)
    level = np.zeros(z.shape[1])
    for row in range(z.shape[0]):
        level = level + weight * (z[row] - level)
        out[row] = level
    return out


def _only(size: int, column: int) -> F8:
    shares = np.zeros(size)
    shares[column] = 1.0
    return shares
