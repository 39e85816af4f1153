"""The vocabulary: what sites, readings and alarms are."""
