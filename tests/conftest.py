"""What every test runs under: one backend, float32, few threads, fixed seeds."""

import os
import random
import sys
from pathlib import Path

# Read when a backend is imported, so set before anything imports one. A value from outside wins.
ENVIRONMENT = {
    "KERAS_BACKEND": "jax",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # Few threads: idle pools of several backends starve one another on a small machine.
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    # Their waiting threads sleep: spinning, they slow PyTorch's small networks tenfold.
    "OMP_WAIT_POLICY": "PASSIVE",
    # TensorFlow sums in the order in which its threads come free: one gives one rounding.
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    # The command line's choice of kernels, for processes that tests start too.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    # Full float32 products: no TF32 on NVIDIA GPUs, no bfloat16 on CPUs that offer it.
    "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    "NVIDIA_TF32_OVERRIDE": "0",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    # Take GPU memory as needed, so that the backends fit beside each other.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)

import hypothesis  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

# The same few examples on every run and machine; compiling a graph breaks any deadline.
hypothesis.settings.register_profile(
    "genzoo", derandomize=True, deadline=None, max_examples=25, database=None
)
hypothesis.settings.load_profile("genzoo")

SEED = 0


@pytest.fixture(autouse=True)
def fixed_seeds():
    """Every test starts from the same random state, whatever ran before it."""
    random.seed(SEED)
    np.random.seed(SEED)
    keras = sys.modules.get("keras")
    if keras is not None:  # tests that need no Keras do not pay for its import
        keras.utils.set_random_seed(SEED)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets (`mnist.npz` ...): `$GENZOO_DATA`, or `../shared/data`."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("GENZOO_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not a folder; set GENZOO_DATA to one")
    return folder


def pytest_report_header() -> str:
    """Names the backend in the header of the report."""
    return f"keras backend: {os.environ['KERAS_BACKEND']}"
