"""Who uses the product: accounts and signing in."""
