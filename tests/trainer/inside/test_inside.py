"""What SDV might hold in another version is refused by its name."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from agent.reading import Column
from tests.commands import ROOT
from trainer.inside import common, gan
from trainer.inside.common import ExportError, check_versions


@pytest.mark.parametrize("package", common.VERSIONS)
def test_another_version_is_refused_with_what_to_install(mocker, package):
    check_versions("ctgan", "deepecho")
    real = common.version
    mocker.patch.object(common, "version", side_effect=lambda name: "9.9" if name == package else real(name))
    with pytest.raises(ExportError, match=rf"^{package} 9\.9 is not known to the export; install {package}==\d"):
        check_versions("ctgan", "deepecho")


def test_an_unknown_transformer_is_named():
    info = SimpleNamespace(column_name="level", column_type="continuous", transform=object())
    with pytest.raises(ExportError, match="level: transformer object is not known to the export"):
        gan._span(info)


def test_an_unknown_layer_is_named():
    with pytest.raises(ExportError, match="layer Dropout is not known to the export"):
        gan._modules(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout()), "Linear", "ReLU")
    with pytest.raises(ExportError, match="layer Bilinear is not known to the export"):
        gan._linear(torch.nn.Bilinear(2, 2, 2))


def test_a_library_without_its_progress_bar_is_refused(mocker):
    from trainer.inside.epochs import told

    mocker.patch("trainer.inside.epochs.import_module", return_value=SimpleNamespace())
    with pytest.raises(ExportError, match="ctgan: no progress bar where one was"), told("ctgan", lambda *_: None):
        pass


@pytest.mark.parametrize("kind", gan.SYNTHESIZERS)
def test_no_kind_starts_processes_which_an_interruption_would_have_to_reach(mocker, kind):
    other = mocker.patch("joblib._parallel_backends.LokyBackend.configure", side_effect=AssertionError("a process"))
    table = pd.DataFrame({"level": np.random.default_rng(0).normal(size=500)})  # of as many, ctgan does
    gan.fit(kind, table, [Column(name="level")], 1, lambda *_: None)
    other.assert_not_called()


OPTIMIZER = "import trainer.inside, torch; torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])"


def test_torch_leaves_no_folder_for_compiled_code_as_nothing_is_compiled(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "TORCHINDUCTOR_CACHE_DIR"}
    subprocess.run([sys.executable, "-c", OPTIMIZER], check=True, cwd=ROOT, env=env | {"TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
