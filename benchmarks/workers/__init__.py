"""Worker processes: their side, the client side, the pool, devices and signals."""
