"""The agent draws from bundles that were proved against SDV what it drew then, without SDV."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from agent.models import bundle as bundles
from agent.models.registry import SAMPLERS, sampler_of
from agent.models.sampler import Given
from tests.commands import ROOT

GOLDEN = Path(__file__).parents[2] / "golden"
HOUR, ROWS = 8, 200


@pytest.mark.parametrize("kind", SAMPLERS)
def test_a_golden_bundle_gives_its_rows(kind):
    bundle = bundles.read(GOLDEN / f"{kind}.npz")
    assert bundle.manifest.kind == kind
    expected = np.load(GOLDEN / f"{kind}.rows.npy")
    drawn = sampler_of(bundle).draw(ROWS, np.random.default_rng(0), Given(HOUR) if bundle.manifest.hours else Given())
    assert drawn == pytest.approx(expected, rel=1e-4, abs=1e-4)
    codes = [place for place, column in enumerate(bundle.manifest.columns) if column.size]
    assert np.array_equal(drawn[:, codes], expected[:, codes])


def test_nothing_of_sdv_is_needed_to_draw():
    code = f"""
import sys
from pathlib import Path
import numpy as np
from agent.models import bundle, registry
from agent.models.sampler import Given
for path in sorted(Path({str(GOLDEN)!r}).glob("*.npz")):
    registry.sampler_of(bundle.read(path)).draw(10, np.random.default_rng(0), Given({HOUR}))
print([name for name in ("sdv", "torch", "pandas", "scipy", "ctgan") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n"
