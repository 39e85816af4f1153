"""Simulated devices in a demo municipality: it lives, something happens in it, and it speaks to the front door only."""
