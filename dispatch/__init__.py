"""Who is told, in which order and by which way, until somebody has taken responsibility."""
