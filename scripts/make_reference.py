#!/usr/bin/env python3
"""Makes tests/reference/images.json and statistics.json with NumPy, SciPy and scikit-image.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install numpy scipy scikit-image
    /tmp/reference/bin/python scripts/make_reference.py

The pictures are made by whole-number formulas that tests/metrics_reference.rs repeats; the versions used are written beside the numbers.
"""

import json
from decimal import Decimal, getcontext
from math import comb
from pathlib import Path

import numpy as np
import scipy
import skimage
from scipy import ndimage, stats
from skimage import measure, metrics

HERE = Path(__file__).resolve().parent.parent / "tests" / "reference"
VERSIONS = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-image": skimage.__version__}
SCALES = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])


def pictures(channels, height, width, amplitude):
    """A drawing of steps and slopes, and the same with noise; [channels, height, width], 8 bit."""
    c, y, x = np.meshgrid(np.arange(channels), np.arange(height), np.arange(width), indexing="ij")
    original = 60 * ((x // 5 + y // 7 + c) % 3) + (2 * x + 3 * y) % 120
    state, noise = 1, []
    for _ in range(original.size):
        state = (state * 1103515245 + 12345) % 2**31
        noise.append((state >> 16) % (2 * amplitude + 1) - amplitude)
    marked = np.clip(original + np.array(noise).reshape(original.shape), 0, 255)
    return original.astype(np.uint8), marked.astype(np.uint8)


def ms_ssim(a, b):
    """Mean over channels, `valid` border, as many scales as hold an 11x11 window; written apart from the program."""
    scales = max(n for n in range(1, 6) if min(a.shape[1:]) >> (n - 1) >= 11)
    weights = SCALES[:scales] / SCALES[:scales].sum()
    blur = lambda p: ndimage.gaussian_filter(p, 1.5, truncate=3.5)[5:-5, 5:-5]
    results = []
    for x, y in zip(a.astype(float), b.astype(float)):
        result = 1.0
        for scale in range(scales):
            if scale:
                halve = lambda p: p[: p.shape[0] // 2 * 2, : p.shape[1] // 2 * 2].reshape(p.shape[0] // 2, 2, p.shape[1] // 2, 2).mean((1, 3))
                x, y = halve(x), halve(y)
            ux, uy = blur(x), blur(y)
            cs = (2 * (blur(x * y) - ux * uy) + (0.03 * 255) ** 2) / (blur(x * x) - ux**2 + blur(y * y) - uy**2 + (0.03 * 255) ** 2)
            light = (2 * ux * uy + (0.01 * 255) ** 2) / (ux**2 + uy**2 + (0.01 * 255) ** 2)
            term = (cs * light).mean() if scale == scales - 1 else cs.mean()
            result *= max(term, 0.0) ** weights[scale]
        results.append(result)
    return float(np.mean(results))


def image_case(channels, height, width, amplitude):
    a, b = pictures(channels, height, width, amplitude)
    ssim = metrics.structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=0
    )
    return {
        "channels": channels,
        "height": height,
        "width": width,
        "amplitude": amplitude,
        "psnr": float(metrics.peak_signal_noise_ratio(a, b, data_range=255)),
        "ssim": float(ssim),
        "ms_ssim": ms_ssim(a, b),
        "nc": float(stats.pearsonr(a.ravel(), b.ravel()).statistic),
        "entropy": float(measure.shannon_entropy(a)),
        "entropy_ratio": float(measure.shannon_entropy(b) / measure.shannon_entropy(a)),
        "max_difference": int(np.abs(a.astype(int) - b.astype(int)).max()),
    }


def tail(hits, n, p):
    """log10 P(X >= hits) with 60 digits, checked against SciPy where a float can hold the probability."""
    getcontext().prec = 60
    p_exact = Decimal(p)
    exact = sum(comb(n, k) * p_exact**k * (1 - p_exact) ** (n - k) for k in range(hits, n + 1))
    seen = stats.binom.sf(hits - 1, n, p)
    assert seen == 0.0 or abs(float(exact) / seen - 1) < 1e-9, (hits, n, p)
    return {"hits": hits, "n": n, "p": p, "log10": float(exact.log10())}


def interval(hits, n, confidence):
    found = stats.binomtest(hits, n).proportion_ci(confidence, method="exact")
    upper = 1.0 if hits == n else float(stats.beta.ppf(confidence, hits + 1, n - hits))
    return {"hits": hits, "n": n, "confidence": confidence, "interval": [float(found.low), float(found.high)], "upper": upper}


def ranks(positives, negatives):
    u = stats.mannwhitneyu(positives, negatives).statistic
    return {"positives": positives, "negatives": negatives, "auc": float(u) / (len(positives) * len(negatives))}


def write(name, content):
    HERE.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"made_by": "scripts/make_reference.py", "versions": VERSIONS} | content, indent=1)
    (HERE / name).write_text(text + "\n")


write("images.json", {"cases": [image_case(*c) for c in [(1, 28, 28, 8), (3, 32, 32, 20), (1, 11, 11, 30), (3, 41, 57, 60), (1, 200, 181, 12)]]})
TAILS = [(1, 1, 0.1), (6, 60, 0.1), (15, 60, 0.1), (24, 60, 0.1), (60, 60, 0.1), (57, 60, 0.2), (3, 10, 0.5), (95, 500, 0.1),
         (490, 500, 0.1), (500, 500, 0.01), (1000, 1000, 0.4), (9000, 10000, 0.13), (1, 10000, 1e-6), (59, 60, 0.999)]
INTERVALS = [(0, 60, 0.95), (3, 60, 0.95), (57, 60, 0.95), (60, 60, 0.95), (12, 180, 0.99), (1, 1, 0.95), (250, 500, 0.99), (7000, 10000, 0.95)]
write("statistics.json", {
    "tails": [tail(*c) for c in TAILS],
    "intervals": [interval(*c) for c in INTERVALS],
    "auc": [ranks([0.9, 0.8, 0.8, 0.3], [0.1, 0.3, 0.8, 0.2, 0.25]), ranks([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), ranks([0.0], [1.0, 2.0])],
})
