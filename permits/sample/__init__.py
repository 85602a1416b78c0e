"""A working office for demonstrations: made-up applications, really worked on.

Every act is done by the domain functions that the pages use, by the demonstration's people, each on
its own day under the simulated clock, and knowing what the register knew that day.
"""
