"""The product put together: settings, addresses, server. Imports everyone; nobody imports it."""
