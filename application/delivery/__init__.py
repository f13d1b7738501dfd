"""What runs while bytes flow: running transfers, waiting for a slot, reading copies, withholding the tail."""
