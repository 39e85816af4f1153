"""The core: readings, rules, alarms, the machines that decide and the runner that makes their decisions durable."""
