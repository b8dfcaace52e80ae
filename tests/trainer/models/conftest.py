"""What the tests of several models share."""

from functools import partial

import pytest
from sdv.single_table import CopulaGANSynthesizer, CTGANSynthesizer

from tests.made_task import SMALL
from trainer.inside import gan as inside_gan
from trainer.models import frequencies


@pytest.fixture
def quick(monkeypatch) -> None:
    """Small layers, and fewer rows to know their statistics and frequencies by."""
    for kind, synthesizer in (("ctgan", CTGANSynthesizer), ("copula-gan", CopulaGANSynthesizer)):
        monkeypatch.setitem(inside_gan.SYNTHESIZERS, kind, partial(synthesizer, **SMALL))
    monkeypatch.setattr(inside_gan, "STATISTICS_ROWS", 2000)
    monkeypatch.setattr(frequencies, "SHIFT_ROWS", 2000)
