"""What a call costs: the gateway beside nginx and beside no gateway at all, in one run on one machine."""
