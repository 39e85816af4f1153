"""The top floor: API, screens, pages, commands, and the composition root that puts everything together."""
