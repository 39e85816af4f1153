"""Detection at home judged on recorded and on generated lives: who was up for longer than usual, who has fallen silent."""
