"""Detection judged on recorded and on generated life, through the front door, beside reference rules."""
