"""The record of a graph in lower precision: what it keeps of float32."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from export.precision.fidelity import Bound, Fidelity


@dataclass(frozen=True)
class PrecisionCertificate:
    """One part in lower precision beside its float32 graph, on ONNX Runtime here.

    `calibrated` and `judged` count inputs; no input is in both. Milliseconds are the least of
    rounds in which the two take turns, with all judged inputs as one batch.
    """

    part: str
    precision: str
    outputs: tuple[Fidelity, ...]
    bound: Bound
    calibrated: int
    judged: int
    bytes: int
    float32_bytes: int
    milliseconds: float
    float32_milliseconds: float
    file_sha256: str

    def summary(self) -> str:
        """One line: what each output keeps, and the size beside float32's."""
        kept = "; ".join(f"{row.described} {row.kept}" for row in self.outputs)
        share = self.bytes / self.float32_bytes
        return f"{self.precision}: {kept}; {share:.0%} of the bytes of float32"

    def to_json(self) -> dict[str, Any]:
        """The certificate in JSON terms."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> PrecisionCertificate:
        """Reads what `to_json` wrote.

        Raises:
            TypeError, KeyError: The content is no certificate.
        """
        outputs = tuple(Fidelity(**row) for row in content["outputs"])
        return cls(**content | {"outputs": outputs, "bound": Bound(**content["bound"])})
