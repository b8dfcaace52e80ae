import pytest

from tests.deploy.wheels import dependencies, download, is_offline


@pytest.mark.parametrize("python", ["3.11", "3.13"])  # of Debian 12 and 13
def test_a_64_bit_pi_finds_wheels_of_all_that_the_agent_needs(tmp_path, python):
    fetched = download(tmp_path, python, "aarch64", *dependencies())
    if is_offline(fetched):
        pytest.skip("the package index cannot be reached")
    assert fetched.returncode == 0, fetched.stderr
    names = [path.name for path in tmp_path.iterdir()]
    assert all(name.endswith(("aarch64.whl", "none-any.whl")) for name in names)
    assert any(name.startswith("numpy-") for name in names)
