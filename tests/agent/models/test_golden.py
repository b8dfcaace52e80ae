"""The agent draws from bundles that were proved against SDV what it drew then, without SDV."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agent.models import bundle as bundles
from agent.models.registry import SAMPLERS
from tests.commands import ROOT
from tests.golden.drawn import drawn

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_golden_bundle_gives_its_rows(kind):
    bundle = bundles.read(GOLDEN / f"{kind}.npz")
    assert bundle.manifest.kind == kind
    expected = np.load(GOLDEN / f"{kind}.rows.npy")
    rows = drawn(bundle)
    assert rows == pytest.approx(expected, rel=1e-4, abs=1e-4)
    codes = [place for place, column in enumerate(bundle.manifest.columns) if column.size]
    assert np.array_equal(rows[:, codes], expected[:, codes])


def test_nothing_of_sdv_is_needed_to_draw():
    code = f"""
import sys
from pathlib import Path
from agent.models import bundle
from tests.golden.drawn import drawn
for path in sorted(Path({str(GOLDEN)!r}).glob("*.npz")):
    drawn(bundle.read(path))
print([name for name in ("sdv", "torch", "pandas", "scipy", "ctgan") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n"
