"""What measures the served product: see `./dev bench`."""
