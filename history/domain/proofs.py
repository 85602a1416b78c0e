"""Proofs from the database: that an event is in the log, and that the log only grew."""

from __future__ import annotations

from history import merkle
from history.models import Block, Event


def inclusion(number: int, size: int) -> list[bytes]:
    """The audit path of an event in the log of `size` events. Raises ValueError."""
    return merkle.inclusion_proof(number - 1, size, subtree)


def consistency(first: int, size: int) -> list[bytes]:
    """That the first `first` events are the beginning of the first `size`. Raises ValueError."""
    return merkle.consistency_proof(first, size, subtree)


def root(size: int) -> bytes:
    """The root of the first `size` events."""
    return subtree(0, size)


def subtree(start: int, end: int) -> bytes:
    """The root of the leaves from index `start` up to `end`: whole blocks, then single leaves."""
    frontier = merkle.Frontier()
    if start % merkle.BLOCK == 0 and end - start > merkle.BLOCK:
        first, last = start // merkle.BLOCK, end // merkle.BLOCK
        roots = Block.objects.filter(index__gte=first, index__lt=last).order_by("index")
        blocks = [bytes(one) for one in roots.values_list("root", flat=True)]
        if len(blocks) == last - first:
            frontier = merkle.Frontier.of_blocks(blocks)
            start = last * merkle.BLOCK
    leaves = Event.objects.filter(number__gt=start, number__lte=end).order_by("number")
    for leaf in leaves.values_list("leaf", flat=True):
        frontier.append(bytes(leaf))
    return frontier.root()
