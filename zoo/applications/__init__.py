"""Applications of trained models: functions of a model, or of a bundle's session, and data.

Each works with every model that has the uses that it reads. Importing this package imports neither
Keras nor scikit-learn.
"""

from zoo.applications.anomaly import Anomalies, Roc, anomalies, roc, threshold_of
from zoo.applications.augmentation import augment
from zoo.applications.classification import classify
from zoo.applications.clustering import Clusters, cluster
from zoo.applications.compression import compress, decompress
from zoo.applications.restoration import denoise, hole, inpaint
from zoo.applications.sound import denoise_sound, signal_to_noise_ratio
from zoo.applications.translation import translate, upscale

__all__ = [
    "Anomalies",
    "Clusters",
    "Roc",
    "anomalies",
    "augment",
    "classify",
    "cluster",
    "compress",
    "decompress",
    "denoise",
    "denoise_sound",
    "hole",
    "inpaint",
    "roc",
    "signal_to_noise_ratio",
    "threshold_of",
    "translate",
    "upscale",
]
