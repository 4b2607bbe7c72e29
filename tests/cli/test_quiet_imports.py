"""TensorFlow's libraries write nothing, and other backends do not load them."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.once

NOISY = 'import os\nos.write(2, b"a library\'s line\\n")\n'
ASK = """
from zoo.cli.quiet_imports import quiet_tensorflow
with quiet_tensorflow():
    try:
        import keras.asks
    except ImportError as error:
        print(error)
    import tensorflow
    print(tensorflow.__name__)
"""


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("tensorflow", ["tensorflow"]),
        ("jax", ["tensorflow is not used on the backend jax", "tensorflow"]),
    ],
)
def test_tensorflow_loads_silently_and_for_keras_on_its_own_backend_alone(
    tmp_path, backend, expected
):
    for name, text in (("tensorflow", NOISY), ("keras", ""), ("keras/asks", "import tensorflow")):
        path = tmp_path / f"{name}.py" if "/" in name else tmp_path / name / "__init__.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    paths = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env=os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert (done.stderr, done.stdout.splitlines()) == ("", expected)
