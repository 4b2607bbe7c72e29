"""Names of what XLA's instructions compute, read from the text of a compiled module."""

import re
from collections.abc import Iterable, Mapping

HEAVY = (
    "convolution",
    "dot",
    "reduce",
    "reduce-window",
    "select-and-scatter",
    "scatter",
    "gather",
    "sort",
)
"""Opcodes by which a fusion is named, in this order."""

MOVES = frozenset(
    "bitcast broadcast concatenate constant copy dynamic-slice dynamic-update-slice "
    "get-tuple-element iota pad parameter reshape reverse slice transpose tuple".split()
)
"""Opcodes that move or view values and compute nothing."""

COMPUTATION = re.compile(r"^(?:ENTRY )?%?([\w.\-]+) \(.*\{$")
INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?([\w.\-]+) = (?:\(.*?\)|\S+) ([\w\-]+)\(")
CALLED = re.compile(r"\b(?:calls|to_apply)=%?([\w.\-]+)")
TARGET = re.compile(r'custom_call_target="([^"]+)"')


def operators(text: str) -> dict[str, str]:
    """Instruction → operator: its opcode, or what a fusion or call is made of.

    Args:
        text: A module as XLA prints it.
    """
    opcodes: dict[str, list[str]] = {}
    found: list[tuple[str, str, str]] = []
    computation: list[str] = []
    for line in text.splitlines():
        if header := COMPUTATION.match(line):
            computation = opcodes.setdefault(header[1], [])
        elif made := INSTRUCTION.match(line):
            computation.append(made[2])
            found.append((made[1], made[2], line))
    return {name: _operator(opcode, line, opcodes) for name, opcode, line in found}


def _operator(opcode: str, line: str, opcodes: Mapping[str, list[str]]) -> str:
    if opcode == "custom-call" and (target := TARGET.search(line)):
        return f"custom-call {target[1]}"
    called = CALLED.search(line)
    if opcode not in ("fusion", "call") or not called:
        return opcode
    return f"{opcode} ({_contents(opcodes.get(called[1], ()))})"


def _contents(opcodes: Iterable[str]) -> str:
    held = set(opcodes)
    heavy = [opcode for opcode in HEAVY if opcode in held]
    return ", ".join(heavy) or ("moves" if held <= MOVES else "elementwise")


def best_match(ran: frozenset[str], modules: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """The module of one name whose instructions are the nearest to those that ran.

    Nearest is the largest share of instructions in common; steps of several phases are modules of
    one name.
    """
    return max(
        modules, key=lambda module: len(ran & module.keys()) / len(ran | module.keys()), default={}
    )
