"""A fleet of devices, load scenarios and benchmarks. They come through the front door only."""
