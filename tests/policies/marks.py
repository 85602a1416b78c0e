"""Marks that no letter has so many of: a normal form orders them in the square of their number."""

MARKS = "\u0301\u0327"
