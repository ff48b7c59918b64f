"""The other ends of the wire: collector, provider, proxy."""
