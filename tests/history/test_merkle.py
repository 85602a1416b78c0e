"""The Merkle tree against the definition in RFC 9162, and proofs against forgery."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history.merkle import (
    BLOCK,
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    continues,
    includes,
    inclusion_proof,
    leaf_hash,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(70)]
SIZES = st.integers(1, len(LEAVES))

# The eight leaves and roots with which implementations of RFC 6962 are compared.
KNOWN_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def by_definition(leaves: list[bytes]) -> bytes:
    """Section 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    both = by_definition(leaves[:split]) + by_definition(leaves[split:])
    return sha256(b"\x01" + both).digest()


def subtree(start: int, end: int) -> bytes:
    """Straight from the leaf hashes."""
    frontier = Frontier()
    for leaf in LEAVES[start:end]:
        frontier.append(leaf)
    return frontier.root()


def root(size: int) -> bytes:
    return subtree(0, size)


def test_known_roots() -> None:
    frontier = Frontier()
    for leaf, expected in zip(KNOWN_LEAVES, KNOWN_ROOTS, strict=True):
        frontier.append(leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == expected


def test_nothing_has_a_root_too() -> None:
    assert Frontier().root() == EMPTY_ROOT == by_definition([])


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_growing_a_tree_gives_the_root_of_the_definition(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = Frontier(frontier.size, frontier.to_bytes())
        frontier.append(leaf)
    assert frontier.root() == by_definition(LEAVES[:size])


def test_whole_blocks_are_told() -> None:
    frontier = Frontier()
    leaves = [leaf_hash(str(number).encode()) for number in range(3 * BLOCK + 5)]
    for leaf in leaves:
        frontier.append(leaf)
    assert frontier.blocks == [
        (index, by_definition(leaves[index * BLOCK : (index + 1) * BLOCK])) for index in range(3)
    ]
    whole = Frontier.of_blocks([block for _, block in frontier.blocks])
    assert (whole.size, whole.root()) == (3 * BLOCK, by_definition(leaves[: 3 * BLOCK]))


@pytest.mark.parametrize(("size", "peaks"), [(1, b""), (3, b"x" * 32), (0, b"x")])
def test_a_frontier_of_another_size_is_refused(size: int, peaks: bytes) -> None:
    with pytest.raises(ValueError, match="frontier"):
        Frontier(size, peaks)


@settings(deadline=None)
@given(SIZES, st.data())
def test_every_leaf_has_a_proof_that_holds_for_it_alone(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, subtree)
    assert len(path) <= size.bit_length()
    assert includes(LEAVES[index], index, size, path, root(size))
    assert includes(LEAVES[other], index, size, path, root(size)) == (other == index)
    assert includes(LEAVES[index], other, size, path, root(size)) == (other == index)
    assert not includes(LEAVES[index], index, size, [*path, path[0] if path else b""], root(size))
    if path:
        assert not includes(LEAVES[index], index, size, path[:-1], root(size))


@settings(deadline=None)
@given(SIZES, SIZES)
def test_a_tree_that_grew_has_a_proof_and_a_changed_one_has_none(one: int, two: int) -> None:
    first, size = sorted((one, two))
    path = consistency_proof(first, size, subtree)
    assert continues(first, root(first), size, root(size), path)
    changed = [leaf_hash(b"changed"), *LEAVES[1:]]
    assert not continues(first, by_definition(changed[:first]), size, root(size), path)
    if first < size:
        assert not continues(first, root(first), size, by_definition(changed[:size]), path)
        assert not continues(first, root(first), size, root(size), path[:-1])


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, subtree)
