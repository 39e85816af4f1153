"""Ways to reach a person, one a folder, all behind the port in `port`."""
