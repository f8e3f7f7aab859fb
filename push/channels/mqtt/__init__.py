"""MQTT (3.1.1, OASIS): each user's snapshot, retained with QoS 1, on a topic of their own.

A retained message is the broker's copy of our state, so it is kept like any other copy: published after every change,
by one process at a time, compared by a sweep, and published anew where the broker may have forgotten it.

    queue.py        the users to publish for, each once, and the thread that does it
    publisher.py    a chunk of users: lease, read, publish, wait for the PUBACKs, record, give back
    leases.py       one publisher at a time for each user
    sweep.py        users whose state was not published, and what a broker forgot
    broker.py       the connection to the broker
    subscribers.py  the users with a device (push.models.Subscriber)
    topics.py       names of topics, and who may use them
    access.py       is this password a ticket of that user?
    devices.py      connections end with the credentials that opened them
    views.py        RabbitMQ asks these who may connect (rabbitmq_auth_backend_http)
    dynsec.py       tickets, written into Mosquitto's dynamic-security plugin
    embedded.py     the broker of `make run`, in the web process (amqtt)
"""

from . import broker, conf, queue

__all__ = ["broker", "conf", "queue"]
