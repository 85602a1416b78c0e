"""The Merkle tree of RFC 9162, section 2.1: growing it, its root, and proofs of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

SIZE = 32
BLOCK_LEVEL = 8
BLOCK = 1 << BLOCK_LEVEL
"""Leaves of a block: the roots of whole blocks are kept, so that a proof reads few leaves."""
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the whole subtrees of a tree, largest first: all that growing it needs."""

    __slots__ = ("blocks", "peaks", "size")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Raises ValueError when `peaks` is not what a tree of `size` leaves has."""
        if len(peaks) != SIZE * size.bit_count():
            raise ValueError(f"{len(peaks)} bytes are not the frontier of {size} leaves")
        self.size = size
        self.peaks = [peaks[at : at + SIZE] for at in range(0, len(peaks), SIZE)]
        self.blocks: list[tuple[int, bytes]] = []
        """Index and root of each block that was completed since."""

    @classmethod
    def of_blocks(cls, roots: Sequence[bytes]) -> Frontier:
        """The frontier of as many whole blocks of leaves."""
        # Blocks grow into a tree as leaves do.
        upper = cls()
        for root in roots:
            upper.append(root)
        return cls(len(roots) * BLOCK, upper.to_bytes())

    def append(self, leaf: bytes) -> None:
        size, peaks, level = self.size, self.peaks, 0
        while size & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
            level += 1
            if level == BLOCK_LEVEL:
                self.blocks.append((self.size // BLOCK, leaf))
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        return b"".join(self.peaks)


Subtree = Callable[[int, int], bytes]
"""The root of the leaves with indices from the first, up to and without the second."""


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The audit path of the leaf at `index` (from 0) in the tree of `size` leaves."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} among {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(subtree(split, end))
            end = split
        else:
            path.append(subtree(start, split))
            start = split
    return path[::-1]


def consistency_proof(first: int, size: int, subtree: Subtree) -> list[bytes]:
    """That the tree of `first` leaves is the beginning of the tree of `size` leaves."""
    if not 0 < first <= size:
        raise ValueError(f"no tree of {first} leaves within {size}")
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while first != end:
        split = start + _split(end - start)
        if first <= split:
            path.append(subtree(split, end))
            end = split
        else:
            path.append(subtree(start, split))
            start, whole = split, False
    if not whole:
        path.append(subtree(start, end))
    return path[::-1]


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path proves the leaf (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def continues(first: int, first_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path proves that one tree is the other's beginning (section 2.1.4.2)."""
    if not 0 < first <= size:
        return False
    if first == size:
        return not path and first_root == root
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == root


def _split(count: int) -> int:
    """The largest power of two below `count`: where a tree divides."""
    return 1 << ((count - 1).bit_length() - 1)
