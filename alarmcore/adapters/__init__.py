"""What carries the core to the outside: storage, MQTT, the clock. Each is named after its technology."""
