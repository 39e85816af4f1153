"""The front door over HTTP and WebSocket, one group of routes a file."""
