"""The benchmark of the front door: `python -m loadtests.bench throughput|latency|replay`.

Each figure is measured beside the thing it is compared with, in the same run on the same machine, in turns: a subscriber
written in C that does nothing for `throughput`, a bare broker and a bare SQLite commit for `latency`.

The C subscriber is `mosquitto_sub` of Debian's mosquitto-clients: QoS 1, receive maximum 1000, TCP_NODELAY, output thrown
away. Its option `-C` ends it at the last message, so that no program of ours is needed to see when it is done.
"""
