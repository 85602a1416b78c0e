"""Long runs that the tests have no time for: `./dev campaign history`, `./dev campaign kills`."""
