"""What is usual for one person: how long something lasts, learned by hour of the day from their own past. Pure."""
